"""The comparison itself: both servers run side by side and take turns, so that what disturbs one disturbs the other.

A round measures one workload on one server and at once on the other; the next round starts with the other. The ratio
is taken within each round, and what is reported is the median of the rounds' ratios with its spread.
"""

from __future__ import annotations

import base64
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import limits, load
from benchmarks.workloads import Task, Workload
from tests import processes
from tests.products import HOST, Product
from tests.servers import Server

_STARTS = 3
_WARM_SHARE = 0.25
_OPENSSL_SECONDS = 0.5

Progress = Callable[[str], None]


@dataclass(slots=True)
class Figures:
    """What one server did with one workload, a value for each round."""

    per_second: list[float] = field(default_factory=list)
    median_seconds: list[float] = field(default_factory=list)
    tail_seconds: list[float] = field(default_factory=list)
    """The latency that 99 of 100 requests stayed within."""
    processor_seconds: list[float] = field(default_factory=list)
    """Processor time of the server for each request: what remains if the load generator takes none."""
    failures: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Comparison:
    """One line of the table."""

    workload: Workload
    subject: Figures = field(default_factory=Figures)
    anchor: Figures = field(default_factory=Figures)
    empty_per_second: float = 0.0
    openssl_per_second: float = 0.0
    generator_seconds: float = 0.0
    """What the load generator costs for each request, in processor time."""

    @property
    def ratios(self) -> list[float]:
        """Subject's requests per second by the anchor's, round by round."""
        pairs = zip(self.subject.per_second, self.anchor.per_second, strict=True)
        return [ours / theirs if theirs else 0.0 for ours, theirs in pairs]


@dataclass(slots=True)
class Housekeeping:
    """What a server costs besides: all medians of a few starts."""

    name: str
    answer_seconds: float
    """From starting the process until it answers, sealed."""
    serve_seconds: float
    """From starting the process until it has unsealed and encrypted."""
    idle_bytes: int
    """Memory after the last start."""
    loaded_bytes: int = 0
    """Memory after all the load."""


def prepare(server: Server) -> Housekeeping:
    """Set up a started, durable server with a transit engine, and see how fast it comes back with what it stored."""
    server.initialize()
    server.unseal()
    server.request("POST", "sys/mounts/transit", {"type": "transit"}).data()
    body = {"plaintext": base64.b64encode(b"first").decode()}
    server.request("POST", "transit/encrypt/first", body).data()
    answers: list[float] = []
    serves: list[float] = []
    for _ in range(_STARTS):
        server.stop()
        started = time.perf_counter()
        server.start()
        answers.append(time.perf_counter() - started)
        server.unseal()
        server.request("POST", "transit/encrypt/first", body).data()
        serves.append(time.perf_counter() - started)
    idle = processes.memory_bytes(server.group)
    return Housekeeping(server.product.value, statistics.median(answers), statistics.median(serves), idle)


def compare(
    subject: Server, anchor: Server, workloads: Sequence[Workload], rounds: int, seconds: float, progress: Progress
) -> list[Comparison]:
    """Measure every workload in ``rounds`` rounds of ``seconds`` for each server, and the limits beside them."""
    comparisons: list[Comparison] = []
    # One process serves by itself; of several, one supervises.
    workers = max(1, len(processes.members(subject.group)) - 1)
    with limits.empty_server(workers) as empty_port:
        for workload in workloads:
            comparison = Comparison(workload)
            tasks = {id(server): workload.prepare(server) for server in (subject, anchor)}
            # The anchor's answer is only looked at; the subject's also tells the empty handler how much to send.
            workload.answer_bytes(anchor, tasks[id(anchor)])
            answer_bytes = workload.answer_bytes(subject, tasks[id(subject)])
            for number in range(rounds):
                turns = [(subject, comparison.subject), (anchor, comparison.anchor)]
                for server, figures in turns if number % 2 == 0 else reversed(turns):
                    _measure(server, tasks[id(server)], seconds, figures)
            empty = limits.empty_handler(empty_port, tasks[id(subject)], answer_bytes, seconds)
            comparison.empty_per_second = empty.per_second
            comparison.generator_seconds = empty.processor_seconds / max(1, len(empty.latencies_seconds))
            comparison.openssl_per_second = limits.openssl_per_second(workload.name, _OPENSSL_SECONDS)
            progress(f"{workload.name}: {statistics.median(comparison.ratios):.2f}")
            comparisons.append(comparison)
    return comparisons


def _measure(server: Server, task: Task, seconds: float, figures: Figures) -> None:
    requests = task.requests(server)
    load.run(HOST, server.port, requests, seconds * _WARM_SHARE)
    used = processes.processor_seconds(server.group)
    done = load.run(HOST, server.port, requests, seconds)
    used = processes.processor_seconds(server.group) - used
    figures.per_second.append(done.per_second)
    figures.median_seconds.append(done.quantile_seconds(0.5))
    figures.tail_seconds.append(done.quantile_seconds(0.99))
    figures.processor_seconds.append(used / max(1, len(done.latencies_seconds)))
    for failure, count in done.failures.items():
        figures.failures[failure] = figures.failures.get(failure, 0) + count


def servers(subject: Product, directory: Path) -> tuple[Server, Server]:
    """The two servers to compare, not yet started, each with durable storage and one file audit device."""
    return Server(subject, directory / "subject"), Server(Product.OPENBAO, directory / "anchor")
