"""What an audit device is: something that appends bytes, and says so when it can't.

A device knows nothing of entries: it is given whole lines, ready to be written, and must have handed them to the
operating system (or whatever lies behind it) when ``write`` returns. It is made from its settings, without touching
the medium; types are found through the entry-point group ``cryptoserve.audit_devices``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias, runtime_checkable


class DeviceFault(Exception):
    """The device can't take entries at present. The text is for operators and holds nothing of any entry."""


class AuditDevice(Protocol):
    """Appends lines. Called from one thread at a time, which isn't that of the event loop: it may block."""

    def open(self) -> None:
        """Make ready to write. Raises ``DeviceFault`` if that isn't possible."""

    def write(self, lines: bytes) -> None:
        """Append ``lines``, one or more entries that each end in a newline. Raises ``DeviceFault`` if not all went."""

    def reopen(self) -> None:
        """Let go of the medium and take it up again, as after a log file was renamed. Raises ``DeviceFault``."""

    def close(self) -> None:
        """Release the medium; ``open`` may be called again."""


@runtime_checkable
class Immediate(Protocol):
    """A device that can often write without blocking, and so without another thread."""

    def write_immediately(self, lines: bytes) -> bool:
        """As ``write``, but never blocks: False, with nothing written, where ``write`` might. Raises ``DeviceFault``.

        Called in the event loop, while nothing else is under way.
        """


@runtime_checkable
class NamesOptions(Protocol):
    """A type of device that says which options it has; others in a device's settings are refused then."""

    options: Mapping[str, str]
    """What each does, by name."""


DeviceType: TypeAlias = Callable[[Mapping[str, str]], AuditDevice]
"""Makes a device from its options. Raises ``InvalidRequest`` if they are wrong."""
