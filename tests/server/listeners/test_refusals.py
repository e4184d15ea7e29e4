"""What is beyond a limit is refused alike on every way to the application: each HTTP server, plain and over TLS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h2.connection
import h2.events
import httpx2
import pytest
from h2.errors import ErrorCodes

from server.config import Listener
from server.listeners import OpenListener
from server.listeners.head_limits import (
    FIELD_TOO_LARGE,
    MAX_FIELD_BYTES,
    MAX_FIELDS,
    MAX_HEAD_BYTES,
    MAX_PATH_BYTES,
    PATH_TOO_LONG,
    TOO_LARGE,
)
from server.listeners.http2.frames import ALLOWANCE
from tests.server.listeners.http2.client import frame
from tests.server.listeners.serving import (
    DEADLINE,
    PLAIN,
    ask,
    connect,
    port,
    read_answer,
    read_to_end,
    secure,
    serving,
    trusting,
)
from tests.server.listeners.test_tls_listeners import http2_connection

WAYS = ("uvicorn", "hypercorn", "uvicorn over TLS", "hypercorn over TLS", "HTTP/2")
HTTP1 = WAYS[:-1]


def listener(way: str, folder: Path) -> Listener:
    if way == "HTTP/2":
        return secure(folder)
    server, _, tls = way.partition(" ")
    return secure(folder, server=server) if tls else replace(PLAIN, server=server)


async def get(one: OpenListener, way: str, path: str, headers: list[tuple[str, str]]) -> httpx2.Response:
    context = trusting(Path(one.listener.tls_cert_file)) if one.listener.tls else httpx2.create_ssl_context()
    scheme = "https" if one.listener.tls else "http"
    async with httpx2.AsyncClient(verify=context, http1=way != "HTTP/2", http2=way == "HTTP/2") as client:
        answer = await client.get(f"{scheme}://127.0.0.1:{port(one)}{path}", headers=headers)
        assert answer.http_version == ("HTTP/2" if way == "HTTP/2" else "HTTP/1.1")
        return answer


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("path", "headers", "status", "text"),
    [
        ("/" + "a" * (MAX_PATH_BYTES - 1), [], 200, ""),
        ("/" + "a" * MAX_PATH_BYTES, [], 414, PATH_TOO_LONG),
        ("/v1/" + "a/" * 20_000, [], 414, PATH_TOO_LONG),
        ("/v1/%61" + "a" * 60_000, [], 414, PATH_TOO_LONG),
        ("/", [("content-type", "application/form;" + "a*0=b;" * 2_500)], 200, ""),
        ("/", [("content-type", "application/form;" + "a*0=b;" * 3_000)], 431, FIELD_TOO_LARGE),
        ("/", [("x-forwarded-for", "1," * MAX_FIELD_BYTES)], 431, FIELD_TOO_LARGE),
        ("/", [("a", "b")] * (MAX_FIELDS + 1), 431, TOO_LARGE),
    ],
    ids=["longest path", "long path", "slashes", "escapes", "long type", "too long a type", "hops", "fields"],
)
async def test_heads(
    way: str, path: str, headers: list[tuple[str, str]], status: int, text: str, tmp_path: Path
) -> None:
    async with serving(listener(way, tmp_path)) as (one,), asyncio.timeout(DEADLINE):
        answer = await get(one, way, path, headers)
        assert answer.status_code == status
        if text:
            assert answer.json() == {"errors": [text]}
        assert (await get(one, way, "/", [])).status_code == 200


@pytest.mark.parametrize("way", HTTP1)
async def test_heads_that_are_too_large_as_a_whole(way: str, tmp_path: Path) -> None:
    async with serving(listener(way, tmp_path)) as (one,), asyncio.timeout(DEADLINE):
        reader, writer = await connect(one)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n" + b"content-type: aaaaaaaaaaaaaa\r\n" * 25_000 + b"\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 431 ")
        await read_to_end(reader)
        writer.close()
        assert (await ask(one))[0] == 200


@pytest.mark.parametrize("way", HTTP1)
async def test_transfer_codings(way: str, tmp_path: Path) -> None:
    async with serving(listener(way, tmp_path)) as (one,), asyncio.timeout(DEADLINE):
        reader, writer = await connect(one)
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 501 ")
        assert b"\r\nconnection: close\r\n" in (await read_to_end(reader)).lower()
        writer.close()


async def test_bodies_in_crumbs_are_not_taken_where_each_costs_much() -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    line = b"%x\r\n%s\r\n" % (32, b"x" * 32)
    async with serving(replace(PLAIN, server="hypercorn")) as (one,), asyncio.timeout(DEADLINE):
        for body, expected in (
            (b"1\r\n \r\n" * 900, 200),
            ((line + b"1\r\n\n\r\n") * 5_000, 200),
            (b"1\r\n \r\n" * 20_000, 400),
        ):
            reader, writer = await connect(one)
            writer.write(head + body + b"0\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 %d " % expected)
            writer.close()


@pytest.mark.parametrize("way", HTTP1)
async def test_http_0_9(way: str, tmp_path: Path) -> None:
    async with serving(listener(way, tmp_path)) as (one,), asyncio.timeout(DEADLINE):
        reader, writer = await connect(one)
        writer.write(b"GET /\r\n\r\n")
        assert (await read_to_end(reader))[:12] in (b"", b"HTTP/1.1 400")
        writer.close()


@pytest.mark.parametrize("way", HTTP1)
async def test_pipelined_requests_are_all_answered(way: str, tmp_path: Path) -> None:
    async with serving(listener(way, tmp_path)) as (one,), asyncio.timeout(DEADLINE):
        reader, writer = await connect(one)
        writer.write(
            b"".join(
                b"POST /%d HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n%03d" % (number, number)
                for number in range(300)
            )
        )
        for number in range(300):
            status, _, answer = await read_answer(reader)
            assert (status, answer["body"]) == (200, f"{number:03}")
        writer.close()


def _http2(folder: Path) -> Listener:
    return secure(folder)


def _http2_without_tls(folder: Path) -> Listener:
    return replace(PLAIN, server="hypercorn")


@pytest.mark.parametrize("make", [_http2, _http2_without_tls])
@pytest.mark.parametrize(
    "one_frame",
    [frame(6, 0, 0, bytes(8)), frame(4, 0, 0), frame(2, 0, 1, bytes(5)), frame(250, 0, 0)],
    ids=["PING", "SETTINGS", "PRIORITY", "unknown"],
)
async def test_floods_of_frames(make: Callable[[Path], Listener], one_frame: bytes, tmp_path: Path) -> None:
    async with serving(make(tmp_path)) as (one,), asyncio.timeout(DEADLINE):
        reader, writer = await (http2_connection(one) if one.listener.tls else connect(one))
        client = h2.connection.H2Connection()
        client.initiate_connection()
        writer.write(client.data_to_send() + one_frame * (ALLOWANCE + 10))
        ends: list[Any] = []
        for event in client.receive_data(await read_to_end(reader)):
            if isinstance(event, h2.events.ConnectionTerminated):
                ends.append(event.error_code)
        assert ends == [ErrorCodes.ENHANCE_YOUR_CALM]
        writer.close()
        assert (await ask(one))[0] == 200


async def test_a_block_of_headers_that_is_too_large(tmp_path: Path) -> None:
    async with serving(secure(tmp_path)) as (one,), asyncio.timeout(DEADLINE):
        reader, writer = await http2_connection(one)
        client = h2.connection.H2Connection()
        client.initiate_connection()
        names = [(":method", "GET"), (":path", "/"), (":scheme", "https"), (":authority", "x")]
        client.send_headers(1, [*names, *[("a", "b" * 16_000)] * (MAX_HEAD_BYTES // 16_000 + 1)], end_stream=True)
        writer.write(client.data_to_send())
        read = await read_to_end(reader)
        ended = [e for e in client.receive_data(read) if isinstance(e, h2.events.ConnectionTerminated)]
        assert [e.error_code for e in ended] == [ErrorCodes.ENHANCE_YOUR_CALM]
        writer.close()
