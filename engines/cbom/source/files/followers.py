"""Followers: files that import from others, as far as their imports can be resolved without a parser."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from engines.cbom.source.locating import Found

EVERYTHING = "*"
"""The member, and the name, of an import of all members."""

DEFAULT = "default"

MAX_PASSES = 8
"""The most files through which a name is followed to the one that has it."""


class Imported(NamedTuple):
    """A name that a file imports: ``from module import member as name``. ``member`` is "" for the module itself."""

    module: str
    member: str
    name: str
    passed_on: bool = True
    """Whether files that import all of this one get it too."""


Locate: TypeAlias = Callable[[str, str, str], Found]
"""The path of the file that imports, the module and the member: the files that they may be."""


class Followers:
    """Files that import from one of ``hot``, be it through files that only pass names on (``passes``)."""

    def __init__(
        self,
        imports: Mapping[str, Sequence[Imported]],
        locate: Locate,
        passes: Callable[[str], bool],
        hot: Iterable[str],
    ) -> None:
        self._imports, self._locate, self._passes = imports, locate, passes
        self._hot = frozenset(hot)
        self._seen: dict[tuple[str, str], bool] = {}

    def has(self, path: str) -> bool:
        """Whether the file at ``path`` is one."""
        return any(self._leads(path, each, each.member, 0) for each in self._imports[path])

    def _leads(self, path: str, imported: Imported, member: str, depth: int) -> bool:
        found = self._locate(path, imported.module, "" if member == EVERYTHING else member)
        return any(self._gives(file, name, depth) for file, name in found)

    def _gives(self, path: str, name: str, depth: int) -> bool:
        """Whether a file is hot, or passes ``name`` on from one that is; "" for any name."""
        if path in self._hot:
            return True
        if depth >= MAX_PASSES or not self._passes(path):
            return False
        key = path, name
        if key not in self._seen:
            self._seen[key] = False  # Files may import each other.
            self._seen[key] = any(
                self._leads(path, each, name if each.member == EVERYTHING else each.member, depth + 1)
                for each in self._imports.get(path, ())
                if _is_passed_on(each, name)
            )
        return self._seen[key]


def _is_passed_on(imported: Imported, name: str) -> bool:
    """Whether a file that has ``imported`` may pass it on as ``name``."""
    if name:
        same = imported.name == name or name == imported.member == DEFAULT
        return same or (imported.passed_on and imported.member == EVERYTHING)
    return imported.passed_on
