"""Journal writer: whole frames, one ``write`` for a group, under a shared lock on the segment.

Sealing a segment takes its lock exclusively, names the next one in the shared page and releases it: so a writer that
holds the lock and finds its segment still named may write, and no frame lands in a sealed one. A short write isn't
continued: the whole frames in it count, and readers pass the rest by (``server.audit.ledger.log.frames``).
"""

from __future__ import annotations

import fcntl
import os
import threading

from server.audit.ledger.device.directory import LedgerDirectory, SharedPage

_MAX_TURNS = 64
"""The most attempts of a writer to find the next segment; each means that one was sealed meanwhile."""

_SEGMENT = SharedPage.SEGMENT


class JournalWriter:
    """Appends to the present segment. Methods raise ``OSError``.

    ``syncs``: ``sync`` will be called, in any thread.
    """

    def __init__(self, directory: LedgerDirectory, *, syncs: bool = False) -> None:
        self._directory = directory
        self._page = directory.page()
        self._words = self._page.words
        self._first = -1
        self._descriptor = -1
        self._syncs = syncs
        self._left: list[int] = []
        """Segments that aren't written to any more, and may not be durable."""
        self._lock = threading.Lock()
        """Held where descriptors change hands."""

    def append(self, frames: bytes, *, wait: bool) -> int:
        """Append ``frames`` and return how many of their bytes were written.

        Raises ``BlockingIOError`` with nothing written where the segment is being sealed, unless ``wait``.
        """
        operation = fcntl.LOCK_SH if wait else fcntl.LOCK_SH | fcntl.LOCK_NB
        for _ in range(_MAX_TURNS):
            first = self._words[_SEGMENT]
            if first != self._first:
                self._open(first)
            descriptor = self._descriptor
            fcntl.flock(descriptor, operation)
            try:
                if self._words[_SEGMENT] == first:
                    return os.write(descriptor, frames)
            finally:
                fcntl.flock(descriptor, fcntl.LOCK_UN)
        raise BlockingIOError

    def sync(self) -> None:
        """Make durable what was written."""
        with self._lock:
            descriptors, self._left = self._left, []
            if self._descriptor >= 0:
                descriptors.append(os.dup(self._descriptor))
        try:
            for descriptor in descriptors:
                os.fdatasync(descriptor)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def close(self) -> None:
        """Release the segment."""
        with self._lock:
            for descriptor in (*self._left, self._descriptor):
                if descriptor >= 0:
                    os.close(descriptor)
            self._left, self._descriptor = [], -1
        self._page.close()

    def _open(self, first: int) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._directory.segment(first), flags)
        with self._lock:
            if self._descriptor >= 0:
                if self._syncs:
                    self._left.append(self._descriptor)
                else:
                    os.close(self._descriptor)
            self._descriptor, self._first = descriptor, first
