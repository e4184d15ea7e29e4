"""Advisories: the set that ships, records of OSV and RustSec, and the rule that chooses."""

from __future__ import annotations

import json
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from engines.cbom.dependencies.advisories.bundle import NoAdvisories, encoded, read_advisories, shipped_advisories
from engines.cbom.dependencies.advisories.choosing import is_cryptographic
from engines.cbom.dependencies.advisories.cvss import severity_of_vector
from engines.cbom.dependencies.advisories.model import Advisory, Event, Severity
from engines.cbom.dependencies.advisories.osv import MAX_EVENTS, NoRecord, advisories_of, record_of
from engines.cbom.dependencies.advisories.rustsec import advisory_of
from engines.cbom.dependencies.knowledge import cryptographic_packages
from engines.cbom.dependencies.model import Ecosystem, normal_name
from engines.cbom.dependencies.versions import is_affected

RECORD: dict[str, Any] = {
    "id": "GHSA-1",
    "modified": "2026-03-02T10:00:00Z",
    "published": "2026-03-01T10:00:00Z",
    "aliases": ["CVE-1"],
    "summary": "A  summary\nin two lines",
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "Py_JWT"},
            "ranges": [
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2"}]},
                {"type": "GIT", "events": [{"introduced": "0"}]},
            ],
            "versions": ["1.0", "1.1"],
        },
        {"package": {"ecosystem": "PyPI", "name": "py-jwt"}, "ranges": [], "versions": ["2.0"]},
        {"package": {"ecosystem": "npm", "name": "elliptic"}, "versions": ["6.0.0"]},
        {"package": {"ecosystem": "Maven", "name": "a:b"}},
        {"ranges": []},
    ],
    "database_specific": {"cwe_ids": ["CWE-347", 3]},
}


def of(record: object) -> list[Advisory]:
    """The advisories of a record."""
    return list(advisories_of(record_of(json.dumps(record).encode())))


def test_a_record_is_read_for_each_package() -> None:
    python, npm = of(RECORD)
    assert python == Advisory(
        id="GHSA-1",
        ecosystem="pypi",
        package="py-jwt",
        summary="A summary in two lines",
        published="2026-03-01",
        severity=Severity.CRITICAL,
        aliases=("CVE-1",),
        cwes=("CWE-347",),
        ranges=((Event("introduced", "0"), Event("fixed", "1.2")),),
    )
    assert (npm.package, npm.ranges, npm.versions) == ("elliptic", (), ("6.0.0",))
    assert python.fixed == ("1.2",)
    assert of({**RECORD, "withdrawn": "2026-04-01T00:00:00Z"}) == []


def test_severities() -> None:
    assert {each.severity for each in of({**RECORD, "database_specific": {"severity": "MODERATE"}})} == {
        Severity.MODERATE
    }
    assert {each.severity for each in of({**RECORD, "severity": []})} == {Severity.UNKNOWN}
    informational = [{**RECORD["affected"][2], "database_specific": {"informational": "unmaintained"}}]
    assert {each.severity for each in of({**RECORD, "affected": informational})} == {Severity.NOTICE}


# Scores of the examples in the CVSS 3.1 specification and of the National Vulnerability Database.
@pytest.mark.parametrize(
    ("vector", "expected"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Severity.CRITICAL),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", Severity.CRITICAL),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", Severity.HIGH),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N", Severity.MODERATE),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", Severity.LOW),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", Severity.UNKNOWN),
        ("CVSS:3.1/AV:N", Severity.UNKNOWN),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", Severity.UNKNOWN),
        ("", Severity.UNKNOWN),
    ],
)
def test_ratings_of_vectors(vector: str, expected: Severity) -> None:
    assert severity_of_vector(vector) is expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"id": 3, "modified": ""}',
        json.dumps({**RECORD, "affected": [{"package": {"name": "elliptic"}}]}).encode(),
        b"\xff",
    ],
)
def test_what_is_no_record_is_refused(content: bytes) -> None:
    with pytest.raises(NoRecord):
        record_of(content)


def test_a_record_with_very_many_events_is_refused() -> None:
    affected = [
        {**RECORD["affected"][0], "ranges": [{"type": "SEMVER", "events": [{"fixed": "1"}] * (MAX_EVENTS + 1)}]}
    ]
    with pytest.raises(NoRecord):
        of({**RECORD, "affected": affected})


RUSTSEC = """```toml
[advisory]
id = "RUSTSEC-2026-0001"
package = "sealing"
date = "2026-02-01"
categories = ["crypto-failure"]
aliases = ["CVE-2"]
cvss = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"

[versions]
patched = {patched}
unaffected = {unaffected}
```

# Seals open by themselves

More of it.
"""


def test_rustsec() -> None:
    found = advisory_of(RUSTSEC.format(patched='[">= 1.2.3"]', unaffected="[]"))
    assert found is not None
    assert found[0] == Advisory(
        id="RUSTSEC-2026-0001",
        ecosystem="cargo",
        package="sealing",
        summary="Seals open by themselves",
        published="2026-02-01",
        severity=Severity.HIGH,
        aliases=("CVE-2",),
        ranges=((Event("introduced", "0"), Event("fixed", "1.2.3")),),
    )
    assert found[1] == ("crypto-failure",)
    withdrawn = RUSTSEC.replace("date =", 'withdrawn = "2026-03-01"\ndate =')
    assert advisory_of(withdrawn.format(patched="[]", unaffected="[]")) is None


# What the reference of Cargo says of each form of requirement ("Specifying Dependencies").
@pytest.mark.parametrize(
    ("patched", "unaffected", "affected", "free"),
    [
        ('["^1.2.3"]', "[]", "0.9.0 1.2.2 2.0.0", "1.2.3 1.9.9"),
        ('["1.2"]', "[]", "1.1.9 2.0.0", "1.2.0 1.9.0"),
        ('["^0.2.3"]', "[]", "0.2.2 0.3.0", "0.2.3 0.2.9"),
        ('["^0.0.3"]', "[]", "0.0.2 0.0.4", "0.0.3"),
        ('["^0.0"]', "[]", "0.1.0", "0.0.0 0.0.9"),
        ('["^0"]', "[]", "1.0.0", "0.0.0 0.9.9"),
        ('["~1.2.3"]', "[]", "1.2.2 1.3.0", "1.2.3 1.2.9"),
        ('["~1"]', "[]", "0.9.0 2.0.0", "1.0.0 1.9.0"),
        ('["= 1.2.3"]', "[]", "1.2.2 1.2.4", "1.2.3"),
        ('["> 1.2.3"]', '["<= 1.0.0"]', "1.0.1 1.2.3", "1.0.0 1.2.4"),
        ('[">= 0.10.9", "^0.9.24"]', '["< 0.3"]', "0.3.0 0.9.23 0.10.0 0.10.8", "0.2.9 0.9.24 0.9.99 0.10.9 1.0.0"),
        ('[">= 1.1.0, < 2.0.0", ">= 2.1.0"]', "[]", "1.0.9 2.0.0 2.0.9", "1.1.0 1.9.9 2.1.0"),
        ('["> 1.2"]', '["<= 0"]', "1.0.0 1.2.9", "0.9.9 1.3.0"),
        ('["= 1"]', '["< 0.2"]', "0.2.0 2.0.0", "0.1.9 1.0.0 1.9.9"),
        ('[">= 3.0.0, ^0.1"]', "[]", "0.1.0 3.0.0", ""),
        ('["*"]', "[]", "", "0.0.1 9.0.0"),
        ("[]", "[]", "0.0.1 9.0.0", ""),
        ('[">= 2.0.0-beta.2"]', "[]", "2.0.0-beta.1", "2.0.0-beta.2 2.0.0"),
    ],
)
def test_requirements_of_cargo(patched: str, unaffected: str, affected: str, free: str) -> None:
    found = advisory_of(RUSTSEC.format(patched=patched, unaffected=unaffected))
    assert found is not None
    assert [each for each in affected.split() if not is_affected(Ecosystem.CARGO, each, found[0].ranges)] == []
    assert [each for each in free.split() if is_affected(Ecosystem.CARGO, each, found[0].ranges)] == []


@pytest.mark.parametrize(
    "text", ["", "# Title", "```toml\n[advisory]\n```\n", RUSTSEC.format(patched='["x"]', unaffected="[]")]
)
def test_what_is_no_advisory_of_rustsec_is_refused(text: str) -> None:
    with pytest.raises(NoRecord):
        advisory_of(text)


def test_the_rule_that_chooses() -> None:
    def chosen(ecosystem: str, package: str, *cwes: str) -> bool:
        return is_cryptographic(Advisory("A", ecosystem, package, "", "2026-01-01", cwes=cwes))

    assert chosen("npm", "elliptic")
    assert chosen("npm", "left-pad", "CWE-79", "CWE-347")
    assert not chosen("npm", "left-pad", "CWE-79")
    assert not chosen("pypi", "elliptic")


def test_a_directory_takes_the_place_of_the_set(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/GHSA-1.json").write_text(json.dumps(RECORD))
    (tmp_path / "other.json").write_text(json.dumps({**RECORD, "affected": [], "modified": "2026-05-02T00:00:00Z"}))
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "huge.json").symlink_to("/dev/zero")
    (tmp_path / "notes.md").write_text("no record")
    found = read_advisories(tmp_path)
    assert [each.id for each in found.of(Ecosystem.NPM, "elliptic")] == ["GHSA-1"]
    assert found.of(Ecosystem.PYPI, "elliptic") == ()
    assert found.problems == (f"1 of 3 files in {tmp_path} are no records of OSV",)
    assert found.age_days(date(2026, 5, 4)) == 2
    assert found.described(date(2026, 5, 4)) == f"{tmp_path} of 2026-05-02 (2); 2 days old"
    with pytest.raises(NoAdvisories):
        read_advisories(tmp_path / "a/none")


def test_the_set_that_ships() -> None:
    shipped = shipped_advisories()
    assert [(source.name, source.licence) for source in shipped.sources] == [
        ("RustSec", "CC0-1.0"),
        ("GitHub", "CC-BY-4.0"),
        ("PyPA", "CC-BY-4.0"),
    ]
    every = [each for found in shipped.by_package.values() for each in found]
    assert sum(source.records for source in shipped.sources) == len(every) > 250
    assert {each.ecosystem for each in every} == {"npm", "pypi", "cargo"}
    for each in every:
        assert each.package == normal_name(Ecosystem(each.ecosystem), each.package)
        assert each.summary and date.fromisoformat(each.published) <= date(2100, 1, 1)
        assert each.ranges or each.versions
        is_affected(Ecosystem(each.ecosystem), "1.0.0", each.ranges)
    assert (
        encoded(shipped.sources, reversed(every))
        == (files("engines.cbom.dependencies") / "data/advisories.jsonl").read_bytes()
    )


def test_the_shipped_set_names_no_vulnerability_of_a_package_twice() -> None:
    for found in shipped_advisories().by_package.values():
        names = [name for each in found for name in each.names]
        assert len(names) == len(set(names))


def test_packages_of_cryptography_have_the_words_of_the_scanner() -> None:
    words = "hash cipher mac signature kem kdf key-agreement random protocol certificate".split()
    for (ecosystem, name), primitives in cryptographic_packages().items():
        assert normal_name(ecosystem, name) == name
        assert primitives and {each.name for each in primitives} <= set(words)


def test_the_documentation_tells_the_sources() -> None:
    page = (Path(__file__).parents[4] / "docs/scanner.md").read_text()
    for source in shipped_advisories().sources:
        number = f"{source.records}{'' if source.complete else ', a selection'}"
        assert f"| {source.name} | {source.date} | {number} | {source.licence} |" in page
