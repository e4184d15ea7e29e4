"""Steps of the wall clock, and processes that are silent or have another time."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from server.config import load_config
from server.processes.worker_loop import Member
from server.runtime import clocks
from server.runtime.clocks import ClockFault, ClockWatch
from server.runtime.meter import Meter, MeterTables
from server.service import open_service
from tests.support.places import MovableClock


class Clocks:
    """A wall clock and a monotonic one that go together until one is moved."""

    def __init__(self) -> None:
        self.wall = MovableClock()
        self.monotonic = MovableClock(100.0)
        self.watch = ClockWatch(self.wall, Meter(), self.monotonic)

    def advance(self, seconds: float, adjusted: float = 0.0) -> None:
        self.wall.advance(seconds + adjusted)
        self.monotonic.advance(seconds)


@pytest.mark.parametrize(("step", "said"), [(30.0, "set forward by 30 s"), (-30.0, "set back by 30 s")])
async def test_a_step_is_told_for_ten_minutes(step: float, said: str) -> None:
    both = Clocks()
    both.advance(10)
    await both.watch.check_wall()
    both.wall.advance(step)
    with pytest.raises(ClockFault, match=said):
        await both.watch.check_wall()
    both.advance(clocks.RECENT_SECONDS - 1)
    with pytest.raises(ClockFault, match="noticed 599 s ago"):
        await both.watch.check_wall()
    both.advance(2)
    await both.watch.check_wall()


async def test_gradual_adjustment_is_no_step() -> None:
    both = Clocks()
    for _ in range(100):
        both.advance(3600, adjusted=1.8)
        await both.watch.check_wall()
    both.advance(3600, adjusted=6.0)
    with pytest.raises(ClockFault):
        await both.watch.check_wall()


async def test_other_processes_have_to_be_heard_of_and_to_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = MeterTables(2)
    first, second = Meter(tables, 0), Meter(tables, 1)
    watch = ClockWatch(time.time, first)
    with pytest.raises(ClockFault, match="process 1 has not published its counts yet"):
        await watch.check_processes()
    second.share(0)
    await watch.check_processes()
    monkeypatch.setattr(clocks, "SILENT_SECONDS", 0.0)
    with pytest.raises(ClockFault, match="process 1 has published nothing for"):
        await watch.check_processes()
    monkeypatch.undo()
    present = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: present + 5 * 10**9)
    second.share(0)
    with pytest.raises(ClockFault, match=r"process 1 has a wall clock that differs by [45]\.\d s"):
        await watch.check_processes()


async def test_a_process_alone_agrees_with_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "SILENT_SECONDS", 0.0)
    await ClockWatch(time.time, Meter()).check_processes()


async def test_a_process_publishes_from_its_start_on(tmp_path: Path) -> None:
    file = tmp_path / "config.hcl"
    storage = f'storage "sqlite" {{\n  path = "{tmp_path}/c.db"\n}}\n'
    file.write_text(f'{storage}listener "tcp" {{\n  address = "127.0.0.1:0"\n  tls_disable = true\n}}\n')
    tables = MeterTables(2)
    service = await open_service(load_config([str(file)], {}), Member(meter=Meter(tables, 1)))
    await asyncio.sleep(0)
    await ClockWatch(time.time, Meter(tables, 0)).check_processes()
    await service.close()
