"""Snapshots of the inventory, and differences between them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import pytest

from server.inventory import snapshots
from server.inventory.walking import READERS
from server.system.inventory import long_answers
from server.tenants.namespaces.names import ROOT_ID
from storage.base import Transaction, transact
from storage.cache import ObjectCache
from storage.memory import MemoryStore
from storage.view import View
from tests.server.inventory.keyed import server_with_key
from tests.server.tenants.namespaced import ask_in, make, mighty, with_key
from tests.support.systems import NewServer, Server

NOW = 1_800_000_000
PARTS = "sys/inventory/parts/"
TEXT = base64.b64encode(b"text").decode()


async def _ask(server: Server, method: str, path: str, body: object = None) -> Any:
    status, answer = await server.ask(method, path, body)
    assert status in (200, 204), answer
    return None if answer is None else answer["data"]


async def _kept(server: Server) -> list[str]:
    """The ids of the snapshots; an empty list is answered 404, as all are."""
    status, answer = await server.ask("LIST", "sys/inventory/snapshots")
    return [] if status == 404 else answer["data"]["keys"]


async def _take(server: Server) -> str:
    id_: str = (await _ask(server, "POST", "sys/inventory/snapshots", {}))["id"]
    server.clock.advance(60)
    return id_


async def _changed(server: Server, since: str) -> dict[int, dict[str, Any]]:
    """The changed fields by version, since the snapshot, in which nothing else has changed."""
    diff = await _ask(server, "GET", f"sys/inventory/diff?from={since}&to=now")
    assert (diff["added"], diff["removed"]) == ([], [])
    return {each["version"]: each["fields"] for each in diff["changed"]}


async def test_a_snapshot_is_kept_with_its_hash(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    made = await _ask(server, "POST", "sys/inventory/snapshots", {})
    read = await _ask(server, "GET", f"sys/inventory/snapshots/{made['id']}")
    text = json.dumps(read["versions"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert made["sha256"] == read["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert [row["name"] for row in read["versions"]] == ["k"]
    assert not {"use", "verdicts"} & read["versions"][0].keys()
    listed = await _ask(server, "LIST", "sys/inventory/snapshots")
    assert listed == {"keys": [made["id"]], "key_info": {made["id"]: made}}
    await _ask(server, "DELETE", f"sys/inventory/snapshots/{made['id']}")
    assert (await server.ask("GET", f"sys/inventory/snapshots/{made['id']}"))[0] == 404
    assert await _kept(server) == []


async def test_use_is_no_difference(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    before = await _take(server)
    await _ask(server, "POST", "transit/encrypt/k", {"plaintext": TEXT})
    assert await _changed(server, before) == {}


async def test_rotation_adds_a_version_and_replaces_one(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    before = await _take(server)
    await _ask(server, "POST", "transit/keys/k/rotate", {})
    diff = await _ask(server, "GET", f"sys/inventory/diff?from={before}")
    assert [(row["name"], row["version"]) for row in diff["added"]] == [("k", 2)]
    (changed,) = diff["changed"]
    assert changed["fields"] == {"replaced": {"from": None, "to": "2027-01-15T08:01:00Z"}}


async def test_what_administrators_do_shows_as_exactly_that(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    before = await _take(server)
    await _ask(server, "POST", "transit/keys/k/config", {"disabled": True})
    assert await _changed(server, before) == {1: {"state": {"from": "active", "to": "suspended"}}}
    before = await _take(server)
    await _ask(server, "POST", "transit/keys/k/classification", {"data_class": "phi"})
    assert await _changed(server, before) == {1: {"data_class": {"from": "", "to": "phi"}}}
    await _ask(server, "POST", "transit/keys/k/config", {"disabled": False, "deletion_allowed": True})
    before = await _take(server)
    destroyed = "2027-01-15T08:03:00Z"
    await _ask(server, "DELETE", "transit/keys/k")
    assert await _changed(server, before) == {
        1: {"state": {"from": "active", "to": "destroyed"}, "destroyed": {"from": None, "to": destroyed}}
    }


async def test_two_snapshots_are_compared(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    first = await _take(server)
    await _ask(server, "POST", "transit/keys/other", {})
    second = await _take(server)
    there = await _ask(server, "GET", f"sys/inventory/diff?from={first}&to={second}")
    back = await _ask(server, "GET", f"sys/inventory/diff?from={second}&to={first}")
    assert [row["name"] for row in there["added"]] == [row["name"] for row in back["removed"]] == ["other"]
    for query in ("", "from=none", f"from={first}&to=none", "from=..%2Fdaily", "from=%00", "from=a%2F"):
        assert (await server.ask("GET", f"sys/inventory/diff?{query}"))[0] == 400


async def test_the_oldest_snapshots_go_first(new_server: NewServer) -> None:
    server = await server_with_key(new_server, inventory_snapshots=2)
    taken = [await _take(server) for _ in range(4)]
    assert (await _ask(server, "LIST", "sys/inventory/snapshots"))["keys"] == taken[2:]


async def test_nothing_stays_of_a_snapshot_that_is_not_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "_PART_ROWS", 1)
    store = MemoryStore()
    view = View(store, "tenant/", ObjectCache(store))
    crashed = asyncio.Event()

    async def rows() -> AsyncIterator[dict[str, Any]]:
        yield {"id": "a"}
        crashed.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(snapshots.take_snapshot(view, rows(), NOW, 2))
    await crashed.wait()
    (begun,) = await view.list(PARTS)
    task.cancel()
    await asyncio.wait([task])
    assert await view.list(PARTS) == []

    async def crash(transaction: Transaction) -> None:
        transaction.put(f"{PARTS}{begun}000000", b"[]")

    await transact(view, crash)
    await snapshots.take_snapshot(view, none(), NOW + 3600, 2)
    assert begun in await view.list(PARTS)
    await snapshots.take_snapshot(view, none(), NOW + 90_000, 2)
    assert await view.list(PARTS) == []


async def none() -> AsyncIterator[dict[str, Any]]:
    """No rows."""
    empty: list[dict[str, Any]] = []
    for row in empty:
        yield row


async def test_each_day_has_a_snapshot(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    unsealed = server.core.unsealed
    maintenance = None if unsealed is None else unsealed.maintenance
    assert maintenance is not None

    async def number() -> int:
        await maintenance.tick()
        return len(await _kept(server))

    assert await number() == 0
    server.clock.advance(16 * 3600)  # From 08:00 to midnight.
    assert await number() == 1
    server.clock.advance(3600)
    assert await number() == 1
    server.clock.advance(24 * 3600)
    with ExitStack() as held:
        for _ in range(4):
            held.enter_context(READERS.taken(ROOT_ID))
        assert await number() == 1
    assert await number() == 2


async def test_a_snapshot_is_seen_where_it_was_made(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    await make(server, "t1")
    await with_key(server, "t1")
    token, _ = await mighty(server, "t1")
    status, answer = await ask_in(server, "t1", "POST", "sys/inventory/snapshots", {}, token)
    assert status == 200
    id_ = answer["data"]["id"]
    status, answer = await ask_in(server, "t1", "GET", f"sys/inventory/snapshots/{id_}", token=token)
    assert [row["namespace"] for row in answer["data"]["versions"]] == ["t1/"]
    assert (await server.ask("GET", f"sys/inventory/snapshots/{id_}"))[0] == 404


async def test_the_hash_of_a_snapshot_is_entered_into_the_ledger(
    new_server: NewServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await server_with_key(new_server)
    unsealed = server.core.unsealed
    assert unsealed is not None
    entered: list[tuple[str, dict[str, object]]] = []

    async def note(event: str, members: dict[str, object]) -> None:
        entered.append((event, members))

    with monkeypatch.context() as patched:
        patched.setattr(unsealed.audit.ledger, "note", note)
        patched.setattr(unsealed.audit.ledger, "device", object())
        made = await _ask(server, "POST", "sys/inventory/snapshots", {})
    assert entered == [("inventory", {"namespace": "", "snapshot": made["id"], "sha256": made["sha256"]})]


async def test_long_answers_are_the_same_in_pieces(new_server: NewServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await server_with_key(new_server)
    for name in ("a", "b"):
        await _ask(server, "POST", f"transit/keys/{name}", {})
    first = await _take(server)
    await _ask(server, "POST", "transit/keys/a/config", {"disabled": True})
    await _ask(server, "POST", "transit/keys/c", {})
    second = await _take(server)
    paths = (
        f"sys/inventory/snapshots/{first}",
        f"sys/inventory/diff?from={first}&to={second}",
        f"sys/inventory/diff?from={second}&to={first}",
        f"sys/inventory/diff?from={second}",
    )
    short = [await _ask(server, "GET", path) for path in paths]
    assert [[len(each[part]) for part in ("added", "removed", "changed")] for each in short[1:]] == [
        *([1, 0, 1], [0, 1, 1], [0, 0, 0])
    ]
    monkeypatch.setattr(long_answers, "WHOLE_BYTES", 10)
    monkeypatch.setattr(long_answers, "_PIECE_BYTES", 100)
    for path, expected in zip(paths, short, strict=True):
        answer = await server.send("GET", path)
        assert answer.pieces is not None and dict(answer.headers)[b"content-type"] == b"application/json"
        text = answer.body + b"".join([piece async for piece in answer.pieces])
        assert json.loads(text)["data"] == expected and json.loads(text)["request_id"]
    assert not READERS._taken


async def test_rows_of_older_snapshots_lack_members_without_a_value(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    id_ = await _take(server)
    view = server.core.unsealed.root.view if server.core.unsealed is not None else None
    assert view is not None
    value = await view.get(f"{PARTS}{id_}/000000")
    assert value is not None and b'"compromised":null,' in value
    older = value.replace(b'"compromised":null,', b"")

    async def store_older(transaction: Transaction) -> None:
        transaction.put(f"{PARTS}{id_}/000000", older)

    await transact(view, store_older)
    assert await _changed(server, id_) == {}
