"""Parameters in queries and forms, parsed as Go does it: leniently in a query, strictly in a form."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_to_bytes

from compat.json.text import Octets
from engines.faults import InvalidRequest, TooLarge

MAX_PAIRS = 1_000
"""The most parameters in one query or form."""

MAX_FORM_BYTES = 1024 * 1024
"""The largest form, in bytes. Decoding its escapes takes ten times as long as JSON; larger bodies must be JSON."""

_BAD_ESCAPE = re.compile(rb"%(?![0-9a-fA-F]{2})")


def parse_query(query_string: bytes) -> dict[str, Any]:
    """The parameters of a query: a string each, a list of strings for those that are repeated.

    Pairs that aren't well-formed are left out. Raises ``InvalidRequest`` if there are more than ``MAX_PAIRS``.
    """
    values: dict[str, Any] = {}
    for name, value in _pairs(query_string, strict=False):
        before = values.get(name)
        if before is None:
            values[name] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            values[name] = [before, value]
    return values


def parse_form(body: Octets) -> dict[str, Any]:
    """The parameters of a form; repeated ones are joined by commas.

    Raises ``InvalidRequest`` if it isn't one, ``TooLarge`` if it has more than ``MAX_FORM_BYTES``.
    """
    if len(body) > MAX_FORM_BYTES:
        raise TooLarge(f"a form is at most {MAX_FORM_BYTES} bytes large; send JSON instead")
    values: dict[str, list[str]] = {}
    for name, value in _pairs(bytes(body), strict=True):
        values.setdefault(name, []).append(value)
    return {name: ",".join(several) for name, several in values.items()}


def _pairs(text: bytes, *, strict: bool) -> list[tuple[str, str]]:
    pieces = text.split(b"&", MAX_PAIRS)
    if len(pieces) > MAX_PAIRS:
        raise InvalidRequest("too many parameters")
    pairs = []
    for piece in pieces:
        if b";" in piece or (b"%" in piece and _BAD_ESCAPE.search(piece)):
            if strict:
                raise InvalidRequest("error parsing form data")
            continue
        if piece:
            name, _, value = piece.partition(b"=")
            pairs.append((_decode(name), _decode(value)))
    return pairs


def _decode(text: bytes) -> str:
    if b"+" in text:
        text = text.replace(b"+", b" ")
    if b"%" in text:
        text = unquote_to_bytes(text)
    return text.decode("utf-8", "replace")
