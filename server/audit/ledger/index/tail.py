"""Indexes of the newest entries, in memory: of parts that have no index file yet, made as their entries are read.

They are made of entries that were proven, and used only while the checkpoint proves the same bundles. A process keeps
those of a few parts; a part's takes about 3 MB, and 30 MB at most.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from server.audit.ledger.device.directory import PART_ENTRIES
from server.audit.ledger.index.part import PartBuilder, PartIndex
from server.audit.ledger.log.tiles import WIDTH
from server.audit.ledger.offline.proven import ProvenLog

T = TypeVar("T")

MAX_TAILS = 4
"""The most parts with an index in memory; the one that was used last stays longest."""

MAX_VALUES_BYTES = 512 * 1024
"""As ``server.audit.ledger.index.part.MAX_VALUES_BYTES``, of which objects in memory take several times as much."""


class Tail:
    """The index of the first entries of a part, whole bundles of them."""

    def __init__(self, first: int) -> None:
        """``first`` is the first entry that isn't pruned."""
        self._builder = PartBuilder(first // WIDTH * WIDTH, MAX_VALUES_BYTES)
        self._roots = b""
        """The roots of the part's bundles up to ``end``, with those that are pruned."""

    @property
    def first(self) -> int:
        """The first entry that is indexed."""
        return self._builder.first

    @property
    def end(self) -> int:
        """The entry behind the last one that is."""
        return self._builder.end

    def is_of(self, proven: ProvenLog) -> bool:
        """Whether the entries are those of the log as it is now. Raises ``NotProven``, ``Unreadable``."""
        part = self.first // PART_ENTRIES
        return self.end <= proven.checkpoint.size and proven.bundle_roots(part, self.end) == self._roots

    def add(self, proven: ProvenLog, start: int, entries: list[bytes]) -> None:
        """Add the proven ``entries`` from ``start`` on, if they are the next bundle, and whole."""
        if start == self.end and len(entries) == WIDTH and start // PART_ENTRIES == self.first // PART_ENTRIES:
            self._roots = proven.bundle_roots(start // PART_ENTRIES, start + WIDTH)
            self._builder.add(entries)

    def fill(self, proven: ProvenLog, end: int) -> Iterator[None]:
        """Read and add all whole bundles before ``end``, with a step for each. Raises as ``ProvenLog.bundle``."""
        for number in range(self.end // WIDTH, end // WIDTH):
            self.add(proven, number * WIDTH, proven.bundle(number))
            yield

    def ask(self, question: Callable[[PartIndex], T]) -> T:
        """The answer of the index."""
        return question(PartIndex(self._builder))


class Tails:
    """The indexes in memory of one process. Used by one thread at a time."""

    def __init__(self) -> None:
        self._tails: OrderedDict[tuple[Path, int], Tail] = OrderedDict()

    def of(self, path: Path, proven: ProvenLog, part: int, first: int) -> Tail:
        """The index of a part of the log at ``path``, of which entries before ``first`` are pruned.

        Raises ``NotProven``, ``Unreadable``.
        """
        key = path, part
        tail = self._tails.pop(key, None)
        if tail is None or tail.first > first or not tail.is_of(proven):
            tail = Tail(first)
        self._tails[key] = tail
        while len(self._tails) > MAX_TAILS:
            self._tails.popitem(last=False)
        return tail
