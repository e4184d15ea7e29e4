"""Hash tables in memory shared by the processes of one server: a row for each process, its only writer.

A name's value is computed from all rows together; each process writes its own row, so no lock is needed (see
``server.runtime.shared_counters``). A row has a fixed number of entries, each of a few numbers:

    fingerprint of the name | numbers of the table's user

A fingerprint is 64 bits of keyed BLAKE2b, with a random key for each table: so an attacker can't choose names that
collide. If all places of an entry are taken, the entry that ``rank`` puts lowest is replaced.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from typing import TypeAlias

from server.runtime.shared_counters import SharedRows

PLACES = 8
"""The number of entries of a row that may hold a name."""

_KEY_BYTES = 16
_FINGERPRINT_BYTES = 8

Rank: TypeAlias = Callable[[memoryview, int, int], tuple[int, int]]
"""Ranks an entry, given its offset in the row and the time; the lowest is replaced."""


class SharedTables:
    """Tables of ``entries`` entries of ``words`` numbers (fingerprint included) for ``processes`` processes."""

    def __init__(self, processes: int, entries: int, words: int) -> None:
        if entries < PLACES:
            raise ValueError(f"a table has at least {PLACES} entries")
        self.key = secrets.token_bytes(_KEY_BYTES)
        self.entries = entries
        self.words = words
        self.rows = SharedRows(processes, entries * words).rows


class SharedTable:
    """The ``tables`` as seen by the process that owns row ``own``."""

    def __init__(self, tables: SharedTables, own: int, rank: Rank) -> None:
        self._tables = tables
        self._rank = rank
        self._starts = tables.entries - PLACES + 1
        self.rows = tables.rows
        self.own = tables.rows[own]
        """The row that this process writes."""

    def fingerprint(self, *name: str) -> int:
        """The fingerprint of a name of several parts; never 0."""
        text = "\0".join(name).encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(text, digest_size=_FINGERPRINT_BYTES, key=self._tables.key).digest()
        return int.from_bytes(digest, "big") or 1

    def find(self, fingerprint: int) -> Iterator[tuple[int, int]]:
        """The numbers of the rows that have an entry of this name, and its offset in each."""
        places = self._places(fingerprint)
        for number, row in enumerate(self.rows):
            for place in places:
                held = row[place]
                if held == fingerprint:
                    yield number, place
                if held == fingerprint or not held:  # Places are filled in order and never freed.
                    break

    def place(self, fingerprint: int, now: int) -> int:
        """The offset of this process's entry of a name, created (all 0) if absent; ``now`` is for ``rank``."""
        row = self.own
        places = self._places(fingerprint)
        for place in places:
            if row[place] == fingerprint:
                return place
        chosen = min(places, key=lambda place: self._rank(row, place, now) if row[place] else (-1, 0))
        for word in range(1, self._tables.words):
            row[chosen + word] = 0
        row[chosen] = fingerprint  # Last, since others may be reading.
        return chosen

    def _places(self, fingerprint: int) -> range:
        words = self._tables.words
        first = fingerprint % self._starts * words
        return range(first, first + PLACES * words, words)
