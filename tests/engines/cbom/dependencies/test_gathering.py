"""How the set of advisories is gathered, and single records of GitHub's are added to it."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest

from engines.cbom.dependencies.advisories.bundle import decoded
from engines.cbom.dependencies.advisories.model import Advisory
from engines.cbom.dependencies.model import Ecosystem

PRESENT = (files("engines.cbom.dependencies") / "data/advisories.jsonl").read_bytes()


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    """The names of ``packaging/advisories.py``."""
    return run_path(str(Path(__file__).parents[4] / "packaging/advisories.py"))


def write(folder: Path, name: str, package: str, fixed: str, **members: object) -> Path:
    """A record of GitHub's on a package of PyPI; returns the folder."""
    affected = {
        "package": {"ecosystem": "PyPI", "name": package},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
    }
    record = {"id": name, "modified": "2027-01-02T00:00:00Z", "summary": "s", "affected": [affected], **members}
    path = folder / f"advisories/github-reviewed/2027/01/{name}/{name}.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(record))
    return folder


def of(content: bytes, package: str) -> dict[str, Advisory]:
    """The advisories of a set on a package of PyPI, by identifier."""
    return {each.id: each for each in decoded(content).of(Ecosystem.PYPI, package)}


def test_records_are_added_in_any_order(script: dict[str, Any], tmp_path: Path) -> None:
    added = script["added"]
    one = write(tmp_path / "one", "GHSA-aaaa", "tuf", "99.0", aliases=["CVE-2020-6174"])
    two = write(tmp_path / "two", "GHSA-bbbb", "rsa", "99.0", published="2027-01-01T00:00:00Z")
    write(two, "GHSA-cccc", "left-pad", "2.0")
    found = added(added(PRESENT, one), two)
    assert added(added(PRESENT, two), one) == added(found, one) == found
    assert of(found, "rsa")["GHSA-bbbb"].published == "2027-01-01"
    assert of(found, "left-pad") == {}
    # PyPA's record of the same vulnerability gives way.
    assert of(PRESENT, "tuf").keys() - of(found, "tuf").keys() == {"PYSEC-2020-147"}
    (rustsec, github, pypa), before = decoded(found).sources, decoded(PRESENT).sources
    assert rustsec == before[0]
    assert (github.date, github.records, github.complete) == ("2027-01-02", before[1].records + 2, False)
    assert (pypa.date, pypa.commit, pypa.records) == (before[2].date, before[2].commit, before[2].records - 1)


def test_newer_and_withdrawn_records_take_the_place_of_older_ones(script: dict[str, Any], tmp_path: Path) -> None:
    added = script["added"]
    first = added(PRESENT, write(tmp_path / "first", "GHSA-aaaa", "rsa", "98.0"))
    newer = added(first, write(tmp_path / "newer", "GHSA-aaaa", "rsa", "99.0"))
    assert of(newer, "rsa")["GHSA-aaaa"].fixed == ("99.0",)
    assert added(newer, write(tmp_path / "gone", "GHSA-aaaa", "rsa", "99.0", withdrawn="2027-02-01")) == PRESENT


def test_a_whole_set_is_gathered_from_folders(script: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "advisories/github-reviewed/2027/01/x").mkdir(parents=True)
    (tmp_path / "advisories/github-reviewed/2027/01/x/x.json").write_text("{")
    content = script["gathered"](tmp_path, tmp_path, write(tmp_path, "GHSA-aaaa", "rsa", "99.0"))
    assert [(source.name, source.records, source.complete) for source in decoded(content).sources] == [
        ("RustSec", 0, False),
        ("GitHub", 1, False),
        ("PyPA", 0, False),
    ]
    assert list(of(content, "rsa")) == ["GHSA-aaaa"]
