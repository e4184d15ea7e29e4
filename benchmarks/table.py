"""The main table: the rows of all transports, and beside them memory and the time to start.

What goes over TLS is measured on a second pair of servers, after the first pair has ended, so that no more than two
servers and what is measured share the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.compare import Comparison, Plan, Progress, compare
from benchmarks.growth import population
from benchmarks.housekeeping import Housekeeping, restart, set_up
from benchmarks.workloads.base import Transport, Workload
from tests.support import processes
from tests.support.certificates import issue
from tests.support.products import Product, Tls
from tests.support.servers import Server

_COUNTED = frozenset({"encrypt"})
"""The rows that are measured with and without counting the use of keys."""


@dataclass(slots=True)
class Table:
    """All that one run has measured."""

    plan: Plan
    comparisons: list[Comparison] = field(default_factory=list)
    housekeeping: list[Housekeeping] = field(default_factory=list)
    """Subject and anchor; empty if no row over plain HTTP was chosen."""
    populated: population.PopulatedStart | None = None
    counting: list[Comparison] = field(default_factory=list)
    """A server that counts the use of keys, and as the anchor one that doesn't."""

    @property
    def failed(self) -> bool:
        """Whether a server has refused what it should have answered."""
        rows = (*self.comparisons, *self.counting)
        return any(row.broken or row.subject.failures or row.anchor.failures for row in rows)


def measure_table(
    subject: Product,
    directory: Path,
    workloads: Sequence[Workload],
    plan: Plan,
    held: population.Sizes,
    progress: Progress,
) -> Table:
    """Measure ``workloads``, and, unless they are all over TLS, memory and start with nothing and with ``held``."""
    table = Table(plan)
    plain = [row for row in workloads if row.transport is Transport.HTTP]
    secure = [row for row in workloads if row.transport is not Transport.HTTP]
    if plain:
        _measure_pair(table, subject, directory / "plain", plain, None, progress)
        # Only ours can be filled from within; OpenBao would have to be asked for each of its keys and tokens.
        if subject is Product.CRYPTOSERVE and held.total:
            progress(f"filling a store with {held}")
            table.populated = population.start_populated(directory / "populated", held, plan.rounds)
        counted = [row for row in plain if row.name in _COUNTED]
        if subject is Product.CRYPTOSERVE and counted:
            _measure_counting(table, directory / "counting", counted, progress)
    if secure:
        _measure_pair(table, subject, directory / "secure", secure, issue(directory), progress)
    return table


def _measure_pair(
    table: Table, subject: Product, directory: Path, rows: Sequence[Workload], tls: Tls | None, progress: Progress
) -> None:
    progress("starting both servers" + (" with TLS" if tls else ""))
    with ExitStack() as stack:
        ours = stack.enter_context(Server(subject, directory / "subject", tls=tls))
        anchor = stack.enter_context(Server(Product.OPENBAO, directory / "anchor", tls=tls))
        for server in (ours, anchor):
            set_up(server)
        if tls is None:
            table.housekeeping = [restart(server, table.plan.rounds) for server in (ours, anchor)]
        table.comparisons += compare(ours, anchor, rows, table.plan, progress)
        if tls is None:
            for about, server in zip(table.housekeeping, (ours, anchor), strict=True):
                about.loaded_bytes = processes.memory_bytes(server.group)


def _measure_counting(table: Table, directory: Path, rows: Sequence[Workload], progress: Progress) -> None:
    progress("starting two servers, one that counts the use of keys and one that doesn't")
    with ExitStack() as stack:
        counting, silent = (
            stack.enter_context(Server(Product.CRYPTOSERVE, directory / word, settings=f"inventory_use = {word}\n"))
            for word in ("true", "false")
        )
        for server in (counting, silent):
            set_up(server)
        table.counting = compare(counting, silent, rows, table.plan, progress)
