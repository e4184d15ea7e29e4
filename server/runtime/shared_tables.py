"""Hash tables in memory that the processes of one server share: a row for each process, written by it alone.

What is known of a name is what all rows say of it together; who counts, counts in the row of its own, so nothing is
locked (see ``server.runtime.shared_counters``). A row has a fixed number of entries, each of a few numbers:

    fingerprint of the name | numbers of whoever counts

A fingerprint is 64 bits of BLAKE2b under a key that is drawn when the table is made. So who makes names up can't choose
two that meet. Where an entry's places are all taken, the one that ``rank`` puts lowest makes room.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from typing import TypeAlias

from server.runtime.shared_counters import SharedRows

PLACES = 8
"""How many entries of a row may hold a name."""

_KEY_BYTES = 16
_FINGERPRINT_BYTES = 8

Rank: TypeAlias = Callable[[memoryview, int, int], tuple[int, int]]
"""What an entry of a row, which begins at a place, is worth at a time; that which is worth least makes room."""


class SharedTables:
    """Tables of ``entries`` entries of ``words`` numbers, fingerprint included, for so many ``processes``."""

    def __init__(self, processes: int, entries: int, words: int) -> None:
        if entries < PLACES:
            raise ValueError(f"a table has at least {PLACES} entries")
        self.key = secrets.token_bytes(_KEY_BYTES)
        self.entries = entries
        self.words = words
        self.rows = SharedRows(processes, entries * words).rows


class SharedTable:
    """The ``tables`` as the process sees them that owns row ``own``."""

    def __init__(self, tables: SharedTables, own: int, rank: Rank) -> None:
        self._tables = tables
        self._rank = rank
        self._starts = tables.entries - PLACES + 1
        self.rows = tables.rows
        self.own = tables.rows[own]
        """The row that this process writes."""

    def fingerprint(self, *name: str) -> int:
        """What stands for a name of several parts; never 0."""
        text = "\0".join(name).encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(text, digest_size=_FINGERPRINT_BYTES, key=self._tables.key).digest()
        return int.from_bytes(digest, "big") or 1

    def find(self, fingerprint: int) -> Iterator[tuple[int, int]]:
        """The numbers of the rows that have an entry of this name, and where it begins in each."""
        places = self._places(fingerprint)
        for number, row in enumerate(self.rows):
            for place in places:
                held = row[place]
                if held == fingerprint:
                    yield number, place
                if held == fingerprint or not held:  # Places are taken in their order, and never given back.
                    break

    def place(self, fingerprint: int, now: int) -> int:
        """Where this process has the entry of a name, made (all 0) if it isn't there; ``now`` is for ``rank``."""
        row = self.own
        places = self._places(fingerprint)
        for place in places:
            if row[place] == fingerprint:
                return place
        chosen = min(places, key=lambda place: self._rank(row, place, now) if row[place] else (-1, 0))
        for word in range(1, self._tables.words):
            row[chosen + word] = 0
        row[chosen] = fingerprint  # Last: others may be looking.
        return chosen

    def _places(self, fingerprint: int) -> range:
        words = self._tables.words
        first = fingerprint % self._starts * words
        return range(first, first + PLACES * words, words)
