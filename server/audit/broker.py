"""The broker: keeps the audit devices, and sees to it that every entry reaches at least one of them.

Devices are enabled through the API and stored, or declared in the configuration; each has a salt of its own, which is
stored in either case, so that its hashes stay comparable. The set is brought up to date by ``load`` whenever another
process may have changed it (``stale``).

A request is written with ``begin`` and its outcome with ``finish``. Where the request changes nothing, both may be
written with one call at the end (``together``); if that fails, nobody has had an answer and nothing has happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from engines.faults import Failed, InvalidRequest
from engines.worker_pools import beside
from server.audit.devices.base import DeviceFault
from server.audit.enabled import EnabledDevice, FindType, make_device, rehearse
from server.audit.entry import AuditMount, AuditRequest, AuditResponse, AuditSubject, Hidden
from server.audit.formatter import Parts
from server.audit.hashing import new_salt
from server.audit.headers import AuditedHeaders
from server.audit.stored import DeclaredDevice, StoredDevice, StoredDevices, canonical, overlaps
from storage.view import View

__all__ = ["Broker", "DeclaredDevice", "Pending"]

log = logging.getLogger(__name__)


class Pending(Struct):
    """A request whose outcome is still to be written."""

    request: AuditRequest
    nanoseconds: int
    together: bool
    parts: dict[str, Parts]

    def __repr__(self) -> str:
        return f"Pending({self.request!r})"


class Broker:
    """The audit devices below ``view``, of types that ``find_type`` knows by name (None: no such type)."""

    def __init__(
        self,
        view: View,
        find_type: FindType,
        declared: Sequence[DeclaredDevice] = (),
        *,
        headers: AuditedHeaders,
        prefix_allowed: bool = False,
        nanoseconds: Callable[[], int] = time.time_ns,
    ) -> None:
        self._stored = StoredDevices(view)
        self._find_type = find_type
        self._declared = {canonical(device.path): device for device in declared}
        self._prefix_allowed = prefix_allowed
        self._nanoseconds = nanoseconds
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

    async def load(self) -> None:
        """Bring the devices into line with storage and configuration, if they may have changed.

        Whoever comes while that is being done waits for it too: nothing is handled unseen by a device that is there.
        A declared device that is new must be able to take an entry: raises ``InvalidRequest`` otherwise, and stores
        nothing. A device that was there before may fail to open; it is tried again with each entry.
        """
        async with self._lock:
            while self.stale:
                changes = self._changes
                await self.headers.load()
                await self._load()
                self.stale = changes != self._changes

    async def _load(self) -> None:
        unsettled = await self._stored.unsettled(self._declared)
        rehearse(unsettled, self._find_type, prefix_allowed=self._prefix_allowed, nanoseconds=self._nanoseconds)
        await self._stored.reconcile(self._declared)
        stored = await self._stored.all()
        for path in [path for path, enabled in self._enabled.items() if stored.get(path) != enabled.entry]:
            self._enabled.pop(path).device.close()
        for path, entry in stored.items():
            if path not in self._enabled:
                self._enabled[path] = self._make(path, entry)
                self._enabled[path].open()

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
        enabled.test(self._nanoseconds())
        try:
            await self._stored.add(path, entry)
        except BaseException:
            enabled.device.close()
            raise
        self._enabled[path] = enabled

    async def disable(self, path: str) -> None:
        """Remove the device at ``path``; to remove what isn't there is no error."""
        path = canonical(path)
        async with self._lock:
            enabled = self._enabled.get(path)
            if enabled is not None and enabled.entry.declared:
                raise InvalidRequest("cannot disable configuration-managed audit device")
            await self._stored.remove(path)
            if enabled is not None:
                del self._enabled[path]
                enabled.device.close()

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
        """``text`` as it stands in the log of the device at ``path``, were it a secret there."""
        if not text:
            raise InvalidRequest('the "input" parameter is empty')
        path = canonical(path)
        enabled = self._enabled.get(path)
        if enabled is None:
            raise InvalidRequest(f'unknown audit backend "{path}"')
        return enabled.formatter.hash(text)

    async def hide(self, data: Mapping[str, Any], mount: AuditMount | None) -> Hidden:
        """What entries hold of the ``data`` of a request, worked out beside the event loop because it is a lot."""
        formatters = [enabled.formatter for enabled in self._enabled.values()]
        # What is nested too deeply is found again, and refused, when the entry is made.
        with contextlib.suppress(InvalidRequest):
            return await beside(lambda: dict(formatter.hide(data, mount) for formatter in formatters))
        return {}

    async def hide_answer(self, response: AuditResponse, subject: AuditSubject) -> None:
        """As ``hide``, of the data of a long answer."""
        data = response.data
        if data:
            formatters = [enabled.formatter for enabled in self._enabled.values()]
            with contextlib.suppress(InvalidRequest):
                response.hidden = await beside(
                    lambda: dict(formatter.hide_answer(data, subject) for formatter in formatters)
                )

    def begin(self, request: AuditRequest, *, together: bool = False) -> Pending:
        """Write a request's entry, or hold it back until its outcome is known (``together``).

        Raises ``Failed`` if there are devices and none takes it: then the request must not be handled.
        """
        if self.headers.wanted:
            request.headers = self.headers.pick(request.sent_headers)
        pending = Pending(request, self._nanoseconds(), together, {})
        for path, enabled in self._enabled.items():
            pending.parts[path] = enabled.formatter.parts(request)
        if not together:
            self._write(
                (enabled, enabled.formatter.request_line(pending.parts[path], request, pending.nanoseconds))
                for path, enabled in self._enabled.items()
            )
        return pending

    def finish(self, pending: Pending, response: AuditResponse) -> None:
        """Write a request's outcome. Raises ``Failed`` if there are devices and none takes it: then say no more."""
        now = self._nanoseconds()
        self._write((enabled, _outcome(enabled, pending, response, now)) for enabled in self._enabled.values())

    def refuse(self, request: AuditRequest, response: AuditResponse) -> None:
        """Write the entries of a request that wasn't let through."""
        self.finish(self.begin(request, together=True), response)

    def reopen(self) -> None:
        """Have every device take up its medium again, as after log files were renamed."""
        for path, enabled in self._enabled.items():
            try:
                enabled.device.reopen()
            except DeviceFault as error:
                log.error("audit device %s can't be reopened: %s", path, error)

    def close(self) -> None:
        """Let go of all devices, as on sealing."""
        for enabled in self._enabled.values():
            enabled.device.close()
        self._enabled.clear()
        self._changed()

    def _write(self, entries: Iterable[tuple[EnabledDevice, bytes]]) -> None:
        """Hand each device its lines; one that takes them is enough."""
        taken = refused = False
        for enabled, lines in entries:
            if enabled.write(lines):
                taken = True
            else:
                refused = True
        if refused and not taken:
            raise Failed("internal error", wrapped=False)

    def _make(self, path: str, entry: StoredDevice) -> EnabledDevice:
        return make_device(path, entry, self._find_type, prefix_allowed=self._prefix_allowed)


def _outcome(enabled: EnabledDevice, pending: Pending, response: AuditResponse, nanoseconds: int) -> bytes:
    """The lines that are left to be written to a device. One that was enabled meanwhile gets the response alone."""
    formatter, request = enabled.formatter, pending.request
    parts = pending.parts.get(enabled.path)
    if parts is None:
        return formatter.response_line(formatter.parts(request), request, response, nanoseconds)
    line = formatter.response_line(parts, request, response, nanoseconds)
    return formatter.request_line(parts, request, pending.nanoseconds) + line if pending.together else line
