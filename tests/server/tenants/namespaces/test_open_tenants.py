"""Tenants that are open at a time: opened by requests, closed by others, and swept while they are closed."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from server.core import tenant_pool
from server.core.maintenance import Turns
from server.tenants.namespaces import table as namespace_table
from server.tenants.namespaces.names import MAX_DEPTH
from server.tenants.namespaces.records import MAX_METADATA_BYTES, Entry
from storage.base import put
from tests.server.tenants.namespaced import ask_in, make, mighty, stored_names, sweep, tenant_at, with_key
from tests.support.systems import NewServer, Server


async def test_those_not_asked_for_the_longest_are_closed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenant_pool, "MAX_OPEN", 3)
    names = [f"n{number}" for number in range(8)]
    await make(server, *names)
    unsealed = server.core.unsealed
    assert unsealed is not None
    for _ in range(2):
        for name in names:
            await ask_in(server, name, "POST", "sys/mounts/transit", {"type": "transit"})
            await ask_in(server, name, "POST", "transit/keys/k")
            assert (await ask_in(server, name, "POST", "transit/encrypt/k", {"plaintext": "YQ=="}))[0] == 200
            assert len(unsealed.tenants.now) <= 4
    tokens = {name: (await mighty(server, name))[0] for name in names}
    for name in names:
        assert (await ask_in(server, name, "GET", "transit/keys/k", None, tokens[name]))[0] == 200
        assert (await ask_in(server, names[0], "GET", "transit/keys/k", None, tokens[name]))[0] == (
            200 if name == names[0] else 403
        )


async def test_a_policy_changed_while_the_tenant_was_closed_holds(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither tokens nor compiled policies outlive the tenant in a cache."""
    await make(server, "a", "b")
    await with_key(server, "a")
    token, _ = await mighty(server, "a")
    assert (await ask_in(server, "a", "GET", "transit/keys/k", None, token))[0] == 200
    monkeypatch.setattr(tenant_pool, "MAX_OPEN", 1)
    assert (await ask_in(server, "b", "GET", "sys/mounts"))[0] == 200
    unsealed = server.core.unsealed
    assert unsealed is not None
    assert [tenant.namespace.path for tenant in unsealed.tenants.now] == ["", "b/"]
    assert (await ask_in(server, "a", "GET", "transit/keys/k", None, token))[0] == 200
    await ask_in(server, "a", "POST", "sys/policies/acl/mighty", {"policy": 'path "x" { capabilities = ["read"] }'})
    assert (await ask_in(server, "a", "GET", "transit/keys/k", None, token))[0] == 403


async def test_a_busy_tenant_isnt_closed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenant_pool, "MAX_OPEN", 1)
    await make(server, "a", "b")
    tenant = await tenant_at(server, "a")
    reached, go_on = asyncio.Event(), asyncio.Event()
    entries = tenant.mounts.entries

    async def slow_entries() -> Any:
        reached.set()
        await go_on.wait()
        return await entries()

    monkeypatch.setattr(tenant.mounts, "entries", slow_entries)
    asked = asyncio.create_task(ask_in(server, "a", "GET", "sys/mounts"))
    await reached.wait()
    assert (await ask_in(server, "b", "GET", "sys/mounts"))[0] == 200
    unsealed = server.core.unsealed
    assert unsealed is not None
    assert tenant in unsealed.tenants.now
    go_on.set()
    assert (await asked)[0] == 200
    await make(server, "c")
    assert (await ask_in(server, "c", "GET", "sys/mounts"))[0] == 200
    assert tenant not in unsealed.tenants.now


async def test_opening_at_the_same_time_opens_once(server: Server) -> None:
    await make(server, "a")
    answers = await asyncio.gather(*(ask_in(server, "a", "GET", "sys/mounts") for _ in range(20)))
    assert {status for status, _ in answers} == {200}
    assert len({str(answer["data"]) for _, answer in answers}) == 1


async def test_thousands_cost_no_more_than_their_row(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of them is read at once, and none is opened that nobody asks for."""
    unsealed = server.core.unsealed
    assert unsealed is not None
    entries = tuple(Entry(id=f"{number:06}", path=f"n{number}/", uuid="u", salt=bytes(32)) for number in range(5000))
    async with unsealed.root.view.transaction() as transaction:
        record = msgspec.msgpack.encode({"entries": entries})
        transaction.put("sys/namespaces/table", record)
    _, listed = await server.ask("LIST", "sys/namespaces")
    assert len(listed["data"]["keys"]) == 5000
    assert len(record) < 5000 * 100
    assert len(unsealed.tenants.now) == 1
    assert (await ask_in(server, "n4321", "GET", "sys/mounts"))[0] == 200
    assert len(unsealed.tenants.now) == 2


async def test_there_is_a_bound(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespace_table, "MAX_NAMESPACES", 2)
    await make(server, "a", "b")
    assert (await server.ask("POST", "sys/namespaces/c", {}))[0] == 400
    assert (await server.ask("POST", "sys/namespaces/b", {}))[0] == 200
    metadata = {"x": "y" * MAX_METADATA_BYTES}
    assert (await server.ask("POST", "sys/namespaces/b", {"custom_metadata": metadata}))[0] == 400


async def test_they_cannot_be_nested_without_end(server: Server) -> None:
    path = ""
    for _ in range(MAX_DEPTH):
        path = f"{path}/d".lstrip("/")
        await make(server, path)
    assert (await ask_in(server, path, "POST", "sys/namespaces/d", {}))[0] == 400


async def test_a_lock_is_stored_without_its_key(server: Server) -> None:
    await make(server, "a")
    _, answer = await server.ask("POST", "sys/namespaces/api-lock/lock/a", {})
    key = answer["data"]["unlock_key"]
    unsealed = server.core.unsealed
    assert unsealed is not None
    value = await unsealed.root.view.get("sys/namespaces/table")
    assert value is not None
    assert key.encode() not in value
    assert (await ask_in(server, "a", "GET", "sys/mounts"))[0] == 503
    assert (await server.ask("GET", "sys/mounts"))[0] == 200


async def test_what_expires_in_a_closed_namespace_issweep(server: Server) -> None:
    await make(server, "a")
    await ask_in(server, "a", "POST", "auth/token/create", {"policies": ["default"], "ttl": "1h"})
    namespace_id = (await tenant_at(server, "a")).namespace.id
    unsealed = server.core.unsealed
    assert unsealed is not None
    server.clock.advance(2 * 3600)
    assert unsealed.maintenance is not None
    await unsealed.maintenance.sweep()
    assert [name for name in await stored_names(server, namespace_id) if "/token/id/" in name] == []


async def test_one_that_is_damaged_keeps_no_other_from_its_turn(new_server: NewServer) -> None:
    server = await new_server()
    made = await server.core.initialize(1, 1)
    await server.core.unseal(made.shares[0])
    server.root_token = made.root_token
    names = ("a", "b", "c")
    await make(server, *names)
    ids = {name: (await tenant_at(server, name)).namespace.id for name in names}
    for name in names:
        await ask_in(server, name, "POST", "auth/token/create", {"policies": ["default"], "ttl": "1h"})
    for name in sorted(names, key=ids.__getitem__)[:2]:
        await put(server.core.runtime.store, f"ns/{ids[name]}/sys/token/salt", b"damage")
    await server.core.seal()
    await server.core.unseal(made.shares[0])
    server.clock.advance(2 * 3600)
    await sweep(server)
    left = [name for name in names if any("/token/id/" in key for key in await stored_names(server, ids[name]))]
    assert sorted(left) == sorted(sorted(names, key=ids.__getitem__)[:2])


async def test_turns_come_to_all_and_again() -> None:
    entries = {each: Entry(id=each, path=f"{each}/", uuid="", salt=b"") for each in "dbace"}
    turns = Turns()
    taken = ["".join(entry.id for entry in turns.next(entries, 2)) for _ in range(5)]
    assert taken == ["ab", "cd", "e", "ab", "cd"]
    del entries["e"]
    assert [entry.id for entry in turns.next(entries, 2)] == []
    assert [entry.id for entry in turns.next(entries, 9)] == ["a", "b", "c", "d"]
    assert turns.next({}, 2) == []
