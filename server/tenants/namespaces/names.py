"""Namespaces are tenants: everything stored or issued belongs to exactly one.

There is always the root namespace; others lie below it, as deep as ``MAX_DEPTH``. What they are called is theirs to
choose, but for names that paths of the server itself begin with: nobody should have to look twice at who is meant.
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
"""How many names a path may have."""

_RESERVED = frozenset({"root", "sys", "audit", "auth", "cubbyhole", "identity"})
_WILDCARDS = "+*"


@dataclass(frozen=True, slots=True)
class Namespace:
    """One tenant. ``path`` is ``""`` for the root, else ends in ``/``; ``id`` names its part of storage."""

    id: str
    path: str

    @property
    def storage_prefix(self) -> str:
        """Where everything of this namespace lies in storage; the barrier has keys of its own for it."""
        return f"ns/{self.id}/"

    @property
    def suffix(self) -> str:
        """What the ids of its tokens and their accessors end in."""
        return f".{self.id}" if self.path else ""

    def below(self, above: Namespace) -> str | None:
        """Its path as seen from ``above``, which is itself (then ``""``) or one that it lies in; None for others."""
        return self.path[len(above.path) :] if self.path.startswith(above.path) else None


ROOT = Namespace(id=ROOT_ID, path="")


def normalise(path: str) -> str:
    """A namespace's path as clients spell it (``a/b``, ``/a//b/``, ``root``), in the form that ``Namespace`` has."""
    names = [name for name in path.split("/") if name not in ("", ".")]
    return "" if names in ([], [ROOT_ID]) else "/".join(names) + "/"


def above(path: str) -> Iterator[str]:
    """The paths of the namespaces that the one at ``path`` lies in, the nearest first, without the root's."""
    while (end := path.rstrip("/").rfind("/") + 1) > 0:
        path = path[:end]
        yield path


def refuse_separators(name: str) -> None:
    """Raise ``InvalidRequest`` for what is a path rather than a name, or a name that paths of the server begin with.

    Letters that merely look alike are the same here: ``ROOT`` or a full-width ``root`` would mislead whoever reads it.
    """
    if "/" in name:
        raise InvalidRequest("namespace name cannot contain /")
    if len(name) > MAX_NAME_BYTES:
        return  # No such name is reserved, and combining marks take quadratic time to be put into their normal order.
    if unicodedata.normalize("NFKC", name).strip().casefold() in _RESERVED and " " not in name:
        raise InvalidRequest(f'"{name}/" is a reserved path and cannot be used as a namespace name')


def check_new_name(name: str) -> None:
    """Raise ``InvalidRequest`` unless a namespace may be made with this name."""
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
