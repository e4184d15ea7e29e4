"""The tree that HCL 1 and its JSON form are read into, and the one error of the readers.

The tree keeps order, repetitions and positions. It has no back references, so the garbage collector need not track it
(``gc=False``): a policy may have a hundred thousand nodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from msgspec import Struct

MAX_DEPTH = 32
"""The deepest nesting of objects and lists."""


class Position(Struct, frozen=True, gc=False):
    """Line and column in the text, both from 1; columns count characters."""

    line: int
    column: int


class HclError(ValueError):
    """The text is not HCL; ``str()`` names the position as Vault's tools do."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(f"At {line}:{column}: {message}")
        self.message = message
        self.line = line
        self.column = column


Value: TypeAlias = "Scalar | Sequence | Body"


class Scalar(Struct, frozen=True, gc=False):
    """A string, number, boolean, or (in JSON alone) null."""

    value: str | int | float | bool | None
    position: Position


class Sequence(Struct, frozen=True, gc=False):
    """A list."""

    items: tuple[Value, ...]
    position: Position


class Attribute(Struct, frozen=True, gc=False):
    """``name = value``; in JSON every member of an object."""

    name: str
    value: Value
    position: Position


class Block(Struct, frozen=True, gc=False):
    """``name "label" ... {...}``, with any number of labels."""

    name: str
    labels: tuple[str, ...]
    body: Body
    position: Position


class Body(Struct, frozen=True, gc=False):
    """The items between braces, or of the whole document."""

    items: tuple[Attribute | Block, ...]
    position: Position

    def blocks(self, name: str, labels: int) -> Iterator[Block]:
        """Every block of ``name`` with that many labels, however it is written, in order.

        Raises ``HclError`` for what bears the name but isn't such a block.
        """
        for item in self.items:
            if item.name == name:
                value = item.body if isinstance(item, Block) else item.value
                given = item.labels if isinstance(item, Block) else ()
                yield from _labelled(name, given, value, labels, item.position)


def _labelled(name: str, given: tuple[str, ...], value: Value, wanted: int, position: Position) -> Iterator[Block]:
    """Take labels from the keys of nested objects until there are as many as wanted."""
    if isinstance(value, Sequence):
        for element in value.items:
            yield from _labelled(name, given, element, wanted, position)
    elif isinstance(value, Scalar) or len(given) > wanted:
        labels = ' "..."' * wanted
        raise HclError(f"{name}: expected a block, written as {name}{labels} {{ ... }}", position.line, position.column)
    elif len(given) == wanted:
        yield Block(name, given, value, position)
    else:
        for item in value.items:
            if isinstance(item, Block):
                yield from _labelled(name, (*given, item.name, *item.labels), item.body, wanted, item.position)
            else:
                yield from _labelled(name, (*given, item.name), item.value, wanted, item.position)


def check_depth(depth: int, position: Position) -> None:
    """Raise ``HclError`` where ``depth`` is over ``MAX_DEPTH``."""
    if depth > MAX_DEPTH:
        raise HclError(f"nested deeper than {MAX_DEPTH} levels", position.line, position.column)
