"""The OpenAPI documents of both servers call the same operations by the same ids."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from compat.operation_ids import OPERATION_IDS
from tests.support.products import Product
from tests.support.servers import Server

METHODS = ("get", "post", "patch", "delete")
AUTH_METHODS = ("approle", "cert", "jwt", "userpass")
Operations = dict[tuple[str, str], set[str]]
"""Ids by method and path, whatever its parameters are called."""

CHANGING = {("get", "/sys/namespaces"): ("namespaces-list-namespaces", "namespaces-scan-namespaces")}
"""Of these, OpenBao's document shows now the one and now the other: a list and a scan are both a GET."""

_PARAMETER = re.compile(r"\{(?!\w+_mount_path\})[^}]*\}")


def _operations(server: Server, generic: bool) -> Operations:
    found: Operations = defaultdict(set)
    answer = server.request("GET", f"sys/internal/specs/openapi?generic_mount_paths={str(generic).lower()}")
    for path, item in answer.json()["paths"].items():
        for method in METHODS & item.keys():
            found[method, _PARAMETER.sub("{}", path).rstrip("/")].add(item[method]["operationId"])
    return found


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Product, Server]]:
    """Both, with everything mounted that both have."""
    if missing := Product.OPENBAO.missing():
        pytest.skip(missing)
    folder = tmp_path_factory.mktemp("servers")
    with (
        Server(Product.OPENBAO, folder / "openbao", development=True) as openbao,
        Server(Product.CRYPTOSERVE, folder / "ours", development=True) as ours,
    ):
        assert openbao.request("POST", "sys/mounts/transit", {"type": "transit"}).status == 204
        for server in (openbao, ours):
            for method in AUTH_METHODS:
                assert server.request("POST", f"sys/auth/{method}", {"type": method}).status == 204
        yield {Product.OPENBAO: openbao, Product.CRYPTOSERVE: ours}


@pytest.mark.parametrize("generic", [False, True])
def test_common_operations_have_the_same_id(servers: dict[Product, Server], generic: bool) -> None:
    theirs, ours = (_operations(servers[product], generic) for product in (Product.OPENBAO, Product.CRYPTOSERVE))
    counts = Counter(name for names in theirs.values() for name in names)
    common = theirs.keys() & ours.keys()
    assert len(common) > 320

    def same(operation: tuple[str, str]) -> bool:
        (name,) = ours[operation]
        if name in theirs[operation] or CHANGING.get(operation) == (name, *theirs[operation]):
            return True
        # OpenBao has some ids for several operations, which OpenAPI forbids: here, those have numbers.
        repeated = [re.escape(their) for their in theirs[operation] if counts[their] > 1]
        return bool(repeated) and re.fullmatch(rf"({'|'.join(repeated)})\d+", name) is not None

    assert {operation: (ours[operation], theirs[operation]) for operation in common if not same(operation)} == {}
    for prefix in ("/sys/", "/auth/token/", "/identity/", *([] if generic else ["/transit/", "/auth/approle/"])):
        assert sum(path.startswith(prefix) for _, path in common) > 15


def test_every_id_of_the_table_is_used(servers: dict[Product, Server]) -> None:
    """A path that is no longer there leaves no id behind."""
    ours = {name for names in _operations(servers[Product.CRYPTOSERVE], False).values() for name in names}
    assert {name for table in OPERATION_IDS.values() for name in table.values()} <= ours


def test_ids_are_unique_whatever_is_mounted(servers: dict[Product, Server]) -> None:
    server = servers[Product.CRYPTOSERVE]
    for path in ("second", "third"):
        assert server.request("POST", f"sys/mounts/{path}", {"type": "transit"}).status == 204
    try:
        document: dict[str, Any] = server.request("GET", "sys/internal/specs/openapi").json()
        names = [item[method]["operationId"] for item in document["paths"].values() for method in METHODS & item.keys()]
        assert len(names) == len(set(names))
        assert {"transit-encrypt", "transit-encrypt2", "transit-encrypt3"} <= set(names)
    finally:
        for path in ("second", "third"):
            server.request("DELETE", f"sys/mounts/{path}")
