"""Request counts per client for quotas, shared by all processes of the server.

A window opens with the client's first request and lasts for the quota's interval; within it, the client has as many
requests as the quota's rate. Each process counts in a row of shared memory that it alone writes, and adds the rows of
all: so the limit holds for the server, for any distribution of connections, without a lock. Two workers that see the
same client in the same microsecond may admit one request too many.

A row is a hash table of bounded size, whose entries are four numbers:

    fingerprint of quota and client | begin of the window | requests in it | until when the client is blocked

Times are in milliseconds since the epoch. In a full table, the least recently used entry is replaced. So a client
with ever new addresses can't make the server grow; such a client evades any limit by address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from server.runtime.shared_counters import SharedRows

ENTRIES = 8192
"""The most pairs of a quota and a client that a process counts at once."""

_WORDS = 4
_PLACES = 8
_CLOCK_STEP_MILLISECONDS = 1000

COLUMNS = ENTRIES * _WORDS


@dataclass(frozen=True, slots=True)
class Limit:
    """``requests`` in each interval; clients that exceed it may be blocked for longer. Times in milliseconds."""

    requests: int
    interval: int
    block: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """The result for one request. Times in whole seconds, rounded down, as in the headers."""

    allowed: bool
    limit: int = 0
    remaining: int = 0
    reset_seconds: int = 0
    retry_seconds: int = 0
    blocked: bool = False
    """Refused without counting, because the client is blocked."""


class RateCounts:
    """The counts, as used by the process that owns row ``own`` of ``table``."""

    def __init__(self, table: SharedRows | None = None, own: int = 0) -> None:
        table = table or SharedRows(1, COLUMNS)
        if table.columns != COLUMNS:
            raise ValueError(f"a table of counts has {COLUMNS} columns")
        self._rows: Sequence[memoryview] = table.rows
        self._own = table.rows[own]

    def take(self, quota: bytes, client: str, limit: Limit, now: int) -> Taken:
        """Count a request of ``client`` against ``quota``, which is 16 random bytes; ``now`` in milliseconds."""
        fingerprint = _fingerprint(quota, client)
        begun, used, blocked = self._seen(fingerprint, limit, now)
        if blocked:
            return Taken(False, retry_seconds=_seconds(blocked - now), blocked=True)
        begun = begun or now
        reset = _seconds(begun + limit.interval - now)
        if used >= limit.requests:
            if limit.block:
                self._own[self._place(fingerprint) + 3] = now + limit.block
                return Taken(False, limit.requests, 0, reset, _seconds(limit.block))
            return Taken(False, limit.requests, 0, reset, reset)
        place = self._place(fingerprint)
        if self._own[place + 1] != begun:
            self._own[place + 2] = 0
            self._own[place + 1] = begun
        self._own[place + 2] += 1
        return Taken(True, limit.requests, limit.requests - used - 1, reset)

    def _seen(self, fingerprint: int, limit: Limit, now: int) -> tuple[int, int, int]:
        """The start of the client's window (0: none), the requests in it, and the end of its block (0: none)."""
        begun = used = blocked = 0
        for row in self._rows:
            place = _find(row, fingerprint)
            if place is None:
                continue
            # A clock that was set back must not block a client for longer than the limit says.
            if row[place + 1] - _CLOCK_STEP_MILLISECONDS <= now < row[place + 1] + limit.interval:
                begun = max(begun, row[place + 1])
                used += row[place + 2]
            if now < row[place + 3] <= now + limit.block:
                blocked = max(blocked, row[place + 3])
        return begun, used, blocked

    def _place(self, fingerprint: int) -> int:
        """The offset of this process's entry of ``fingerprint``, replacing another if needed."""
        row = self._own
        found = _find(row, fingerprint)
        if found is not None:
            return found
        first = fingerprint % ENTRIES
        places = [(first + step) % ENTRIES * _WORDS for step in range(_PLACES)]
        place = min(places, key=lambda place: max(row[place + 1], row[place + 3]) if row[place] else 0)
        for word in range(_WORDS):
            row[place + word] = 0
        row[place] = fingerprint
        return place


def _find(row: memoryview, fingerprint: int) -> int | None:
    entry = fingerprint % ENTRIES
    for _ in range(_PLACES):
        if row[entry * _WORDS] == fingerprint:
            return entry * _WORDS
        entry = (entry + 1) % ENTRIES
    return None


def _seconds(milliseconds: int) -> int:
    """Whole seconds, rounded down."""
    return max(milliseconds - 1, 0) // 1000


def _fingerprint(quota: bytes, client: str) -> int:
    digest = hashlib.blake2b(client.encode(), digest_size=8, key=quota).digest()
    return int.from_bytes(digest, "big") or 1
