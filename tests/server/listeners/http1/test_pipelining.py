"""Requests that a client sends before earlier ones are answered: one is served at a time, the others wait unparsed."""

from __future__ import annotations

import asyncio

import pytest

from server.listeners.http1.head_cache import HeadCache
from tests.server.listeners.http1.test_head_cache import CHUNKED, GET, LIST, OTHER, POST, Client

MANY = 5_000


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_only_one_request_is_parsed_at_a_time() -> None:
    client = Client(HeadCache())
    client.gate = asyncio.Event()
    await client.send(GET * MANY)
    await turns()
    assert len(client.seen) == 1
    assert not client.protocol.pipeline
    assert client.wire.paused
    await client.send(POST, OTHER)  # What a transport may still have read.
    assert len(client.seen) == 1
    client.gate.set()
    for _ in range(MANY):
        await turns(4)
    assert [method for method, _, _ in client.seen] == ["GET"] * MANY + ["POST", "POST"]
    assert client.seen[-1][2] == b"world"
    assert not client.wire.paused
    assert client.wire.sent.count(b"HTTP/1.1 200 OK") == MANY + 2


async def test_what_waits_is_kept_once() -> None:
    client = Client(HeadCache())
    client.gate = asyncio.Event()
    packet = GET * MANY
    await client.send(packet)
    assert client.protocol._waiting is packet
    client.gate.set()
    await turns(40)
    assert 1 < len(client.seen) < MANY
    assert client.protocol._waiting is packet


async def test_the_application_cannot_make_the_connection_be_read_on() -> None:
    client = Client(HeadCache())
    client.gate = asyncio.Event()
    await client.send(GET * 2)
    client.protocol.flow.resume_reading()  # As every receive() of uvicorn does.
    assert client.wire.paused


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64])
async def test_requests_are_the_same_however_they_are_cut(size: int) -> None:
    client = Client(HeadCache())
    stream = b"\r\n" + GET + b"\r\n\r\n" + LIST + POST + CHUNKED + LIST + OTHER
    # Behind a body in chunks, the next request has a packet of its own.
    cut = stream.index(CHUNKED) + len(CHUNKED)
    pieces = [part[at : at + size] for part in (stream[:cut], stream[cut:]) for at in range(0, len(part), size)]
    await client.send(*pieces)
    await turns(60)
    assert [method for method, _, _ in client.seen] == ["GET", "LIST", "POST", "POST", "LIST", "POST"]
    assert [body for _, _, body in client.seen] == [b"", b"", b"hello", b"hello", b"", b"world"]


@pytest.mark.parametrize("sizes", [(20_000,), (20_000, 1, 1, 20_000), (1, 20_000), (20_000, 30_000, 5), (16_384,) * 5])
async def test_parts_of_a_body_come_in_order_whatever_their_sizes(
    sizes: tuple[int, ...],
) -> None:
    client = Client(HeadCache())
    parts = [bytes([65 + number]) * size for number, size in enumerate(sizes)]
    head = b"POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % sum(sizes)
    for data in (head, *parts):
        client.protocol.data_received(data)  # All before the application has its turn.
    await turns()
    assert [body for _, _, body in client.seen] == [b"".join(parts)]


async def test_verbs_that_the_parser_does_not_know_may_be_pipelined() -> None:
    client = Client(HeadCache())
    await client.send(GET + LIST + POST + LIST)
    await turns(40)
    assert [method for method, _, _ in client.seen] == ["GET", "LIST", "POST", "LIST"]


@pytest.mark.parametrize("behind", [GET, GET * MANY, b"\0\0"], ids=["one", "many", "rubbish"])
async def test_nothing_is_served_behind_a_body_in_chunks_in_one_packet(behind: bytes) -> None:
    client = Client(HeadCache())
    await client.send(CHUNKED + behind)
    await turns(40)
    assert client.seen == [("POST", "/v1/a", b"hello")]
    assert client.wire.sent.startswith(b"HTTP/1.1 200 OK")
    assert client.wire.sent.count(b"HTTP/1.1") == 1
    assert b"connection: close" in client.wire.sent
    assert client.wire.closed


async def test_what_waits_goes_with_the_connection() -> None:
    client = Client(HeadCache())
    client.gate = asyncio.Event()
    await client.send(GET * MANY)
    client.protocol.connection_lost(ConnectionResetError())
    client.gate.set()
    await turns(40)
    assert len(client.seen) == 1
    assert client.protocol._waiting == b""


async def test_requests_without_end_are_answered_up_to_a_refusal() -> None:
    client = Client(HeadCache())
    await client.send(GET + b"GET / HTTP/1.1\r\nnot a header\r\n\r\n" + GET)
    await turns(40)
    assert client.seen == [("GET", "/v1/sys/health", b"")]
    assert client.wire.sent.count(b"HTTP/1.1 200 OK") == 1
    assert client.wire.sent.count(b"HTTP/1.1 400 Bad Request") == 1
