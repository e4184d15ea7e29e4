"""Paths of policies that depend on who is calling: ``kv/{{identity.entity.name}}/*``.

A value is never read as part of a pattern: where wildcards stand is decided by what the policy's author wrote, before
any value is filled in. Beyond that a value may hold ``*``, ``+`` or ``/`` only where the policy allows it, as OpenBao
has it; a caller with any other such value, or an empty one, is refused altogether, since a rule that is left out could
be a denial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from compat.policies import Policy, Rule
from engines.faults import InvalidRequest

Fill: TypeAlias = Callable[[str], str | None]
"""What a name such as ``identity.entity.name`` stands for; None if the caller has no such value."""

_OPENING, _CLOSING = "{{", "}}"
_WILDCARDS = "*+"


def filled(policy: Policy, rule: Rule, fill: Fill) -> Rule | None:
    """``rule`` of ``policy`` with a caller's values; None if one is missing, so that the rule speaks of no path.

    Raises ``InvalidRequest`` in OpenBao's words if a value holds what could lead to other paths than were meant.
    """
    path = without_values = ""
    for text, name in _parts(rule.path):
        path += text
        without_values += text
        if name is None:
            continue
        value = fill(name)
        if value is None:
            return None
        if _misleads(policy, value):
            raise InvalidRequest("Forbidden")
        path += value
        without_values += "x"
    written = without_values.split("/").count("+")
    if written and path.split("/").count("+") != written:
        # Beside segments that may be anything, one that is a plus sign could not be told from them.
        raise InvalidRequest("Forbidden")
    return replace(rule, path=path.removeprefix("/"), segments=written > 0)


def _parts(path: str) -> Iterator[tuple[str, str | None]]:
    """The texts of ``path``, each with the name in the ``{{...}}`` behind it; None behind the last."""
    position = 0
    while True:
        start = path.find(_OPENING, position)
        end = path.find(_CLOSING, start + len(_OPENING)) if start >= 0 else -1
        if end < 0:
            yield path[position:], None
            return
        yield path[position:start], path[start + len(_OPENING) : end].strip()
        position = end + len(_CLOSING)


def _misleads(policy: Policy, value: str) -> bool:
    if not value or ("/" in value and not policy.slashes_in_templates):
        return True  # With nothing in its place, what is written behind it would speak of everybody's.
    return any(letter in value for letter in _WILDCARDS) and not policy.wildcards_in_templates
