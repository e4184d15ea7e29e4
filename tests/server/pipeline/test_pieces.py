"""Long answers over real sockets: made while sent, cut off where they fail, and for no client that has gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from server.audit.broker import DeclaredDevice
from server.config import Listener
from server.core.settings import Settings
from server.inventory.walking import READERS
from server.pipeline.response import Answer, marked
from server.system.inventory import cbom, long_answers
from tests.server.pipeline.line_client import Streams, serving
from tests.support.certificates import write_certificate
from tests.support.systems import NewServer

PATH = "/v1/sys/inventory/cbom"


@pytest.fixture
def longest_seconds() -> float:
    """What a request may take; a test that waits for it asks for less."""
    return 60


@pytest_asyncio.fixture(params=["uvicorn", "hypercorn", "HTTP/2"])
async def streams(
    request: pytest.FixtureRequest,
    new_server: NewServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    longest_seconds: float,
) -> AsyncIterator[Streams]:
    """A server with an audit log, for which a thousand bytes are a long document."""
    monkeypatch.setattr(long_answers, "WHOLE_BYTES", 1000)
    monkeypatch.setattr(long_answers, "_PIECE_BYTES", 500)
    listener = Listener("tcp", "127.0.0.1:0", tls_disable=True, max_request_duration_seconds=longest_seconds)
    if request.param == "HTTP/2":
        certificate, key = write_certificate(tmp_path, "one")
        listener = replace(listener, tls_disable=False, tls_cert_file=str(certificate), tls_key_file=str(key))
    else:
        listener = replace(listener, server=request.param)
    device = DeclaredDevice("file", "file", "", {"file_path": str(tmp_path / "audit.log")})
    server = await (await new_server(Settings(audit_devices=(device,)))).unsealed()
    async with serving(server, listener) as made:
        yield made
    assert server.dispatcher.bugs == 0


def client_of(streams: Streams, request: pytest.FixtureRequest) -> httpx2.AsyncClient:
    """A client by the protocol of the test's parameter."""
    parameter = request.node.callspec.params["streams"]
    secure = parameter == "HTTP/2"
    return httpx2.AsyncClient(
        base_url=f"http{'s' if secure else ''}://127.0.0.1:{streams.port}",
        headers={"x-vault-token": streams.server.root_token},
        http1=parameter != "HTTP/2",
        http2=parameter == "HTTP/2",
        verify=streams.context if streams.context is not None else False,
        timeout=60,
    )


def endless(monkeypatch: pytest.MonkeyPatch, fails: bool = False) -> None:
    """Let documents have no end, or fail before it."""
    parts = cbom._Document.parts

    async def go_on(self: cbom._Document) -> AsyncGenerator[bytes, None]:
        with READERS.taken("test"):
            async for part in parts(self):
                yield part
            if fails:
                raise RuntimeError("the secret is s.12345")
            while True:
                await asyncio.sleep(0)
                yield b" " * 10_000

    monkeypatch.setattr(cbom._Document, "parts", go_on)


async def all_ended() -> None:
    """Wait until nobody reads the inventory any more."""
    async with asyncio.timeout(60):
        while READERS._taken.total():
            await asyncio.sleep(0.02)


async def test_a_long_document_arrives_whole(
    streams: Streams, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client_of(streams, request) as client:
        long = await client.get(PATH)
        again = await client.get("/v1/sys/seal-status")
        monkeypatch.setattr(long_answers, "WHOLE_BYTES", 1_000_000)
        whole = await client.get(PATH)
    assert (long.status_code, again.status_code) == (200, 200)
    assert "content-length" in whole.headers and "content-length" not in long.headers
    assert long.headers["content-type"] == "application/vnd.cyclonedx+json; version=1.7"
    documents: list[Any] = [each.json() for each in (long, whole)]
    for document in documents:
        del document["serialNumber"], document["metadata"]["timestamp"]
    assert documents[0] == documents[1]
    entries = [json.loads(line) for line in (tmp_path / "audit.log").read_text().splitlines()]
    kinds = [each["type"] for each in entries if each["request"]["id"] == long.headers["x-vault-request-id"]]
    assert kinds == ["request", "response"]
    await all_ended()


async def test_a_document_that_fails_is_cut_off(
    streams: Streams, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    endless(monkeypatch, fails=True)
    async with client_of(streams, request) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get(PATH)
    await all_ended()
    assert "the answer ended in RuntimeError" in caplog.text and "s.12345" not in caplog.text


@pytest.mark.parametrize("longest_seconds", [1])
async def test_a_document_without_end_is_cut_off(
    streams: Streams, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    endless(monkeypatch)
    async with client_of(streams, request) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get(PATH)
    await all_ended()
    assert "longer than max_request_duration" in caplog.text


async def test_nothing_is_made_for_a_client_that_has_gone(
    streams: Streams, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    endless(monkeypatch)
    async with client_of(streams, request) as client, client.stream("GET", PATH) as answer:
        assert await anext(answer.aiter_raw())
    await all_ended()
    assert "longer than" not in caplog.text


async def test_too_many_readers_are_an_ordinary_answer(streams: Streams, request: pytest.FixtureRequest) -> None:
    with READERS.taken("a"), READERS.taken("a"), READERS.taken("a"), READERS.taken("a"):
        with READERS.taken("b"), READERS.taken("b"), READERS.taken("b"), READERS.taken("b"):
            async with client_of(streams, request) as client:
                assert (await client.get(PATH)).status_code == 429


async def test_a_long_document_is_not_wrapped(streams: Streams, request: pytest.FixtureRequest) -> None:
    async with client_of(streams, request) as client:
        answer = await client.get(PATH, headers={"x-vault-wrap-ttl": "60"})
    assert answer.status_code == 400 and "can't be wrapped" in answer.text
    await all_ended()


async def test_marks_leave_the_pieces() -> None:
    async def none() -> AsyncGenerator[bytes, None]:
        yield b""

    pieces = none()
    answer = marked(Answer(200, b"x", (), pieces=pieces), ((b"a", b"b"),))
    assert answer.pieces is pieces and answer.headers == ((b"a", b"b"),)
    await pieces.aclose()
