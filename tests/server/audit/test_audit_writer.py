"""Slow devices: what waits for one, in which order and how much of it, and that nothing else does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from server.audit import writer as writers
from server.audit.devices.base import DeviceFault
from server.audit.writer import (
    GATHER_FROM,
    MAX_HANGING,
    MAX_WAITING_BYTES,
    SLOW_PERIOD_SECONDS,
    DeviceWriter,
    Outcome,
    QueueFull,
)
from tests.server.audit.audit_fixture import GateDevice


class QuickDevice(GateDevice):
    """Takes what it is given in place, while the gate is open; remembers the threads that wrote."""

    def __init__(self) -> None:
        super().__init__({})
        self.threads: list[threading.Thread] = []

    def write(self, lines: bytes) -> None:
        super().write(lines)
        self.threads.append(threading.current_thread())

    def write_immediately(self, lines: bytes) -> bool:
        if not self.gate.is_set():
            return False
        self.write(lines)
        return True


class Clock:
    """The clock by which writes are slow; the device's writes take ``seconds``."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(writers, "perf_counter", clock)
    return clock


@pytest.fixture(autouse=True)
def no_threads_left() -> Iterator[None]:
    writers._closing.clear()
    yield
    for thread in writers._closing:
        thread.join(10)
        assert not thread.is_alive()


def ignored(error: Exception | None) -> None:
    """The outcome of a write that the test doesn't look at."""


async def closed(writer: DeviceWriter, gate: threading.Event | None = None) -> None:
    if gate is not None:
        gate.set()
    outcome = writer.close()
    if outcome is not None:
        await outcome


def to_come(outcome: Outcome | None) -> Outcome:
    assert outcome is not None
    return outcome


async def test_a_quick_device_is_written_to_in_place() -> None:
    device = QuickDevice()
    writer = DeviceWriter(device, ignored)
    for number in range(3):
        assert writer.write(b"%d\n" % number) is None
    assert device.threads == [threading.current_thread()] * 3
    assert writer.close() is None  # There never was a thread.


async def test_what_waits_is_written_in_the_order_in_which_it_came() -> None:
    device = QuickDevice()
    writer = DeviceWriter(device, ignored)
    device.gate.clear()
    outcomes = [to_come(writer.write(b"%d\n" % number)) for number in range(50)]
    reopened = writer.call(device.reopen)
    device.gate.set()
    # The device could take it in place again, but there is something before it.
    outcomes.append(to_come(writer.write(b"50\n")))
    assert await asyncio.gather(*outcomes) == [None] * 51
    assert await reopened is None
    assert device.calls == [b"%d\n" % number for number in range(51)]
    assert writer.waiting == writer.waiting_bytes == 0
    assert writer.write(b"51\n") is None
    assert device.threads[-2:] == [writer._thread, threading.current_thread()]
    await closed(writer)


async def test_while_a_device_hangs_the_loop_goes_on() -> None:
    device = GateDevice({})
    writer = DeviceWriter(device, ignored)
    device.gate.clear()
    outcome = to_come(writer.write(b"x\n"))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not outcome.done()
    device.gate.set()
    assert await outcome is None
    await closed(writer)


async def test_so_many_writes_may_wait() -> None:
    device = GateDevice({})
    writer = DeviceWriter(device, ignored, most=3)
    device.gate.clear()
    outcomes = [to_come(writer.write(b"x\n")) for _ in range(3)]
    for _ in range(5):
        with pytest.raises(QueueFull):
            writer.write(b"y\n")
    device.gate.set()
    await asyncio.gather(*outcomes)
    assert await to_come(writer.write(b"z\n")) is None
    assert device.calls == [b"x\n"] * 3 + [b"z\n"]
    await closed(writer)


async def test_so_many_bytes_may_wait() -> None:
    device = GateDevice({})
    writer = DeviceWriter(device, ignored)
    device.gate.clear()
    large = bytes(MAX_WAITING_BYTES + 1)
    outcomes = [to_come(writer.write(large))]  # Alone, any is taken.
    with pytest.raises(QueueFull):
        writer.write(b"y\n")
    device.gate.set()
    await asyncio.gather(*outcomes)
    device.gate.clear()
    outcomes = [to_come(writer.write(large[: MAX_WAITING_BYTES // 4])) for _ in range(4)]
    with pytest.raises(QueueFull):
        writer.write(b"y\n")
    await closed(writer, device.gate)


async def test_outcomes_tell_what_went_wrong() -> None:
    device = GateDevice({"failing": "true"})
    noted: list[Exception | None] = []
    writer = DeviceWriter(device, noted.append)
    assert isinstance(await to_come(writer.write(b"x\n")), DeviceFault)
    device.failing = False
    assert await to_come(writer.write(b"x\n")) is None
    assert [type(error) for error in noted] == [DeviceFault, type(None)]
    await closed(writer)


async def test_who_no_longer_waits_takes_nothing_with_it() -> None:
    device = GateDevice({})
    writer = DeviceWriter(device, ignored)
    device.gate.clear()
    first, second = to_come(writer.write(b"1\n")), to_come(writer.write(b"2\n"))
    first.cancel()
    device.gate.set()
    assert await second is None
    assert device.calls == [b"1\n", b"2\n"]
    assert writer.waiting == 0
    await closed(writer)


async def test_a_slow_write_in_place_has_the_thread_do_the_next_ones(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = QuickDevice()
    writer = DeviceWriter(device, ignored)
    taken = device.write
    seconds = [0.2, 0.0, 0.2, 0.0, 0.0]

    def write(lines: bytes) -> None:
        taken(lines)
        clock.now += seconds.pop(0)

    monkeypatch.setattr(device, "write", write)
    here = threading.current_thread()
    assert writer.write(b"slow\n") is None
    assert await to_come(writer.write(b"quick\n")) is None
    clock.now += SLOW_PERIOD_SECONDS - 1
    assert await to_come(writer.write(b"slow\n")) is None
    clock.now += SLOW_PERIOD_SECONDS - 1  # Since the last slow one.
    assert await to_come(writer.write(b"quick\n")) is None
    clock.now += 1
    assert writer.write(b"in place\n") is None
    assert [thread is here for thread in device.threads] == [True, False, False, False, True]
    await closed(writer)


async def test_closing_waits_its_turn() -> None:
    device = GateDevice({})
    writer = DeviceWriter(device, ignored)
    await writer.call(device.open)
    device.gate.clear()
    written = to_come(writer.write(b"x\n"))
    outcome = to_come(writer.close())
    assert device.opened
    device.gate.set()
    await asyncio.gather(written, outcome)
    assert (device.calls, device.opened) == ([b"x\n"], False)


async def test_devices_that_hang_are_bounded() -> None:
    gate = threading.Event()
    for _ in range(MAX_HANGING):
        device = GateDevice({})
        device.gate = gate
        writer = DeviceWriter(device, ignored)
        writer.write(b"x\n")
        writer.close()
    another = GateDevice({})
    writer = DeviceWriter(another, ignored)
    with pytest.raises(DeviceFault, match=f"{MAX_HANGING} audit devices that were closed hang"):
        await writer.call(another.open)
    gate.set()
    for thread in writers._closing:
        thread.join(10)
    assert await writer.call(another.open) is None
    await closed(writer)


class SyncedDevice(QuickDevice):
    """A device whose lines are durable only after ``sync``; counts its calls."""

    syncs = True

    def __init__(self) -> None:
        super().__init__()
        self.syncings = 0

    def sync(self) -> None:
        self.syncings += 1


@pytest.mark.parametrize(("requests", "apart"), [(GATHER_FROM, True), (GATHER_FROM - 1, False)])
async def test_lines_are_made_durable_less_often_where_many_wait(
    requests: int, apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(writers, "GATHER_SECONDS", 3600.0)
    monkeypatch.setattr(asyncio, "sleep", pause)
    device = SyncedDevice()
    writer = DeviceWriter(device, ignored)

    async def ask() -> None:
        for number in range(2):
            outcome = writer.write(b"%d\n" % number)
            assert outcome is not None
            assert await outcome is None

    await asyncio.gather(*(ask() for _ in range(requests)))
    assert len(device.calls) == 2 * requests
    assert device.syncings == 2, "one call for all that wait"
    assert [seconds > 3500 for seconds in pauses] == [True] * apart
    await closed(writer)


async def test_lines_of_the_thread_are_made_durable_together_too() -> None:
    device = SyncedDevice()
    writer = DeviceWriter(device, lambda error: None)
    device.gate.clear()  # The next writes are the thread's.
    outcomes = [to_come(writer.write(b"%d\n" % number)) for number in range(20)]
    await asyncio.sleep(0.01)
    assert not any(outcome.done() for outcome in outcomes)
    device.gate.set()
    assert await asyncio.gather(*outcomes) == [None] * 20
    assert len(device.calls) == 20
    assert 1 <= device.syncings < 10
    assert to_come(writer.write(b"in place\n")) is not None
    assert device.threads[-1] is threading.current_thread(), "the thread isn't needed any more"
    await closed(writer)


async def test_a_line_that_the_thread_could_not_write_is_not_waited_for() -> None:
    fault = DeviceFault("full")

    class Full(SyncedDevice):
        def write(self, lines: bytes) -> None:
            raise fault

    device = Full()
    device.gate.clear()
    writer = DeviceWriter(device, ignored)
    assert await to_come(writer.write(b"first\n")) is fault
    assert device.syncings == 0
    await closed(writer, device.gate)
