"""The route table of ``sys``: complete rows, no two alike, and nobody is let in by mistake."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import fields

from engines.base import Access, Operation, Row
from engines.base.routing import RouteTable, parameters
from server.pipeline.open_routes import NOTHING, ListenerPermissions, open_routes
from server.system.routes import SEALED_ROUTES, SYSTEM
from server.system.seal.seal import refuse_unauthenticated

TABLE = RouteTable(SYSTEM.routes)


def _rows(access: Access) -> set[str]:
    return {f"{route.operation.value} {route.path}" for route in SYSTEM.routes if route.access is access}


WITH_SHARES = {
    "generate-root/attempt",
    "generate-root/update",
    "rekey/init",
    "rekey/update",
    "rekey/verify",
    "rekey-recovery-key/init",
    "rekey-recovery-key/update",
    "rekey-recovery-key/verify",
}
"""Paths that take shares instead of a token."""


def test_the_open_routes_are_these() -> None:
    refused = {f"{operation} {path}" for path in WITH_SHARES for operation in ("read", "update", "delete")}
    assert _rows(Access.OPEN) - refused == {
        "read init",
        "update init",
        "update unseal",
        "update audit-ledger/accept-loss",
        "read seal-status",
        "read health",
        "read leader",
        "update step-down",
    }
    assert refused <= _rows(Access.OPEN)
    handlers = {route.handler for route in SYSTEM.routes if route.path in WITH_SHARES}
    assert handlers == {refuse_unauthenticated}


@pytest.mark.parametrize(
    ("permissions", "paths"),
    [
        (ListenerPermissions(rekey=True), {path for path in WITH_SHARES if path.startswith("rekey")}),
        (ListenerPermissions(generate_root=True), {path for path in WITH_SHARES if path.startswith("generate")}),
        (ListenerPermissions(metrics=True), {"metrics"}),
        (ListenerPermissions(in_flight=True), {"in-flight-req"}),
        (NOTHING, set()),
    ],
)
def test_a_listener_opens_what_it_allows_and_nothing_else(permissions: ListenerPermissions, paths: set[str]) -> None:
    def handlers(shown: ListenerPermissions) -> dict[tuple[Operation, str], object]:
        tables = open_routes(shown)
        assert {endpoint.pattern for endpoint in tables.unsealed.endpoints} <= {
            s.pattern for s in tables.sealed.endpoints
        }
        return {
            (operation, endpoint.pattern): route.handler
            for endpoint in tables.unsealed.endpoints
            for operation, route in endpoint.routes.items()
        }

    opened = handlers(permissions).items() - handlers(NOTHING).items()
    assert {path for (_, path), _ in opened} == paths


def test_the_public_routes_are_these() -> None:
    assert _rows(Access.PUBLIC) == {
        "read wrapping/lookup",
        "update wrapping/lookup",
        "read internal/ui/mounts",
        "read internal/ui/mounts/{path:path}",
        "read internal/ui/namespaces",
        "read internal/specs/openapi",
        "update internal/specs/openapi",
        "read replication/status",
        "update decode-token",
    }


def test_the_routes_that_need_sudo_are_these() -> None:
    assert _rows(Access.SUDO) == {
        "update seal",
        "read auth/{path:path}",
        "update auth/{path:path}",
        "delete auth/{path:path}",
        "read auth/{path:path}/tune",
        "update auth/{path:path}/tune",
        "update crypto-policies/replay",
        "update policies/acl-replay",
        "update crypto-policies/{name}",
        "delete crypto-policies/{name}",
        "update crypto-policies/{name}/restore",
        "update crypto-exceptions/{id}",
        "delete crypto-exceptions/{id}",
        "update remount",
        "read audit",
        "update audit/{path:path}",
        "delete audit/{path:path}",
        "read audit-ledger/status",
        "read audit-ledger/checkpoint",
        "read audit-ledger/log/{path:path}",
        "read audit-ledger/proof",
        "update audit-ledger/query",
        "update audit-ledger/rotate",
        "update audit-ledger/prune",
        "read config/auditing/request-headers",
        "read config/auditing/request-headers/{header:path}",
        "update config/auditing/request-headers/{header:path}",
        "delete config/auditing/request-headers/{header:path}",
        "read config/cors",
        "update config/cors",
        "delete config/cors",
        "list leases/lookup",
        "list leases/lookup/{prefix:path}",
        "update leases/revoke-prefix/{prefix:path}",
        "update leases/revoke-force/{prefix:path}",
        "update rotate",
        "update rotate/keyring",
        "update rotate/root",
        "list config/ui/headers",
        "read config/ui/headers/{header}",
        "update config/ui/headers/{header}",
        "delete config/ui/headers/{header}",
        "read internal/inspect/router/{tag}",
        "list plugins/catalog/{type}",
        "read plugins/catalog/{type}/{name}",
    }


def test_a_sealed_server_serves_the_open_routes_and_sealing() -> None:
    sealed = {f"{route.operation.value} {route.path}" for route in SEALED_ROUTES}
    assert sealed == _rows(Access.OPEN) | {"update seal"}
    assert all(route.access is Access.OPEN for route in SEALED_ROUTES)


@pytest.mark.parametrize("route", SYSTEM.routes, ids=lambda route: f"{route.operation.value} {route.path}")
def test_a_row_is_complete(route: Row[Any]) -> None:
    assert route.help[0].isupper() and route.help.endswith(".")
    names = {field.encode_name for field in fields(route.body)}
    assert set(parameters(route.path)) <= names
    if route.operation in (Operation.DELETE, Operation.PATCH):
        assert route.writes


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("mounts/a", "mounts/{path:path}"),
        ("mounts/a/b", "mounts/{path:path}"),
        ("mounts/a/tune", "mounts/{path:path}/tune"),
        ("mounts/a/b/tune", "mounts/{path:path}/tune"),
        ("mounts/tune", "mounts/{path:path}"),
        ("auth/a/b/tune", "auth/{path:path}/tune"),
        ("policies/acl/a/b", "policies/acl/{name:path}"),
        ("audit-hash/a/b", "audit-hash/{path:path}"),
        ("tools/random/16", "tools/random/{segment}"),
        ("tools/random/seal/16", "tools/random/{source}/{urlbytes:path}"),
        ("rotate/config", "rotate/config"),
    ],
)
def test_paths_are_served_by_the_pattern_meant_for_them(path: str, pattern: str) -> None:
    found = TABLE.match(path)
    assert found is not None
    assert found[0].pattern == pattern


@pytest.mark.parametrize("path", ["", "nope", "health/", "policies", "wrapping", "leases/nope"])
def test_other_paths_are_not_served(path: str) -> None:
    assert TABLE.match(path) is None
