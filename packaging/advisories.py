"""Gathers the advisories that ship with the scanner from local copies of the databases.

``python packaging/advisories.py RUSTSEC PYPA GITHUB`` reads checkouts of rustsec/advisory-db, pypa/advisory-database
and github/advisory-database, and writes ``engines/cbom/dependencies/data/advisories.jsonl``. For GitHub's a folder with
some of its records does too; the set then says that it has a selection. Chosen are advisories on packages that do
cryptography (``data/packages.toml`` there), with a CWE of cryptography, or in RustSec's category ``crypto-failure``. Of
several databases that have the same one, RustSec's comes first, then GitHub's, then PyPA's.

``python packaging/advisories.py --add GITHUB`` keeps the present set, and adds the records of GitHub's in a folder.
A record that the set has already is replaced, or removed if the one in the folder is withdrawn.
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from engines.cbom.dependencies.advisories.bundle import decoded, encoded
from engines.cbom.dependencies.advisories.choosing import is_cryptographic
from engines.cbom.dependencies.advisories.model import Advisory, Source
from engines.cbom.dependencies.advisories.osv import NoRecord, advisories_of, record_from, record_of
from engines.cbom.dependencies.advisories.rustsec import CRYPTOGRAPHIC, advisory_of
from engines.cbom.dependencies.locks.yaml_text import yaml_of

TARGET = Path(__file__).parents[1] / "engines/cbom/dependencies/data/advisories.jsonl"
PREFIXES = {"RustSec": "RUSTSEC-", "GitHub": "GHSA-", "PyPA": "PYSEC-"}
"""Beginnings of the identifiers of each database."""


class Part(NamedTuple):
    """A database, and the advisories chosen from it."""

    source: Source
    advisories: list[Advisory]


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


def of_github(folder: Path) -> dict[str, list[Advisory]]:
    """The chosen advisories of each record that GitHub has reviewed, by the record's identifier."""
    found = {}
    for path in sorted(folder.glob("advisories/github-reviewed/*/*/*/*.json")):
        try:
            record = record_of(path.read_bytes())
            found[record.id] = list(filter(is_cryptographic, advisories_of(record)))
        except NoRecord:
            sys.stderr.write(f"{path} is no record of OSV\n")
    return found


def without_doubles(advisories: Iterable[Advisory]) -> Iterator[Advisory]:
    """Each vulnerability of a package once, as the first database that has it says."""
    seen: dict[tuple[str, str], set[str]] = {}
    for each in advisories:
        names = seen.setdefault((each.ecosystem, each.package), set())
        if names.isdisjoint(each.names):
            yield each
        names.update(each.names)


def joined(parts: Sequence[Part]) -> bytes:
    """The file of a set with the advisories of several databases, the preferred one first."""
    chosen = list(without_doubles(each for part in parts for each in part.advisories))
    kept = {id(each) for each in chosen}
    numbers = [sum(id(each) in kept for each in part.advisories) for part in parts]
    sources = [msgspec.structs.replace(part.source, records=n) for part, n in zip(parts, numbers, strict=True)]
    return encoded(sources, chosen)


def gathered(rustsec: Path, pypa: Path, github: Path) -> bytes:
    """The file of a set from copies of the databases."""
    of_reviewed = [each for found in of_github(github).values() for each in found]
    databases = (
        ("RustSec", "https://github.com/rustsec/advisory-db", "CC0-1.0", rustsec, list(of_rustsec(rustsec))),
        ("GitHub", "https://github.com/github/advisory-database", "CC-BY-4.0", github, of_reviewed),
        ("PyPA", "https://github.com/pypa/advisory-database", "CC-BY-4.0", pypa, list(of_pypa(pypa))),
    )
    parts = []
    for name, repository, licence, folder, found in databases:
        commit = _commit(folder)
        commit_id, day = commit or ("", _newest(found))
        parts.append(Part(Source(name, repository, licence, commit_id, day, 0, complete=commit is not None), found))
    return joined(parts)


def added(present: bytes, github: Path) -> bytes:
    """The file of the set in ``present`` with the records of GitHub's in a folder, whose part becomes a selection."""
    old = decoded(present)
    read = of_github(github)
    held = [each for found in old.by_package.values() for each in found if each.id not in read]
    parts = []
    for source in old.sources:
        part = Part(source, [each for each in held if each.id.startswith(PREFIXES[source.name])])
        if source.name == "GitHub":
            reviewed = [*part.advisories, *(each for found in read.values() for each in found)]
            changed = msgspec.structs.replace(source, commit="", date=_newest(reviewed), complete=False)
            # In the order of a walk through the folders of months.
            part = Part(changed, sorted(reviewed, key=lambda each: (each.published[:7], each.id)))
        parts.append(part)
    return joined(parts)


def _newest(advisories: Iterable[Advisory]) -> str:
    return max((each.published for each in advisories), default="1970-01-01")


def _commit(folder: Path) -> tuple[str, str] | None:
    """The commit of a checkout and its day; None for a folder that is none."""
    if not (folder / ".git").exists():
        return None
    command = ["git", "-C", str(folder), "log", "-1", "--format=%H %cs"]
    written = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    name, day = written.split()
    return name, day


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--add", folder]:
            TARGET.write_bytes(added(TARGET.read_bytes(), Path(folder)))
        case [rustsec, pypa, github]:
            TARGET.write_bytes(gathered(Path(rustsec), Path(pypa), Path(github)))
        case _:
            sys.exit(__doc__)
