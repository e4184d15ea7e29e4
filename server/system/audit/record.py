"""The record of past requests for replays: the audit's ledger, or else the first file of the audit.

It is read a slice at a time beside the event loop, so that others have their turn there and in the loop.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from math import inf, isinf
from pathlib import Path
from time import monotonic
from typing import Self, TypeAlias

import msgspec

from engines.base import Body
from engines.durations import SECOND
from engines.encoding import parse_rfc3339
from engines.faults import InvalidRequest
from engines.worker_pools import Places, beside
from server.audit.ledger.lookup import opened_record
from server.system.state import System
from server.tenants.crypto_policies.documents import instant

MAX_SECONDS = 30
"""The longest that a replay may take, in seconds."""

SLICE_SECONDS = 0.02
"""The seconds for which lines are read beside the event loop before other work has its turn there."""

_FILE = "file"
_SLACK_NANOSECONDS = 1_000_000
"""More than a time loses as a floating-point number of seconds."""

_Lines: TypeAlias = Iterator[Iterable[bytes]]
"""The lines of the audit, a part at a time."""


class PeriodBody(Body):
    """The period of the record to replay."""

    from_: str = msgspec.field(name="from", default="")
    until: str = ""
    max_seconds: int = MAX_SECONDS

    tells = {
        "from": "The start of the time range, in RFC 3339. Default: the first record.",
        "until": "The end of the time range, in RFC 3339.",
        "max_seconds": (
            f"The time limit in seconds, at most {MAX_SECONDS}. "
            "If it is reached, `complete_to` is the time of the last record read."
        ),
    }


@dataclass(frozen=True, slots=True)
class Period:
    """A part of the record: from ``start`` until before ``until``, in seconds since the epoch, or without a bound."""

    start: float
    until: float
    deadline: float
    """When reading stops, on the monotonic clock."""

    @classmethod
    def of(cls, body: PeriodBody) -> Self:
        """The period that ``body`` states, to be read from now on. Raises ``InvalidRequest``."""
        deadline = monotonic() + min(max(1, body.max_seconds), MAX_SECONDS)
        start = instant(body.from_, "from") if body.from_ else -inf
        return cls(start, instant(body.until, "until") if body.until else inf, deadline)

    def covers(self, time: str) -> bool:
        """Whether a line of this time, in RFC 3339, is of the period."""
        if self.start == -inf and self.until == inf:
            return True
        nanoseconds = parse_rfc3339(time)
        return nanoseconds is not None and self.start <= nanoseconds / SECOND < self.until


class Record:
    """The open record of a period. Lines of other times may be among its lines."""

    def __init__(self, lines: _Lines, deadline: float) -> None:
        self._lines = lines
        self._deadline = deadline
        self.complete = False
        """Whether all of it was read."""

    def has_more(self) -> bool:
        """Whether there is more to read, and time for it."""
        return not self.complete and monotonic() < self._deadline

    async def read(self, take: Callable[[Iterable[bytes]], None]) -> None:
        """Pass the lines of the next slice to ``take``, in another thread."""
        self.complete = await beside(partial(self._read, take))

    def _read(self, take: Callable[[Iterable[bytes]], None]) -> bool:
        end = monotonic() + SLICE_SECONDS
        for lines in self._lines:
            take(lines)
            if monotonic() > end:
                return False
        return True


@asynccontextmanager
async def open_record(system: System, period: Period, places: Places) -> AsyncIterator[Record]:
    """The record of ``period``, for a replay that has one of the ``places``.

    Raises ``InvalidRequest`` if there is none, and what ``Places.taken`` raises.
    """
    with places.taken(system.tenant.namespace.id), ExitStack() as stack:
        source = await _ledger(system, period.start, period.until) or _file(system)
        yield Record(await beside(partial(stack.enter_context, source)), period.deadline)


async def _ledger(system: System, start: float, until: float) -> AbstractContextManager[_Lines] | None:
    host = system.unsealed.audit.ledger
    if host.device is None:
        return None
    first = await host.ledgers.pruned(host.device.settings.origin)
    after = None if isinf(start) else int(start * SECOND) - _SLACK_NANOSECONDS
    before = None if isinf(until) else int(until * SECOND) + _SLACK_NANOSECONDS
    return opened_record(host.device.directory.path, await host.ledgers.index_key(), first, after, before)


def _file(system: System) -> AbstractContextManager[_Lines]:
    for device in system.unsealed.audit.devices().values():
        path = Path(device["options"].get("file_path", ""))
        if device["type"] == _FILE and path.is_absolute() and path.is_file():
            return _opened(path)
    raise InvalidRequest("there is no audit ledger, and no audit device of the type file whose file could be read")


@contextmanager
def _opened(path: Path) -> Iterator[_Lines]:
    with path.open("rb") as file:
        yield ((line,) for line in file)
