"""Listeners of a server, opened together and served side by side in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import ssl
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from engines.crypto_policy.fips import FipsMode
from server.config import NOWHERE, Listener
from server.listeners.accept import Acceptor
from server.listeners.alpn import Negotiated
from server.listeners.asgi import Application
from server.listeners.connection_budget import ConnectionBudget, Slot
from server.listeners.deadlines import Deadlines
from server.listeners.forwarded import ForwardedFor
from server.listeners.http1.hypercorn_server import HypercornServer
from server.listeners.http1.server import Http1Server
from server.listeners.http2.server import Http2Server
from server.listeners.offers import offer_of
from server.listeners.sockets import ListenFailed, open_socket, url
from server.listeners.tls import ApprovedContext, make_context, reload_certificate
from server.runtime.certificates import ListenerCertificates, present

_log = logging.getLogger(__name__)

DRAIN_SECONDS = 10.0
"""The seconds that requests under way have to finish when the server stops."""


HttpServer: TypeAlias = Http1Server | Http2Server | HypercornServer


@dataclass(frozen=True, slots=True)
class OpenListener:
    """A listener whose socket accepts connections; they wait until it is served."""

    listener: Listener
    url: str
    """``http://127.0.0.1:8200``, with the real port, or ``unix:///path``."""

    _socket: socket.socket
    _context: ssl.SSLContext | None
    certificates: ListenerCertificates | None = None
    """The certificates that it presents; None without TLS."""

    _owner: int = field(default_factory=os.getpid)
    """The process that created it, and removes the path of a unix socket at the end; others may have inherited it."""

    def reload(self) -> None:
        """Reload the TLS certificate from its files. Raises ``ListenFailed``, and keeps the old one."""
        if self._context is not None:
            reload_certificate(self._context, self.listener)
        self.check_certificates()

    def check_certificates(self) -> None:
        """Read the certificates' validity, and log warnings: in the first process, for all."""
        if self.certificates is None:
            return
        for warning in self.certificates.read(present()):
            if self._owner == os.getpid():
                _log.warning("%s", warning)

    async def serve(
        self,
        application: Application,
        stop: asyncio.Event,
        share: ConnectionBudget,
        always_served: Collection[str] = (),
        drain_seconds: float = DRAIN_SECONDS,
    ) -> None:
        """Serve ``application`` until ``stop`` is set; requests under way then are answered or cancelled."""
        if self.listener.x_forwarded_for_authorized_addrs or self.listener.x_forwarded_for_reject_not_present:
            application = ForwardedFor(application, self.listener)
        deadlines = Deadlines(application, self.listener, share.most_requests, always_served)
        http1, http2 = self._servers(deadlines, drain_seconds)
        accepted = asyncio.Event()
        watch = asyncio.create_task(deadlines.watch())
        try:
            async with asyncio.TaskGroup() as group:
                for server in {http1, http2}:
                    group.create_task(server.serve(accepted))
                await self._accept(http1, http2, stop, share)
                accepted.set()
        finally:
            watch.cancel()
            self.close()

    def _servers(self, application: Application, drain_seconds: float) -> tuple[HttpServer, HttpServer]:
        """The servers of HTTP/1.1 and of HTTP/2; the same one if the listener has only one."""
        if not self.listener.http2:
            alone = Http1Server(application, self.listener, drain_seconds)
            return alone, alone
        http2 = Http2Server(application, self.listener, drain_seconds)
        if self.listener.server == "hypercorn":
            return HypercornServer(application, self.listener, drain_seconds, http2.connect), http2
        return Http1Server(application, self.listener, drain_seconds), http2

    async def _accept(self, http1: HttpServer, http2: HttpServer, stop: asyncio.Event, share: ConnectionBudget) -> None:
        """Pass connections on until ``stop``, and until the last accepted one has been passed on."""

        def connect(place: Slot) -> asyncio.Protocol:
            if self._context is None:
                return http1.connect(place)
            approved_only = isinstance(self._context, ApprovedContext)
            return Negotiated(place, http1.connect, http2.connect, approved_only=approved_only)

        handshake_seconds = float(self.listener.http_read_header_timeout_seconds)
        acceptor = Acceptor(self._socket, connect, share, self._context, handshake_seconds)
        try:
            await stop.wait()
        finally:
            acceptor.close()
            # New connections during the last answers are refused, unless another process takes them.
            self._socket.close()
            await acceptor.wait_closed()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
        if self.listener.type == "unix" and self._owner == os.getpid():
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.listener.address)


def open_listeners(listeners: Sequence[Listener], fips_mode: FipsMode = FipsMode.DISABLED) -> tuple[OpenListener, ...]:
    """Bind all of ``listeners``, or none. Raises ``ListenFailed``."""
    opened: list[OpenListener] = []
    try:
        for listener in listeners:
            opened.append(_open(listener, fips_mode))
    except ListenFailed:
        for one in opened:
            one.close()
        raise
    for one in opened:
        one.check_certificates()
    return tuple(opened)


def _open(listener: Listener, fips_mode: FipsMode) -> OpenListener:
    try:
        context: ssl.SSLContext | None = None
        if listener.tls:
            context = make_context(listener, fips_mode)
        bound = open_socket(listener)
    except ListenFailed as error:
        if listener.place is NOWHERE:
            raise
        raise ListenFailed(f"{listener.place}: {error}") from None
    reached = url(listener, bound)
    certificates = None
    if context is not None:
        certificates = ListenerCertificates(reached, listener.tls_cert_file, offer_of(context))
    return OpenListener(listener, reached, bound, context, certificates)


async def serve(
    opened: Sequence[OpenListener],
    build: Callable[[Listener], Application],
    stop: asyncio.Event,
    share: ConnectionBudget | None = None,
    always_served: Collection[str] = (),
) -> None:
    """Serve each listener with the application from ``build``, until ``stop``; if one fails, all are stopped.

    ``share`` is this process's connection budget for all of them; paths in ``always_served`` are served whatever the
    number of requests under way.
    """
    share = share or ConnectionBudget()
    share.begin()
    async with asyncio.TaskGroup() as group:
        for one in opened:
            group.create_task(one.serve(build(one.listener), stop, share, always_served))
