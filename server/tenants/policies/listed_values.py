"""Values that policies list for a parameter, matched by their meaning to the handler.

A *denied* value denies all that a handler may read as the same: other spellings of numbers, booleans, durations and
base64, other case, surrounding blanks and slashes, and any element of a list. An *allowed* value is compared as
strictly as by Vault, and every element of a list must be allowed.

The listed values are parsed once, so a check costs one look-up per reading of the value, however many are listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from compat.conversion import ConversionError, to_boolean, to_float, to_integer, to_string
from compat.parameters import Field
from compat.policies.rules import Value
from engines.durations import InvalidDuration, parse_duration
from engines.encoding import NotBase64, decode_base64

MAX_ELEMENTS = 10_000
"""The most elements of a list; longer ones are allowed only if any value is."""

_MAX_NUMBER_CHARACTERS = 64
"""The longest text, in characters, that is read as a number, a boolean or a duration."""

_UNKNOWN = Field("any")
_NUMBERS: tuple[tuple[str, Callable[[object], object]], ...] = (
    ("truth", to_boolean),
    ("number", to_integer),
    ("number", to_float),
    ("seconds", parse_duration),
)


class DeniedValues:
    """The denied values of one parameter; an empty list denies every value.

    ``field`` is the field that the parameter fills; None if the route has none, and may keep the value as is.
    """

    def __init__(self, values: Sequence[Value], field: Field | None) -> None:
        self.every = not values
        self._field = field
        self._readings: set[tuple[str, object]] = set()
        self._patterns: list[str] = []
        self._together: list[list[DeniedValues]] = []
        self._objects: list[Any] = []
        for value in values:
            self._add(value)
        texts = [reading for kind, reading in self._readings if kind == "text"]
        self._longest = max((len(text) for text in texts if isinstance(text, str)), default=0)

    def _add(self, value: Value) -> None:
        if isinstance(value, Mapping | tuple):
            self._objects.append(value)
        elements = [value] if self._field is None else _elements(self._field, _plain(value))
        if len(elements) == 1 or self._field is None or not self._field.listed:
            for element in elements:
                self._add_element(element)
        else:
            self._together.append([DeniedValues((element,), Field("str")) for element in elements])
        if isinstance(value, str):
            self._add_element(value)

    def _add_element(self, element: Any) -> None:
        if isinstance(element, list | dict | tuple | Mapping):
            self._objects.append(element)
            return
        self._readings.update(self._read(element, listed=True))
        if isinstance(element, str) and _is_pattern(element):
            self._patterns.append(element)
            if self._field is not None:
                self._patterns.append(_folded(element))

    def denies(self, given: object) -> bool:
        """Whether ``given`` means a denied value."""
        if self.every:
            return True
        elements = [given] if self._field is None else _elements(self._field, given)
        if len(elements) > MAX_ELEMENTS:
            return True
        if any(_holds(value, part) for value in self._objects for part in (given, *elements)):
            return True
        read = {
            reading
            for element in elements
            if not isinstance(element, list | dict)
            for reading in self._read(element, listed=False)
        }
        if self._is_in(read):
            return True
        return any(all(one._is_in(read) for one in listed) for listed in self._together if listed or not elements)

    def _is_in(self, read: set[tuple[str, object]]) -> bool:
        """Whether one of the values is in ``read``."""
        if not self._readings.isdisjoint(read):
            return True
        texts = [text for kind, text in read if kind == "text"] if self._patterns else []
        return any(fits(pattern, text) for pattern in self._patterns for text in texts if isinstance(text, str))

    def _read(self, value: Any, *, listed: bool) -> Iterator[tuple[str, object]]:
        """All readings of ``value``, a scalar, by a handler."""
        text = to_string(value)
        yield "text", text
        if self._field is not None:
            yield "text", _folded(text)
            if self._field.reading is not None:
                yield "text", self._field.reading(text)
                yield "text", _folded(self._field.reading(text))
            if listed or text.count("\n") + text.count("\r") + self._longest >= len(text) - 3:
                try:
                    yield "bytes", decode_base64(text)
                except NotBase64:
                    pass
        if len(text) > _MAX_NUMBER_CHARACTERS:
            return
        for kind, reading in _NUMBERS:
            if kind == "seconds" and listed and (not text or text.lstrip("+-").isdigit()):
                continue  # A number is compared as a duration only with a listed duration.
            try:
                yield kind, reading(value)
            except (ConversionError, InvalidDuration):
                pass


class AllowedValues:
    """The allowed values of one parameter; an empty list allows every value. ``field`` as above."""

    def __init__(self, values: Sequence[Value], field: Field | None) -> None:
        self.every = not values
        self._values = tuple(values)
        self._field = field if field is not None and field.listed else None
        self._singles: list[str] = []
        self._together: list[list[Any]] = []
        if self._field is None:
            return
        for value in values:
            elements = _elements(self._field, _plain(value))
            if len(elements) == 1 and isinstance(elements[0], str):
                self._singles.append(elements[0])
            else:
                self._together.append(elements)

    def allows(self, given: object) -> bool:
        """Whether ``given``, or every element of it if the handler gets a list, is among the values."""
        if self.every:
            return True
        if self._field is None:
            return any(matches(value, given) for value in self._values)
        elements = _elements(self._field, given)
        if len(elements) > MAX_ELEMENTS:
            return False
        if elements in self._together:
            return True
        return bool(elements) and all(
            isinstance(element, str) and any(fits(single, element) for single in self._singles) for element in elements
        )


def matches(listed: Value, given: object) -> bool:
    """Whether a value equals the listed one, or matches it as a string that begins or ends in ``*``."""
    if isinstance(listed, str) and isinstance(given, str):
        return fits(listed, given)
    return _equals(listed, given)


def fits(pattern: str, text: str) -> bool:
    """Whether ``text`` matches a pattern with ``*`` at its ends; a lone ``*`` is the character itself."""
    if len(pattern) < 2:
        return pattern == text
    if pattern.startswith("*"):
        return pattern[1:-1] in text if pattern.endswith("*") else text.endswith(pattern[1:])
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == text


def _is_pattern(text: str) -> bool:
    return len(text) > 1 and (text.startswith("*") or text.endswith("*"))


def _folded(text: str) -> str:
    """``text`` without differences that handlers ignore: case, and surrounding blanks and slashes."""
    return text.strip().strip("/").lower()


def _elements(field: Field, value: object) -> list[Any]:
    """The handler's values, or the given ones if the route refuses them."""
    try:
        return field.elements(value)
    except ConversionError:
        return [*value] if isinstance(value, list) else [value]


def _plain(value: Value) -> object:
    """A value of a policy in the form in which it is sent."""
    if isinstance(value, tuple):
        return [_plain(element) for element in value]
    if isinstance(value, Mapping):
        return {name: _plain(member) for name, member in value.items()}
    return value


def _equals(listed: Value, given: object) -> bool:
    """Whether two values are of one type and equal. Numbers never are: policies and requests read them differently."""
    if listed is None or isinstance(listed, bool):
        return listed is given
    if isinstance(listed, str):
        return isinstance(given, str) and listed == given
    if isinstance(listed, tuple):
        return isinstance(given, list) and len(listed) == len(given) and all(map(_equals, listed, given))
    if isinstance(listed, Mapping):
        if not isinstance(given, dict) or listed.keys() != given.keys():
            return False
        return all(_equals(value, given[name]) for name, value in listed.items())
    return False


def _holds(listed: Any, given: object) -> bool:
    """Whether ``given`` contains all of a listed object or list; an empty one is contained only in an empty one."""
    if isinstance(listed, Mapping):
        if not isinstance(given, dict) or bool(listed) is not bool(given):
            return False
        return all(name in given and _holds(value, given[name]) for name, value in listed.items())
    if isinstance(listed, tuple):
        if not isinstance(given, list) or bool(listed) is not bool(given) or len(given) > MAX_ELEMENTS:
            return False
        return all(any(_holds(value, element) for element in given) for value in listed)
    return not isinstance(given, dict | list) and _denied_alone(listed).denies(given)


@lru_cache(maxsize=1024, typed=True)
def _denied_alone(value: str | float | bool | None) -> DeniedValues:
    """The matcher of a single value within a listed object."""
    return DeniedValues((value,), _UNKNOWN)
