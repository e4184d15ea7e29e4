"""Advisories of RustSec, as its repository has them: Markdown that begins with a block of TOML.

RustSec says which versions are patched or were never affected, as requirements of Cargo. What remains is affected.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from semver import Version

from engines.cbom.dependencies.advisories.cvss import severity_of_vector
from engines.cbom.dependencies.advisories.model import Advisory, Event, Severity
from engines.cbom.dependencies.advisories.osv import NoRecord
from engines.cbom.dependencies.model import Ecosystem

CRYPTOGRAPHIC = "crypto-failure"
"""RustSec's category for weaknesses of cryptography."""

_BLOCK = re.compile(r"```toml\n(.*?)\n```\s*", re.DOTALL)
_COMPARATOR = re.compile(r"(>=|<=|>|<|=|\^|~)?\s*(\d+)(?:\.(\d+))?(?:\.(\d+))?((?:-[0-9A-Za-z.-]+)?)(?:\+\S+)?")
_Interval = tuple[Version | None, Version | None]
"""From a version, or from the beginning, up to but without another one, or without end."""

_FIRST = Version(0, 0, 0, "0")


def advisory_of(text: str) -> tuple[Advisory, tuple[str, ...]] | None:
    """An advisory with its categories; None if it was withdrawn. Raises ``NoRecord``."""
    block = _BLOCK.match(text)
    if block is None:
        raise NoRecord
    try:
        front = tomllib.loads(block[1])
        given = front["advisory"]
        ranges = _affected(front["versions"])
    except (tomllib.TOMLDecodeError, KeyError, ValueError) as error:
        raise NoRecord from error
    if "withdrawn" in given:
        return None
    heading = re.search(r"^#\s+(.+)$", text[block.end() :], re.MULTILINE)
    notice = "informational" in given
    advisory = Advisory(
        id=given["id"],
        ecosystem=Ecosystem.CARGO.value,
        package=given["package"],
        summary=heading[1].strip() if heading else "",
        published=given["date"],
        severity=Severity.NOTICE if notice else severity_of_vector(given.get("cvss", "")),
        aliases=tuple(given.get("aliases", ())),
        ranges=(ranges,) if ranges else (),
        licence=given.get("license", ""),
    )
    return advisory, tuple(given.get("categories", ()))


def _affected(versions: Mapping[str, Any]) -> tuple[Event, ...]:
    """The events of what is neither patched nor unaffected."""
    good = [_interval(each) for kind in ("patched", "unaffected") for each in versions.get(kind, ())]
    good = [(low, high) for low, high in good if low is None or high is None or low < high]
    good.sort(key=lambda each: each[0] or _FIRST)
    events: list[Event] = []
    reached: Version | None = None
    """Up to here, all is decided; None is the beginning."""
    for low, high in good:
        if low is not None and (reached is None or low > reached):
            events += [Event("introduced", str(reached) if reached else "0"), Event("fixed", str(low))]
        if high is None:
            return tuple(events)
        reached = max(reached, high) if reached else high
    return (*events, Event("introduced", str(reached) if reached else "0"))


def _interval(requirement: str) -> _Interval:
    """The versions that meet all comparators of a requirement. Raises ``ValueError``."""
    low: Version | None = None
    high: Version | None = None
    for comparator in requirement.split(","):
        start, end = _bounds(comparator.strip())
        low = start if low is None or (start is not None and start > low) else low
        high = end if high is None or (end is not None and end < high) else high
    return low, high


def _bounds(comparator: str) -> _Interval:
    if comparator == "*":
        return None, None
    found = _COMPARATOR.fullmatch(comparator)
    if found is None:
        raise ValueError(f"no comparator of Cargo: {comparator}")
    operator, *parts, prerelease = found.groups()
    numbers = [int(each) for each in parts if each is not None]
    version = _version(numbers, prerelease.removeprefix("-"))
    # ``>1.2`` leaves out all of 1.2, and ``=1.2`` is all of it.
    end = _after(version) if len(numbers) == len(parts) else _before_all(numbers, len(numbers) - 1)
    match operator:
        case ">=":
            return version, None
        case ">":
            return end, None
        case "<":
            return None, version
        case "<=":
            return None, end
        case "=":
            return version, end
        case "~":
            place = min(len(numbers), 2) - 1
        case _:
            place = next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)
    return version, _before_all(numbers, place)


def _before_all(numbers: list[int], place: int) -> Version:
    """What comes before all versions in which the number at ``place`` is greater, prereleases included."""
    return _version([*numbers[:place], numbers[place] + 1], "0")


def _version(numbers: list[int], prerelease: str) -> Version:
    """The version of one to three numbers."""
    major, minor, patch = (*numbers, 0, 0)[:3]
    return Version(major, minor, patch, prerelease or None)


def _after(version: Version) -> Version:
    """The first version after ``version``."""
    if version.prerelease:
        return version.replace(prerelease=f"{version.prerelease}.0")
    return version.bump_patch().replace(prerelease="0")
