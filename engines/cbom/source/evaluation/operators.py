"""Operations on constants: folding of concatenation, arithmetic and comparison, with bounded results."""

from __future__ import annotations

import base64
import binascii
import operator
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from engines.cbom.source.program import ENUM_NAME
from engines.cbom.source.values import (
    CLOCK,
    CONSTANT,
    DERIVED,
    RANDOM,
    UNKNOWN,
    Array,
    Data,
    Instance,
    Known,
    Method,
    Partial,
    Table,
    Thing,
    Unknown,
    Value,
    Values,
    is_blank,
    known,
    listed,
    sole,
    union,
    weak_among,
)
from engines.cbom.source.values import WEAK_RANDOM as WEAK_RANDOM

MAX_TEXT = 65_536
"""The longest text or bytes that folding makes."""

APPEND = "append"
"""The operator that appends to a list of which nothing may be known (Go)."""

_UNREAD = (Unknown, Method)

MAX_TEMPLATE = 1000
"""The longest text whose places are filled."""

_MAX_NAME = 24
"""The longest known parts of a text of which another part isn't."""

_IMMUTABLE = frozenset({DERIVED, RANDOM, ""})
"""Origins of data that nothing changes later, or that aren't known anyway."""

_ALL = slice(None, None)

_PLACE = re.compile("%[sdi]")
_UNNAMED = frozenset({Unknown, Partial, Thing, Instance})
"""Kinds of values that may be any text, objects of the program's enumerations among them."""

_MAX_PAIRS = 16
_MAX_BITS = 256
_NUMERIC: dict[str, Callable[[Any, Any], Any]] = {
    "-": operator.sub,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    ">>": operator.rshift,
}
ACCEPTING = "accepting"
"""The fact of the result of a check that is the number by which it says that all is well."""

_EQUALITIES = {"==": "or", "!=": "and"}
_COMPARED = frozenset({Thing, Known})
_COMPARING: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

COMPARISONS = frozenset({"==", "!=", *_COMPARING})
"""Operators whose result tells something of their sides."""


def bounded(text: str) -> Values:
    """``text``, or constant data as long as it is where it is longer than what folding makes."""
    return known(text) if len(text) <= MAX_TEXT else (Data(CONSTANT, len(text)),)


def binary(name: str, left: Values, right: Values) -> Values:
    """The values of ``left name right``."""
    if name in ("and", "or"):
        # An empty text behind something else stands for what isn't given: ``salt || ""``.
        blank = name == "or" and left and len(right) == 1 and type(right[0]) is Known and right[0].value in ("", b"")
        return left if blank else union((left, right))
    if len(left) == 1 and len(right) == 1:
        if type(left[0]) is Unknown and type(right[0]) is Unknown:
            return union((UNKNOWN,))
        return union((_pair(name, left[0], right[0]),))
    if len(left) * len(right) > _MAX_PAIRS:
        return UNKNOWN
    return union(_pair(name, one, other) for one in left for other in right)


def _pair(name: str, left: Value, right: Value) -> Values:
    if name == APPEND:
        if type(right) is Array and type(left) in _UNREAD:
            return (Array([UNKNOWN, *right.items]),)
        name = "+"
    if name == "+":
        left, right = _text_of(left), _text_of(right)
    if name == "/" and type(right) is Known and isinstance(right.value, str):
        return _below(left, right.value)
    if name in _EQUALITIES and type(left) in _COMPARED and type(right) in _COMPARED:
        verdict, other = (left, right) if type(left) is Thing else (right, left)
        if type(verdict) is Thing and type(other) is Known and ACCEPTING in verdict.facts:
            accepts = other.value == sole(verdict.facts[ACCEPTING])
            return (Thing(verdict.type, {name: known(accepts)}),)
    if type(left) is Known and type(right) is Known:
        return _constant(name, left.value, right.value)
    if name == "|" and type(left) is Table and type(right) is Table:
        both = Table(dict(left.entries), left.open)
        both.take(right)
        return (both,)
    if name == "+" and type(left) is Array and type(right) is Array:
        return listed([*left.items, *right.items])
    if name == "%" and type(left) is Known and type(right) is Array:
        return _filled(left.value, right)
    if name == "*" and type(left) is Array and type(right) is Known and isinstance(right.value, int):
        return (Data(CONSTANT, len(left.items) * right.value),)
    if name == "*" and type(left) is Known and isinstance(left.value, str | bytes) and type(right) is not Known:
        return (Data(CONSTANT, blank=is_blank(left)),)
    if name in ("+", "-") and type(left) is Data and type(right) is Known and type(right.value) is int:
        return (left,)  # C: a pointer into a buffer.
    if name in COMPARISONS:
        return UNKNOWN  # Whether a number is greater than another one is no secret.
    origins = {_origin(left), _origin(right)}
    if name in ("+", "*", "%") and origins <= {CONSTANT, RANDOM, WEAK_RANDOM} and origins:
        sizes = [_length(left), _length(right)]
        size = _sum(sizes) if name == "+" else None
        return (Data(RANDOM if RANDOM in origins else max(origins, key=len), size, _maker(left, right)),)
    if WEAK_RANDOM in origins:
        return (Data(WEAK_RANDOM, None, _maker(left, right)),)
    if CLOCK in origins and origins <= {CLOCK, CONSTANT} and not (_is_text(left) or _is_text(right)):
        return (Data(CLOCK),)
    return _partial(left, right) if name == "+" else UNKNOWN


def _text_of(value: Value) -> Value:
    """The name of an enumeration's constant, which a text that it is joined with gets; else the value itself."""
    name = value.fields.get(ENUM_NAME) if type(value) is Instance else None
    return name[0] if name else value


def _partial(left: Value, right: Value) -> Values:
    """A short text with a part in it that isn't known."""
    begun, ends = _known_text(left), _known_text(right)
    if type(left) is Partial:
        return UNKNOWN if ends is None and type(right) is Known else (Partial(left.beginning, left.end + (ends or "")),)
    if type(right) is Partial and begun is not None:
        return (Partial(begun + right.beginning, right.end),)
    if begun and type(right) in _UNNAMED:
        return (Partial(begun),)
    return (Partial("", ends),) if ends and type(left) in _UNNAMED else UNKNOWN


def _known_text(value: Value) -> str | None:
    """A short text; None for anything else."""
    text = value.value if type(value) is Known else None
    return text if isinstance(text, str) and len(text) <= _MAX_NAME else None


def conflated(name: str, left: Values, right: Values) -> str:
    """The type of the result of a check that ``left name right`` takes for well with an error too; "" if it doesn't."""
    for equality, joining in _EQUALITIES.items():
        if name == joining:
            sides = [
                {
                    (each.type, sole(each.facts[equality]))
                    for each in side
                    if type(each) is Thing and equality in each.facts
                }
                for side in (left, right)
            ]
            for kind, accepts in sides[0]:
                if (kind, not accepts) in sides[1]:
                    return kind
    return ""


def _below(folder: Value, name: str) -> Values:
    """The path of a file in a folder, which is the name alone if the folder isn't known (Python's pathlib)."""
    return known(f"{folder.value}/{name}") if type(folder) is Known and isinstance(folder.value, str) else known(name)


def _sum(sizes: list[int | None]) -> int | None:
    """The sum of lengths; None if one isn't known, or beyond what matters."""
    known_sizes = [size for size in sizes if size is not None and size <= MAX_TEXT]
    return sum(known_sizes) if len(known_sizes) == len(sizes) else None


def _is_text(value: Value) -> bool:
    return type(value) is Known and isinstance(value.value, str)


def _origin(value: Value) -> str:
    if type(value) is Known:
        return CONSTANT
    return value.origin if type(value) is Data else ""


def _maker(*values: Value) -> Any:
    """The weak generator of which one of ``values`` is."""
    return next((value.made for value in values if type(value) is Data and value.made is not None), None)


def _length(value: Value) -> int | None:
    if type(value) is Known:
        return len(value.value) if isinstance(value.value, str | bytes) else None
    return value.size if type(value) is Data else None


def _constant(name: str, left: Any, right: Any) -> Values:
    try:
        if name == "==":
            return known(left == right)
        if name == "!=":
            return known(left != right)
        if name == "+":
            return _plus(left, right)
        if name == "*":
            return _times(left, right)
        if isinstance(left, str | bytes) and name == "%":
            return _formatted(left, right)
        if name in _COMPARING:
            return known(bool(_COMPARING[name](left, right)))
        if name == "|" and isinstance(left, str) and isinstance(right, str):
            return union((known(left), known(right)))  # Flags that knowledge names: both hold.
        if not (isinstance(left, int | float) and isinstance(right, int | float)):
            return UNKNOWN
        if name == "**":
            return _power(left, right)
        if name == "<<":
            return known(int(left) << int(right)) if 0 <= right < _MAX_BITS else UNKNOWN
        return known(_NUMERIC[name](left, right)) if name in _NUMERIC else UNKNOWN
    except (TypeError, ValueError, ArithmeticError):
        return UNKNOWN


def _plus(left: Any, right: Any) -> Values:
    if (
        isinstance(left, str) is not isinstance(right, str)
        and not isinstance(left, bytes)
        and not isinstance(right, bytes)
    ):
        if left is None or right is None:  # What isn't set yet.
            return (Partial(left),) if isinstance(left, str) and left and len(left) <= _MAX_NAME else UNKNOWN
        left, right = _as_text(left), _as_text(right)
    if isinstance(left, str | bytes) and len(left) + len(right) > MAX_TEXT:
        return (Data(CONSTANT, len(left) + len(right)),)
    return known(left + right)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def _times(left: Any, right: Any) -> Values:
    if isinstance(right, str | bytes):
        left, right = right, left
    if isinstance(left, str | bytes):
        if len(left) * max(right, 0) > MAX_TEXT:
            return (Data(CONSTANT, len(left) * right),)
        return known(left * right)
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() + right.bit_length() > _MAX_BITS:
        return UNKNOWN
    return known(left * right)


def _power(base: float, exponent: float) -> Values:
    """A power of whole numbers, as long as it is small."""
    if not (isinstance(base, int) and isinstance(exponent, int) and 0 <= exponent <= _MAX_BITS):
        return UNKNOWN
    return known(base**exponent) if base.bit_length() * exponent <= _MAX_BITS else UNKNOWN


def _formatted(template: str | bytes, value: Any) -> Values:
    if isinstance(template, bytes):
        return UNKNOWN
    for mark in ("%s", "%d", "%i"):
        if template.count(mark) == 1 and template.count("%") == 1:
            return known(template.replace(mark, _as_text(value)))
    return UNKNOWN


def _filled(template: Any, parts: Array) -> Values:
    """``"%s-%d" % (a, b)`` with constants; weak data among them make the whole weak."""
    if weak := weak_among(parts.items):
        return weak
    given = [sole(item) for item in parts.items]
    pieces = _PLACE.split(template) if isinstance(template, str) and len(template) <= MAX_TEMPLATE else []
    if len(pieces) != len(given) + 1 or "%" in "".join(pieces) or not all(type(each) in (str, int) for each in given):
        return UNKNOWN
    return known("".join(piece + _as_text(value) for piece, value in zip(pieces, [*given, ""], strict=True)))


def truth(values: Values) -> bool | None:
    """Whether a condition holds; None if that isn't known."""
    if len(values) != 1:
        return None
    value = values[0]
    return bool(value.value) if type(value) is Known else None


def are_truths(then: Values, otherwise: Values) -> bool:
    """Whether one is true and the other false: ``test ? true : false`` is no more than its test."""
    both = sole(then), sole(otherwise)
    return True in both and False in both and all(type(each) is bool for each in both)


def negated(values: Values) -> Values:
    """``not`` of each."""
    held = truth(values)
    return UNKNOWN if held is None else known(not held)


def minus(values: Values) -> Values:
    """``-`` of each."""
    found = []
    for value in values:
        number = value.value if type(value) is Known else None
        found.append(known(-number) if isinstance(number, int | float) else UNKNOWN)
    return union(found)


def decoded(values: Values, form: str) -> Values:
    """Texts or bytes in another form: ``hex``, ``base64``, ``text``, ``lower``, ``upper``; else constant data."""
    return union(_decoded(value, form) for value in values)


def _decoded(value: Value, form: str) -> Values:
    if type(value) is not Known:
        return (value,)
    content = value.value
    if not isinstance(content, str | bytes):
        return (value,)
    try:
        if form == "lower":
            return known(content.lower())
        if form == "upper":
            return known(content.upper())
        raw = content.encode() if isinstance(content, str) else content
        if form == "text":
            return known(raw)
        if form == "hex":
            return known(binascii.unhexlify(raw))
        padded = raw + b"=" * (-len(raw) % 4)
        return known(base64.b64decode(padded.translate(bytes.maketrans(b"-_", b"+/"))))
    except ValueError:
        return (Data(CONSTANT),)


def sliced(value: Value, bounds: Array) -> Values:
    """A slice of a text or array; a part of a buffer shares its bytes."""
    limits = [item[0].value if len(item) == 1 and isinstance(item[0], Known) else "" for item in bounds.items]
    numbers = [number for number in limits if number is None or isinstance(number, int)]
    whole = slice(*numbers) if len(numbers) == len(limits) == 2 else None
    if isinstance(value, Data):
        cut = value.origin in _IMMUTABLE and whole != _ALL
        return (_cut(value, _length_of(whole, value.size)) if cut else value,)
    if isinstance(value, Array):
        return (value,) if whole is None else (Array(value.items[whole]),)
    if isinstance(value, Known) and isinstance(value.value, str | bytes):
        if not value.value:
            return UNKNOWN  # Nothing yet: what comes into it later isn't followed.
        return (Data(CONSTANT),) if whole is None else known(value.value[whole])
    return UNKNOWN


def _length_of(part: slice | None, size: int | None) -> int | None:
    """The length of a part of data of ``size`` bytes; None if it isn't known."""
    if part is None:
        return None
    start, stop = part.start or 0, size if part.stop is None else part.stop
    if stop is None or start < 0 or stop < start:
        return None
    return (stop if size is None else min(stop, size)) - start


def _cut(value: Data, size: int | None) -> Data:
    """A part of data, one for each length: a nonce that is cut twice is the same."""
    if value.part is None or value.part.size != size:
        value.part = replace(value, size=size, part=None)
    return value.part
