"""Templates in a role's claims: values of the caller, such as ``{{caller.entity_id}}``, within texts.

Values are inserted into parsed JSON, and the result isn't parsed again: any value stays within its string. There are no
expressions, and no other values.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from engines.base import Caller
from engines.faults import InvalidRequest

_PLACE = re.compile(r"\{\{ ?([a-z_.]{1,64}) ?\}\}", re.ASCII)
_POLICIES = "caller.policies"
_TEXTS: dict[str, Callable[[Caller], str]] = {
    "caller.entity_id": lambda caller: caller.entity_id,
    "caller.display_name": lambda caller: caller.display_name,
}


def check_templates(value: Any) -> None:
    """Raises ``InvalidRequest`` if a text in ``value`` has an unknown placeholder."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if "{{" in name:
                raise InvalidRequest("the names of claims can't be templates")
            check_templates(inner)
    elif isinstance(value, list):
        for inner in value:
            check_templates(inner)
    elif isinstance(value, str):
        _check_text(value)


def _check_text(text: str) -> None:
    for name in _PLACE.findall(text):
        if name == _POLICIES and not _PLACE.fullmatch(text):
            raise InvalidRequest(f"{{{{{_POLICIES}}}}} is a list and must stand alone in its text")
        if name != _POLICIES and name not in _TEXTS:
            raise InvalidRequest(f"unknown template {{{{{name}}}}}")
    rest = _PLACE.sub("", text)
    if "{{" in rest or "}}" in rest:
        raise InvalidRequest("malformed template in a claim")


def filled(value: Any, caller: Caller) -> Any:
    """``value`` with placeholders replaced by values of ``caller``. Raises ``InvalidRequest`` for a missing one."""
    if isinstance(value, dict):
        return {name: filled(inner, caller) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, caller) for inner in value]
    if not isinstance(value, str) or "{{" not in value:
        return value
    whole = _PLACE.fullmatch(value)
    if whole is not None and whole[1] == _POLICIES:
        return list(caller.policies)
    return _PLACE.sub(lambda place: _text(place[1], caller), value)


def _text(name: str, caller: Caller) -> str:
    text = _TEXTS[name](caller)
    if not text:
        # A token with an empty subject could be mistaken for another caller's.
        raise InvalidRequest(f"the role needs {name}, which the caller hasn't")
    return text
