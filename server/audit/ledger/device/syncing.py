"""Making a ledger's files durable: a file, the names in a folder, and all that a file system has not written yet."""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
import threading
from pathlib import Path

_PAGE_BYTES = mmap.PAGESIZE
_libc = ctypes.CDLL(None, use_errno=True)
_sync_file_system = getattr(_libc, "syncfs", None)


def sync_file(path: Path, *, done_below: int = 0) -> None:
    """Make the content of a file durable.

    What lies before ``done_below`` isn't read again as a rule, so the system may use its memory for other things.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fdatasync(descriptor)
        if done_below and sys.platform == "linux":
            os.posix_fadvise(descriptor, 0, done_below // _PAGE_BYTES * _PAGE_BYTES, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = _open_folder(path)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file_system(path: Path) -> None:
    """Make everything on the file system of the folder ``path`` durable (syncfs(2)). May take long.

    For many small files it costs far less than a call for each. Where there is no syncfs, sync(2) is called.
    """
    if _sync_file_system is None:
        os.sync()
        return
    descriptor = _open_folder(path)
    try:
        if _sync_file_system(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)


class BackgroundSync:
    """``sync_file_system`` in a thread of its own, one call at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread: threading.Thread | None = None
        self._error: OSError | None = None

    @property
    def running(self) -> bool:
        """Whether a call is under way. Raises ``OSError`` once for one that has failed."""
        if self._thread is None:
            return False
        if self._thread.is_alive():
            return True
        self.wait()
        return False

    def start(self) -> None:
        """Begin a call for all that is written by now, after an earlier one. Raises that one's ``OSError``."""
        self.wait()
        self._thread = threading.Thread(target=self._run, name="audit-ledger-sync", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait for the call that is under way. Raises its ``OSError``."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self) -> None:
        try:
            sync_file_system(self._path)
        except OSError as error:
            self._error = error


def _open_folder(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
