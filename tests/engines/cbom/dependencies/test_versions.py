"""Ranges of versions, by the rules of each registry."""

from __future__ import annotations

import pytest

from engines.cbom.dependencies.advisories.model import Event
from engines.cbom.dependencies.model import Ecosystem
from engines.cbom.dependencies.versions import MAX_VERSION, UnknownVersion, is_affected, later

NPM, PYPI, CARGO = Ecosystem.NPM, Ecosystem.PYPI, Ecosystem.CARGO


def events(*given: str) -> tuple[Event, ...]:
    """A range, with ``>=`` before what introduces, ``<`` before what is fixed, ``<=`` before the last affected one."""
    kinds = {">=": "introduced", "<=": "last_affected", "<": "fixed"}
    found = []
    for each in given:
        sign = next(sign for sign in kinds if each.startswith(sign))
        found.append(Event(kinds[sign], each.removeprefix(sign)))
    return tuple(found)


# The chain of precedence in section 11 of Semantic Versioning 2.0.0.
SEMANTIC = (
    "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 2.0.0 2.1.0 "
    "2.1.1"
)
# The order of the public version identifiers in PEP 440, with an epoch.
PYTHON = (
    "1.dev0 1.0.dev456 1.0a1 1.0a2.dev456 1.0a12.dev456 1.0a12 1.0b1.dev456 1.0b2 1.0b2.post345 1.0rc1 1.0 1.0+abc.5 "
    "1.0.post456 1.0.15 1.1.dev1 1!0.1"
)


@pytest.mark.parametrize(
    ("ecosystem", "chain"), [(NPM, SEMANTIC.split()), (CARGO, SEMANTIC.split()), (PYPI, PYTHON.split())]
)
def test_order(ecosystem: Ecosystem, chain: list[str]) -> None:
    for place, bound in enumerate(chain):
        below = [is_affected(ecosystem, each, [events(">=0", f"<{bound}")]) for each in chain]
        assert below == [other < place for other in range(len(chain))]
        up_to = [is_affected(ecosystem, each, [events(">=0", f"<={bound}")]) for each in chain]
        assert up_to == [other <= place for other in range(len(chain))]


@pytest.mark.parametrize(
    ("version", "expected"),
    [("1.2.9", False), ("1.3.0", True), ("1.4.4", True), ("1.4.5", False), ("2.0.0", True), ("2.0.1", False)],
)
def test_events_may_stand_in_any_order(version: str, expected: bool) -> None:
    ranges = [events(">=2.0.0", "<1.4.5", ">=1.3.0", "<2.0.1")]
    assert is_affected(NPM, version, ranges) is expected


def test_any_of_several_ranges_counts() -> None:
    ranges = [events(">=0", "<1.0.0"), events(">=2.0.0")]
    assert [is_affected(NPM, each, ranges) for each in ("0.9.0", "1.5.0", "3.0.0")] == [True, False, True]


def test_prereleases_and_build_metadata() -> None:
    ranges = [events(">=0", "<1.0.0")]
    assert is_affected(CARGO, "1.0.0-rc.1", ranges)
    assert not is_affected(CARGO, "1.0.0+build.7", ranges)
    assert is_affected(PYPI, "1.0rc1", ranges)
    assert not is_affected(PYPI, "1", ranges)
    assert not is_affected(PYPI, "v1.0.0.post1", ranges)


@pytest.mark.parametrize(
    ("ecosystem", "version"),
    [
        (NPM, ""),
        (NPM, "1.0"),
        (NPM, "latest"),
        (NPM, "01.0.0"),
        (CARGO, "v1.0.0"),
        (PYPI, "unknown"),
        (PYPI, "1" * (MAX_VERSION + 1)),
        (NPM, "1.0." + "9" * MAX_VERSION),
    ],
)
def test_what_is_no_version_is_told(ecosystem: Ecosystem, version: str) -> None:
    with pytest.raises(UnknownVersion):
        is_affected(ecosystem, version, [events(">=0")])


def test_later_versions_are_in_order() -> None:
    assert later(NPM, "1.9.0", ["2.0.0", "1.10.0", "1.9.0", "1.8.0"]) == ("1.10.0", "2.0.0")
