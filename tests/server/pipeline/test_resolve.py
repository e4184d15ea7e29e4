"""Header and path name one namespace, however it is put; a reader needs no more than the longest prefix that is one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat.requests import Request
from engines.base import Operation
from engines.base.routing import RouteTable
from engines.faults import InvalidRequest
from server.pipeline.resolve import refuse_in_namespace, resolve_namespace
from server.system import routes
from server.system.routes import ROUTES
from server.tenants.namespaces.records import Entry
from server.tenants.namespaces.table import NamespaceTable
from tests.support.places import new_place

NAMES = st.sampled_from(["a", "b", "sys", "transit", "A", "root", "", ".", ".."])
PATHS = st.lists(NAMES, max_size=5).map("/".join)
NAMESPACES = st.sets(st.lists(st.sampled_from(["a", "b", "A"]), min_size=1, max_size=4).map(tuple), max_size=8)

IN_NAMESPACES = {
    *(
        "algorithms",
        "audit-ledger",
        "auth",
        "capabilities",
        "capabilities-accessor",
        "capabilities-self",
        "decode-token",
        "ha-status",
    ),
    *("internal/counters", "internal/specs", "internal/ui", "key-status", "leader", "leases", "locked-users", "mounts"),
    *("namespaces", "plugins", "policies", "policy", "remount", "rotate", "seal-status", "tools", "version-history"),
    *("crypto-exceptions", "crypto-policies", "crypto-profiles", "generate-root-token", "inventory", "wrapping"),
}
"""What routes of ``sys`` are about that namespaces have."""


def table_of(namespaces: set[tuple[str, ...]]) -> NamespaceTable:
    """A table with these and all that they lie in."""
    place = new_place()
    table = NamespaceTable(place.view, place.clock)
    paths = {"/".join(names[:end]) + "/" for names in namespaces for end in range(1, len(names) + 1)}
    for number, path in enumerate(sorted(paths)):
        entry = Entry(id=f"{number:06}", path=path, uuid="", salt=bytes(32))
        table.by_path[path] = table.by_id[entry.id] = entry
    return table


def request_for(path: str, namespace: str = "", token: str = "") -> Request:
    return Request(
        *("GET", Operation.READ, path, namespace, bool(namespace), token, {}, 0.0, "", "", (), "127.0.0.1", 1)
    )


def settled(table: NamespaceTable, path: str, namespace: str = "", token: str = "") -> tuple[str, str] | str:
    request = request_for(path, namespace, token)
    try:
        resolve_namespace(request, table)
    except InvalidRequest as fault:
        return fault.message or ""
    return request.namespace, request.path


@given(NAMESPACES, PATHS)
def test_the_longest_prefix_that_is_a_namespace_counts(namespaces: set[tuple[str, ...]], path: str) -> None:
    table = table_of(namespaces)
    found = settled(table, path)
    assert isinstance(found, tuple)
    namespace, rest = found
    assert namespace + rest == path
    assert namespace == "" or namespace in table.by_path
    name, slash, _ = rest.partition("/")
    assert not slash or f"{namespace}{name}/" not in table.by_path


@given(NAMESPACES, st.lists(st.sampled_from(["a", "b"]), max_size=3), PATHS)
def test_header_and_path_are_the_same(namespaces: set[tuple[str, ...]], header: list[str], path: str) -> None:
    table = table_of(namespaces)
    put = "/".join(header)
    if put and f"{put}/" not in table.by_path:
        assert settled(table, path, put) == (f"{put}/", path)
        return
    assert settled(table, path, put) == settled(table, "/".join([*header, path]))


@pytest.mark.parametrize("path", ["auth/token/lookup-self", "auth/token/renew-self", "auth/token/revoke-self"])
def test_what_is_about_the_own_token_leads_to_its_namespace(path: str) -> None:
    table = table_of({("a",), ("b",)})
    token = f"s.xyz.{table.by_path['a/'].id}"
    for namespace in ("", "a", "b"):
        assert settled(table, path, namespace, token) == ("a/", path)
        assert settled(table, path, namespace, "s.xyz") == ("", path)
        assert settled(table, path, namespace, "s.xyz.nobody") == ("", path)
    assert settled(table, path, "nope", token) == ("nope/", path)
    assert settled(table, f"{path}/x", "b", token) == ("b/", f"{path}/x")


@pytest.mark.parametrize("path", ["sys/seal", "sys/health", "sys/raw/x", "sys/metrics", "sys/rekey/init"])
def test_what_is_about_the_server_is_refused_in_a_namespace(path: str) -> None:
    table = table_of({("a",)})
    assert settled(table, path) == ("", path)
    assert settled(table, path, "a") == "operation unavailable in namespaces"
    assert settled(table, f"a/{path}") == "operation only available in root namespace"


def test_every_route_of_sys_states_its_scope() -> None:
    """A scope that a row leaves out would be each namespace's: the widest."""
    folder = Path(routes.__file__).parent
    for path in [Path(routes.__file__), *(folder / "seal").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Route":
                assert "scope" in {keyword.arg for keyword in node.keywords}, f"{path.name}:{node.lineno}"


def test_which_routes_of_sys_namespaces_have() -> None:
    """A new one isn't among them until it is said to be."""
    found = set()
    for endpoint in RouteTable(ROUTES).endpoints:
        try:
            refuse_in_namespace(endpoint)
        except InvalidRequest:
            continue
        segments = endpoint.pattern.split("/")
        found.add("/".join(segments[:2]) if segments[0] == "internal" else segments[0])
    assert found == IN_NAMESPACES
