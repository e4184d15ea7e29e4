"""Both HTTP servers on real sockets: what they serve, whom they cut off, and how they stop."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import h2.connection
import h2.events
import pytest

from server.config import Listener
from server.listeners import ListenFailed, OpenListener, open_listeners, serve
from tests.server.certificates import common_name, write_certificate
from tests.server.example_service import build_example

PLAIN = Listener("tcp", "127.0.0.1:0", tls_disable=True)
SERVERS = ("uvicorn", "hypercorn")
DEADLINE = 10.0


@asynccontextmanager
async def serving(*listeners: Listener) -> AsyncIterator[list[OpenListener]]:
    """The example service behind ``listeners``, and the end of it."""
    opened = list(open_listeners(listeners))
    stop = asyncio.Event()
    task = asyncio.create_task(serve(opened, build_example, stop))
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


@pytest.mark.parametrize("server", SERVERS)
async def test_plain_requests_and_keep_alive(server: str) -> None:
    async with serving(replace(PLAIN, server=server)) as (one,), asyncio.timeout(DEADLINE):
        assert one.url == f"http://127.0.0.1:{port(one)}"
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


@pytest.mark.parametrize("server", SERVERS)
async def test_slow_heads_are_cut_off(server: str) -> None:
    listener = replace(PLAIN, server=server, http_read_header_timeout_seconds=0.3)
    async with serving(listener) as (one,):
        silent = await connect(one)
        partial = await connect(one)
        partial[1].write(b"GET / HTTP/1.1\r\nx: ")
        second = await connect(one)
        second[1].write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        assert (await read_answer(second[0]))[0] == 200
        second[1].write(b"\r\n" if server == "uvicorn" else b"GET / HT")
        begun = asyncio.get_running_loop().time()
        for reader, writer in (silent, partial, second):
            rest = await read_to_end(reader)
            assert rest == b"" or rest.startswith(b"HTTP/1.1 408")
            writer.close()
        assert asyncio.get_running_loop().time() - begun < 4


@pytest.mark.parametrize("server", SERVERS)
async def test_a_long_request_is_not_taken_for_a_slow_head(server: str) -> None:
    listener = replace(PLAIN, server=server, http_read_header_timeout_seconds=0.3)
    async with serving(listener) as (one,):
        assert (await ask(one, path="/slow?0.9"))[0] == 200


@pytest.mark.parametrize("server", SERVERS)
async def test_slow_bodies_are_cut_off(server: str) -> None:
    async with serving(replace(PLAIN, server=server, http_read_timeout_seconds=0.2)) as (one,):
        reader, writer = await connect(one)
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n123")
        rest = await read_to_end(reader)
        assert rest.startswith(b"HTTP/1.1 408")
        assert b"request body was not received in time" in rest
        writer.close()


@pytest.mark.parametrize("server", SERVERS)
async def test_endless_requests_are_answered_503(server: str) -> None:
    async with serving(replace(PLAIN, server=server, max_request_duration_seconds=0.2)) as (one,):
        status, answer = await ask(one, path="/hang")
        assert status == 503
        assert answer == {"errors": ["request took longer than max_request_duration"]}


@pytest.mark.parametrize("server", SERVERS)
async def test_idle_connections_are_closed(server: str) -> None:
    async with serving(replace(PLAIN, server=server, http_idle_timeout_seconds=1)) as (one,):
        reader, writer = await connect(one)
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        assert (await read_answer(reader))[0] == 200
        assert await read_to_end(reader) == b""
        writer.close()


@pytest.mark.parametrize("server", SERVERS)
async def test_endless_heads_are_refused(server: str) -> None:
    async with serving(replace(PLAIN, server=server)) as (one,):
        reader, writer = await connect(one)
        writer.write(b"GET / HTTP/1.1\r\n")
        sent = 0
        while sent < 4 * 1024 * 1024 and not reader.at_eof():
            try:
                writer.write(b"x-%d: %s\r\n" % (sent, b"y" * 8000))
                await writer.drain()
                await asyncio.sleep(0)  # The system's buffers hold megabytes; the server must get to read meanwhile.
            except ConnectionError:
                break
            sent += 8000
        rest = await read_to_end(reader)
        assert sent < 4 * 1024 * 1024
        assert rest == b"" or rest.startswith(b"HTTP/1.1 431")
        writer.close()


@pytest.mark.parametrize("server", SERVERS)
async def test_stopping_finishes_what_is_under_way(server: str) -> None:
    async with serving(replace(PLAIN, server=server)) as (one,):
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


@pytest.mark.parametrize("server", SERVERS)
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


async def test_http2_by_alpn(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path, "one")
    listener = Listener("tcp", "127.0.0.1:0", tls_cert_file=str(certificate), tls_key_file=str(key))
    async with serving(listener) as (one,), asyncio.timeout(DEADLINE):
        reader, writer = await connect(one, trusting(certificate, "h2", "http/1.1"))
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        client = h2.connection.H2Connection()
        client.initiate_connection()
        names = {":method": "PUT", ":path": "/", ":scheme": "https", ":authority": "x"}
        client.send_headers(1, list(names.items()))
        client.send_data(1, b"hello", end_stream=True)
        body = b""
        ended = False
        while not ended:
            writer.write(client.data_to_send())
            for event in client.receive_data(await reader.read(65536)):
                if isinstance(event, h2.events.DataReceived):
                    body += event.data or b""
                ended = ended or isinstance(event, h2.events.StreamEnded)
        answer = json.loads(body)
        assert (answer["http"], answer["body"]) == ("2", "hello")
        writer.close()


@pytest.mark.parametrize("server", SERVERS)
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
        assert (await ask(one, context=context))[0] == 200
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


@pytest.mark.parametrize("server", SERVERS)
async def test_what_an_application_says_in_an_error_stays_inside(server: str, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(replace(PLAIN, server=server)) as (one,):
        reader, writer = await connect(one)
        writer.write(b"POST /fail HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        answer = await read_to_end(reader)
        assert answer.startswith(b"HTTP/1.1 500")
        assert b"s.12345" not in answer
        writer.close()
    assert any(record.exc_info for record in caplog.records)
