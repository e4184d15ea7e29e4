"""The end of a stream: slow clients, revoked rights, deleted keys, unmounting, sealing and bugs."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.pipeline.line_client import Streams
from tests.server.pipeline.streams.streaming import DENIED, HELLO, deny, expire, revoke, until_ended


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


@pytest.mark.parametrize("longest_seconds", [2])
async def test_a_stream_may_take_long_as_long_as_it_moves(streams: Streams) -> None:
    client = await streams.open("transit/stream/encrypt/k")
    started = asyncio.get_running_loop().time()
    while asyncio.get_running_loop().time() - started < 4.5:
        await client.send_items({"plaintext": HELLO})
        assert "ciphertext" in await client.line()
        await asyncio.sleep(0.1)
    await client.end()
    assert await client.rest() == []


@pytest.mark.parametrize("longest_seconds", [1])
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


@pytest.mark.parametrize("longest_seconds", [1])
async def test_who_sends_nothing_is_told_408(streams: Streams) -> None:
    client = await streams.open("transit/stream/encrypt/k")
    assert await client.rest() == [{"errors": ["the next line of the stream was not received in time"]}]
    assert client.status == 408


@pytest.mark.parametrize("longest_seconds", [1])
async def test_who_takes_no_answers_is_cut_off(
    streams: Streams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.listeners.http1.protocol.CLOSING_SECONDS", 0.2)
    monkeypatch.setattr("server.listeners.http2.connection.CLOSING_SECONDS", 0.2)
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


async def test_a_client_that_goes_away_leaves_nothing_behind(streams: Streams, tmp_path: Path) -> None:
    client = await streams.open("transit/stream/encrypt/k")
    await client.send_items(*[{"plaintext": HELLO}] * 10)
    await client.lines(10)
    client.writer.transport.abort()
    ended = await until_ended(tmp_path, "transit/stream/encrypt/k")
    assert ended["response"]["data"]["items"] == 10
    assert ended["error"]


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
