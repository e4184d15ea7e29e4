"""Timestamps of entries: RFC 3339, in UTC, to the nanosecond, as Go prints them."""

from __future__ import annotations

import time

from engines.durations import SECOND

_second: tuple[int, str] = (-1, "")


def nanoseconds_text(nanoseconds: int) -> str:
    """``2026-11-25T00:16:45.070833639Z``, without trailing zeros, from nanoseconds since the epoch."""
    global _second
    seconds, fraction = divmod(nanoseconds, SECOND)
    known, text = _second
    if known != seconds:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
        _second = (seconds, text)
    if not fraction:
        return text + "Z"
    return f"{text}.{fraction:09d}".rstrip("0") + "Z"


def seconds_text(seconds: float) -> str:
    """``2026-11-25T00:16:45Z``, from seconds since the epoch."""
    return nanoseconds_text(int(seconds) * SECOND)
