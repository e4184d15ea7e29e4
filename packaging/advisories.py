"""Gathers the advisories that ship with the scanner from local copies of the databases.

``python packaging/advisories.py RUSTSEC PYPA GITHUB`` reads checkouts of rustsec/advisory-db, pypa/advisory-database
and github/advisory-database, and writes ``engines/cbom/dependencies/data/advisories.jsonl``. For GitHub's a folder with
some of its records does too; the set then says that it has a selection. Chosen are advisories on packages that do
cryptography (``data/packages.toml`` there), with a CWE of cryptography, or in RustSec's category ``crypto-failure``. Of
several databases that have the same one, RustSec's comes first, then GitHub's, then PyPA's.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from engines.cbom.dependencies.advisories.bundle import encoded
from engines.cbom.dependencies.advisories.choosing import is_cryptographic
from engines.cbom.dependencies.advisories.model import Advisory, Source
from engines.cbom.dependencies.advisories.osv import NoRecord, advisories_of, record_from, record_of
from engines.cbom.dependencies.advisories.rustsec import CRYPTOGRAPHIC, advisory_of
from engines.cbom.dependencies.locks.yaml_text import yaml_of

TARGET = Path(__file__).parents[1] / "engines/cbom/dependencies/data/advisories.jsonl"


def of_rustsec(folder: Path) -> Iterator[Advisory]:
    """The chosen advisories of RustSec."""
    for path in sorted(folder.glob("crates/*/*.md")):
        found = advisory_of(path.read_text())
        if found and (CRYPTOGRAPHIC in found[1] or is_cryptographic(found[0])):
            yield found[0]


def of_pypa(folder: Path) -> Iterator[Advisory]:
    """The chosen advisories of PyPA."""
    for path in sorted(folder.glob("vulns/*/*.yaml")):
        (value,) = yaml_of(path.read_text())
        yield from filter(is_cryptographic, advisories_of(record_from(value)))


def of_github(folder: Path) -> Iterator[Advisory]:
    """The chosen advisories that GitHub has reviewed."""
    for path in sorted(folder.glob("advisories/github-reviewed/*/*/*/*.json")):
        try:
            yield from filter(is_cryptographic, advisories_of(record_of(path.read_bytes())))
        except NoRecord:
            sys.stderr.write(f"{path} is no record of OSV\n")


def without_doubles(advisories: Iterator[Advisory]) -> Iterator[Advisory]:
    """Each vulnerability of a package once, as the first database that has it says."""
    seen: dict[tuple[str, str], set[str]] = {}
    for each in advisories:
        names = seen.setdefault((each.ecosystem, each.package), set())
        if names.isdisjoint(each.names):
            yield each
        names.update(each.names)


def _commit(folder: Path) -> tuple[str, str] | None:
    """The commit of a checkout and its day; None for a folder that is none."""
    if not (folder / ".git").exists():
        return None
    command = ["git", "-C", str(folder), "log", "-1", "--format=%H %cs"]
    written = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    name, day = written.split()
    return name, day


def main(rustsec: Path, pypa: Path, github: Path) -> None:
    """Write the set."""
    databases = (
        ("RustSec", "https://github.com/rustsec/advisory-db", "CC0-1.0", rustsec, list(of_rustsec(rustsec))),
        ("GitHub", "https://github.com/github/advisory-database", "CC-BY-4.0", github, list(of_github(github))),
        ("PyPA", "https://github.com/pypa/advisory-database", "CC-BY-4.0", pypa, list(of_pypa(pypa))),
    )
    chosen = list(without_doubles(each for *_, found in databases for each in found))
    kept = {id(each) for each in chosen}
    sources = []
    for name, repository, licence, folder, found in databases:
        commit = _commit(folder)
        newest = max((each.published for each in found), default="1970-01-01")
        number = sum(id(each) in kept for each in found)
        commit_id, day = commit or ("", newest)
        sources.append(Source(name, repository, licence, commit_id, day, number, complete=commit is not None))
    TARGET.write_bytes(encoded(sources, chosen))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
