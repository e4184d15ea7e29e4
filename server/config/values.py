"""Conversion of a value in the configuration from the tree to its Python type; errors name its position.

As lenient as Vault, whose files may give numbers as strings and booleans as ``1``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any

from compat.hcl.reader import Body, Position, Scalar, Sequence, Value
from engines.durations import InvalidDuration, parse_duration
from server.config.schema import Kind, Setting
from server.config.settings import Network
from server.config.source import ConfigError, Place

_MAX_NETWORKS = 1000
_NO_POSITION = Position(0, 0)
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_SYNONYMS = {"warning": "warn", "err": "error", "notice": "info"}
_SIZE = re.compile(r"([0-9]{1,15})\s*([kmg]i?b|b)?", re.IGNORECASE)
_SIZE_UNITS = {
    "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3,
}  # fmt: skip
_EXPECTED = {
    Kind.STRING: "a string",
    Kind.BOOL: "true or false",
    Kind.COUNT: "a whole number",
    Kind.SIZE: 'a number of bytes, such as 10485760 or "10MiB"',
    Kind.DURATION: 'a duration, such as 30, "90s" or "1h30m"',
    Kind.NETWORKS: "IP addresses or networks, as a list or with commas",
    Kind.ADDRESS: '"host:port"',
    Kind.PATH: "a path",
    Kind.MODE: 'permissions in octal, such as "0600"',
}


class _Unsuitable(Exception):
    """The value is not of the word's kind."""


def convert(word: Setting, value: Value, place: Place) -> Any:
    """``value`` converted for ``word``. Raises ``ConfigError`` with what was expected at ``place``."""
    try:
        return _READERS[word.kind](word, value)
    except _Unsuitable:
        raise ConfigError(f"{word.name}: expected {_expected(word)}, got {_shown(word, value)}", place) from None


def convert_text(word: Setting, text: str, source: str) -> Any:
    """As ``convert``, for ``text`` from a flag or an environment variable, which ``source`` names."""
    try:
        return _READERS[word.kind](word, Scalar(text, _NO_POSITION))
    except _Unsuitable:
        raise ConfigError(f"{source}: expected {_expected(word)}") from None


def strings(name: str, value: Value, place: Place) -> Mapping[str, str]:
    """An object of plain values as strings by name, the form of options of audit devices and stores."""
    if not isinstance(value, Body):
        raise ConfigError(f"{name}: expected a block of names and values", place)
    result = {}
    for item in value.items:
        inner = getattr(item, "value", None)
        if not isinstance(inner, Scalar) or inner.value is None:
            line, column = item.position.line, item.position.column
            raise ConfigError(f"{item.name}: expected a string, a number or a boolean", Place(place.file, line, column))
        result[item.name] = _plain(inner)
    return result


def _expected(word: Setting) -> str:
    text = "one of " + ", ".join(word.choices) if word.kind is Kind.CHOICE else _EXPECTED[word.kind]
    return f"{text}, at least {word.minimum}" if word.minimum else text


def _shown(word: Setting, value: Value) -> str:
    """The value in an error, without strings that may be secrets."""
    if isinstance(value, Sequence):
        return "a list"
    if isinstance(value, Body):
        return "a block"
    if word.kind is Kind.STRING:
        return f"a {type(value.value).__name__}"
    text = repr(_plain(value))
    return text if len(text) <= 80 else f"{text[:80]}..."


def _plain(value: Scalar) -> str:
    if isinstance(value.value, bool):
        return "true" if value.value else "false"
    return "null" if value.value is None else str(value.value)


def _scalar(value: Value) -> str | int | float:
    if not isinstance(value, Scalar) or value.value is None:
        raise _Unsuitable
    return value.value


def _string(word: Setting, value: Value) -> str:
    plain = _scalar(value)
    if isinstance(plain, bool):
        raise _Unsuitable
    return str(plain)


def _path(word: Setting, value: Value) -> str:
    text = _string(word, value)
    if "\0" in text or (word.required and not text):
        raise _Unsuitable
    return text


def _bool(word: Setting, value: Value) -> bool:
    plain = _scalar(value)
    text = plain if isinstance(plain, str) else str(plain)
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise _Unsuitable


def _count(word: Setting, value: Value) -> int:
    plain = _scalar(value)
    text = str(plain).strip()
    if isinstance(plain, bool) or not re.fullmatch(r"[0-9]{1,15}", text, re.ASCII):
        raise _Unsuitable
    return _at_least(word, int(text))


def _size(word: Setting, value: Value) -> int:
    plain = _scalar(value)
    match = _SIZE.fullmatch(str(plain).strip())
    if isinstance(plain, bool) or match is None:
        raise _Unsuitable
    return _at_least(word, int(match[1]) * _SIZE_UNITS[(match[2] or "b").lower()])


def _duration(word: Setting, value: Value) -> int:
    plain = _scalar(value)
    if isinstance(plain, bool):
        raise _Unsuitable
    try:
        return _at_least(word, parse_duration(plain))
    except InvalidDuration:
        raise _Unsuitable from None


def _at_least(word: Setting, number: int) -> int:
    if number < word.minimum:
        raise _Unsuitable
    return number


def _choice(word: Setting, value: Value) -> str:
    text = _string(word, value).strip().lower()
    text = _SYNONYMS.get(text, text)
    if text not in word.choices:
        raise _Unsuitable
    return text


def _networks(word: Setting, value: Value) -> tuple[Network, ...]:
    items = value.items if isinstance(value, Sequence) else (value,)
    names = [name.strip() for item in items for name in _string(word, item).split(",") if name.strip()]
    if len(names) > _MAX_NETWORKS:
        raise _Unsuitable
    try:
        return tuple(ip_network(name, strict=False) for name in names)
    except ValueError:
        raise _Unsuitable from None


def _address(word: Setting, value: Value) -> str:
    text = _string(word, value).strip()
    host, separator, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not separator or not re.fullmatch(r"[0-9]{1,5}", port, re.ASCII) or int(port) > 65535:
        raise _Unsuitable
    if "{{" in host or (":" in host and not bracketed):
        raise _Unsuitable
    return text


def _mode(word: Setting, value: Value) -> int:
    if not isinstance(value, Scalar) or not isinstance(value.value, str):
        raise _Unsuitable
    if not re.fullmatch(r"[0-7]{3,4}", value.value, re.ASCII) or int(value.value, 8) > 0o777:
        raise _Unsuitable
    return int(value.value, 8)


_READERS: Mapping[Kind, Callable[[Setting, Value], Any]] = {
    Kind.STRING: _string,
    Kind.BOOL: _bool,
    Kind.COUNT: _count,
    Kind.SIZE: _size,
    Kind.DURATION: _duration,
    Kind.CHOICE: _choice,
    Kind.NETWORKS: _networks,
    Kind.ADDRESS: _address,
    Kind.PATH: _path,
    Kind.MODE: _mode,
}
