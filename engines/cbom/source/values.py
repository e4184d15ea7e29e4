"""Values that an expression may have when the program runs, as far as the source tells.

An expression has a set of them (``Values``): one for each way through the program. ``UNKNOWN`` in a set stands for all
that isn't followed. Values with a state (buffers, objects) are shared and changed, as they are in the program.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeAlias

from engines.cbom.source.program import Assign, Constant, Function, Name
from engines.cbom.source.program import Class as ClassNode

MAX_VALUES = 8
"""The most values of one expression; more become unknown besides."""

MAX_ITEMS = 256
"""The most elements of a list or dictionary that are followed; a longer list is constant data or unknown."""

CONSTANT = "constant"
"""Data that are the same in every run."""

RANDOM = "random"
"""Data of a generator that is fit for cryptography."""

WEAK_RANDOM = "weak-random"
"""Data of a generator that isn't."""

DERIVED = "derived"
"""Data that a function of cryptography made: a digest, a derived key, a ciphertext."""

CLOCK = "clock"
"""Numbers of a clock, which can be guessed."""

TEXT = "java.lang.String"
"""A library's type that tells nothing of its objects: they have the methods of any text."""


@dataclass(slots=True, eq=False)
class Unknown:
    """A value that isn't followed."""


@dataclass(slots=True, eq=False)
class Known:
    """A constant. Texts and bytes of the program stay what they are."""

    value: Constant
    place: Any = None
    """Where it is written, if it is an element of a list there."""


@dataclass(frozen=True, slots=True)
class Partial:
    """A text of which only the beginning and the end are known: ``aes-${bits}-gcm``."""

    beginning: str
    end: str = ""


@dataclass(slots=True, eq=False)
class Data:
    """Bytes or a number whose origin is known, but not the content. A buffer may be filled later."""

    origin: str
    size: int | None = None
    """The length in bytes, if known."""

    made: Any = None
    """What is to be reported of the weak generator that made them, once they turn out to be a secret."""

    loops: int = 0
    """The number of loops around the place where they were made."""

    born: int = 0
    """The number of calls that the evaluator had run when they were made."""

    in_bytes: bool = False
    """Whether they are bytes, which are a secret in a variable that is called a key."""

    part: Data | None = None
    """The part of them that was cut off last."""

    blank: bool = False
    """Whether they are zeros as long as they are constant."""


@dataclass(slots=True, eq=False)
class Ref:
    """A thing of a library or of the language by its full name, ``hashlib.new``."""

    path: str
    place: Any = None
    """Where a function is written that isn't called there."""


@dataclass(slots=True, eq=False)
class Thing:
    """An object of a library's type, and what is known of it by the names of facts: ``algorithm``, ``mode`` ..."""

    type: str
    facts: dict[str, Values]
    untaken: Any = None
    """What is to be reported if no call of a library takes it."""

    seeded: Any = None
    """What is to be reported of a generator's seed, once what it makes turns out to be a secret."""

    made: Any = None
    """What was reported of the call that made it."""


@dataclass(slots=True, eq=False)
class Method:
    """A method of a value that isn't the program's own."""

    receiver: Value
    name: str


@dataclass(slots=True, eq=False)
class Closure:
    """A function of the program, with the scope that it was made in, and its receiver once bound."""

    function: Function
    scope: Any
    owner: Class | None = None
    receiver: Value | None = None


@dataclass(slots=True, eq=False)
class Class:
    """A class of the program."""

    node: ClassNode
    scope: Any
    members: dict[str, Values]
    bases: list[Value]
    sample: Instance | None = None
    """The object that methods belong to when they are run without a known one."""

    literals: dict[str, Values] = field(default_factory=dict)
    """What literals of the program give to its fields: any of them may be the object of a method."""

    heirs: list[Class] = field(default_factory=list)
    """Classes that inherit from it directly."""

    accepts_all: bool = False
    """Whether its objects let everything pass where a library expects them to check something."""

    def field_names(self) -> list[str]:
        """The names of its fields in the order in which literals give their values."""
        return [
            each.target.name for each in self.node.body if isinstance(each, Assign) and isinstance(each.target, Name)
        ]


@dataclass(slots=True, eq=False)
class Instance:
    """An object of a class of the program."""

    of: Class
    fields: dict[str, Values]


@dataclass(slots=True, eq=False)
class Super:
    """Members that an object has from the classes above ``owner``, the class of the method that runs."""

    owner: Class
    receiver: Value


@dataclass(slots=True, eq=False)
class File:
    """A file of the program, or a folder of them, as a namespace."""

    scope: Any


@dataclass(slots=True, eq=False)
class Array:
    """A list, tuple or array."""

    items: list[Values]


@dataclass(slots=True, eq=False)
class Table:
    """A dictionary or object literal. ``open`` tells that it may have other pairs too."""

    entries: dict[Constant, Values]
    open: bool = False

    def take(self, other: Table) -> None:
        """Take over the pairs of ``other``, or be open to them where they become too many."""
        if len(self.entries) + len(other.entries) <= MAX_ITEMS:
            self.entries.update(other.entries)
            self.open |= other.open
        else:
            self.open = True


@dataclass(slots=True, eq=False)
class Bound:
    """A function with its first arguments: partial application."""

    function: Values
    args: list[Values]
    keywords: dict[str, Values]


_Content: TypeAlias = Unknown | Known | Partial | Data | Array | Table
Value: TypeAlias = _Content | Ref | Thing | Method | Closure | Class | Instance | Super | File | Bound
Values: TypeAlias = tuple[Value, ...]

UNKNOWN: Values = (Unknown(),)
"""What isn't followed. ``is UNKNOWN`` tells a call of which nothing is known from one whose result isn't."""

_JOINED_UNKNOWN: Values = (UNKNOWN[0],)
NOTHING: Values = ()
"""The value of what is absent, such as an argument that isn't given."""


def known(value: Constant) -> Values:
    """The one constant ``value``."""
    return (Known(value),)


def union(sets: Iterable[Values]) -> Values:
    """All values of ``sets``, each once."""
    parts = [values for values in sets if values]
    if not parts:
        return NOTHING
    if len(parts) == 1 and len(parts[0]) == 1:  # Most are of this kind.
        return _JOINED_UNKNOWN if parts[0] is UNKNOWN else parts[0]
    found: dict[Any, Value] = {}
    for values in parts:
        for value in values:
            kind = type(value)
            if kind is Unknown:
                found[Unknown] = value
            elif kind is Known:
                found[type(value.value), value.value] = value  # type: ignore[union-attr]
            elif kind is Ref:
                found[value.path, value.place] = value  # type: ignore[union-attr]
            else:
                found[id(value)] = value
    result = tuple(found.values())
    return result if len(result) <= MAX_VALUES else (*result[: MAX_VALUES - 1], UNKNOWN[0])


def listed(items: list[Values]) -> Values:
    """A list of ``items``; where they are too many, only whether they are constant."""
    if len(items) <= MAX_ITEMS:
        return (Array(items),)
    static = all(len(item) == 1 and type(item[0]) is Known for item in items)
    return (Data(CONSTANT, len(items)),) if static else UNKNOWN


def constants(values: Values) -> list[Constant]:
    """The constants among ``values``."""
    return [value.value for value in values if type(value) is Known]


def sole(values: Values) -> Constant:
    """The constant that ``values`` is; None if it isn't one alone."""
    return values[0].value if len(values) == 1 and type(values[0]) is Known else None


_MAX_PARTS = 256
"""The most elements of an array that are looked at."""


def weak_among(parts: Iterable[Values]) -> tuple[Data, ...]:
    """The data of a weak generator among the parts of a text, for which the whole stands; NOTHING if there are none."""
    return tuple(islice(_weak_in(parts), 1))


def _weak_in(parts: Iterable[Values], depth: int = 0) -> Iterator[Data]:
    for values in parts:
        for value in values:
            if type(value) is Data and value.origin == WEAK_RANDOM:
                yield value
            elif type(value) is Array and depth < 1:
                yield from _weak_in(value.items[:_MAX_PARTS], depth + 1)


def is_static(value: Value) -> bool:
    """Whether ``value`` is the same data in every run: a key or nonce that stands in the program."""
    if type(value) is Known:
        return (
            isinstance(value.value, str | bytes | int)
            and not isinstance(value.value, bool)
            and value.value not in ("", b"")
        )
    if type(value) is Array:
        return bool(value.items) and all(any(is_static(one) for one in item) for item in value.items)
    return type(value) is Data and value.origin == CONSTANT and value.size != 0


def is_blank(value: Value) -> bool:
    """Whether ``value`` is zeros alone."""
    if type(value) is Data:
        return value.blank
    content = value.value if type(value) is Known else None
    if isinstance(content, str):
        return not content.strip("\0")
    return isinstance(content, bytes) and not content.strip(b"\0")


def size_of(value: Value) -> int | None:
    """The length of data in bytes, if known."""
    if type(value) is Known and isinstance(value.value, str | bytes):
        return len(value.value)
    if type(value) is Array:
        numbers = all(type(each) is Known and isinstance(each.value, int) for item in value.items for each in item)
        return len(value.items) if numbers else None
    return value.size if type(value) is Data else None
