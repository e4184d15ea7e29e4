"""Costly bodies whose clients have gone, and turns among those that wait."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from compat import requests
from compat.json.text import Octets
from server.audit.hashing import Hasher
from server.listeners.asgi import Message
from server.pipeline.large_bodies import PLAIN_BODY_BYTES, Turns
from server.pipeline.response import GoneError
from tests.server.pipeline.bodies.sending import (
    HUGE,
    KEY,
    LARGE,
    MANY,
    Client,
    application,
    ask,
    entries,
    garbage,
    scope_of,
)
from tests.support.systems import Server


async def test_large_bodies_are_parsed_and_hidden_beside_the_event_loop(
    server: Server, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    threads: list[int] = []
    hide = Hasher.data

    def noted(hasher: Hasher, data: Mapping[str, Any], clear: frozenset[str]) -> dict[str, Any]:
        if len(data.get("a", ())) > 1000:
            threads.append(threading.get_ident())
        return hide(hasher, data, clear)

    monkeypatch.setattr(Hasher, "data", noted)
    before = len(entries(log))
    assert (await ask(server, "cubbyhole/x", HUGE)).status == 204
    client = Client(b"")
    await application(server)(
        scope_of("cubbyhole/x", b"", {"x-vault-token": server.root_token}, "GET"), client.receive, client.send
    )
    assert client.answer["data"] == json.loads(HUGE)
    assert len(threads) == 2
    assert threading.get_ident() not in threads
    written = entries(log)[before:]
    hidden = written[0]["request"]["data"]["a"]
    assert len(hidden) == 100_001
    assert {entry["type"] for entry in written} == {"request", "response"}
    assert written[-1]["response"]["data"]["a"] == hidden
    assert hidden[0].startswith("hmac-sha256:")


async def test_a_client_that_goes_while_it_sends_is_not_answered(server: Server, log: Path) -> None:
    before = len(entries(log))
    client = Client(b"plaintext=QUJD", piece=5)
    client.gone.set()
    form = {"content-type": "application/x-www-form-urlencoded", "x-vault-token": server.root_token}
    scope = scope_of(KEY, b"", {**form, "content-length": "100"})

    async def receive() -> Message:
        return {**await client.receive(), "more_body": True}

    await application(server)(scope, receive, client.send)
    assert client.sent == []
    assert len(entries(log)) == before


async def test_bodies_whose_clients_have_gone_are_dropped(server: Server, log: Path) -> None:
    app = application(server)
    clients = [Client(HUGE) for _ in range(20)]
    before = len(entries(log))
    async with server.dispatcher.turns.turn(Client(b"").receive):
        tasks = [
            asyncio.create_task(
                app(scope_of("cubbyhole/x", HUGE, {"x-vault-token": server.root_token}), each.receive, each.send)
            )
            for each in clients
        ]
        for _ in range(50):
            await asyncio.sleep(0)
        assert all(client.received == len(client._pieces) for client in clients)
        for client in clients[:-1]:
            client.gone.set()
        for _ in range(5):
            await asyncio.sleep(0)
        assert [task.done() for task in tasks] == [True] * 19 + [False]
    await asyncio.gather(*tasks)
    assert [client.status for client in clients if client.sent] == [204]
    assert len(entries(log)) == before + 2


async def test_nothing_is_parsed_for_a_client_that_has_gone_though_nobody_else_waits(
    server: Server, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[int] = []
    parse = requests.parse_body

    def noted(sent: requests.Sent, body: Octets) -> dict[str, Any]:
        if body:
            parsed.append(len(body))
        return parse(sent, body)

    monkeypatch.setattr(requests, "parse_body", noted)
    before = len(entries(log))
    scope = scope_of("cubbyhole/x", HUGE, {"x-vault-token": server.root_token})
    client = Client(HUGE)
    client.gone.set()
    await application(server)(scope, client.receive, client.send)
    assert (client.received, client.sent, parsed) == (len(client._pieces), [], [])
    stays = Client(HUGE)
    await application(server)(dict(scope), stays.receive, stays.send)
    assert (stays.status, parsed) == (204, [len(HUGE)])
    assert len(entries(log)) == before + 2


async def test_nothing_is_handled_for_a_client_that_goes_while_its_body_is_parsed(
    server: Server, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, loop = Client(HUGE), asyncio.get_running_loop()
    parse = requests.parse_body

    def goes(sent: requests.Sent, body: Octets) -> dict[str, Any]:
        if body:
            loop.call_soon_threadsafe(client.gone.set)
        return parse(sent, body)

    monkeypatch.setattr(requests, "parse_body", goes)
    before = len(entries(log))
    scope = scope_of("cubbyhole/x", HUGE, {"x-vault-token": server.root_token})
    await application(server)(scope, client.receive, client.send)
    assert client.sent == []
    assert len(entries(log)) == before


async def test_few_large_bodies_are_read_at_a_time(server: Server) -> None:
    app = application(server)
    body = b'{"a":"' + b"x" * PLAIN_BODY_BYTES + b'"}'
    server.dispatcher.held = Turns(3, 60)
    clients = [Client(body) for _ in range(8)]
    async with server.dispatcher.turns.turn():
        tasks = [
            asyncio.create_task(
                app(scope_of("cubbyhole/x", body, {"x-vault-token": server.root_token}), each.receive, each.send)
            )
            for each in clients
        ]
        for _ in range(100):
            await asyncio.sleep(0)
        assert [client.received for client in clients] == [len(client._pieces) for client in clients[:3]] + [0] * 5
        small = await ask(server, "cubbyhole/y", LARGE)
        assert small.status == 204
    await asyncio.gather(*tasks)
    assert [client.status for client in clients] == [204] * 8


async def test_turns_are_taken_one_at_a_time_and_in_order() -> None:
    turns, order, inside = Turns(1, 60), [], 0

    async def take(number: int) -> None:
        nonlocal inside
        async with turns.turn(Client(b"").receive):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            order.append(number)
            inside -= 1

    await asyncio.gather(*(take(number) for number in range(10)))
    assert order == list(range(10))
    async with turns.turn(Client(b"").receive):
        pass


async def test_who_gives_up_leaves_the_turn_to_the_next() -> None:
    turns = Turns(1, 60)

    async def take(client: Client) -> str:
        try:
            async with turns.turn(client.receive):
                await asyncio.sleep(0)
                return "taken"
        except GoneError:
            return "gone"

    clients = [Client(b"") for _ in range(4)]
    async with turns.turn(Client(b"").receive):
        tasks = [asyncio.create_task(take(client)) for client in clients]
        await asyncio.sleep(0)
        clients[0].gone.set()
        await asyncio.sleep(0)
    tasks[1].cancel()  # It may be its turn by now, though it doesn't know yet.
    await asyncio.wait(tasks)
    assert tasks[0].result() == "gone"
    assert tasks[1].cancelled()
    assert [task.result() for task in tasks[2:]] == ["taken", "taken"]


async def test_a_turn_ends_in_time_though_its_owner_waits() -> None:
    turns, waiting = Turns(1, 0.01), asyncio.Event()

    async def wait() -> None:
        async with turns.turn(Client(b"").receive):
            await waiting.wait()

    first = asyncio.create_task(wait())
    await asyncio.sleep(0)
    async with asyncio.timeout(10), turns.turn(Client(b"").receive):
        waiting.set()
        await first
        third = asyncio.create_task(wait())
        await asyncio.sleep(0)
        assert not third.done()  # The first, which ends late, has not given away a turn that wasn't its own.
    await third


async def test_refused_requests_leave_nothing_for_the_garbage_collector(server: Server) -> None:
    """A fault that is referred to from its own frames would keep the request, body and all."""
    cases: list[tuple[str, bytes, str | None]] = [
        (KEY, b'{"plaintext":"x"}', None),
        (KEY, b'{"plaintext":"x"}', ""),
        (KEY, HUGE[:-1], None),
        (KEY, MANY, None),
        (KEY, LARGE, ""),
        ("nowhere/x", LARGE, None),
        ("sys/unseal", MANY, ""),
        ("sys/policies/acl/p", b'{"policy":"x"}', None),
        ("sys/policies/password/p", b'{"policy":"length=4"}', None),
        ("sys/wrapping/unwrap", b'{"token":"x"}', None),
        ("cubbyhole/x", b'{"a":' * 120 + b"1" + b"}" * 120, None),
    ]
    for path, body, token in cases:
        await ask(server, path, body, token)
        with garbage() as found:
            await ask(server, path, body, token)
        assert not found, f"a request to {path} has left {found}"


async def test_the_client_of_a_dropped_request_is_let_go(server: Server) -> None:
    """Neither its turn nor an exception keeps its body."""
    turns = server.dispatcher.turns
    with garbage() as found:
        async with turns.turn(Client(b"").receive):
            client = Client(b"")
            client.gone.set()
            with suppress(GoneError):
                async with turns.turn(client.receive):
                    pass
        await asyncio.sleep(0)
    assert not found


async def test_who_sends_on_behind_the_answer_is_heard_out_and_then_cut_off(server: Server) -> None:
    """The answer is there at once; the connection ends when the client has come to read it."""
    for path, token, size, status in ((KEY, "", 3, 403), (KEY, server.root_token, 11, 413), ("sys/unseal", "", 2, 413)):
        body = b'{"a":"' + b"x" * size * 1024 * 1024 + b'"}'
        client = Client(body)
        scope = scope_of(path, body, {"x-vault-token": token} if token else {})
        await application(server)(scope, client.receive, client.send)
        assert (client.status, client.heard, client.received) == (status, 0, len(client._pieces))
        assert (b"connection", b"close") in client.sent[0]["headers"]
        assert client.answer["errors"]
        assert [message.get("more_body") for message in client.sent[1:]] == [True, None]


async def test_who_was_heard_to_the_end_keeps_the_connection(server: Server) -> None:
    client = await ask(server, KEY, LARGE)
    assert (client.status, client.heard) == (200, len(client._pieces))
    assert (b"connection", b"close") not in client.sent[0]["headers"]


@pytest.mark.parametrize("gone", [False, True])
async def test_a_large_body_is_let_go_with_its_request(server: Server, gone: bool) -> None:
    """Whether it was answered, or dropped while it waited for its turn."""
    app = application(server)
    body = b'{"a":"' + b"x" * 2 * PLAIN_BODY_BYTES + b'"}'
    scope = scope_of("cubbyhole/x", body, {"x-vault-token": server.root_token})
    await app(dict(scope), Client(body).receive, Client(body).send)
    with garbage() as found:
        async with server.dispatcher.turns.turn(Client(b"").receive):
            client = Client(body)
            task = asyncio.create_task(app(dict(scope), client.receive, client.send))
            for _ in range(50):
                await asyncio.sleep(0)
            assert client.received == len(client._pieces)
            if gone:
                client.gone.set()
                await task
        await task
        assert bool(client.sent) is not gone
        del client, task
        await asyncio.sleep(0)
    assert not found
