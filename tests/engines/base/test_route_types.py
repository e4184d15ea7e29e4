"""Rows of route tables are checked by mypy: a row that it has to refuse is one whose ``type: ignore`` it needs.

``warn_unused_ignores``, which is part of ``strict``, turns each of them into an error once it isn't needed any more.
"""

from __future__ import annotations

from engines.base import Body, Call, EngineType, Mount, Operation, Reply, Route, Row
from engines.base.routing import route_table


class Ours:
    """The state of one engine."""

    def __init__(self, mount: Mount) -> None: ...


class Theirs:
    """That of another."""

    def __init__(self, mount: Mount) -> None: ...


class Name(Body):
    """A body."""

    name: str = ""


class NameAndSize(Name):
    """As ``Name``, and more."""

    size: int = 0


class Size(Body):
    """Another body."""

    size: int = 0


async def by_name(state: Ours, call: Call, body: Name) -> Reply | None:
    return None


async def by_any(state: object, call: Call, body: Name) -> None:
    return None


async def of_theirs(state: Theirs, call: Call, body: Name) -> None:
    return None


async def there(state: Ours, call: Call, body: Name) -> bool:
    return True


async def large(state: Ours, call: Call, body: Size) -> bool:
    return True


READ, UPDATE = Operation.READ, Operation.UPDATE

RIGHT: tuple[Row[Ours], ...] = (
    Route(READ, "name", by_name, Name, "Takes its body."),
    Route(READ, "more", by_name, NameAndSize, "Takes a body with more fields."),
    Route(READ, "any", by_any, Name, "Takes any state."),
    Route(UPDATE, "exists", by_name, NameAndSize, "Tells creation from update.", exists=there),
    *(Route(READ, path, by_name, Name, "One of several.") for path in ("a", "b")),
)

WRONG: tuple[Row[Ours], ...] = (
    Route(READ, "body", by_name, Size, "Another body."),  # type: ignore[arg-type]
    Route(READ, "state", of_theirs, Name, "Another engine's."),  # type: ignore[arg-type]
    Route(UPDATE, "exists", by_name, Name, "Another body to tell it by.", exists=large),  # type: ignore[arg-type]
    *(Route(READ, path, by_name, Size, "One of several.") for path in ("a", "b")),  # type: ignore[arg-type]
)

OURS = EngineType(type="ours", summary="An engine", routes=RIGHT, open=Ours)
OTHERS_TABLE = EngineType(type="ours", summary="An engine", routes=RIGHT, open=Theirs)  # type: ignore[misc]


def test_a_table_is_compiled_once() -> None:
    table = route_table(OURS)
    assert [served.pattern for served in table.endpoints] == ["a", "any", "b", "exists", "more", "name"]
    assert route_table(OURS) is table
    assert route_table(OTHERS_TABLE) is not table
