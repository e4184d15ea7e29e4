"""LRU cache with a bound on the total weight of its values."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class WeightedCache(Generic[K, V]):
    """A cache of at most ``most`` values with a total weight of at most ``most_weight``."""

    def __init__(self, most: int, most_weight: int) -> None:
        self._most = most
        self._most_weight = most_weight
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._weight = 0

    def get(self, key: K) -> V | None:
        """The value of ``key``, if cached."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: K, value: V, weight: int) -> None:
        """Cache a value, evicting others if needed."""
        replaced = self._entries.pop(key, None)
        if replaced is not None:
            self._weight -= replaced[1]
        if weight > self._most_weight:
            return
        self._entries[key] = value, weight
        self._weight += weight
        while self._weight > self._most_weight or len(self._entries) > self._most:
            _, (_, dropped) = self._entries.popitem(last=False)
            self._weight -= dropped

    def clear(self) -> None:
        """Drop all values."""
        self._entries.clear()
        self._weight = 0

    def __len__(self) -> int:
        return len(self._entries)
