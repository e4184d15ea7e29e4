"""Acceptor of one listening socket, which all processes share: see ``connection_budget``.

A process with more connections than others waits before it accepts, longer the more it has, so that another process,
woken by the same connection, takes it. If none does, it accepts after all. Beyond the limit a connection is answered
and closed at once: clients in a hopeless queue gain nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

import orjson

from server.listeners.connection_budget import ConnectionBudget, Slot
from server.listeners.misdirected import note_plain
from server.listeners.security_headers import SECURITY, header_lines
from server.runtime.identifiers import new_request_id
from server.runtime.log_limits import LimitedLog

_log = logging.getLogger(__name__)
_failures = LimitedLog(_log)

Connect: TypeAlias = Callable[[Slot], asyncio.Protocol]
"""Creates the protocol of a connection, which closes the ``Slot`` at the connection's end."""

YIELD_SECONDS = 0.001
"""The seconds for which a process leaves a connection to others, for each that it has more."""

_MOST_YIELDS = 10

REFUSAL_SECONDS = 1.0
"""The seconds that a refused client has to read the answer."""

_AT_ONCE = 64
_MAX_REFUSALS = 1_000
_PAUSE_SECONDS = 0.1
_SHUTDOWN_SECONDS = 5.0
_LAST_HANDSHAKES_SECONDS = 1.0
"""The seconds that handshakes have after the last accept, so that a stalled one doesn't delay a stop."""


def closing_answer(status: bytes, text: str, *headers: tuple[bytes, bytes]) -> Callable[[], bytes]:
    """Makes an HTTP/1.1 answer in Vault's error format, after which the connection is closed.

    Each has the id of a request in its header, as all answers have; the audit has no entries of such a request.
    """
    body = orjson.dumps({"errors": [text]})
    head = (
        *SECURITY,
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        *headers,
        (b"connection", b"close"),
    )
    lines = header_lines(head)

    def made() -> bytes:
        own = header_lines(((b"x-vault-request-id", new_request_id().encode()),))
        return b"HTTP/1.1 %s\r\n%s%s\r\n%s" % (status, own, lines, body)

    return made


_FULL = closing_answer(
    b"503 Service Unavailable",
    "the server has as many connections as it may have; try again later",
    (b"retry-after", b"1"),
)
_NOT_TLS = closing_answer(b"400 Bad Request", "Client sent an HTTP request to an HTTPS server.")


class Acceptor:
    """Accepts on ``opened`` until ``close``."""

    def __init__(
        self,
        opened: socket.socket,
        connect: Connect,
        share: ConnectionBudget,
        context: ssl.SSLContext | None,
        handshake_seconds: float,
    ) -> None:
        self._socket = opened
        self._make_protocol = connect
        self._share = share
        self._context = context
        self._limits: dict[str, Any] = {}
        if context is not None:
            self._limits = {
                "ssl": context,
                "ssl_handshake_timeout": handshake_seconds,
                "ssl_shutdown_timeout": _SHUTDOWN_SECONDS,
            }
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.TimerHandle | None = None
        self._connecting: set[asyncio.Task[None]] = set()
        self._refusing: set[asyncio.Task[None]] = set()
        self._loop.add_reader(opened, self._readable)

    def close(self) -> None:
        """Stop accepting; accepted connections stay."""
        if self._pause is None:
            self._loop.remove_reader(self._socket)
        else:
            self._pause.cancel()
        for task in self._refusing:
            task.cancel()

    async def wait_closed(self) -> None:
        """Wait until every accepted connection has its protocol or is closed."""
        if self._connecting:
            _, stalled = await asyncio.wait(self._connecting, timeout=_LAST_HANDSHAKES_SECONDS)
            for task in stalled:
                task.cancel()
        await asyncio.gather(*self._connecting, *self._refusing, return_exceptions=True)

    def _readable(self) -> None:
        for _ in range(_AT_ONCE):
            excess = self._share.excess
            if excess:
                self._look_again(YIELD_SECONDS * min(excess, _MOST_YIELDS))
                return
            if not self._accept():
                return

    def _look_again(self, seconds: float) -> None:
        self._loop.remove_reader(self._socket)
        self._pause = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        """No other process has accepted: accept one, or more if a process far behind doesn't accept at all."""
        self._pause = None
        self._loop.add_reader(self._socket, self._readable)
        for _ in range(1 + self._share.excess // 8):
            if not self._accept():
                return

    def _accept(self) -> bool:
        """Accept one connection; False if there is none, or none can be accepted at present."""
        try:
            connection, _ = self._socket.accept()
        except (BlockingIOError, ConnectionError):  # None is waiting, or it was aborted meanwhile.
            return False
        except OSError as error:
            # Out of descriptors or memory: connections wait in the queue until others have ended.
            _failures.error("can't accept connections: %s", error.strerror)
            self._look_again(_PAUSE_SECONDS)
            return False
        connection.setblocking(False)
        if self._share.full:
            _failures.warning("connections are refused: there are as many as max_connections allows")
        if not self._share.full:
            _start(self._connecting, self._connect(connection, self._share.take()))
        elif self._context is None and len(self._refusing) < _MAX_REFUSALS:
            _start(self._refusing, _refuse(self._loop, connection, _FULL()))
        else:
            connection.close()
        return True

    async def _connect(self, connection: socket.socket, place: Slot) -> None:
        kept = self._keep(connection)
        try:
            await self._loop.connect_accepted_socket(lambda: self._make_protocol(place), connection, **self._limits)
        except OSError as error:  # Includes TLS errors and timeouts.
            _log.debug("a connection failed: %s", type(error).__name__)
            if kept is not None and isinstance(error, ssl.SSLError) and error.reason == "HTTP_REQUEST":
                note_plain(kept)
                await _refuse(self._loop, kept, _NOT_TLS())
            place.close()
        except BaseException:
            place.close()
            raise
        finally:
            if kept is not None:
                kept.close()

    def _keep(self, connection: socket.socket) -> socket.socket | None:
        """A duplicate of the connection, to answer plain HTTP on a TLS port: a failed handshake closes the original."""
        with contextlib.suppress(OSError):  # Without free descriptors, there is no answer.
            return None if self._context is None else connection.dup()
        return None


async def _refuse(loop: asyncio.AbstractEventLoop, connection: socket.socket, answer: bytes) -> None:
    """Answer, and wait for the client to close: closing first might lose the answer."""
    with contextlib.closing(connection), contextlib.suppress(OSError):
        async with asyncio.timeout(REFUSAL_SECONDS):
            await loop.sock_sendall(connection, answer)
            connection.shutdown(socket.SHUT_WR)
            while await loop.sock_recv(connection, 4096):
                pass


def _start(tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.get_running_loop().create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
