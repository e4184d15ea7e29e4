"""``Local``: the bounds on time and amount of a data key's use, and the cache of data keys."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from cryptoserve.local.format import Sealer
from cryptoserve.local.secure import SecureBytes

clock = time.monotonic


@dataclass(frozen=True, slots=True)
class Local:
    """The client encrypts by itself, under data keys that it gets from the server, and keeps within these bounds.

    ``max_age`` is in seconds from before the key was asked for, ``max_bytes`` of plaintext, ``capacity`` in data keys:
    those that were not used for longest go first. A key that is kept for decrypting has the same bounds.
    """

    max_age: float = 300.0
    max_messages: int = 2**20
    max_bytes: int = 2**32
    capacity: int = 1000

    def __post_init__(self) -> None:
        if not 0 < self.max_age <= 30 * 86400:
            raise ValueError("max_age: expected seconds, above 0 and at most 30 days")
        if not 1 <= self.max_messages <= 2**32 or not 1 <= self.max_bytes <= 2**50 or not 1 <= self.capacity <= 2**20:
            raise ValueError("max_messages, max_bytes, capacity: expected 1 to 2**32, 2**50 and 2**20")


class KeptKey:
    """A data key in memory, with what has been done with it."""

    __slots__ = ("bytes", "ends", "key", "messages", "sealer", "wrapped")

    def __init__(self, key: SecureBytes, wrapped: str, ends: float) -> None:
        self.key = key
        self.wrapped = wrapped
        self.sealer = Sealer(wrapped)
        self.ends = ends
        self.messages = 0
        self.bytes = 0


class KeptKeys:
    """The data keys of one client and process: for encrypting by context, for decrypting by context and wrapping."""

    def __init__(self, bounds: Local) -> None:
        self.bounds = bounds
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._keys: OrderedDict[tuple[str, str], KeptKey] = OrderedDict()

    def take(self, context: str, wrapped: str, size: int) -> KeptKey | None:
        """The key for one more message of ``size`` bytes, which is counted; None if there is none within its bounds.

        ``wrapped`` is ``""`` for encrypting.
        """
        if self._process != os.getpid():
            self._begin_anew()
        place, bounds = (context, wrapped), self.bounds
        with self._lock:
            kept = self._keys.get(place)
            if kept is None:
                return None
            if clock() >= kept.ends or kept.messages >= bounds.max_messages or kept.bytes + size > bounds.max_bytes:
                # Another call may be at work with it, so its bytes are overwritten when the last one lets it go.
                del self._keys[place]
                return None
            kept.messages += 1
            kept.bytes += size
            self._keys.move_to_end(place)
            return kept

    def keep(self, context: str, wrapped: str, kept: KeptKey, size: int) -> None:
        """Keep a key that was just got for a message of ``size`` bytes, which counts already."""
        if self._process != os.getpid():
            self._begin_anew()
        with self._lock:
            kept.messages, kept.bytes = 1, size
            self._keys[context, wrapped] = kept
            self._keys.move_to_end((context, wrapped))
            while len(self._keys) > self.bounds.capacity:
                self._keys.popitem(last=False)

    def forget(self, context: str) -> None:
        """Let the key go that encrypts under ``context``, so that a rotation is followed."""
        with self._lock:
            self._keys.pop((context, ""), None)

    def close(self) -> None:
        """Let all keys go."""
        with self._lock:
            self._keys.clear()

    def __len__(self) -> int:
        return len(self._keys)

    def _begin_anew(self) -> None:
        # Parent and child together would go beyond the bounds. A thread of the parent may have held the lock.
        self._lock = threading.Lock()
        self._keys = OrderedDict()
        self._process = os.getpid()
