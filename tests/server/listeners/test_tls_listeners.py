"""Listeners with TLS: protocols by ALPN, handshakes, certificates, and clients that speak the wrong protocol."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import h2.connection
import h2.events
import pytest

from server.config import Listener
from server.listeners import ConnectionBudget, ListenFailed, OpenListener, misdirected, open_listeners
from server.runtime.log_limits import LINES, LimitedLog
from tests.server.listeners.serving import (
    DEADLINE,
    PLAIN,
    SERVERS,
    TLS_SERVERS,
    ask,
    connect,
    port,
    read_answer,
    read_to_end,
    secure,
    serving,
    trusting,
)
from tests.support.certificates import common_name, write_certificate


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


async def http2_connection(one: OpenListener) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await connect(one, trusting(Path(one.listener.tls_cert_file), "h2"))


@pytest.mark.parametrize("asks", [False, True], ids=["silent", "idle"])
async def test_idle_http2_connections_are_closed(asks: bool, tmp_path: Path) -> None:
    listener = secure(tmp_path, http_read_header_timeout_seconds=1, http_idle_timeout_seconds=1 if asks else 600)
    async with serving(listener) as (one,):
        reader, writer = await http2_connection(one)
        begun = asyncio.get_running_loop().time()
        if asks:
            assert (await ask_http2(reader, writer, "/slow?0.9"))["http"] == "2"
        await read_to_end(reader)
        if asks:
            assert asyncio.get_running_loop().time() - begun > 1.8
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
    listener = secure(tmp_path, http_read_header_timeout_seconds=1)
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
