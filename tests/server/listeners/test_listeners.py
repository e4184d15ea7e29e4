"""Listeners on real sockets, with either HTTP server and both: what they serve, whom they cut off, how they stop."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import re
import ssl
import stat
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import h2.connection
import h2.events
import pytest
import uvloop
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Event, RawData
from hyperframe.frame import PingFrame

from server.config import Listener
from server.listeners import ConnectionBudget, ListenFailed, OpenListener, deadlines, misdirected, open_listeners, serve
from server.listeners.asgi import KEPT, RELEASE, WHOLE_BODY, Message, Receive, Scope, Send
from server.listeners.http2.http1 import Http1
from server.listeners.http2.server import _Connection
from server.runtime.log_limits import LINES, LimitedLog
from tests.support.certificates import common_name, write_certificate
from tests.support.example_service import build_example

PLAIN = Listener("tcp", "127.0.0.1:0", tls_disable=True)
SERVERS = ("uvicorn", "hypercorn")
TLS_SERVERS = ("", *SERVERS)
"""Unset, the protocol that a client agrees on decides who serves it."""

DEADLINE = 10.0


@asynccontextmanager
async def serving(*listeners: Listener, share: ConnectionBudget | None = None) -> AsyncIterator[list[OpenListener]]:
    """The example service behind ``listeners``, and the end of it."""
    opened = list(open_listeners(listeners))
    stop = asyncio.Event()
    task = asyncio.create_task(serve(opened, build_example, stop, share))
    try:
        yield opened
    finally:
        stop.set()
        async with asyncio.timeout(DEADLINE):
            await task


def port(one: OpenListener) -> int:
    return int(one.url.rpartition(":")[2])


async def connect(
    one: OpenListener, context: ssl.SSLContext | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if one.listener.type == "unix":
        return await asyncio.open_unix_connection(one.listener.address)
    if one.listener.tls and context is None:
        context = trusting(Path(one.listener.tls_cert_file), "http/1.1")
    return await asyncio.open_connection("127.0.0.1", port(one), ssl=context)


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes, dict[str, Any]]:
    """Status, head and JSON body of one answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    body = await reader.readexactly(length)
    return int(head.split()[1]), head, json.loads(body) if body else {}


async def ask(
    one: OpenListener, head: str = "", body: bytes = b"", path: str = "/", context: ssl.SSLContext | None = None
) -> tuple[int, dict[str, Any]]:
    """One request on a connection of its own."""
    async with asyncio.timeout(DEADLINE):
        reader, writer = await connect(one, context)
        request = f"POST {path} HTTP/1.1\r\nhost: x\r\n{head}content-length: {len(body)}\r\n\r\n"
        writer.write(request.encode() + body)
        status, _, answer = await read_answer(reader)
        writer.close()
        return status, answer


async def read_to_end(reader: asyncio.StreamReader) -> bytes:
    """Everything up to the end of the connection, in whatever way it ends."""
    async with asyncio.timeout(DEADLINE):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


def trusting(certificate: Path, *protocols: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(certificate))
    context.set_alpn_protocols(list(protocols))
    return context


def secure(folder: Path, **words: Any) -> Listener:
    certificate, key = write_certificate(folder, "one")
    return Listener("tcp", "127.0.0.1:0", tls_cert_file=str(certificate), tls_key_file=str(key), **words)


@pytest.fixture(params=[*SERVERS, "TLS"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Listener:
    """Each way to HTTP/1.1: what holds for one holds for all."""
    return secure(tmp_path) if request.param == "TLS" else replace(PLAIN, server=request.param)


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
    async with serving(replace(listener, http_read_header_timeout_seconds=0.3)) as (one,):
        silent = await connect(one)
        partial = await connect(one)
        partial[1].write(b"GET / HTTP/1.1\r\nx: ")
        second = await connect(one)
        second[1].write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        assert (await read_answer(second[0]))[0] == 200
        second[1].write(b"\r\n" if listener.server != "hypercorn" else b"GET / HT")
        begun = asyncio.get_running_loop().time()
        for reader, writer in (silent, partial, second):
            rest = await read_to_end(reader)
            assert rest == b"" or rest.startswith(b"HTTP/1.1 408")
            writer.close()
        assert asyncio.get_running_loop().time() - begun < 4


async def test_a_long_request_is_not_taken_for_a_slow_head(listener: Listener) -> None:
    async with serving(replace(listener, http_read_header_timeout_seconds=0.3)) as (one,):
        assert (await ask(one, path="/slow?0.9"))[0] == 200


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


async def test_a_flood_of_frames_leaves_others_their_turn() -> None:
    """Frames that cost a client nothing are worked off in portions, however many have come."""
    turns: list[str] = []

    class Protocol:
        protocol = None

        async def handle(self, event: Event) -> None:
            turns.append("flood" if isinstance(event, RawData) else "end")

    reader = asyncio.StreamReader()
    connection = _Connection(
        cast("Any", None), asyncio.get_running_loop(), cast("Any", None), cast("Any", None), cast("Any", None), reader,
        cast("Any", None),
    )  # fmt: skip
    connection.protocol = cast("Any", Protocol())
    reader.feed_data(PingFrame(0, opaque_data=b"8 octets").serialize() * 10_000)
    reader.feed_eof()
    working = asyncio.create_task(connection._read_data())
    while not working.done():
        turns.append("others")
        await asyncio.sleep(0)
    assert turns.count("flood") == -(-170_000 // (16 * 1024))
    assert all(turns[place + 1] != "flood" for place, turn in enumerate(turns) if turn == "flood")


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


@pytest.mark.parametrize("server", TLS_SERVERS)
async def test_tls_and_its_reload(server: str, tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path, "one")
    listener = Listener("tcp", "127.0.0.1:0", server=server, tls_cert_file=str(certificate), tls_key_file=str(key))
    async with serving(listener) as (one,), asyncio.timeout(DEADLINE):
        assert one.url.startswith("https://127.0.0.1:")
        old = trusting(certificate, "http/1.1")
        status, answer = await ask(one, body=b"x", context=old)
        assert (status, answer["scheme"], answer["body"]) == (200, "https", "x")
        reader, writer = await connect(one, old)
        second, second_key = write_certificate(tmp_path, "two")
        os.replace(second, certificate)
        with pytest.raises(ListenFailed, match="expected PEM files that belong together"):
            one.reload()
        assert (await ask(one, context=old))[0] == 200
        os.replace(second_key, key)
        one.reload()
        new_reader, new_writer = await connect(one, trusting(certificate, "http/1.1"))
        assert common_name(new_writer.get_extra_info("ssl_object").getpeercert(True)) == "two"
        assert common_name(writer.get_extra_info("ssl_object").getpeercert(True)) == "one"
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        assert (await read_answer(reader))[0] == 200
        del new_reader
        for each in (writer, new_writer):
            each.close()


async def ask_http2(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str = "/") -> dict[str, Any]:
    """One request with the body ``hello`` on a new connection."""
    client = h2.connection.H2Connection()
    client.initiate_connection()
    names = {":method": "PUT", ":path": path, ":scheme": "https", ":authority": "x"}
    client.send_headers(1, list(names.items()))
    client.send_data(1, b"hello", end_stream=True)
    body = b""
    ended = False
    while not ended:
        writer.write(client.data_to_send())
        data = await reader.read(65536)
        assert data, "closed by the server"
        for event in client.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                body += event.data or b""
            ended = ended or isinstance(event, h2.events.StreamEnded)
    answer = json.loads(body)
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize(
    ("server", "offered", "agreed"),
    [
        ("", ("h2", "http/1.1"), "h2"),
        ("", ("http/1.1", "h2"), "h2"),
        ("", ("h2",), "h2"),
        ("", ("http/1.1",), "http/1.1"),
        ("", ("other",), None),
        ("", (), None),
        ("hypercorn", ("h2", "http/1.1"), "h2"),
        ("uvicorn", ("h2", "http/1.1"), "http/1.1"),
    ],
)
async def test_the_protocol_agreed_on_is_served(
    server: str, offered: tuple[str, ...], agreed: str | None, tmp_path: Path
) -> None:
    share = ConnectionBudget()
    async with serving(secure(tmp_path, server=server), share=share) as (one,), asyncio.timeout(DEADLINE):
        context = trusting(Path(one.listener.tls_cert_file), *offered)
        reader, writer = await connect(one, context)
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == agreed
        if agreed == "h2":
            answer = await ask_http2(reader, writer)
        else:
            writer.write(b"PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello")
            _, _, answer = await read_answer(reader)
        http = "2" if agreed == "h2" else "1.1"
        assert (answer["http"], answer["body"], answer["scheme"]) == (http, "hello", "https")
        assert share.connections == 1
        writer.close()
        while share.connections:
            await asyncio.sleep(0.01)


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


async def http2_connection(one: OpenListener) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await connect(one, trusting(Path(one.listener.tls_cert_file), "h2"))


@pytest.mark.parametrize("asks", [False, True], ids=["silent", "idle"])
async def test_idle_http2_connections_are_closed(asks: bool, tmp_path: Path) -> None:
    listener = secure(tmp_path, http_read_header_timeout_seconds=0.3, http_idle_timeout_seconds=1)
    async with serving(listener) as (one,):
        reader, writer = await http2_connection(one)
        begun = asyncio.get_running_loop().time()
        if asks:
            assert (await ask_http2(reader, writer, "/slow?0.9"))["http"] == "2"
        await read_to_end(reader)
        taken = asyncio.get_running_loop().time() - begun
        assert 1.8 < taken < 6 if asks else taken < 4
        writer.close()


async def test_http2_clients_that_go_away_leave_nothing_behind(tmp_path: Path) -> None:
    async with serving(secure(tmp_path)) as (one,), asyncio.timeout(DEADLINE):
        assert (await ask(one))[0] == 200
        before = len(asyncio.all_tasks())
        for number in range(10):
            reader, writer = await http2_connection(one)
            if number % 2:
                await ask_http2(reader, writer)
            if number % 3:
                writer.close()
            else:
                writer.transport.abort()
        while len(asyncio.all_tasks()) > before:
            await asyncio.sleep(0.01)


async def test_handshakes_have_a_deadline_and_hold_a_place_no_longer(tmp_path: Path) -> None:
    share = ConnectionBudget()
    listener = secure(tmp_path, http_read_header_timeout_seconds=0.3)
    async with serving(listener, share=share) as (one,), asyncio.timeout(DEADLINE):
        silent = await asyncio.open_connection("127.0.0.1", port(one))
        wrong = await asyncio.open_connection("127.0.0.1", port(one))
        wrong[1].write(b"GET / HTTP/1.1\r\n\r\n")
        assert await read_to_end(silent[0]) == b""
        told = await read_to_end(wrong[0])
        assert told.startswith(b"HTTP/1.1 400 ")
        assert told.endswith(b'{"errors":["Client sent an HTTP request to an HTTPS server."]}')
        silent[1].close()
        wrong[1].close()
        while share.connections:
            await asyncio.sleep(0.01)
        assert (await ask(one))[0] == 200


async def test_stopping_finishes_both_protocols(tmp_path: Path) -> None:
    async with serving(secure(tmp_path)) as (one,), asyncio.timeout(DEADLINE):
        stalled = await asyncio.open_connection("127.0.0.1", port(one))
        new, idle = await http2_connection(one), await http2_connection(one)
        old = await connect(one)
        old[1].write(b"POST /slow?0.3 HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        asked = asyncio.create_task(ask_http2(*new, path="/slow?0.3"))
        # A request on a connection of its own has come later than these.
        assert (await ask(one))[0] == 200
        begun = asyncio.get_running_loop().time()
    assert (await read_answer(old[0]))[0] == 200
    assert (await asked)["http"] == "2"
    assert asyncio.get_running_loop().time() - begun < 5, "a handshake that doesn't move held the stop up"
    for _, writer in (stalled, new, old, idle):
        writer.close()


@pytest.mark.parametrize("server", TLS_SERVERS)
async def test_tls_versions_and_client_certificates(server: str, tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path, "one")
    client_certificate, client_key = write_certificate(tmp_path, "client")
    listener = Listener(
        "tcp", "127.0.0.1:0", server=server, tls_cert_file=str(certificate), tls_key_file=str(key),
        tls_require_and_verify_client_cert=True, tls_client_ca_file=str(client_certificate),
        tls_max_version="tls12", tls_cipher_suites="TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    )  # fmt: skip
    async with serving(listener) as (one,):
        context = trusting(certificate, "http/1.1")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await ask(one, context=context)
        context.load_cert_chain(client_certificate, client_key)
        status, answer = await ask(one, context=context)
        shown = ssl.PEM_cert_to_DER_cert(client_certificate.read_text()).hex()
        assert (status, answer["certificate"]) == (200, shown)
        _, writer = await connect(one, context)
        assert writer.get_extra_info("cipher")[:2] == ("ECDHE-ECDSA-AES256-GCM-SHA384", "TLSv1.2")
        writer.close()
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await connect(one, context)


def test_unusable_tls_settings_are_said(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path, "one")
    good = Listener("tcp", "127.0.0.1:0", tls_cert_file=str(certificate), tls_key_file=str(key))
    for change, expected in (
        ({"tls_cert_file": str(tmp_path / "none")}, "No such file"),
        ({"tls_key_file": str(certificate)}, "expected PEM files"),
        ({"tls_cipher_suites": "TLS_RSA_WITH_RC4_128_SHA"}, "tls_cipher_suites: expected some of"),
        ({"tls_require_and_verify_client_cert": True, "tls_client_ca_file": str(key)}, "tls_client_ca_file"),
    ):
        with pytest.raises(ListenFailed, match=expected):
            open_listeners([replace(good, **change)])


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


@pytest.mark.parametrize("server", SERVERS)
async def test_who_speaks_tls_to_a_plain_port_is_told_of(
    server: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(misdirected, "_limited", LimitedLog(logging.getLogger(misdirected.__name__)))
    context = ssl.create_default_context()
    async with serving(replace(PLAIN, server=server)) as (one,), asyncio.timeout(DEADLINE):
        for _ in range(2 * LINES):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await connect(one, context)
        reader, writer = await connect(one)
        writer.write(b"what is this?\r\n\r\n")
        await reader.read()
        writer.close()
    told = [record for record in caplog.records if record.name == misdirected.__name__]
    assert [record.getMessage() for record in told] == ["a client speaks TLS to a port without TLS"] * LINES
    assert told[0].__dict__["fields"] == {"address": "127.0.0.1"}


async def test_who_speaks_plainly_to_a_port_with_tls_is_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(misdirected, "_limited", LimitedLog(logging.getLogger(misdirected.__name__)))
    async with serving(secure(tmp_path)) as (one,), asyncio.timeout(DEADLINE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port(one))
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert b"400 Bad Request" in await read_to_end(reader)
        writer.close()
    (told,) = [record for record in caplog.records if record.name == misdirected.__name__]
    assert told.getMessage() == "a client speaks HTTP without TLS to a port with TLS"
    assert told.__dict__["fields"] == {"address": "127.0.0.1"}


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
