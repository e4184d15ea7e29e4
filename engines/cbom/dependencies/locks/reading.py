"""The reader for a lock file, by its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from engines.cbom.dependencies.locks.bun import read_bun
from engines.cbom.dependencies.locks.npm import read_npm
from engines.cbom.dependencies.locks.pnpm import read_pnpm
from engines.cbom.dependencies.locks.requirements import read_pipenv, read_requirements
from engines.cbom.dependencies.locks.shapes import MAX_BYTES, MAX_PACKAGES, Malformed
from engines.cbom.dependencies.locks.toml_locks import read_cargo, read_pdm, read_poetry, read_pylock, read_uv
from engines.cbom.dependencies.locks.yarn import read_yarn
from engines.cbom.dependencies.model import Dependencies, Package

Reader = Callable[[str], Iterator[Package]]

_BY_NAME: dict[str, Reader] = {
    "package-lock.json": read_npm,
    "npm-shrinkwrap.json": read_npm,
    "yarn.lock": read_yarn,
    "pnpm-lock.yaml": read_pnpm,
    "bun.lock": read_bun,
    "bun.lockb": read_bun,
    "Pipfile.lock": read_pipenv,
    "poetry.lock": read_poetry,
    "pdm.lock": read_pdm,
    "uv.lock": read_uv,
    "pylock.toml": read_pylock,
    "Cargo.lock": read_cargo,
}
_BINARY_BUN = b"#!/usr/bin/env bun\nbun-lockfile-format"
_REQUIREMENTS = frozenset({"requirements", "constraints"})
_PYLOCK = re.compile(r"pylock\.[^.]+\.toml")


def reader_of(path: str) -> Reader | None:
    """The reader for the file at ``path``, by its name; None if it is no lock file."""
    name, folder = PurePosixPath(path).name, PurePosixPath(path).parent.name
    if name in _BY_NAME:
        return _BY_NAME[name]
    if name.endswith(".py.lock"):  # Of a script, by uv.
        return read_uv
    if _PYLOCK.fullmatch(name):
        return read_pylock
    *words, suffix = re.split(r"[-_.]", name)
    if suffix in ("txt", "lock") and (folder == "requirements" or not _REQUIREMENTS.isdisjoint(words)):
        return read_requirements
    return None


def is_lock_file(path: str) -> bool:
    """Whether the file at ``path`` is read for dependencies, by its name."""
    return reader_of(path) is not None


def read_dependencies(path: str, content: bytes) -> Dependencies:
    """The packages that the lock file at ``path`` pins, in its order; what can't be read is named in ``problems``."""
    reader = reader_of(path)
    if reader is None:
        return Dependencies((), ("no lock file",))
    if len(content) > MAX_BYTES:
        return Dependencies((), (f"more than {MAX_BYTES} bytes",))
    if content.startswith(_BINARY_BUN):
        return Dependencies((), ("binary: `bun install --save-text-lockfile` writes text",))
    found: list[Package] = []
    try:
        for package in reader(content.decode("utf-8-sig")):
            if len(found) == MAX_PACKAGES:
                return Dependencies(tuple(found), (f"more than {MAX_PACKAGES} packages: the others are left out",))
            found.append(package)
    except Malformed as error:
        return Dependencies(tuple(found), (str(error),))
    except UnicodeDecodeError:
        return Dependencies((), ("not UTF-8",))
    return Dependencies(tuple(found))
