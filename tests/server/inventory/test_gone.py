"""Keys of disabled mounts and deleted namespaces: they stay in the inventory, for as long as it tells of them."""

from __future__ import annotations

import base64
from typing import Any

from server.inventory.daily import take_daily
from tests.server.inventory.keyed import server_with_key
from tests.server.tenants.namespaced import ask_in, make, with_key
from tests.support.systems import NewServer, Server

TEXT = base64.b64encode(b"text").decode()
PLACE = ("namespace", "mount", "name", "version", "state")


async def _rows(server: Server, query: str = "") -> list[dict[str, Any]]:
    status, answer = await server.ask("GET", f"sys/inventory/keys{query}")
    assert status == 200, answer
    rows: list[dict[str, Any]] = answer["data"]["versions"]
    return rows


async def _places(server: Server, query: str = "") -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in PLACE) for row in await _rows(server, query)]


async def test_keys_of_a_disabled_mount_are_destroyed_with_their_use(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    await server.ask("POST", "transit/encrypt/k", {"plaintext": TEXT})
    (before,) = await _rows(server)
    assert before["use"]["protect"]["operations"] == 1
    server.clock.advance(60)
    assert (await server.ask("DELETE", "sys/mounts/transit"))[0] == 204
    (after,) = await _rows(server)
    assert after == {**before, "state": "destroyed", "destroyed": "2027-01-15T08:01:00Z"}


async def test_a_new_mount_at_the_path_has_keys_of_its_own(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    await server.ask("DELETE", "sys/mounts/transit")
    server.clock.advance(1)
    await with_key(server, "")
    await server.ask("POST", "transit/keys/a")
    assert await _places(server) == [
        ("", "transit/", "a", 1, "active"),
        ("", "transit/", "k", 1, "destroyed"),
        ("", "transit/", "k", 1, "active"),
    ]
    assert len({row["id"] for row in await _rows(server)}) == 3


async def test_keys_of_a_deleted_namespace_are_kept_by_its_parent(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    await make(server, "t1", "t1/t2", "t3")
    for path in ("t1", "t1/t2", "t3"):
        await with_key(server, path)
    await ask_in(server, "t1/t2", "DELETE", "sys/mounts/transit")
    assert (await ask_in(server, "t1", "DELETE", "sys/namespaces/t2"))[0] == 200
    expected = [
        ("", "transit/", "k", 1, "active"),
        ("t1/", "transit/", "k", 1, "active"),
        ("t1/t2/", "transit/", "k", 1, "destroyed"),
        ("t3/", "transit/", "k", 1, "active"),
    ]
    assert await _places(server) == expected
    assert (await ask_in(server, "", "DELETE", "sys/namespaces/t1"))[0] == 200
    expected[1] = (*expected[1][:4], "destroyed")
    assert await _places(server) == expected
    found, after = [], ""
    while True:
        _, answer = await server.ask("GET", f"sys/inventory/keys?limit=1&after={after}")
        found += [tuple(row[name] for name in PLACE) for row in answer["data"]["versions"]]
        after = answer["data"]["next"]
        if not after:
            break
    assert found == expected
    assert await _places(server, "?namespace=t1/t2") == [expected[2]]


async def test_a_namespace_that_stays_is_told_once(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    await make(server, "t1", "t1/t2")
    await with_key(server, "t1")
    assert (await ask_in(server, "", "DELETE", "sys/namespaces/t1"))[0] == 400
    assert await _places(server, "?namespace=t1") == [("t1/", "transit/", "k", 1, "active")]


async def test_destroyed_keys_are_told_for_as_long_as_they_are_kept(new_server: NewServer) -> None:
    server = await server_with_key(new_server, inventory_retention_seconds=100)
    await server.ask("POST", "transit/keys/other")
    await server.ask("POST", "transit/keys/other/config", {"deletion_allowed": True})
    await server.ask("DELETE", "transit/keys/other")
    await server.ask("POST", "sys/mounts/second", {"type": "transit"})
    await server.ask("POST", "second/keys/k")
    await server.ask("DELETE", "sys/mounts/second")
    server.clock.advance(100)
    assert [row["state"] for row in await _rows(server)] == ["destroyed", "active", "destroyed"]
    server.clock.advance(1)
    assert [row["state"] for row in await _rows(server)] == ["active"]


async def test_what_was_kept_for_long_is_removed_with_its_use(new_server: NewServer) -> None:
    server = await server_with_key(new_server, inventory_retention_seconds=200_000)
    await make(server, "t1")
    await with_key(server, "t1")
    for namespace in ("", "t1"):
        for name in ("young", "old"):
            await ask_in(server, namespace, "POST", f"transit/keys/{name}")
            await ask_in(server, namespace, "POST", f"transit/encrypt/{name}", {"plaintext": TEXT})
            await ask_in(server, namespace, "POST", f"transit/keys/{name}/config", {"deletion_allowed": True})
        await ask_in(server, namespace, "GET", "transit/keys/old/usage")
        await ask_in(server, namespace, "DELETE", "transit/keys/old")
        await ask_in(server, namespace, "POST", "sys/mounts/second", {"type": "transit"})
        await ask_in(server, namespace, "POST", "second/keys/k")
        await ask_in(server, namespace, "DELETE", "sys/mounts/second")
    server.clock.advance(150_000)
    unsealed = server.core.unsealed
    assert unsealed is not None
    await take_daily(unsealed, unsealed.root, server.clock(), 10)
    for namespace in ("", "t1"):
        await ask_in(server, namespace, "DELETE", "transit/keys/young")
    store = server.core.runtime.store

    async def kept() -> list[str]:
        async def below(prefix: str) -> list[str]:
            found = []
            for name in await store.list(prefix):
                found += await below(prefix + name) if name.endswith("/") else [prefix + name]
            return found

        wanted = ("/gone/", "/use/", "inventory/gone/")
        return sorted(path for path in await below("") if any(each in path for each in wanted))

    before = await kept()
    server.clock.advance(86_400)
    await take_daily(unsealed, unsealed.root, server.clock(), 10)
    after = await kept()
    gone = [path for path in before if path not in after]
    assert len([path for path in gone if "/gone/old" in path or "/use/old" in path]) == 4
    assert len([path for path in gone if "inventory/gone/" in path]) == 2 and len(gone) == 6
    assert len([path for path in after if "young" in path]) == 4
