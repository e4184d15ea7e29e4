"""Findings about packages: what is cryptography, what is vulnerable, and what to take instead."""

from __future__ import annotations

import pytest

from engines.cbom.dependencies.advisories.bundle import AdvisorySet, shipped_advisories
from engines.cbom.dependencies.advisories.model import Advisory, Event, Severity
from engines.cbom.dependencies.judging import MAX_VERSIONS, USE, VULNERABLE, Result, judge
from engines.cbom.dependencies.locks.reading import read_dependencies
from engines.cbom.dependencies.model import Ecosystem, Package

NPM = Ecosystem.NPM


def package(version: str, name: str = "elliptic", line: int = 1) -> Package:
    """A package of npm."""
    return Package(NPM, name, version, line)


def advisory(*versions: str, severity: Severity = Severity.HIGH, **given: object) -> Advisory:
    """An advisory with one range, of versions that introduce and fix in turn."""
    kinds = ("introduced", "fixed")
    events = tuple(Event(kinds[place % 2], version) for place, version in enumerate(versions))
    facts: dict[str, object] = {"id": "A-1", "summary": "It leaks", "published": "2026-01-01", **given}
    return Advisory(ecosystem="npm", package="elliptic", ranges=(events,), severity=severity, **facts)  # type: ignore[arg-type]


def found(version: str, *advisories: Advisory) -> list[Result]:
    """The vulnerable dependencies among the findings about ``elliptic``."""
    known = AdvisorySet((), {(NPM, "elliptic"): list(advisories)})
    return [each for each in judge([package(version)], known) if each.finding == VULNERABLE]


def test_a_library_of_cryptography_is_a_use() -> None:
    use, other = judge(
        [package("6.5.4", line=7), package("1.3.0", "left-pad"), package("2.0.0", "md5")], AdvisorySet(())
    )
    assert (use.finding, use.level, use.primitive, use.algorithm, use.library) == (
        USE,
        "note",
        "signature",
        "",
        "elliptic",
    )
    assert use.package.line == 7
    assert use.message == "elliptic 6.5.4 is a library of cryptography (signature, key-agreement)"
    assert (other.primitive, other.algorithm) == ("hash", "MD5")


def test_a_vulnerable_version_is_told_with_what_to_take_instead() -> None:
    (result,) = found("1.5.0", advisory("0", "1.4.5", "1.5.0", "1.5.2", "2.0.0", "2.0.1"))
    assert (result.level, result.fixed, result.package.purl) == ("error", ("1.5.2",), "pkg:npm/elliptic@1.5.0")
    assert result.message == "elliptic 1.5.0 is affected by A-1: It leaks (fixed in 1.5.2)"
    assert [each.id for each in result.advisories] == ["A-1"]
    assert found("1.4.5", advisory("0", "1.4.5", "1.5.0", "1.5.2")) == []


def test_a_fix_that_another_range_has_again_is_none() -> None:
    first = (Event("introduced", "0"), Event("fixed", "1.2.0"))
    second = (Event("introduced", "1.1.0"), Event("fixed", "1.3.0"))
    both = Advisory("A-1", "npm", "elliptic", "It leaks", "2026-01-01", ranges=(first, second))
    (result,) = found("1.0.0", both)
    assert result.fixed == ("1.3.0",)


def test_several_advisories_are_one_finding_with_the_worst_level() -> None:
    (result,) = found(
        "1.0.0", advisory("0", "2.0.0", severity=Severity.LOW), advisory("0", id="A-2", severity=Severity.UNKNOWN)
    )
    assert (result.level, result.fixed) == ("warning", ("2.0.0",))
    assert result.message.endswith("A-2: It leaks (no version with a fix is known)")


def test_single_versions_are_compared_as_they_stand() -> None:
    only = Advisory("A-1", "npm", "elliptic", "", "2026-01-01", versions=("nightly", "1.0.0"))
    assert [len(found(each, only)) for each in ("nightly", "1.0.0", "1.0.1", "")] == [1, 1, 0, 0]


@pytest.mark.parametrize("version", ["", "latest", "6.x", "git+ssh://git@example/e.git#a1"])
def test_what_is_no_version_is_not_judged(version: str) -> None:
    assert found(version, advisory("0")) == []


def test_each_version_is_told_once() -> None:
    rows = [package("1.0.0", line=3), package("1.0.0", line=9), package("1.0.1", line=12)]
    results = list(judge(rows, AdvisorySet((), {(NPM, "elliptic"): [advisory("0")]})))
    assert [(each.finding, each.package.line) for each in results] == [
        (USE, 3),
        (VULNERABLE, 3),
        (USE, 12),
        (VULNERABLE, 12),
    ]


def test_very_many_versions_of_one_package_are_not_compared() -> None:
    rows = [package(f"1.0.{number}") for number in range(MAX_VERSIONS + 50)]
    results = list(judge(rows, AdvisorySet((), {(NPM, "elliptic"): [advisory("0")]})))
    assert sum(each.finding == VULNERABLE for each in results) == MAX_VERSIONS


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("requirements.txt", "pyjwt==2.3.0", {"PYSEC-2022-202"}),
        ("requirements.txt", "python-jose==3.3.0", {"GHSA-6c5p-j8vq-pqhj", "GHSA-cjwg-qfpm-7377"}),
        ("requirements.txt", "pyjwt==99.0\nsrp==1.0.21", set()),
        ("yarn.lock", '# yarn lockfile v1\n\ncrypto-js@^4.0.0:\n  version "4.1.1"\n', {"GHSA-xwcq-pm8m-c4vf"}),
        ("yarn.lock", '# yarn lockfile v1\n\npbkdf2@^3.1.0:\n  version "3.1.2"\n', {"GHSA-h7cp-r72f-jxh6"}),
        ("Cargo.lock", '[[package]]\nname = "rsa"\nversion = "0.9.2"\nsource = "registry+a"\n', {"RUSTSEC-2023-0071"}),
    ],
)
def test_with_the_set_that_ships(path: str, content: str, expected: set[str]) -> None:
    results = judge(read_dependencies(path, content.encode()).packages, shipped_advisories())
    found = {each.id for result in results for each in result.advisories}
    assert found >= expected and bool(found) == bool(expected)


def test_a_version_is_direct_if_one_of_its_places_is() -> None:
    places = [Package(Ecosystem.NPM, "elliptic", "6.5.4", line, direct) for line, direct in ((3, False), (9, True))]
    assert {(result.package.line, result.package.direct) for result in judge(places, shipped_advisories())} == {
        (3, True)
    }
