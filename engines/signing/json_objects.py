"""JSON objects in headers and claims, parsed more strictly than by most libraries.

Input that parsers may interpret differently is refused: duplicate members, numbers out of a double's range, text that
isn't Unicode. Accepted objects can be returned unchanged.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from engines.encoding import nests_deeper

MAX_DEPTH = 32
"""The deepest nesting of objects and arrays."""

_MAX_INTEGER_CHARACTERS = 40


class BadJson(ValueError):
    """The text is no JSON object, or an ambiguous one."""


def parse_object(text: bytes) -> dict[str, Any]:
    """The object in ``text``, which is UTF-8. Raises ``BadJson``."""
    try:
        document = _DECODER.decode(text.decode("utf-8"))
    except (ValueError, RecursionError):
        raise BadJson from None
    if type(document) is not dict:
        raise BadJson
    encode_object(document)
    return document


def encode_object(document: dict[str, Any]) -> bytes:
    """``document`` on one line, in UTF-8. Raises ``BadJson`` for values that JSON lacks, or too deep nesting."""
    if nests_deeper(document, MAX_DEPTH):
        raise BadJson
    try:
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, TypeError):
        raise BadJson from None


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise BadJson
    return found


def _integer(text: str) -> int:
    if len(text) > _MAX_INTEGER_CHARACTERS:
        raise BadJson
    return int(text)


def _number(text: str) -> float:
    number = float(text)
    if number - number != 0:
        raise BadJson
    return number


def _constant(text: str) -> NoReturn:
    raise BadJson


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_number, parse_constant=_constant
)
