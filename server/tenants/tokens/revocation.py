"""Removal of tokens: by revocation, with or without their descendants, and on expiry.

A tree of tokens can be of any size, so it is removed in steps. The token itself goes first, in one transaction that
also marks it as *doomed* if it has children. From that commit on no descendant is valid, because an ancestor is missing
(``Tokens`` checks). The doomed are then removed by the hundred, each step a transaction: the first steps at once, the
rest in the background, by the process that sweeps. Progress is in storage, and continues after a restart.

Orphaning goes the other way round. The token is marked as unusable, its children are detached by the hundred, and at
last it is removed itself.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from msgspec.structs import replace

from auth_methods.records import TokenRecord
from server.tenants.mounts.table import delete_below
from server.tenants.tokens.entries import (
    DOOMED,
    EMPTYING,
    EXPIRY,
    ORPHANING,
    UNSEEN,
    TokenDependents,
    TokenEntries,
    child_key,
    decode,
    doomed_key,
    drawer_prefix,
    encode,
    end_in,
    holdings_of,
    id_key,
)
from storage.base import Conflict, Transaction, transact
from storage.view import View

STEP = 50
"""The most tokens removed in one transaction."""

_STEPS_AT_ONCE = 10
"""The most steps that a request for revoking a tree takes itself; the rest happens in the background."""

_USED_UP = -1


class TokenRevocation:
    """Removes the tokens of one namespace, whose entries are below ``view``."""

    def __init__(self, view: View, entries: TokenEntries) -> None:
        self._view = view
        self._entries = entries

    async def revoke(self, hashed: str) -> bool:
        """Revoke a token and its descendants, at once; False if there is no such token."""

        async def remove_token(transaction: Transaction) -> tuple[bool, bool]:
            record = await _read(transaction, hashed)
            if record is None:
                return False, False
            holdings = await holdings_of(transaction, hashed)
            self._entries.remove(transaction, hashed, record, holdings)
            return True, holdings.children or holdings.large_cubbyhole

        try:
            there, left = await transact(self._view, remove_token)
        except Conflict:
            # Too much contention: remove the token without listing its children.
            there = left = await self._revoke_unseen(hashed)
        if left:
            await self._clear_at_once()
        return there

    async def _revoke_unseen(self, hashed: str) -> bool:
        async def remove_unseen(transaction: Transaction) -> bool:
            record = await _read(transaction, hashed)
            if record is not None:
                self._entries.remove(transaction, hashed, record, UNSEEN)
            return record is not None

        return await transact(self._view, remove_unseen)

    async def revoke_all(self, hashes: Sequence[str]) -> int:
        """Revoke many tokens with their descendants; return how many there were."""
        ended = 0
        for start in range(0, len(hashes), STEP):
            ended += await self._end_part(hashes[start : start + STEP])
            await self._clear_at_once()
        return ended

    async def _end_part(self, hashes: Sequence[str]) -> int:
        async def end_part(transaction: Transaction) -> int:
            return await self._end(transaction, hashes)

        return await transact(self._view, end_part)

    async def revoke_orphaning(self, hashed: str) -> bool:
        """Revoke one token and make orphans of its children; False if there is no such token."""

        async def mark(transaction: Transaction) -> bool:
            record = await _read(transaction, hashed)
            if record is None:
                return False
            transaction.put(id_key(hashed), encode(replace(record, num_uses=_USED_UP)))
            transaction.put(ORPHANING + hashed, b"")
            return True

        there = await transact(self._view, mark)
        while there and await self._orphan_some(hashed):
            pass
        return there

    async def sweep(self, now: float) -> int:
        """Do a bounded part of the removals due at ``now``; return how much was done, 0 if nothing is left.

        Removes expired tokens, and continues with trees and cubbyholes left behind.
        """
        names = await self._view.list(EXPIRY, limit=STEP)
        due = [name for name in names if end_in(name)[0] <= now]

        async def end_expired(transaction: Transaction) -> None:
            await self._end_expired(transaction, due, now)

        if due:
            await transact(self._view, end_expired)
        cleared = await self._clear(1)
        # A store that never waits would otherwise keep the event loop from other tasks.
        await asyncio.sleep(0)
        return len(due) + cleared

    async def _end_expired(self, transaction: Transaction, names: Sequence[str], now: float) -> None:
        hashes = [end_in(name)[1] for name in names]
        records = await asyncio.gather(*(_read(transaction, hashed) for hashed in hashes))
        over = [
            hashed
            for hashed, record in zip(hashes, records, strict=True)
            if record is not None and record.expire_time <= now
        ]
        await self._end(transaction, over)
        for name in names:
            transaction.delete(EXPIRY + name)

    async def _end(self, transaction: Transaction, hashes: Sequence[str]) -> int:
        """Remove these tokens, and mark their children as doomed; return how many there were."""
        # All reads come before all writes, since a list costs more when buffered writes must be merged in.
        records = await asyncio.gather(*(_read(transaction, hashed) for hashed in hashes))
        holdings = await asyncio.gather(*(holdings_of(transaction, hashed) for hashed in hashes))
        ended = 0
        for hashed, record, held in zip(hashes, records, holdings, strict=True):
            if record is not None:
                self._entries.remove(transaction, hashed, record, held)
                ended += 1
        return ended

    async def _clear_at_once(self) -> None:
        """Take the first steps after a revocation; those that conflict are left to the background."""
        with contextlib.suppress(Conflict):
            await self._clear(_STEPS_AT_ONCE)

    async def _clear(self, steps: int) -> int:
        """Take up to ``steps`` steps with trees and cubbyholes left behind; return how many were taken."""
        for taken in range(steps):
            if not await self._clear_some():
                return taken
        return steps

    async def _clear_some(self) -> bool:
        for hashed in await self._view.list(DOOMED, limit=1):
            await self._end_some_children(hashed)
            return True
        for hashed in await self._view.list(EMPTYING, limit=1):
            await self._empty(hashed)
            return True
        for hashed in await self._view.list(ORPHANING, limit=1):
            await self._orphan_some(hashed)
            return True
        return False

    async def _end_some_children(self, hashed: str) -> None:
        children = await self._view.list(f"own/{hashed}/child/", limit=STEP)

        async def end_children(transaction: Transaction) -> None:
            await self._end(transaction, children)
            for child in children:
                transaction.delete(child_key(hashed, child))
            if len(children) < STEP:
                # There will be no more: creating a token requires its parent.
                transaction.delete(doomed_key(hashed))

        await transact(self._view, end_children)

    async def _empty(self, hashed: str) -> None:
        await delete_below(self._view, drawer_prefix(hashed))
        async with self._view.transaction() as transaction:
            transaction.delete(EMPTYING + hashed)

    async def _orphan_some(self, hashed: str) -> bool:
        """Detach some children; remove the token when none is left. Returns whether there is more to do."""
        children = await self._view.list(f"own/{hashed}/child/", limit=STEP)

        async def free(transaction: Transaction) -> None:
            for child in children:
                record = await _read(transaction, child)
                transaction.delete(child_key(hashed, child))
                if record is not None:
                    transaction.put(id_key(child), encode(replace(record, parent="")))

        async def end(transaction: Transaction) -> bool:
            if await transaction.list(f"own/{hashed}/child/", limit=1):
                return True  # A child was created while the token was being marked.
            record = await _read(transaction, hashed)
            if record is not None:
                held = await holdings_of(transaction, hashed)
                self._entries.remove(
                    transaction, hashed, record, TokenDependents(False, held.small_cubbyhole, held.large_cubbyhole)
                )
            transaction.delete(ORPHANING + hashed)
            return False

        if children:
            await transact(self._view, free)
            return True
        return await transact(self._view, end)


async def _read(transaction: Transaction, hashed: str) -> TokenRecord | None:
    value = await transaction.get(id_key(hashed))
    return None if value is None else decode(value)
