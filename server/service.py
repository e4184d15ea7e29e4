"""Opens the service of a configuration: storage, seal and core; development mode initialises it at once."""

from __future__ import annotations

import asyncio
import base64
import importlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from starlette.routing import BaseRoute

from auth_methods.records import TokenRecord
from engines.algorithms.pins import pin_providers
from engines.crypto_policy.fips import FipsMode
from engines.faults import Fault
from server.audit.broker import DeclaredDevice
from server.audit.devices.base import DeviceFault
from server.audit.enabled import EnabledDevice, check_known, make_device
from server.audit.stored import to_store
from server.audit.writer import MAX_WAITING
from server.config import Config, ConfigError, Listener
from server.core.lifecycle import Core
from server.core.settings import Settings
from server.listeners.tls import make_context
from server.pipeline.app import Application
from server.pipeline.dispatch import Dispatcher
from server.pipeline.tracing.provider import check_installed, open_tracing
from server.processes.development import DevelopmentKeys
from server.processes.worker_loop import Member, Service
from server.runtime import plugins
from server.runtime.certificates import ListenerCertificates, present
from server.runtime.meter import SHARE_SECONDS
from server.system.routes import ALWAYS_SERVED, SYSTEM
from server.tenants.mounts.table import new_entry
from storage.base import Claims, StorageFault, Store
from storage.seals.base import Seal
from storage.shared_memory import SharedRevision

_log = logging.getLogger(__name__)

LEDGER = "ledger"
"""The type of audit device of which there may be one."""


async def open_service(config: Config, member: Member) -> Service:
    """Open everything that ``config`` names, for the process ``member``.

    Raises ``ConfigError`` if that isn't possible.
    """
    _pin_providers(config)
    seal = _open_seal(config)
    store = await _open_store(config, member.revision)
    tracing = open_tracing(config.tracing)
    if tracing is not None:
        seal, store = tracing.seal(seal), tracing.store(store, config.storage.type)
    core = Core(
        store,
        seal,
        _settings(config),
        SYSTEM,
        cache_size=config.cache_size,
        shared_state=member.shared_state,
        rate_counts=member.rate_counts,
        login_counts=member.login_counts,
        meter=member.meter,
        certificates=member.certificates,
    )
    development = None
    try:
        if config.development is None:
            await core.start()
        else:
            development = await _develop(core, config.development.root_token)
    except (StorageFault, Fault, OSError) as error:
        await core.stop()
        raise ConfigError(f"the server can't start: {error}") from error
    except BaseException:
        await core.stop()
        raise
    dispatcher = Dispatcher(core) if tracing is None else tracing.dispatcher(core)
    sharing = None if member.meter is None else asyncio.create_task(_share_counts(core))

    async def close() -> None:
        if sharing is not None:
            sharing.cancel()
            await asyncio.gather(sharing, return_exceptions=True)
        await core.stop()
        if tracing is not None:
            await tracing.close()

    def build(listener: Listener) -> Application:
        return Application(dispatcher, listener, _pages(core, dispatcher, listener) if listener.ui else ())

    async def reload(config: Config) -> bool:
        return await core.reload()

    return Service(build, reload, close, ALWAYS_SERVED, development)


def load_console(config: Config) -> None:
    """Import the console if a listener serves it: before workers are forked, so that they share its memory."""
    if any(listener.ui for listener in config.listeners):
        importlib.import_module("server.console.app")


def _pages(core: Core, dispatcher: Dispatcher, listener: Listener) -> Sequence[BaseRoute]:
    from server.console.app import Console  # Only here: it and its templates' engine take 40 ms to import.

    return Console(core, dispatcher, listener).routes()


def check_audit(config: Config) -> None:
    """Check that the audit devices declared in ``config`` are valid. Raises ``ConfigError`` otherwise.

    A device that can't be opened is only logged: each entry tries again, and initialisation requires a working one.
    """
    for enabled in _make_audit(config):
        if enabled.entry.type == LEDGER:
            continue  # It is made ready when the server is unsealed, which is when it is known what it has to hold.
        try:
            enabled.device.open()
        except DeviceFault as error:
            _log.error("audit device %s can't be opened: %s", enabled.path, error)
        enabled.device.close()


def _make_audit(config: Config) -> Iterator[EnabledDevice]:
    """The audit devices that ``config`` declares, not opened yet. Raises ``ConfigError``."""
    if sum(device.type == LEDGER for device in config.audit) > 1:
        raise ConfigError("there may be at most one audit device of type ledger", config.audit[-1].place)
    for declared, device in zip(config.audit, _declared(config), strict=True):
        try:
            check_known(to_store(device), plugins.find_audit_device)
            enabled = make_device(
                device.path,
                to_store(device),
                plugins.find_audit_device,
                prefix_allowed=config.allow_audit_log_prefixing,
            )
        except Fault as error:
            raise ConfigError(f'audit "{declared.type}" "{declared.path}": {error.message}', declared.place) from error
        yield enabled


def check_config(config: Config) -> list[str]:
    """Check that a server could start with ``config``: its plug-ins are installed, and its files are valid.

    Returns warnings about these files. Opens no storage, socket or audit device, so a server may be running. Raises
    ``ConfigError``, ``ListenFailed``.
    """
    warnings = []
    _pin_providers(config)
    check_installed(config.tracing)
    _open_seal(config)
    _opener(config)
    for listener in config.listeners:
        if listener.tls:
            make_context(listener, FipsMode(config.fips_mode))
            warnings += ListenerCertificates(listener.address, listener.tls_cert_file).read(present())
    for _ in _make_audit(config):
        pass
    return warnings


@contextmanager
def claim_storage(config: Config) -> Iterator[None]:
    """Keep other servers from the storage of ``config`` within the block. Raises ``ConfigError`` if one has it."""
    opener = _opener(config)
    with ExitStack() as claimed:
        if isinstance(opener, Claims):
            try:
                claimed.enter_context(opener.claim(config.storage.options))
            except (ValueError, StorageFault) as error:
                raise ConfigError(str(error), config.storage.place) from error
        yield


async def _share_counts(core: Core) -> None:
    """Publish this process's counts to the others at intervals."""
    while True:
        core.runtime.meter.share(len(core.runtime.in_flight))
        await asyncio.sleep(SHARE_SECONDS)


def _pin_providers(config: Config) -> None:
    try:
        pin_providers(config.algorithm_providers)
    except ValueError as error:
        raise ConfigError(f"algorithm_providers: {error}", config.places.get("algorithm_providers")) from None


def _opener(config: Config) -> Any:
    opener = plugins.load(plugins.STORAGE, config.storage.type)
    if opener is None:
        known = ", ".join(plugins.names(plugins.STORAGE))
        raise ConfigError(f"storage {config.storage.type!r} is not installed; there are {known}", config.storage.place)
    return opener


async def _open_store(config: Config, shared: SharedRevision | None) -> Store:
    try:
        store: Store = await _opener(config)(config.storage.options, shared)
    except (ValueError, StorageFault) as error:
        raise ConfigError(str(error), config.storage.place) from error
    return store


def _open_seal(config: Config) -> Seal:
    opener = plugins.load(plugins.SEALS, config.seal.type)
    if opener is None:
        known = ", ".join(plugins.names(plugins.SEALS))
        raise ConfigError(f"seal {config.seal.type!r} is not installed; there are {known}", config.seal.place)
    try:
        seal: Seal = opener(config.seal.options)
    except (ValueError, StorageFault) as error:
        raise ConfigError(str(error), config.seal.place) from error
    return seal


def _declared(config: Config) -> tuple[DeclaredDevice, ...]:
    return tuple(
        DeclaredDevice(device.path, device.type, device.description, dict(device.options), device.local)
        for device in config.audit
    )


def _settings(config: Config) -> Settings:
    return Settings(
        default_lease_ttl_seconds=config.default_lease_ttl_seconds,
        max_lease_ttl_seconds=config.max_lease_ttl_seconds,
        api_address=config.api_addr,
        login_failures_per_minute=config.login_failures_per_minute,
        cluster_name=config.cluster_name,
        ui=config.ui,
        ui_session_idle_seconds=config.ui_session_idle_seconds,
        ui_session_max_seconds=config.ui_session_max_seconds,
        max_batch_items=config.max_batch_items,
        fips_mode=FipsMode(config.fips_mode),
        crypto_policies_enforced=config.crypto_policies == "enforce",
        inventory_use=config.inventory_use,
        inventory_retention_seconds=config.inventory_retention_seconds,
        inventory_snapshots=config.inventory_snapshots,
        storage_type=config.storage.type,
        audit_devices=_declared(config),
        audit_through_api=config.unsafe_allow_api_audit_creation,
        audit_prefix_allowed=config.allow_audit_log_prefixing,
        audit_raw_allowed=config.allow_log_raw or config.development is not None,
        # Of the requests under way, half may wait for the audit, so that others find room.
        audit_max_waiting=max(1, min(MAX_WAITING, config.max_concurrent_requests // config.workers // 2)),
        shown=_shown(config),
    )


def _shown(config: Config) -> dict[str, object]:
    """The contents of ``sys/config/state/sanitized``: settings in effect, without paths of keys and seals' settings."""
    return {
        "api_addr": config.api_addr,
        "cluster_name": config.cluster_name,
        "default_lease_ttl": config.default_lease_ttl_seconds,
        "max_lease_ttl": config.max_lease_ttl_seconds,
        "log_level": config.log_level,
        "log_format": config.log_format,
        "disable_mlock": config.disable_mlock,
        "ui": config.ui,
        "listeners": [
            {"type": listener.type, "config": {"address": listener.address, "tls_disable": not listener.tls}}
            for listener in config.listeners
        ],
        "storage": {"type": config.storage.type},
        "seals": [{"type": config.seal.type, "disabled": False}],
    }


async def _develop(core: Core, root_token: str) -> DevelopmentKeys:
    """Initialise and unseal, with ``root_token`` if one is given, and mount transit."""
    made = await core.initialize(1, 1)
    await core.unseal(made.shares[0])
    unsealed = core.unsealed
    assert unsealed is not None, "the only share unseals"
    tokens = unsealed.root.tokens
    if root_token:
        initial = await tokens.authenticate(made.root_token, core.runtime.clock())
        assert initial is not None, "the root token was just made"
        record = TokenRecord(
            id=root_token,
            policies=("root",),
            path="auth/token/create",
            display_name="token",
            creation_time=core.runtime.clock(),
        )
        await tokens.mint(record)
        await tokens.revoke(initial.hash)
        made = replace(made, root_token=root_token)
    await unsealed.root.mounts.enable(new_entry("transit/", "transit"))
    return DevelopmentKeys(base64.b64encode(made.shares[0]).decode(), made.root_token)
