"""Usage of wrapping tokens: how many answers of a namespace wait to be unwrapped, and their size, within bounds.

Each wrapping token notes the size of its answer in the name of an entry of its own, which comes and goes with the
token. They are counted when the first answer is wrapped, and again when what this process has wrapped since then would
go beyond a bound; so a process that stays below pays for an addition. What other processes wrap meanwhile isn't seen:
the bounds hold for each of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

from engines.faults import RateLimited
from server.tenants.tokens.entries import WRAPPED_SIZES, size_in
from storage.view import View

MAX_ANSWERS = 100_000
"""How many answers of a namespace may wait to be unwrapped."""

MAX_BYTES = 1024 * 1024 * 1024
"""How large these may be together."""

RECOUNT_SECONDS = 10.0
"""For how long a count is believed that found too much."""

_LISTED_AT_ONCE = 1_000


class WrappingUsage:
    """What waits in the token store whose storage is ``view``."""

    def __init__(self, view: View, seconds: Callable[[], float] = monotonic) -> None:
        self._view = view
        self._seconds = seconds
        self._answers = 0
        self._bytes = 0
        self._counted_at: float | None = None
        self._lock = asyncio.Lock()

    async def reserve(self, size: int) -> None:
        """Make room for an answer of ``size`` bytes. Raises ``RateLimited`` if there is none."""
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
