"""Integrator: reads the journal, and writes the bundles and tiles of the tree that its entries make.

The tree is a function of the journal's bytes alone, so who integrates them twice writes the same files twice. Nothing
here knows keys or storage: a step says which size and root the files hold; the leader has that remembered and signed.
"""

from __future__ import annotations

import fcntl
import os
import time
from dataclasses import dataclass

from server.audit.ledger.device.directory import LedgerDirectory, SharedPage
from server.audit.ledger.device.entries import recovered_skip
from server.audit.ledger.device.syncing import BackgroundSync, sync_file
from server.audit.ledger.log.frames import HEADER_BYTES, Frames, SegmentReader, Skip
from server.audit.ledger.log.hashes import EMPTY_ROOT
from server.audit.ledger.log.tree import MissingTile
from server.audit.ledger.log.writer import TileWrite, TreeWriter

SEGMENT_ENTRIES = 65_536
"""The entries from which on a segment is sealed: one tile of level 1."""

STEP_ENTRIES = 40_000
"""The most entries in one step, so that a backlog is signed in parts."""

_SEAL_ATTEMPTS, _SEAL_PAUSE_SECONDS = 20, 0.001
"""The attempts of a step to seal a segment, while writers finish what they write; each takes some microseconds."""

_MAX_SKIPS = 64
"""The most skips that a step names; further ones wait for the next."""


class CannotIntegrate(Exception):
    """Journal and tiles don't make the tree that they are said to; the text says how."""


@dataclass(frozen=True, slots=True)
class Step:
    """State of the files after a step, durable as far as the journal goes."""

    size: int
    root: bytes
    segment: int
    offset: int
    skips: tuple[tuple[int, Skip], ...]
    """Bytes that were passed by, with their segment, of which no ``recovered`` entry tells yet."""

    more: bool
    """Whether the journal had more entries than fit into a step."""


class Integrator:
    """Integrates the journal of ``directory`` from ``offset`` of the segment that begins with entry ``segment``.

    ``writer`` has the tree as it is there. Methods raise ``OSError``; after that, begin anew.
    """

    def __init__(self, directory: LedgerDirectory, writer: TreeWriter, segment: int, offset: int) -> None:
        self.writer = writer
        self.segment = segment
        self._directory = directory
        self._page = directory.page()
        self._descriptor = -1
        self._reader = self._open(segment, offset)
        self._unsynced: set[int] = set()
        self.tiles = BackgroundSync(directory.path)
        """Makes durable what a segment that was read to its end has made full."""
        self._tiles_unsynced = True
        self._skips: dict[tuple[int, int], Skip] = {}
        self._more = False

    @classmethod
    def resume(cls, directory: LedgerDirectory, size: int, root: bytes, segment: int, offset: int) -> Integrator:
        """The integrator that goes on from this state. Raises ``CannotIntegrate`` if the tiles are another tree's."""
        try:
            writer = TreeWriter.resume(directory.read, size) if size else TreeWriter()
        except (MissingTile, ValueError) as error:
            raise CannotIntegrate(f"the tiles of {size} entries can't be read: {error}") from error
        if (writer.root() if size else EMPTY_ROOT) != root:
            raise CannotIntegrate(f"the tiles of {size} entries have another root than the one that is remembered")
        return cls(directory, writer, segment, offset)

    @property
    def offset(self) -> int:
        """The position read up to in the present segment."""
        return self._reader.offset

    def absorb(self, most: int = STEP_ENTRIES) -> int:
        """Read entries that have come, about ``most`` of them, and write the bundles and tiles that become full.

        Returns how many there were.
        """
        start = self.writer.size
        self._more = False
        while self.writer.size - start < most:
            if not self._absorb_some() and not self._next_segment():
                return self.writer.size - start
            self._write(self.writer.full())
        self._more = True
        return self.writer.size - start

    def step(self) -> Step:
        """Integrate what has come. The journal is durable up to there when this returns."""
        if self._tiles_unsynced:  # The process before may have ended before it was done.
            self._tiles_unsynced = False
            self.tiles.start()
        self.absorb()
        self._seal_if_due()
        for segment in sorted(self._unsynced):
            path = self._directory.segment(segment)
            sync_file(path, done_below=self.offset if segment == self.segment else os.stat(path).st_size)
        self._unsynced.clear()
        self._write(self.writer.flush())
        skips = tuple((segment, skip) for (segment, _), skip in list(self._skips.items())[:_MAX_SKIPS])
        return Step(self.writer.size, self.root(), self.segment, self.offset, skips, self._more)

    def write_edge(self) -> None:
        """Write the tiles and the bundle at the right edge of the tree, as it is."""
        self._write(self.writer.flush())

    def root(self) -> bytes:
        """The root of the tree as it is."""
        return self.writer.root() if self.writer.size else EMPTY_ROOT

    def close(self) -> None:
        """Release the files."""
        os.close(self._descriptor)
        self._page.close()

    def absorb_until(self, size: int) -> bool:
        """Read on until the tree has ``size`` entries exactly; False if the journal has fewer."""
        while self.writer.size < size:
            if not self._absorb_some(size - self.writer.size) and not self._next_segment():
                return False
            self._write(self.writer.full())
        return True

    def _absorb_some(self, most: int | None = None) -> bool:
        """Take one part of the present segment, at most ``most`` entries; False if there is none for now."""
        found = self._reader.read()
        if isinstance(found, Frames) and most is not None and len(found.entries) > most:
            del found.entries[most:]
            self._reader.offset = found.offset + sum(HEADER_BYTES + len(entry) for entry in found.entries)
        if isinstance(found, Skip):
            self._skips[self.segment, found.offset] = found
        elif isinstance(found, Frames):
            if self._skips:
                for entry in found.entries:
                    told = recovered_skip(entry)
                    if told is not None:
                        self._skips.pop(told, None)
            self.writer.append(found.entries)
            self._unsynced.add(self.segment)
        return found is not None

    def _next_segment(self) -> bool:
        """Go on to the next segment, if the present one is sealed and read to its end."""
        present = self._page.words[SharedPage.SEGMENT]
        if present == self.segment:
            return False
        if not self._reader.sealed:
            self._reader.sealed = True
            return True  # What lies at its end is no frame that is being written.
        if present != self.writer.size and not self._directory.segment(self.writer.size).exists():
            raise CannotIntegrate(f"the journal has no segment for entry {self.writer.size}")
        self.tiles.start()
        if present != self.writer.size:
            self.tiles.wait()  # It isn't the newest segment: a start may begin behind it.
        self._reader = self._open(self.writer.size, 0)
        self.segment = self.writer.size
        return True

    def _seal_if_due(self) -> None:
        """Seal the present segment if it is long enough: nothing is written to it any more, and the next one begins.

        Not before what the segments before it have made is durable: a start reads no further back than two.
        """
        if self._page.words[SharedPage.SEGMENT] != self.segment or self.writer.size - self.segment < SEGMENT_ENTRIES:
            return
        if self.tiles.running or not self._lock_writers_out():
            return
        try:
            self._reader.sealed = True
            while self._absorb_some():
                pass
            self._unsynced.add(self.segment)
            self._directory.add_segment(self.writer.size)
            self._page.words[SharedPage.SEGMENT] = self.writer.size
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self._directory.sync_segments()

    def _lock_writers_out(self) -> bool:
        """Take the lock on the segment from its writers; False if one keeps it, as an idle one may until the next step.

        A writer that was stopped doesn't hold this process up: its segment goes on.
        """
        self._page.words[SharedPage.SEALING] = self.segment + 1
        for _ in range(_SEAL_ATTEMPTS):
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_SEAL_PAUSE_SECONDS)
            else:
                return True
        return False

    def _open(self, segment: int, offset: int) -> SegmentReader:
        descriptor = os.open(self._directory.segment(segment), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = descriptor
        return SegmentReader(lambda size, at: os.pread(descriptor, size, at), offset, sealed=False)

    def _write(self, writes: list[TileWrite]) -> None:
        for tile, content in writes:
            self._directory.write_tile(tile, content)
