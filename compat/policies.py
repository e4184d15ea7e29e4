"""What a policy says, typed: its name and one ``Rule`` for each path it speaks of.

These are the types alone; ``compat.policy_text`` reads them from HCL or JSON. Which rule wins for a request, and what
several policies mean together, is decided where rules are compiled and matched (``server.tenants.policies.acl``).

A path may hold templates (``{{identity.entity.name}}``), which mean something only for one caller. Such a rule is
kept as it was written; the caller's values are filled in where rules are compiled
(``server.tenants.policies.templates``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from compat.quoting import quote
from engines.faults import InvalidRequest

CAPABILITIES = frozenset({"create", "read", "update", "patch", "delete", "list", "scan", "sudo", "deny"})
"""Every word that a list of capabilities may hold."""

Value: TypeAlias = "str | int | float | bool | tuple[Value, ...] | Mapping[str, Value] | None"
"""A value that a parameter may be required to have, as written in the policy."""

Values: TypeAlias = Mapping[str, tuple[Value, ...]]
"""The values listed for each parameter, by its name in lower case; no values means any value."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one policy says of one path. TTLs are in seconds, 0 for "not said"."""

    path: str
    """Without a leading ``/`` and, where ``prefix`` is set, without the final ``*``."""

    prefix: bool
    """The path ended in ``*``: the rule speaks of everything that begins with ``path``."""

    segments: bool
    """At least one whole segment of the path is ``+``, which stands for any one segment."""

    capabilities: frozenset[str]
    """Words of ``CAPABILITIES``; just ``deny`` where the list held ``deny`` or nothing at all."""

    required_parameters: frozenset[str] = frozenset()
    """In lower case, as all names of parameters here."""

    allowed_parameters: Values = field(default_factory=dict)
    denied_parameters: Values = field(default_factory=dict)
    min_wrapping_ttl_seconds: int = 0
    max_wrapping_ttl_seconds: int = 0
    pagination_limit: int = 0
    expiration: float | None = None
    """Seconds since the epoch after which the rule grants nothing; None for never."""

    comment: str = ""

    @property
    def templated(self) -> bool:
        """Whether the path holds a template that must be filled in before the rule can match."""
        return "{{" in self.path


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as it was parsed; the rules stand in the order of the text, and a path may occur more than once."""

    name: str
    rules: tuple[Rule, ...] = field(default=())
    slashes_in_templates: bool = False
    """Whether what is filled in for a template may hold ``/``."""

    wildcards_in_templates: bool = False
    """Whether what is filled in for a template may hold ``*`` and ``+``, which then are just that."""

    @property
    def templated(self) -> bool:
        """Whether any rule depends on who is calling."""
        return any(rule.templated for rule in self.rules)


def read_path(text: str) -> tuple[str, bool, bool]:
    """Split a path as written in a policy into ``Rule.path``, ``Rule.prefix`` and ``Rule.segments``.

    Raises ``InvalidRequest`` for ``+*``, which Vault forbids.
    """
    path = text.removeprefix("/")
    if "+*" in path:
        raise InvalidRequest(f"path {quote(path)}: invalid use of wildcards ('+*' is forbidden)")
    segments = "+" in path.split("/")
    prefix = path.endswith("*")
    return (path[:-1] if prefix else path), prefix, segments


def join_values(into: dict[str, list[Value]], parameter: str, listed: Iterable[Value]) -> None:
    """Add the values that are ``listed`` for a parameter to those that are there; no values at all mean any."""
    added, present = list(listed), into.get(parameter)
    if present is None:
        into[parameter] = added
    elif not added:
        present.clear()
    elif present:
        present += added
