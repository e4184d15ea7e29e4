"""Progress of a ledger's integrator, from its shared page; for metrics only."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from engines.durations import SECOND
from server.audit.ledger.device.directory import LedgerDirectory, SharedPage


@dataclass(frozen=True, slots=True)
class Pace:
    """Progress of the integrator."""

    size: int
    lag_seconds: float
    """The age of the oldest entry that may not be under a checkpoint; 0 if all are."""

    checkpoint_seconds: float | None
    """The age of the newest checkpoint; None before the first."""

    errors: int
    quorum_missing_seconds: float
    """The time for which the quorum of witnesses has been missing; 0 if it isn't, or none is asked for."""


def pace_of(directory: LedgerDirectory) -> Pace | None:
    """The pace of the ledger in ``directory``; None if it can't be read."""
    try:
        page = directory.page()
    except OSError:
        return None
    try:
        words = page.words
        signed = words[SharedPage.CHECKPOINT_NANOSECONDS]
        missing = words[SharedPage.QUORUM_MISSING_NANOSECONDS]
        behind = max(0, time.monotonic_ns() - words[SharedPage.CAUGHT_UP_NANOSECONDS])
        return Pace(
            words[SharedPage.SIZE],
            0.0 if _caught_up(directory, page) else behind / SECOND,
            max(0, time.time_ns() - signed) / SECOND if signed else None,
            words[SharedPage.ERRORS],
            max(0, time.time_ns() - missing) / SECOND if missing else 0.0,
        )
    finally:
        page.close()


def _caught_up(directory: LedgerDirectory, page: SharedPage) -> bool:
    """Whether the journal ends where it is integrated."""
    words = page.words
    present = words[SharedPage.SEGMENT]
    if present == words[SharedPage.READ_SEGMENT]:
        integrated = words[SharedPage.READ_OFFSET]
    elif present == words[SharedPage.SIZE]:
        integrated = 0  # It was just begun: the one before is integrated as a whole.
    else:
        return False
    try:
        return os.stat(directory.segment(present)).st_size <= integrated
    except OSError:
        return False
