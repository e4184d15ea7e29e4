"""Included files: which of the headers that a file of C includes, or of their sources, has a name.

A name may be anywhere below an ``#include``, and there are many names and headers. So a file is only run for a name
that is among its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from engines.cbom.source.locating import C_SOURCES, Tree, c_files
from engines.cbom.source.values import NOTHING, Values

_MAX_DEPTH = 3
"""The greatest depth of headers that include headers."""

_MAX_NESTED = 4
"""The most files that are run one for the other."""

_BITS = 1 << 18

_WORD = re.compile(rb"[A-Za-z_]\w*")
_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"', re.MULTILINE)


@dataclass(slots=True)
class Included:
    """The names in included files; ``value_of`` runs a file for one of its names."""

    tree: Tree
    read: Callable[[str], bytes | None]
    value_of: Callable[[str, str], Values]
    _words: dict[str, frozenset[bytes]] = field(default_factory=dict)
    _modules: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _sieves: dict[str, bytes] = field(default_factory=dict)
    _files: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    _found: dict[tuple[str, str], Values] = field(default_factory=dict)
    _nested: int = 0
    _remembers: bool = True

    def find(self, path: str, module: str, name: str, *, remember: bool) -> Values:
        """What ``name`` is to a file that includes ``module``; NOTHING if it isn't below it."""
        before, self._remembers = self._remembers, remember
        try:
            return self._first(self._of(file, name, 1) for file in self._located(path, module))
        finally:
            self._remembers = before

    def _of(self, path: str, name: str, depth: int) -> Values:
        bit = hash(name.encode()) % _BITS
        if not self._sieve_of(path)[bit >> 3] >> (bit & 7) & 1:
            return NOTHING
        key = path, name
        if key in self._found:
            return self._found[key]
        if self._nested >= _MAX_NESTED:
            return NOTHING
        self._found[key] = NOTHING  # Headers include each other.
        values = NOTHING
        if name.encode() in self._words_of(path):
            self._nested += 1
            values = self.value_of(path, name)
            self._nested -= 1
        if not values and depth < _MAX_DEPTH and not path.endswith(C_SOURCES):
            below = (file for module in self._modules_of(path) for file in self._located(path, module))
            values = self._first(self._of(file, name, depth + 1) for file in below)
        if values or self._remembers:
            self._found[key] = values
        else:
            del self._found[key]
        return values

    @staticmethod
    def _first(found: Iterator[Values]) -> Values:
        return next((values for values in found if values), NOTHING)

    def _located(self, path: str, module: str) -> tuple[str, ...]:
        key = path, module
        if key not in self._files:
            self._files[key] = tuple(file for file, _ in c_files(self.tree, path, module, module))
        return self._files[key]

    def _words_of(self, path: str) -> frozenset[bytes]:
        if path not in self._words:
            self._words[path] = frozenset(_WORD.findall(self.read(path) or b""))
        return self._words[path]

    def _sieve_of(self, path: str) -> bytes:
        """A bit for each word in a file and all below it: most names are in none of them."""
        if path not in self._sieves:
            self._sieves[path] = bytes(_BITS // 8)  # Headers include each other.
            own = bytearray(_BITS // 8)
            for word in self._words_of(path):
                bit = hash(word) % _BITS
                own[bit >> 3] |= 1 << (bit & 7)
            union = int.from_bytes(own, "little")
            if not path.endswith(C_SOURCES):
                for module in self._modules_of(path):
                    for file in self._located(path, module):
                        union |= int.from_bytes(self._sieve_of(file), "little")
            self._sieves[path] = union.to_bytes(_BITS // 8, "little")
        return self._sieves[path]

    def _modules_of(self, path: str) -> tuple[str, ...]:
        if path not in self._modules:
            content = self.read(path) or b""
            self._modules[path] = tuple(found.decode("utf-8", "replace") for found in _INCLUDE.findall(content))
        return self._modules[path]
