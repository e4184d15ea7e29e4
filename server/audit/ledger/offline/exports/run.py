"""Moves entries from a log to a sink, and the cursor behind them: each at least once, in order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from server.audit.ledger.offline.exports.cursor import BadCursor, Cursor, read_cursor, write_cursor
from server.audit.ledger.offline.exports.records import Record
from server.audit.ledger.offline.exports.sinks import Sink
from server.audit.ledger.offline.proven import NotProven, ProvenLog, Trust, Weaker
from server.audit.ledger.offline.sources import Source, Unreadable

_POLL_SECONDS = 1.0
_PATIENCE_SECONDS = 300.0
_PART_BYTES = 1024 * 1024


class Export:
    """One run over a log, from where the cursor's file says, or else from the entry ``first``."""

    def __init__(self, source: Source, trust: Trust | None, cursor: Path | None, first: int = 0) -> None:
        """Raises ``BadCursor``, ``NotProven`` if the log doesn't extend what the cursor has seen, and ``OSError``."""
        known = None if cursor is None else read_cursor(cursor)
        if known is not None and known.rotated is not None and trust is not None:
            trust = replace(trust, seen=known.size, rotated=known.rotated)
        log = self._log = ProvenLog(source, trust)
        if log.weaker:
            raise Weaker(log.weaker)
        self._path = cursor
        self._next = min(first, log.checkpoint.size)
        if known is not None:
            if known.origin != log.checkpoint.origin:
                raise BadCursor(f"{cursor} is the cursor of {known.origin}")
            if known.size > log.checkpoint.size or log.root_at(known.size) != known.root:
                raise NotProven(f"the log doesn't extend the one of {known.size} entries that was exported before")
            self._next = known.index

    def run(self, sink: Sink, progress: Callable[[int, int], None], *, durable: bool = True) -> None:
        """Export all that is there. The cursor follows each part, or, if that isn't ``durable`` yet, ``save``.

        Raises ``NotProven``, ``Unreadable``, ``SinkFault`` and ``OSError``.
        """
        size = self._log.checkpoint.size
        for records in self._parts():
            sink.write(records)
            self._next = records[-1].index + 1
            progress(self._next, size)
            if durable:
                self.save()

    def _parts(self) -> Iterator[list[Record]]:
        """The records from the cursor on, so many at a time that waiting for the disk behind each part costs little.

        What is proven is given away before something that isn't ends it.
        """
        records: list[Record] = []
        length = 0
        try:
            for first, entries in self._log.bundles(self._next):
                records += [Record(self._log.checkpoint.origin, index, one) for index, one in enumerate(entries, first)]
                length += sum(map(len, entries))
                if length >= _PART_BYTES:
                    yield records
                    records, length = [], 0
        except (NotProven, Unreadable):
            if records:
                yield records
            raise
        if records:
            yield records

    def follow(self, sink: Sink, progress: Callable[[int, int], None]) -> None:
        """Export what is there and what comes, until it is interrupted.

        A source that can't be read for ``_PATIENCE_SECONDS``, longer than a restart of a server, ends it; so do
        signatures of witnesses that don't come.
        """
        read = time.monotonic()
        while True:
            try:
                self.run(sink, progress)
                while not self._log.refresh():
                    read = time.monotonic()
                    time.sleep(_POLL_SECONDS)
                read = time.monotonic()
            except (Unreadable, Weaker):
                if time.monotonic() - read > _PATIENCE_SECONDS:
                    raise
                time.sleep(_POLL_SECONDS)

    def save(self) -> None:
        """Write the cursor, if it has a file. Raises ``OSError``."""
        if self._path is not None:
            checkpoint, trust = self._log.checkpoint, self._log.trust
            rotated = None if trust is None else tuple(trust.rotated)
            write_cursor(self._path, Cursor(checkpoint.origin, self._next, checkpoint.size, checkpoint.root, rotated))
