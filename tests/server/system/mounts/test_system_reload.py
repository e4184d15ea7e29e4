"""Reloading plug-ins, inspecting the mounts of all namespaces, and the headers that are kept for a web interface."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from server.core.settings import Settings
from server.system.access import ui_headers
from server.system.inspect import router
from server.system.mounts import reload
from tests.server.tenants.namespaced import ask_in, make, tenant_at
from tests.support.systems import Server

RELOAD = "sys/plugins/reload/backend"
HEADERS = "sys/config/ui/headers"


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    """With the engines that are installed."""
    server = await Server(Settings()).unsealed()
    yield server
    await server.core.stop()


async def _engines(server: Server, namespace: str = "") -> dict[str, object]:
    tenant = await tenant_at(server, namespace)
    return {path: mounted.engine for path, mounted in (await tenant.mounts.router()).mounts.items()}


async def _mount_some(server: Server) -> None:
    await make(server, "n")
    for namespace, path in (("", "one"), ("", "two"), ("n", "one")):
        assert (await ask_in(server, namespace, "POST", f"sys/mounts/{path}", {"type": "transit"}))[0] == 204
    assert (await server.ask("POST", "sys/auth/up", {"type": "userpass"}))[0] == 204


@pytest.mark.parametrize(
    ("body", "reloaded"),
    [
        ({"plugin": "transit"}, {"one/", "two/"}),
        ({"plugin": "userpass"}, {"auth/up/"}),
        ({"plugin": "approle"}, set()),
        ({"mounts": ["two"]}, {"two/"}),
        ({"mounts": "one/keys/k,auth/up"}, {"one/", "auth/up/"}),
    ],
)
async def test_engines_are_opened_anew_in_the_callers_namespace_alone(
    server: Server, body: dict[str, object], reloaded: set[str]
) -> None:
    await _mount_some(server)
    before, neighbours = await _engines(server), await _engines(server, "n")
    status, answer = await server.ask("POST", RELOAD, body)
    assert (status, len(answer["data"]["reload_id"])) == (200, 36)
    after = await _engines(server)
    assert {path for path, engine in after.items() if engine is not before[path]} == reloaded
    assert await _engines(server, "n") == neighbours


async def test_keys_are_there_after_a_reload(server: Server) -> None:
    await _mount_some(server)
    assert (await server.ask("POST", "one/keys/k"))[0] == 200
    _, sealed = await server.ask("POST", "one/encrypt/k", {"plaintext": "aGk="})
    assert (await server.ask("POST", RELOAD, {"mounts": "one"}))[0] == 200
    _, opened = await server.ask("POST", "one/decrypt/k", {"ciphertext": sealed["data"]["ciphertext"]})
    assert opened["data"]["plaintext"] == "aGk="


async def test_a_reload_with_a_mistake_reloads_nothing(server: Server) -> None:
    await _mount_some(server)
    before = await _engines(server)
    status, answer = await server.ask("POST", RELOAD, {"mounts": ["one/", "nope", "cubbyhole/"]})
    assert (status, answer) == (
        400,
        {
            "errors": [
                '2 errors occurred:\n\t* cannot fetch mount entry on "nope/"\n\t* cannot reload plugin on '
                '"cubbyhole/": singleton plugin cannot be reloaded: "cubbyhole"\n\n'
            ]
        },
    )
    many = ["one/"] * (reload.MAX_MOUNTS + 1)
    assert (await server.ask("POST", RELOAD, {"mounts": many}))[0] == 400
    assert await _engines(server) == before


async def test_the_mounts_of_all_namespaces_are_inspected(server: Server) -> None:
    await _mount_some(server)
    _, answer = await server.ask("GET", "sys/internal/inspect/router/root")
    shown = answer["data"]["root"]
    places = [(mount["mount_namespace"], mount["mount_path"], mount["mount_type"]) for mount in shown]
    assert set(places) >= {("", "one/", "transit"), ("", "up/", "userpass"), ("n/", "one/", "transit")}
    assert set(places) >= {("", "token/", "token"), ("n/", "token/", "ns_token"), ("", "sys/", "system")}
    _, mounts = await server.ask("GET", "sys/mounts")
    one = next(mount for mount in shown if (mount["mount_namespace"], mount["mount_path"]) == ("", "one/"))
    assert (one["uuid"], one["accessor"]) == (mounts["data"]["one/"]["uuid"], mounts["data"]["one/"]["accessor"])
    assert (one["storage_prefix"], one["tainted"]) == (f"ns/root/mount/{one['uuid']}/", False)
    for tree, member in (("accessor", "accessor"), ("uuid", "uuid"), ("storage", "storage_prefix")):
        _, answer = await server.ask("GET", f"sys/internal/inspect/router/{tree}")
        found = [mount[member] for mount in answer["data"][tree]]
        assert found == sorted(mount[member] for mount in shown)
        assert ("tainted" in answer["data"][tree][0]) == (tree == "storage")


async def test_no_more_mounts_are_inspected_than_an_answer_holds(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router, "MAX_SHOWN", 3)
    status, answer = await server.ask("GET", "sys/internal/inspect/router/uuid")
    assert (status, len(answer["data"]["uuid"]), answer["warnings"]) == (200, 3, ["only 3 mounts are shown"])


@pytest.mark.parametrize("value", ["a\nb", "a\r\nX-Other: c", "a\0", "x" * ui_headers.MAX_BYTES])
async def test_what_no_header_can_be_is_refused(server: Server, value: str) -> None:
    assert (await server.ask("POST", f"{HEADERS}/X-A", {"values": ["a", value]}))[0] == 400
    assert (await server.ask("LIST", HEADERS))[0] == 404


async def test_headers_are_bounded_in_number(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui_headers, "MAX_HEADERS", 1)
    assert (await server.ask("POST", f"{HEADERS}/X-A", {"values": ["a"]}))[0] == 200
    assert await server.ask("POST", f"{HEADERS}/X-B", {"values": ["b"]}) == (
        400,
        {"errors": ["at most 1 headers can be kept"]},
    )
    assert (await server.ask("POST", f"{HEADERS}/x-a", {"values": ["c"]}))[0] == 200
    assert (await server.ask("GET", f"{HEADERS}/X-A"))[1]["data"] == {"value": "c"}
