"""Counts by name in shared memory, for metrics whose label values appear at run time.

A name is a tuple of label values. As in ``server.runtime.shared_counters``, each process writes its own row, which has
a fixed number of slots, assigned in order and never released:

    slots in use | count, length of the name, name | count, length of the name, name | ...

Names that come when all slots are in use, or that are too long, are counted together under one name. So clients that
create mounts or namespaces can't make a metric grow without bound, and sums stay exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from server.runtime.shared_counters import WORD_BYTES, SharedRows

MAX_NAMES = 500
"""The most names with a count of their own."""

MAX_NAME_BYTES = 496

Name: TypeAlias = tuple[str, ...]

_SLOT_WORDS = 2 + MAX_NAME_BYTES // WORD_BYTES
_SEPARATOR = "\0"
COLUMNS = 1 + (MAX_NAMES + 1) * _SLOT_WORDS


class NamedCounts:
    """The counts for the process that writes row ``own``; counting continues from the numbers in that row.

    ``others`` is the name of everything without a slot.
    """

    def __init__(self, others: Name, table: SharedRows | None = None, own: int = 0) -> None:
        table = table or SharedRows(1, COLUMNS)
        self._rows: Sequence[memoryview] = table.rows
        self._row = table.rows[own]
        self._others = others
        self._slots: dict[Name, int] = {}
        self.numbers: dict[Name, int] = {}
        """The counts of this process; a name that is in here may be counted in place, which spares a call."""

        for slot, (name, number) in enumerate(_read(self._row)):
            self._slots[name], self.numbers[name] = slot, number
        self.add(others, 0)  # First, so that it always has a slot.

    def add(self, name: Name, number: int = 1) -> None:
        """Add ``number`` to the count of ``name``; other processes see it after ``share``."""
        try:
            self.numbers[name] += number
        except KeyError:
            self.numbers[self._settled(name)] += number

    def share(self) -> None:
        """Publish the counts to the other processes."""
        for name, slot in self._slots.items():
            self._row[1 + slot * _SLOT_WORDS] = self.numbers[name]

    def totals(self) -> dict[Name, int]:
        """The sums over all processes by name, sorted, as published; names with 0 are left out."""
        self.share()
        found: dict[Name, int] = {}
        for row in self._rows:
            for name, number in _read(row):
                found[name] = found.get(name, 0) + number
        return {name: found[name] for name in sorted(found) if found[name]}

    def _settled(self, name: Name) -> Name:
        """``name``, with a new slot; or the name of all others."""
        encoded = _SEPARATOR.join(name).encode()
        slot = len(self._slots)
        if slot > MAX_NAMES or len(encoded) > MAX_NAME_BYTES:
            return self._others
        row, start = self._row, 1 + slot * _SLOT_WORDS
        padded = encoded.ljust(-(-len(encoded) // WORD_BYTES) * WORD_BYTES, b"\0")
        row[start], row[start + 1] = 0, len(encoded)
        for word, at in enumerate(range(0, len(padded), WORD_BYTES), start + 2):
            row[word] = int.from_bytes(padded[at : at + WORD_BYTES], "little")
        row[0] = slot + 1  # Last, since other processes may be reading.
        self._slots[name], self.numbers[name] = slot, 0
        return name


def _read(row: memoryview) -> list[tuple[Name, int]]:
    found = []
    for slot in range(row[0]):
        start = 1 + slot * _SLOT_WORDS
        length = row[start + 1]
        words = row[start + 2 : start + 2 + -(-length // WORD_BYTES)]
        encoded = b"".join(word.to_bytes(WORD_BYTES, "little") for word in words)[:length]
        found.append((tuple(encoded.decode().split(_SEPARATOR)), row[start]))
    return found
