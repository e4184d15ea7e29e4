"""Audit broker: ensures that every entry reaches at least one of the audit devices.

A request is written with ``begin`` and its outcome with ``finish``. If the request changes nothing, both may be written
with one call at the end (``hold``); if that fails, the caller gets no answer and nothing has happened.

Both wait until a device has accepted the entry, at most ``WAIT_SECONDS``; slower devices get their entries later (see
``server.audit.writer``). Only audited requests wait for a device. A ledger is written first, and one that is required
must accept the entry, whatever the others do.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from msgspec import Struct

from engines.faults import Failed, Fault, InvalidRequest, Unavailable
from engines.worker_pools import beside
from server.audit.device_set import DeviceSet
from server.audit.enabled import EnabledDevice
from server.audit.entry import AuditMount, AuditRequest, AuditResponse, AuditSubject, Hidden
from server.audit.formatter import Parts
from server.audit.stored import DeclaredDevice
from server.audit.writer import Outcome, QueueFull
from server.runtime.meter import AuditEntry

__all__ = ["Broker", "DeclaredDevice", "Pending"]

WAIT_SECONDS = 30.0
"""The seconds that a request waits for its entry to be accepted."""

_HELD_NANOSECONDS = 500_000_000
"""From when on the entry of a request that was held has the time at which it is written, in a ledger."""

_TOO_LATE = TimeoutError()
"""Stands for the outcome of a write that was waited for in vain."""

_NOT_TAKEN = {
    AuditEntry.REQUEST: "no audit device takes entries at present, so the request was not handled; try again later",
    AuditEntry.RESPONSE: (
        "the request was handled, but no audit device takes the entry of its outcome, so that isn't told"
    ),
}
"""The caller's error when no device accepts an entry in time."""


class Pending(Struct):
    """A request whose outcome is still to be written."""

    request: AuditRequest
    nanoseconds: int
    parts: dict[str, Parts]
    """The common parts of its entries, for each device by its path."""

    held: bool = True
    """Whether the entry of the request is still to be written too."""

    def __repr__(self) -> str:
        return f"Pending({self.request!r})"


class Broker(DeviceSet):
    """Writes entries to the devices of the set."""

    async def hide(self, data: Mapping[str, Any], mount: AuditMount | None) -> Hidden:
        """The hidden form of a request's ``data``, computed in a thread because it is large."""
        formatters = [enabled.formatter for enabled in self._enabled.values()]
        # Data nested too deeply is refused later, when the entry is made.
        with contextlib.suppress(InvalidRequest):
            return await beside(lambda: dict(formatter.hide(data, mount) for formatter in formatters))
        return {}

    async def hide_answer(self, response: AuditResponse, subject: AuditSubject) -> None:
        """As ``hide``, for the data of a large answer."""
        data = response.data
        if data:
            formatters = [enabled.formatter for enabled in self._enabled.values()]
            with contextlib.suppress(InvalidRequest):
                response.hidden = await beside(
                    lambda: dict(formatter.hide_answer(data, subject) for formatter in formatters)
                )

    async def begin(self, request: AuditRequest) -> Pending:
        """Write a request's entry.

        Raises ``Failed`` if there are devices and all refuse it, ``Unavailable`` if none takes it in time: then the
        request must not be handled.
        """
        pending = self.hold(request)
        waiting = self._write_request(pending)
        if waiting is not None:
            await waiting
        return pending

    def hold(self, request: AuditRequest) -> Pending:
        """Defer the entry of a request that changes nothing until its outcome is known."""
        if self.headers.wanted:
            request.headers = self.headers.pick(request.sent_headers)
        pending = Pending(request, self._nanoseconds(), {})
        for path, enabled in self._enabled.items():
            pending.parts[path] = enabled.formatter.parts(request)
        return pending

    async def finish(self, pending: Pending, response: AuditResponse) -> None:
        """Write a request's outcome. Raises as ``begin``: then no answer may be sent."""
        waiting = self._finish(pending, response)
        if waiting is not None:
            await waiting

    def abandon(self, pending: Pending, response: AuditResponse) -> None:
        """Write the outcome of an aborted request, without waiting: there is no answer to hold back."""
        with contextlib.suppress(Fault):
            waiting = self._finish(pending, response)
            if waiting is not None:
                waiting.close()

    def offer(self, request: AuditRequest) -> Pending:
        """Write a request's entry without waiting, for one that is answered even if no device accepts it."""
        pending = self.hold(request)
        with contextlib.suppress(Fault):
            waiting = self._write_request(pending)
            if waiting is not None:
                waiting.close()
        return pending

    async def refuse(self, request: AuditRequest, response: AuditResponse) -> None:
        """Write the entries of a refused request. Raises as ``begin``."""
        await self.finish(self.hold(request), response)

    def _write_request(self, pending: Pending) -> Coroutine[Any, Any, None] | None:
        """Write the entry of a request that was held."""
        pending.held = False
        request, nanoseconds = pending.request, pending.nanoseconds
        written = [
            (
                enabled,
                enabled.formatter.request_line(pending.parts[path], request, nanoseconds),
                enabled.reserved in request.data,
            )
            for path, enabled in self._enabled.items()
        ]
        return self._write(written, AuditEntry.REQUEST)

    def _finish(self, pending: Pending, response: AuditResponse) -> Coroutine[Any, Any, None] | None:
        """Write the outcome, behind the entry of a request that is held. A device enabled meanwhile gets it alone."""
        now, request, held = self._nanoseconds(), pending.request, pending.held
        answered = response.data or ()
        written = []
        for path, enabled in self._enabled.items():
            formatter, parts = enabled.formatter, pending.parts.get(path)
            if parts is None:
                lines = formatter.response_line(formatter.parts(request), request, response, now)
            else:
                lines = formatter.response_line(parts, request, response, now)
                if held:
                    began = pending.nanoseconds
                    if enabled.monotonic and now - began > _HELD_NANOSECONDS:
                        began = now
                    lines = formatter.request_line(parts, request, began) + lines
            written.append((enabled, lines, enabled.reserved in request.data or enabled.reserved in answered))
        return self._write(written, AuditEntry.REQUEST if held else AuditEntry.RESPONSE)

    def _write(
        self, entries: Sequence[tuple[EnabledDevice, bytes, bool]], first: AuditEntry
    ) -> Coroutine[Any, Any, None] | None:
        """Give each device its lines; one that accepts them is enough, unless one is required.

        With the lines comes whether their data have the member that is reserved for the device. The returned awaitable
        waits for the devices. ``first`` is the first of the entries in these lines; the caller's error depends on it.
        """
        taken = overfull = refused = False
        waiting: dict[Outcome, EnabledDevice] | None = None
        required: Outcome | None = None
        for enabled, lines, reserved in entries:
            try:
                outcome = enabled.writer.write(lines, reserved)
            except Exception as error:  # noqa: BLE001 - a device may come from anywhere, and must not take others with it
                enabled.refused(error)
                overfull = overfull or isinstance(error, QueueFull)
                refused = refused or enabled.required
                continue
            if outcome is not None:
                waiting = {outcome: enabled, **(waiting or {})}
                if enabled.required:
                    required = outcome
                continue
            taken = True
            if enabled.failing:
                enabled.recovered()
        if refused:
            taken, waiting = False, None
        if required is not None and waiting:
            # With it, one has accepted the lines.
            return self._one(required, waiting[required], first)
        if waiting and not taken:
            return self._first(waiting, first) if len(waiting) > 1 else self._one(*waiting.popitem(), first)
        if taken or not entries:
            return None
        self._meter.unaudited(first)
        raise Unavailable(_NOT_TAKEN[first]) if overfull else _refused()

    async def _one(self, outcome: Outcome, enabled: EnabledDevice, first: AuditEntry) -> None:
        """As ``_first`` for one device, for a third of the cost: with durable entries every request waits here."""
        timer = asyncio.get_running_loop().call_later(WAIT_SECONDS, _give_up, outcome)
        try:
            error = await outcome
        finally:
            timer.cancel()
        if error is None:
            return
        self._meter.unaudited(first)
        if error is _TOO_LATE:
            enabled.hang(WAIT_SECONDS)
            raise Unavailable(_NOT_TAKEN[first])
        raise _refused()

    async def _first(self, waiting: Mapping[Outcome, EnabledDevice], first: AuditEntry) -> None:
        """Wait until one of the devices accepts its lines. Raises ``Unavailable`` if none does in time."""
        end = asyncio.get_running_loop().time() + WAIT_SECONDS
        left = set(waiting)
        while left:
            seconds = end - asyncio.get_running_loop().time()
            done, left = await asyncio.wait(left, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if any(outcome.result() is None for outcome in done):
                return
            if not done:
                for outcome in left:
                    waiting[outcome].hang(WAIT_SECONDS)
                self._meter.unaudited(first)
                raise Unavailable(_NOT_TAKEN[first])
        self._meter.unaudited(first)
        raise _refused()


def _give_up(outcome: Outcome) -> None:
    if not outcome.done():
        outcome.set_result(_TOO_LATE)


def _refused() -> Failed:
    """The fault when every device has refused, in OpenBao's words."""
    return Failed("internal error", wrapped=False)
