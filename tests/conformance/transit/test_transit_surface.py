"""Transit has every path and every parameter that the running OpenBao documents, and the scenarios ask for each.

The lists are read from both servers' OpenAPI documents, so that a new version of OpenBao shows what it has added.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.conformance.catalogue import SCENARIOS
from tests.conformance.pair import Pair, Side, subject
from tests.conformance.steps import Step
from tests.conformance.wire import Answer

LEAST_STEPS = 400

_MOUNT = "surface"
_IN_PATH = "path"
_METHODS = {"GET": "get", "LIST": "get", "POST": "post", "PUT": "post", "DELETE": "delete"}
_NAME = re.compile(r"\{(\w+)\}")

Surface = dict[str, dict[str, str]]
"""Method and path, parameters of the path as ``{}`` -> the parameters, and the JSON type of each."""


@pytest.fixture(scope="module")
def surfaces(shared_pair: Pair) -> Iterator[tuple[Surface, Surface]]:
    """What OpenBao documents of a mount, and what we do."""
    if missing := subject().missing():
        pytest.skip(missing)
    sides = (shared_pair.openbao, shared_pair.subject)
    for side in sides:
        assert _ask(side, "POST", f"sys/mounts/{_MOUNT}", b'{"type": "transit"}').status == 204
    yield _surface(sides[0]), _surface(sides[1])
    for side in sides:
        assert _ask(side, "DELETE", f"sys/mounts/{_MOUNT}").status == 204


def test_every_path_and_parameter_is_there(surfaces: tuple[Surface, Surface]) -> None:
    theirs, ours = surfaces
    assert len(theirs) > 40
    assert sorted(theirs.keys() - ours.keys()) == []
    missing = {(path, name) for path, fields in theirs.items() for name in fields if name not in ours[path]}
    assert missing == set()
    differing = {
        (path, name): (kind, ours[path][name])
        for path, fields in theirs.items()
        for name, kind in fields.items()
        if _IN_PATH not in (kind, ours[path].get(name, _IN_PATH)) and kind != ours[path][name]
    }
    assert differing == {}


def test_every_path_is_asked_for_well_and_badly(surfaces: tuple[Surface, Surface]) -> None:
    theirs, _ = surfaces
    answered = [(place, step.status < 300) for step in _steps() for place in _places(step, theirs)]
    assert [place for place in theirs if (place, True) not in answered] == []
    assert [place for place in theirs if (place, False) not in answered] == []


def test_every_parameter_is_sent(surfaces: tuple[Surface, Surface]) -> None:
    theirs, _ = surfaces
    sent = {(place, name) for step in _steps() for place in _places(step, theirs) for name in _sent(step)}
    in_path = {(place, name) for place, fields in theirs.items() for name, kind in fields.items() if kind == _IN_PATH}
    every = {(place, name) for place, fields in theirs.items() for name in fields}
    assert sorted(every - sent - in_path) == []


def test_there_are_many_steps() -> None:
    assert len(list(_steps())) >= LEAST_STEPS


def _steps() -> Iterator[Step]:
    for scenario in SCENARIOS:
        if scenario.engine == "transit":
            yield from scenario.steps


def _places(step: Step, surface: Surface) -> list[str]:
    """The path that serves ``step``: of those that match, the one that leaves least open."""
    prefix = "/v1/{m}/"
    if not step.path.startswith(prefix) or step.method not in _METHODS:
        return []
    path = step.path.removeprefix(prefix).partition("?")[0].rstrip("/")
    asked = f"{_METHODS[step.method]} {path}"
    found = [place for place in surface if re.fullmatch(re.escape(place).replace(r"\{\}", "[^/]+"), asked)]
    return sorted(found, key=lambda place: place.count("{}"))[:1]


def _sent(step: Step) -> set[str]:
    query = step.path.partition("?")[2]
    names = {part.partition("=")[0] for part in query.split("&") if part}
    if step.method == "LIST":
        names.add("list")
    return names | (set(step.body) if isinstance(step.body, Mapping) else set())


def _surface(side: Side) -> Surface:
    document = json.loads(_ask(side, "GET", "sys/internal/specs/openapi").body)
    surface: Surface = {}
    for path, item in document["paths"].items():
        if not path.startswith(f"/{_MOUNT}/"):
            continue
        shape = _NAME.sub("{}", path.removeprefix(f"/{_MOUNT}/")).rstrip("/")
        for method in ("get", "post", "delete"):
            if method in item:
                # OpenBao documents some paths twice, once for each name of a parameter that takes the same place.
                surface.setdefault(f"{method} {shape}", {}).update(_parameters(document, item, item[method]))
    return surface


def _parameters(document: Mapping[str, Any], item: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        name = content["schema"]["$ref"].rpartition("/")[2]
        fields = document["components"]["schemas"][name].get("properties", {})
        found.update({name: schema.get("type", "any") for name, schema in fields.items()})
    for parameter in (*item.get("parameters", ()), *operation.get("parameters", ())):
        found[parameter["name"]] = _IN_PATH if parameter["in"] == "path" else parameter["schema"]["type"]
    return found


def _ask(side: Side, method: str, path: str, body: bytes | None = None) -> Answer:
    return side.wire.send(method, f"/v1/{path}", {"X-Vault-Token": side.root_token}, body)
