"""Set of audit devices: enabled through the API and stored, or declared in the configuration.

Each has a stored salt of its own, so that its hashes stay comparable. ``load`` updates the set when another process may
have changed it (``stale``). There is at most one ledger, and it comes first.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

from engines.faults import Fault, InvalidRequest
from server.audit.enabled import EnabledDevice, FindType, check_known, make_device, rehearse
from server.audit.hashing import new_salt
from server.audit.headers import AuditedHeaders
from server.audit.ledger.device.device import LedgerDevice
from server.audit.ledger.leading.ledger import LedgerHost
from server.audit.stored import DeclaredDevice, StoredDevice, StoredDevices, canonical, overlaps
from server.audit.writer import MAX_WAITING
from server.runtime.meter import Meter
from storage.base import StorageFault
from storage.view import View

log = logging.getLogger(__name__)

WATCH_SECONDS = 0.25
"""The interval at which a process with a ledger looks whether that was disabled, where no request does."""


class DeviceSet:
    """The audit devices below ``view``, of types that ``find_type`` knows by name (None: no such type)."""

    def __init__(
        self,
        view: View,
        find_type: FindType,
        declared: Sequence[DeclaredDevice] = (),
        *,
        headers: AuditedHeaders,
        ledger: LedgerHost,
        prefix_allowed: bool = False,
        max_waiting: int = MAX_WAITING,
        nanoseconds: Callable[[], int] = time.time_ns,
        meter: Meter | None = None,
        catch_up: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """``max_waiting``: the most entries that may wait for one device; ``meter`` counts failures.

        ``ledger`` takes care of a ledger among the devices; ``catch_up`` looks for changes made by other processes.
        """
        self._stored = StoredDevices(view)
        self._find_type = find_type
        self._declared = {canonical(device.path): device for device in declared}
        self._prefix_allowed = prefix_allowed
        self._max_waiting = max_waiting
        self._meter = meter or Meter()
        self._nanoseconds = nanoseconds
        self.ledger = ledger
        self._catch_up = catch_up
        self._watching: asyncio.Task[None] | None = None
        self._enabled: dict[str, EnabledDevice] = {}
        self._lock = asyncio.Lock()
        self._changes = 0
        self.stale = True
        """Whether the stored devices may have changed since ``load``; then it is to be called before the next entry."""
        view.watch(self._changed)
        self.headers = headers
        headers.watch(self._changed)

    def _changed(self) -> None:
        self._changes += 1
        self.stale = True

    async def load(self, *, prepare: bool = False) -> None:
        """Update the devices from storage and configuration, if they may have changed.

        ``prepare``: the server is being unsealed by this process, which makes a ledger ready for all of them. Raises
        ``Failed`` if its directory doesn't fit what is remembered.

        Concurrent callers wait for it too, so that no request misses a new device. A declared device that is new must
        accept a test entry; otherwise raises ``InvalidRequest`` and stores nothing. A known device may fail to open; it
        is tried again with each entry.
        """
        async with self._lock:
            while self.stale:
                changes = self._changes
                await self.headers.load()
                await self._load(prepare)
                self.stale = changes != self._changes

    async def _load(self, prepare: bool) -> None:
        unsettled = await self._stored.unsettled(self._declared)
        await rehearse(unsettled, self._find_type, prefix_allowed=self._prefix_allowed, nanoseconds=self._nanoseconds)
        await self._stored.reconcile(self._declared)
        stored = await self._stored.all()
        for path in [path for path, enabled in self._enabled.items() if stored.get(path) != enabled.entry]:
            await self._close(self._enabled.pop(path), "closed")
        made = [self._make(path, entry) for path, entry in stored.items() if path not in self._enabled]
        for enabled in made:
            if isinstance(enabled.device, LedgerDevice):
                self._refuse_second()
                await self._open_ledger(enabled, enabled.device, prepare=prepare)
            else:
                await enabled.open()
            self._add(enabled)

    def _add(self, enabled: EnabledDevice) -> None:
        """Take in a device; a ledger is written before all others."""
        if isinstance(enabled.device, LedgerDevice):
            self._enabled = {enabled.path: enabled, **self._enabled}
        else:
            self._enabled[enabled.path] = enabled

    def _refuse_second(self) -> None:
        if any(isinstance(enabled.device, LedgerDevice) for enabled in self._enabled.values()):
            raise InvalidRequest("there may be at most one audit device of type ledger")

    async def _open_ledger(self, enabled: EnabledDevice, device: LedgerDevice, *, prepare: bool) -> None:
        self.ledger.adopt(device)
        if prepare:
            await self.ledger.prepare(device, enabling=False)
        await enabled.open()
        await self._lead(enabled, device)

    async def _lead(self, enabled: EnabledDevice, device: LedgerDevice) -> None:
        await self.ledger.start(enabled, device)
        if self._watching is None and self._catch_up is not None:
            self._watching = asyncio.create_task(self._watch(self._catch_up))

    async def _watch(self, catch_up: Callable[[], Awaitable[None]]) -> None:
        """Let a ledger go soon after another process has disabled it, which waits for that."""
        while self.ledger.device is not None:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                await catch_up()
                if self.stale:
                    await self.load()
            except (Fault, StorageFault) as error:
                log.warning("audit devices can't be looked up: %s; it is tried again", type(error).__name__)
        self._watching = None

    async def _close(self, enabled: EnabledDevice, event: str) -> None:
        if isinstance(enabled.device, LedgerDevice):
            await self.ledger.stop(enabled, enabled.device, event)
        else:
            await enabled.close()

    async def enable(
        self, path: str, type: str, description: str = "", options: Mapping[str, str] | None = None, local: bool = False
    ) -> None:
        """Add a device at ``path``. It takes a test entry first. Raises ``InvalidRequest`` with Vault's words."""
        async with self._lock:
            await self._enable(
                canonical(path), StoredDevice(type, description, dict(options or {}), local, new_salt(), False)
            )

    async def _enable(self, path: str, entry: StoredDevice) -> None:
        if overlaps(path, self._enabled):
            raise InvalidRequest("path already in use")
        enabled = self._make(path, entry)
        check_known(entry, self._find_type)
        device = enabled.device
        if isinstance(device, LedgerDevice):
            self._refuse_second()
            self.ledger.adopt(device)
            await self.ledger.prepare(device, enabling=True)
        try:
            await enabled.test(self._nanoseconds())
            await self._stored.add(path, entry)
        except BaseException:
            await enabled.close(0)
            raise
        if isinstance(device, LedgerDevice):
            await self._lead(enabled, device)
        self._add(enabled)

    async def disable(self, path: str) -> list[str]:
        """Remove the device at ``path``; no error if there is none. Returns what couldn't be done, in words."""
        path = canonical(path)
        async with self._lock:
            enabled = self._enabled.get(path)
            if enabled is not None and enabled.entry.declared:
                raise InvalidRequest("cannot disable configuration-managed audit device")
            await self._stored.remove(path)
            if enabled is None:
                return []
            del self._enabled[path]
            if isinstance(enabled.device, LedgerDevice):
                return await self.ledger.end(enabled, enabled.device)
            await enabled.close()
            return []

    def devices(self) -> dict[str, dict[str, Any]]:
        """The devices by their paths, in the form of ``sys/audit``."""
        return {
            path: {
                "path": path,
                "type": enabled.entry.type,
                "description": enabled.entry.description,
                "options": dict(enabled.entry.options),
                "local": enabled.entry.local,
            }
            for path, enabled in sorted(self._enabled.items())
        }

    def hash(self, path: str, text: str) -> str:
        """``text`` as it appears in the log of the device at ``path`` when hidden."""
        if not text:
            raise InvalidRequest('the "input" parameter is empty')
        path = canonical(path)
        enabled = self._enabled.get(path)
        if enabled is None:
            raise InvalidRequest(f'unknown audit backend "{path}"')
        return enabled.formatter.hash(text)

    def ledger_accessor(self, accessor: str) -> str:
        """A token's accessor as it appears in the ledger."""
        for enabled in self._enabled.values():
            if isinstance(enabled.device, LedgerDevice) and enabled.formatter.options.hmac_accessor:
                return enabled.formatter.hash(accessor)
        return accessor

    def checks(self) -> dict[str, Callable[[], Coroutine[Any, Any, None]]]:
        """For each device by its path what raises ``DeviceFault`` if it doesn't accept entries."""
        return {path: enabled.check for path, enabled in self._enabled.items()}

    async def reopen(self) -> bool:
        """Reopen every device's medium, as after log files were renamed; return whether all could."""
        return all(await asyncio.gather(*(enabled.reopen() for enabled in self._enabled.values())))

    async def close(self, event: str = "closed") -> None:
        """Release all devices, as on sealing; each may still write its waiting entries.

        ``event`` is what a ledger's last entry says: ``closed`` or ``sealed``.
        """
        closing = list(self._enabled.values())
        self._enabled.clear()
        self._changed()
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None
        await asyncio.gather(*(self._close(enabled, event) for enabled in closing))

    def _make(self, path: str, entry: StoredDevice) -> EnabledDevice:
        return make_device(
            path,
            entry,
            self._find_type,
            prefix_allowed=self._prefix_allowed,
            most=self._max_waiting,
            failed=self._meter.device_failed,
        )
