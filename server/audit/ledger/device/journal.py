"""Journal writer: whole frames, one ``write`` for a group, under a shared lock on the segment.

Sealing a segment takes its lock exclusively, names the next one in the shared page and releases it: so a writer that
holds the lock and finds its segment still named may write, and no frame lands in a sealed one. A writer keeps the lock
between its writes, since flock(2) costs as much as half a write, until the shared page asks for it: then it takes it
for each write alone. ``yield_lock`` does the same for a writer that has nothing to write. A short write isn't
continued: the whole frames in it count, and readers pass the rest by (``server.audit.ledger.log.frames``).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time

from server.audit.ledger.device.directory import LedgerDirectory, SharedPage

_SEALED_SOON = (0.0002,) * 10
"""The pauses, in seconds, of ``append`` while a segment is being sealed, which takes half a millisecond as a rule."""

_MAX_TURNS = 64
"""The most attempts of a writer to find the next segment; each means that one was sealed meanwhile."""

_SEGMENT, _SEALING = SharedPage.SEGMENT, SharedPage.SEALING


class JournalWriter:
    """Appends to the present segment. Methods raise ``OSError``.

    ``syncs``: ``sync`` will be called, in any thread.
    """

    def __init__(self, directory: LedgerDirectory, *, syncs: bool = False) -> None:
        self._directory = directory
        self._page = directory.page()
        self._words = self._page.words
        self._first = -1
        self._asked = 0
        """The shared page's word when the lock on the present segment is asked for."""
        self._descriptor = -1
        self._holds = False
        """Whether the shared lock on the present segment is kept."""
        self._syncs = syncs
        self._unnamed = False
        """Whether the name of the present segment may not be durable."""
        self._left: list[int] = []
        """Segments that aren't written to any more, and may not be durable."""
        self._lock = threading.Lock()
        """Held where descriptors change hands."""
        self._waiting = threading.Lock()
        """Held while a thread appends, so that its lock isn't released meanwhile."""

    def append(self, frames: bytes) -> int:
        """Append ``frames`` and return how many of their bytes were written.

        Raises ``BlockingIOError`` with nothing written where the segment is being sealed for longer than some
        milliseconds. Called as ``yield_lock`` is.
        """
        words = self._words
        if self._holds and words[_SEALING] != self._asked and words[_SEGMENT] == self._first:
            return os.write(self._descriptor, frames)
        for seconds in _SEALED_SOON:
            try:
                return self._append(frames, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(seconds)
        return self._append(frames, fcntl.LOCK_SH | fcntl.LOCK_NB)

    def append_waiting(self, frames: bytes) -> int:
        """As ``append``, in any thread; waits while the segment is being sealed."""
        with self._waiting:
            return self._append(frames, fcntl.LOCK_SH)

    def tell_of_namespaces(self) -> None:
        """Set the shared page's word for entries of namespaces; in any thread."""
        with contextlib.suppress(ValueError):  # It was closed meanwhile.
            self._words[SharedPage.NAMESPACES] = 1

    def yield_lock(self) -> None:
        """Release the lock on the segment if that is asked for. Called in the thread of ``append``, between calls."""
        if self._waiting.acquire(blocking=False):
            try:
                if self._holds and self._words[_SEALING] == self._asked:
                    self._release()
            finally:
                self._waiting.release()

    def sync(self) -> None:
        """Make durable what was written."""
        with self._lock:
            descriptors, self._left = self._left, []
            unnamed, self._unnamed = self._unnamed, False
            if self._descriptor >= 0:
                descriptors.append(os.dup(self._descriptor))
        try:
            if unnamed:
                self._name_durably()
            for descriptor in descriptors:
                os.fdatasync(descriptor)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def close(self) -> None:
        """Release the segment."""
        with self._waiting, self._lock:
            self._release()
            for descriptor in (*self._left, self._descriptor):
                if descriptor >= 0:
                    os.close(descriptor)
            self._left, self._descriptor = [], -1
        self._page.close()

    def _append(self, frames: bytes, operation: int) -> int:
        words = self._words
        for _ in range(_MAX_TURNS):
            first = words[_SEGMENT]
            if first != self._first:
                self._open(first)
            fcntl.flock(self._descriptor, operation)
            self._holds = True
            try:
                if words[_SEGMENT] == first:
                    return os.write(self._descriptor, frames)
            finally:
                if words[_SEALING] == self._asked or words[_SEGMENT] != first:
                    self._release()
        raise BlockingIOError

    def _name_durably(self) -> None:
        try:
            self._directory.sync_segments()
        except OSError:
            self._unnamed = True
            raise

    def _release(self) -> None:
        if self._holds:
            self._holds = False
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _open(self, first: int) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._directory.segment(first), flags)
        with self._lock:
            if self._descriptor >= 0:
                self._release()
                if self._syncs:
                    self._left.append(self._descriptor)
                else:
                    os.close(self._descriptor)
            self._descriptor, self._first, self._asked = descriptor, first, first + 1
            self._unnamed = self._syncs
