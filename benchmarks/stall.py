"""Effect of a few slow signatures on other requests: the tail of encrypting, idle and while others sign.

A server that signs where it also answers lets all its other requests wait for each signature. So a few connections
encrypt, and the tail of their latencies is taken twice in turn: alone, and while four others sign as fast as they can.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import load, machine
from benchmarks.compare import Plan, Progress
from benchmarks.housekeeping import set_up
from benchmarks.output.report import NONE, facts
from benchmarks.workloads.base import NotOffered, Target
from benchmarks.workloads.transit import encrypting, signing
from engines.algorithms.registry import ALGORITHMS
from tests.support.products import HOST, Product
from tests.support.servers import Server

ENCRYPTING = 12
SIGNING = 4

_WARM_SHARE = 0.25
_SLOW_SET = "128s"


@dataclass(slots=True)
class Tails:
    """The results of one server while one type of key signed, a value for each round."""

    server: str
    key_type: str
    quiet_seconds: list[float] = field(default_factory=list)
    """p99 of encrypting alone."""
    disturbed_seconds: list[float] = field(default_factory=list)
    """p99 of encrypting while others sign."""
    quiet_per_second: list[float] = field(default_factory=list)
    disturbed_per_second: list[float] = field(default_factory=list)
    signed_per_second: list[float] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)
    skipped: str = ""

    @property
    def growth(self) -> list[float]:
        """How many times longer the tail became, round by round."""
        pairs = zip(self.quiet_seconds, self.disturbed_seconds, strict=True)
        return [disturbed / quiet if quiet else 0.0 for quiet, disturbed in pairs]


def slow_types() -> list[str]:
    """The types of key whose signatures take long: large RSA, and hash-based ones."""
    return ["rsa-4096", next(name for name in ALGORITHMS if _SLOW_SET in name)]


def measure_stalls(directory: Path, key_types: Sequence[str], plan: Plan, progress: Progress) -> list[Tails]:
    """Both servers in turn, for each type of key."""
    measured: list[Tails] = []
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(product, directory / product.value)) for product in Product]
        for server in servers:
            set_up(server)
        for key_type in key_types:
            for server in servers:
                tails = Tails(server.product.value, key_type)
                try:
                    _measure(server, tails, plan)
                except NotOffered as fault:
                    tails.skipped = str(fault)
                growth = (
                    f"{statistics.median(tails.growth):.1f} times the quiet tail" if tails.growth else tails.skipped
                )
                progress(f"{key_type}, {tails.server}: {growth}")
                measured.append(tails)
    return measured


def _measure(server: Server, tails: Tails, plan: Plan) -> None:
    target = Target.of(server)
    encrypt = load.Stream(encrypting()(server).requests(target), ENCRYPTING)
    sign = load.Stream(signing(tails.key_type)(server).requests(target), SIGNING)
    load.run_together(HOST, server.port, [encrypt, sign], plan.seconds * _WARM_SHARE)
    for _ in range(plan.rounds):
        quiet = load.run_together(HOST, server.port, [encrypt], plan.seconds)[0]
        disturbed, signed = load.run_together(HOST, server.port, [encrypt, sign], plan.seconds)
        tails.quiet_seconds.append(quiet.quantile_seconds(0.99))
        tails.disturbed_seconds.append(disturbed.quantile_seconds(0.99))
        tails.quiet_per_second.append(quiet.per_second)
        tails.disturbed_per_second.append(disturbed.per_second)
        tails.signed_per_second.append(signed.per_second)
        for done in (quiet, disturbed, signed):
            for failure, count in done.failures.items():
                tails.failures[failure] = tails.failures.get(failure, 0) + count


def render(measured: Sequence[Tails], activity: machine.Activity, plan: Plan) -> str:
    """Markdown."""
    columns = "quiet p99, ms | p99 while signing, ms | times | encryptions/s, quiet | while signing | signatures/s"
    lines = [*facts(activity, plan), "", f"| Key, server | {columns} |", "| --- |" + " ---: |" * 6]
    for tails in measured:
        cells = [f"{tails.key_type}, {tails.server}", *_cells(tails)]
        lines.append(f"| {' | '.join(cells)} |")
    notes = [f"- {tails.key_type}, {tails.server}: {tails.skipped}" for tails in measured if tails.skipped]
    notes += [
        f"- {tails.key_type}, {tails.server}: {count} x {failure}, not counted"
        for tails in measured
        for failure, count in tails.failures.items()
    ]
    return "\n".join([*lines, *(["", *notes] if notes else [])]) + "\n"


def _cells(tails: Tails) -> list[str]:
    if not tails.quiet_seconds:
        return [NONE] * 6
    quiet, disturbed = (statistics.median(seconds) * 1e3 for seconds in (tails.quiet_seconds, tails.disturbed_seconds))
    rates = (tails.quiet_per_second, tails.disturbed_per_second, tails.signed_per_second)
    growth = f"**{statistics.median(tails.growth):.1f}**"
    return [f"{quiet:.2f}", f"{disturbed:.2f}", growth, *(f"{statistics.median(rate):,.0f}" for rate in rates)]
