"""The order in which a device's methods are called, and the thread that calls them, so that nothing else waits.

A device that is ``Immediate`` and has nothing to do is written to in place. Everything else (opening, what it can't
take immediately, and all that comes behind that) is done by one thread for the device, in the order in which it came.
What waits is bounded by number and bytes. A device in which a call in place took long is called by the thread for a
while, whatever it says of itself.

The event loop owns the state; the thread only takes calls from a queue and posts their outcomes to the loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from time import perf_counter
from typing import TypeAlias

from server.audit.devices.base import AuditDevice, DeviceFault, Immediate

MAX_WAITING = 1_000
"""How many writes may wait for a device, unless the server says less."""

MAX_WAITING_BYTES = 16 * 1024 * 1024
"""How many bytes may; one write may be larger, if no other waits."""

MAX_HANGING = 16
"""How many threads of closed devices may hang in a call before no further device is opened."""

SLOW_SECONDS = 0.05
"""A write that takes longer is slow."""

SLOW_PERIOD_SECONDS = 10.0
"""How long after the last slow write the thread does all of them."""

Outcome: TypeAlias = "asyncio.Future[Exception | None]"
"""None, or what a call raised."""

_closing: list[threading.Thread] = []
"""Threads of closed devices that may not have ended yet, in this process."""


class QueueFull(Exception):
    """As much waits for the device as may."""


class _Call:
    __slots__ = ("bytes", "loop", "outcome", "seconds", "work")

    def __init__(self, work: Callable[[], object], size: int) -> None:
        self.loop = asyncio.get_running_loop()
        self.outcome: Outcome = self.loop.create_future()
        self.work = work
        self.bytes = size
        self.seconds = 0.0


class DeviceWriter:
    """Calls ``device``; ``note`` is told the outcome of each write."""

    def __init__(
        self, device: AuditDevice, note: Callable[[Exception | None], None], *, most: int = MAX_WAITING
    ) -> None:
        self._device = device
        self._immediate = device if isinstance(device, Immediate) else None
        self._note = note
        self._most = most
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._slow_until = 0.0
        self.waiting = 0
        """How many calls have not been answered by the thread."""
        self.waiting_bytes = 0

    def write(self, lines: bytes) -> Outcome | None:
        """Have ``lines`` written: None if they are, or else the outcome to come.

        Raises ``QueueFull`` if too much waits, the device's own errors if it was called in place, and ``DeviceFault``
        if a thread is needed and too many hang.
        """
        if not self.waiting and self._immediate is not None:
            began = perf_counter()
            if began >= self._slow_until:
                try:
                    written = self._immediate.write_immediately(lines)
                finally:
                    ended = perf_counter()
                    if ended - began > SLOW_SECONDS:
                        self._slow_until = ended + SLOW_PERIOD_SECONDS
                if written:
                    return None
        if self.waiting >= self._most or (self.waiting and self.waiting_bytes + len(lines) > MAX_WAITING_BYTES):
            raise QueueFull
        return self._post(_Call(lambda: self._device.write(lines), len(lines)))

    def call(self, work: Callable[[], None]) -> Outcome:
        """Have ``work``, one of the device's methods, done behind everything that waits."""
        return self._post(_Call(work, 0))

    def close(self) -> Outcome | None:
        """Close the device behind everything that waits; nothing may be asked of it any more. None if it wasn't open.

        That may hang for ever; the process doesn't wait for it.
        """
        if self._thread is None:
            return None
        outcome = self.call(self._device.close)
        self._calls.put(None)
        _closing.append(self._thread)
        return outcome

    def _post(self, call: _Call) -> Outcome:
        if self._thread is None:
            _closing[:] = [thread for thread in _closing if thread.is_alive()]
            if len(_closing) >= MAX_HANGING:
                raise DeviceFault(f"{len(_closing)} audit devices that were closed hang; no other can be opened")
            self._thread = threading.Thread(target=self._run, name="audit-device", daemon=True)
            self._thread.start()
        self.waiting += 1
        self.waiting_bytes += call.bytes
        self._calls.put(call)
        return call.outcome

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            error: Exception | None = None
            began = perf_counter()
            try:
                call.work()
            except Exception as raised:  # noqa: BLE001 - a device may come from anywhere; the outcome says what it was
                error = raised
            call.seconds = perf_counter() - began
            try:
                call.loop.call_soon_threadsafe(self._finished, call, error)
            except RuntimeError:
                return  # The loop has ended, and all that waited with it.
            del call  # It may be large, and the next one may be long in coming.

    def _finished(self, call: _Call, error: Exception | None) -> None:
        self.waiting -= 1
        self.waiting_bytes -= call.bytes
        if call.bytes:
            if call.seconds > SLOW_SECONDS:
                self._slow_until = perf_counter() + SLOW_PERIOD_SECONDS
            self._note(error)
        if not call.outcome.done():
            call.outcome.set_result(error)
