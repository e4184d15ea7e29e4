"""Requests over HTTP/2 that arrive in one piece, and answers that leave in one."""

from __future__ import annotations

import asyncio

import pytest

from server.listeners.asgi import KEPT, WHOLE_BODY
from server.listeners.head_limits import MAX_FIELD_BYTES
from tests.server.listeners.http2.client import POST, connected, frame

RESET = 3


async def test_a_whole_request_is_answered_before_anything_else_is_done() -> None:
    async with connected() as client:
        writes = client.writes
        client.ask(1, POST, end=False)
        client.h2.send_data(1, b"one ")
        client.h2.send_data(1, b"two", end_stream=True, pad_length=7)
        await client.send(turn=1)
        assert client.writes == writes + 1
        assert client.bodies == {1: b"hello"}
        assert client.scopes[0][WHOLE_BODY] == b"one two"
        assert client.received == [{"type": "http.request", "body": b"one two", "more_body": False}]
        assert client.left == client.protocol.running == 0


async def test_a_whole_request_may_wait() -> None:
    async with connected() as client:
        client.gate = asyncio.Event()
        client.ask(1)
        await client.send()
        client.ask(3)
        await client.send()
        assert client.protocol.running == 2
        client.gate.set()
        await client.send()
        assert client.bodies == {1: b"hello", 3: b"hello"}
        assert client.left == client.protocol.running == 0


async def test_what_is_reset_in_the_piece_that_begins_it_never_runs() -> None:
    async with connected() as client:
        client.ask(1)
        await client.send(client.h2.data_to_send() + frame(RESET, 0, 1, (8).to_bytes(4)))
        assert client.scopes == []
        assert client.left == client.protocol.running == 0


async def test_windows_are_restored_by_whole_bodies() -> None:
    async with connected() as client:
        room = client.h2.outbound_flow_control_window
        for number in range(20):
            client.ask(2 * number + 1, POST, end=False)
            client.h2.send_data(2 * number + 1, bytes(15_000), end_stream=True, pad_length=255)
            await client.send()
        assert len(client.ended) == 20
        assert client.h2.outbound_flow_control_window > room // 2


async def test_an_answer_without_room_waits_for_it() -> None:
    async with connected() as client:
        client.answer = bytes(100_000)
        client.ask(1)
        await client.send()
        assert 0 < len(client.bodies[1]) < 100_000
        client.h2.increment_flow_control_window(100_000)
        client.h2.increment_flow_control_window(100_000, 1)
        await client.send(turn=30)
        assert client.bodies[1] == client.answer
        assert client.ended == [1]


async def test_a_repeated_head_keeps_what_the_application_knows_of_it() -> None:
    async with connected() as client:
        for number in range(4):
            client.ask(2 * number + 1)
            await client.send()
            kept = client.scopes[-1].get(KEPT)
            if kept is not None:
                kept["seen"] = kept.get("seen", 0) + 1
        assert client.scopes[-1][KEPT]["seen"] >= 2
        assert client.scopes[0]["headers"] == client.scopes[-1]["headers"]


async def test_a_head_beyond_the_limits_is_never_taken_for_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.listeners.http2.connection.head_fault", lambda scope: (431, "too large"))
    async with connected() as client:
        for number in range(4):
            client.ask(2 * number + 1)
            await client.send()
        assert not any(KEPT in scope for scope in client.scopes)
    assert MAX_FIELD_BYTES > 1024, "a kept block is shorter than the longest field"


async def test_a_part_of_a_body_is_not_taken_for_the_whole() -> None:
    async with connected() as client:
        client.ask(1, POST, end=False)
        client.h2.send_data(1, b"part")
        await client.send()
        assert WHOLE_BODY not in client.scopes[0]
