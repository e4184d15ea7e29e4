"""Workloads: one row of the table each, in files by subject."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.workloads import core, policies, pqc, tokens, transit
from benchmarks.workloads.base import UnknownName, Workload

WORKLOADS: tuple[Workload, ...] = (
    *transit.WORKLOADS,
    *core.WORKLOADS,
    *pqc.WORKLOADS,
    *tokens.WORKLOADS,
    *policies.WORKLOADS,
)
"""All rows, in the order of the table but for groups, which are kept together."""


def select(names: Iterable[str]) -> list[Workload]:
    """The rows with these names or of these groups, in the order of the table; all if ``names`` is empty.

    Raises ``UnknownName`` for one that is neither.
    """
    wanted = set(names)
    known = {workload.name for workload in WORKLOADS} | {workload.group for workload in WORKLOADS}
    if unknown := wanted - known:
        raise UnknownName(
            f"there is no row or group {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}"
        )
    chosen = [row for row in WORKLOADS if not wanted or row.name in wanted or row.group in wanted]
    order = list(dict.fromkeys(row.group for row in WORKLOADS))
    return sorted(chosen, key=lambda row: order.index(row.group))
