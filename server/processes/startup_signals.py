"""SIGHUP while the server starts: it must not end the process, and what it asks for is done once that is possible.

The default for SIGHUP is to end, and whoever has changed a file doesn't know how far the start is.
"""

from __future__ import annotations

import signal
from types import FrameType

_held: list[int] = []


def hold_hangups() -> None:
    """From now on, remember a SIGHUP instead of ending; to be called in the main thread."""
    signal.signal(signal.SIGHUP, _hold)


def take_hangup() -> bool:
    """Whether there has been a SIGHUP; it is forgotten."""
    had = bool(_held)
    _held.clear()
    return had


def _hold(number: int, frame: FrameType | None) -> None:
    if not _held:
        _held.append(number)
