"""An audit ledger beside a file device: rate, tail, lag and processor time, in one run and in turn.

Four servers of ours run side by side, which differ only in their audit device. A round asks each of them for the same:
as much as it can, with few connections and with many, and a fixed rate below what the server with a file can do. What
lags is what was written and isn't under a checkpoint yet.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import load, machine
from benchmarks.compare import Plan, Progress
from benchmarks.housekeeping import set_up
from benchmarks.output.report import NONE, facts
from benchmarks.workloads.base import Target
from benchmarks.workloads.transit import encrypting
from server.audit.ledger.device.directory import LedgerDirectory
from server.audit.ledger.device.pace import pace_of
from tests.support import processes
from tests.support.ledger_load import ORIGIN, integrators
from tests.support.products import HOST, Product, ServerFailed
from tests.support.servers import Server

MANY = 64
PART = 0.7
"""The fixed rate, as a part of what the server with a file device does."""

_SERVERS = "cryptoserve, durable, with one audit device each: a worker for each core on SQLite"
_WARM_SHARE = 0.25
_LOOK_SECONDS = 0.1
"""The interval at which lag is looked at: looking takes a processor from the load, which a file device isn't."""

_SETTLE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Device:
    """An audit device to measure, in HCL."""

    name: str
    options: str = ""
    """Further options of a ledger."""

    ledger: bool = True


FILE = Device("file", ledger=False)
PROCESS = Device("ledger")
POWER = Device("ledger, power", 'durability = "power"')
DEVICES = (FILE, PROCESS, POWER)


@dataclass(slots=True)
class Figures:
    """The results of one device, a value for each round."""

    device: Device
    per_second: list[float] = field(default_factory=list)
    many_per_second: list[float] = field(default_factory=list)
    tail_seconds: list[float] = field(default_factory=list)
    """p99 at the fixed rate."""

    reached: list[float] = field(default_factory=list)
    """The rate that the fixed one came to."""

    lag_seconds: list[float] = field(default_factory=list)
    """The longest lag at the fixed rate."""

    full_lag_seconds: list[float] = field(default_factory=list)
    """The longest lag while it did what it could."""

    server_seconds: list[float] = field(default_factory=list)
    """Processor time of all but the integrator, for each request."""

    integrator_seconds: list[float] = field(default_factory=list)
    """Processor time of the integrator, for each entry."""

    entry_bytes: float = 0.0
    failures: dict[str, int] = field(default_factory=dict)


class _Running:
    """A server with its device, and the requests for it."""

    def __init__(self, device: Device, server: Server, log: Path) -> None:
        self.figures = Figures(device)
        self.server = server
        self.log = log
        self._requests = encrypting()(server).requests(Target.of(server))

    def fill(self, plan: Plan) -> None:
        """Do what it can, with few connections and with many."""
        self._send(plan.seconds * _WARM_SHARE)
        entries, used, integrated = self._entries(), processes.processor_seconds(self.server.group), self._integrated()
        done, lag = self._watched(plan.seconds, load.CONNECTIONS, None)
        self._settle()
        count = len(done.latencies_seconds)
        integrated = self._integrated() - integrated
        used = processes.processor_seconds(self.server.group) - used - integrated
        self.figures.per_second.append(done.per_second)
        self.figures.full_lag_seconds.append(lag)
        self.figures.server_seconds.append(used / max(1, count))
        self.figures.integrator_seconds.append(integrated / max(1, self._entries() - entries))
        self._send(plan.seconds * _WARM_SHARE, MANY)
        self.figures.many_per_second.append(self._watched(plan.seconds, MANY, None)[0].per_second)
        self._settle()

    def send_fixed(self, plan: Plan, per_second: float) -> None:
        """Take a fixed rate."""
        self._send(plan.seconds * _WARM_SHARE, load.CONNECTIONS, per_second)
        done, lag = self._watched(plan.seconds, load.CONNECTIONS, per_second)
        self.figures.tail_seconds.append(done.quantile_seconds(0.99))
        self.figures.reached.append(done.per_second)
        self.figures.lag_seconds.append(lag)
        self._settle()

    def _send(self, seconds: float, connections: int = load.CONNECTIONS, per_second: float | None = None) -> load.Load:
        stream = load.Stream(self._requests, connections, per_second)
        done = load.run_together(HOST, self.server.port, [stream], seconds)[0]
        for failure, count in done.failures.items():
            self.figures.failures[failure] = self.figures.failures.get(failure, 0) + count
        return done

    def _watched(self, seconds: float, connections: int, per_second: float | None) -> tuple[load.Load, float]:
        """Send, and see how far the ledger lags meanwhile."""
        longest, ended = [0.0], threading.Event()

        def look() -> None:
            while not ended.wait(_LOOK_SECONDS):
                longest[0] = max(longest[0], self._lag())

        watcher = threading.Thread(target=look)
        if self.figures.device.ledger:
            watcher.start()
        try:
            done = self._send(seconds, connections, per_second)
        finally:
            ended.set()
            if self.figures.device.ledger:
                watcher.join()
        return done, longest[0]

    def _settle(self) -> None:
        """Wait until nothing lags, so that no device works while another is measured."""
        end = time.monotonic() + _SETTLE_SECONDS
        while self.figures.device.ledger and self._lag() > 0:
            if time.monotonic() > end:
                raise ServerFailed(f"{self.figures.device.name}: its ledger lags {self._lag():.1f} s behind")
            time.sleep(_LOOK_SECONDS)

    def _lag(self) -> float:
        pace = pace_of(LedgerDirectory(self.log))
        return 0.0 if pace is None else pace.lag_seconds

    def _entries(self) -> int:
        pace = pace_of(LedgerDirectory(self.log)) if self.figures.device.ledger else None
        return 0 if pace is None else pace.size

    def _integrated(self) -> float:
        return sum(processes.thread_seconds(process) for process in integrators(self.server))


def measure_ledgers(directory: Path, plan: Plan, progress: Progress) -> list[Figures]:
    """Each device in turn, in as many rounds as planned."""
    with ExitStack() as stack:
        running = []
        for number, device in enumerate(DEVICES):
            log = directory / f"{number}-log"
            text = _declared(device, log) if device.ledger else ""
            folder = directory / str(number)
            server = stack.enter_context(Server(Product.CRYPTOSERVE, folder, settings=text, audited=not device.ledger))
            set_up(server)
            running.append(_Running(device, server, log))
        for number in range(plan.rounds):
            turns = running[number % len(running) :] + running[: number % len(running)]
            for each in turns:
                each.fill(plan)
            rate = PART * running[0].figures.per_second[-1]
            for each in turns:
                each.send_fixed(plan, rate)
            progress(f"round {number + 1} of {plan.rounds}")
        for each in running:
            if each.figures.device.ledger:
                size = sum(path.stat().st_size for path in (each.log / "journal").iterdir())
                each.figures.entry_bytes = size / max(1, each._entries())
        return [each.figures for each in running]


def _declared(device: Device, log: Path) -> str:
    options = f'dir = "{log}"\n    origin = "{ORIGIN}"\n    {device.options}'
    return f'audit "ledger" "ledger" {{\n  options {{\n    {options}\n  }}\n}}\n'


def render(measured: Sequence[Figures], activity: machine.Activity, plan: Plan) -> str:
    """Markdown."""
    columns = (
        "requests/s | by the file's | with 64 connections | by the file's | server time, us | integrator, us an entry",
        f"p99 at {PART:.0%}, ms | more than the file's | longest lag at {PART:.0%}, s | when full, s",
    )
    file = measured[0]
    lines = [*facts(activity, plan, _SERVERS), "", f"| Device | {columns[0]} |", "| --- |" + " ---: |" * 6]
    for each in measured:
        own = each is file
        cells = [
            f"{statistics.median(each.per_second):,.0f}",
            NONE if own else _ratio(each.per_second, file.per_second),
            f"{statistics.median(each.many_per_second):,.0f}",
            NONE if own else _ratio(each.many_per_second, file.many_per_second),
            f"{statistics.median(each.server_seconds) * 1e6:.0f}",
            NONE if own else f"{statistics.median(each.integrator_seconds) * 1e6:.1f}",
        ]
        lines.append(f"| {each.device.name} | {' | '.join(cells)} |")
    lines += ["", f"| Device | {columns[1]} |", "| --- |" + " ---: |" * 4]
    for each in measured:
        own = each is file
        growth = [1e3 * (mine - other) for mine, other in zip(each.tail_seconds, file.tail_seconds, strict=True)]
        cells = [
            f"{statistics.median(each.tail_seconds) * 1e3:.2f}",
            NONE if own else f"**{statistics.median(growth):+.2f}**",
            NONE if own else f"{max(each.lag_seconds):.1f}",
            NONE if own else f"{max(each.full_lag_seconds):.1f}",
        ]
        lines.append(f"| {each.device.name} | {' | '.join(cells)} |")
    process, power = measured[1:3]
    lines += [
        "",
        f"An entry has {process.entry_bytes:,.0f} bytes in the journal, and a request two of them. With {MANY}",
        f"connections, `power` does {_ratio(power.many_per_second, process.many_per_second)} of what `process` does.",
        f"The rate of {PART:.0%} was {statistics.median(file.reached):,.0f} requests a second.",
    ]
    failures = [f"- {each.device.name}: {n} x {what}" for each in measured for what, n in each.failures.items()]
    return "\n".join([*lines, *(["", "**Failed requests:**", "", *failures] if failures else [])]) + "\n"


def _ratio(mine: Sequence[float], others: Sequence[float]) -> str:
    ratios = [one / other for one, other in zip(mine, others, strict=True) if other]
    return f"**{statistics.median(ratios):.2f}** ({min(ratios):.2f} to {max(ratios):.2f})" if ratios else NONE
