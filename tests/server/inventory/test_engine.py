"""The engine of type cbom: the views of sys/inventory under a path of its own, for callers without rights on sys."""

from __future__ import annotations

import json

import pytest

from tests.server.tenants.namespaced import ask_in, make, mighty, with_key
from tests.support.systems import Server

PATHS = ("", "keys", "readiness?profile=cnsa-2.0", "cbom")


@pytest.fixture
async def server(server: Server) -> Server:
    """A server with the engine at ``ours/``, and a key."""
    await with_key(server, "")
    return server


async def test_a_team_reads_it_without_rights_on_sys(server: Server) -> None:
    token, _ = await server.token_for('path "ours/*" { capabilities = ["read", "list", "update"] }')
    for path in PATHS:
        below = path.partition("?")[0]
        assert (await server.ask("GET", f"sys/inventory/{path}".replace("/?", "?"), token=token))[0] == 403
        assert (await server.send("GET", f"ours/{path}", token=token)).status == 200, below
    status, answer = await server.ask("POST", "ours/snapshots", {}, token)
    assert status == 200
    assert (await server.ask("GET", f"ours/diff?from={answer['data']['id']}", token=token))[0] == 200


async def test_it_shows_what_sys_shows(server: Server) -> None:
    for path in PATHS[1:3]:
        _, ours = await server.ask("GET", f"ours/{path}")
        _, of_sys = await server.ask("GET", f"sys/inventory/{path}")
        assert ours["data"] == of_sys["data"]
    document = json.loads((await server.send("GET", "ours/cbom")).body)
    assert [each["name"] for each in document["components"] if each["bom-ref"].startswith("key:")] == ["transit/k"]


async def test_in_a_namespace_it_shows_that(server: Server) -> None:
    await make(server, "t1")
    await with_key(server, "t1")
    token, _ = await mighty(server, "t1")
    assert (await ask_in(server, "t1", "POST", "sys/mounts/ours", {"type": "cbom"}, token))[0] == 204
    _, answer = await ask_in(server, "t1", "GET", "ours/keys", token=token)
    assert [row["namespace"] for row in answer["data"]["versions"]] == ["t1/"]
