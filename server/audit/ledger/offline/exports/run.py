"""Moves entries from a log to a sink, and the cursor behind them: each at least once, in order."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from server.audit.ledger.offline.exports.cursor import BadCursor, Cursor, read_cursor, write_cursor
from server.audit.ledger.offline.exports.records import Record
from server.audit.ledger.offline.exports.sinks import Sink
from server.audit.ledger.offline.proven import NotProven, ProvenLog

_POLL_SECONDS = 1.0


class Export:
    """One run over a log, from where the cursor's file says, or else from the entry ``first``."""

    def __init__(self, log: ProvenLog, cursor: Path | None, first: int = 0) -> None:
        """Raises ``BadCursor``, ``NotProven`` if the log doesn't extend what the cursor has seen, and ``OSError``."""
        self._log = log
        self._path = cursor
        self._next = min(first, log.checkpoint.size)
        known = None if cursor is None else read_cursor(cursor)
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
        origin = self._log.checkpoint.origin
        for first, entries in self._log.bundles(self._next):
            sink.write([Record(origin, index, entry) for index, entry in enumerate(entries, first)])
            self._next = first + len(entries)
            progress(self._next, self._log.checkpoint.size)
            if durable:
                self.save()

    def follow(self, sink: Sink, progress: Callable[[int, int], None]) -> None:
        """Export what is there and what comes, until it is interrupted."""
        while True:
            self.run(sink, progress)
            while not self._log.refresh():
                time.sleep(_POLL_SECONDS)

    def save(self) -> None:
        """Write the cursor, if it has a file. Raises ``OSError``."""
        if self._path is not None:
            checkpoint = self._log.checkpoint
            write_cursor(self._path, Cursor(checkpoint.origin, self._next, checkpoint.size, checkpoint.root))
