"""File locks between the processes of one machine, each on a file beside what it guards.

The kernel passes a lock to the next waiter as soon as it is free, and frees it when its holder dies. (For SQLite's
own locks, a waiting process sleeps and polls.)
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType


class FileLock:
    """The lock that the file at ``path`` stands for; made, for its owner alone, if it isn't there.

    As a context manager, it is held within the block. Each object is a party of its own, in the same process too.
    Raises ``OSError`` if the file can't be opened.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def __enter__(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def try_acquire(self) -> bool:
        """Whether the lock is ours now."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Release it for good."""
        os.close(self._descriptor)
