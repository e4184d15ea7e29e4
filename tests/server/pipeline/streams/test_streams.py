"""Streams over a real socket: what is answered, what ends them, and what the audit says of them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from server.audit.devices.base import DeviceFault
from server.audit.devices.file import FileDevice
from server.listeners import deadlines
from server.pipeline import stream
from server.pipeline.stream import Stream
from tests.server.pipeline.line_client import Streams
from tests.server.pipeline.streams.streaming import DATA, HELLO, LIMIT_BYTES, entries, message
from tests.support.costs import processor_seconds_below


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
