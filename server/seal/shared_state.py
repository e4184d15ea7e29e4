"""What all processes of a server must agree on and keep nowhere but in memory: whether it is unsealed, and with what.

``Core`` changes it within ``changing``, one at a time across all processes. When such a block is left, every process
has followed: a server that was sealed or unsealed through one worker is so in all before anybody is told. Here is also
the plain case of one process; ``server.processes.shared_state_client`` is that of several.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import msgspec

from server.seal.ceremonies import (
    GenerationRecord,
    ProgressRecord,
    Rekey,
    RekeyRecord,
    RootGeneration,
    generation_of,
    progress_of,
    record_generation,
    record_progress,
    record_rekeys,
    rekeys_of,
)
from storage.seals.progress import ShareProgress
from storage.secret import Secret


class StateRecord(msgspec.Struct, frozen=True):
    """A ``SharedState``, on its way to another process."""

    root_key: bytes | None = None
    seal_key: bytes | None = None
    kept_sealed: bool = False
    unsealing: ProgressRecord | None = None
    rekeys: tuple[RekeyRecord, ...] = ()
    generation: GenerationRecord | None = None
    log_levels: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"StateRecord({'sealed' if self.root_key is None else 'unsealed'})"


@dataclass(slots=True)
class SharedState:
    """Changed by who holds it only."""

    root_key: Secret | None = None
    """The barrier's root key while the server is unsealed, None while it is sealed."""

    seal_key: Secret | None = None
    """The key that the shares of a Shamir seal gave."""

    kept_sealed: bool = False
    """Whether it was sealed by hand, so that an automatic seal leaves it so."""

    unsealing: ShareProgress | None = None
    """The shares that have come for unsealing."""

    rekeys: dict[str, Rekey] = field(default_factory=dict)
    """The rounds that replace shares, by what they replace and through which paths."""

    generation: RootGeneration | None = None
    """The round that makes a root token."""

    log_levels: dict[str, str] = field(default_factory=dict)
    """What was chosen through the API, by the name of the logger."""

    def lock_up(self) -> None:
        """Forget all that is secret: the server is sealed."""
        for secret in (self.root_key, self.seal_key):
            if secret is not None:
                secret.close()
        if self.unsealing is not None:
            self.unsealing.reset()
        self.root_key = self.seal_key = self.unsealing = None
        for rekey in self.rekeys.values():
            rekey.reset()
        if self.generation is not None:
            self.generation.progress.reset()
        self.rekeys, self.generation = {}, None

    def record(self) -> StateRecord:
        """All of it, to be sent."""
        unsealing = self.unsealing
        return StateRecord(
            root_key=None if self.root_key is None else self.root_key.reveal(),
            seal_key=None if self.seal_key is None else self.seal_key.reveal(),
            kept_sealed=self.kept_sealed,
            unsealing=None if unsealing is None else record_progress(unsealing),
            rekeys=record_rekeys(self.rekeys),
            generation=record_generation(self.generation),
            log_levels=dict(self.log_levels),
        )


def state_of(record: StateRecord) -> SharedState:
    """The state that was sent as ``record``."""
    unsealing = record.unsealing
    return SharedState(
        root_key=None if record.root_key is None else Secret(record.root_key),
        seal_key=None if record.seal_key is None else Secret(record.seal_key),
        kept_sealed=record.kept_sealed,
        unsealing=None if unsealing is None else progress_of(unsealing),
        rekeys=rekeys_of(record.rekeys),
        generation=generation_of(record.generation),
        log_levels=dict(record.log_levels),
    )


Follow: TypeAlias = Callable[[SharedState], Awaitable[None]]


class SharedStateAccess(Protocol):
    """A process's access to the shared state."""

    @property
    def state(self) -> SharedState:
        """The state as it is known here, to look at."""

    def changing(self) -> AbstractAsyncContextManager[SharedState]:
        """The state, nobody else's to change within the block; on leaving it, be it by an exception, all follow."""

    def follow(self, apply: Follow) -> None:
        """Call ``apply`` with what another process has made of the state."""


class SoleProcess:
    """The only process of a server."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self.state = SharedState()

    def changing(self) -> AbstractAsyncContextManager[SharedState]:
        """As ``SharedStateAccess.changing``."""
        return self._changing()

    def follow(self, apply: Follow) -> None:
        """As ``SharedStateAccess.follow``: there is no other process."""

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[SharedState]:
        async with self._lock:
            yield self.state
