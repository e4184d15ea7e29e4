"""Decoded entries, kept by their path for as long as the store's revision says they are current.

There is one cache for everything that is read often: keyrings, tokens, policies, mount tables. Coherence is one rule:
before a request looks anything up, ``catch_up`` drops each path that any commit, of this process or another, has
changed since the last look. What depends on several entries (a compiled ACL) registers with ``watch``.

An object that was read before such a drop must not be added after it: the reader notes ``epoch`` before it reads, and
``add`` ignores what comes from an older epoch.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from storage.base import Store

DEFAULT_CAPACITY = 100_000
"""How many decoded entries are kept unless the configuration says otherwise."""


class ObjectCache:
    """A bounded, least-recently-used cache over ``store``; paths are those of the physical store."""

    def __init__(self, store: Store, capacity: int = DEFAULT_CAPACITY) -> None:
        self._store = store
        self._capacity = capacity
        self._entries: OrderedDict[str, Any] = OrderedDict()
        self._watchers: list[tuple[str, Callable[[], None]]] = []
        self._revision = store.revision
        self.epoch = 0

    def watch(self, prefix: str, changed: Callable[[], None]) -> None:
        """Call ``changed`` whenever an entry below ``prefix`` may have changed."""
        self._watchers.append((prefix, changed))

    @property
    def behind(self) -> bool:
        """Whether anything has changed since the last ``catch_up``; else there is no need to call it."""
        return self._store.revision != self._revision

    async def catch_up(self) -> None:
        """Drop what has changed since the last call. Nothing stale is served to who calls this first."""
        if self._store.revision == self._revision:
            return
        changes = await self._store.changes(self._revision)
        if changes.revision <= self._revision:
            return  # Another task caught up while this one was waiting.
        self._revision = changes.revision
        if changes.keys is None:
            self.clear()
            return
        self.epoch += 1
        for path in changes.keys:
            self._entries.pop(path, None)
        for prefix, changed in self._watchers:
            if any(path.startswith(prefix) for path in changes.keys):
                changed()

    def get(self, path: str) -> Any:
        """The object at ``path``, or None."""
        found = self._entries.get(path)
        if found is not None:
            self._entries.move_to_end(path)
        return found

    def add(self, path: str, decoded: object, epoch: int) -> None:
        """Keep ``decoded``, which was read when ``self.epoch`` was ``epoch``."""
        if epoch != self.epoch:
            return
        self._entries[path] = decoded
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)

    def forget(self) -> None:
        """Drop everything and everybody who watches, as on sealing."""
        self.clear()
        self._watchers.clear()

    def clear(self) -> None:
        """Drop everything that is kept."""
        self.epoch += 1
        self._entries.clear()
        for _, changed in self._watchers:
            changed()
