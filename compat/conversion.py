"""Weak conversion of single parameters: which values Vault takes for which types, and its errors for others.

The rules are Go's (strconv, time) and those of the library that OpenBao decodes fields with. Every converter takes what
JSON can hold and returns a value of the field's type, or raises ``ConversionError``.
"""

from __future__ import annotations

import math
import re
import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Union, get_args, get_origin

from msgspec import Meta, UnsetType

from compat.json.text import number_text
from engines.durations import InvalidDuration, parse_duration
from engines.faults import InvalidRequest
from engines.fields import BATCH, KIND

ABSENT: Final = object()
"""The result of a converter for a value that counts as not given."""

_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False", ""})
_INTEGER = re.compile(
    r"[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|[1-9](?:_?[0-9])*|0)", re.ASCII
)
# Fraction and point are inside one option: otherwise digits beside digits would match in many ways.
_DECIMAL = re.compile(
    r"[+-]?(?:[0-9](?:_?[0-9])*(?:\.(?:[0-9](?:_?[0-9])*)?)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9]+)?"
)
_HEXADECIMAL = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+(?:\.[0-9a-fA-F]*)?|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+")
_MAX_NUMBER_CHARACTERS = 400
"""The longest text that is read as a number."""


MAX_COMMAS = 10_000
"""The most commas of a text that is read as a list."""


class ConversionError(ValueError):
    """A value that can't be converted; ``{field}`` in ``detail`` stands for the parameter's name."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def kind_of(annotation: object) -> str:
    """The name under which ``CONVERTERS`` knows the type of a field."""
    if get_origin(annotation) is Annotated:
        inner, *extras = get_args(annotation)
        for extra in extras:
            if isinstance(extra, Meta) and extra.extra and KIND in extra.extra:
                return str(extra.extra[KIND])
        return kind_of(inner)
    if get_origin(annotation) in (Union, types.UnionType):
        choices = [choice for choice in get_args(annotation) if choice not in (UnsetType, type(None))]
        return kind_of(choices[0]) if len(choices) == 1 else "any"
    if annotation in (str, int, bool, float):
        return annotation.__name__
    if annotation == list[str]:
        return "string_list"
    if annotation == dict[str, str]:
        return "key_values"
    if annotation in (list, dict) or get_origin(annotation) in (list, dict):
        return "array" if list in (annotation, get_origin(annotation)) else "object"
    return "any"


def go_type(value: object) -> str:
    """The name of the Go type in which OpenBao would hold ``value``."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "json.Number"
    if isinstance(value, str):
        return "string"
    return "[]interface {}" if isinstance(value, list) else "map[string]interface {}"


def _unconvertible(value: object, wanted: str, place: str = "") -> ConversionError:
    return ConversionError(f"'{place}' expected type '{wanted}', got unconvertible type '{go_type(value)}'")


def _text(value: object) -> str | None:
    """A scalar as text, or None for a list or an object."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (int, float)):
        return number_text(value)
    return None


def to_string(value: object) -> str:
    """Text as it is; numbers as they were written, true as ``1`` and false as ``0``."""
    text = _text(value)
    if text is None:
        raise _unconvertible(value, "string")
    return text


def to_integer(value: object) -> int:
    """An integer of 64 bits; text may have Go's prefixes and underscores."""
    text = _text(value)
    if text is None:
        raise _unconvertible(value, "int")
    if not text:
        return 0
    if len(text) > _MAX_NUMBER_CHARACTERS:
        raise ConversionError(f"'' cannot parse value as 'int': strconv.ParseInt: {_wrong_with_long(text)}")
    if not _INTEGER.fullmatch(text):
        raise ConversionError("'' cannot parse value as 'int': strconv.ParseInt: invalid syntax")
    number = _integer(text)
    if not -(2**63) <= number < 2**63:
        raise ConversionError("'' cannot parse value as 'int': strconv.ParseInt: value out of range")
    return number


def _wrong_with_long(text: str) -> str:
    """Go's error for a number too long to be parsed; found in one pass in C."""
    digits = text.lstrip("+-").replace(".", "", 1)
    return "value out of range" if digits.isascii() and digits.isdigit() else "invalid syntax"


def _integer(text: str) -> int:
    digits = text.lstrip("+-")
    if (digits[0] == "0" and digits[1:2].isdigit()) or (digits[1:2] == "_" and digits[0] == "0"):
        number = int(digits, 8)
    else:
        number = int(digits, 0)
    return -number if text[0] == "-" else number


def to_boolean(value: object) -> bool:
    """Go's spellings of true and false, as text or number; the empty text is false."""
    text = _text(value)
    if text is None:
        raise _unconvertible(value, "bool")
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ConversionError("'' cannot parse value as 'bool': strconv.ParseBool: invalid syntax")


def to_float(value: object) -> float:
    """A finite number. OpenBao takes ``inf`` and ``nan`` too, but can't store them."""
    text = _text(value)
    if text is None:
        raise _unconvertible(value, "float64")
    if not text:
        return 0.0
    if len(text) > _MAX_NUMBER_CHARACTERS:
        raise ConversionError(f"'' cannot parse value as 'float64': strconv.ParseFloat: {_wrong_with_long(text)}")
    try:
        if _HEXADECIMAL.fullmatch(text):
            number = float.fromhex(text)
        elif _DECIMAL.fullmatch(text):
            number = float(text)
        else:
            raise ConversionError("'' cannot parse value as 'float64': strconv.ParseFloat: invalid syntax")
    except OverflowError:
        number = math.inf
    if math.isinf(number):
        raise ConversionError("'' cannot parse value as 'float64': strconv.ParseFloat: value out of range")
    return number


def to_duration(value: object) -> object:
    """Whole seconds, not below zero; ``null`` counts as not given, unlike for other types."""
    seconds = to_signed_duration(value)
    if isinstance(seconds, int) and seconds < 0:
        raise ConversionError(f"cannot provide negative value '{seconds}'")
    return seconds


def to_signed_duration(value: object) -> object:
    """As ``to_duration``, and below zero."""
    if value is None:
        return ABSENT
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    try:
        return parse_duration(_text(value) if is_number else value)
    except InvalidDuration as error:
        raise ConversionError(str(error)) from None


def to_bare_duration(value: object) -> object:
    """As ``to_signed_duration``; errors are Go's words alone."""
    try:
        return to_signed_duration(value)
    except ConversionError as error:
        raise InvalidRequest(error.detail) from None


def _elements(value: object) -> list[object]:
    """The elements of a list given as itself, nothing, an empty object, or its only element."""
    if isinstance(value, list):
        return value
    if value is None or value == "" or value == {}:
        return []
    return [value]


def to_string_list(value: object) -> list[str]:
    """A list of strings, or one string that is its only element."""
    found = []
    for index, element in enumerate(_elements(value)):
        text = _text(element)
        if text is None:
            error = _unconvertible(element, "string", f"[{index}]")
            raise ConversionError(f"decoding failed due to the following error(s):\n\n{error.detail}")
        found.append(text)
    return found


def to_comma_list(value: object) -> list[str]:
    """A list of strings, or one with commas between them; blanks around each are dropped."""
    if isinstance(value, str) and value:
        if value.count(",") > MAX_COMMAS:
            raise ConversionError(f"a list with more than {MAX_COMMAS} commas")
        return [part.strip() for part in value.split(",")]
    found = []
    for index, element in enumerate(_elements(value)):
        text = _text(element)
        if text is None:
            error = _unconvertible(element, "string", f"[{index}]")
            raise ConversionError(f"1 error(s) decoding:\n\n* {error.detail}, value: '{_go_value(element)}'")
        found.append(text.strip())
    return found


def to_key_values(value: object) -> dict[str, str]:
    """Strings by name, from an object, or from ``name=value`` in a list or alone."""
    found: dict[str, str] = {}
    for index, element in enumerate([""] if value == "" else _elements(value)):
        if isinstance(element, dict):
            found.update(_string_values(element, index))
            continue
        text = _text(element)
        if text is None:
            error = _unconvertible(element, "string", f"[{index}]")
            raise ConversionError(f"decoding failed due to the following error(s):\n\n{error.detail}")
        name, separator, rest = text.partition("=")
        if not name or not separator:
            raise ConversionError(f'invalid key pair at index {index} in field "{{field}}"')
        found[name] = rest
    return found


def _string_values(members: Mapping[str, object], index: int) -> dict[str, str]:
    found = {}
    for name, member in members.items():
        text = _text(member)
        if text is None:
            # OpenBao then tries the whole object as an element of a list, and reports that error.
            error = _unconvertible(members, "string", f"[{index}]")
            raise ConversionError(f"decoding failed due to the following error(s):\n\n{error.detail}")
        found[name] = text
    return found


def to_object(value: object) -> dict[str, Any]:
    """An object, or a list of objects, whose members are merged."""
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    if not isinstance(value, list):
        raise _unconvertible(value, "map[string]interface {}")
    found: dict[str, Any] = {}
    for index, element in enumerate(value):
        if not isinstance(element, dict):
            raise _unconvertible(element, "map[string]interface {}", f"[{index}]")
        found.update(element)
    return found


def to_array(value: object) -> list[Any]:
    """A list of anything; another value becomes its only element."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _go_value(value: object) -> str:
    """``value`` as Go prints it."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{name}:{_go_value(value[name])}' for name in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(_go_value, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "<nil>" if value is None else str(_text(value))


def _unchanged(value: object) -> object:
    return value


CONVERTERS: Final[Mapping[str, Callable[[object], object]]] = {
    "str": to_string,
    "int": to_integer,
    "bool": to_boolean,
    "float": to_float,
    "duration": to_duration,
    "signed_duration": to_signed_duration,
    "bare_duration": to_bare_duration,
    "comma_list": to_comma_list,
    "string_list": to_string_list,
    "key_values": to_key_values,
    "object": to_object,
    "array": to_array,
    BATCH: _unchanged,
    "any": _unchanged,
}
"""Converters by the kind of a field, see ``kind_of``."""
