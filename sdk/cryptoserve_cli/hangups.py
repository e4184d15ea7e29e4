"""SIGHUP while a command is loaded: it must not end a server, and causes a reload once that is possible.

The default action is to end the process, and the sender of the signal doesn't know how far the start is.
"""

from __future__ import annotations

import signal
from types import FrameType

_held: list[int] = []


def hold_hangups() -> None:
    """Remember a SIGHUP from now on instead of ending; call it in the main thread."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, _hold)


def take_hangup() -> bool:
    """Whether there was a SIGHUP since the last call."""
    had = bool(_held)
    _held.clear()
    return had


def release_hangups() -> None:
    """End at SIGHUP again, and at one that was remembered; for commands that don't reload."""
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is _hold:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        if take_hangup():
            signal.raise_signal(signal.SIGHUP)


def _hold(number: int, frame: FrameType | None) -> None:
    if not _held:
        _held.append(number)
