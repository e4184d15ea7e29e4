"""Versions in the order of their registries: PEP 440 for PyPI, Semantic Versioning 2.0.0 for npm and Cargo."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from packaging.version import InvalidVersion, Version
from semver import Version as SemanticVersion

from engines.cbom.dependencies.advisories.model import Event
from engines.cbom.dependencies.model import Ecosystem

MAX_VERSION = 128
"""Characters of a version that is compared: comparing takes time in proportion to them."""

_FIRST = "0"
_CACHED = 65_536


class UnknownVersion(Exception):
    """A text that is no version by the rules of its registry."""


def is_affected(ecosystem: Ecosystem, version: str, ranges: Sequence[Sequence[Event]]) -> bool:
    """Whether ``version`` lies in one of ``ranges``, by the evaluation of the OSV schema. Raises ``UnknownVersion``."""
    key = _key(ecosystem, version)
    return any(_in_range(ecosystem, key, events) for events in ranges)


def later(ecosystem: Ecosystem, version: str, others: Sequence[str]) -> tuple[str, ...]:
    """Those of ``others`` that come after ``version``, in their order. Raises ``UnknownVersion``."""
    key = _key(ecosystem, version)
    return tuple(
        sorted((each for each in others if key < _key(ecosystem, each)), key=lambda each: _key(ecosystem, each))
    )


def _in_range(ecosystem: Ecosystem, key: Any, events: Sequence[Event]) -> bool:
    """A range begins anywhere in its list, so the last event that is passed decides."""
    inside = False
    for event in _in_order(ecosystem, tuple(events)):
        if event.version == _FIRST:
            inside = event.kind == "introduced"
            continue
        bound = _key(ecosystem, event.version)
        if event.kind == "introduced" and key >= bound:
            inside = True
        elif (event.kind == "fixed" and key >= bound) or (event.kind == "last_affected" and key > bound):
            inside = False
    return inside


@cache
def _in_order(ecosystem: Ecosystem, events: tuple[Event, ...]) -> tuple[Event, ...]:
    first = [event for event in events if event.version == _FIRST]
    others = [event for event in events if event.version != _FIRST]
    return (*first, *sorted(others, key=lambda event: _key(ecosystem, event.version)))


def _key(ecosystem: Ecosystem, version: str) -> Any:
    """A value that compares as the versions of the registry do."""
    if len(version) > MAX_VERSION:
        raise UnknownVersion
    try:
        if ecosystem is Ecosystem.PYPI:
            return Version(version)
        return SemanticVersion.parse(version.removeprefix("v") if ecosystem is Ecosystem.NPM else version)
    except (InvalidVersion, ValueError) as error:
        raise UnknownVersion from error
