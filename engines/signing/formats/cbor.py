"""CBOR (RFC 8949) for COSE: deterministic encoding, and unambiguous decoding.

Indefinite lengths, duplicate keys, tags but the expected one, and trailing bytes are refused. Items are counted before
decoding: each becomes a Python object many times its size, and integer keys of a map can be chosen to collide.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any, NoReturn

import cbor2

MAX_ITEMS = 1024
"""The most items, on all levels together."""

_MAX_DEPTH = 16
_READ_TAGS = (*range(6), 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799)
"""Tags that the library would convert, some at great cost, some to cyclic values."""

_BYTES, _TEXT, _ARRAY, _MAP, _TAG = 2, 3, 4, 5, 6
_FIRST_LONG, _LAST_LONG = 24, 27


class NotCbor(ValueError):
    """The bytes are no CBOR item, or a refused one; the text is the reason, for the caller."""


def encode(value: object) -> bytes:
    """``value`` in the deterministic encoding."""
    return cbor2.dumps(value, canonical=True)


def decode(data: bytes, tag: int) -> Any:
    """The one item in ``data``, in which ``tag`` is the only allowed tag. Raises ``NotCbor``."""
    _check_count(data)

    def take(found: cbor2.CBORTag, immutable: bool) -> cbor2.CBORTag:
        return found if found.tag == tag else _refuse(found, immutable)

    source = BytesIO(data)
    decoder = cbor2.CBORDecoder(
        source,
        tag_hook=take,
        semantic_decoders=_REFUSED_TAGS,
        read_size=1,
        max_depth=_MAX_DEPTH,
        allow_indefinite=False,
        allow_duplicate_keys=False,
    )
    try:
        document = decoder.decode()
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError):
        raise NotCbor("it is not CBOR") from None
    if source.read(1):
        raise NotCbor("something stands behind it")
    return document


def _refuse(value: Any, immutable: bool) -> NoReturn:
    raise ValueError("a tag where none is expected")


_REFUSED_TAGS = dict.fromkeys(_READ_TAGS, _refuse)


def _check_count(data: bytes) -> None:
    """Raises ``NotCbor`` for more than ``MAX_ITEMS`` items; the decoder checks their validity."""
    position, expected = 0, 1
    for _ in range(MAX_ITEMS):
        if not expected or position >= len(data):
            return
        kind, argument = data[position] >> 5, data[position] & 31
        position += 1
        if _FIRST_LONG <= argument <= _LAST_LONG:
            end = position + (1 << (argument - _FIRST_LONG))
            argument, position = int.from_bytes(data[position:end], "big"), end
        expected -= 1
        if kind in (_BYTES, _TEXT):
            position += argument
        elif kind in (_ARRAY, _MAP, _TAG):
            expected += argument * (kind - _ARRAY + 1) if kind != _TAG else 1
    if expected:
        raise NotCbor(f"it has more than {MAX_ITEMS} items")
