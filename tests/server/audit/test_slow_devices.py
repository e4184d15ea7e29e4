"""Audit devices that are slow or hang: the requests that wait, that are refused, and what is counted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from engines.faults import Failed, InvalidRequest, Unavailable
from server.audit import broker as brokers
from server.audit import enabled
from server.audit.devices.base import DeviceFault
from server.runtime.meter import AuditEntry, Meter
from tests.server.audit.audit_fixture import (
    ANSWER,
    GateDevice,
    Held,
    ListDevice,
    request,
    run,
    types,
)


@pytest.fixture
def gates(made: list[ListDevice]) -> Iterator[Gates]:
    """The gate devices that the test has had made; they are open at its end."""
    gates = Gates(made)
    yield gates
    gates.open()


class Gates:
    """Devices that hang until they are told."""

    def __init__(self, made: list[ListDevice]) -> None:
        self._made = made

    @property
    def devices(self) -> list[GateDevice]:
        return [device for device in self._made if isinstance(device, GateDevice)]

    def open(self) -> None:
        for device in self.devices:
            device.gate.set()

    def shut(self) -> None:
        for device in self.devices:
            device.gate.clear()


async def begun(*tasks: asyncio.Task[Any]) -> None:
    """Give ``tasks`` the time to come to where they wait."""
    for _ in range(20):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)


@pytest.mark.parametrize("together", [False, True])
async def test_a_request_waits_for_a_slow_device(held: Held, gates: Gates, together: bool) -> None:
    broker = await held.broker()
    await broker.enable("a", "gate")
    gates.shut()
    tasks = [asyncio.create_task(run(broker, together=together)) for _ in range(3)]
    await begun(*tasks)
    gates.open()
    await asyncio.gather(*tasks)
    written = types(gates.devices[0].calls)
    assert written == ([["request", "response"]] * 3 if together else [["request"]] * 3 + [["response"]] * 3)


async def test_a_request_waits_for_the_first_device_alone(held: Held, gates: Gates, made: list[ListDevice]) -> None:
    broker = await held.broker()
    await broker.enable("slow", "gate")
    await broker.enable("quick", "list")
    gates.shut()
    for _ in range(3):
        await run(broker)
    slow, quick = made
    assert types(slow.calls) == []
    gates.open()
    await broker.close()
    assert types(slow.calls) == types(quick.calls) == [["request"], ["response"]] * 3


async def test_no_device_in_time_is_no_request(
    held: Held, gates: Gates, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broker = await held.broker()
    await broker.enable("a", "gate")
    gates.shut()
    monkeypatch.setattr(brokers, "WAIT_SECONDS", 0.01)
    with pytest.raises(Unavailable, match="so the request was not handled"):
        await broker.begin(request())
    with pytest.raises(Unavailable, match="so the request was not handled"):
        await broker.refuse(request(), ANSWER)
    gates.open()
    monkeypatch.undo()
    pending = await broker.begin(request())
    gates.shut()
    monkeypatch.setattr(brokers, "WAIT_SECONDS", 0.01)
    with pytest.raises(Unavailable, match="the request was handled, but"):
        await broker.finish(pending, ANSWER)
    gates.open()
    monkeypatch.undo()
    await run(broker)
    assert (
        caplog.messages
        == [
            "audit device a/ takes no entries: one has waited for 0.01 seconds",
            "audit device a/ takes entries again; it has missed 0",
        ]
        * 2
    )
    # What was given up has left its entry all the same.
    assert types(gates.devices[0].calls)[:3] == [["request"], ["request", "response"], ["request"]]


async def test_requests_beyond_those_that_may_wait_are_refused_at_once(
    held: Held, gates: Gates, caplog: pytest.LogCaptureFixture
) -> None:
    broker = await held.broker(max_waiting=5)
    await broker.enable("a", "gate")
    gates.shut()
    tasks = [asyncio.create_task(run(broker, together=True)) for _ in range(5)]
    await begun(*tasks)
    for _ in range(3):
        with pytest.raises(Unavailable, match="no audit device takes entries at present"):
            await run(broker)
    gates.open()
    await asyncio.gather(*tasks)
    await run(broker)
    assert caplog.messages == [
        "audit device a/ takes no entries: 5 entries wait for it",
        "audit device a/ takes entries again; it has missed 3",
    ]


async def test_a_slow_device_that_fails_in_the_end_fails_the_request(held: Held, gates: Gates) -> None:
    broker = await held.broker()
    await broker.enable("a", "gate")
    gates.shut()
    waiting = asyncio.create_task(run(broker))
    await begun(waiting)
    gates.devices[0].failing = True
    gates.open()
    with pytest.raises(Failed, match="internal error"):
        await waiting


async def test_a_request_that_is_cut_off_leaves_its_entry(held: Held, gates: Gates) -> None:
    broker = await held.broker()
    await broker.enable("a", "gate")
    pending = await broker.begin(request())
    gates.shut()
    waiting = asyncio.create_task(run(broker))
    await begun(waiting)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    broker.abandon(pending, ANSWER)
    gates.open()
    await broker.close()
    assert types(gates.devices[0].calls) == [["request"], ["request"], ["response"]]


async def test_a_device_that_hangs_can_neither_be_enabled_nor_hold_up_others(
    held: Held, gates: Gates, monkeypatch: pytest.MonkeyPatch, made: list[ListDevice]
) -> None:
    monkeypatch.setattr(enabled, "OPEN_SECONDS", 0.01)
    broker = await held.broker()
    stuck = threading.Event()
    monkeypatch.setattr(ListDevice, "open", lambda device: stuck.wait(10))
    with pytest.raises(InvalidRequest, match=r"it has not answered within 0\.01 seconds"):
        await broker.enable("a", "gate")
    assert broker.devices() == {}
    stuck.set()


async def test_closing_does_not_wait_for_a_device_that_hangs(
    held: Held, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enabled, "CLOSE_SECONDS", 0.01)
    broker = await held.broker()
    await broker.enable("a", "gate")
    gates.shut()
    waiting = asyncio.create_task(run(broker, together=True))
    await begun(waiting)
    await broker.close()
    gates.open()
    await waiting
    assert types(gates.devices[0].calls) == [["request", "response"]]


async def test_what_a_device_has_not_taken_is_counted_by_device_and_in_all(held: Held, made: list[ListDevice]) -> None:
    meter = Meter()
    broker = await held.broker(meter=meter)
    await broker.enable("good", "list")
    await broker.enable("bad", "list")
    made[1].failing = True
    await run(broker)
    counts = meter.counts(0)
    assert (dict(counts.devices), set(counts.unaudited.values())) == ({("bad/",): 2}, {0})
    made[0].failing = True
    for together in (False, True):
        with pytest.raises(Failed):
            await run(broker, together=together)
    made[0].failing = False
    pending = await broker.begin(request())
    made[0].failing = True
    with pytest.raises(Failed):
        await broker.finish(pending, ANSWER)
    counts = meter.counts(0)
    assert counts.unaudited == {AuditEntry.REQUEST: 2, AuditEntry.RESPONSE: 1}
    assert counts.devices == {("bad/",): 6, ("good/",): 3}


async def test_failures_in_a_devices_thread_and_waits_in_vain_are_counted(
    held: Held, made: list[ListDevice], monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = Meter()
    broker = await held.broker(meter=meter)
    await broker.enable("slow", "gate")
    device = made[0]
    assert isinstance(device, GateDevice)
    device.failing = True
    with pytest.raises(Failed):
        await run(broker)
    assert meter.counts(0).unaudited[AuditEntry.REQUEST] == 1
    assert meter.counts(0).devices == {("slow/",): 1}
    device.failing = False
    device.gate.clear()
    monkeypatch.setattr(brokers, "WAIT_SECONDS", 0.05)
    with pytest.raises(Unavailable):
        await run(broker)
    assert meter.counts(0).unaudited[AuditEntry.REQUEST] == 2
    assert meter.counts(0).devices == {("slow/",): 1}, "the device may take it yet"
    device.gate.set()


async def test_an_offered_entry_is_written_without_waiting_and_a_check_waits_for_it(
    held: Held, made: list[ListDevice]
) -> None:
    broker = await held.broker()
    await broker.enable("slow", "gate")
    device = made[0]
    assert isinstance(device, GateDevice)
    check = broker.checks()["slow/"]
    device.gate.clear()
    pending = broker.offer(request())
    waiting = [asyncio.create_task(check()) for _ in range(3)]
    await asyncio.sleep(0.05)
    assert not any(task.done() for task in waiting)
    device.gate.set()
    await asyncio.gather(*waiting)
    broker.abandon(pending, ANSWER)
    await check()
    assert types(device.calls) == [["request"], ["response"]]
    device.failing = True
    broker.offer(request())
    with pytest.raises(DeviceFault, match="told to fail"):
        await check()
    device.failing = False
    broker.offer(request())
    await check()


async def test_an_offered_entry_that_every_device_refuses_is_no_fault(held: Held, made: list[ListDevice]) -> None:
    broker = await held.broker()
    await broker.enable("a", "list")
    made[0].failing = True
    broker.abandon(broker.offer(request()), ANSWER)
    with pytest.raises(DeviceFault, match="told to fail"):
        await broker.checks()["a/"]()
