"""docs/transit.md documents every path and every parameter of transit, and nothing that isn't there."""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
import pytest
from msgspec import NODEFAULT, UNSET, UnsetType

from engines import batch_items
from engines.algorithms.base import Algorithm, Fips
from engines.algorithms.key_types import KEY_TYPES
from engines.base import Operation, Route
from engines.fields import KIND
from engines.transit.engine import ROUTES

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/transit.md").read_text(encoding="utf-8")

VERBS = {Operation.READ: "GET", Operation.LIST: "LIST", Operation.UPDATE: "POST", Operation.DELETE: "DELETE"}
_TYPES: dict[object, str] = {str: "text", int: "number", bool: "bool", Any: "list", dict[str, str]: "object"}
_ROUTE = re.compile(r"^`((?:GET|LIST|POST|DELETE) [^`]+)`\\?$", re.MULTILINE)
_ERROR = re.compile(r"^\| (?:`` (.+?) ``|`(.+?)`|\(none\)) \| ([^|]+) \| [^|]*\|$", re.MULTILINE)
_STATUSES = re.compile(r"[45]\d\d")
_TELLING_CHARACTERS = 8
"""A text that is nearly all gaps would pass for any other."""

_ITEMS = {
    "Items of encrypt": batch_items.EncryptItem,
    "Items of decrypt": batch_items.DecryptItem,
    "Items of rewrap": batch_items.RewrapItem,
    "Items of hmac, cmac, sign and verify": batch_items.InputItem,
}


def plain_path(path: str) -> str:
    """A route's path without the kinds of its parameters."""
    return re.sub(r"\{(\w+):\w+\}", r"{\1}", path)


def _named(route: Route) -> str:
    return f"{VERBS[route.operation]} {plain_path(route.path)}"


def _kind(annotation: Any) -> str:
    """The type of a parameter in the words of the document."""
    if get_origin(annotation) in (Union, types.UnionType):
        (annotation,) = (choice for choice in get_args(annotation) if choice is not UnsetType)
    if get_origin(annotation) is Annotated:
        annotation, meta = get_args(annotation)
        if (meta.extra or {}).get(KIND) == "duration":
            return "duration"
    return _TYPES[annotation]


def _default(value: Any) -> str:
    if value is NODEFAULT:
        return "required"
    if value is UNSET:
        return "unset"
    return f"`{value}`" if isinstance(value, str) and value else f"`{msgspec.json.encode(value).decode()}`"


def parameter_rows(routes: Iterable[Route]) -> list[tuple[str, str, str]]:
    """Name, type and default of all parameters that any of ``routes`` has."""
    routes = list(routes)
    in_all = set.intersection(*(set(re.findall(r"\{(\w+)", route.path)) for route in routes))
    rows: dict[str, tuple[str, str, str]] = {}
    for route in routes:
        for known in msgspec.structs.fields(route.body):
            default = "in the path" if known.name in in_all else _default(known.default)
            rows[known.name] = (known.name, _kind(known.type), default)
    return list(rows.values())


def item_rows(item: Any) -> list[tuple[str, str, str]]:
    """Name, type and default of the fields of a batch's item."""
    return [(known.name, _kind(known.type), _default(known.default)) for known in msgspec.structs.fields(item)]


def algorithm_rows() -> list[tuple[str, ...]]:
    """What the document tells of each key type."""
    fips = {Fips.APPROVED: "approved", Fips.NOT_APPROVED: "not approved", Fips.LEGACY: "legacy"}
    return [
        (
            f"`{key_type}`",
            _standards(rows),
            *("yes" if able else "" for able in (row.encrypts, row.signs, row.derivable, row.convergent)),
            fips[row.fips],
        )
        for key_type, rows in KEY_TYPES.items()
        for row in rows[:1]
    ]


def _standards(rows: list[Algorithm]) -> str:
    """The standards of all rows of a key type."""
    if len(rows) == 1:
        return rows[0].standard
    return ", ".join(dict.fromkeys(standard for row in rows for standard in row.standard.split(", ")))


def _sections(level: str) -> dict[str, str]:
    parts = re.split(rf"^{level} (.*)$", DOCUMENT, flags=re.MULTILINE)
    return {
        title: re.split(r"^##", text, flags=re.MULTILINE)[0]
        for title, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def _cells(text: str, header: str) -> Iterator[list[str]]:
    """The rows of the table whose header begins with ``header``."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(f"| {header} |"):
            next(lines)
            for row in lines:
                if not row.startswith("|"):
                    return
                yield [cell.strip() for cell in row.strip("|").split(" | ")]


SECTIONS = {title: text for title, text in _sections("###").items() if _ROUTE.search(text)}


def test_every_path_is_documented_once() -> None:
    documented = [route for text in SECTIONS.values() for route in _ROUTE.findall(text)]
    assert sorted(documented) == sorted(_named(route) for route in ROUTES)
    assert sorted(_ROUTE.findall(DOCUMENT)) == sorted(documented), "a section stands there twice"


@pytest.mark.parametrize("title", SECTIONS)
def test_every_parameter_is_documented(title: str) -> None:
    text = SECTIONS[title]
    documented = _ROUTE.findall(text)
    expected = parameter_rows([route for route in ROUTES if _named(route) in documented])
    found = [(name.strip("`"), kind, default) for name, kind, default, *_ in _cells(text, "parameter")]
    assert found == expected
    assert all(len(cells) == 4 and len(cells[3]) > 2 for cells in _cells(text, "parameter"))
    assert "Answer: " in text


@pytest.mark.parametrize("title", _ITEMS)
def test_every_field_of_a_batch_is_documented(title: str) -> None:
    found = [(name.strip("`"), kind, default) for name, kind, default, *_ in _cells(_sections("####")[title], "field")]
    assert found == item_rows(_ITEMS[title])


def test_every_key_type_is_documented() -> None:
    assert [tuple(cells) for cells in _cells(_sections("##")["Key types"], "type")] == algorithm_rows()


def _texts() -> Iterator[re.Pattern[str]]:
    """What the engine can say: its literals, with anything in the gaps of those that have any, but no docstrings."""
    for path in (ROOT / "engines").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if id(node) in told:
                continue
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield re.compile(re.escape(node.value))
            elif isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
                if sum(len(part) for part in parts if isinstance(part, str)) >= _TELLING_CHARACTERS:
                    yield re.compile("".join(re.escape(part) if isinstance(part, str) else ".+" for part in parts))


def _said(message: str, texts: Iterable[re.Pattern[str]]) -> bool:
    whole = message.replace("\\x00", "\x00")
    if whole.endswith("…"):
        start = re.escape(whole.removesuffix("…").rstrip())
        return any(text.pattern.startswith(start) for text in texts)
    return any(text.fullmatch(whole) for text in texts)


def test_documented_errors_are_in_the_code() -> None:
    texts = list(_texts())
    rows = [match for text in SECTIONS.values() for match in _ERROR.finditer(text)]
    assert len(rows) > 100
    assert [match[0] for match in rows if not _STATUSES.search(match[3])] == []
    messages = {match[1] or match[2] for match in rows if match[1] or match[2]}
    assert sorted(message for message in messages if not _said(message, texts)) == []
