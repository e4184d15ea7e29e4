"""Listeners on real sockets, with either HTTP server and both: what they serve, whom they cut off, how they stop."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import stat
import weakref
from dataclasses import replace
from pathlib import Path

import pytest
import uvloop
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Event, RawData

from server.config import Listener
from server.listeners import ListenFailed, deadlines, open_listeners, serve
from server.listeners.asgi import KEPT, RELEASE, WHOLE_BODY, Message, Receive, Scope, Send
from server.listeners.http1.hypercorn_server import Http1
from tests.server.listeners.serving import (
    DEADLINE,
    PLAIN,
    SERVERS,
    ask,
    connect,
    port,
    read_answer,
    read_to_end,
    serving,
)
from tests.support.example_service import build_example


async def test_requests_and_keep_alive(listener: Listener) -> None:
    assert isinstance(asyncio.get_running_loop(), uvloop.Loop)
    async with serving(listener) as (one,), asyncio.timeout(DEADLINE):
        assert one.url == f"{'https' if listener.tls else 'http'}://127.0.0.1:{port(one)}"
        reader, writer = await connect(one)
        for text in (b"first", b"second"):
            writer.write(b"POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%s" % (len(text), text))
            status, head, answer = await read_answer(reader)
            assert status == 200
            assert answer["body"] == text.decode()
            assert answer["client"] == "127.0.0.1"
            assert b"server:" not in head.lower()
        writer.close()


@pytest.mark.parametrize("cut", range(4))
async def test_a_verb_of_vault_may_follow_a_body_that_comes_after_its_answer(cut: int) -> None:
    rest = b" HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n"
    async with serving(PLAIN) as (one,), asyncio.timeout(DEADLINE):
        reader, writer = await connect(one)
        writer.write(b"POST /early" + rest + b"LIST"[:cut])
        assert (await read_answer(reader))[0] == 200
        for verb, before in ((b"LIST", b"LIST"[cut:]), (b"SCAN", b"")):
            writer.write(before + verb + b" /x" + rest + b"SCAN")
            status, _, answer = await read_answer(reader)
            assert (status, answer["method"], answer["body"]) == (200, verb.decode(), "SCAN")
        writer.close()


@pytest.mark.parametrize("server", SERVERS)
async def test_unix_socket(server: str, tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    group = str(os.getgid())
    listener = Listener("unix", str(path), server=server, socket_mode=0o640, socket_group=group)
    path.write_bytes(b"")
    with pytest.raises(ListenFailed, match="Address already in use"):
        open_listeners([listener])
    path.unlink()
    async with serving(listener) as (one,):
        assert one.url == f"unix://{path}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        status, answer = await ask(one, body=b"hello")
        assert (status, answer["body"]) == (200, "hello")
    assert not path.exists()
    with pytest.raises(ListenFailed, match="no such user or group"):
        open_listeners([replace(listener, socket_user="nobody-of-that-name")])
    assert not path.exists()


def test_a_path_that_is_too_long_for_a_socket_is_told(tmp_path: Path) -> None:
    with pytest.raises(ListenFailed, match="too long"):
        open_listeners([Listener("unix", str(tmp_path / ("s" * 200)))])


async def test_a_stale_unix_socket_is_replaced(tmp_path: Path) -> None:
    listener = Listener("unix", str(tmp_path / "s.sock"))
    (left_behind,) = open_listeners([listener])
    left_behind._socket.close()
    async with serving(listener) as (one,):
        assert (await ask(one))[0] == 200


async def test_all_or_none_are_opened() -> None:
    (first,) = open_listeners([PLAIN])
    taken = replace(PLAIN, address=f"127.0.0.1:{port(first)}")
    with pytest.raises(ListenFailed, match=f"can't listen on 127.0.0.1:{port(first)}: Address already in use"):
        open_listeners([PLAIN, taken])
    first.close()


async def test_slow_heads_are_cut_off(listener: Listener) -> None:
    async with serving(replace(listener, http_read_header_timeout_seconds=1)) as (one,):
        silent = await connect(one)
        partial = await connect(one)
        partial[1].write(b"GET / HTTP/1.1\r\nx: ")
        second = await connect(one)
        second[1].write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        assert (await read_answer(second[0]))[0] == 200
        second[1].write(b"\r\n" if listener.server != "hypercorn" else b"GET / HT")
        for reader, writer in (silent, partial, second):
            rest = await read_to_end(reader)
            assert rest == b"" or rest.startswith(b"HTTP/1.1 408")
            writer.close()


async def test_a_long_request_is_not_taken_for_a_slow_head(listener: Listener) -> None:
    async with serving(replace(listener, http_read_header_timeout_seconds=1)) as (one,):
        assert (await ask(one, path="/slow?2.2"))[0] == 200


async def test_slow_bodies_are_cut_off(listener: Listener) -> None:
    async with serving(replace(listener, http_read_timeout_seconds=0.2)) as (one,):
        reader, writer = await connect(one)
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n123")
        rest = await read_to_end(reader)
        assert rest.startswith(b"HTTP/1.1 408")
        assert b"request body was not received in time" in rest
        writer.close()


async def test_large_bodies_keep_no_small_ones_out(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "MAX_BODY_BYTES", 300_000)
    async with serving(listener) as (one,):
        writers = []
        for size in (200_000, 99_000):
            _, writer = await connect(one)
            writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 250000\r\n\r\n" + bytes(size))
            await writer.drain()
            writers.append(writer)
        reader, writer = await connect(one)
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 250000\r\n\r\n" + bytes(100_000))
        assert (await read_answer(reader))[0] == 503
        assert (await ask(one, body=b"small" * 1000))[0] == 200
        for each in (*writers, writer):
            each.close()


async def test_a_body_that_came_with_its_head_counts_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "MAX_BODY_BYTES", 100_000)
    sent: list[Message] = []
    served: list[int] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        served.append(len(scope[WHOLE_BODY]))

    async def receive() -> Message:
        raise AssertionError("there is nothing to receive")

    async def send(message: Message) -> None:
        sent.append(message)

    bounds = deadlines.Deadlines(application, PLAIN, 10)
    for size in (100_000, 100_001, 100_000):
        await bounds({"type": "http", "path": "/v1/x", KEPT: {}, WHOLE_BODY: bytes(size)}, receive, send)
    assert served == [100_000, 100_000]
    assert [message["status"] for message in sent if message["type"] == "http.response.start"] == [503]
    assert bounds.body_bytes == 0


async def test_a_request_leaves_no_cycle_between_its_scope_and_what_it_receives_by() -> None:
    """Else its body would stay until the garbage collector comes, which is seldom."""

    class Cycle:
        """Has the scope and receives, as the server's does."""

        def __init__(self) -> None:
            self.scope: Scope = {"type": "http", "path": "/v1/x", KEPT: {}}

        async def receive(self) -> Message:
            return {"type": "http.request", "body": b"body", "more_body": False}

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        scope[RELEASE]()

    async def send(message: Message) -> None:
        raise AssertionError("there is nothing to send")

    cycle = Cycle()
    gone = weakref.ref(cycle)
    bounds = deadlines.Deadlines(application, PLAIN, 10)
    gc.disable()
    try:
        await bounds(cycle.scope, cycle.receive, send)
        del cycle
        assert gone() is None
    finally:
        gc.enable()


async def test_endless_requests_are_answered_503(listener: Listener) -> None:
    async with serving(replace(listener, max_request_duration_seconds=0.2)) as (one,):
        status, answer = await ask(one, path="/hang")
        assert status == 503
        assert answer == {"errors": ["request took longer than max_request_duration"]}


async def test_idle_connections_are_closed(listener: Listener) -> None:
    async with serving(replace(listener, http_idle_timeout_seconds=1)) as (one,):
        reader, writer = await connect(one)
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        assert (await read_answer(reader))[0] == 200
        assert await read_to_end(reader) == b""
        writer.close()


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(b"GET / HTTP/1.1\r\n", id="a head"),
        pytest.param(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", id="trailers"),
        pytest.param(b"GET /slow?1 HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\n", id="the next head"),
    ],
)
async def test_endless_heads_are_refused(listener: Listener, before: bytes) -> None:
    async with serving(listener) as (one,):
        reader, writer = await connect(one)
        writer.write(before)
        sent = 0
        while sent < 16 * 1024 * 1024 and not reader.at_eof():
            try:
                writer.write(b"x-%d: %s\r\n" % (sent, b"y" * 8000))
                async with asyncio.timeout(2):
                    await writer.drain()
                await asyncio.sleep(0)  # The system's buffers hold megabytes; the server must get to read meanwhile.
            except (ConnectionError, TimeoutError):
                break  # Cut off, or not read from until the first request has been answered.
            sent += 8000
        assert sent < 16 * 1024 * 1024
        if b"slow" not in before:
            rest = await read_to_end(reader)
            assert rest == b"" or rest.startswith(b"HTTP/1.1 431")
        writer.close()


async def test_http_1_1_is_never_changed_to_http_2_on_the_way(listener: Listener) -> None:
    """A proxy that passes the offer on would let its client past its own rules."""
    upgrade = "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"
    async with serving(listener) as (one,), asyncio.timeout(DEADLINE):
        reader, writer = await connect(one)
        for _ in range(2):
            writer.write(f"GET /x HTTP/1.1\r\nhost: x\r\n{upgrade}\r\n".encode())
            assert (await read_answer(reader))[0] == 200
        writer.close()


async def test_stopping_finishes_what_is_under_way(listener: Listener) -> None:
    async with serving(listener) as (one,):
        idle_reader, idle_writer = await connect(one)
        reader, writer = await connect(one)
        writer.write(b"POST /slow?0.3 HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n")
        assert b"100" in await reader.readuntil(b"\r\n\r\n")
        writer.write(b"x")
        # The request is being handled once the server reads on; a second connection proves that it does.
        assert (await ask(one))[0] == 200
    assert (await read_answer(reader))[0] == 200
    assert await read_to_end(idle_reader) == b""
    for each in (writer, idle_writer):
        each.close()


async def test_who_comes_while_the_last_answers_are_under_way_is_refused(listener: Listener) -> None:
    (one,) = open_listeners([listener])
    stop = asyncio.Event()
    async with asyncio.timeout(DEADLINE):
        task = asyncio.create_task(serve([one], build_example, stop))
        reader, writer = await connect(one)
        writer.write(b"POST /slow?2 HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        assert (await ask(one))[0] == 200
        stop.set()
        with pytest.raises(ConnectionRefusedError):
            while not task.done():
                _, refused = await asyncio.open_connection("127.0.0.1", port(one))
                refused.close()
        assert not task.done()
        assert (await read_answer(reader))[0] == 200
        writer.close()
        await task


async def test_what_an_application_says_in_an_error_stays_inside(
    listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(listener) as (one,):
        reader, writer = await connect(one)
        writer.write(b"POST /fail HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        answer = await read_to_end(reader)
        assert answer.startswith(b"HTTP/1.1 500")
        assert b"s.12345" not in answer
        writer.close()
    assert any(record.exc_info for record in caplog.records)


async def test_answers_to_invalid_http_have_the_id_of_a_request() -> None:
    sent: list[Event] = []

    async def send(event: Event) -> None:
        sent.append(event)

    context = WorkerContext(None)
    protocol = Http1(None, Config(), context, None, {}, False, None, None, send)
    await protocol.handle(RawData(b"no HTTP at all\r\n\r\n"))
    answers = [event.data for event in sent if isinstance(event, RawData)]
    head = b"".join(answers).partition(b"\r\n\r\n")[0]
    assert head.startswith(b"HTTP/1.1 400")
    assert re.search(rb"\r\nx-vault-request-id: [0-9a-f-]{36}", head)
