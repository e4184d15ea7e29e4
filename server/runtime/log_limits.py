"""Rate limits of log lines that unauthenticated clients can cause, with a count of those left out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

LINES = 20
PERIOD_SECONDS = 60.0


class LineLimit:
    """At most ``lines`` in each period of ``seconds``, in this process."""

    def __init__(
        self, lines: int = LINES, seconds: float = PERIOD_SECONDS, clock: Callable[[], float] = monotonic
    ) -> None:
        self._lines = lines
        self._seconds = seconds
        self._clock = clock
        self._begun = clock()
        self._passed = 0
        self.left_out = 0
        """How many lines have not passed since ``take_left_out``."""

    def allows(self) -> bool:
        """Whether a further line may pass; it is counted."""
        now = self._clock()
        if now - self._begun >= self._seconds:
            self._begun, self._passed = now, 0
        if self._passed >= self._lines:
            self.left_out += 1
            return False
        self._passed += 1
        return True

    def take_left_out(self) -> int:
        """The number of lines left out since the last call."""
        left_out, self.left_out = self.left_out, 0
        return left_out


class LimitedLog:
    """Logs lines of one kind to ``logger`` within ``limit``."""

    def __init__(self, logger: logging.Logger, limit: LineLimit | None = None) -> None:
        self._logger = logger
        self._limit = limit or LineLimit()

    def log(self, level: int, message: str, *arguments: object, **fields: object) -> None:
        """Log a line with ``fields``, and with the number of lines left out before it."""
        if self._logger.isEnabledFor(level) and self._limit.allows():
            left_out = self._limit.take_left_out()
            if left_out:
                fields["left_out"] = left_out
            self._logger.log(level, message, *arguments, extra={"fields": fields})

    def warning(self, message: str, *arguments: object, **fields: object) -> None:
        """As ``log``."""
        self.log(logging.WARNING, message, *arguments, **fields)

    def error(self, message: str, *arguments: object, **fields: object) -> None:
        """As ``log``."""
        self.log(logging.ERROR, message, *arguments, **fields)


class UnauthenticatedLimit(logging.Filter):
    """Rate-limits, per logger, records that unauthenticated clients can cause.

    These are all records of third-party loggers (those not below ``own``), and our own with ``extra={"limited":
    True}``, for modules that can't use ``LimitedLog``. Records that passed a ``LimitedLog`` aren't counted again.
    """

    def __init__(self, own: tuple[str, ...], limit: Callable[[], LineLimit] = LineLimit) -> None:
        super().__init__()
        self._own = frozenset(own)
        self._limit = limit
        self._limits: dict[str, LineLimit] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether ``record`` may pass; the number left out before it is added."""
        if record.name.partition(".")[0] in self._own and not getattr(record, "limited", False):
            return True
        limit = self._limits.get(record.name)
        if limit is None:
            limit = self._limits[record.name] = self._limit()
        if not limit.allows():
            return False
        if left_out := limit.take_left_out():
            record.fields = {**getattr(record, "fields", {}), "left_out": left_out}
        return True
