"""Growth curves: requests a second and memory over how much a server holds, and over the size of batches."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import load, machine
from benchmarks.compare import Plan, Progress
from benchmarks.growth.growing import Growing, filled, requests_over
from benchmarks.growth.population import Sizes
from benchmarks.housekeeping import set_up
from benchmarks.output.plots import Line, Panel, draw
from benchmarks.output.report import MEGABYTE, facts
from benchmarks.workloads.base import Target
from benchmarks.workloads.transit import encrypting_batches
from tests.support import processes
from tests.support.products import HOST, Product, ServerFailed
from tests.support.servers import Server

BATCHES = "batch"

ANCHOR_LIMIT = 10_000
"""Up to which size OpenBao is measured too: it takes what it holds one request at a time."""

_BATCH_VARIETY = 4
_LONGEST_WARM_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Kind:
    """One curve: what grows, and how large."""

    title: str
    size_label: str
    rate_label: str
    sizes: tuple[int, ...]
    holding: Callable[[int], Sizes] | None = None
    """What a server holds at a size; None where it is the requests that grow."""


KINDS: Mapping[str, Kind] = {
    "keys": Kind(
        "Encrypting with any of so many keys",
        "keys",
        "requests a second",
        (100, 1_000, 10_000, 100_000, 1_000_000),
        lambda size: Sizes(keys=size),
    ),
    "tokens": Kind(
        "Encrypting by any of so many tokens",
        "live tokens",
        "requests a second",
        (10, 1_000, 10_000, 100_000, 1_000_000),
        lambda size: Sizes(keys=1, tokens=size, policies=1),
    ),
    "policies": Kind(
        "Encrypting by tokens with a policy of their own each",
        "policies",
        "requests a second",
        (1, 10, 100, 1_000, 10_000),
        lambda size: Sizes(keys=1, tokens=size, policies=size),
    ),
    BATCHES: Kind("Encrypting in batches", "items of a batch", "items a second", (1, 10, 100, 1_000, 10_000)),
}


@dataclass(slots=True)
class Point:
    """One server at one size: a value for each round, and memory behind them."""

    server: str
    size: int
    per_second: list[float] = field(default_factory=list)
    tail_seconds: list[float] = field(default_factory=list)
    memory_bytes: int = 0
    failures: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Curve:
    """All points of one kind."""

    name: str
    points: list[Point] = field(default_factory=list)
    fault: str = ""
    """Why there are no more points, if a server failed."""


def measure_curves(
    directory: Path, sizes: Mapping[str, Sequence[int]], anchor_limit: int, plan: Plan, progress: Progress
) -> list[Curve]:
    """Measure the kinds that ``sizes`` names, at the sizes that it gives them, in ascending order."""
    curves: list[Curve] = []
    for name, chosen in sizes.items():
        folder = directory / name
        curve = Curve(name)
        curves.append(curve)
        source = _batches(folder, chosen, plan) if name == BATCHES else _held(folder, name, chosen, anchor_limit, plan)
        try:
            for point in source:
                progress(f"{name}, {point.size:,}, {point.server}: {statistics.median(point.per_second):,.0f} a second")
                curve.points.append(point)
        except (ServerFailed, OSError) as fault:
            # What was measured up to here took its time, and isn't thrown away.
            curve.fault = str(fault).partition("\n")[0] or type(fault).__name__
            progress(f"{name}: {curve.fault}")
    return curves


def _held(directory: Path, name: str, sizes: Sequence[int], anchor_limit: int, plan: Plan) -> Iterator[Point]:
    holding = KINDS[name].holding
    assert holding is not None, "all kinds but batches hold something"
    for size in sizes:
        folder = directory / f"{size}"
        with filled(folder, holding(size)) as (server, tokens):
            yield _measure(server, size, requests_over(server, holding(size), tokens), plan)
        shutil.rmtree(folder)
    growing = Growing(directory / "anchor")
    small = [size for size in sizes if size <= anchor_limit]
    if small:
        with growing.running():
            for size in small:
                growing.grow(holding(size))
                requests = requests_over(growing.server, holding(size), growing.tokens)
                yield _measure(growing.server, size, requests, plan)


def _batches(directory: Path, sizes: Sequence[int], plan: Plan) -> Iterator[Point]:
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(product, directory / product.value)) for product in Product]
        for server in servers:
            set_up(server)
        for size in sizes:
            for server in servers:
                requests = encrypting_batches(size, _BATCH_VARIETY)(server).requests(Target.of(server))
                yield _measure(server, size, requests, plan, items=size)


def _measure(server: Server, size: int, requests: load.Requests, plan: Plan, items: int = 1) -> Point:
    point = Point(server.product.value, size)
    # Six times, so that each of two workers has met nineteen things out of twenty.
    wanted, deadline = 6 * size // items, time.monotonic() + _LONGEST_WARM_SECONDS
    sent = 0
    while sent <= wanted and time.monotonic() < deadline:
        sent += max(1, len(load.run(HOST, server.port, requests, plan.seconds * 0.25).latencies_seconds))
    for _ in range(plan.rounds):
        done = load.run(HOST, server.port, requests, plan.seconds)
        point.per_second.append(done.per_second * items)
        point.tail_seconds.append(done.quantile_seconds(0.99))
        for failure, count in done.failures.items():
            point.failures[failure] = point.failures.get(failure, 0) + count
    point.memory_bytes = processes.memory_bytes(server.group)
    return point


def draw_curves(curves: Sequence[Curve], directory: Path) -> None:
    """A picture of each curve in ``directory``. Raises ``NoPlots``."""
    for curve in curves:
        kind = KINDS[curve.name]
        servers = list(dict.fromkeys(point.server for point in curve.points))
        rates, memory = [], []
        for server in servers:
            points = [point for point in curve.points if point.server == server]
            sizes = [point.size for point in points]
            rates.append(Line(server, sizes, [statistics.median(point.per_second) for point in points]))
            memory.append(Line(server, sizes, [point.memory_bytes / MEGABYTE for point in points]))
        panels = [Panel(kind.rate_label, rates), Panel("memory, MiB", memory)]
        draw(directory / picture_name(curve.name), kind.title, kind.size_label, panels)


def picture_name(name: str) -> str:
    """What the picture of a curve is called."""
    return f"growth-{name}.png"


def render(curves: Sequence[Curve], activity: machine.Activity, plan: Plan) -> str:
    """Markdown, with the pictures that ``draw_curves`` makes beside the page."""
    lines = facts(activity, plan)
    for curve in curves:
        kind = KINDS[curve.name]
        lines += ["", f"#### {kind.title}", "", f"![{kind.title}]({picture_name(curve.name)})", ""]
        lines += [f"| {kind.size_label} | server | {kind.rate_label} | p99, ms | memory, MiB |"]
        lines += ["| ---: | --- | ---: | ---: | ---: |", *map(_row, sorted(curve.points, key=lambda point: point.size))]
        lines += [
            f"\n**{point.server} at {point.size:,}: {count} x {failure}, not counted**"
            for point in curve.points
            for failure, count in point.failures.items()
        ]
        if curve.fault:
            lines += ["", f"**Ended early: {curve.fault}**"]
    return "\n".join(lines) + "\n"


def _row(point: Point) -> str:
    rate, tail = statistics.median(point.per_second), statistics.median(point.tail_seconds) * 1e3
    return f"| {point.size:,} | {point.server} | {rate:,.0f} | {tail:.2f} | {point.memory_bytes / MEGABYTE:.0f} |"
