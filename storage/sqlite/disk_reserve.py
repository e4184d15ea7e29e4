"""Reserve of disk space for the next start: a file beside the database, deleted when the disk is full.

SQLite can't open a database with a write-ahead log without creating the log's files, which the last connection
removes. Without the reserve, a stopped server couldn't start again on a full disk, not even to read.
"""

from __future__ import annotations

import errno
import logging
import os
from contextlib import suppress
from pathlib import Path

_log = logging.getLogger(__name__)

RESERVE_BYTES = 512 * 1024
"""Far more than the index of a write-ahead log takes (32 KiB), since other programs may take some of it."""

_FULL_BYTES = 256 * 1024
_ROOMY_BYTES = 8 * RESERVE_BYTES


class DiskReserve:
    """The file at ``path``."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def release(self) -> None:
        """Give the space back if the disk is full."""
        if self._free_bytes() >= _FULL_BYTES:
            return
        try:
            self._path.unlink()
        except FileNotFoundError:
            _log.error("the disk of %s is full", self._path.parent)
        except OSError as error:
            _log.error("the disk of %s is full, and its reserve can't be deleted: %s", self._path, error.strerror)
        else:
            _log.error("the disk of %s is full; what was reserved there for a start is in use", self._path.parent)

    def keep(self) -> None:
        """Take the space, if it isn't taken and there is plenty; errors are ignored."""
        if self._free_bytes() < _ROOMY_BYTES:
            return
        with suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                if os.write(descriptor, bytes(RESERVE_BYTES)) < RESERVE_BYTES:
                    self._path.unlink()
                os.fsync(descriptor)
            except OSError:
                self._path.unlink()
                raise
            finally:
                os.close(descriptor)

    def _free_bytes(self) -> int:
        """The bytes of the disk that this account may still use."""
        return free_bytes(self._path.parent)


def free_bytes(folder: Path) -> int:
    """The bytes of the disk with ``folder`` this account may still use; very many where that is unknown."""
    try:
        status = os.statvfs(folder)
    except OSError:
        return 1 << 62
    return status.f_bavail * status.f_frsize


def is_full(error: OSError) -> bool:
    """Whether ``error`` says that there is no space left, or none that this account may use."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)
