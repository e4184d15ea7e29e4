"""Sighting: a call that knowledge has a rule for, with the facts that were found there, for the judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engines.cbom.source.knowledge.model import Rule
from engines.cbom.source.values import Values


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


class Witness(Protocol):
    """Receiver of sightings."""

    authenticated: set[object]
    """Functions, classes and files in which a MAC is computed, or that call one that does."""

    def see(self, sighting: Sighting) -> None:
        """Take note of a sighting."""
