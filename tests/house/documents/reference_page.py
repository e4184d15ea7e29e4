"""Reading the reference page of an engine: what it documents, and what the engine's tables and texts say.

A page has a section for each path, or for paths that belong together, under a heading of the third level: the routes,
a table of parameters, the answer, and a table of errors.
"""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, UNSET, UnsetType
from msgspec.structs import FieldInfo

from engines.base import Operation, Row, meanings
from engines.fields import BATCH, KIND
from tests.house.sources import ROOT, sources_below, tree_of

VERBS = {Operation.READ: "GET", Operation.LIST: "LIST", Operation.UPDATE: "POST", Operation.DELETE: "DELETE"}
_TYPES: dict[object, str] = {str: "text", int: "number", bool: "bool", list[str]: "list", dict[str, str]: "object"}
ROUTE = re.compile(r"^`((?:GET|LIST|POST|DELETE) [^`]+)`\\?$", re.MULTILINE)
ERROR = re.compile(r"^\| (?:`` (.+?) ``|`(.+?)`|\(none\)) \| ([^|]+) \| [^|]*\|$", re.MULTILINE)
STATUSES = re.compile(r"[45]\d\d")
_TELLING_CHARACTERS = 8
"""A text that is nearly all gaps would pass for any other."""


def plain_path(path: str) -> str:
    """A route's path without the kinds of its parameters."""
    return re.sub(r"\{(\w+):\w+\}", r"{\1}", path)


def named(route: Row[Any]) -> str:
    """A route as a page names it: its verb and its path."""
    return f"{VERBS[route.operation]} {plain_path(route.path)}"


def _kind(annotation: Any) -> str:
    """The type of a parameter in the words of the document."""
    if annotation is Any:
        return "object"
    if get_origin(annotation) in (Union, types.UnionType):
        (annotation,) = (choice for choice in get_args(annotation) if choice is not UnsetType)
    if get_origin(annotation) is Annotated:
        annotation, meta = get_args(annotation)
        if (meta.extra or {}).get(KIND) == "duration":
            return "duration"
        if (meta.extra or {}).get(KIND) in ("comma_list", BATCH):
            return "list"
    return _TYPES[annotation]


def _default(known: FieldInfo) -> str:
    value = known.default if known.default_factory is NODEFAULT else known.default_factory()
    if value is NODEFAULT:
        return "required"
    if value is UNSET:
        return "unset"
    return f"`{value}`" if isinstance(value, str) and value else f"`{msgspec.json.encode(value).decode()}`"


def parameter_rows(routes: Iterable[Row[Any]]) -> list[tuple[str, str, str, str]]:
    """Name, type, default and meaning of all parameters that any of ``routes`` has."""
    routes = list(routes)
    in_all = set.intersection(*(set(re.findall(r"\{(\w+)", route.path)) for route in routes))
    rows: dict[str, tuple[str, str, str, str]] = {}
    for route in routes:
        told = meanings(route.body)
        for known in msgspec.structs.fields(route.body):
            default = "in the path" if known.name in in_all else _default(known)
            rows[known.name] = (known.name, _kind(known.type), default, told[known.name])
    return list(rows.values())


def item_rows(item: Any) -> list[tuple[str, str, str, str]]:
    """Name, type, default and meaning of the fields of a batch's item."""
    told = meanings(item)
    return [
        (known.name, _kind(known.type), _default(known), told[known.name]) for known in msgspec.structs.fields(item)
    ]


class Page:
    """The reference page of one engine."""

    def __init__(self, path: str, routes: Iterable[Row[Any]]) -> None:
        self.path = path
        self.text = (ROOT / path).read_text(encoding="utf-8")
        self.routes = tuple(routes)
        self.sections = {title: text for title, text in self.parts("###").items() if ROUTE.search(text)}
        """Those that document paths, by their titles."""

    def parts(self, level: str) -> dict[str, str]:
        """What stands under each heading of ``level`` (``##``), up to the next heading."""
        parts = re.split(rf"^{level} (.*)$", self.text, flags=re.MULTILINE)
        return {
            title: re.split(r"^##", text, flags=re.MULTILINE)[0]
            for title, text in zip(parts[1::2], parts[2::2], strict=True)
        }

    def check_paths(self) -> None:
        """Every path is documented once, and no other."""
        documented = [route for text in self.sections.values() for route in ROUTE.findall(text)]
        assert sorted(documented) == sorted(named(route) for route in self.routes)
        assert sorted(ROUTE.findall(self.text)) == sorted(documented), "a section stands there twice"

    def check_parameters(self, title: str) -> None:
        """The section ``title`` has every parameter of its paths, as the code tells it, and says what is answered."""
        text = self.sections[title]
        assert list(_rows(text, "parameter")) == self.rows_of(text)
        assert "Answer: " in text
        self._check_references(text)

    def rows_of(self, text: str) -> list[tuple[str, str, str, str]]:
        """The table of parameters of a section, as the code tells it."""
        documented = ROUTE.findall(text)
        return parameter_rows([route for route in self.routes if named(route) in documented])

    def check_items(self, title: str, item: Any) -> None:
        """The section ``title`` has every field of a batch's item."""
        text = self.parts("####")[title]
        assert list(_rows(text, "field")) == item_rows(item)
        self._check_references(text)

    def _check_references(self, text: str) -> None:
        """What tables refer to (``[Batches]``) is defined on the page."""
        defined = re.findall(r"^\[(.+)\]: ", self.text, re.MULTILINE)
        assert set(re.findall(r"\[([^\]]+)\](?!\()", text)) <= {*defined, "..."}

    def with_tables(self, items: Mapping[str, Any]) -> str:
        """The page with all tables of parameters and of ``items`` as the code tells them."""
        text = self.text
        for section in self.sections.values():
            text = text.replace(section, _with_table(section, "parameter", self.rows_of(section)))
        for title, item in items.items():
            section = self.parts("####")[title]
            text = text.replace(section, _with_table(section, "field", item_rows(item)))
        return text

    def check_errors(self, at_least: int) -> None:
        """Every error has a status, and stands in the code."""
        texts = _texts()
        rows = [match for text in self.sections.values() for match in ERROR.finditer(text)]
        assert len(rows) >= at_least
        assert [match[0] for match in rows if not STATUSES.search(match[3])] == []
        messages = {match[1] or match[2] for match in rows if match[1] or match[2]}
        assert sorted(message for message in messages if not _said(message, texts)) == []


def _rows(text: str, header: str) -> Iterator[tuple[str, ...]]:
    for name, *others in cells(text, header):
        yield name.strip("`"), *others


def _with_table(text: str, header: str, rows: Sequence[tuple[str, ...]]) -> str:
    """``text`` with ``rows`` in place of those of its table."""
    written = "".join(f"| `{name}` | {' | '.join(others)} |\n" for name, *others in rows)
    return re.sub(
        rf"(^\| {header} \|.*\n\|[ |-]+\n)(\|.*\n)*", lambda found: found[1] + written, text, count=1, flags=re.M
    )


def cells(text: str, header: str) -> Iterator[list[str]]:
    """The rows of the table whose header begins with ``header``."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(f"| {header} |"):
            next(lines)
            for row in lines:
                if not row.startswith("|"):
                    return
                yield [cell.strip() for cell in row.strip("|").split(" | ")]


@cache
def _texts() -> tuple[re.Pattern[str], ...]:
    """What the engines can say: their literals, with anything in the gaps of those that have any, but no docstrings."""
    return tuple(_literals())


def _literals() -> Iterator[re.Pattern[str]]:
    for path in sources_below("engines"):
        tree = tree_of(path)
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
