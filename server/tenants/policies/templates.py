"""Templated paths of policies, which depend on the caller: ``kv/{{identity.entity.name}}/*``.

A value is never part of a pattern: wildcards are those in the policy's text, found before values are filled in. A value
may hold ``*``, ``+`` or ``/`` only where the policy allows it, as in OpenBao; a caller with another such value, or an
empty one, is refused altogether, since a rule that is left out could be a denial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from compat.policies.rules import Policy, Rule
from engines.faults import InvalidRequest

Fill: TypeAlias = Callable[[str], str | None]
"""Returns the value of a name such as ``identity.entity.name``; None if the caller has none."""

_OPENING, _CLOSING = "{{", "}}"
_WILDCARDS = "*+"


def filled(policy: Policy, rule: Rule, fill: Fill) -> Rule | None:
    """``rule`` of ``policy`` with a caller's values; None if one is missing, so that the rule matches no path.

    Raises ``InvalidRequest`` in OpenBao's words if a value could make the rule match unintended paths.
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
        # In a rule with ``+`` segments, a literal plus sign couldn't be told from them.
        raise InvalidRequest("Forbidden")
    return replace(rule, path=path.removeprefix("/"), segments=written > 0)


def _parts(path: str) -> Iterator[tuple[str, str | None]]:
    """The texts of ``path``, each with the name in the ``{{...}}`` after it; None after the last."""
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
        return True  # Without it, a rule with ``*`` behind it would match every caller's paths.
    return any(letter in value for letter in _WILDCARDS) and not policy.wildcards_in_templates
