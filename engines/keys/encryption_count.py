"""Encryptions that one version of a key may still make in this process before the next reservation.

A process reserves blocks of encryptions ahead: a block is added to the stored total before anything is encrypted with
it. So the stored total is never too low; after a crash the rest of a block counts as used. Between reservations, an
encryption costs a subtraction and a comparison, and no write.

The barrier counts its own encryptions by the same idea (``storage.barrier.encryption_count``), but below itself, under
a key of its own, and after the fact; the code isn't shared.
"""

from __future__ import annotations

import asyncio

FIRST_BLOCK = 64
"""The number of encryptions that a process reserves at first; each block is twice as large as the last."""

LARGEST_BLOCK = 65_536
"""The largest block: the most by which a crash makes the count of a version too high."""

_SMALLEST_PART = 64


class VersionCount:
    """The reservation of one process for one version, shared by all objects for the version."""

    __slots__ = (
        "block",
        "created",
        "half_made",
        "key",
        "left",
        "limit",
        "lock",
        "low",
        "number",
        "renewing",
        "stored",
    )

    def __init__(self, key: str, number: int, created: int, limit: int) -> None:
        self.key = key
        self.number = number
        self.created = created
        """When the version was made, in nanoseconds: tells it from one of another key that had the same name."""

        self.limit = limit
        """How many encryptions the version may make, by all processes; 0 for any number."""

        self.left = 0
        self.low = 0
        """When fewer would be left than this, the next block is due."""

        self.block = FIRST_BLOCK
        self.stored = 0
        """The stored total when it was last seen, the whole of this process's blocks included."""

        self.half_made = False
        """Whether the version has made half of its encryptions, so that callers are to be warned."""

        self.lock = asyncio.Lock()
        self.renewing = False

    def spend(self, count: int) -> bool:
        """Count ``count`` encryptions; False, with nothing counted, if a reservation is needed first."""
        left = self.left - count
        if left < self.low:
            return False
        self.left = left
        return True

    def set_limit(self, limit: int) -> None:
        """Apply ``limit`` from now on; reservations beyond it become unusable."""
        if limit == self.limit:
            return
        self.limit = limit
        self.half_made = False
        if limit and self.stored > limit:
            self.left = self.low = 0

    def next_block(self, available: int) -> int:
        """The number to reserve beyond the immediate need, if the limit leaves ``available``."""
        block = self.block
        if self.limit:
            # With several processes, each may hold a block: together only a small part of the limit.
            block = min(block, max(self.limit // _SMALLEST_PART, 1), available)
        return max(block, 0)

    def take(self, granted: int, wanted: int, stored: int) -> None:
        """Add a reservation of ``granted``, of which ``wanted`` are used at once; the total is now ``stored``."""
        self.left += granted - wanted
        self.low = min(granted - wanted, self.left) // 2
        self.stored = stored
        self.block = min(2 * self.block, LARGEST_BLOCK)
        self.half_made = bool(self.limit) and 2 * (stored - self.left) >= self.limit
