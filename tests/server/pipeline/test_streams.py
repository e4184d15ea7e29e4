"""Streams over a real socket: what is answered, what ends them, and what the audit says of them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from server.audit.broker import DeclaredDevice
from server.audit.devices.base import DeviceFault
from server.audit.devices.file import FileDevice
from server.config import Listener
from server.core.settings import Settings
from server.listeners import deadlines
from server.pipeline import stream
from server.pipeline.stream import Stream
from tests.server.pipeline.line_client import Streams, serving
from tests.support.certificates import write_certificate
from tests.support.costs import processor_seconds_below
from tests.support.systems import NewServer, Server

LIMIT_BYTES = 100_000
LISTENER = Listener(
    "tcp",
    "127.0.0.1:0",
    tls_disable=True,
    max_request_size_bytes=LIMIT_BYTES,
    http_read_timeout_seconds=1,
    max_request_duration_seconds=1,
)
HELLO = base64.b64encode(b"hello").decode()
DATA = base64.b64encode(b"data").decode()
DENIED = {"errors": ["permission denied"]}


@pytest_asyncio.fixture(params=["uvicorn", "hypercorn", "TLS"])
async def streams(request: pytest.FixtureRequest, new_server: NewServer, tmp_path: Path) -> AsyncIterator[Streams]:
    """A server with an audit log, run by either HTTP server, or over TLS."""
    listener = replace(LISTENER, server=request.param)
    if request.param == "TLS":
        certificate, key = write_certificate(tmp_path, "one")
        listener = replace(LISTENER, tls_disable=False, tls_cert_file=str(certificate), tls_key_file=str(key))
    device = DeclaredDevice("file", "file", "", {"file_path": str(tmp_path / "audit.log")})
    server = await (await new_server(Settings(audit_devices=(device,)))).unsealed()
    async with serving(server, listener) as made:
        yield made
    assert server.dispatcher.bugs == 0


def entries(tmp_path: Path, path: str) -> list[dict[str, Any]]:
    """The audit's entries of requests to ``path``."""
    found = [json.loads(line) for line in (tmp_path / "audit.log").read_text().splitlines()]
    return [entry for entry in found if entry["request"]["path"] == path]


async def until_ended(tmp_path: Path, path: str) -> dict[str, Any]:
    """The entry of the answer to a stream, as soon as it is there."""
    while True:
        found = [entry for entry in entries(tmp_path, path) if entry["type"] == "response"]
        if found:
            return found[0]
        await asyncio.sleep(0.01)


def message(number: int) -> str:
    return base64.b64encode(b"message %d" % number).decode()


async def test_messages_go_and_come_back_in_order(streams: Streams) -> None:
    count = 3000
    items = [{"plaintext": message(number), "reference": str(number)} for number in range(count)]
    encrypted = await streams.ask("transit/stream/encrypt/k", *items)
    assert [item["reference"] for item in encrypted] == [str(number) for number in range(count)]
    assert {item["key_version"] for item in encrypted} == {1}
    await streams.server.ask("POST", "transit/keys/k/rotate")
    # As in a batch, a version that an item names is the one that is wanted.
    texts = [{name: item[name] for name in ("ciphertext", "reference")} for item in encrypted]
    rewrapped = await streams.ask("transit/stream/rewrap/k", *texts)
    assert {item["key_version"] for item in await streams.ask("transit/stream/rewrap/k", *encrypted)} == {1}
    assert {item["key_version"] for item in rewrapped} == {2}
    assert {item["ciphertext"][:9] for item in rewrapped} == {"vault:v2:"}
    for sealed in (encrypted, rewrapped):
        assert await streams.ask("transit/stream/decrypt/k", *sealed) == items


async def test_an_empty_stream_has_an_empty_answer(streams: Streams) -> None:
    assert await streams.ask("transit/stream/encrypt/k") == []
    client = await streams.open("transit/stream/encrypt/k")
    await client.send(b"\n\r\n  \n")
    await client.end()
    assert await client.rest() == []
    assert (client.status, client.headers["content-type"]) == (200, "application/x-ndjson")
    assert client.headers["cache-control"] == "no-store"


async def test_what_holds_for_all_stands_in_the_query(streams: Streams) -> None:
    await streams.server.ask("POST", "transit/keys/k/rotate")
    query = f"?associated_data={DATA}&key_version=1"
    own = base64.b64encode(b"own").decode()
    first, second = await streams.ask(
        f"transit/stream/encrypt/k{query}",
        {"plaintext": HELLO},
        {"plaintext": HELLO, "associated_data": own, "key_version": 2},
    )
    assert (first["key_version"], second["key_version"]) == (1, 2)
    found = await streams.ask(f"transit/stream/decrypt/k?associated_data={DATA}", first, second)
    assert [item["plaintext"] for item in found] == [HELLO, ""]
    (third, fourth) = await streams.ask(f"transit/stream/rewrap/k?associated_data={own}", first, second)
    assert "error" in third and fourth["key_version"] == 2
    assert (await streams.ask(f"transit/stream/decrypt/k?associated_data={own}", fourth))[0]["plaintext"] == HELLO
    await streams.server.ask("POST", "transit/keys/derived", {"derived": True})
    (text, without) = await streams.ask(
        "transit/stream/encrypt/derived", {"plaintext": HELLO, "context": DATA}, {"plaintext": HELLO}
    )
    assert "missing 'context'" in without["error"]
    (opened,) = await streams.ask(f"transit/stream/decrypt/derived?context={DATA}", text)
    assert opened["plaintext"] == HELLO


async def test_a_bad_line_is_answered_in_its_place(streams: Streams) -> None:
    client = await streams.open("transit/stream/encrypt/k")
    good = json.dumps({"plaintext": HELLO}).encode()
    lines = [
        good,
        b"",
        b"{",
        b'{"plaintext": 5, "reference": "five"}',
        b"\xff",
        b'{"reference": "none"}',
        b"[" * 100_0,
        b'{"plaintext": "!", "reference": "base64"}',
        good + good,
        b"null",
        b'{"plaintext": "", "key_version": 123456789012345678901234567890}',
        b'{"plaintext": "\\ud800"}',
        good + b"\r",
        b"   ",
        good,
    ]
    await client.send(b"\n".join(lines))
    await client.end()
    answers = await client.rest()
    assert len(answers) == len([line for line in lines if line.strip()])
    assert [number for number, answer in enumerate(answers) if "ciphertext" in answer] == [0, 11, 12]
    assert [answer["reference"] for answer in answers[1:4]] == ["", "five", ""]
    assert answers[2]["error"] == "malformed line: Expected `str`, got `int` - at `$.plaintext`"
    assert answers[4] == {
        "error": "malformed line: Object missing required field `plaintext`",
        "reference": "none",
    }
    assert answers[6] == {"error": "illegal base64 data at input byte 0", "reference": "base64"}


async def test_a_stream_of_malformed_lines_is_ended(streams: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups are read one after the other, not all at once, and a good line starts the count anew."""
    monkeypatch.setattr(stream, "MAX_MALFORMED", 300)
    good = json.dumps({"plaintext": HELLO}).encode()
    client = await streams.open("transit/stream/encrypt/k")
    await client.send(b"1\n" * 300 + good + b"\n" + b"1\n" * 300 + good + b"\n")
    await client.send(b"1\n" * 20_000)
    await client.end()
    answers = await client.rest()
    assert [number for number, answer in enumerate(answers) if "ciphertext" in answer] == [300, 601]
    assert len(answers) <= 602 + 300 + 1
    assert answers[-1] == {"errors": ["more than 300 lines in a row are malformed"]}


async def test_a_stream_of_malformed_lines_costs_what_it_is_answered(streams: Streams) -> None:
    client = await streams.open("transit/stream/encrypt/k")
    with processor_seconds_below(1.0):
        await client.send(b"1\n" * 500_000)
        await client.end()
        answers = await client.rest()
    assert "more than 1000 lines" in answers[-1]["errors"][0]


async def test_an_answer_comes_as_soon_as_its_line_is_whole(streams: Streams) -> None:
    client = await streams.open("transit/stream/encrypt/k")
    for _ in range(3):
        await client.send(b'{"plaintext": "aGVs')
        await client.send(b'bG8="}')
        await client.send(b"\n")
        assert "ciphertext" in await client.line()
    await client.send(b'{"plaintext": ""}')
    await client.end()
    assert len(await client.rest()) == 1


async def test_a_stream_may_take_long_as_long_as_it_moves(streams: Streams) -> None:
    client = await streams.open("transit/stream/encrypt/k")
    started = asyncio.get_running_loop().time()
    while asyncio.get_running_loop().time() - started < 2.5:
        await client.send_items({"plaintext": HELLO})
        assert "ciphertext" in await client.line()
        await asyncio.sleep(0.4)
    await client.end()
    assert await client.rest() == []


async def test_who_stalls_in_the_middle_of_a_line_is_cut_off(streams: Streams, tmp_path: Path) -> None:
    client = await streams.open("transit/stream/encrypt/k")
    await client.send_items({"plaintext": HELLO})
    assert "ciphertext" in await client.line()

    async def drip() -> None:
        while True:
            await client.send(b" ")  # Moves, but never gets to the end of a line.
            await asyncio.sleep(0.1)

    dripping = asyncio.create_task(drip())
    assert await client.rest() == [{"errors": ["the next line of the stream was not received in time"]}]
    dripping.cancel()
    ended = await until_ended(tmp_path, "transit/stream/encrypt/k")
    assert ended["response"]["data"]["items"] == 1
    assert ended["error"]


async def test_who_sends_nothing_is_told_408(streams: Streams) -> None:
    client = await streams.open("transit/stream/encrypt/k")
    assert await client.rest() == [{"errors": ["the next line of the stream was not received in time"]}]
    assert client.status == 408


async def test_who_takes_no_answers_is_cut_off(
    streams: Streams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.listeners.http1.protocol._CLOSING_SECONDS", 0.2)
    monkeypatch.setattr("server.listeners.http2.server._CLOSING_SECONDS", 0.2)
    client = await streams.open("transit/stream/encrypt/k")
    block = json.dumps({"plaintext": base64.b64encode(bytes(3000)).decode()}).encode() + b"\n"

    async def send_on() -> None:
        while True:
            await client.send(block * 16)
            await asyncio.sleep(0)  # A send that needn't wait would leave the loop to nobody else.

    sending = asyncio.create_task(send_on())
    ended = await until_ended(tmp_path, "transit/stream/encrypt/k")
    assert ended["error"]
    # What it had not taken stays far below what it would have sent in that time.
    assert ended["response"]["data"]["items"] < 20_000
    # Others are served meanwhile, and afterwards.
    assert (await streams.server.ask("POST", "transit/encrypt/k", {"plaintext": HELLO}))[0] == 200
    with pytest.raises(ConnectionError):
        await sending


async def test_a_line_has_a_limit(streams: Streams) -> None:
    fits = base64.b64encode(bytes(LIMIT_BYTES * 3 // 4 - 100)).decode()
    client = await streams.open("transit/stream/encrypt/k")
    for _ in range(3):
        await client.send_items({"plaintext": fits})
        assert "ciphertext" in await client.line()
    await client.send(b'{"plaintext": "')
    await client.send(fits.encode())
    await client.send(fits.encode())
    assert await client.line() == {
        "errors": [f"a line of the stream is too large: max_request_size is {LIMIT_BYTES} bytes"]
    }
    await client.end()
    assert await client.rest() == []
    client = await streams.open("transit/stream/encrypt/k")
    await client.send(fits.encode() + fits.encode())
    await client.end()
    assert await client.line() == {
        "errors": [f"a line of the stream is too large: max_request_size is {LIMIT_BYTES} bytes"]
    }
    assert client.status == 413


async def revoke(server: Server, token: str, accessor: str) -> None:
    await server.ask("POST", "auth/token/revoke-accessor", {"accessor": accessor})


async def deny(server: Server, token: str, accessor: str) -> None:
    text = 'path "transit/stream/encrypt/k" { capabilities = ["deny"] }'
    await server.ask("PUT", "sys/policies/acl/tested", {"policy": text})


async def expire(server: Server, token: str, accessor: str) -> None:
    server.clock.advance(33 * 24 * 3600)


@pytest.mark.parametrize("ends", [revoke, deny, expire])
async def test_a_stream_ends_with_the_rights_of_its_token(streams: Streams, ends: Any, tmp_path: Path) -> None:
    server = streams.server
    token, accessor = await server.token_for('path "transit/stream/encrypt/*" { capabilities = ["update"] }')
    client = await streams.open("transit/stream/encrypt/k", token)
    await client.send_items({"plaintext": HELLO})
    assert "ciphertext" in await client.line()
    await ends(server, token, accessor)
    await client.send_items({"plaintext": HELLO})
    line = await client.line()
    assert line in (DENIED, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]})
    await client.end()
    assert await client.rest() == []
    ended = await until_ended(tmp_path, "transit/stream/encrypt/k")
    assert ended["response"]["data"]["items"] == 1
    assert "permission denied" in ended["error"]


async def test_changes_of_the_key_take_effect_within_a_stream(streams: Streams) -> None:
    server = streams.server
    client = await streams.open("transit/stream/encrypt/k")
    for version in (1, 2, 3):
        await client.send_items({"plaintext": HELLO})
        assert (await client.line())["key_version"] == version
        await server.ask("POST", "transit/keys/k/rotate")
    await server.ask("POST", "transit/keys/k/config", {"deletion_allowed": True})
    await server.ask("DELETE", "transit/keys/k/soft-delete")
    await client.send_items({"plaintext": HELLO})
    await client.end()
    assert await client.rest() == [{"errors": ["refusing to use soft-deleted key"]}]


async def test_the_end_of_a_key_is_noticed_within_a_stream(streams: Streams) -> None:
    server = streams.server
    await server.ask("POST", "transit/keys/k/config", {"not_after": int(server.clock()) + 60})
    client = await streams.open("transit/stream/encrypt/k")
    await client.send_items({"plaintext": HELLO})
    assert "ciphertext" in await client.line()
    server.clock.now += 60
    await client.send_items({"plaintext": HELLO})
    await client.end()
    (last,) = await client.rest()
    assert "was deactivated at" in last["errors"][0]


async def test_groups_grow_up_to_a_limit(streams: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between any two of them others get their turn, and the stream's rights are asked for again."""
    sizes: list[int] = []
    answer = Stream._answer

    async def measured(self: Stream, group: list[Any]) -> list[dict[str, Any]]:
        sizes.append(len(group))
        return await answer(self, group)

    monkeypatch.setattr(Stream, "_answer", measured)
    monkeypatch.setattr(stream, "MAX_GROUP", 150)
    monkeypatch.setattr(stream, "_FAST_SECONDS", 60)
    monkeypatch.setattr(stream, "_SLOW_SECONDS", 60)
    client = await streams.open("transit/stream/encrypt/k")
    for _ in range(4):
        await client.send_items(*[{"plaintext": HELLO}] * 1000)
        for _ in range(1000):
            await client.line()
    await client.end()
    assert await client.rest() == []
    assert sum(sizes) == 4000
    assert max(sizes) == 150


async def test_a_key_that_is_deleted_is_not_made_again(streams: Streams) -> None:
    server = streams.server
    client = await streams.open("transit/stream/encrypt/k")
    await client.send_items({"plaintext": HELLO})
    await client.line()
    await server.ask("POST", "transit/keys/k/config", {"deletion_allowed": True})
    assert (await server.ask("DELETE", "transit/keys/k"))[0] == 204
    await client.send_items({"plaintext": HELLO})
    await client.end()
    assert await client.rest() == [{"errors": ["encryption key not found"]}]
    assert (await server.ask("GET", "transit/keys/k"))[0] == 404


async def test_unmounting_and_sealing_end_streams(streams: Streams) -> None:
    server = streams.server
    for end, text in (
        (("DELETE", "sys/mounts/transit"), "no handler for route"),
        (("PUT", "sys/seal"), "Vault is sealed"),
    ):
        await server.ask("POST", "sys/mounts/transit", {"type": "transit"})
        await server.ask("POST", "transit/keys/k", {})
        client = await streams.open("transit/stream/encrypt/k")
        await client.send_items({"plaintext": HELLO})
        assert "ciphertext" in await client.line()
        assert (await server.ask(*end))[0] == 204
        await client.send_items({"plaintext": HELLO})
        await client.end()
        (last,) = await client.rest()
        assert text in last["errors"][0]
    client = await streams.open("transit/stream/encrypt/k")
    await client.end()
    assert await client.line() == {"errors": ["Vault is sealed"]}
    assert client.status == 503


async def test_the_last_use_of_a_token_lasts_for_the_stream(streams: Streams) -> None:
    server = streams.server
    policy = 'path "transit/stream/encrypt/k" { capabilities = ["update"] }'
    await server.ask("PUT", "sys/policies/acl/tested", {"policy": policy})
    _, made = await server.ask("POST", "auth/token/create", {"policies": ["tested"], "num_uses": 1})
    token = made["auth"]["client_token"]
    client = await streams.open("transit/stream/encrypt/k", token)
    for _ in range(3):
        await client.send_items({"plaintext": HELLO})
        assert "ciphertext" in await client.line()
    assert await streams.ask("transit/stream/encrypt/k", token=token) == [DENIED]
    await client.end()
    assert await client.rest() == []
    _, answer = await server.ask("POST", "auth/token/lookup", {"token": token})
    assert answer == {"errors": ["bad token"]} or "errors" in answer


async def test_what_is_refused_before_it_begins(streams: Streams) -> None:
    server = streams.server
    token, _ = await server.token_for('path "transit/encrypt/k" { capabilities = ["update"] }')
    refusals: list[tuple[str, str | None, int, str]] = [
        ("transit/stream/encrypt/k", "", 403, "permission denied"),
        ("transit/stream/encrypt/k", "wrong", 403, "permission denied"),
        ("transit/stream/encrypt/k", token, 403, "permission denied"),
        ("transit/stream/encrypt/nope", None, 400, "encryption key not found"),
        ("transit/stream/encrypt/k?key_version=x", None, 400, "key_version"),
        ("transit/stream/encrypt/k?context=a&context=b", None, 400, "context"),
        ("transit/stream/sign/k", None, 404, "unsupported path"),
        ("nope/stream/encrypt/k", None, 404, "no handler for route"),
    ]
    for path, sent, status, text in refusals:
        client = await streams.open(path, sent)
        await client.end()
        (answer,) = await client.rest()
        assert (client.status, text in answer["errors"][0]) == (status, True), (path, answer)
    await server.ask("DELETE", "transit/keys/k/soft-delete")
    client = await streams.open("transit/stream/decrypt/k")
    await client.end()
    assert await client.rest() == [{"errors": ["refusing to use soft-deleted key"]}]


async def test_the_media_type_makes_the_stream(streams: Streams) -> None:
    server = streams.server
    status, answer = await server.ask("POST", "transit/stream/encrypt/k", {"plaintext": HELLO})
    assert (status, answer["errors"]) == (400, ["this path takes lines of JSON, sent as application/x-ndjson"])
    # Elsewhere, as everywhere with Vault, what looks like JSON is read as such.
    client = await streams.connect()
    client.begin("transit/encrypt/k", server.root_token, media_type="application/x-ndjson")
    await client.send_items({"plaintext": HELLO})
    await client.end()
    assert (await client.line())["data"]["key_version"] == 1
    client = await streams.connect()
    client.begin("transit/stream/encrypt/k", server.root_token, media_type="Application/X-NDJSON; charset=utf-8")
    await client.send_items({"plaintext": HELLO})
    await client.end()
    assert (await client.line())["key_version"] == 1


async def test_a_client_that_waits_to_be_asked_for_the_body(streams: Streams) -> None:
    client = await streams.open("transit/stream/encrypt/k", headers="expect: 100-continue\r\n")
    assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
    await client.send_items({"plaintext": HELLO})
    await client.end()
    assert len(await client.rest()) == 1


async def test_a_client_that_goes_away_leaves_nothing_behind(streams: Streams, tmp_path: Path) -> None:
    client = await streams.open("transit/stream/encrypt/k")
    await client.send_items(*[{"plaintext": HELLO}] * 10)
    await client.lines(10)
    client.writer.transport.abort()
    ended = await until_ended(tmp_path, "transit/stream/encrypt/k")
    assert ended["response"]["data"]["items"] == 10
    assert ended["error"]


async def test_the_audit_counts_and_digests(streams: Streams, tmp_path: Path) -> None:
    sent = [{"plaintext": HELLO}, {"plaintext": "!"}]
    answers = await streams.ask("transit/stream/encrypt/k?key_version=1", *sent)
    begun, ended = entries(tmp_path, "transit/stream/encrypt/k")
    assert (begun["type"], ended["type"]) == ("request", "response")
    assert begun["request"]["data"]["key_version"].startswith("hmac-sha256:")
    data = ended["response"]["data"]
    assert (data["items"], data["failed_items"]) == (2, 1)
    received = b"".join(json.dumps(item).encode() + b"\n" for item in sent)
    written = b"".join(json.dumps(item, separators=(",", ":")).encode() + b"\n" for item in answers)
    for name, content in (("request_sha256", received), ("response_sha256", written)):
        digest = hashlib.sha256(content).hexdigest()
        _, answer = await streams.server.ask("PUT", "sys/audit-hash/file", {"input": digest})
        assert data[name] == answer["data"]["hash"]
    assert HELLO not in (tmp_path / "audit.log").read_text()


async def test_without_a_log_there_is_no_stream(streams: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await streams.open("transit/stream/encrypt/k")
    await client.send_items({"plaintext": HELLO})
    assert "ciphertext" in await client.line()

    def full(device: FileDevice, lines: bytes) -> bool:
        raise DeviceFault("no space left on device")

    monkeypatch.setattr(FileDevice, "write_immediately", full)
    await client.end()
    # What was answered stays answered, but the stream doesn't end as if all were well.
    assert await client.rest() == [{"errors": ["internal error"]}]
    client = await streams.open("transit/stream/encrypt/k")
    await client.send_items({"plaintext": HELLO})
    await client.end()
    assert await client.rest() == [{"errors": ["internal error"]}]
    assert client.status == 500


async def test_a_bug_ends_a_stream_without_a_word_about_it(
    streams: Streams, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("".join(("hid", "den")))

    client = await streams.open("transit/stream/encrypt/k")
    await client.send_items({"plaintext": HELLO})
    assert "ciphertext" in await client.line()
    monkeypatch.setattr("engines.transit.cipher.stream.encrypt_items", broken)
    await client.send_items({"plaintext": HELLO})
    await client.end()
    (last,) = await client.rest()
    assert last["errors"][0].startswith("internal error (request id ")
    assert "hidden" not in caplog.text
    assert streams.server.dispatcher.bugs == 1
    streams.server.dispatcher.bugs = 0


async def test_a_stream_is_held_to_what_it_holds(streams: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much has gone through it, it takes no room from others; what is left of a line does."""
    monkeypatch.setattr(deadlines, "MAX_BODY_BYTES", 50_000)
    monkeypatch.setattr(deadlines, "SMALL_BODY_BYTES", 1_000)
    client = await streams.open("transit/stream/encrypt/k")
    for _ in range(10):
        await client.send_items(*[{"plaintext": HELLO}] * 1000)
        assert all("ciphertext" in line for line in await client.lines(1000))
    assert "ciphertext" in (await streams.ask("transit/stream/encrypt/k", {"plaintext": HELLO}))[0]
    await client.send(b'{"plaintext": "' + b"A" * 40_000)
    other = await streams.open("transit/stream/encrypt/k")
    await other.send(b'{"plaintext": "' + b"A" * 40_000)
    await other.end()
    assert await other.line() == {"errors": ["the server is overloaded; try again later"]}
    assert other.status == 503
    await client.send(b'"}\n')
    assert "ciphertext" in await client.line()
    await client.end()
    assert await client.rest() == []


async def test_others_are_served_during_a_stream(streams: Streams) -> None:
    client = await streams.open("transit/stream/encrypt/k")
    block = b'{"plaintext": "aGVsbG8="}\n' * 2000
    rounds = 20

    async def send() -> None:
        for _ in range(rounds):
            await client.send(block)
        await client.end()

    async def read() -> int:
        return len(await client.rest())

    async with asyncio.TaskGroup() as group:
        group.create_task(send())
        reading = group.create_task(read())
        waits = []
        while not reading.done():
            started = asyncio.get_running_loop().time()
            other = await streams.ask("transit/stream/encrypt/k", {"plaintext": HELLO})
            waits.append(asyncio.get_running_loop().time() - started)
            assert "ciphertext" in other[0]
    assert reading.result() == rounds * 2000
    assert len(waits) > 1
