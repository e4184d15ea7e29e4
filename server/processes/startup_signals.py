"""SIGHUP during start-up: it must not end the process, and causes a reload once that is possible.

The default action is to end the process, and the sender of the signal doesn't know how far the start is.
"""

from __future__ import annotations

import signal
from types import FrameType

_held: list[int] = []


def hold_hangups() -> None:
    """Remember a SIGHUP from now on instead of ending; call it in the main thread."""
    signal.signal(signal.SIGHUP, _hold)


def take_hangup() -> bool:
    """Whether there was a SIGHUP since the last call."""
    had = bool(_held)
    _held.clear()
    return had


def _hold(number: int, frame: FrameType | None) -> None:
    if not _held:
        _held.append(number)
