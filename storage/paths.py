"""Checks of storage keys, the same for every backend, and the order in which lists step over folders.

Keys and names sort by their UTF-8 bytes, which for Python strings is their natural order. Nothing here normalises: a
key that isn't right is a mistake of the caller, and ``.`` and ``..`` mean nothing special.
"""

from __future__ import annotations

import re

from storage.base import MAX_KEY_BYTES, MAX_VALUE_BYTES, KeyTooLong, ValueTooLarge

_BAD_KEY = re.compile(r"\A/|//|/\Z|\A\Z|[\x00-\x1f\x7f\ud800-\udfff]")
_BAD_PREFIX = re.compile(r"\A/|//|[^/]\Z|[\x00-\x1f\x7f\ud800-\udfff]")


def check_key(key: str) -> None:
    """Raise ``ValueError`` unless ``key`` is non-empty segments joined by ``/``, without control characters.

    Raises ``KeyTooLong`` for one that is only too long.
    """
    if _BAD_KEY.search(key):
        raise ValueError(f"not a storage key: {key!r}")
    if len(key) * 4 > MAX_KEY_BYTES and len(key.encode()) > MAX_KEY_BYTES:
        raise KeyTooLong(f"a storage key is at most {MAX_KEY_BYTES} bytes long")


def check_prefix(prefix: str) -> None:
    """Raise ``ValueError`` unless ``prefix`` is ``""`` or a key followed by ``/``; ``KeyTooLong`` as ``check_key``."""
    if _BAD_PREFIX.search(prefix):
        raise ValueError(f"not a storage prefix: {prefix!r}")
    if len(prefix) * 4 > MAX_KEY_BYTES and len(prefix.encode()) > MAX_KEY_BYTES:
        raise KeyTooLong(f"a storage prefix is at most {MAX_KEY_BYTES} bytes long")


def check_limit(limit: int | None) -> None:
    """Raise ``ValueError`` for a negative ``limit``."""
    if limit is not None and limit < 0:
        raise ValueError("the limit of a list can't be negative")


def check_value(value: bytes) -> None:
    """Raise ``ValueTooLarge`` if ``value`` is larger than an entry may be."""
    if len(value) > MAX_VALUE_BYTES:
        raise ValueTooLarge(f"a storage entry is at most {MAX_VALUE_BYTES} bytes large")


def name_below(prefix: str, key: str) -> str:
    """The name under which ``key``, which starts with ``prefix``, is listed there: an entry's, or its folder's."""
    slash = key.find("/", len(prefix))
    return key[len(prefix) :] if slash < 0 else key[len(prefix) : slash + 1]


def first_after(prefix: str, after: str) -> str:
    """The least string that a key listed behind the name ``after`` can be; every key from there on is.

    All that lies in a folder ``a/`` sorts before ``a0``, since ``0`` follows ``/``. And since keys hold no control
    characters, nothing lies between a key and the same key followed by one.
    """
    slash = after.find("/")
    if slash >= 0:
        return f"{prefix}{after[:slash]}0"
    return f"{prefix}{after}\x01" if after else prefix


def end_of(prefix: str) -> str | None:
    """The least string behind all keys that start with ``prefix``; None if there is no such bound."""
    return f"{prefix[:-1]}0" if prefix else None
