"""A token of one tenant gets nothing of another's: every route there is, in every way that a request can be put.

The routes are those of the tables of everything that can be mounted, so a new route is tried without being named here.
What belongs to the other tenant is marked, and the marks are looked for in each answer; its storage is compared byte by
byte. That the marks would be found is shown by asking with the other's own token.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from engines.base import Access, Operation, Row
from engines.base.routing import parameters, route_table
from server.core.settings import Settings
from server.pipeline.resolve import ABOUT_OWN_TOKEN
from server.runtime import plugins
from server.tenants.mounts.table import Mounted
from tests.server.listeners.neighbours import NAME, Neighbour, Neighbours, entries_of, new_neighbours
from tests.server.tenants.namespaced import ask_in, mighty, tenant_at
from tests.support.systems import Server

METHODS = {
    Operation.READ: "GET",
    Operation.LIST: "LIST",
    Operation.SCAN: "SCAN",
    Operation.UPDATE: "POST",
    Operation.DELETE: "DELETE",
    Operation.PATCH: "PATCH",
}
GIVEN_OUT = (
    ("auth/token/lookup-accessor", "accessor", "accessor"),
    ("auth/token/renew-accessor", "accessor", "accessor"),
    ("sys/capabilities-accessor", "accessor", "accessor"),
    ("sys/wrapping/lookup", "token", "wrapped"),
    ("sys/wrapping/unwrap", "token", "wrapped"),
    ("sys/wrapping/rewrap", "token", "wrapped"),
)
"""Paths that take an accessor or a wrapped answer; the parameter; and what of the other tenant is put there."""

LOCATED = (
    ("auth/token/lookup", "token", "token"),
    ("auth/token/renew", "token", "token"),
    ("auth/token/revoke", "token", "token"),
    ("auth/token/revoke-orphan", "token", "token"),
    ("sys/leases/lookup", "lease_id", "lease_id"),
    ("sys/leases/renew", "lease_id", "lease_id"),
    ("sys/leases/revoke", "lease_id", "lease_id"),
)
"""The same of paths that are served in the namespace of what they name."""

FORMS = ("header", "path", "path below one's own", "both", "dots", "escaped dots", "escaped slashes", "from the root")


@pytest_asyncio.fixture
async def neighbours() -> AsyncIterator[Neighbours]:
    server = await Server(Settings()).unsealed()
    yield await new_neighbours(server)
    await server.core.stop()


async def _routes(server: Server) -> list[tuple[Mounted, Row[Any]]]:
    router = await (await tenant_at(server, "b")).mounts.router()
    return [
        (mounted, route)
        for _, mounted in sorted(router.mounts.items())
        for endpoint in route_table(mounted.type).endpoints
        for route in endpoint.routes.values()
    ]


def _filled(mounted: Mounted, route: Row[Any]) -> str:
    """The route's path with the other's names in it."""
    path = route.path
    for name in parameters(route.path):
        for kind in ("", ":any", ":path"):
            path = path.replace(f"{{{name}{kind}}}", NAME)
    return mounted.entry.path + path


def _put(form: str, path: str) -> tuple[str, str]:
    """The header and the path of a request for ``path`` of ``b``."""
    return {
        "header": ("b", path),
        "path": ("", f"b/{path}"),
        "path below one's own": ("", f"a/b/{path}"),
        "both": ("a", f"b/{path}"),
        "dots": ("a/../b", path),
        "escaped dots": ("a", f"%2e%2e/b/{path}"),
        "escaped slashes": ("", f"a%2F..%2Fb/{path}"),
        "from the root": ("", path),
    }[form]


async def _asked(
    server: Server, route: Row[Any], form: str, path: str, body: dict[str, Any], token: str
) -> tuple[int, bytes]:
    """The status and the body of the answer."""
    namespace, put = _put(form, path)
    headers = {"X-Vault-Namespace": namespace} if namespace else {}
    sent = body if route.operation in (Operation.UPDATE, Operation.PATCH) else None
    answer = await server.send(METHODS[route.operation], put, sent, token, headers=headers)
    return answer.status, answer.body


def _open_to_all(route: Row[Any]) -> bool:
    return route.access in (Access.OPEN, Access.PUBLIC)


def _leaked(neighbour: Neighbour, body: bytes) -> list[str]:
    return [mark for mark in neighbour.marks if mark.encode() in body]


@pytest.mark.parametrize("form", FORMS)
async def test_no_route_of_another_tenant_gives_anything(neighbours: Neighbours, form: str) -> None:
    server, b = neighbours.server, neighbours.b
    assert server.core.unsealed is not None
    await server.core.unsealed.use_writer.flush()  # The neighbour's own use of keys is no news.
    before = await entries_of(server, b)
    routes = await _routes(server)
    assert len(routes) > 250
    for mounted, route in routes:
        path = _filled(mounted, route)
        if path in ABOUT_OWN_TOKEN:
            continue  # It leads to one's own token, wherever it is asked for.
        status, body = await _asked(server, route, form, path, b.body, neighbours.token)
        case = f"{route.operation.value} {path} ({form}): {status} {body[:200]!r}"
        assert not _leaked(b, body), case
        assert 300 <= status < 500 or status == 503 or _open_to_all(route), case
    assert await entries_of(server, b) == before


async def test_names_of_another_tenants_things_mean_nothing_in_ones_own(neighbours: Neighbours) -> None:
    """Its accessors, leases, wrapped answers, keys and policies, in requests that are let through."""
    server, b = neighbours.server, neighbours.b
    for kind, path in ((plugins.ENGINES, "sys/mounts"), (plugins.AUTH_METHODS, "sys/auth")):
        for name in plugins.names(kind):
            if name != "token":
                await ask_in(server, "a", "POST", f"{path}/{name}", {"type": name})
    bodies = [b.body, {"token": b.body["wrapped"]}, {"accessor": b.body["accessor"]}, {"token": b.token}]
    assert server.core.unsealed is not None
    await server.core.unsealed.use_writer.flush()  # The neighbour's own use of keys is no news.
    before = await entries_of(server, b)
    for mounted, route in await _routes(server):
        path = _filled(mounted, route)
        for body in bodies:
            await server.ask("POST", "sys/namespaces/api-lock/unlock/a", {})  # One of the routes locks it.
            token, _ = await mighty(server, "a")
            sent = body if route.operation in (Operation.UPDATE, Operation.PATCH) else None
            headers = {"X-Vault-Namespace": "a"}
            answer = await server.send(METHODS[route.operation], path, sent, token, headers=headers)
            # What is told back to who has sent it, is no news.
            told = [mark for mark in _leaked(b, answer.body) if mark not in json.dumps(sent)]
            assert not told, (path, answer.body)
            if sent is None:
                break
    assert await entries_of(server, b) == before


@pytest.mark.parametrize("body", [{}, {"plaintext": ["x"], "type": {}, "derived": "?"}, {"plaintext": "eA=="}])
async def test_a_stranger_isnt_told_what_there_is(neighbours: Neighbours, body: object) -> None:
    """Neither mounts nor keys nor routes: everything is answered as what isn't there."""
    token = neighbours.token
    for method in ("GET", "LIST", "POST", "DELETE", "HELP", "OPTIONS"):
        sent = body if method == "POST" else None
        paths = ("nope/x", "transit/nope", f"transit/keys/{NAME}", f"transit/encrypt/{NAME}", "transit/encrypt/nope")
        answers = [await ask_in(neighbours.server, "b", method, path, sent, token) for path in paths]
        assert answers == [answers[0]] * len(paths)


@pytest.mark.parametrize("namespace", ["a", "", f"b/{NAME}"])
async def test_what_another_tenant_has_given_out_is_as_if_it_were_not_there(
    neighbours: Neighbours, namespace: str
) -> None:
    """The answer is that for something which never was, be it asked from beside, from above or from below."""
    server, b = neighbours.server, neighbours.b
    token = neighbours.token if namespace == "a" else server.root_token
    for path, parameter, source in GIVEN_OUT:
        made_up = "s." + "x" * 24 if parameter == "token" else "x" * 24
        body = {"paths": ["x"], parameter: b.body[source]}
        answer = await ask_in(server, namespace, "POST", path, body, token)
        assert answer == await ask_in(server, namespace, "POST", path, {**body, parameter: made_up}, token), path
        assert 400 <= answer[0] < 500, path


@pytest.mark.parametrize(("path", "parameter", "source"), LOCATED)
@pytest.mark.parametrize("namespace", ["a", f"b/{NAME}"])
async def test_a_token_or_lease_is_out_of_reach_from_beside_and_from_below(
    neighbours: Neighbours, namespace: str, path: str, parameter: str, source: str
) -> None:
    """Whatever rights a caller has in its own namespace: what it names is asked for where that belongs."""
    server, b = neighbours.server, neighbours.b
    token, _ = await mighty(server, namespace)
    assert server.core.unsealed is not None
    await server.core.unsealed.use_writer.flush()  # The neighbour's own use of keys is no news.
    before = await entries_of(server, b)
    for asked_in in (namespace, "", "b"):
        answer = await ask_in(server, asked_in, "POST", path, {parameter: b.body[source]}, token)
        assert answer == (403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]})
    if parameter == "lease_id" and not path.endswith("lookup"):
        answer = await ask_in(server, namespace, "POST", f"{path}/{b.body[source]}", {}, token)
        assert answer[0] == 403
    assert await entries_of(server, b) == before


@pytest.mark.parametrize(("path", "parameter", "source"), LOCATED)
@pytest.mark.parametrize("namespace", ["", "a", f"b/{NAME}"])
async def test_who_has_rights_where_a_token_or_lease_belongs_may_name_it_anywhere(
    neighbours: Neighbours, namespace: str, path: str, parameter: str, source: str
) -> None:
    server, b = neighbours.server, neighbours.b
    answer = await ask_in(server, namespace, "POST", path, {parameter: b.body[source]})
    if path == "sys/leases/renew":
        assert answer == (400, {"errors": ["tokens cannot be renewed through this endpoint"]})
    elif "revoke" in path:
        assert answer[0] == 204
        assert (await ask_in(server, "b", "GET", "sys/mounts", None, b.token))[0] == 403
    else:
        shown = answer[1]["auth"] or answer[1]["data"]
        assert b.body[source] in (shown.get("id"), shown.get("client_token"))


@pytest.mark.parametrize("right", ["auth/token/lookup", "b/auth/token/lookup"])
async def test_the_right_that_counts_is_that_on_the_path_below(neighbours: Neighbours, right: str) -> None:
    server, b = neighbours.server, neighbours.b
    policy = f'path "{right}" {{ capabilities = ["update"] }}'
    await server.ask("POST", "sys/policies/acl/looking", {"policy": policy})
    _, made = await server.ask("POST", "auth/token/create", {"policies": ["looking"]})
    token = made["auth"]["client_token"]
    status, _ = await server.ask("POST", "auth/token/lookup", {"token": b.token}, token)
    assert status == (200 if right.startswith("b/") else 403)


@pytest.mark.parametrize("namespace", ["b", f"b/{NAME}"])
async def test_no_namespace_reaches_a_token_or_lease_of_the_root(neighbours: Neighbours, namespace: str) -> None:
    """They end in no id, so they are looked for where the request is. OpenBao finds and revokes such a token."""
    server = neighbours.server
    token, _ = await mighty(server, namespace)
    _, made = await server.ask("POST", "auth/token/create-orphan", {"ttl": "1h", "policies": ["default"]})
    named = {"token": made["auth"]["client_token"]}
    for path, status in (("lookup", 403), ("renew", 400), ("revoke", 204), ("revoke-orphan", 400)):
        for caller in (token, server.root_token):
            assert (await ask_in(server, namespace, "POST", f"auth/token/{path}", named, caller))[0] == status
    assert (await server.ask("GET", "auth/token/lookup-self", None, named["token"]))[0] == 200


async def test_what_a_locked_namespace_has_given_out_is_locked_too(neighbours: Neighbours) -> None:
    server, b = neighbours.server, neighbours.b
    assert (await server.ask("POST", "sys/namespaces/api-lock/lock/b", {}))[0] == 200
    assert (await server.ask("POST", "auth/token/lookup", {"token": b.token}))[0] == 503


@pytest.mark.parametrize("namespace", ["a", f"b/{NAME}"])
async def test_anothers_token_has_no_capabilities_in_ones_own(neighbours: Neighbours, namespace: str) -> None:
    server, b = neighbours.server, neighbours.b
    token, _ = await mighty(server, namespace)
    body = {"token": b.token, "paths": ["sys/mounts"]}
    _, answer = await ask_in(server, namespace, "POST", "sys/capabilities", body, token)
    own_or_below = ["create", "delete", "list", "patch", "read", "scan", "sudo", "update"]
    assert answer["capabilities"] == (["deny"] if namespace == "a" else own_or_below)


@pytest.mark.parametrize("namespace", ["a", "", f"b/{NAME}"])
async def test_another_tenants_token_is_not_revoked_by_accessor_or_prefix(
    neighbours: Neighbours, namespace: str
) -> None:
    server, b = neighbours.server, neighbours.b
    token = neighbours.token if namespace == "a" else server.root_token
    await ask_in(server, namespace, "POST", "auth/token/revoke-accessor", {"accessor": b.body["accessor"]}, token)
    if namespace:
        await ask_in(server, namespace, "PUT", "sys/leases/revoke-prefix/auth", {}, token)
    assert (await ask_in(server, "b", "GET", "sys/mounts", None, b.token))[0] == 200


async def test_the_marks_are_there_to_be_found(neighbours: Neighbours) -> None:
    """With the other's own token, the same walk finds them."""
    server, b = neighbours.server, neighbours.b
    seen: set[str] = set()
    answered = 0
    for mounted, route in await _routes(server):
        if route.operation in (Operation.READ, Operation.LIST):
            status, body = await _asked(server, route, "header", _filled(mounted, route), b.body, b.token)
            found = _leaked(b, body)
            seen.update(found)
            answered += bool(found)
            assert status != 403 or mounted.entry.type != "transit"
    assert seen == b.marks - {b.body["plaintext"]}
    assert answered >= 10


async def test_ones_own_token_is_shown_wherever_it_is_asked_for(neighbours: Neighbours) -> None:
    for namespace in ("", "a", "b"):
        path = "auth/token/lookup-self"
        _, answer = await ask_in(neighbours.server, namespace, "GET", path, None, neighbours.token)
        assert answer["data"]["id"] == neighbours.token
        assert answer["data"]["namespace_path"] == "a/"


def test_every_operation_of_a_route_has_a_method() -> None:
    assert set(Operation) - set(METHODS) == {Operation.CREATE, Operation.HELP}
