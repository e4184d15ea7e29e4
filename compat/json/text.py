"""JSON bodies in and out, read as OpenBao reads them, with limits of our own against bodies made to be costly.

An ordinary body costs one call of orjson and a look at the types it holds. Only what orjson refuses, and what holds
numbers whose text must be kept, takes the slow way through the standard library and our own scanner.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any, NoReturn

import orjson

from compat.json.syntax import JsonSyntaxError, check_number, check_rest, find_error
from engines.faults import InvalidRequest

MAX_DEPTH = 128
"""How deep objects and arrays may nest; what is written back out must fit orjson's own limit of 254."""

MAX_CONTAINERS = 100_000
"""How many objects and arrays one body may hold: each costs some hundred bytes of memory for two of the wire."""

MAX_STRINGS = 500_000
"""How many strings, names included."""

MAX_ELEMENTS = 300_000
"""How many members and elements, counted by their commas."""

MAX_EXPLAINED_BYTES = 256 * 1024
"""Up to which size a broken body is read again, slowly, to say what is wrong with it."""

_UNCHECKED_BYTES = 2 * MAX_CONTAINERS
"""A body that is no longer than this can't break any of the limits."""

_PARSER_DEPTH = 1024
"""How deep orjson follows a document before it refuses it."""

_MAX_INTEGER_CHARACTERS = 400
_JSON_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)  # Possessive: nothing to go back for.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[dD][89a-fA-F][0-9a-fA-F]{2}|.)", re.DOTALL
)
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
_GO_KINDS: dict[type, str] = {list: "array", str: "string", bool: "bool"}


_DEEPER = frozenset({dict, list, float})


class Number(float):
    """A number whose text a double doesn't give back, as ``1e3`` or ``1.50``; ``text`` is as it was written.

    Only ``dumps`` knows how to write it; whoever stores what clients sent stores what ``dumps`` makes of it.
    """

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Number:
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __reduce__(self) -> tuple[type[Number], tuple[str]]:
        return Number, (self.text,)


def number_text(value: int | float) -> str:
    """The text of a number as it stood in the body, which Go's conversions look at."""
    return value.text if isinstance(value, Number) else repr(value)


def parse_object(body: bytes) -> dict[str, Any]:
    """The parameters in a JSON body. Empty, blank and ``null`` bodies hold none; a second document is ignored.

    Integers keep all their digits, other numbers their text. Of members with the same name the last one counts. What
    isn't Unicode becomes U+FFFD. Raises ``InvalidRequest`` with Go's words for anything else, and over the limits.
    """
    if not body:
        return {}
    if len(body) > _UNCHECKED_BYTES:
        _check_complexity(body)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _parse_slowly(body)
    if type(document) is not dict or _needs_care(document):
        return _parse_slowly(body)
    return document


def _needs_care(document: dict[str, Any]) -> bool:
    """Whether a float (or an integer that orjson made one) is in it, or it is too deep.

    The tree is looked at one level at a time, with the loops over members left to C; most bodies have one level.
    """
    for value in document.values():
        if type(value) in _DEEPER:
            break
    else:
        return False
    objects: list[dict[str, Any]] = [document]
    arrays: list[list[Any]] = []
    for _ in range(MAX_DEPTH):
        types = set(map(type, _members(objects, arrays)))
        if float in types:
            return True
        has_objects, has_arrays = dict in types, list in types
        if not has_objects and not has_arrays:
            return False
        members = list(_members(objects, arrays))
        objects = [value for value in members if type(value) is dict] if has_objects else []
        arrays = [value for value in members if type(value) is list] if has_arrays else []
    return True


def _members(objects: list[dict[str, Any]], arrays: list[list[Any]]) -> Iterator[Any]:
    return chain(chain.from_iterable(map(dict.values, objects)), chain.from_iterable(arrays))


def _check_complexity(body: bytes) -> None:
    """Refuse a body that could cost far more memory than it has bytes, by counting what stands in it."""
    if body.count(b",") < MAX_CONTAINERS // _PARSER_DEPTH:
        return  # Without commas there is no breadth, and the parser bounds the depth: one count is enough.
    # A backslash before a quote means that it isn't one, except behind another backslash: so we may let through twice
    # as many strings as we say, but never refuse fewer.
    if body.count(b'"') - body.count(b'\\"') > 2 * MAX_STRINGS:
        raise _too_complex("strings")
    if _over_limits(body):
        # That was an upper bound, since strings may hold brackets and commas; this is exact.
        what = _over_limits(_JSON_STRING.sub(b'""', body))
        if what:
            raise _too_complex(what)


def _over_limits(body: bytes) -> str:
    """What there is too much of, or ``""``."""
    if body.count(b"{") + body.count(b"[") > MAX_CONTAINERS:
        return "containers"
    return "elements" if body.count(b",") > MAX_ELEMENTS else ""


def _too_complex(what: str) -> InvalidRequest:
    return InvalidRequest(f"refused JSON input due to high complexity: exceeded maximum number of {what}")


class _OutOfRangeError(Exception):
    """A number that no double can hold."""


def _parse_slowly(body: bytes) -> dict[str, Any]:
    written = body.decode("utf-8", "surrogateescape")
    text = _ESCAPED_BYTE.sub("\ufffd", written)
    if "\\u" in text:
        text = _ESCAPE.sub(_paired, text)
    start = len(text) - len(text.lstrip(" \t\r\n"))
    if start == len(text):
        return {}
    try:
        document, end = _DECODER.raw_decode(text, start)
    except RecursionError:
        _refuse("exceeded max depth")
    except (ValueError, _OutOfRangeError):
        _explain(body, written)
    try:
        check_rest(written, end)
    except JsonSyntaxError as error:
        _refuse(str(error))
    if document is None:
        return {}
    if type(document) is not dict:
        kind = _GO_KINDS.get(type(document), "number")
        _refuse(f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}")
    if _depth_exceeds(document):
        _refuse("exceeded max depth")
    return document


def _paired(match: re.Match[str]) -> str:
    """Leave escapes as they are, but for halves of surrogate pairs; all keep their length."""
    escape = match.group()
    return r"\ufffd" if len(escape) == 6 else escape


def _explain(body: bytes, written: str) -> NoReturn:
    if len(body) > MAX_EXPLAINED_BYTES:
        _refuse("invalid JSON text")
    try:
        find_error(written, MAX_DEPTH)
    except JsonSyntaxError as error:
        _refuse(str(error))
    raise AssertionError("a JSON text was refused and no mistake was found in it")


def _refuse(detail: str) -> NoReturn:
    raise InvalidRequest(f"failed to decode JSON input: {detail}")


def _depth_exceeds(document: Any) -> bool:
    level = [document]
    for _ in range(MAX_DEPTH + 1):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True


def _read_integer(text: str) -> int:
    if len(text) > _MAX_INTEGER_CHARACTERS:
        raise _OutOfRangeError
    return int(text)


def _read_float(text: str) -> float:
    try:
        check_number(text)
    except JsonSyntaxError:
        raise _OutOfRangeError from None
    number = float(text)
    return number if repr(number) == text else Number(text)


def _read_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


_DECODER = json.JSONDecoder(parse_int=_read_integer, parse_float=_read_float, parse_constant=_read_constant)


def dumps(value: object) -> bytes:
    """``value`` as one line of JSON with a newline behind it, as Go writes its answers."""
    return encode(value) + b"\n"


def encode(value: object) -> bytes:
    """``value`` as JSON on one line, escaped for HTML as Go does it."""
    try:
        text = orjson.dumps(value, _default)
    except orjson.JSONEncodeError:
        text = orjson.dumps(_writable(value))
    # ``find`` rather than ``in``, which takes the bytes for a number first, fails, and so costs twice as much.
    find = text.find
    if find(b"<") >= 0 or find(b">") >= 0 or find(b"&") >= 0 or (not text.isascii() and b"\xe2\x80" in text):
        return _escape_html(text)
    return text


def _escape_html(text: bytes) -> bytes:
    """None of these occurs outside of strings, so that plain replacement is right."""
    text = text.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")
    return text.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029")


def _default(value: object) -> orjson.Fragment:
    if isinstance(value, Number):
        return orjson.Fragment(value.text)
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _writable(value: object) -> object:
    """``value`` with the integers that orjson doesn't write as fragments."""
    if isinstance(value, dict):
        return {name: _writable(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_writable(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64:
        return orjson.Fragment(str(value))
    return _default(value) if isinstance(value, Number) else value
