"""Directory of a ledger: its files, their names and modes, and the page that its processes share.

    lock              the leader's lock, and the page that all processes map
    journal/FIRST     segments, named by their first index
    tile/..., large/HEX, checkpoint, checkpoints/SIZE, policy
    index/FIRST       indexes of 65,536 entries each, see ``server.audit.ledger.index``
    ns/ID/            the logs of namespaces, with the files of the line above
    tmp/              files that are being written; each is renamed to its place
    lost/TIME/        the files of a log whose loss was accepted

Directories have mode 0700, files 0600. A file below ``tile/`` is written whole and renamed, so a reader sees all of it
or none.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import mmap
import os
import shutil
import stat
from pathlib import Path

from server.audit.ledger.device.syncing import sync_folder
from server.audit.ledger.log.frames import first_index, segment_name
from server.audit.ledger.log.tiles import WIDTH, Tile

DIRECTORY_MODE, FILE_MODE = 0o700, 0o600
INDEX = "index"
KEPT = "checkpoints"
FOLDERS = ("journal", "tile", "large", KEPT, INDEX, "tmp")
PART_ENTRIES = 65_536
"""The entries of an index: those below a full tile of level 1."""

CHECKPOINT, POLICY, LOCK = "checkpoint", "policy", "lock"

_PAGE_BYTES = 4096
_WORDS = _PAGE_BYTES // 8
LOST = "lost"
_IGNORED = frozenset({"lost+found", LOST})
"""What an empty file system has at its root, and what was put aside."""

_MAX_FILE_BYTES = 64 * 1024 * 1024
_serial = itertools.count()


class SharedPage:
    """The numbers that the processes of a ledger share: each word is written and read as a whole.

    They say where to write, what to show and what needn't be read again; no signature of the server's log
    depends on them.
    """

    SEGMENT = 0
    """The first index of the segment that is written to."""
    SIZE = 1
    CHECKPOINT_NANOSECONDS = 2
    """The time of the last signed checkpoint, since the epoch."""
    READ_SEGMENT, READ_OFFSET = 3, 4
    """The position up to which the journal is integrated."""
    CAUGHT_UP_NANOSECONDS = 5
    """By the monotonic clock: all that was written before then is under a checkpoint."""
    ERRORS = 6
    """The failures of the integrator since the ledger was opened."""
    QUORUM_MISSING_NANOSECONDS = 7
    """The time since which the quorum of witnesses has been missing, since the epoch; 0 if it isn't."""
    SEALING = 8
    """1 more than the first index of the segment whose writers are asked to release their locks; 0 for none."""
    NAMESPACES = 9
    """1 from before the first entry of a namespace is written, by any process; see ``TenantWriter``."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
        try:
            # Pages that are only mapped would end the process where the disk is full.
            os.posix_fallocate(descriptor, 0, _PAGE_BYTES)
            self._map = mmap.mmap(descriptor, _PAGE_BYTES)
        finally:
            os.close(descriptor)
        self.words = memoryview(self._map).cast("Q")

    def close(self) -> None:
        """Release the page."""
        self.words.release()
        self._map.close()


class LedgerDirectory:
    """The files of the ledger at ``path``. Methods raise ``OSError``."""

    def __init__(self, path: Path, temporary: Path | None = None) -> None:
        """``temporary`` has files while they are written, on the same file system; a folder of its own without it."""
        self.path = path
        self.temporary = temporary or path / "tmp"

    def make(self) -> None:
        """Make the folders that are missing, with those above, and drop what was half written."""
        for folder in FOLDERS:
            make_folders(self.path / folder)
        for name in os.listdir(self.path / "tmp"):
            with contextlib.suppress(OSError):
                os.unlink(self.path / "tmp" / name)
        sync_folder(self.path)

    @property
    def empty(self) -> bool:
        """Whether there is no file of a log: nothing at all, or folders without files."""
        try:
            names = set(os.listdir(self.path)) - _IGNORED
        except FileNotFoundError:
            return True
        for name in names:
            if name == LOCK:
                continue
            if name not in FOLDERS or not os.path.isdir(self.path / name):
                return False
            if any(files for _, _, files in os.walk(self.path / name)):
                return False
        return True

    def put_aside(self, name: str) -> None:
        """Move all files of the log below ``lost/NAME``."""
        target = self.path / LOST / name
        make_folders(target)
        for entry in set(os.listdir(self.path)) - _IGNORED:
            os.rename(self.path / entry, target / entry)
        sync_folder(self.path)
        self.make()

    def read(self, path: str, max_bytes: int = _MAX_FILE_BYTES) -> bytes | None:
        """The file at ``path`` below the directory; None if it isn't there, or is longer than ``max_bytes``."""
        try:
            descriptor = os.open(self.path / path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size > max_bytes:
                return None
            with open(descriptor, "rb", closefd=False) as file:
                return file.read(status.st_size)
        finally:
            os.close(descriptor)

    def write(self, path: str, content: bytes, *, durable: bool = False) -> None:
        """Put a file at ``path`` in one step; ``durable``: it is on the disk when this returns."""
        target = self.path / path
        temporary = self.temporary / f"{os.getpid()}-{next(_serial)}"
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
            try:
                write_all(descriptor, content)
                if durable:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
            try:
                os.rename(temporary, target)
            except FileNotFoundError:
                make_folders(target.parent)
                os.rename(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        if durable:
            sync_folder(target.parent)

    def write_tile(self, tile: Tile, content: bytes) -> None:
        """Put a tile or bundle in its place, unless it is there; a full one takes that of its partial ones."""
        if self.read(tile.path, len(content)) != content:
            self.write(tile.path, content)
        if tile.width == WIDTH:
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(self.path / f"{tile.path}.p")

    def segments(self) -> list[int]:
        """The first indices of the journal's segments, in their order."""
        found = (first_index(name) for name in os.listdir(self.path / "journal"))
        return sorted(first for first in found if first is not None)

    def segment(self, first: int) -> Path:
        """The path of the segment that begins with entry ``first``."""
        return self.path / "journal" / segment_name(first)

    def add_segment(self, first: int) -> None:
        """Make an empty segment, unless it is there. ``sync_segments`` makes its name durable."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        os.close(os.open(self.segment(first), flags, FILE_MODE))

    def sync_segments(self) -> None:
        """Make the names of the journal's segments durable."""
        sync_folder(self.path / "journal")

    def page(self) -> SharedPage:
        """The shared page, made if it is missing."""
        return SharedPage(self.path / LOCK)


class Held:
    """A lock (flock(2)) on a file or folder of the ledger."""

    def __init__(self, path: Path) -> None:
        flags = os.O_RDONLY | os.O_DIRECTORY if path.is_dir() else os.O_RDWR | os.O_CREAT
        self._descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)

    def take(self, *, shared: bool = False) -> bool:
        """Whether the lock is ours now; it may be changed from shared to exclusive so."""
        try:
            fcntl.flock(self._descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Release it."""
        os.close(self._descriptor)


def make_folders(path: Path) -> None:
    """Make a folder and those above it, as far as they are missing, each with the mode of a ledger's folders."""
    with contextlib.suppress(FileExistsError):
        try:
            os.mkdir(path, DIRECTORY_MODE)
        except FileNotFoundError:
            make_folders(path.parent)
            os.mkdir(path, DIRECTORY_MODE)


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of ``content`` to a regular file."""
    view = memoryview(content)
    while view:
        written = os.write(descriptor, view)
        if not written:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        view = view[written:]
