"""Two tenants next to each other, one of them with everything that a tenant can have, all of it marked."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from server.runtime import plugins
from tests.server.tenants.namespaced import ask_in, make, mighty, tenant_at
from tests.support.systems import Server

MARK = "belongs-to-the-neighbour"
NAME = "theirs"
LOGIN_FAILURES = "sys/lockout/"
"""What anybody may bring about from outside."""


@dataclass
class Neighbour:
    """The other tenant, and all that names a part of it."""

    id: str
    token: str
    body: dict[str, Any]
    marks: set[str] = field(default_factory=set)


@dataclass
class Neighbours:
    """A server with the tenants ``a``, whose token is used, and ``b``, at whose things it is pointed."""

    server: Server
    token: str
    b: Neighbour


async def _furnished(server: Server) -> Neighbour:
    """Fill ``b`` with one of everything, all called the same."""
    ask = ask_in
    token, accessor = await mighty(server, "b")
    for kind, path in ((plugins.ENGINES, "sys/mounts"), (plugins.AUTH_METHODS, "sys/auth")):
        for name in plugins.names(kind):
            if name != "token":
                enabled = {"type": name, "description": MARK}
                assert (await ask(server, "b", "POST", f"{path}/{name}", enabled, token))[0] == 204
    policy = f'# {MARK}\npath "x" {{ capabilities = ["read"] }}'
    assert (await ask(server, "b", "POST", f"sys/policies/acl/{NAME}", {"policy": policy}, token))[0] == 204
    rule = f'# {MARK}\nlength = 20\nrule "charset" {{ charset = "abcdefghij" }}'
    await ask(server, "b", "POST", f"sys/policies/password/{NAME}", {"policy": rule}, token)
    key = {"type": "ed25519", "exportable": True, "allow_plaintext_backup": True}
    assert (await ask(server, "b", "POST", f"transit/keys/{NAME}", key, token))[0] == 200
    _, shown = await ask(server, "b", "GET", f"transit/keys/{NAME}", None, token)
    plaintext = base64.b64encode(MARK.encode()).decode()
    assert (await ask(server, "b", "POST", "transit/keys/aes", {"exportable": True}, token))[0] == 200
    _, sealed = await ask(server, "b", "POST", "transit/encrypt/aes", {"plaintext": plaintext}, token)
    await ask(server, "b", "POST", f"pqc/keys/{NAME}", {}, token)
    await ask(server, "b", "POST", f"auth/userpass/users/{NAME}", {"password": MARK, "policies": NAME}, token)
    await ask(server, "b", "POST", f"auth/approle/role/{NAME}", {"token_policies": [NAME]}, token)
    _, role = await ask(server, "b", "GET", f"auth/approle/role/{NAME}/role-id", None, token)
    _, secret = await ask(server, "b", "POST", f"auth/approle/role/{NAME}/secret-id", {}, token)
    assert (await ask(server, "b", "POST", f"cubbyhole/{NAME}", {"x": MARK}, token))[0] == 204
    await ask(server, "b", "POST", f"sys/namespaces/{NAME}", {"custom_metadata": {"x": MARK}}, token)
    for kind in ("entity", "group"):
        known = {"name": NAME, "metadata": {"x": MARK}}
        assert (await ask(server, "b", "POST", f"identity/{kind}", known, token))[0] == 200
    # Public keys, which anybody may ask for, and which are made when they are first asked for.
    assert (await ask(server, "b", "GET", "auth/token/.well-known/keys", None, token))[0] == 200
    _, leases = await ask(server, "b", "LIST", "sys/leases/lookup/auth/token/create", None, token)
    wrapped = await _wrapped(server, token)
    _, mounts = await ask(server, "b", "GET", "sys/mounts", None, token)
    tenant = await tenant_at(server, "b")
    marks = {MARK, plaintext, shown["data"]["keys"]["1"]["public_key"], role["data"]["role_id"]}
    marks |= {mounts["data"]["transit/"]["accessor"], mounts["data"]["transit/"]["uuid"]}
    body: dict[str, Any] = {
        "token": token,
        "accessor": accessor,
        "lease_id": f"auth/token/create/{leases['data']['keys'][0]}",
        "secret_id_accessor": secret["data"]["secret_id_accessor"],
        "ciphertext": sealed["data"]["ciphertext"],
        "paths": [f"transit/keys/{NAME}"],
        "name": NAME,
        "plaintext": plaintext,
        "wrapped": wrapped,
        "from": "transit",
        "to": "moved",
        "policies": [NAME],
        "mount_accessor": mounts["data"]["transit/"]["uuid"],
    }
    return Neighbour(tenant.namespace.id, token, body, marks)


async def _wrapped(server: Server, token: str) -> str:
    headers = {"X-Vault-Namespace": "b", "X-Vault-Wrap-TTL": "1h"}
    answer = await server.send("POST", "sys/wrapping/wrap", {"x": MARK}, token, headers=headers)
    found: str = json.loads(answer.body)["wrap_info"]["token"]
    return found


async def new_neighbours(server: Server) -> Neighbours:
    """The two, on an unsealed ``server``."""
    await make(server, "a", "b")
    neighbour = await _furnished(server)
    token, _ = await mighty(server, "a")
    return Neighbours(server, token, neighbour)


async def entries_of(server: Server, neighbour: Neighbour) -> dict[str, bytes]:
    """What lies in the other's part of storage, as it is stored."""
    found: dict[str, bytes] = {}
    folders = [f"ns/{neighbour.id}/"]
    while folders:
        folder = folders.pop()
        for name in await server.core.runtime.store.list(folder):
            if name.endswith("/"):
                folders.append(folder + name)
            elif LOGIN_FAILURES not in folder:
                value = await server.core.runtime.store.get(folder + name)
                assert value is not None
                found[folder + name] = value
    return found
