"""Namespaces and their names. A namespace is a tenant: everything stored or issued belongs to exactly one.

The root namespace always exists; others are below it, at most ``MAX_DEPTH`` deep. Names are free, except the first
segments of the server's own paths, which would be ambiguous.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from engines.faults import InvalidRequest

ROOT_ID = "root"

MAX_NAME_BYTES = 255
"""The longest name, in bytes of UTF-8."""

MAX_DEPTH = 16
"""The most names in a path."""

_RESERVED = frozenset({"root", "sys", "audit", "auth", "cubbyhole", "identity"})
_WILDCARDS = "+*"


@dataclass(frozen=True, slots=True)
class Namespace:
    """One tenant. ``path`` is ``""`` for the root, else ends in ``/``; ``id`` names its part of storage."""

    id: str
    path: str

    @property
    def storage_prefix(self) -> str:
        """The prefix of the namespace in storage; the barrier has keys of its own for it."""
        return f"ns/{self.id}/"

    @property
    def suffix(self) -> str:
        """The suffix of the ids and accessors of its tokens."""
        return f".{self.id}" if self.path else ""

    def below(self, above: Namespace) -> str | None:
        """Its path relative to ``above``: ``""`` for itself; None if it isn't below it."""
        return self.path[len(above.path) :] if self.path.startswith(above.path) else None


ROOT = Namespace(id=ROOT_ID, path="")


def normalise(path: str) -> str:
    """A namespace's path as clients may spell it (``a/b``, ``/a//b/``, ``root``), in the form of ``Namespace.path``."""
    names = [name for name in path.split("/") if name not in ("", ".")]
    return "" if names in ([], [ROOT_ID]) else "/".join(names) + "/"


def above(path: str) -> Iterator[str]:
    """The paths of the namespaces above the one at ``path``, the nearest first, without the root's."""
    while (end := path.rstrip("/").rfind("/") + 1) > 0:
        path = path[:end]
        yield path


def refuse_separators(name: str) -> None:
    """Raise ``InvalidRequest`` for a name with a slash, or one that paths of the server begin with.

    Look-alikes count too (NFKC, any case): a namespace called ``ROOT`` or a full-width ``root`` would be confusing.
    """
    if "/" in name:
        raise InvalidRequest("namespace name cannot contain /")
    if len(name) > MAX_NAME_BYTES:
        return  # No reserved name is so long, and normalising many combining marks takes quadratic time.
    if unicodedata.normalize("NFKC", name).strip().casefold() in _RESERVED and " " not in name:
        raise InvalidRequest(f'"{name}/" is a reserved path and cannot be used as a namespace name')


def check_new_name(name: str) -> None:
    """Raise ``InvalidRequest`` unless a namespace may be created with this name."""
    refuse_separators(name)
    if any(letter.isspace() for letter in name):
        raise InvalidRequest(f'"{name}" contains space characters that cannot be used in a namespace name')
    for wildcard in _WILDCARDS:
        if wildcard in name:
            raise InvalidRequest(
                f"\"{name}\" contains wildcard characters that cannot be used in a namespace name: '{wildcard}'"
            )
    if not name or name in (".", "..") or not name.isprintable() or len(name.encode()) > MAX_NAME_BYTES:
        raise InvalidRequest(f"a namespace's name is printable and at most {MAX_NAME_BYTES} bytes long")
