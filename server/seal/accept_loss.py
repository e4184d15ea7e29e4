"""Acceptance of the loss of an audit ledger, by the holders of shares: the next start may begin a new log.

Works while the server is sealed, because a ledger that doesn't fit what is remembered keeps it so. Unseal shares are
asked for, or recovery shares with an automatic seal.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engines.faults import Failed, InvalidRequest
from server.audit.ledger.device.state import STORAGE_PREFIX, Ledgers
from server.tenants.namespaces.names import ROOT
from storage.base import StorageFault
from storage.seals.base import InvalidKey, SealFault
from storage.seals.progress import ShareProgress
from storage.view import View

if TYPE_CHECKING:
    from server.core.lifecycle import Core

MAX_REASON_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class AcceptanceStatus:
    """Progress of an acceptance."""

    threshold: int
    progress: int
    accepted: bool


async def accept_loss(core: Core, share: bytes, reason: str) -> AcceptanceStatus:
    """Add a share; with the last one that is needed, the loss is accepted. Raises ``InvalidRequest``, ``Failed``.

    Continues if the waiting task is cancelled, so that shares aren't used up for nothing.
    """
    if len(reason) > MAX_REASON_CHARACTERS or not all(character.isprintable() for character in reason):
        raise InvalidRequest(f"reason has at most {MAX_REASON_CHARACTERS} printable characters")
    return await asyncio.shield(_accept(core, share, reason))


async def _accept(core: Core, share: bytes, reason: str) -> AcceptanceStatus:
    async with core.shared_state.changing() as state:
        seal = core.stored_seal
        config = await (seal.recovery_config() if seal.seal.automatic else seal.config())
        if config is None:
            raise InvalidRequest("there are no shares, so a loss can't be accepted by them")
        if state.accepting is None:
            state.accepting = ShareProgress(config.secret_threshold)
        try:
            state.accepting.add(share)
        except InvalidKey as error:
            raise InvalidRequest(f"invalid key: {error}") from None
        threshold, progress = config.secret_threshold, state.accepting.progress
        if not state.accepting.complete:
            return AcceptanceStatus(threshold, progress, False)
        shares = state.accepting.take()
        state.accepting = None
        try:
            await seal.verify(shares)
            await _note(core, shares, reason)
        except InvalidKey as error:
            raise InvalidRequest(f"invalid key: {error}") from None
        except (SealFault, StorageFault) as error:
            raise Failed(str(error)) from None
        return AcceptanceStatus(threshold, progress, True)


async def _note(core: Core, shares: list[bytes], reason: str) -> None:
    """Store the acceptance; a barrier that is sealed is opened for that, and sealed again."""
    runtime = core.runtime
    ledgers = Ledgers(View(runtime.barrier, ROOT.storage_prefix + STORAGE_PREFIX, runtime.cache))
    now = int(runtime.clock())
    if core.unsealed is not None:
        await ledgers.accept_loss(reason, now)
        return
    root_key = await core.stored_seal.unlock(() if core.stored_seal.seal.automatic else shares)
    try:
        await runtime.barrier.unseal(root_key.reveal())
        await ledgers.accept_loss(reason, now)
    finally:
        runtime.cache.forget()
        runtime.barrier.seal()
        core.stored_seal.seal.close()
        root_key.close()
