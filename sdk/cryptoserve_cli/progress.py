"""Progress of long work, on one line of a terminal."""

from __future__ import annotations

import sys
import time

_SECONDS = 0.2


class Progress:
    """Writes to the standard error, where that is a terminal, a few times a second."""

    def __init__(self, verb: str, unit: str = "entries") -> None:
        self._verb, self._unit = verb, unit
        self._shown = sys.stderr.isatty()
        self._due = time.monotonic() + _SECONDS
        self._wrote = False

    def __call__(self, done: int, size: int) -> None:
        """Tell that ``done`` of ``size`` are done."""
        if not self._shown or (now := time.monotonic()) < self._due:
            return
        self._due = now + _SECONDS
        self._wrote = True
        share = 100 * done // max(size, 1)
        sys.stderr.write(f"\r{self._verb} {done:,} of {size:,} {self._unit} ({share} %)\x1b[K")
        sys.stderr.flush()

    def end(self) -> None:
        """Take the line away."""
        if self._wrote:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
