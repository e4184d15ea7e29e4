"""Route tables: the most specific pattern wins, whatever the order of the rows."""

from __future__ import annotations

import itertools

import pytest

from engines.base import Call, Nothing, Operation, Reply, Route
from engines.base.routing import RouteTable, parameters


async def _handler(engine: object, call: Call, body: Nothing) -> Reply | None:
    return None


def _route(path: str, operation: Operation = Operation.READ) -> Route[object, Nothing]:
    return Route(operation, path, _handler, Nothing, "A row.")


PATTERNS = ("keys", "keys/{name}", "keys/{name}/config", "keys/{name:any}/raw", "keys/special", "{rest:path}")


@pytest.mark.parametrize("order", list(itertools.permutations(PATTERNS))[::60])
@pytest.mark.parametrize(
    ("path", "pattern", "values"),
    [
        ("keys", "keys", {}),
        ("keys/a.b-c", "keys/{name}", {"name": "a.b-c"}),
        ("keys/special", "keys/special", {}),
        ("keys/a/config", "keys/{name}/config", {"name": "a"}),
        ("keys/a@b/raw", "keys/{name:any}/raw", {"name": "a@b"}),
        ("keys/-a", "{rest:path}", {"rest": "keys/-a"}),
        ("other/x\ny", "{rest:path}", {"rest": "other/x\ny"}),
    ],
)
def test_the_most_specific_pattern_wins(
    order: tuple[str, ...], path: str, pattern: str, values: dict[str, str]
) -> None:
    found = RouteTable([_route(one) for one in order]).match(path)
    assert found is not None
    endpoint, got = found
    assert (endpoint.pattern, got) == (pattern, values)


@pytest.mark.parametrize("name", ["a", "a.b", "a-b", "_a", "a1", "A_"])
def test_names_as_vault_spells_them(name: str) -> None:
    assert RouteTable([_route("keys/{name}")]).match(f"keys/{name}") is not None


@pytest.mark.parametrize("name", ["-a", "a-", ".a", "a.", "a+b", "a@b", "ä", "a b", "", "a/b", "a\n"])
def test_names_that_are_none(name: str) -> None:
    assert RouteTable([_route("keys/{name}")]).match(f"keys/{name}") is None


def test_one_pattern_has_a_route_for_each_operation() -> None:
    table = RouteTable([_route("keys/{name}"), _route("keys/{name}", Operation.DELETE)])
    found = table.match("keys/a")
    assert found is not None
    assert set(found[0].routes) == {Operation.READ, Operation.DELETE}
    with pytest.raises(ValueError, match="two routes"):
        RouteTable([_route("keys"), _route("keys")])


def test_parameters_are_read_from_the_pattern() -> None:
    assert parameters("export/{type}/{name}/{version:any}") == ["type", "name", "version"]
