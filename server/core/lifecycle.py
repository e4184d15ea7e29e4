"""Lifecycle of a server: not initialised, sealed and unsealed states, and their transitions.

``Core`` exists from start to stop; ``Unsealed`` (see ``server.core.unsealed``) only while the barrier is open. State
changes happen within ``shared_state.changing()``, so that a share that arrives during sealing waits, and so that all
processes of the server change together (see ``server.seal.shared_state``).
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from auth_methods.records import TokenRecord
from engines.base import Clock, EngineType
from engines.crypto_policy.fips import FipsGuard
from engines.faults import Failed, InvalidRequest
from server.audit.enabled import rehearse
from server.core.activation import activate
from server.core.deep_health import DeepHealth
from server.core.engines import EngineOpener
from server.core.runtime import Runtime
from server.core.settings import Settings
from server.core.unsealed import Unsealed
from server.core.use_counter import UseCounter
from server.runtime import plugins
from server.runtime.certificates import ListenerCertificates
from server.runtime.logs import choose_levels
from server.runtime.meter import Meter
from server.seal.shared_state import SharedState, SharedStateAccess, SoleProcess
from server.tenants.limits.login_counts import LoginCounts
from server.tenants.limits.rate_limits import RateCounts
from server.tenants.tenant import Tenant
from storage.barrier.barrier import Barrier
from storage.barrier.keyring import KEYRING_PATH
from storage.base import Store, Transaction
from storage.cache import DEFAULT_CAPACITY, ObjectCache
from storage.seals.base import InvalidKey, InvalidSealConfig, Seal, SealConfig, SealFault
from storage.seals.progress import ShareProgress
from storage.seals.stored import StoredSeal, new_shares
from storage.secret import Secret

log = logging.getLogger(__name__)

_ROOT_KEY_BYTES = 32

SystemType: TypeAlias = EngineType[["Core", Tenant | None], Any]
"""The engine at ``sys/``, opened for a tenant, or, with None, for a server that may be sealed."""


@dataclass(frozen=True, slots=True)
class SealStatus:
    """The contents of ``sys/seal-status`` and ``sys/unseal``."""

    type: str
    initialized: bool
    sealed: bool
    shares: int
    threshold: int
    progress: int
    nonce: str
    recovery_seal: bool


@dataclass(frozen=True, slots=True)
class Initialization:
    """The result of an initialisation, returned once and never again."""

    shares: list[bytes] = field(repr=False)
    """Unseal shares, or the recovery shares of an automatic seal; empty without them."""

    root_token: str = field(repr=False)


class Core:
    """The server over ``store``, protected by ``seal``, in any state."""

    def __init__(
        self,
        store: Store,
        seal: Seal,
        settings: Settings,
        system: SystemType,
        *,
        clock: Clock = time.time,
        cache_size: int = DEFAULT_CAPACITY,
        shared_state: SharedStateAccess | None = None,
        rate_counts: RateCounts | None = None,
        login_counts: LoginCounts | None = None,
        meter: Meter | None = None,
        certificates: Sequence[ListenerCertificates] = (),
    ) -> None:
        login_counts = login_counts or LoginCounts()
        self.system = system
        self.runtime = Runtime(
            store,
            Barrier(store, clock),
            ObjectCache(store, cache_size),
            clock,
            settings,
            FipsGuard(settings.fips_mode, "the server itself"),
            login_counts.limits(settings.login_failures_per_minute),
            login_counts.failures(),
            rate_counts or RateCounts(),
            meter or Meter(),
            UseCounter(active=settings.inventory_use),
            certificates,
        )
        self.stored_seal = StoredSeal(store, seal)
        self.deep_health = DeepHealth(self.runtime, self.stored_seal)
        self.unsealed: Unsealed | None = None
        self.shared_state: SharedStateAccess = shared_state or SoleProcess()
        self.shared_state.follow(self._follow)

    async def start(self) -> None:
        """Unseal at once if other processes are unsealed, or if the seal is automatic and the store initialised.

        Raises ``SealFault`` if another type of seal was set up or an automatic one can't open what is stored,
        ``StorageFault`` if storage can't be read.
        """
        await self.stored_seal.check()
        async with self.shared_state.changing() as state:
            if state.root_key is not None:
                await self._follow(state)
            elif not await self.initialized():
                log.info("not initialised yet: waiting for `bao operator init`, or PUT /v1/sys/init")
            elif not self.stored_seal.seal.automatic or state.kept_sealed:
                log.info("sealed: waiting for `bao operator unseal`, or PUT /v1/sys/unseal")
            else:
                await self._open_all(state, await self.stored_seal.unlock())
                if await self.stored_seal.upgrade():
                    log.info("the root key is now sealed with the seal's current key")

    async def stop(self) -> None:
        """Drop all secrets, in this process alone, and release storage."""
        await self.deep_health.close()
        await self._close()
        await self.runtime.store.close()

    async def reload(self) -> bool:
        """Reopen the files of audit devices, as after they have been rotated; return whether all could be."""
        return self.unsealed is None or await self.unsealed.audit.reopen()

    async def initialized(self) -> bool:
        """Whether the store holds a barrier."""
        return await self.runtime.barrier.initialized()

    async def seal_status(self) -> SealStatus:
        """The state of the seal."""
        config = await self.stored_seal.config()
        seal, progress = self.stored_seal.seal, self.shared_state.state.unsealing
        recovery = await self.stored_seal.recovery_config() if seal.automatic else None
        shown = recovery or config
        return SealStatus(
            type=seal.type,
            initialized=config is not None,
            sealed=self.unsealed is None,
            shares=0 if shown is None else shown.secret_shares,
            threshold=0 if shown is None else shown.secret_threshold,
            progress=0 if progress is None else progress.progress,
            nonce="" if progress is None else progress.nonce,
            recovery_seal=seal.automatic,
        )

    async def check_initialize(self, shares: int, threshold: int) -> None:
        """Raise ``InvalidRequest`` in Vault's words for invalid shares, or if the store is initialised.

        It is cheap and comes before all else about a request to initialise, which any client may send at any time.
        """
        automatic = self.stored_seal.seal.automatic
        if shares or not automatic:
            _check_shares(shares, threshold, recovery=automatic)
        if await self.initialized():
            raise InvalidRequest("Vault is already initialized")

    async def initialize(self, shares: int, threshold: int) -> Initialization:
        """Create the barrier, the shares and the root token; a server with an automatic seal is unsealed then.

        The shares are unseal shares or, with an automatic seal, recovery shares (0: none). Raises ``InvalidRequest`` in
        Vault's words for invalid shares, an initialised store, or a declared audit device that accepts no entry; then
        nothing has changed.
        """
        async with self.shared_state.changing() as state:
            automatic = self.stored_seal.seal.automatic
            await self.check_initialize(shares, threshold)
            new = None if automatic and not shares else new_shares(shares, threshold)
            # Before anything is made: shares can't be returned after a failed audit, nor made again.
            await rehearse(
                self.runtime.settings.audit_devices,
                plugins.find_audit_device,
                prefix_allowed=self.runtime.settings.audit_prefix_allowed,
                fresh=True,
            )
            root_key = secrets.token_bytes(_ROOT_KEY_BYTES)

            async def also(transaction: Transaction) -> None:
                await self.stored_seal.create(transaction, root_key, new)

            await self.runtime.barrier.initialize(root_key, also)
            unsealed = await self._open(root_key)
            record = TokenRecord(
                policies=("root",),
                path="auth/token/root",
                display_name="root",
                creation_time=self.runtime.clock(),
                leased=False,
            )
            root_token = (await unsealed.root.tokens.mint(record)).id
            log.info("initialised")
            if automatic:
                state.root_key = Secret(root_key)
                state.kept_sealed = False
                log.info("unsealed")
            else:
                await self._drop()
            return Initialization([] if new is None else new.shares, root_token)

    async def unseal(self, share: bytes) -> SealStatus:
        """Add one share, and unseal when there are enough. Raises ``InvalidRequest`` in Vault's words."""
        async with self.shared_state.changing() as state:
            config = await self.stored_seal.config()
            if config is None:
                raise InvalidRequest("Vault is not initialized")
            if self.unsealed is None:
                if state.unsealing is None:
                    state.unsealing = ShareProgress(config.secret_threshold)
                try:
                    state.unsealing.add(share)
                except InvalidKey as error:
                    raise InvalidRequest(f"invalid key: {error}") from None
                if state.unsealing.complete:
                    await self._open_all(state, await self._unlock(state.unsealing.take()))
        return await self.seal_status()

    async def reset_unseal(self) -> SealStatus:
        """Forget the shares added so far. Raises ``InvalidRequest`` if the server is unsealed."""
        async with self.shared_state.changing() as state:
            if self.unsealed is not None:
                raise InvalidRequest("vault is unsealed")
            state.lock_up()
        return await self.seal_status()

    async def seal(self) -> None:
        """Drop all secrets, in all processes; no error if sealed already."""
        async with self.shared_state.changing() as state:
            await self._close("sealed")
            state.lock_up()
            state.kept_sealed = True

    async def set_log_levels(self, levels: Mapping[str, str]) -> None:
        """Set the levels of the named loggers in all processes; ``""`` restores the configured one."""
        async with self.shared_state.changing() as state:
            chosen = {**state.log_levels, **levels}
            state.log_levels = {name: level for name, level in chosen.items() if level}
            choose_levels(state.log_levels)

    async def _unlock(self, shares: list[bytes]) -> Secret:
        try:
            return await self.stored_seal.unlock(shares)
        except InvalidKey as error:
            reason = str(error)
            if len(shares) == 1 or "decrypt" in reason:
                reason = f"unable to retrieve stored keys: invalid key: {reason}"
            else:
                reason = f"invalid key: {reason}"
            raise InvalidRequest(reason) from None
        except SealFault as error:
            raise Failed(str(error)) from None

    async def _open_all(self, state: SharedState, root_key: Secret) -> None:
        """Activate this process, and let the others follow when ``state`` is released."""
        await self._open(root_key.reveal())
        log.info("unsealed")
        key = self.stored_seal.key
        state.root_key = root_key
        state.seal_key = None if key is None else Secret(key)
        state.unsealing = None
        state.kept_sealed = False

    async def _follow(self, state: SharedState) -> None:
        """Follow a state that another process has changed."""
        choose_levels(state.log_levels)
        if state.root_key is None:
            await self._close("sealed")
            return
        if state.seal_key is not None:
            self.stored_seal.use(state.seal_key.reveal())
        if self.unsealed is None:
            await self._open(state.root_key.reveal(), first=False)
            log.info("unsealed")
        else:
            await self.runtime.barrier.unseal(state.root_key.reveal())

    async def _open(self, root_key: bytes, *, first: bool = True) -> Unsealed:
        await self.runtime.barrier.unseal(root_key)
        self.runtime.cache.watch(KEYRING_PATH, self.runtime.barrier.expire)
        try:
            self.unsealed = await activate(
                self.runtime, EngineOpener(self.runtime, self.system, partial(self.system.open, self)), first=first
            )
        except BaseException:
            self.runtime.cache.forget()
            self.runtime.barrier.seal()
            self.stored_seal.seal.close()
            raise
        return self.unsealed

    async def _close(self, event: str = "closed") -> None:
        if self.unsealed is not None:
            await self._drop(event)
            log.info("sealed")

    async def _drop(self, event: str = "closed") -> None:
        unsealed, self.unsealed = self.unsealed, None
        if unsealed is not None:
            await unsealed.close(event)
            self.runtime.cache.forget()
            self.runtime.barrier.seal()
            self.stored_seal.seal.close()


def _check_shares(shares: int, threshold: int, *, recovery: bool) -> None:
    try:
        SealConfig("shamir", shares, threshold).check()
    except InvalidSealConfig as error:
        what = "recovery" if recovery else "seal"
        raise InvalidRequest(f"invalid {what} configuration: {error}") from None
