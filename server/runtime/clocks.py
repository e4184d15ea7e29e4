"""The clocks that leases and expiry depend on: steps of the wall clock, and the agreement of the server's processes."""

from __future__ import annotations

import time
from collections.abc import Callable

from server.runtime.meter import Meter

STEP_SECONDS = 2.0
"""A change of the wall clock against the monotonic clock that is a step; adjustments below it are usual."""

MAX_RATE = 0.001
"""The greatest drift between the clocks by gradual adjustment, in seconds per second; NTP stays below half of it."""

RECENT_SECONDS = 600.0
"""The seconds for which a step is reported."""

SILENT_SECONDS = 10.0
"""A process that hasn't published its counts for so long is in trouble; it does so every second."""

DISAGREEMENT_SECONDS = 1.0


class ClockFault(Exception):
    """The clocks are not as they should be; the text says how."""


class ClockWatch:
    """Compares ``wall``, seconds since the epoch, with the monotonic clock, and with what ``meter`` knows of others."""

    def __init__(
        self, wall: Callable[[], float], meter: Meter, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall = wall
        self._meter = meter
        self._monotonic = monotonic
        self._seen = monotonic()
        self._offset = wall() - self._seen
        self._step: tuple[float, float] | None = None
        """The last step: when, by the monotonic clock, and its seconds."""

    async def check_wall(self) -> None:
        """Raise ``ClockFault`` if the wall clock was stepped within the last ten minutes."""
        now = self._monotonic()
        offset = self._wall() - now
        change = offset - self._offset
        if abs(change) > STEP_SECONDS + MAX_RATE * (now - self._seen):
            self._step = now, change
        self._offset, self._seen = offset, now
        if self._step is not None and now - self._step[0] < RECENT_SECONDS:
            when, seconds = self._step
            direction = "forward" if seconds > 0 else "back"
            raise ClockFault(
                f"the wall clock was set {direction} by {abs(seconds):.0f} s, which was noticed {now - when:.0f} s ago"
            )

    async def check_processes(self) -> None:
        """Raise ``ClockFault`` if another process is silent, or has another time."""
        now = self._monotonic()
        offset = time.time() - now
        for number, (wall, monotonic) in self._meter.clocks_of_others().items():
            if not monotonic:
                raise ClockFault(f"process {number} has not published its counts yet")
            if now - monotonic > SILENT_SECONDS:
                raise ClockFault(f"process {number} has published nothing for {now - monotonic:.0f} seconds")
            if abs(wall - monotonic - offset) > DISAGREEMENT_SECONDS:
                raise ClockFault(f"process {number} has a wall clock that differs by {wall - monotonic - offset:.1f} s")
