"""Requests with one hostile part each, from the route tables: every field of every body, query and path.

Routes are found as the server finds them. Those that share a handler and a body differ in nothing that a value meets,
so the first of them stands for all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import msgspec

from compat.conversion import kind_of
from engines.base import Access, Operation, Row
from engines.base.routing import parameters
from server.runtime import plugins
from server.system.routes import SYSTEM
from server.tenants.cubbyhole.routes import CUBBYHOLE
from server.tenants.identity.routes import IDENTITY
from tests.soak.hostile.furnished import NAMES

METHODS = {
    Operation.READ: "GET",
    Operation.LIST: "LIST",
    Operation.SCAN: "SCAN",
    Operation.UPDATE: "POST",
    Operation.DELETE: "DELETE",
    Operation.PATCH: "PATCH",
}
_NEW = "n"
_NUMERIC = re.compile(r"int|float|duration")
_LEFT_OUT = re.compile(
    r"sys/(seal|step-down|rotate|rotate/keyring|rotate/root|namespaces/api-lock/.*)"
    r"|auth/token/(revoke-self|tidy)|auth/\w+/tidy/.*|sys/leases/tidy"
)
"""What would end the server or its keys, or works for itself and takes nothing from the client."""

_DEAR = re.compile(r"transit/(datakeys|derivedkeys)/.*: (count|key_index_.*|all numbers)")
"""Values that may cost as much as they do: as many keys are made as were asked for."""

Content: TypeAlias = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a hostile value goes in a request."""

    name: str
    """``POST transit/encrypt/k: plaintext``."""
    method: str
    path: str
    """Below ``/v1/``; ``{}`` is where a value goes that belongs into the path or the query."""
    content: Content | None = None
    """Makes the body around a value that is JSON; None for one in the path or the query."""
    public: bool = False
    """Whether it is asked without a token."""
    tidy: str = ""
    """The path to delete after a success, so that the next request makes the thing anew."""
    content_type: str = "application/json"
    numeric: bool = False
    """Whether a number is wanted."""
    repeats: int = 1
    """In how many fields the value goes."""


def tables() -> list[tuple[str, tuple[Row[Any], ...]]]:
    """Each mount's path and its routes."""
    found: list[tuple[str, tuple[Row[Any], ...]]] = [
        ("sys/", SYSTEM.routes),
        ("identity/", IDENTITY.routes),
        ("cubbyhole/", CUBBYHOLE.routes),
    ]
    for group, prefix in ((plugins.AUTH_METHODS, "auth/"), (plugins.ENGINES, "")):
        found += [(f"{prefix}{name}/", plugins.load(group, name).routes) for name in plugins.names(group)]
    return found


def body_places(given: Mapping[str, Any]) -> Iterator[Place]:
    """Every field of every body, of batch items and of a stream's lines too."""
    seen: set[object] = set()
    for mount, route, path in _filled():
        if route.operation not in (Operation.UPDATE, Operation.PATCH) or _LEFT_OUT.fullmatch(path):
            continue
        names = _fields(route)
        item = [] if route.item is None else [field.encode_name for field in msgspec.structs.fields(route.item)]
        yield from _together(mount, route, path, given)
        for field in item or names:
            what = route.handler, field, path.rpartition("/")[2]
            if what in seen or _DEAR.fullmatch(f"{path}: {field}"):
                continue
            seen.add(what)
            others = {name: given[name] for name in item or names if name in given and name != field}
            yield _place(mount, route, path, field, _around([field], others, lines=bool(item)))
            if "batch_input" in names and field != "batch_input":
                yield _place(mount, route, path, f"batch_input.{field}", _in_batch(field, others))


def _together(mount: str, route: Row[Any], path: str, given: Mapping[str, Any]) -> Iterator[Place]:
    """The same in all fields, and in all those for numbers: what no field does alone, two may do together."""
    for what, names in (("all fields", _fields(route)), ("all numbers", _numeric(route))):
        if len(names) > 1 and not _DEAR.fullmatch(f"{path}: {what}"):
            others = {name: given[name] for name in _fields(route) if name in given and name not in names}
            place = _place(mount, route, path, what, _around(names, others, lines=False))
            yield replace(place, repeats=len(names), numeric=what == "all numbers")


def _place(mount: str, route: Row[Any], path: str, field: str, content: Content) -> Place:
    method = METHODS[route.operation]
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    kind = "application/x-ndjson" if route.item is not None else kind
    tidy = path if path.endswith(f"/{_NEW}") else ""
    public = route.access in (Access.PUBLIC, Access.OPEN)
    numeric = field in _numeric(route)
    return Place(f"{method} {path}: {field}", method, path, content, public, tidy, kind, numeric)


def query_places() -> Iterator[Place]:
    """Every field that comes in a query, and every part of a path that a name goes into."""
    seen: set[object] = set()
    for _, route, path in _filled():
        if _LEFT_OUT.fullmatch(path):
            continue
        method, public = METHODS[route.operation], route.access in (Access.PUBLIC, Access.OPEN)
        if route.operation not in (Operation.UPDATE, Operation.PATCH):
            for field in _fields(route):
                if (route.handler, field) not in seen:
                    seen.add((route.handler, field))
                    yield Place(f"{method} {path}: ?{field}", method, f"{path}?{field}={{}}", None, public)
    for mount, routes in tables():
        for route in routes:
            for name in parameters(route.path):
                if (mount, route.path, name) not in seen and not _LEFT_OUT.fullmatch(mount + route.path):
                    seen.add((mount, route.path, name))
                    method, public = METHODS[route.operation], route.access in (Access.PUBLIC, Access.OPEN)
                    pattern = mount + re.sub(rf"\{{{name}(:\w+)?\}}", "\0", route.path)
                    path = re.sub(r"\{[^}]*\}", "k", pattern).replace("\0", "{}")
                    yield Place(f"{method} {mount}{route.path}: {name}", method, path, None, public)


def _filled() -> Iterator[tuple[str, Row[Any], str]]:
    """Each mount and route with the paths that have names in them."""
    for mount, routes in tables():
        removable = {route.path for route in routes if route.operation is Operation.DELETE}
        for route in routes:
            pattern = re.sub(r"\{[^}]*\}", "k", mount + route.path)
            special = next((names for known, names in NAMES if re.search(known, pattern)), ("k",))
            if route.operation is Operation.UPDATE and route.path in removable:
                special = (*special, _NEW)
            for name in dict.fromkeys(special if "{" in route.path else ("",)):
                yield mount, route, mount + re.sub(r"\{[^}]*\}", name, route.path)


def _fields(route: Row[Any]) -> list[str]:
    in_path = set(parameters(route.path))
    return [field.encode_name for field in msgspec.structs.fields(route.body) if field.encode_name not in in_path]


def _numeric(route: Row[Any]) -> list[str]:
    fields = msgspec.structs.fields(route.body)
    return [field.encode_name for field in fields if _NUMERIC.search(kind_of(field.type))]


def _around(fields: Sequence[str], others: Mapping[str, Any], *, lines: bool) -> Content:
    rest = [b"%s:%s" % (json.dumps(name).encode(), json.dumps(value).encode()) for name, value in others.items()]
    names = [json.dumps(field).encode() for field in fields]
    end = b"\n" if lines else b""
    return lambda value: b"{" + b",".join([*rest, *(b"%s:%s" % (name, value) for name in names)]) + b"}" + end


def _in_batch(field: str, others: Mapping[str, Any]) -> Content:
    inner = _around([field], others, lines=False)
    return lambda value: b'{"batch_input":[%s]}' % inner(value)
