"""Listeners: sockets, TLS, and the HTTP servers that pass requests to the ASGI application."""

from server.listeners.asgi import Application
from server.listeners.connection_budget import ConnectionBudget
from server.listeners.open import OpenListener, open_listeners, serve
from server.listeners.sockets import ListenFailed

__all__ = ["Application", "ConnectionBudget", "ListenFailed", "OpenListener", "open_listeners", "serve"]
