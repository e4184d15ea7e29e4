"""Routing: from a path below a mount to the row of the route table that serves it.

Patterns are compiled once per engine type. The first literal segment selects a handful of candidates; among those the
most specific matches, whatever the order of the rows: at each segment a literal beats ``{name}``, which beats
``{name:any}``, which beats ``{name:path}``; of two patterns that agree as far as one goes, the longer is tried first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from engines.base import EngineType, Exists, Operation, Row, Scope
from engines.fields import Reading, reading_of

_PARAMETER = re.compile(r"\{(\w+)(?::(any|path))?\}")
_EXPRESSIONS = {None: r"\w(?:[\w.-]*\w)?", "any": r"[^/]+", "path": r".+"}
_RANKS = {None: 1, "any": 2, "path": 3}
_RANK_OF_END = 4


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path pattern with the route of each operation that it has."""

    pattern: str
    expression: re.Pattern[str]
    parameters: frozenset[str]
    routes: Mapping[Operation, Row[Any]]
    exists: Exists[Any, Any] | None
    scope: Scope
    wrapping_token: bool
    """Whether one of ``routes`` takes a wrapping token; every operation on the path then checks it."""

    readings: Mapping[str, Reading]
    """The readings of path parameters with several spellings."""

    @property
    def folds(self) -> bool:
        """Whether one of them is case-insensitive."""
        return any(reading("A") == "a" for reading in self.readings.values())

    def canonical(self, path: str) -> str:
        """``path``, which matches the pattern, in its canonical spelling."""
        found = self.expression.fullmatch(path) if self.readings else None
        if found is None:
            return path
        for name, reading in reversed([*self.readings.items()]):
            start, end = found.span(name)
            path = path[:start] + reading(path[start:end]) + path[end:]
        return path


class RouteTable:
    """The compiled table of one engine type. Raises ``ValueError`` for two rows with one operation and pattern, and for
    rows of one pattern with different scopes."""

    def __init__(self, routes: Iterable[Row[Any]]) -> None:
        grouped: dict[str, dict[Operation, Row[Any]]] = {}
        for route in routes:
            operations = grouped.setdefault(route.path, {})
            if route.operation in operations:
                raise ValueError(f"two routes for {route.operation.value} {route.path}")
            operations[route.operation] = route
        self.endpoints = tuple(
            _compile(pattern, operations) for pattern, operations in sorted(grouped.items(), key=_rank)
        )
        self._by_head: dict[str, list[Endpoint]] = {}
        self._headless: list[Endpoint] = []
        for endpoint in self.endpoints:
            head = endpoint.pattern.split("/", 1)[0]
            if "{" in head:
                self._headless.append(endpoint)
            else:
                self._by_head.setdefault(head, []).append(endpoint)

    def match(self, path: str) -> tuple[Endpoint, dict[str, str]] | None:
        """The most specific pattern for ``path``, with the values of its parameters."""
        head, _, _ = path.partition("/")
        for endpoint in (*self._by_head.get(head, ()), *self._headless):
            found = endpoint.expression.fullmatch(path)
            if found is not None:
                return endpoint, found.groupdict()
        return None


@cache
def route_table(engine_type: EngineType[..., Any]) -> RouteTable:
    """The compiled table of ``engine_type``, made once."""
    return RouteTable(engine_type.routes)


def parameters(pattern: str) -> list[str]:
    """The names of the parameters of a path pattern, in order."""
    return [name for name, _ in _PARAMETER.findall(pattern)]


def _compile(pattern: str, operations: Mapping[Operation, Row[Any]]) -> Endpoint:
    expression = ""
    position = 0
    for found in _PARAMETER.finditer(pattern):
        expression += re.escape(pattern[position : found.start()])
        expression += f"(?P<{found[1]}>{_EXPRESSIONS[found[2]]})"
        position = found.end()
    expression += re.escape(pattern[position:])
    exists = next((route.exists for route in operations.values() if route.exists is not None), None)
    scopes = {route.scope for route in operations.values()}
    if len(scopes) > 1:
        raise ValueError(f"the routes for {pattern} have different scopes")
    return Endpoint(
        pattern,
        re.compile(expression, re.ASCII | re.DOTALL),
        frozenset(parameters(pattern)),
        operations,
        exists,
        scopes.pop(),
        any(route.wrapping_token for route in operations.values()),
        _readings(pattern, operations.values()),
    )


def _readings(pattern: str, routes: Iterable[Row[Any]]) -> dict[str, Reading]:
    """The readings of the parameters in ``pattern``, in order, as stated by the bodies of ``routes``."""
    stated = {
        field.encode_name: reading
        for route in routes
        for field in msgspec.structs.fields(route.body)
        if (reading := reading_of(field.type)) is not None
    }
    return {name: stated[name] for name in parameters(pattern) if name in stated}


def _rank(item: tuple[str, Mapping[Operation, Row[Any]]]) -> tuple[list[int], str]:
    pattern = item[0]
    ranks = []
    for segment in pattern.split("/"):
        found = _PARAMETER.search(segment)
        ranks.append(_RANKS[found[2]] if found else 0)
    return [*ranks, _RANK_OF_END], pattern
