"""Ordered calls of a device's methods, in a thread of its own, so that no other device or request waits.

An idle ``Immediate`` device is written to in place. All else (opening, lines that it can't take immediately, and all
that follows those) is done by the device's thread, in order. The queue is bounded by number and bytes. After a slow
call in place, the thread makes all calls for a while.

The event loop owns the state; the thread only takes calls from a queue and posts their results to the loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from time import perf_counter
from typing import TypeAlias

from server.audit.devices.base import AuditDevice, DeviceFault, Immediate, Syncs

MAX_WAITING = 1_000
"""The most writes that may wait for a device, unless the server sets fewer."""

MAX_WAITING_BYTES = 16 * 1024 * 1024
"""The most bytes that may wait; a single write may be larger."""

MAX_HANGING = 16
"""The most threads of closed devices that may hang in a call before opening further devices is refused."""

SLOW_SECONDS = 0.05
"""The seconds after which a write counts as slow."""

SLOW_PERIOD_SECONDS = 2.0
"""The seconds after the last slow write for which the thread does all writes."""

GATHER_SECONDS = 0.002
"""The shortest time from one call that makes lines durable to the next, where many requests wait."""

GATHER_FROM = 12
"""The requests that count as many: those whose lines a call has made durable, and those that wait for the next."""

Outcome: TypeAlias = "asyncio.Future[Exception | None]"
"""None, or the exception of a call."""

_closing: list[threading.Thread] = []
"""Threads of closed devices that may not have ended yet, in this process."""


class QueueFull(Exception):
    """The device's queue is full."""


class _Call:
    __slots__ = ("bytes", "loop", "outcome", "seconds", "work")

    def __init__(self, work: Callable[[], object], size: int) -> None:
        self.loop = asyncio.get_running_loop()
        self.outcome: Outcome = self.loop.create_future()
        self.work = work
        self.bytes = size
        self.seconds = 0.0


class _GroupSync:
    """Has what was written made durable, by one call for all that wait when it begins.

    A call costs more of a processor than a request does: a turn of a thread, and the disk's flush. So where many
    requests come at once, calls follow each other less closely, and each is for more of them. Others don't wait for it.
    """

    def __init__(self, device: Syncs, note: Callable[[Exception | None], None]) -> None:
        self._device = device
        self._note = note
        self._waiting: list[Outcome] = []
        self._task: asyncio.Task[None] | None = None
        self._next_time = 0.0
        """The loop's time before which no call begins."""

    def wait(self) -> Outcome:
        """The result of making all writes so far durable."""
        outcome: Outcome = asyncio.get_running_loop().create_future()
        self._waiting.append(outcome)
        if self._task is None:
            self._task = asyncio.create_task(self._sync())
        return outcome

    async def _sync(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            now = loop.time()
            if now < self._next_time:
                await asyncio.sleep(self._next_time - now)
                now = self._next_time
            group, self._waiting = self._waiting, []
            error: Exception | None = None
            try:
                await loop.run_in_executor(None, self._device.sync)
            except Exception as raised:  # noqa: BLE001 - as in ``DeviceWriter``
                error = raised
                self._note(error)
            for outcome in group:
                if not outcome.done():
                    outcome.set_result(error)
            self._next_time = now + GATHER_SECONDS if len(group) + len(self._waiting) >= GATHER_FROM else 0.0
        self._task = None


class DeviceWriter:
    """Calls ``device``; ``note`` receives the result of each write."""

    def __init__(
        self, device: AuditDevice, note: Callable[[Exception | None], None], *, most: int = MAX_WAITING
    ) -> None:
        self._device = device
        self._immediate = device if isinstance(device, Immediate) else None
        self._group = _GroupSync(device, note) if isinstance(device, Syncs) and device.syncs else None
        self._note = note
        self._most = most
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._slow_until = 0.0
        self.waiting = 0
        """How many calls have not been answered by the thread."""
        self.waiting_bytes = 0

    def write(self, lines: bytes, reserved: bool = False) -> Outcome | None:
        """Write ``lines``: None if that is done, else the result to come.

        ``reserved``: their data have the member that the device reserves for itself, so its thread writes them.
        Raises ``QueueFull`` if too much waits, the device's own errors if it was called in place, and ``DeviceFault``
        if too many threads hang to start one.
        """
        if not self.waiting and self._immediate is not None and not reserved:
            began = perf_counter()
            if began >= self._slow_until:
                try:
                    written = self._immediate.write_immediately(lines)
                finally:
                    ended = perf_counter()
                    if ended - began > SLOW_SECONDS:
                        self._slow_until = ended + SLOW_PERIOD_SECONDS
                if written:
                    return None if self._group is None else self._group.wait()
        if self.waiting >= self._most or (self.waiting and self.waiting_bytes + len(lines) > MAX_WAITING_BYTES):
            raise QueueFull
        outcome = self._post(_Call(lambda: self._device.write(lines), len(lines)))
        return outcome if self._group is None else self._made_durable(outcome, self._group)

    def _made_durable(self, written: Outcome, group: _GroupSync) -> Outcome:
        """The result of the thread's write and, if that has succeeded, of the next call that makes lines durable.

        One for each write in the thread would take so long that a busy server's queue never gets empty.
        """
        outcome: Outcome = asyncio.get_running_loop().create_future()

        def settle(done: Outcome) -> None:
            if not outcome.done():
                outcome.set_result(done.result())

        def proceed(done: Outcome) -> None:
            if done.result() is None:
                group.wait().add_done_callback(settle)
            else:
                settle(done)

        written.add_done_callback(proceed)
        return outcome

    def call(self, work: Callable[[], None]) -> Outcome:
        """Call ``work``, one of the device's methods, after everything that waits."""
        return self._post(_Call(work, 0))

    def close(self) -> Outcome | None:
        """Close the device after everything that waits; no calls may follow. None if it wasn't open.

        The close may hang for ever; the process doesn't wait for it.
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
                return  # The loop and its waiting tasks have ended.
            del call  # It may be large, and the next may come much later.

    def _finished(self, call: _Call, error: Exception | None) -> None:
        self.waiting -= 1
        self.waiting_bytes -= call.bytes
        if call.bytes:
            if call.seconds > SLOW_SECONDS:
                self._slow_until = perf_counter() + SLOW_PERIOD_SECONDS
            self._note(error)
        if not call.outcome.done():
            call.outcome.set_result(error)
