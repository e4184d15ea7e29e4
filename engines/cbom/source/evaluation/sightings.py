"""Sighting: a call that knowledge has a rule for, with the facts that were found there, for the judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engines.cbom.source.knowledge.model import Rule
from engines.cbom.source.values import Values

MAC = "mac"
"""The assurance that a MAC is computed: encryption beside it is authenticated."""

VERIFIED = "token-verification"
"""The assurance that a token is verified: what else it says may be read beside it, in the same function only."""

VERIFIED_HERE = "token-verification-here"
"""The assurance that a function itself verifies a token, not another one that it calls."""

NAMED = "host-check"
"""The assurance that a connection is to the right host: a caller may check what a function has opened."""

IN_FUNCTIONS = frozenset({VERIFIED, NAMED})
"""Assurances that don't hold for the other methods of a class, nor for all of a file outside of functions."""

TAG = "tag-verification"
"""The assurance that an object that decrypts, made at a place, has verified the tag."""

LABEL = "label"
"""The assurance that the key of a MAC, made at a place, is a label of what is derived from a secret."""

OF_OBJECTS = frozenset({"protocol-floor", "certificate-check"})
"""Assurances that hold for one object, where it is known which call made that."""

ASSURANCES = (MAC, VERIFIED, NAMED, "verification", "protocol-floor", "certificate-check", "nonce")
"""What a call may assure for the function that it is in."""


@dataclass(frozen=True, slots=True)
class Place:
    """Range of the source. Lines and columns count from 1, the end is behind the last character."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """One call. ``facts`` are all that is known there; ``fresh`` names those that this very call tells."""

    place: Place
    rule: Rule
    facts: dict[str, Values]
    fresh: frozenset[str]
    harmless: bool
    """Whether it is a use that there is nothing to object to."""

    within: frozenset[object] = frozenset()
    """The functions and classes of the program that were running, or the file if none was."""

    chosen: frozenset[str] = frozenset()
    """The findings that aren't weak here, because a person turns the checks off with a setting."""

    beside: Sighting | None = None
    """What is to be told with it."""

    library: str = ""
    """The path of the file, if it is a library of cryptography of the program's own, and the running function gets its
    key from callers."""


class Witness(Protocol):
    """Receiver of sightings."""

    assured: set[tuple[str, object]]
    """Assurances, each with a function, class or file in which it is given, or that calls one in which it is."""

    def see(self, sighting: Sighting) -> None:
        """Take note of a sighting."""
