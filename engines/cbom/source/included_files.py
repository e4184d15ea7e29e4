"""Included files of C and C++: the header, or the source of a header, that defines a name.

A name may be anywhere below an ``#include``, and there are many names and headers. So an index of the headers' words
tells which of them have a name, and only those are run for it: a name that is in none costs one look.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from engines.cbom.source.files.relevance import words_in
from engines.cbom.source.locating import C_SOURCES, Tree, c_files
from engines.cbom.source.values import NOTHING, Values

_MAX_DEPTH = 3
"""The greatest depth of headers that include headers."""

_MAX_FILES = 1000
"""The most files below one that are looked at."""

_MAX_NESTED = 4
"""The most files that are run one for the other."""

_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"', re.MULTILINE)


@dataclass(slots=True)
class Included:
    """The names in included files; ``value_of`` runs a file for one of its names."""

    tree: Tree
    read: Callable[[str], bytes | None]
    value_of: Callable[[str, str], Values]
    lacks: Callable[[str, str], bool]
    """Whether a file has been run and has no such name, so that it needn't be asked for it again."""

    _direct: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _below: dict[str, dict[str, int]] = field(default_factory=dict)
    _indexed: set[str] = field(default_factory=set)
    _with_word: dict[bytes, list[str]] = field(default_factory=dict)
    _nested: int = 0

    def find(self, path: str, name: str) -> Values:
        """What ``name`` is to a file by what it includes; NOTHING if it isn't below it."""
        below = self._below.get(path)
        if below is None:
            below = self._below[path] = {file: place for place, file in enumerate(self._reached(path))}
        files = self._with_word.get(name.encode())
        if not files or self._nested >= _MAX_NESTED:
            return NOTHING
        self._nested += 1
        lacking: set[str] = set()
        try:
            for file in sorted(below.keys() & files, key=below.__getitem__):
                values = self.value_of(file, name)
                if values:
                    return values
                if self.lacks(file, name):
                    lacking.add(file)
        finally:
            self._nested -= 1
            if lacking:
                files[:] = [file for file in files if file not in lacking]
        return NOTHING

    def _reached(self, path: str) -> Iterator[str]:
        """The files below ``path``, in the order of its text."""
        seen = {path}
        waiting = [(each, 1) for each in reversed(self._included(path))]
        while waiting and len(seen) <= _MAX_FILES:
            file, depth = waiting.pop()
            if file not in seen:
                seen.add(file)
                yield file
                if depth < _MAX_DEPTH and not file.endswith(C_SOURCES):
                    waiting.extend((each, depth + 1) for each in reversed(self._included(file)))

    def _included(self, path: str) -> tuple[str, ...]:
        """The headers that a file includes itself, each with its sources; the words of all of them are in the index."""
        found = self._direct.get(path)
        if found is None:
            modules = (each.decode("utf-8", "replace") for each in _INCLUDE.findall(self.read(path) or b""))
            files = (file for module in modules for file, _ in c_files(self.tree, path, module, module))
            found = self._direct[path] = tuple(dict.fromkeys(files))
            for file in found:
                self._index(file)
        return found

    def _index(self, file: str) -> None:
        if file not in self._indexed:
            self._indexed.add(file)
            for word in set(words_in(self.read(file) or b"")):
                self._with_word.setdefault(word, []).append(file)
