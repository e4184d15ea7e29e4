"""Policies, parsed: a name and one ``Rule`` for each path.

These are the types alone; ``compat.policies.parser`` reads them from HCL or JSON. Which rule wins for a request, and
what several policies mean together, is decided where rules are compiled and matched
(``server.tenants.policies.acl``).

A path may hold templates (``{{identity.entity.name}}``), whose values depend on the caller. Such a rule is kept as
written; ``server.tenants.policies.templates`` fills in the values when rules are compiled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from compat.quoting import quote
from engines.faults import InvalidRequest

CAPABILITIES = frozenset({"create", "read", "update", "patch", "delete", "list", "scan", "sudo", "deny"})
"""The capabilities that a policy may name."""

Value: TypeAlias = "str | int | float | bool | tuple[Value, ...] | Mapping[str, Value] | None"
"""A value that a parameter may be required to have, as written in the policy."""

Values: TypeAlias = Mapping[str, tuple[Value, ...]]
"""The values listed for each parameter, by its name in lower case; no values means any value."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule of one policy for one path. TTLs are in seconds; 0 means none was given."""

    path: str
    """Without a leading ``/`` and, where ``prefix`` is set, without the final ``*``."""

    prefix: bool
    """The path ended in ``*``: the rule applies to everything that begins with ``path``."""

    segments: bool
    """At least one whole segment of the path is ``+``, which stands for any one segment."""

    capabilities: frozenset[str]
    """Members of ``CAPABILITIES``; just ``deny`` where the list held ``deny`` or nothing at all."""

    required_parameters: frozenset[str] = frozenset()
    """Names of parameters, here and below, are in lower case."""

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
    """Whether the value of a template may hold ``/``."""

    wildcards_in_templates: bool = False
    """Whether the value of a template may hold ``*`` and ``+``, which then match only themselves."""

    @property
    def templated(self) -> bool:
        """Whether any rule depends on the caller."""
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
    """Add the values that are ``listed`` for a parameter to the present ones; an empty list means any."""
    added, present = list(listed), into.get(parameter)
    if present is None:
        into[parameter] = added
    elif not added:
        present.clear()
    elif present:
        present += added
