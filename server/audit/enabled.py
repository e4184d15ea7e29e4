"""An audit device at work, and how one is tried before anything depends on it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import TypeAlias

from engines.base import Operation
from engines.faults import InvalidRequest
from server.audit.devices.base import AuditDevice, DeviceFault, DeviceType
from server.audit.entry import AuditNamespace, AuditRequest, AuditSubject
from server.audit.formatter import Formatter
from server.audit.options import read_options
from server.audit.stored import DeclaredDevice, StoredDevice, canonical, to_store
from server.runtime.identifiers import new_request_id

log = logging.getLogger(__name__)

FindType: TypeAlias = Callable[[str], DeviceType | None]
"""Gives the type of a name; None if there is none."""

_ROOT = AuditNamespace("root")


class EnabledDevice:
    """A device, and the form that its entries have."""

    __slots__ = ("device", "entry", "failing", "formatter", "path")

    def __init__(self, path: str, entry: StoredDevice, device: AuditDevice, formatter: Formatter) -> None:
        self.path = path
        self.entry = entry
        self.device = device
        self.formatter = formatter
        self.failing = False

    def open(self) -> None:
        """Make ready to write. That it isn't possible is logged; it is tried again with each entry."""
        try:
            self.device.open()
        except DeviceFault as error:
            self.failing = True
            log.error("audit device %s can't be opened: %s", self.path, error)

    def write(self, lines: bytes) -> bool:
        """Whether the device took ``lines``. What goes wrong is logged when it begins and when it has ended."""
        try:
            self.device.write(lines)
        except Exception as error:  # noqa: BLE001 - a device may come from anywhere, and must not take others with it
            if not self.failing:
                reason = str(error) if isinstance(error, DeviceFault) else type(error).__name__
                log.error("audit device %s takes no entries: %s", self.path, reason)
            self.failing = True
            return False
        if self.failing:
            log.warning("audit device %s takes entries again", self.path)
            self.failing = False
        return True

    def test(self, nanoseconds: int) -> None:
        """Open the device and write the test entry to it. Raises ``InvalidRequest`` if it can't."""
        subject = AuditSubject(operation=Operation.UPDATE, path="sys/audit/test", namespace=_ROOT)
        request = AuditRequest(id=new_request_id(), subject=subject, data={})
        try:
            self.device.open()
        except DeviceFault as error:
            raise InvalidRequest(str(error)) from error
        try:
            self.device.write(self.formatter.request_line(self.formatter.parts(request), request, nanoseconds))
        except DeviceFault as error:
            self.device.close()
            raise InvalidRequest(f"audit backend failed test message: {error}") from error


def make_device(path: str, entry: StoredDevice, find_type: FindType, *, prefix_allowed: bool) -> EnabledDevice:
    """The device that ``entry`` describes, not opened yet. Raises ``InvalidRequest`` if there can't be such a one."""
    device_type = find_type(entry.type)
    if device_type is None:
        raise InvalidRequest(f'unknown backend type: "{entry.type}"')
    options = read_options(entry.options, prefix_allowed=prefix_allowed)
    return EnabledDevice(path, entry, device_type(entry.options), Formatter(entry.salt, options))


def rehearse(
    declared: Iterable[DeclaredDevice],
    find_type: FindType,
    *,
    prefix_allowed: bool,
    nanoseconds: Callable[[], int] = time.time_ns,
) -> None:
    """Have each of ``declared`` take a test entry, and close it. Raises ``InvalidRequest`` if one can't."""
    for device in declared:
        enabled = make_device(canonical(device.path), to_store(device), find_type, prefix_allowed=prefix_allowed)
        enabled.test(nanoseconds())
        enabled.device.close()
