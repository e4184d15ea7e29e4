"""Keys changed by recent commits, in memory and bounded, so that a process need not ask storage for its own changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice

MAX_CHANGES = 50_000
"""The most changed keys that a store remembers; a cache further behind must be emptied."""


class Changelog:
    """The keys changed by each of an unbroken run of revisions, up to ``newest``."""

    def __init__(self, revision: int, max_changes: int = MAX_CHANGES) -> None:
        self.newest = revision
        self._max_changes = max_changes
        self._commits: deque[frozenset[str]] = deque()
        self._size = 0

    def add(self, revision: int, keys: Iterable[str]) -> None:
        """Note that the commit of ``revision`` has changed ``keys``. A gap before it forgets what went before."""
        if revision != self.newest + 1:
            self._commits.clear()
            self._size = 0
        changed = frozenset(keys)
        self.newest = revision
        self._commits.append(changed)
        self._size += len(changed)
        while self._size > self._max_changes and len(self._commits) > 1:
            self._size -= len(self._commits.popleft())

    def since(self, revision: int) -> frozenset[str] | None:
        """The keys changed after ``revision`` up to ``newest``; None if that isn't remembered."""
        behind = self.newest - revision
        if not 0 <= behind <= len(self._commits):
            return None
        return frozenset[str]().union(*islice(reversed(self._commits), behind))
