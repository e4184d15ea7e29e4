"""An enabled audit device, and the test that it must pass before use."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeAlias

from engines.base import Operation
from engines.faults import InvalidRequest
from server.audit.devices.base import (
    AuditDevice,
    DeviceFault,
    DeviceType,
    MeetsNamespaces,
    NamesOptions,
    Rehearses,
)
from server.audit.entry import AuditNamespace, AuditRequest, AuditSubject
from server.audit.formatter import Formatter
from server.audit.options import check_options, read_options
from server.audit.stored import DeclaredDevice, StoredDevice, canonical, to_store
from server.audit.writer import MAX_WAITING, DeviceWriter, Outcome, QueueFull
from server.runtime import plugins
from server.runtime.identifiers import new_request_id
from server.runtime.log_limits import LimitedLog

log = logging.getLogger(__name__)

FindType: TypeAlias = Callable[[str], DeviceType | None]
"""Returns the type called a name; None if there is none."""

OPEN_SECONDS = 5.0
"""The seconds that a device may take to open, or to accept its test entry."""

CLOSE_SECONDS = 2.0
"""The seconds to wait for a device's remaining writes when it is closed."""

_ROOT = AuditNamespace("root")


def _nothing() -> None:
    """A call whose outcome alone matters."""


def _uncounted(path: str) -> None:
    """In place of counting the failures of the device at ``path``."""


class EnabledDevice:
    """A device, and the format of its entries. At most ``most`` entries wait for it.

    ``failed`` is called with ``path`` for each write that the device refuses.
    """

    __slots__ = (
        "_failed",
        "_fault",
        "_log",
        "_lost",
        "_probe",
        "device",
        "entry",
        "failing",
        "formatter",
        "monotonic",
        "path",
        "required",
        "reserved",
        "writer",
    )

    def __init__(
        self,
        path: str,
        entry: StoredDevice,
        device: AuditDevice,
        formatter: Formatter,
        most: int = MAX_WAITING,
        failed: Callable[[str], None] = _uncounted,
    ) -> None:
        self.path = path
        self.entry = entry
        self.device = device
        self.writer = DeviceWriter(device, self._note, most=most)
        self.formatter = formatter
        self.required: bool = getattr(device, "required", False)
        """Whether a request fails that this device doesn't take."""
        self.monotonic: bool = getattr(device, "monotonic", False)
        """Whether an entry has the time at which it is written, where that is much later."""
        self.reserved: str | None = getattr(device, "reserved", None)
        """A member of data that the device isn't given by ``write_immediately``; see ``Immediate``."""
        self.failing = False
        self._failed = failed
        self._fault = ""
        self._probe: Outcome | None = None
        """A call that shows when everything before it is done."""
        self._log = LimitedLog(log)
        self._lost = 0
        """How many entries it hasn't taken since it has been failing."""

    async def open(self) -> None:
        """Open the device. A failure is logged; each entry tries again."""
        error = await self._done(self.device.open)
        if error is not None:
            self.failing = True
            self._fault = _reason(error)
            log.error("audit device %s can't be opened: %s", self.path, self._fault)

    async def reopen(self) -> bool:
        """Reopen the medium; False, with a log line, if that fails."""
        error = await self._done(self.device.reopen)
        if error is not None:
            log.error("audit device %s can't be reopened: %s", self.path, _reason(error))
        return error is None

    async def close(self, seconds: float | None = None) -> None:
        """Release the device after its remaining writes, which are waited for ``seconds`` (``CLOSE_SECONDS``)."""
        outcome = self.writer.close()
        if outcome is not None:
            await asyncio.wait([outcome], timeout=CLOSE_SECONDS if seconds is None else seconds)

    async def check(self) -> None:
        """Wait for what is queued, and raise ``DeviceFault`` if the device refused the latest entry."""
        if self.writer.waiting:
            if self._probe is None or not self._probing:
                self._probe = self.writer.call(_nothing)
            await asyncio.shield(self._probe)
        if self.failing:
            raise DeviceFault(self._fault)

    def refused(self, error: Exception) -> None:
        """Record that ``writer`` failed to write an entry. Failures are logged at their beginning and end."""
        self._fail(f"{self.writer.waiting} entries wait for it" if isinstance(error, QueueFull) else _reason(error))

    def hang(self, seconds: float) -> None:
        """Record that an entry has waited for ``seconds`` in vain."""
        self._fail(f"one has waited for {seconds:g} seconds", lost=0)

    def _note(self, error: Exception | None) -> None:
        if error is not None:
            self._fail(_reason(error))
        elif self.failing and self.writer.waiting == self._probing:
            self.recovered()

    @property
    def _probing(self) -> bool:
        """Whether one of the calls that wait is a probe."""
        return self._probe is not None and not self._probe.done()

    def _fail(self, reason: str, *, lost: int = 1) -> None:
        self._lost += lost
        self._fault = reason
        if lost:
            self._failed(self.path)
        if not self.failing:
            self.failing = True
            self._log.error("audit device %s takes no entries: %s", self.path, reason)

    def recovered(self) -> None:
        """Record that a device that was ``failing`` accepts entries again."""
        self._log.warning("audit device %s takes entries again; it has missed %d", self.path, self._lost)
        self.failing = False
        self._lost = 0

    async def test(self, nanoseconds: int) -> None:
        """Open the device and write the test entry to it, unless an option skips that.

        Raises ``InvalidRequest`` if it can't.
        """
        subject = AuditSubject(operation=Operation.UPDATE, path="sys/audit/test", namespace=_ROOT)
        request = AuditRequest(id=new_request_id(), subject=subject, data={})
        line = self.formatter.request_line(self.formatter.parts(request), request, nanoseconds)
        error = await self._done(self.device.open)
        if error is not None:
            raise InvalidRequest(_reason(error)) from error
        if self.formatter.options.skip_test:
            return
        error = await self._done(partial(self.device.write, line))
        if error is not None:
            raise InvalidRequest(f"audit backend failed test message: {_reason(error)}") from error

    async def rehearse(self, device: Rehearses, *, fresh: bool) -> None:
        """In place of ``test``, for a ``device`` that writes no test entry. Raises ``InvalidRequest``."""
        error = await self._done(partial(device.rehearse, fresh=fresh))
        if isinstance(error, InvalidRequest):
            raise error
        if error is not None:
            raise InvalidRequest(_reason(error)) from error

    async def _done(self, work: Callable[[], None]) -> Exception | None:
        """The exception of a call, or one for a timeout; None if it succeeded."""
        try:
            outcome = self.writer.call(work)
        except DeviceFault as fault:
            return fault
        done, _ = await asyncio.wait([outcome], timeout=OPEN_SECONDS)
        return outcome.result() if done else DeviceFault(f"it has not answered within {OPEN_SECONDS:g} seconds")


def _reason(error: Exception) -> str:
    """The reason of a device's failure, without the text of an unexpected error, which may hold parts of entries."""
    return str(error) if isinstance(error, DeviceFault) else type(error).__name__


def make_device(
    path: str,
    entry: StoredDevice,
    find_type: FindType,
    *,
    prefix_allowed: bool,
    most: int = MAX_WAITING,
    failed: Callable[[str], None] = _uncounted,
) -> EnabledDevice:
    """The device that ``entry`` describes, not opened yet. Raises ``InvalidRequest`` for invalid settings.

    Unknown options are accepted: they may be those of an earlier release. See ``check_known``.
    """
    device_type = find_type(entry.type)
    if device_type is None:
        known = ", ".join(plugins.names(plugins.AUDIT_DEVICES))
        raise InvalidRequest(f'unknown backend type: "{entry.type}"; there are {known}')
    options = read_options(entry.options, prefix_allowed=prefix_allowed)
    device = device_type(entry.options)
    meet = device.meet_namespace if isinstance(device, MeetsNamespaces) else None
    return EnabledDevice(path, entry, device, Formatter(entry.salt, options, meet), most, failed)


def check_known(entry: StoredDevice, find_type: FindType) -> None:
    """Check that a new device has no option unknown to its type. Raises ``InvalidRequest``."""
    device_type = find_type(entry.type)
    if isinstance(device_type, NamesOptions):
        check_options(entry.type, entry.options, device_type.options)


async def rehearse(
    declared: Iterable[DeclaredDevice],
    find_type: FindType,
    *,
    prefix_allowed: bool,
    nanoseconds: Callable[[], int] = time.time_ns,
    fresh: bool = False,
) -> None:
    """Have each of ``declared`` write a test entry, and close it. Raises ``InvalidRequest`` if one can't.

    ``fresh``: for a server that is about to be initialised, and so remembers nothing.
    """
    made = []
    for device in declared:
        check_known(to_store(device), find_type)
        made.append(make_device(canonical(device.path), to_store(device), find_type, prefix_allowed=prefix_allowed))
    outcomes = await asyncio.gather(
        *(_rehearse(enabled, nanoseconds(), fresh) for enabled in made), return_exceptions=True
    )
    for outcome in outcomes:
        if outcome is not None:
            raise outcome


async def _rehearse(enabled: EnabledDevice, nanoseconds: int, fresh: bool) -> None:
    try:
        if isinstance(enabled.device, Rehearses):
            await enabled.rehearse(enabled.device, fresh=fresh)
        else:
            await enabled.test(nanoseconds)
    finally:
        await enabled.close()
