"""The comparison itself: both servers run side by side and take turns, so that what disturbs one disturbs the other.

A round measures one workload on one server and at once on the other; the next round starts with the other. The ratio
is taken within each round, and what is reported is the median of the rounds' ratios with its spread.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks import transports
from benchmarks.limits import handler, openssl
from benchmarks.workloads.base import NotOffered, Target, Task, Workload
from tests.support import processes
from tests.support.products import ServerFailed
from tests.support.servers import Server

_WARM_SHARE = 0.25
_OPENSSL_SHARE = 0.25

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """The duration of a measurement."""

    rounds: int
    seconds: float


@dataclass(slots=True)
class Figures:
    """The results of one server with one workload, a value for each round."""

    per_second: list[float] = field(default_factory=list)
    median_seconds: list[float] = field(default_factory=list)
    tail_seconds: list[float] = field(default_factory=list)
    """The latency that 99 of 100 requests stayed within."""
    processor_seconds: list[float] = field(default_factory=list)
    """Processor time of the server for each request: what remains if the load generator takes none."""
    failures: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Comparison:
    """One row of the table."""

    workload: Workload
    subject: Figures = field(default_factory=Figures)
    anchor: Figures = field(default_factory=Figures)
    """Empty where OpenBao doesn't have this."""
    empty_per_second: float = 0.0
    openssl_per_second: float | None = None
    """How many requests one core could serve if there were nothing to do but the cryptography."""
    generator_seconds: float = 0.0
    """What the load generator costs for each request, in processor time."""
    skipped: str = ""
    """Why nothing was measured."""
    broken: bool = False
    """Whether that is because a server failed, rather than because it doesn't offer this."""
    anchor_skipped: str = ""
    """Why OpenBao wasn't, though it was expected to have this."""

    @property
    def ratios(self) -> list[float]:
        """Subject's requests per second by the anchor's, round by round."""
        return _ratios(self.subject.per_second, self.anchor.per_second)

    @property
    def tail_ratios(self) -> list[float]:
        """Subject's p99 by the anchor's, round by round."""
        return _ratios(self.subject.tail_seconds, self.anchor.tail_seconds)


def _ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    return [mine / other if other else 0.0 for mine, other in zip(ours, theirs, strict=True)] if theirs else []


def compare(
    subject: Server, anchor: Server, workloads: Sequence[Workload], plan: Plan, progress: Progress
) -> list[Comparison]:
    """Measure every workload on each server, and its limits beside them."""
    # One process serves by itself; of several, one supervises.
    workers = max(1, len(subject.workers))
    with ExitStack() as stack:
        empty = {
            transport: stack.enter_context(handler.empty_server(workers, transport, subject.tls))
            for transport in {workload.transport for workload in workloads}
        }
        return [
            _compare_one(subject, anchor, empty[workload.transport], workload, plan, progress) for workload in workloads
        ]


def _compare_one(
    subject: Server, anchor: Server, empty: Target, workload: Workload, plan: Plan, progress: Progress
) -> Comparison:
    comparison = Comparison(workload, skipped=transports.missing(workload.transport))
    try:
        if not comparison.skipped:
            _measure_row(subject, anchor, empty, comparison, plan)
    except NotOffered as fault:
        comparison.skipped = str(fault)
    except (ServerFailed, OSError) as fault:
        # The other rows took their time, and aren't thrown away for this one.
        comparison.skipped, comparison.broken = str(fault).partition("\n")[0] or type(fault).__name__, True
    if comparison.skipped:
        progress(f"{workload.name}: skipped: {comparison.skipped}")
    elif comparison.ratios:
        progress(f"{workload.name}: {statistics.median(comparison.ratios):.2f} times as many")
    else:
        progress(f"{workload.name}: {statistics.median(comparison.subject.per_second):,.0f} a second")
    return comparison


def _measure_row(subject: Server, anchor: Server, empty: Target, comparison: Comparison, plan: Plan) -> None:
    workload = comparison.workload
    task = workload.prepare(subject)
    # The anchor's answer is only looked at; the subject's also tells the empty handler how much to send.
    answer_bytes = workload.answer_bytes(subject, task)
    turns = [(subject, task, comparison.subject)]
    if workload.anchored:
        try:
            anchor_task = workload.prepare(anchor)
            workload.answer_bytes(anchor, anchor_task)
            turns.append((anchor, anchor_task, comparison.anchor))
        except NotOffered as fault:
            comparison.anchor_skipped = str(fault)
    for number in range(plan.rounds):
        for server, sent, figures in turns if number % 2 == 0 else reversed(turns):
            _measure(server, workload, sent, plan.seconds, figures)
    idle = handler.empty_handler(empty, workload.transport, task, answer_bytes, plan.seconds)
    comparison.empty_per_second = idle.per_second
    comparison.generator_seconds = idle.processor_seconds / max(1, len(idle.latencies_seconds))
    if workload.operation is not None:
        rate = openssl.per_second(workload.operation, plan.seconds * _OPENSSL_SHARE)
        comparison.openssl_per_second = None if rate is None else rate / workload.items


def _measure(server: Server, workload: Workload, task: Task, seconds: float, figures: Figures) -> None:
    target = Target.of(server)
    transports.measure(target, workload.transport, task, seconds * _WARM_SHARE, workload.connections)
    used = processes.processor_seconds(server.group)
    done = transports.measure(target, workload.transport, task, seconds, workload.connections)
    used = processes.processor_seconds(server.group) - used
    figures.per_second.append(done.per_second)
    figures.median_seconds.append(done.quantile_seconds(0.5))
    figures.tail_seconds.append(done.quantile_seconds(0.99))
    figures.processor_seconds.append(used / max(1, len(done.latencies_seconds)))
    for failure, count in done.failures.items():
        figures.failures[failure] = figures.failures.get(failure, 0) + count
