"""Deletion of a namespace erases all that it has stored."""

from __future__ import annotations

import pytest

from server.core import tenant_pool
from storage.base import Conflict
from tests.server.tenants.namespaced import ask_in, make, mighty, stored_names, sweep, tenant_at, with_key
from tests.support.systems import NewServer, Server


async def test_what_a_deleted_namespace_has_stored_is_erased(server: Server) -> None:
    await make(server, "a")
    await with_key(server, "a")
    token, _ = await mighty(server, "a")
    namespace = (await tenant_at(server, "a")).namespace
    assert len(await stored_names(server, namespace.id)) >= 10
    assert (await server.ask("DELETE", "sys/namespaces/a"))[1]["data"] == {"status": "in-progress"}
    assert (await server.ask("GET", "sys/namespaces/a"))[0] == 404
    assert (await ask_in(server, "a", "GET", "transit/keys/k"))[0] == 404
    assert (await server.ask("GET", "sys/mounts", None, token))[0] == 403
    await sweep(server)
    assert await stored_names(server, namespace.id) == []
    await make(server, "a")
    assert (await tenant_at(server, "a")).namespace.id != namespace.id
    assert (await ask_in(server, "a", "GET", "transit/keys/k"))[0] == 404
    unsealed = server.core.unsealed
    assert unsealed is not None
    assert unsealed.namespaces.leaving == [namespace.id], "it is looked at again"
    server.clock.advance(100)
    await sweep(server)
    await sweep(server)
    assert unsealed.namespaces.leaving == []


async def test_erasing_goes_on_after_a_restart(new_server: NewServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await new_server()
    made = await server.core.initialize(1, 1)
    await server.core.unseal(made.shares[0])
    server.root_token = made.root_token
    await make(server, "a", "b")
    await with_key(server, "a")
    await with_key(server, "b")
    namespace_id = (await tenant_at(server, "a")).namespace.id

    async def crash(*arguments: object) -> None:
        raise Conflict

    with monkeypatch.context() as patched:
        patched.setattr(tenant_pool, "delete_below", crash)
        assert (await server.ask("DELETE", "sys/namespaces/a"))[0] == 200
        await sweep(server)
    assert await stored_names(server, namespace_id) != []
    await server.core.seal()
    await server.core.unseal(made.shares[0])
    assert (await ask_in(server, "b", "GET", "transit/keys/k"))[0] == 200
    await sweep(server)
    assert await stored_names(server, namespace_id) == []


async def test_the_salt_goes_with_the_namespace(server: Server) -> None:
    """From then on, nobody can read what may still be there, whatever keys they have."""
    await make(server, "a")
    await with_key(server, "a")
    unsealed = server.core.unsealed
    assert unsealed is not None
    salt = unsealed.namespaces.by_path["a/"].salt
    assert (await server.ask("DELETE", "sys/namespaces/a"))[0] == 200
    await server.core.runtime.cache.catch_up()
    value = await unsealed.root.view.get("sys/namespaces/table")
    assert value is not None
    assert salt not in value
