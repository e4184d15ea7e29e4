"""Listeners: sockets, TLS, and the HTTP servers that hand requests to the one ASGI application."""

from server.listeners.asgi import Application
from server.listeners.connection_budget import Share
from server.listeners.open import OpenListener, open_listeners, serve
from server.listeners.sockets import ListenFailed

__all__ = ["Application", "ListenFailed", "OpenListener", "Share", "open_listeners", "serve"]
