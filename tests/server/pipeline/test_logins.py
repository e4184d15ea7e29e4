"""Who may try to log in: lockouts of accounts, limits of addresses, and what holds after a restart."""

from __future__ import annotations

import asyncio
import json
from typing import ClassVar

import pytest
import pytest_asyncio
from msgspec.structs import replace

from auth_methods.base import InvalidCredentials, Login
from compat.requests import Request, parse_request, read_headers
from engines.base import Access, Body, Call, EngineType, Mount, Operation, Route
from server.core.settings import Settings
from server.runtime import plugins
from server.tenants.limits import lockouts
from server.tenants.limits.lockouts import Lockouts
from server.tenants.mounts.table import LockoutConfig
from storage.base import Full
from storage.view import View
from tests.support.places import new_place
from tests.support.systems import NewServer, Server


class _LoginBody(Body):
    name: str = ""
    proof: str = ""

    def named_account(self) -> str:
        return self.name


async def _log_in(method: _Method, call: Call, body: _LoginBody) -> Login:
    if body.proof.startswith("slow"):
        method.waiting.set()
        await method.gate.wait()
    if body.proof not in ("right", "slow"):
        raise InvalidCredentials("wrong")
    return Login(display_name=body.name, alias=body.name)


class _Method:
    """Takes one proof for all names, and a slow one that waits for the test."""

    gate: ClassVar[asyncio.Event]
    waiting: ClassVar[asyncio.Event]

    def __init__(self, mount: Mount) -> None:
        self.mount = mount


_SIMPLE = EngineType(
    type="simple",
    summary="One proof for all",
    routes=(Route(Operation.UPDATE, "login/{name}", _log_in, _LoginBody, "Log in.", Access.PUBLIC),),
    open=_Method,
)


@pytest_asyncio.fixture
async def server(new_server: NewServer, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server with the method at ``auth/m/``."""
    _Method.gate, _Method.waiting = asyncio.Event(), asyncio.Event()
    monkeypatch.setattr(plugins, "load", lambda group, name: _SIMPLE if name == "simple" else None)
    made = await (await new_server(Settings(login_failures_per_minute=20))).unsealed()
    assert (await made.ask("POST", "sys/auth/m", {"type": "simple"}))[0] == 204
    return made


async def _try(server: Server, name: str, proof: str, address: str = "127.0.0.1") -> int:
    return (await server.ask("POST", f"auth/m/login/{name}", {"proof": proof}, token="", address=address))[0]


async def test_a_lock_ends_with_its_time(server: Server) -> None:
    for _ in range(lockouts.THRESHOLD):
        assert await _try(server, "alice", "wrong") == 400
    assert await _try(server, "alice", "right") == 403
    assert await _try(server, "bob", "right") == 200
    server.clock.advance(lockouts.DURATION_SECONDS - 1)
    assert await _try(server, "alice", "right") == 403
    server.clock.advance(1)
    assert await _try(server, "alice", "right") == 200


async def test_old_failures_are_forgotten(server: Server) -> None:
    for _ in range(3):
        for _ in range(lockouts.THRESHOLD - 1):
            assert await _try(server, "alice", "wrong") == 400
        server.clock.advance(lockouts.COUNTER_RESET_SECONDS + 1)
    assert await _try(server, "alice", "right") == 200


async def test_a_right_guess_that_was_under_way_when_the_lock_came_is_refused(server: Server) -> None:
    guess = asyncio.ensure_future(_try(server, "alice", "slow"))
    await _Method.waiting.wait()
    for _ in range(lockouts.THRESHOLD):
        assert await _try(server, "alice", "wrong") == 400
    _Method.gate.set()
    assert await guess == 403


async def test_a_lock_is_stored(server: Server) -> None:
    for _ in range(lockouts.THRESHOLD):
        await _try(server, "alice", "wrong")
    assert server.core.unsealed is not None
    afterwards = Lockouts(server.core.unsealed.root.view.within("sys/lockout/"))
    entry = await server.core.unsealed.root.mounts.entry("auth/m/")
    assert entry is not None
    assert await afterwards.locked(entry.accessor, "alice", server.clock())
    assert not await afterwards.locked(entry.accessor, "bob", server.clock())


async def test_a_process_reads_locks_only_where_some_are_stored(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a restart, or of an account that a full table has no room for."""
    unsealed, cache = server.core.unsealed, server.core.runtime.cache
    assert unsealed is not None
    await cache.catch_up()
    entry = await unsealed.root.mounts.entry("auth/m/")
    assert entry is not None
    other = Lockouts(unsealed.root.view.within("sys/lockout/"))
    read: list[str] = []
    get = View.get

    async def noted(view: View, key: str) -> bytes | None:
        read.append(view.prefix + key)
        return await get(view, key)

    monkeypatch.setattr(View, "get", noted)
    for _ in range(2):
        assert not await other.locked(entry.accessor, "alice", server.clock())
    assert read == []
    for _ in range(lockouts.THRESHOLD):
        await _try(server, "alice", "wrong")
    await cache.catch_up()
    assert await other.locked(entry.accessor, "alice", server.clock())
    assert not await other.locked(entry.accessor, "bob", server.clock())


async def test_a_lock_that_cannot_be_stored_holds_all_the_same(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full(view: object, key: str, value: bytes) -> None:
        raise Full("the disk is full")

    monkeypatch.setattr(lockouts, "put", full)
    for _ in range(lockouts.THRESHOLD):
        assert await _try(server, "alice", "wrong") == 400
    assert await _try(server, "alice", "right") == 403
    assert "a lock can't be stored, and holds until a restart: the disk is full" in caplog.messages


async def test_locks_are_swept(server: Server) -> None:
    for _ in range(lockouts.THRESHOLD):
        await _try(server, "alice", "wrong")
    assert server.core.unsealed is not None
    store = server.core.unsealed.root.lockouts
    await store.sweep(server.clock())
    assert len(await store.accessors()) == 1
    await store.sweep(server.clock() + lockouts.DURATION_SECONDS)
    assert await store.accessors() == []


async def test_locks_that_are_stored_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockouts, "MAX_LOCKS", 3)
    store = Lockouts(new_place().view)
    for number in range(10):
        await store.failed("m", f"name{number}", LockoutConfig(threshold=1), 0)
    assert len(await store.listed("m", 0)) == 3


async def test_proofs_under_way_when_the_lock_came_are_told_apart_by_nothing(server: Server) -> None:
    tries = [asyncio.ensure_future(_try(server, "alice", proof)) for proof in ["slow", "slow and wrong"] * 5]
    await _Method.waiting.wait()
    for _ in range(lockouts.THRESHOLD):
        assert await _try(server, "alice", "wrong") == 400
    _Method.gate.set()
    assert set(await asyncio.gather(*tries)) == {403}


async def test_many_tries_at_once_are_as_many_as_may_fail(server: Server) -> None:
    tries = [asyncio.ensure_future(_try(server, f"name{number}", "slow and wrong")) for number in range(45)]
    await _Method.waiting.wait()
    assert await _try(server, "alice", "right") == 429
    _Method.gate.set()
    assert sorted(await asyncio.gather(*tries)) == [400] * 20 + [429] * 25
    server.clock.advance(60)
    _Method.gate.clear()
    tries = [asyncio.ensure_future(_try(server, f"name{number}", "slow")) for number in range(45)]
    while sum(task.done() for task in tries) < 25:
        await asyncio.sleep(0)
    _Method.gate.set()
    assert sorted(await asyncio.gather(*tries)) == [200] * 20 + [429] * 25
    assert await _try(server, "alice", "right") == 200, "those that ended well have left nothing"


async def test_an_unlocked_account_has_all_its_tries_again(server: Server) -> None:
    assert await _try(server, "alice", "right") == 200
    assert server.core.unsealed is not None
    entry = await server.core.unsealed.root.mounts.entry("auth/m/")
    assert entry is not None
    for _ in range(3):
        for _ in range(lockouts.THRESHOLD):
            assert await _try(server, "alice", "wrong") == 400
        assert await _try(server, "alice", "wrong") == 403
        assert (await server.ask("POST", f"sys/locked-users/{entry.accessor}/unlock/alice"))[0] == 204
        server.clock.advance(60)


async def test_an_address_that_fails_too_often_has_to_wait(server: Server) -> None:
    for number in range(20):
        assert await _try(server, f"name{number}", "wrong") == 400
    assert await _try(server, "alice", "right") == 429
    assert await _try(server, "alice", "right", address="127.0.0.2") == 200
    request = parse_request(
        "POST",
        b"/v1/auth/m/login/alice",
        b"",
        read_headers([]),
        json.dumps({"proof": "right"}).encode(),
        ("127.0.0.1", 1),
    )
    assert isinstance(request, Request)
    answer = await server.dispatcher.answer(request)
    assert answer.status == 429
    assert dict(answer.headers)[b"retry-after"] == b"3"
    server.clock.advance(3)
    assert await _try(server, "alice", "right") == 200


async def test_right_proofs_never_fill_the_bucket(server: Server) -> None:
    for number in range(50):
        assert await _try(server, f"name{number}", "right") == 200


async def test_a_disabled_lockout_locks_nobody(server: Server) -> None:
    assert server.core.unsealed is not None
    off = LockoutConfig(disable=True)
    await server.core.unsealed.root.mounts.tune(
        "auth/m/", lambda entry: replace(entry, config=replace(entry.config, user_lockout=off))
    )
    for _ in range(lockouts.THRESHOLD + 1):
        assert await _try(server, "alice", "wrong") == 400
    assert await _try(server, "alice", "right") == 200
