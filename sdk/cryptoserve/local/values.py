"""Conversion of application values to bytes and back, by type, for the extras that encrypt fields."""

from __future__ import annotations

import datetime
import decimal
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Writer: TypeAlias = Callable[[Any], str]
Reader: TypeAlias = Callable[[str], Any]


def _read_bool(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("expected 0 or 1")
    return text == "1"


def _write_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


_FORMS: Mapping[type, tuple[Writer, Reader]] = {
    str: (str, str),
    int: (str, int),
    float: (repr, float),
    bool: (lambda value: "1" if value else "0", _read_bool),
    decimal.Decimal: (str, decimal.Decimal),
    datetime.date: (datetime.date.isoformat, datetime.date.fromisoformat),
    datetime.datetime: (datetime.datetime.isoformat, datetime.datetime.fromisoformat),
    datetime.time: (datetime.time.isoformat, datetime.time.fromisoformat),
    uuid.UUID: (str, uuid.UUID),
    dict: (_write_json, json.loads),
    list: (_write_json, json.loads),
}


def checked_type(type_: type) -> type:
    """``type_``, which values can have. Raises ``TypeError``."""
    if type_ is not bytes and type_ not in _FORMS:
        known = ", ".join(sorted(["bytes", *(each.__name__ for each in _FORMS)]))
        raise TypeError(f"python_type: expected one of {known}, got {type_!r}")
    return type_


def to_bytes(value: Any, type_: type) -> bytes:
    """The bytes of ``value``, which has the type ``type_`` exactly. Raises ``TypeError``, which doesn't show it."""
    if type(value) is not type_:
        raise TypeError(f"expected a value of type {type_.__name__}, got {type(value).__name__}")
    if isinstance(value, bytes):
        return value
    return _FORMS[type_][0](value).encode("utf-8")


def from_bytes(content: bytes, type_: type) -> Any:
    """The value of these bytes. Raises ``ValueError`` if they are none of that type's, which doesn't show them."""
    if type_ is bytes:
        return content
    try:
        return _FORMS[type_][1](content.decode("utf-8"))
    except (ValueError, ArithmeticError, RecursionError):
        raise ValueError(f"what was decrypted is no value of type {type_.__name__}") from None
