"""Limits of heads hold in every protocol, and before anything is parsed, looked up or kept."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from server.listeners.head_limits import (
    FIELD_TOO_LARGE,
    MAX_FIELD_BYTES,
    MAX_FIELDS,
    MAX_HEAD_BYTES,
    MAX_PATH_BYTES,
    PATH_TOO_LONG,
    TOO_LARGE,
    UNKNOWN_CODING,
    head_fault,
)
from server.listeners.http1.head_cache import MAX_BYTES, HeadCache
from tests.server.listeners.http1.test_head_cache import GET, Client


def scope(path: bytes = b"/v1/x", *fields: tuple[bytes, bytes], query: bytes = b"") -> dict[str, Any]:
    return {"raw_path": path, "query_string": query, "headers": list(fields)}


def test_what_is_within_the_limits_is_served() -> None:
    assert head_fault(scope()) is None
    assert head_fault(scope(b"/" * MAX_PATH_BYTES)) is None
    assert head_fault(scope(b"/", *[(b"a", b"b")] * MAX_FIELDS)) is None
    assert head_fault(scope(b"/", (b"a", b"b" * (MAX_FIELD_BYTES - 1)))) is None
    assert head_fault(scope(b"/", query=b"a" * (MAX_HEAD_BYTES - 1))) is None
    assert head_fault(scope(b"/", (b"transfer-encoding", b"Chunked"))) is None


@pytest.mark.parametrize(
    ("sent", "status", "text"),
    [
        (scope(b"/" * (MAX_PATH_BYTES + 1)), 414, PATH_TOO_LONG),
        (scope(b"/", *[(b"a", b"b")] * (MAX_FIELDS + 1)), 431, TOO_LARGE),
        (scope(b"/", (b"content-type", b"a" * MAX_FIELD_BYTES)), 431, FIELD_TOO_LARGE),
        (scope(b"/", (b"a" * MAX_FIELD_BYTES, b"b")), 431, FIELD_TOO_LARGE),
        (scope(b"/", *[(b"a", b"b" * 16_000)] * 5), 431, TOO_LARGE),
        (scope(b"/", query=b"a" * MAX_HEAD_BYTES), 431, TOO_LARGE),
        (scope(b"/", (b"transfer-encoding", b"gzip, chunked")), 501, UNKNOWN_CODING),
        (scope(b"/", (b"transfer-encoding", b"gzip"), (b"transfer-encoding", b"chunked")), 501, UNKNOWN_CODING),
    ],
)
def test_what_is_beyond_a_limit_is_refused(sent: dict[str, Any], status: int, text: str) -> None:
    assert head_fault(sent) == (status, text)


def test_a_head_that_is_kept_is_within_every_limit() -> None:
    """So those aren't looked through again."""
    assert MAX_BYTES <= min(MAX_PATH_BYTES, MAX_FIELD_BYTES, MAX_HEAD_BYTES)


class Parsed:
    """Counts what the parser of a client's connection is given."""

    def __init__(self, client: Client) -> None:
        self.size = 0
        self._parser = client.protocol.parser
        client.protocol.parser = cast("Any", self)

    def feed_data(self, data: bytes) -> None:
        self.size += len(data)
        self._parser.feed_data(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)


async def test_no_more_than_the_limit_is_parsed() -> None:
    client = Client(HeadCache())
    parsed = Parsed(client)
    field = b"content-type: application/form;" + b"a*0=b;" * 100_000
    head = GET.replace(b"\r\n\r\n", b"\r\n" + field + b"\r\n\r\n")
    for start in range(0, len(head), 4096):
        await client.send(head[start : start + 4096])
    assert parsed.size <= MAX_HEAD_BYTES
    assert client.seen == []
    assert client.wire.sent.startswith(b"HTTP/1.1 431 ")
    assert client.wire.sent.count(b"HTTP/1.1") == 1
    assert TOO_LARGE.encode() in client.wire.sent


async def test_a_head_at_the_limit_is_parsed() -> None:
    client = Client(HeadCache())
    for extra, seen in ((0, 1), (1, 1)):
        padding = b"x" * (MAX_HEAD_BYTES - len(GET) - 5 + extra)
        await client.send(GET.replace(b"\r\n\r\n", b"\r\na: " + padding + b"\r\n\r\n"))
        assert len(client.seen) == seen
    assert client.wire.sent.count(b"HTTP/1.1 431 ") == 1


async def test_a_client_that_is_refused_has_time_to_read_why() -> None:
    client = Client(HeadCache())
    await client.send(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000)
    assert client.wire.sent.startswith(b"HTTP/1.1 431 ")
    assert not client.wire.closed
    now = asyncio.get_running_loop().time()
    client.protocol.sweep(now + 0.1, 10)
    assert not client.wire.closed
    client.protocol.sweep(now + 2, 10)
    assert client.wire.closed


async def test_it_may_not_send_without_end_meanwhile() -> None:
    client = Client(HeadCache())
    await client.send(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000)
    for _ in range(20):
        client.protocol.data_received(b"a" * 65_536)
    assert client.wire.closed


@pytest.mark.parametrize(
    ("request_line", "answer"),
    [
        (b"GET /\r\n\r\n", b""),
        (b"GET / HTTP/0.9\r\n\r\n", b""),
        (b"GET / HTTP/2.0\r\n\r\n", b"HTTP/1.1 505 HTTP Version Not Supported"),
        (b"GET / HTTP/1.0\r\n\r\n", b"HTTP/1.1 200 OK"),
    ],
)
async def test_versions_of_http(request_line: bytes, answer: bytes) -> None:
    client = Client(HeadCache())
    await client.send(request_line)
    assert client.wire.sent.split(b"\r\n", 1)[0] == answer
    assert len(client.seen) == (answer.endswith(b"OK"))
    if not answer.startswith(b"HTTP/1.1 5"):
        assert client.wire.closed
