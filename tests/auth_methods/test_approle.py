"""AppRole beyond what is held against OpenBao: races for the last use, time, and what is left in storage."""

from __future__ import annotations

import asyncio
from typing import Any

from auth_methods.approle.state import AppRole
from tests.support.systems import Server


async def _enable(server: Server, **role: Any) -> AppRole:
    assert (await server.ask("POST", "sys/auth/approle", {"type": "approle"}))[0] == 204
    assert (await server.ask("POST", "auth/approle/role/r", {"role_id": "the-role", **role}))[0] == 204
    assert server.core.unsealed is not None
    engine = (await server.core.unsealed.root.mounts.router()).mounts["auth/approle/"].engine
    assert isinstance(engine, AppRole)
    return engine


async def _secret(server: Server, **given: Any) -> dict[str, Any]:
    status, answer = await server.ask("POST", "auth/approle/role/r/secret-id", given)
    assert status == 200
    data: dict[str, Any] = answer["data"]
    return data


async def _log_in(server: Server, secret_id: str) -> int:
    body = {"role_id": "the-role", "secret_id": secret_id}
    return (await server.ask("POST", "auth/approle/login", body, token=""))[0]


async def _names(engine: AppRole, *prefixes: str) -> list[str]:
    return [name for prefix in prefixes for name in await engine.mount.storage.list(prefix)]


async def test_uses_are_exact_when_many_want_the_last(server: Server) -> None:
    engine = await _enable(server)
    secret = await _secret(server, num_uses=3)
    statuses = await asyncio.gather(*(_log_in(server, secret["secret_id"]) for _ in range(8)))
    assert sorted(statuses) == [200] * 3 + [400] * 5
    assert await _names(engine, "secret/", "accessor/", "expiry/") == []


async def test_answers_do_not_tell_which_role_ids_there_are(server: Server) -> None:
    await _enable(server)
    for proof in ({}, {"secret_id": ""}, {"secret_id": "wrong"}):
        known, unknown = [
            await server.ask("POST", "auth/approle/login", {"role_id": role_id, **proof}, token="")
            for role_id in ("the-role", "no-role")
        ]
        assert known == unknown


async def test_a_secret_id_ends_with_its_time(server: Server) -> None:
    engine = await _enable(server, secret_id_ttl="10m")
    secret = await _secret(server)
    server.clock.advance(599)
    assert await _log_in(server, secret["secret_id"]) == 200
    await engine.tick(server.clock())
    assert await _log_in(server, secret["secret_id"]) == 200
    server.clock.advance(2)
    assert await _log_in(server, secret["secret_id"]) == 400
    lookup = await server.ask("POST", "auth/approle/role/r/secret-id/lookup", {"secret_id": secret["secret_id"]})
    assert lookup[0] == 204
    assert (await server.ask("LIST", "auth/approle/role/r/secret-id"))[0] == 404
    server.clock.advance(60)
    await engine.tick(server.clock())
    assert await _names(engine, "secret/", "accessor/", "expiry/") == []


async def test_nothing_of_a_secret_id_or_role_id_is_in_a_key_of_storage(server: Server) -> None:
    engine = await _enable(server)
    secret = await _secret(server)
    view = engine.mount.storage
    folders, keys = [""], list[str]()
    while folders:
        folder = folders.pop()
        for name in await view.list(folder):
            (folders if name.endswith("/") else keys).append(folder + name)
    values = [await view.get(key) or b"" for key in keys]
    assert len(keys) == 5
    for text in (secret["secret_id"], secret["secret_id_accessor"], "the-role"):
        assert not any(text in key for key in keys)
    assert not any(secret["secret_id"].encode() in value for value in values)


async def test_a_role_takes_its_secret_ids_along(server: Server) -> None:
    engine = await _enable(server)
    secret = await _secret(server)
    assert (await server.ask("DELETE", "auth/approle/role/r"))[0] == 204
    assert await _names(engine, "role/", "role-id/", "secret/", "accessor/") == []
    await server.ask("POST", "auth/approle/role/r", {"role_id": "the-role"})
    assert await _log_in(server, secret["secret_id"]) == 400


async def test_what_a_crash_left_of_a_role_is_swept(server: Server) -> None:
    engine = await _enable(server)
    await _secret(server)
    async with engine.mount.storage.transaction() as transaction:
        transaction.delete("role/r")
    assert (await server.ask("POST", "auth/approle/tidy/secret-id"))[0] == 202
    assert await _names(engine, "secret/", "accessor/") == []


async def test_an_old_role_id_is_no_longer_good(server: Server) -> None:
    await _enable(server)
    secret = await _secret(server)
    assert (await server.ask("POST", "auth/approle/role/r/role-id", {"role_id": "another"}))[0] == 204
    assert await _log_in(server, secret["secret_id"]) == 400
    body = {"role_id": "another", "secret_id": secret["secret_id"]}
    assert (await server.ask("POST", "auth/approle/login", body, token=""))[0] == 200
    assert (await server.ask("POST", "auth/approle/role/s", {"role_id": "the-role"}))[0] == 204


async def test_a_refusal_for_the_address_takes_no_use(server: Server) -> None:
    await _enable(server)
    secret = await _secret(server, num_uses=1, cidr_list="10.0.0.0/8")
    assert await _log_in(server, secret["secret_id"]) == 400
    body = {"role_id": "the-role", "secret_id": secret["secret_id"]}
    assert (await server.ask("POST", "auth/approle/login", body, token="", address="10.1.1.1"))[0] == 200


async def test_a_role_stays_bound_to_something(server: Server) -> None:
    await _enable(server, bind_secret_id=False, token_bound_cidrs="127.0.0.1")
    status, answer = await server.ask("DELETE", "auth/approle/role/r/token-bound-cidrs")
    assert status == 500 and "at least one constraint" in answer["errors"][0]
    assert (await server.ask("POST", "auth/approle/role/r/bind-secret-id", {"bind_secret_id": True}))[0] == 204
    assert (await server.ask("DELETE", "auth/approle/role/r/token-bound-cidrs"))[0] == 204


async def test_bounds_of_what_callers_send(server: Server) -> None:
    await _enable(server)
    for body in ({"metadata": "a=" + "x" * 20_000}, {"cidr_list": ["10.0.0.0/8"] * 1_001}):
        assert (await server.ask("POST", "auth/approle/role/r/secret-id", body))[0] in (400, 500)
    custom = {"secret_id": "x" * 5_000}
    assert (await server.ask("POST", "auth/approle/role/r/custom-secret-id", custom))[0] == 400
    assert (await server.ask("POST", "auth/approle/role/r", {"role_id": "x" * 5_000}))[0] == 400


async def test_metadata_that_is_nested_too_deeply_is_none(server: Server) -> None:
    """Python's JSON gives up beyond some depth, and not with an error of its syntax."""
    await _enable(server)
    for text in ("[" * 16_000, '{"a":' * 3_000, "[" * 8_000 + "]" * 8_000):
        status, _ = await server.ask("POST", "auth/approle/role/r/secret-id", {"metadata": text})
        assert status == 400
