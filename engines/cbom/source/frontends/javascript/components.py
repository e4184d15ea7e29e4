"""Files of components (Vue, Svelte), whose scripts stand between other text."""

from __future__ import annotations

import re
from collections.abc import Iterator

_OPEN, _CLOSE = b"<script", b"</script"
_TEXT = re.compile(rb"[^\n]+")


def script_of(content: bytes) -> bytes:
    """The scripts of a component in their lines and columns, with spaces for all else."""
    parts, end = [], 0
    for start, stop in _scripts(content):
        parts += [_blank(content[end:start]), content[start:stop], b";"]
        end = stop + 1
    return b"".join([*parts, _blank(content[end:])])


def _scripts(content: bytes) -> Iterator[tuple[int, int]]:
    """The begin and the end of each script's text."""
    lower, position = content.lower(), 0
    while (tag := lower.find(_OPEN, position)) >= 0:
        start = lower.find(b">", tag) + 1
        stop = lower.find(_CLOSE, start)
        if not start or stop < 0:
            return
        if b"json" not in lower[tag:start]:
            yield start, stop
        position = stop + len(_CLOSE)


def _blank(text: bytes) -> bytes:
    return _TEXT.sub(lambda match: b" " * len(match[0]), text)
