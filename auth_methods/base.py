"""What an auth method is: an engine whose public routes answer with a ``Login`` instead of data.

Only the core's token store mints tokens. A method that has checked a proof returns what it found out, and the core
applies the mount's and the system's limits, creates the token and registers its lease. So a mistake in a method can
hand out the wrong identity, but never a token that breaks the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from engines.base import Engine, Reply


@dataclass(slots=True)
class Login(Reply):
    """A proof was accepted. TTLs are in seconds, and 0 takes the mount's or the system's default."""

    policies: tuple[str, ...] = ()
    display_name: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    ttl_seconds: int = 0
    max_ttl_seconds: int = 0
    explicit_max_ttl_seconds: int = 0
    period_seconds: int = 0
    num_uses: int = 0
    bound_cidrs: tuple[str, ...] = ()
    token_type: str = "default"  # noqa: S105 - a word, not a secret
    no_default_policy: bool = False
    renewable: bool = True
    alias: str = ""
    """The name by which the method knows this caller, for identity."""


class AuthMethod(Engine, Protocol):
    """An engine mounted below ``auth/``."""
