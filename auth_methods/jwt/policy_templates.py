"""Names of policies with a caller's claims in them, in the part of Go's template language that names values.

    {{.team}}                 a claim
    {{.team.name}}            a member of one
    {{index . "cost-center"}} a claim whose name isn't a word; more keys behind it name members, and elements by number
    {{- .team -}}             without the blanks around it

OpenBao takes all of the language: functions, conditions, loops. What isn't a name is refused here when a role is
written, so that what a role gives can be read off it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

Place: TypeAlias = tuple[str | int, ...]
"""A claim's name, and the members' below it."""

Part: TypeAlias = str | Place
"""Text that stands as it is, or a place whose value stands there."""

MAX_CHARACTERS = 1024
"""The longest template."""

_OPENING, _CLOSING = "{{", "}}"
_WORD = r"[^\W\d]\w*"
_FIELDS = rf"(?:\.{_WORD})+"
_FIELD = re.compile(_FIELDS)
_INDEX = re.compile(rf"index\s+(\.|{_FIELDS})(?=\s)")
_KEY = re.compile(r'\s+("(?:[^"\\]|\\.)*"|\d{1,9}(?!\S))')


class InvalidTemplate(ValueError):
    """The text isn't a template; the reason holds nothing but what its author wrote."""


class MissingClaim(LookupError):
    """The claims have no value that can stand in a name."""


def parse(text: str) -> tuple[Part, ...]:
    """The parts of a template. Raises ``InvalidTemplate``."""
    if len(text) > MAX_CHARACTERS:
        raise InvalidTemplate(f"a template has at most {MAX_CHARACTERS} characters")
    parts: list[Part] = []
    trimmed = False
    while text:
        literal, opening, text = text.partition(_OPENING)
        if not opening:
            parts.append(literal.lstrip() if trimmed else literal)
            break
        action, closing, text = text.partition(_CLOSING)
        if not closing:
            raise InvalidTemplate("unclosed action")
        literal = literal.lstrip() if trimmed else literal
        if action[:1] == "-" and action[1:2].isspace():
            literal, action = literal.rstrip(), action[1:]
        trimmed = action[-1:] == "-" and action[-2:-1].isspace()
        parts += [literal, _place(action.removesuffix("-").strip() if trimmed else action.strip())]
    return tuple(part for part in parts if part != "")


def render(parts: tuple[Part, ...], claims: Mapping[str, Any]) -> str:
    """The name that the parts of a template come to. Raises ``MissingClaim``."""
    return "".join(part if isinstance(part, str) else _text(claims, part) for part in parts)


def _place(action: str) -> Place:
    if _FIELD.fullmatch(action):
        return tuple(action[1:].split("."))
    found = _INDEX.match(action)
    place: list[str | int] = [] if found is None else [name for name in found[1].split(".") if name]
    end = 0 if found is None else found.end()
    while found is not None and end < len(action):
        found = _KEY.match(action, end)
        if found is not None:
            place.append(_key(found[1]))
            end = found.end()
    if found is None:
        raise InvalidTemplate(f"{json.dumps(action)} names no claim")
    return tuple(place)


def _key(text: str) -> str | int:
    try:
        key: str | int = json.loads(text)
    except ValueError:
        raise InvalidTemplate(f"{text} is no key") from None
    return key


def _text(claims: Mapping[str, Any], place: Place) -> str:
    value: Any = claims
    for key in place:
        if isinstance(key, str) and isinstance(value, Mapping) and key in value:
            value = value[key]
        elif isinstance(key, int) and isinstance(value, list) and key < len(value):
            value = value[key]
        else:
            raise MissingClaim(f"claim {_named(place)} not found in token")
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    raise MissingClaim(f"claim {_named(place)} could not be converted to string")


def _named(place: Place) -> str:
    return json.dumps(".".join(map(str, place)))
