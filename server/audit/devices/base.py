"""The contract of audit devices: a device appends bytes, and raises when it can't.

A device is given whole lines, and must have passed them to the operating system (or its medium) when ``write`` returns.
It is made from its settings, without touching the medium; types are found through the entry-point group
``cryptoserve.audit_devices``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias, runtime_checkable


class DeviceFault(Exception):
    """The device can't accept entries at present. The text is for operators and holds nothing of any entry."""


class AuditDevice(Protocol):
    """Appends lines. Called from one thread at a time, never the event loop's, so it may block."""

    def open(self) -> None:
        """Make ready to write. Raises ``DeviceFault`` if that isn't possible."""

    def write(self, lines: bytes) -> None:
        """Append ``lines``, one or more entries that each end in a newline. Raises ``DeviceFault`` if not all went."""

    def reopen(self) -> None:
        """Reopen the medium, as after a log file was renamed. Raises ``DeviceFault``."""

    def close(self) -> None:
        """Release the medium; ``open`` may be called again."""


@runtime_checkable
class Immediate(Protocol):
    """A device that can often write without blocking, and so without another thread.

    It may have an attribute ``reserved``, the name of a member: entries whose data have that member come by ``write``.
    """

    def write_immediately(self, lines: bytes) -> bool:
        """As ``write``, but blocks for some milliseconds at most: False, with nothing written, where it would longer.

        Raises ``DeviceFault``. Called in the event loop, while no other call is under way.
        """


@runtime_checkable
class Rehearses(Protocol):
    """A device that can be tried out without writing a test entry."""

    def rehearse(self, *, fresh: bool) -> None:
        """Check that the medium can be used. ``fresh``: by a server that remembers nothing yet.

        Raises ``DeviceFault``, and ``InvalidRequest`` where the settings can't be used.
        """


@runtime_checkable
class Syncs(Protocol):
    """A device whose writes leave it to ``sync`` to make lines durable, if ``syncs`` is set."""

    syncs: bool

    def sync(self) -> None:
        """Make all that was written durable. Raises ``DeviceFault``. Called in a thread, while lines are written."""


@runtime_checkable
class MeetsNamespaces(Protocol):
    """A device to which it matters whether there are entries of namespaces below the root."""

    def meet_namespace(self) -> None:
        """Called in the event loop before the first entry of such a namespace is written, and perhaps again."""


@runtime_checkable
class NamesOptions(Protocol):
    """A type of device that lists its options; others in a device's settings are refused."""

    options: Mapping[str, str]
    """The effect of each option, by name."""


DeviceType: TypeAlias = Callable[[Mapping[str, str]], AuditDevice]
"""Makes a device from its options. Raises ``InvalidRequest`` if they are wrong."""
