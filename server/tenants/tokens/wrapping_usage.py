"""Usage of response wrapping: number and size of a namespace's answers that wait to be unwrapped, within bounds.

Each wrapping token has an entry whose name is the size of its answer, removed with the token. They are counted when the
first answer is wrapped, and again when this process's own answers since then would exceed a bound; so a process below
the bounds pays for one addition. Answers of other processes meanwhile aren't seen: the bounds hold per process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

from engines.faults import RateLimited
from server.tenants.tokens.entries import WRAPPED_SIZES, size_in
from storage.view import View

MAX_ANSWERS = 100_000
"""The most answers of a namespace that may wait to be unwrapped."""

MAX_BYTES = 1024 * 1024 * 1024
"""Their greatest total size, in bytes."""

RECOUNT_SECONDS = 10.0
"""The seconds for which a count that exceeded a bound is cached."""

_LISTED_AT_ONCE = 1_000


class WrappingUsage:
    """The waiting answers in the token store whose storage is ``view``."""

    def __init__(self, view: View, seconds: Callable[[], float] = monotonic) -> None:
        self._view = view
        self._seconds = seconds
        self._answers = 0
        self._bytes = 0
        self._counted_at: float | None = None
        self._lock = asyncio.Lock()

    async def reserve(self, size: int) -> None:
        """Reserve room for an answer of ``size`` bytes. Raises ``RateLimited`` if there is none."""
        if self._counted_at is None or not self._fits(size):
            async with self._lock:
                if self._counted_at is None or self._seconds() - self._counted_at >= RECOUNT_SECONDS:
                    await self._count()
            if not self._fits(size):
                raise RateLimited(
                    f"at most {MAX_ANSWERS} wrapped answers with {MAX_BYTES} bytes may wait to be unwrapped; "
                    "unwrap or revoke some, or wrap for a shorter time",
                    retry_after_seconds=round(RECOUNT_SECONDS),
                )
        self._answers += 1
        self._bytes += size

    def _fits(self, size: int) -> bool:
        return self._answers < MAX_ANSWERS and self._bytes + size <= MAX_BYTES

    async def _count(self) -> None:
        answers = total = 0
        after = ""
        while names := await self._view.list(WRAPPED_SIZES, after, _LISTED_AT_ONCE):
            after = names[-1]
            answers += len(names)
            total += sum(map(size_in, names))
            await asyncio.sleep(0)
        self._answers, self._bytes, self._counted_at = answers, total, self._seconds()
