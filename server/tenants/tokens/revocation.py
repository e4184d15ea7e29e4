"""Ending tokens: by revocation, with all that descend from them or without, and when their time is over.

A tree of tokens can be of any size, so it isn't removed in one step. The token itself goes first, in one transaction
that also notes it as *doomed* if it has children. From that commit on no descendant is valid, because one of its
ancestors is gone (``Tokens`` looks). The doomed are then cleared away by the hundred, each step a transaction of its
own: the first steps at once, the rest in the background, by whichever process sweeps. What is half done is noted in
storage, and goes on after a restart.

Making orphans goes the other way round. The token is marked so that nothing can be done with it, its children are freed
by the hundred, and at the end it goes itself.
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
"""How many tokens are ended in one transaction."""

_STEPS_AT_ONCE = 10
"""How many steps a request that revokes a tree takes itself, before it leaves the rest to the background."""

_USED_UP = -1


class TokenRevocation:
    """Ends the tokens of one namespace, whose entries are below ``view``."""

    def __init__(self, view: View, entries: TokenEntries) -> None:
        self._view = view
        self._entries = entries

    async def revoke(self, hashed: str) -> bool:
        """Revoke a token and all that descend from it, at once; False if there is no such token."""

        async def work(transaction: Transaction) -> tuple[bool, bool]:
            record = await _read(transaction, hashed)
            if record is None:
                return False, False
            holdings = await holdings_of(transaction, hashed)
            self._entries.remove(transaction, hashed, record, holdings)
            return True, holdings.children or holdings.large_cubbyhole

        try:
            there, left = await transact(self._view, work)
        except Conflict:
            # Children are being born faster than they can be looked at; so we don't look.
            there = left = await self._revoke_unseen(hashed)
        if left:
            await self._clear_at_once()
        return there

    async def _revoke_unseen(self, hashed: str) -> bool:
        async def work(transaction: Transaction) -> bool:
            record = await _read(transaction, hashed)
            if record is not None:
                self._entries.remove(transaction, hashed, record, UNSEEN)
            return record is not None

        return await transact(self._view, work)

    async def revoke_all(self, hashes: Sequence[str]) -> int:
        """Revoke many tokens with all that descend from them; answers how many there were."""
        ended = 0
        for start in range(0, len(hashes), STEP):
            ended += await self._end_part(hashes[start : start + STEP])
            await self._clear_at_once()
        return ended

    async def _end_part(self, hashes: Sequence[str]) -> int:
        async def work(transaction: Transaction) -> int:
            return await self._end(transaction, hashes)

        return await transact(self._view, work)

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
        """Do a bounded part of what is to be cleared away at ``now``; answers how much it did, 0 if nothing is left.

        Ends tokens whose time has passed, and goes on with trees and drawers that were left.
        """
        names = await self._view.list(EXPIRY, limit=STEP)
        due = [name for name in names if end_in(name)[0] <= now]

        async def work(transaction: Transaction) -> None:
            await self._end_expired(transaction, due, now)

        if due:
            await transact(self._view, work)
        cleared = await self._clear(1)
        # Whoever works on a store that never waits has to let others have their turn.
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
        """Remove these tokens, and note their children as doomed; answers how many there were."""
        # All is read before anything is written: a list costs more when there are writes to lay over it.
        records = await asyncio.gather(*(_read(transaction, hashed) for hashed in hashes))
        holdings = await asyncio.gather(*(holdings_of(transaction, hashed) for hashed in hashes))
        ended = 0
        for hashed, record, held in zip(hashes, records, holdings, strict=True):
            if record is not None:
                self._entries.remove(transaction, hashed, record, held)
                ended += 1
        return ended

    async def _clear_at_once(self) -> None:
        """Take the first steps behind a revocation; what others are busy with is left to the background."""
        with contextlib.suppress(Conflict):
            await self._clear(_STEPS_AT_ONCE)

    async def _clear(self, steps: int) -> int:
        """Take up to ``steps`` steps with what is left of trees and drawers; answers how many it took."""
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

        async def work(transaction: Transaction) -> None:
            await self._end(transaction, children)
            for child in children:
                transaction.delete(child_key(hashed, child))
            if len(children) < STEP:
                # No more will come: a token is only made if its parent is there.
                transaction.delete(doomed_key(hashed))

        await transact(self._view, work)

    async def _empty(self, hashed: str) -> None:
        await delete_below(self._view, drawer_prefix(hashed))
        async with self._view.transaction() as transaction:
            transaction.delete(EMPTYING + hashed)

    async def _orphan_some(self, hashed: str) -> bool:
        """Free some children; the token goes when none is left. Answers whether there is more to do."""
        children = await self._view.list(f"own/{hashed}/child/", limit=STEP)

        async def free(transaction: Transaction) -> None:
            for child in children:
                record = await _read(transaction, child)
                transaction.delete(child_key(hashed, child))
                if record is not None:
                    transaction.put(id_key(child), encode(replace(record, parent="")))

        async def end(transaction: Transaction) -> bool:
            if await transaction.list(f"own/{hashed}/child/", limit=1):
                return True  # Born while the token was being marked.
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
