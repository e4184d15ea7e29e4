"""Reading of source files: bounded, and only what is source."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MAX_BYTES = 4 << 20
"""The largest file that is read: source that people write stays far below."""

MAX_LINE = 5_000
"""The longest line, in bytes, of a file that people wrote; minified files have longer ones."""

_PROBE = 8_192

_OPERATORS = re.compile(rb"^[ \t]*[-+/%@|&^<>~*]{1,3}[ \t]*\*[ \t]*(?:#|\r?$)", re.MULTILINE)
_MAX_OPERATORS = 300
"""The most lines of Python with two operators and no operand, such as ``/*``.

Python's grammar takes memory in proportion to the square of their number: 360 MB for a thousand, in 3 KB.
"""

_MAX_AGAIN = 8
"""The bytes of files that may be read once more for each byte of those that were read."""


@dataclass(slots=True)
class Reads:
    """Files of a program that were read, some of them again after they were dropped: a bounded number of times.

    A program with more files than are kept, all of them connected, would be read as a whole for each of its files.
    """

    _sizes: dict[str, int] = field(default_factory=dict)
    _once: int = 0
    _again: int = 0

    def allow(self, path: str, *, own: bool) -> bool:
        """Whether to read a file: for others, not for its ``own`` scan, as long as that is affordable."""
        size = self._sizes.get(path, 0)
        if not own and self._again + size > _MAX_AGAIN * self._once and size:
            return False
        self._again += size
        return True

    def note(self, path: str, size: int) -> None:
        """Note that a file of ``size`` bytes was read."""
        if path not in self._sizes:
            self._sizes[path] = size
            self._once += size


class NotSource(Exception):
    """A file is no source to read; the text says why."""


def read_source(path: str) -> bytes:
    """The content of a file in UTF-8. Raises ``NotSource`` for what is too large, binary,
    XML, minified or can't be read.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise NotSource(error.strerror or type(error).__name__) from None
    if len(content) > MAX_BYTES:
        raise NotSource(f"larger than {MAX_BYTES >> 20} MiB")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        content = content.decode("utf-16", "replace").encode()
    if content.startswith(b"<?xml"):  # Qt's translations end in .ts.
        raise NotSource("XML")
    if b"\0" in content[:_PROBE]:
        raise NotSource("binary")
    if _is_minified(content):
        raise NotSource("minified")
    if path.endswith((".py", ".pyi", ".pyw")) and _has_only_operators(content):
        raise NotSource("not Python")
    return content


def _has_only_operators(content: bytes) -> bool:
    """Whether too many lines of Python have operators without operands."""
    return content.count(b"*") > _MAX_OPERATORS and len(_OPERATORS.findall(content)) > _MAX_OPERATORS


def _is_minified(content: bytes) -> bool:
    """Whether lines are long on average, and some are longer than people write."""
    if len(content) <= MAX_LINE:
        return False
    lines = content.count(b"\n") + 1
    return len(content) // lines > 400 or (len(content) // lines > 150 and max(map(len, content.split(b"\n"))) > 50_000)
