"""What must be true of a server that was killed: the acknowledged state of everything that was written.

Each object belongs to one writer, who changes it one step at a time. So at any moment it has one acknowledged state and
at most one step under way, and after a crash it must be found in the state before that step or in the one after it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Recorded(Generic[T]):
    """A value that the server holds; None where it must hold nothing."""

    current: T | None = None
    attempted: T | None = None
    under_way: bool = False

    def begin(self, after: T | None) -> None:
        """A request is about to be sent that makes the value ``after``."""
        self.attempted, self.under_way = after, True

    def acknowledge(self) -> None:
        """The request was answered: from now on nothing but its outcome is right."""
        self.current, self.under_way = self.attempted, False

    def possible(self) -> tuple[T | None, ...]:
        """What may be found after a crash."""
        return (self.current, self.attempted) if self.under_way else (self.current,)

    def settle(self, found: T | None) -> None:
        """Take what was found, one of the possible values, as the state to go on from."""
        self.current, self.under_way = found, False


@dataclass(frozen=True, slots=True)
class KeyState:
    """What is compared of a key."""

    type: str
    latest_version: int = 1
    min_decryption_version: int = 1
    deletion_allowed: bool = False


@dataclass(slots=True)
class Key:
    """A transit key, and what was encrypted or signed with its versions."""

    name: str
    state: Recorded[KeyState] = field(default_factory=Recorded)
    outputs: dict[int, str] = field(default_factory=dict)
    """By version: a ciphertext or a signature of ``PLAINTEXT``."""


@dataclass(slots=True)
class Token:
    """A token whose id was chosen by us, so that it is known even if the answer never came."""

    identifier: str
    alive: Recorded[bool] = field(default_factory=Recorded)
    accessor: str = ""
    """Empty while it isn't known."""
    children: list[Token] = field(default_factory=list)

    def family(self) -> list[Token]:
        """This token and those that must end with it."""
        return [self, *itertools.chain.from_iterable(child.family() for child in self.children)]


@dataclass(slots=True)
class Policy:
    """An ACL policy."""

    name: str
    text: Recorded[str] = field(default_factory=Recorded)


@dataclass(slots=True)
class Ledger:
    """All that one writer has written."""

    keys: list[Key] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    """Parents; their children hang on them. Revoked ones are kept for a while: they have to stay revoked."""
    policies: list[Policy] = field(default_factory=list)
    anonymous_accessors: set[str] = field(default_factory=set)
    """Of tokens whose ids the server chose."""
    anonymous_under_way: int = 0
    shared_rotations: int = 0
    """Acknowledged rotations of the key that all writers rotate."""
    shared_under_way: int = 0
    answered: dict[str, int] = field(default_factory=dict)
    """By path: requests that were answered since the last crash, each of which the audit log must hold."""
    steps: int = 0
