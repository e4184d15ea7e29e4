"""Tidy: finds entries of tokens that don't exist, and removes them.

There should be none, since all entries of a token come and go in one transaction. It is for stores that were repaired
by hand or restored in parts, and for clients that expect the operation. It scans the whole store, in small steps in the
background.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from server.tenants.tokens.entries import (
    ACCESSORS,
    EXPIRY,
    LEASES,
    WRAPPED_SIZES,
    accessor_of,
    end_in,
    hash_in_lease,
    id_key,
)
from server.tenants.tokens.revocation import STEP
from storage.base import Transaction, transact
from storage.view import View

log = logging.getLogger(__name__)


class TokenTidy:
    """Tidies the token store below ``view``."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._running: asyncio.Task[None] | None = None

    def start(self) -> bool:
        """Start in the background; False if it is under way."""
        if self._running is not None and not self._running.done():
            return False
        self._running = asyncio.create_task(self._run())
        return True

    async def close(self) -> None:
        """Stop it if it is under way."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self) -> None:
        try:
            removed = sum([await self._tidy(folder) for folder in (ACCESSORS, EXPIRY, LEASES, WRAPPED_SIZES)])
        except Exception as error:  # noqa: BLE001 - no caller awaits this task; it can be started again
            log.error("tidying tokens failed with %s", type(error).__name__)
            return
        log.info("tidied tokens: %d entries belonged to none", removed)

    async def _tidy(self, top: str) -> int:
        removed, folders = 0, [top]
        while folders:
            folder, after = folders.pop(), ""
            while names := await self._view.list(folder, after, STEP):
                after = names[-1]
                folders.extend(folder + name for name in names if name.endswith("/"))
                removed += await self._remove_strays(top, folder, [name for name in names if not name.endswith("/")])
                await asyncio.sleep(0)
        return removed

    async def _remove_strays(self, top: str, folder: str, names: Sequence[str]) -> int:
        """Remove those of the entries whose token doesn't exist; return how many."""

        async def remove_strays(transaction: Transaction) -> int:
            removed = 0
            for name in names:
                hashed = await _token_of(transaction, top, folder, name)
                if hashed is not None and await transaction.get(id_key(hashed)) is None:
                    transaction.delete(folder + name)
                    removed += 1
            return removed

        return await transact(self._view, remove_strays)


async def _token_of(transaction: Transaction, top: str, folder: str, name: str) -> str | None:
    """The hash of an entry's token."""
    if top == EXPIRY:
        return end_in(name)[1]
    if top == LEASES:
        return hash_in_lease(name)
    if top == WRAPPED_SIZES:
        return name.rpartition("-")[0]
    value = await transaction.get(folder + name)
    return None if value is None else accessor_of(value)[0]
