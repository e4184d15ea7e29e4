"""Asking a server within namespaces, for tests of them."""

from __future__ import annotations

import json
from typing import Any

from server.tenants.tenant import Tenant
from tests.support.systems import Answer, Server

EVERYTHING = 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "patch", "scan", "sudo"] }'


async def ask_in(
    server: Server, namespace: str, method: str, path: str, body: object = None, token: str | None = None
) -> Answer:
    """As ``Server.ask``, with ``namespace`` in the header."""
    answer = await server.send(method, path, body, token, headers={"X-Vault-Namespace": namespace})
    return answer.status, json.loads(answer.body) if answer.body else None


async def make(server: Server, *paths: str) -> None:
    """Make namespaces."""
    for path in paths:
        above, _, name = path.rpartition("/")
        status, answer = await ask_in(server, above, "POST", f"sys/namespaces/{name}", {})
        assert status == 200, answer


async def mighty(server: Server, namespace: str, parent: str = "", **fields: Any) -> tuple[str, str]:
    """A token of ``namespace`` that may do everything there, made by ``parent`` or an orphan; and its accessor."""
    await ask_in(server, namespace, "POST", "sys/policies/acl/mighty", {"policy": EVERYTHING})
    body = {"policies": ["mighty"], "no_parent": not parent, **fields}
    status, answer = await ask_in(server, namespace, "POST", "auth/token/create", body, parent or None)
    assert status == 200, answer
    return answer["auth"]["client_token"], answer["auth"]["accessor"]


async def with_key(server: Server, namespace: str) -> None:
    """Mount transit and make the key ``k``."""
    assert (await ask_in(server, namespace, "POST", "sys/mounts/transit", {"type": "transit"}))[0] == 204
    assert (await ask_in(server, namespace, "POST", "transit/keys/k"))[0] == 200


async def tenant_at(server: Server, path: str) -> Tenant:
    """The tenant at ``path``, opened if it wasn't."""
    await server.core.runtime.cache.catch_up()
    unsealed = server.core.unsealed
    assert unsealed is not None
    await unsealed.load_namespaces()
    tenant = await unsealed.tenant(path)
    assert tenant is not None
    return tenant


async def stored_names(server: Server, namespace_id: str) -> list[str]:
    """The names of all that a namespace has in storage."""
    found: list[str] = []
    folders = [f"ns/{namespace_id}/"]
    while folders:
        folder = folders.pop()
        for name in await server.core.runtime.store.list(folder):
            (folders if name.endswith("/") else found).append(folder + name)
    return found


async def sweep(server: Server) -> None:
    """What the background does every few seconds."""
    unsealed = server.core.unsealed
    assert unsealed is not None
    await server.core.runtime.cache.catch_up()
    assert unsealed.maintenance is not None
    await unsealed.maintenance.sweep()
