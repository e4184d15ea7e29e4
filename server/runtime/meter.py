"""Per-process counts of requests, tokens and audit failures, and their sums over all processes.

Counting costs each request four additions to numbers of its process. Once a second, and for every query, they are
copied to the process's row of shared memory (see ``server.runtime.shared_counters``); so any process can answer with
the sum of all.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from server.runtime.named_counts import COLUMNS as NAMED_COLUMNS
from server.runtime.named_counts import Name, NamedCounts
from server.runtime.shared_counters import SharedRows

BOUNDS_MICROSECONDS = (
    50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 10_000_000
)  # fmt: skip
"""The upper bounds of the histogram of request durations, in microseconds."""

_IN_FLIGHT, _BUGS, _VIOLATIONS, _NANOSECONDS = range(4)
_UNAUDITED = 4
"""The first of two columns, in the order of ``AuditEntry``: audit entries that no device accepted."""

_TOKENS, _LEASES, _COUNTED_AT, _WALL_CLOCK, _MONOTONIC_CLOCK = range(6, 11)
_BUCKETS = 11
_LOWEST_STATUS, _HIGHEST_STATUS = 100, 599
_STATUSES = _BUCKETS + len(BOUNDS_MICROSECONDS) + 1
COLUMNS = _STATUSES + _HIGHEST_STATUS - _LOWEST_STATUS + 1

SHARE_SECONDS = 1.0
"""The interval, in seconds, at which a process publishes its counts."""

_SILENCE_NANOSECONDS = 3_000_000_000
"""A process that has published nothing for so long has ended."""

OTHERS = "*"
"""The label value of everything without a series of its own; no mount, namespace or device has this name."""

CREATION_TTLS = ((60, "1m"), (600, "10m"), (1200, "20m"), (3600, "1h"), (7200, "2h"), (86_400, "1d"), (172_800, "2d"),
                 (604_800, "7d"), (2_592_000, "30d"))  # fmt: skip
"""OpenBao's classes of TTLs: upper bound in seconds, and label. Above them, and for no TTL, it is ``+Inf``."""


class AuditEntry(Enum):
    """One of a request's two audit entries."""

    REQUEST = 0
    RESPONSE = 1


class MeterTables:
    """Shared memory for the counts of ``processes``; created before they are forked."""

    def __init__(self, processes: int = 1) -> None:
        self.requests = SharedRows(processes, COLUMNS)
        self.mounts, self.devices, self.tokens = (SharedRows(processes, NAMED_COLUMNS) for _ in range(3))
        self.uses = SharedRows(processes, 2)
        """For each process, the number of its latest request for uses of keys, and the latest one that it has met."""


_BOUNDS = [bound * 1000 for bound in BOUNDS_MICROSECONDS]


class Meter:
    """Counts for one process; ``own`` is its row of each of ``tables``, and counting continues from their numbers."""

    def __init__(self, tables: MeterTables | None = None, own: int = 0) -> None:
        tables = tables or MeterTables()
        self.worker = own
        """The number of this process among the server's."""

        self._rows: Sequence[memoryview] = tables.requests.rows
        self._own = own
        self._uses: Sequence[memoryview] = tables.uses.rows
        self._row = row = self._rows[own]
        row[_IN_FLIGHT] = 0  # The requests of an earlier process in this slot ended with it.
        self.bugs = row[_BUGS]
        """Unexpected exceptions."""

        self.violations = row[_VIOLATIONS]
        """Requests that a quota has turned away."""

        self._nanoseconds = row[_NANOSECONDS]
        self._buckets = list(row[_BUCKETS:_STATUSES])
        self._statuses = [0] * _LOWEST_STATUS + list(row[_STATUSES:])
        self._unaudited = list(row[_UNAUDITED:_TOKENS])
        self.mounts = NamedCounts((OTHERS, OTHERS), tables.mounts, own)
        """Requests by the path of their namespace and that of their mount."""

        self._devices = NamedCounts((OTHERS,), tables.devices, own)
        self._tokens = NamedCounts((OTHERS, OTHERS, OTHERS), tables.tokens, own)

    def finished(self, status: int, nanoseconds: int) -> None:
        """Count a request that was answered with ``status`` after this time."""
        self._nanoseconds += nanoseconds
        self._statuses[status] += 1
        self._buckets[bisect_left(_BOUNDS, nanoseconds)] += 1

    def unaudited(self, entry: AuditEntry) -> None:
        """Count an audit entry that no device accepted."""
        self._unaudited[entry.value] += 1

    def device_failed(self, path: str) -> None:
        """Count a write that the audit device at ``path`` refused."""
        self._devices.add((path,))

    def token_created(self, namespace_path: str, type: str, ttl_seconds: int) -> None:
        """Count a new token; a TTL of 0 means that it doesn't expire."""
        fitting = (label for most, label in CREATION_TTLS if 0 < ttl_seconds <= most)
        self._tokens.add((namespace_path, type, next(fitting, "+Inf")))

    def stored(self, tokens: int, leases: int) -> None:
        """Publish the numbers of service tokens and leases, for all processes."""
        row = self._row
        row[_TOKENS], row[_LEASES] = tokens, leases
        row[_COUNTED_AT] = time.monotonic_ns()

    def share(self, in_flight: int) -> None:
        """Publish the counts to the other processes; ``in_flight`` requests are being handled."""
        self._row[_IN_FLIGHT] = in_flight
        self._row[_WALL_CLOCK], self._row[_MONOTONIC_CLOCK] = time.time_ns(), time.monotonic_ns()
        self._copy()

    def clocks_of_others(self) -> dict[int, tuple[float, float]]:
        """The wall and the monotonic clock, in seconds, at each other process's latest ``share``; 0 before the first.

        Processes are numbered from 0; all on one machine have the same monotonic clock.
        """
        return {
            number: (row[_WALL_CLOCK] / 1e9, row[_MONOTONIC_CLOCK] / 1e9)
            for number, row in enumerate(self._rows)
            if number != self._own
        }

    def ask_for_uses(self) -> int:
        """Ask all processes to store the uses of keys that they have counted; returns the number of the request."""
        number = max(row[0] for row in self._uses) + 1
        self._uses[self._own][0] = number
        return number

    def asked_for_uses(self) -> int:
        """The number of the latest request for uses of keys that this process hasn't met; 0 if there is none."""
        latest = max(row[0] for row in self._uses)
        return latest if latest > self._uses[self._own][1] else 0

    def uses_written(self, number: int) -> None:
        """Tell that this process has met the requests for uses up to ``number``."""
        self._uses[self._own][1] = max(number, self._uses[self._own][1])

    def all_uses_written(self, number: int) -> bool:
        """Whether all processes that live have met the request with this number."""
        oldest = time.monotonic_ns() - _SILENCE_NANOSECONDS
        return all(
            uses[1] >= number or row[_MONOTONIC_CLOCK] < oldest
            for uses, row in zip(self._uses, self._rows, strict=True)
        )

    def _copy(self) -> None:
        row = self._row
        row[_BUGS], row[_VIOLATIONS], row[_NANOSECONDS] = self.bugs, self.violations, self._nanoseconds
        for bucket, number in enumerate(self._buckets, _BUCKETS):
            row[bucket] = number
        for column, number in enumerate(self._statuses[_LOWEST_STATUS:], _STATUSES):
            if number:
                row[column] = number
        row[_UNAUDITED], row[_UNAUDITED + 1] = self._unaudited
        for counts in (self.mounts, self._devices, self._tokens):
            counts.share()

    def counts(self, in_flight: int) -> Counts:
        """The counts of all processes, as published; ``in_flight`` as in ``share``."""
        self._copy()
        return Counts(
            processes=len(self._rows),
            in_flight=self._total(_IN_FLIGHT) - self._row[_IN_FLIGHT] + in_flight,
            statuses={
                status: total
                for column, status in enumerate(range(_LOWEST_STATUS, _HIGHEST_STATUS + 1), _STATUSES)
                if (total := self._total(column))
            },
            buckets=tuple(self._total(column) for column in range(_BUCKETS, _STATUSES)),
            nanoseconds=self._total(_NANOSECONDS),
            bugs=self._total(_BUGS),
            violations=self._total(_VIOLATIONS),
            unaudited={entry: self._total(_UNAUDITED + entry.value) for entry in AuditEntry},
            devices=self._devices.totals(),
            mounts=self.mounts.totals(),
            tokens_created=self._tokens.totals(),
            stored=self._stored(),
        )

    def _stored(self) -> tuple[int, int] | None:
        newest = max(self._rows, key=lambda row: row[_COUNTED_AT])
        return (newest[_TOKENS], newest[_LEASES]) if newest[_COUNTED_AT] else None

    def _total(self, column: int) -> int:
        return sum(row[column] for row in self._rows)


@dataclass(frozen=True, slots=True)
class Counts:
    """The sums over all processes. ``buckets`` aren't cumulative; the last has no bound."""

    processes: int
    in_flight: int
    statuses: dict[int, int]
    buckets: tuple[int, ...]
    nanoseconds: int
    bugs: int
    violations: int
    unaudited: Mapping[AuditEntry, int]
    devices: Mapping[Name, int]
    """Failures by the path of the audit device."""

    mounts: Mapping[Name, int]
    """Requests by the path of their namespace (``""`` is the root's) and that of their mount."""

    tokens_created: Mapping[Name, int]
    """By the path of the namespace, the type, and the class of the TTL."""

    stored: tuple[int, int] | None
    """The numbers of service tokens and of leases at the latest count; None before the first."""
