"""State shared by all processes of a server, in memory only: whether it is unsealed, with its keys and ceremonies.

``Core`` changes it within ``changing``, one writer at a time across all processes. On leaving such a block, every
process has followed: a server sealed or unsealed through one worker is so in all before any caller is answered. The
case of a single process is here; that of several is in ``server.processes.shared_state_client``.
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
    """A ``SharedState``, serialised for another process."""

    root_key: bytes | None = None
    seal_key: bytes | None = None
    kept_sealed: bool = False
    unsealing: ProgressRecord | None = None
    accepting: ProgressRecord | None = None
    rekeys: tuple[RekeyRecord, ...] = ()
    generation: GenerationRecord | None = None
    log_levels: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"StateRecord({'sealed' if self.root_key is None else 'unsealed'})"


@dataclass(slots=True)
class SharedState:
    """The shared state; only its holder changes it."""

    root_key: Secret | None = None
    """The barrier's root key while the server is unsealed, None while it is sealed."""

    seal_key: Secret | None = None
    """The key combined from the shares of a Shamir seal."""

    kept_sealed: bool = False
    """Whether it was sealed by a request, so that an automatic seal doesn't unseal it."""

    unsealing: ShareProgress | None = None
    """The shares received for unsealing."""

    accepting: ShareProgress | None = None
    """The shares received for accepting the loss of an audit ledger."""

    rekeys: dict[str, Rekey] = field(default_factory=dict)
    """The rekeying ceremonies, by what they replace and their API."""

    generation: RootGeneration | None = None
    """The ceremony that makes a root token."""

    log_levels: dict[str, str] = field(default_factory=dict)
    """Log levels set through the API, by the logger's name."""

    def lock_up(self) -> None:
        """Forget all secrets: the server is sealed."""
        for secret in (self.root_key, self.seal_key):
            if secret is not None:
                secret.close()
        for progress in (self.unsealing, self.accepting):
            if progress is not None:
                progress.reset()
        self.root_key = self.seal_key = self.unsealing = self.accepting = None
        for rekey in self.rekeys.values():
            rekey.reset()
        if self.generation is not None:
            self.generation.progress.reset()
        self.rekeys, self.generation = {}, None

    def record(self) -> StateRecord:
        """The state, serialised."""
        unsealing, accepting = self.unsealing, self.accepting
        return StateRecord(
            root_key=None if self.root_key is None else self.root_key.reveal(),
            seal_key=None if self.seal_key is None else self.seal_key.reveal(),
            kept_sealed=self.kept_sealed,
            unsealing=None if unsealing is None else record_progress(unsealing),
            accepting=None if accepting is None else record_progress(accepting),
            rekeys=record_rekeys(self.rekeys),
            generation=record_generation(self.generation),
            log_levels=dict(self.log_levels),
        )


def state_of(record: StateRecord) -> SharedState:
    """The state in ``record``."""
    unsealing, accepting = record.unsealing, record.accepting
    return SharedState(
        root_key=None if record.root_key is None else Secret(record.root_key),
        seal_key=None if record.seal_key is None else Secret(record.seal_key),
        kept_sealed=record.kept_sealed,
        unsealing=None if unsealing is None else progress_of(unsealing),
        accepting=None if accepting is None else progress_of(accepting),
        rekeys=rekeys_of(record.rekeys),
        generation=generation_of(record.generation),
        log_levels=dict(record.log_levels),
    )


Follow: TypeAlias = Callable[[SharedState], Awaitable[None]]


class SharedStateAccess(Protocol):
    """A process's access to the shared state."""

    @property
    def state(self) -> SharedState:
        """The state as known here, for reading."""

    def changing(self) -> AbstractAsyncContextManager[SharedState]:
        """The state, held exclusively within the block; on leaving it, also by an exception, all processes follow."""

    def follow(self, apply: Follow) -> None:
        """Call ``apply`` with the state after another process has changed it."""


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
