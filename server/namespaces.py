"""Namespaces are tenants: everything stored or issued belongs to exactly one.

For now there is the root namespace alone; what is built on top takes a namespace from the first day, so that others
need nothing turned round.
"""

from __future__ import annotations

from dataclasses import dataclass

ROOT_ID = "root"


@dataclass(frozen=True, slots=True)
class Namespace:
    """One tenant. ``path`` is ``""`` for the root, else ends in ``/``; ``id`` names its part of storage."""

    id: str
    path: str

    @property
    def storage_prefix(self) -> str:
        """Where everything of this namespace lies in storage; the barrier has keys of its own for it."""
        return f"ns/{self.id}/"


ROOT = Namespace(id=ROOT_ID, path="")


def normalise(path: str) -> str:
    """A namespace's path as clients may spell it (``a/b``, ``/a/b/``, ``root``), in the form that ``Namespace`` has."""
    trimmed = path.strip("/")
    return "" if trimmed in ("", ROOT_ID) else trimmed + "/"
