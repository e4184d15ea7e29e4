"""Waiting for what another process or thread does, against a bound that a stalled machine doesn't use up.

A machine that is busy, or paused as a whole, delays the test and what it waits for alike. So a bound counts the time
between two looks at the condition only up to ``LONGEST_STEP_SECONDS``: it is reached after that many looks that found
nothing, never by one long pause.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

SECONDS = 60.0
"""Far longer than anything takes on a machine that is busy with other things."""

LONGEST_STEP_SECONDS = 0.25
PAUSE_SECONDS = 0.01

Found = TypeVar("Found")


def attempts(seconds: float = SECONDS, pause: float = PAUSE_SECONDS) -> Iterator[None]:
    """Items for a ``for`` loop: one at once, and one after each ``pause``, until ``seconds`` have passed."""
    while seconds > 0:
        before = time.monotonic()
        yield
        time.sleep(pause)
        seconds -= min(time.monotonic() - before, LONGEST_STEP_SECONDS)


def wait_until(
    condition: Callable[[], Found],
    told: Callable[[], object] = lambda: "",
    *,
    seconds: float = SECONDS,
    pause: float = PAUSE_SECONDS,
) -> Found:
    """The first true value of ``condition``; fails with what ``told`` says if there is none within ``seconds``."""
    for _ in attempts(seconds, pause):
        if found := condition():
            return found
    raise AssertionError(f"waited in vain for {seconds:g} s: {told()}")
