"""Arrays of a file of C that a function fills: ``static unsigned char iv[16];`` and ``RAND_bytes(iv, sizeof(iv));``.

They are zeros only until then. Functions that use them elsewhere in the file run later.
"""

from __future__ import annotations

import re

from engines.cbom.source.frontends.base import Node

_FILLING = re.compile(rb"(?i:rand|recv|read|generate|derive|decode|decrypt)\w{0,40}[ \t]{0,4}\(([^;{}]{0,200})")
_NAME = re.compile(rb"(?<!\w)[A-Za-z_]\w*")
_AROUND = frozenset({"preproc_ifdef", "preproc_if", "preproc_elif", "preproc_else", "linkage_specification"})
_MAX_DEPTH = 16


class Filled:
    """The names that functions which fill their arguments get in a file."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._names: frozenset[bytes] | None = None

    def has(self, declaration: Node, name: str) -> bool:
        """Whether a declaration outside of functions is of an array that one of them fills."""
        around = declaration.parent
        for _ in range(_MAX_DEPTH):
            if around is None or around.type not in _AROUND:
                break
            around = around.parent
        if around is None or around.type != "translation_unit":
            return False
        if self._names is None:
            self._names = frozenset(name for given in _FILLING.findall(self._source) for name in _NAME.findall(given))
        return name.encode() in self._names
