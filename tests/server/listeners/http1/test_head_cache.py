"""Requests whose head was read before are seen as they would be by the parser, however the bytes come."""

from __future__ import annotations

import asyncio
import gc
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from uvicorn import Config
from uvicorn.server import ServerState

from server.listeners.asgi import AT_ONCE, WHOLE_BODY, Message, Receive, Scope, Send
from server.listeners.http1.head_cache import MAX_BYTES, MAX_KEPT, MAX_KEPT_BYTES, HeadCache
from server.listeners.http1.protocol import BoundedProtocol

GET = b"GET /v1/sys/health HTTP/1.1\r\nhost: x\r\nx-vault-token: first\r\n\r\n"
POST = b"POST /v1/transit/encrypt/k HTTP/1.1\r\nhost: x\r\nContent-Length: 5\r\n\r\nhello"
OTHER = b"POST /v1/transit/encrypt/k HTTP/1.1\r\nhost: x\r\nContent-Length: 5\r\n\r\nworld"
CHUNKED = b"POST /v1/a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
LIST = b"LIST /v1/transit/keys HTTP/1.1\r\nhost: x\r\n\r\n"
MESSAGES = (GET, POST, OTHER, CHUNKED, LIST)

_ID = re.compile(rb"x-vault-request-id: [0-9a-f-]{36}\r\n")

Seen = tuple[str, str, bytes]


class Forgetful(HeadCache):
    """Keeps nothing, so that the parser reads every head."""

    def add(self, data: bytes, scope: Scope) -> None:
        """Nothing."""


class Wire(asyncio.Transport):
    """A connection that nobody is at the other end of."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.closed = False
        self.paused = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += bytes(data)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("127.0.0.1", 40000), "sockname": ("127.0.0.1", 8200)}.get(name, default)

    def write_eof(self) -> None:
        pass

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


class Client:
    """One connection to an application that notes what it is asked."""

    def __init__(self, known: HeadCache) -> None:
        self.seen: list[Seen] = []
        self.known = 0
        self.status = 200
        self.gate: asyncio.Event | None = None
        """Holds all answers back until it is set."""

        application: Any = self._serve
        config = Config(
            application, interface="asgi3", ws="none", log_config=None, access_log=False, proxy_headers=False
        )
        config.load()
        self.wire = Wire()
        self.protocol = BoundedProtocol(config=config, server_state=ServerState(), app_state={}, head_cache=known)
        self.protocol.connection_made(self.wire)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        whole = scope.get(WHOLE_BODY)
        if whole is not None:
            assert body == whole
            self.known += 1
        self.seen.append((scope["method"], scope["path"], body))
        if self.gate is not None:
            await self.gate.wait()
        at_once = scope.pop(AT_ONCE, None)
        if self.status == 200 and at_once is not None and at_once(b"content-length: 0\r\n\r\n", b""):
            return
        head: Message = {"type": "http.response.start", "status": self.status, "headers": [(b"content-length", b"0")]}
        await send(head)
        await send({"type": "http.response.body", "body": b""})

    async def send(self, *pieces: bytes) -> None:
        """Each of ``pieces`` in a packet of its own."""
        for piece in pieces:
            asyncio.get_running_loop().call_soon(self.protocol.data_received, piece)
            for _ in range(3):
                await asyncio.sleep(0)


async def _seen(known: HeadCache, packets: Sequence[bytes]) -> tuple[list[Seen], bytes]:
    client = Client(known)
    await client.send(*packets)
    for _ in range(20):
        await asyncio.sleep(0)
    # Each answer to what is no request has an id of its own.
    return client.seen, _ID.sub(b"", client.wire.sent)


@given(
    messages=st.lists(st.sampled_from((*MESSAGES, b"\r\n", b"X", b"GET /v1/sys", b"\r\n\r\n")), min_size=1, max_size=8),
    cuts=st.lists(st.integers(0, 400), max_size=6),
    whole=st.booleans(),
)
@example(messages=[b"GET /v1/sys", b"\r\n\r\n", GET], cuts=[], whole=True)
def test_the_same_requests_are_seen_however_the_bytes_come(messages: list[bytes], cuts: list[int], whole: bool) -> None:
    if whole:
        packets = messages
    else:
        stream = b"".join(messages)
        places = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
        packets = [stream[start:end] for start, end in pairwise(places)]

    async def both() -> None:
        known = HeadCache()
        await _seen(known, MESSAGES)
        assert await _seen(known, packets) == await _seen(Forgetful(), packets)

    asyncio.run(both())


async def test_a_head_that_comes_again_is_known_on_every_connection() -> None:
    known = HeadCache()
    first = Client(known)
    await first.send(POST, OTHER, GET, GET)
    assert first.known == 2
    second = Client(known)
    await second.send(OTHER, GET)
    assert second.known == 2
    assert first.seen[1:3] == second.seen
    assert second.seen[0] == ("POST", "/v1/transit/encrypt/k", b"world")


@pytest.mark.parametrize(
    "doubtful",
    [
        b"\r\n" + GET,
        GET.replace(b"host: x", b"connection: keep-alive"),
        POST.replace(b"host: x", b"expect: 100-continue"),
        GET.replace(b"HTTP/1.1", b"HTTP/1.0"),
        GET.replace(b"\r\n\r\n", b"\r\nx: " + b"y" * MAX_BYTES + b"\r\n\r\n"),
        GET.replace(b"\r\n\r\n", b"\r\nx:" * 80 + b"\r\n\r\n"),
        CHUNKED,
    ],
    ids=["blank line", "connection", "expect", "HTTP/1.0", "long", "many fields", "chunked"],
)
async def test_what_is_not_plain_is_left_to_the_parser(doubtful: bytes) -> None:
    known = HeadCache()
    client = Client(known)
    await client.send(doubtful, doubtful)
    assert len(known) == client.known == 0


async def test_blank_lines_are_nobodys_request() -> None:
    """Were they kept for the head that follows them, they would be answered with its token."""
    known = HeadCache()
    await Client(known).send(b"\r\n\r\n" + GET)
    stranger = Client(known)
    await stranger.send(b"\r\n\r\n")
    assert stranger.seen == []


async def test_a_cut_method_does_not_make_another_request_of_the_rest() -> None:
    known = HeadCache()
    client = Client(known)
    await client.send(GET, b"X", GET)
    assert [method for method, _, _ in client.seen] == ["GET", "XGET"]


async def test_a_body_of_another_length_is_left_to_the_parser() -> None:
    known = HeadCache()
    client = Client(known)
    await client.send(POST, POST[:-1], POST[-1:], POST + POST, POST)
    assert client.seen == [("POST", "/v1/transit/encrypt/k", b"hello")] * 5
    assert client.known == 1


async def test_only_so_many_are_kept() -> None:
    known = HeadCache()
    client = Client(known)
    for number in range(MAX_KEPT + 5):
        client.protocol.data_received(GET.replace(b"health", b"%d" % number))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert 0 < len(known) <= MAX_KEPT
    assert "first" not in repr(known.find(GET.replace(b"health", b"%d" % (MAX_KEPT + 4))))


async def test_what_leads_nowhere_is_not_kept() -> None:
    known = HeadCache()
    client = Client(known)
    client.status = 404
    await client.send(GET, POST, GET)
    assert len(known) == client.known == 0
    assert len(client.seen) == 3


async def test_only_so_much_memory_is_taken() -> None:
    known = HeadCache()
    client = Client(known)
    padded = GET.replace(b"\r\n\r\n", b"\r\nx:" * 60 + b"\r\ny: " + b"y" * 3000 + b"\r\n\r\n")
    most = MAX_KEPT_BYTES // (len(padded) + 60 * 56)
    assert most < 2 * MAX_KEPT
    for number in range(2 * MAX_KEPT):
        client.protocol.data_received(padded.replace(b"health", b"%d" % number))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(known) <= min(most, MAX_KEPT)
    assert len(client.seen) == 2 * MAX_KEPT


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("answered", [True, False])
async def test_a_request_leaves_nothing_for_the_garbage_collector(status: int, answered: bool) -> None:
    """It comes seldom, and a head may be long."""
    path = "/v1/" + "x" * 5_000
    gc.collect()
    gc.disable()
    try:
        client = Client(HeadCache())
        client.status = status
        client.gate = None if answered else asyncio.Event()
        await client.send(GET.replace(b"/v1/sys/health", path.encode()))
        client.protocol.connection_lost(ConnectionResetError())
        if client.gate is not None:
            client.gate.set()
        del client.protocol  # Its application is the client.
        for _ in range(5):
            await asyncio.sleep(0)
        assert not [found for found in gc.get_objects() if type(found) is dict and found.get("path") == path]
    finally:
        gc.enable()


async def test_an_idle_connection_is_closed_without_a_timer_of_its_own() -> None:
    client = Client(HeadCache())
    await client.send(GET, GET)
    now = asyncio.get_running_loop().time()
    client.protocol.sweep(now + 4, 10)
    assert not client.wire.closed
    client.protocol.sweep(now + 6, 10)
    assert client.wire.closed
    assert client.protocol.timeout_keep_alive_task is None
