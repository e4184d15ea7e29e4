"""Limits on failed logins by client address: a leaky bucket for each, shared by all processes of the server.

Only failures fill a bucket, so machines behind one address may log in successfully at any rate. A login under way takes
a place until it has ended; otherwise many at once would all pass. An IPv6 client is its /64.

The buckets are in shared memory (``server.runtime.shared_tables``). A full bucket drains in a minute, so the time when
it is empty tells its level; each process stores that time as it knows it, and the latest counts (the generic cell rate
algorithm, ITU-T I.371). The number of buckets is bounded: in a full table, the emptiest one is replaced.

    fingerprint of the address | time at which the bucket is empty, in microseconds | logins under way in this process
"""

from __future__ import annotations

import math

from auth_methods.addresses import network_of
from server.runtime.shared_counters import SharedRows
from server.runtime.shared_tables import SharedTable, SharedTables

ENTRIES = 65_536
"""The most addresses that a process counts at once."""

MINUTE = 60_000_000
"""The time in which a full bucket drains, in microseconds, like all times here."""

_WORDS = 3
_EMPTY, _UNDER_WAY = 1, 2
_RUN_SHIFT = 32


class LoginLimitTables(SharedTables):
    """The buckets of ``processes`` processes."""

    def __init__(self, processes: int = 1) -> None:
        super().__init__(processes, ENTRIES, _WORDS)
        self.runs = SharedRows(processes, 1).rows
        """How often each process has been started; what one was busy with has gone with it."""


class LoginLimits:
    """The failures by address. Each may have ``per_minute`` at once and per minute; 0 for no limit.

    ``own`` is this process's row of ``tables``.
    """

    def __init__(self, per_minute: int, tables: LoginLimitTables | None = None, own: int = 0) -> None:
        tables = tables or LoginLimitTables()
        self._per_minute = per_minute
        self._interval = MINUTE // per_minute if per_minute else 0
        self._table = SharedTable(tables, own, self._rank)
        self._runs = tables.runs
        tables.runs[own][0] += 1
        self._run = tables.runs[own][0]

    def begin(self, address: str, now: float) -> int:
        """Begin a login from ``address``, to be ended by ``end``: 0, or the seconds to wait before retrying."""
        if not self._per_minute:
            return 0
        moment = round(now * 1_000_000)
        fingerprint = self._table.fingerprint(network_of(address))
        empty, under_way = self._seen(fingerprint, moment)
        room = MINUTE - (empty - moment)
        if room < (under_way + 1) * self._interval:
            # Logins under way may leave room as soon as they end.
            return max(1, math.ceil((self._interval - room) / 1_000_000))
        self._count(fingerprint, moment, 1)
        return 0

    def end(self, address: str, now: float, *, failed: bool) -> None:
        """Count the end of a begun login."""
        if not self._per_minute:
            return
        moment = round(now * 1_000_000)
        fingerprint = self._table.fingerprint(network_of(address))
        place = self._count(fingerprint, moment, -1)
        if failed:
            empty, _ = self._seen(fingerprint, moment)
            self._table.own[place + _EMPTY] = max(empty, moment) + self._interval

    def _seen(self, fingerprint: int, now: int) -> tuple[int, int]:
        """The time at which the bucket is empty, and the number of logins under way."""
        empty, under_way = now, 0
        for number, place in self._table.find(fingerprint):
            row = self._table.rows[number]
            # A clock that was set back must not refuse a client for longer than a minute.
            empty = max(empty, min(row[place + _EMPTY], now + MINUTE))
            under_way += _under_way(row, place, self._runs[number][0])
        return empty, under_way

    def _count(self, fingerprint: int, now: int, step: int) -> int:
        own, place = self._table.own, self._table.place(fingerprint, now)
        count = max(0, _under_way(own, place, self._run) + step)
        own[place + _UNDER_WAY] = self._run << _RUN_SHIFT | count
        return place

    def _rank(self, row: memoryview, place: int, now: int) -> tuple[int, int]:
        return _under_way(row, place, self._run), row[place + _EMPTY]


def _under_way(row: memoryview, place: int, run: int) -> int:
    """The number of logins under way in the process that has ``row``, started for the time ``run``."""
    counted_in, count = divmod(row[place + _UNDER_WAY], 1 << _RUN_SHIFT)
    return count if counted_in == run else 0
