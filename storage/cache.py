"""Cache of decoded entries by path, valid for as long as the store's revision says so.

There is one cache for everything that is read often: keyrings, tokens, policies, mount tables. Coherence is one rule:
before a request looks anything up, ``catch_up`` drops each path that any commit, of this process or another, has
changed since the last look. What depends on several entries (a compiled ACL) registers with ``watch``.

Watchers are kept by the first two segments of what they watch, which tell namespaces apart: so a commit costs looks at
the watchers of its own namespace, however many others there are.

An object that was read before such a drop must not be added after it: the reader notes ``epoch`` before it reads, and
``add`` ignores what comes from an older epoch.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Any

from storage.base import Store

DEFAULT_CAPACITY = 100_000
"""The default of the most cached entries."""


class ObjectCache:
    """A bounded, least-recently-used cache over ``store``; paths are those of the physical store."""

    def __init__(self, store: Store, capacity: int = DEFAULT_CAPACITY) -> None:
        self._store = store
        self._capacity = capacity
        self._entries: OrderedDict[str, Any] = OrderedDict()
        self._watchers: dict[str, list[tuple[str, Callable[[], None]]]] = {}
        self.revision = store.revision
        """The store's when ``catch_up`` last looked; while it is the same, there is no need to call that."""

        self.epoch = 0

    def watch(self, prefix: str, changed: Callable[[], None]) -> None:
        """Call ``changed`` whenever an entry below ``prefix`` may have changed."""
        self._watchers.setdefault(_head(prefix), []).append((prefix, changed))

    def leave(self, heads: Collection[str]) -> None:
        """Drop all entries and all watchers below ``heads``, each the first two segments of paths."""
        for head in heads:
            self._watchers.pop(head, None)
        self.epoch += 1
        for path in [path for path in self._entries if _head(path) in heads]:
            del self._entries[path]

    async def catch_up(self) -> None:
        """Drop what has changed since the last call. Reads after it see nothing stale."""
        if self._store.revision == self.revision:
            return
        changes = await self._store.changes(self.revision)
        if changes.revision <= self.revision:
            return  # Another task caught up while this one was waiting.
        self.revision = changes.revision
        if changes.keys is None:
            self.clear()
            return
        self.epoch += 1
        paths: dict[str, list[str]] = {}
        for path in changes.keys:
            self._entries.pop(path, None)
            paths.setdefault(_head(path), []).append(path)
        paths[""] = list(changes.keys)
        for head, changed_paths in paths.items():
            for prefix, changed in self._watchers.get(head, ()):
                for path in changed_paths:
                    if path.startswith(prefix):
                        changed()
                        break

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
        """Drop all entries and watchers, as on sealing."""
        self.clear()
        self._watchers.clear()

    def clear(self) -> None:
        """Drop everything that is kept."""
        self.epoch += 1
        self._entries.clear()
        for watchers in self._watchers.values():
            for _, changed in watchers:
                changed()


def _head(path: str) -> str:
    """The first two segments of ``path``, or ``""`` if it hasn't as many that are whole."""
    first = path.find("/")
    second = path.find("/", first + 1)
    return path[:second] if first >= 0 and second >= 0 else ""
