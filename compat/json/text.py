"""JSON bodies in and out, as OpenBao reads and writes them, with limits on the cost of hostile bodies.

An ordinary body costs one call of orjson and a check of the types in it. What orjson refuses, and numbers whose text
must be kept, go through the standard library and our own scanner, which are slower.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any, NoReturn, TypeAlias

import orjson

from compat.json.syntax import JsonSyntaxError, check_rest, find_error
from engines.encoding import nests_deeper
from engines.faults import InvalidRequest

Octets: TypeAlias = bytes | bytearray
"""A body, as it was received."""

MAX_DEPTH = 128
"""The deepest nesting of objects and arrays; answers must fit orjson's limit of 254."""

MAX_CONTAINERS = 50_000
"""The most objects and arrays in one body: each takes some hundred bytes of memory for two on the wire."""

MAX_STRINGS = 250_000
"""The most strings in one body, names included."""

MAX_ELEMENTS = 100_000
"""The most members and elements, counted by commas: each costs up to three microseconds, its HMAC included."""

MAX_EXPLAINED_CHARACTERS = 16 * 1024
"""The longest broken body, in characters, that is read again, slowly, to report its error in OpenBao's words."""

MAX_PLAIN_ELEMENTS = 1_000
"""The most members and elements, counted by commas, of a body that is cheap to parse whatever its size."""

_UNCHECKED_BYTES = 2 * MAX_CONTAINERS
"""The length in bytes up to which a body can't exceed any of the limits."""

_PARSER_DEPTH = 1024
"""The depth at which orjson refuses a document."""

_MAX_INTEGER_CHARACTERS = 400
# Possessive, so that it never backtracks; an unterminated string is matched whole, so that the next search doesn't
# begin inside it.
_JSON_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_HIGH, _LOW = r"\\u[dD][89abAB][0-9a-fA-F]{2}", r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_LONE_SURROGATE = re.compile(
    rf"\\u[dD](?:[89abAB][0-9a-fA-F]{{2}}(?!{_LOW})|[c-fC-F][0-9a-fA-F]{{2}}(?<!{_HIGH}{_LOW}))"
)
_GO_KINDS: dict[type, str] = {list: "array", str: "string", bool: "bool"}


_DEEPER = frozenset({dict, list, float})


class Number(float):
    """A number whose text a double doesn't give back, as ``1e3`` or ``1.50``; ``text`` is as it was written.

    Only ``dumps`` knows how to write it; code that stores what clients sent must store the text of ``dumps``.
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
    """The text of a number as in the body, which Go's conversions use."""
    return value.text if isinstance(value, Number) else repr(value)


def parse_object(body: Octets) -> dict[str, Any]:
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


def _check_complexity(body: Octets) -> None:
    """Refuse a body that could cost far more memory than it has bytes, by counting what stands in it."""
    if not _has_commas(body, MAX_CONTAINERS // _PARSER_DEPTH):
        return  # Without commas there is no breadth, and the parser bounds the depth: this look is enough.
    # A quote behind a backslash isn't counted, except behind another backslash: twice as many strings may pass
    # as the limit says, but never fewer are refused.
    if body.count(b'"') - body.count(b'\\"') > 2 * MAX_STRINGS:
        raise _too_complex("strings")
    if _over_limits(body):
        # That was an upper bound, since strings may hold brackets and commas; this count is exact.
        what = _over_limits(_JSON_STRING.sub(b'""', body))
        if what:
            raise _too_complex(what)


def _has_commas(body: Octets, few: int) -> bool:
    """Whether there are as many commas as ``few`` in ``body``."""
    # ``find`` is a ``memchr``, which takes a tenth of the time per byte that counting does.
    find, place = body.find, -1
    for _ in range(few):
        place = find(b",", place + 1)
        if place < 0:
            return False
    return True


def _over_limits(body: Octets) -> str:
    """The name of the limit that ``body`` exceeds, or ``""``."""
    if body.count(b"{") + body.count(b"[") > MAX_CONTAINERS:
        return "containers"
    return "elements" if body.count(b",") > MAX_ELEMENTS else ""


def _too_complex(what: str) -> InvalidRequest:
    return InvalidRequest(f"refused JSON input due to high complexity: exceeded maximum number of {what}")


class _OutOfRangeError(ValueError):
    """A number that no double can hold."""


def has_many_elements(body: Octets) -> bool:
    """Whether there are more than ``MAX_PLAIN_ELEMENTS`` commas in ``body``; fast if there are none."""
    # ``replace`` finds each comma with ``memchr``, unlike counting, which makes it faster.
    return len(body) - len(body.replace(b",", b"", MAX_PLAIN_ELEMENTS + 1)) > MAX_PLAIN_ELEMENTS


def parse_plain(body: Octets) -> dict[str, Any] | None:
    """As ``parse_object``, but within a millisecond per megabyte; None for a body that takes longer.

    Those have many elements, numbers whose text must be kept, or a mistake, or are no objects.
    """
    if has_many_elements(body):
        return None
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return None if type(document) is not dict or _needs_care(document) else document


def _parse_slowly(body: Octets) -> dict[str, Any]:
    written = body.decode("utf-8", "surrogateescape")
    text = _as_text(written)
    if "\\ud" in text or "\\uD" in text:
        text = _without_lone_surrogates(text)
    start = len(written) - len(written.lstrip(" \t\r\n"))
    if start == len(written):
        return {}
    try:
        document, end = _DECODER.raw_decode(text, start)
    except RecursionError:
        _refuse("exceeded max depth")
    except ValueError as error:
        _explain(written, error)
    try:
        check_rest(written, end)
    except JsonSyntaxError as error:
        _refuse(str(error))
    if document is None:
        return {}
    if type(document) is not dict:
        kind = _GO_KINDS.get(type(document), "number")
        _refuse(f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}")
    if nests_deeper(document, MAX_DEPTH + 1):
        _refuse("exceeded max depth")
    return document


def _as_text(written: str) -> str:
    """``written`` up to the first NUL, which ends every document, with U+FFFD for each byte that isn't UTF-8.

    Python's encoder writes a question mark for such a byte, so NUL stands for the real ones meanwhile.
    """
    text = written.partition("\0")[0]
    try:
        text.encode()
    except UnicodeEncodeError:
        marked = text.replace("?", "\0").encode("utf-8", "replace")
        # On text each is one character for another, which takes a tenth of the time that bytes do.
        text = marked.decode().replace("?", "\ufffd").replace("\0", "?")
    return text


def _without_lone_surrogates(text: str) -> str:
    """``text``, which has no NUL, with the escape of U+FFFD for those of halves of surrogate pairs."""
    text = text.replace("\\\\", "\0\0")  # The remaining backslashes begin escapes.
    return _LONE_SURROGATE.sub(r"\\ufffd", text).replace("\0\0", "\\\\")


def _explain(written: str, error: ValueError) -> NoReturn:
    if len(written) > MAX_EXPLAINED_CHARACTERS:
        if isinstance(error, json.JSONDecodeError):
            place = len(written[: error.pos].encode("utf-8", "surrogateescape"))
            _refuse(f"invalid JSON text at byte {place}")
        _refuse("a number is out of range")
    try:
        find_error(written, MAX_DEPTH)
    except JsonSyntaxError as found:
        _refuse(str(found))
    raise AssertionError("a JSON text was refused and no mistake was found in it")


def _refuse(detail: str) -> NoReturn:
    raise InvalidRequest(f"failed to decode JSON input: {detail}")


def _read_integer(text: str) -> int:
    if len(text) > _MAX_INTEGER_CHARACTERS:
        raise _OutOfRangeError
    return int(text)


def _read_float(text: str) -> float:
    number = float(text)
    if repr(number) == text:
        return number
    if math.isinf(number):
        raise _OutOfRangeError
    return Number(text)


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
    # ``find`` rather than ``in``, which tries to convert the bytes to a number first and so costs twice as much.
    find = text.find
    if find(b"<") >= 0 or find(b">") >= 0 or find(b"&") >= 0 or (not text.isascii() and b"\xe2\x80" in text):
        return _escape_html(text)
    return text


def _escape_html(text: bytes) -> bytes:
    """Replace Go's HTML characters, none of which occurs outside of strings."""
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
