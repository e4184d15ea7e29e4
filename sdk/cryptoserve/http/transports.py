"""The connections to the server, over httpcore2: one request in, one whole answer out, never later than its deadline.

httpcore2's own limits are of single reads and writes, so a server that sends a byte now and then would hold a call for
as long as it likes. ``_Stream`` cuts each of them to what is left of the call; with asyncio, the event loop does.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import httpcore2

from cryptoserve.http.steps import Garbled, Lost, NotSent, Received, Send, TooLarge, Untrusted
from cryptoserve.settings import Address, Settings

CONNECT_SECONDS = 5.0
"""The longest that one attempt to connect may take: a machine that is gone doesn't say so."""

MAX_CONNECTIONS = 64
IDLE_SECONDS = 30.0

# What httpcore2 and h11 say of connections that end early. All else that isn't HTTP is another kind of server.
_ENDED = ("disconnected", "closed")


class Transport(Protocol):
    """Carries out requests one after the other, or from several threads."""

    @property
    def address(self) -> Address:
        """The server's."""

    def send(self, step: Send) -> Received:
        """The whole answer. Raises ``TransportFault``."""

    def close(self) -> None:
        """Close all connections."""


class AsyncTransport(Protocol):
    """Carries out requests in one event loop."""

    @property
    def address(self) -> Address:
        """The server's."""

    async def send(self, step: Send) -> Received:
        """The whole answer. Raises ``TransportFault``."""

    async def close(self) -> None:
        """Close all connections."""


class _Clock(threading.local):
    """The deadline of the request that this thread is at."""

    deadline = float("inf")

    def left(self, timeout: float | None, late: type[Exception]) -> float:
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise late
        return seconds if timeout is None else min(timeout, seconds)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, clock: _Clock) -> None:
        self._stream = stream
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._clock.left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._clock.left(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        limit = self._clock.left(timeout, httpcore2.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, limit), self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore2.SyncBackend):
    def __init__(self, clock: _Clock) -> None:
        self._clock = clock

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        limit = self._clock.left(timeout, httpcore2.ConnectTimeout)
        return _Stream(super().connect_tcp(host, port, limit, local_address, socket_options), self._clock)


class HttpTransport:
    """Connections for any number of threads. After a fork, the child has connections of its own."""

    def __init__(self, settings: Settings) -> None:
        self.address = settings.address
        self._settings = settings
        self._clock = _Clock()
        self._pool, self._process = self._new_pool(), os.getpid()
        self._inherited: list[httpcore2.ConnectionPool] = []

    def send(self, step: Send) -> Received:
        self._clock.deadline = step.deadline
        with _faults():
            request = _request(step, self._settings, time.monotonic())
            response = self._present_pool().handle_request(request)
            try:
                body = bytearray()
                _check_encoding(response)
                assert isinstance(response.stream, Iterable)
                for part in response.stream:
                    _extend(body, part, step)
            finally:
                response.close()
        return _received(response, body)

    def close(self) -> None:
        if self._process == os.getpid():
            self._pool.close()

    def _present_pool(self) -> httpcore2.ConnectionPool:
        if self._process != os.getpid():
            # Two processes at one connection would read each other's answers. The parent's is kept open: over TLS,
            # closing it would tell the server.
            self._inherited.append(self._pool)
            self._pool, self._process = self._new_pool(), os.getpid()
        return self._pool

    def _new_pool(self) -> httpcore2.ConnectionPool:
        return httpcore2.ConnectionPool(
            ssl_context=self._settings.tls,
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=_Backend(self._clock),
        )


class AsyncHttpTransport:
    """Connections for the tasks of one event loop."""

    def __init__(self, settings: Settings) -> None:
        self.address = settings.address
        self._settings = settings
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=settings.tls,
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
        )

    async def send(self, step: Send) -> Received:
        now = time.monotonic()
        with _faults():
            async with asyncio.timeout(step.deadline - now):
                response = await self._pool.handle_async_request(_request(step, self._settings, now))
                try:
                    body = bytearray()
                    _check_encoding(response)
                    async for part in response.aiter_stream():
                        _extend(body, part, step)
                finally:
                    await response.aclose()
        return _received(response, body)

    async def close(self) -> None:
        await self._pool.aclose()


def _request(step: Send, settings: Settings, now: float) -> httpcore2.Request:
    left = max(0.001, step.deadline - now)
    address = settings.address
    url = httpcore2.URL(
        scheme=b"https" if address.secure else b"http",
        host=address.host.encode("ascii"),
        port=address.port,
        target=step.path.encode("ascii"),
    )
    headers = [("Host", address.authority), *step.headers]
    if step.content or step.method != "GET":
        headers.append(("Content-Length", str(len(step.content))))
    limits = {"connect": min(CONNECT_SECONDS, left), "read": left, "write": left, "pool": left}
    return httpcore2.Request(step.method, url, headers=headers, content=step.content, extensions={"timeout": limits})


def _check_encoding(response: httpcore2.Response) -> None:
    for name, text in response.headers:
        if name.lower() == b"content-encoding" and text.strip().lower() not in (b"", b"identity"):
            raise Garbled("the answer is compressed, which was not asked for")


def _extend(body: bytearray, part: bytes, step: Send) -> None:
    if len(body) + len(part) > step.answer_limit:
        raise TooLarge(f"the answer has more than {step.answer_limit} bytes")
    body += part


def _received(response: httpcore2.Response, body: bytearray) -> Received:
    headers = {name.lower().decode("latin-1"): text.decode("latin-1") for name, text in response.headers}
    return Received(response.status, headers, bytes(body))


@contextmanager
def _faults() -> Iterator[None]:
    """Turn httpcore2's exceptions into ours, with words that don't depend on what was sent."""
    try:
        yield
    except (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.PoolTimeout) as fault:
        if _distrusts(fault):
            raise Untrusted("the server's certificate is not trusted") from fault
        raise NotSent("no connection to the server") from fault
    except (TimeoutError, httpcore2.TimeoutException) as fault:
        raise Lost("no answer from the server in time") from fault
    except httpcore2.NetworkError as fault:
        raise Lost("the connection was lost") from fault
    except httpcore2.RemoteProtocolError as fault:
        if any(word in str(fault) for word in _ENDED):
            raise Lost("the connection ended before the answer did") from fault
        raise Garbled("the answer is not HTTP") from fault


def _distrusts(fault: BaseException | None) -> bool:
    """Whether a certificate was the cause: then, trying again is no use."""
    for _ in range(8):
        if fault is None or isinstance(fault, ssl.SSLCertVerificationError):
            return fault is not None
        fault = fault.__cause__ or fault.__context__
    return False
