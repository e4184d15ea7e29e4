"""Replacement of the barrier's root key while the server runs, in storage and in all processes."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

from engines.faults import Sealed
from server.seal.shared_state import SharedState
from storage.base import Transaction
from storage.seals.stored import NewShares
from storage.secret import Secret

if TYPE_CHECKING:
    from server.core.lifecycle import Core

ROOT_KEY_BYTES = 32


async def rotate_root_key(core: Core) -> None:
    """Replace the barrier's root key alone; the shares stay. Continues as ``Rekeying.submit`` does."""

    async def rotate() -> None:
        async with core.shared_state.changing() as state:
            if core.unsealed is None:
                raise Sealed
            await replace_root_key(core, state)

    await asyncio.shield(rotate())


async def replace_root_key(core: Core, state: SharedState, new: NewShares | None = None) -> None:
    """Replace the barrier's root key, and the unseal shares if there are ``new`` ones. ``state`` is held meanwhile."""
    root_key = secrets.token_bytes(ROOT_KEY_BYTES)

    async def also(transaction: Transaction) -> None:
        if new is None:
            await core.stored_seal.store_root_key(transaction, root_key)
        else:
            await core.stored_seal.replace_shares(transaction, root_key, new)

    await core.runtime.barrier.rekey(root_key, also)
    state.root_key = Secret(root_key)
    if new is not None:
        core.stored_seal.adopt(new)
        state.seal_key = Secret(new.key.reveal())
