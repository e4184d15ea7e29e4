"""The main table as Markdown: what is read in the terminal is what stands in the documentation."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks import machine
from benchmarks.compare import Comparison, Figures, Plan
from benchmarks.load import CONNECTIONS
from benchmarks.table import Table
from benchmarks.workloads.base import Transport

MEGABYTE = 1024 * 1024
NONE = "–"  # noqa: RUF001 - a dash in a table's cell

_SERVERS = "each durable, with one file audit device: a worker for each core on SQLite; OpenBao on raft"
_SUBJECT, _ANCHOR = "cryptoserve", "openbao"


def render(table: Table, activity: machine.Activity) -> str:
    """All sections, without a heading above them."""
    measured = [row for row in table.comparisons if not row.skipped]
    parts = [
        *facts(activity, table.plan),
        "",
        "### Requests per second",
        "",
        *_throughput(measured),
        "",
        "*Ratio* is the median of the rounds' ratios. *Empty handler* is uvicorn, for HTTP/2 hypercorn,",
        "with a handler that does nothing, and as many workers. *OpenSSL* is the cryptography",
        "alone, called in one process on one core; of SLH-DSA, which Python's library lacks, as `openssl speed` has",
        "it. *Durable* means that each answer waits until the disk has what was written.",
        "",
        "### Latency and server time",
        "",
        *_latency(measured),
        "",
        "A ratio of p99 below 1 is in favour of cryptoserve. *Server time* is the processor time that the server",
        "itself used for a request. Unlike requests per second it doesn't contain the load generator, which takes",
        f"about {_generator_microseconds(measured):.0f} us of the same cores for a single request, nor what else the",
        "machine was doing. Its ratio is the anchor's by the subject's.",
        *_counting(table.counting),
        *_housekeeping(table),
        *_skipped(table.comparisons),
        *_failures([*measured, *table.counting]),
    ]
    return "\n".join(parts) + "\n"


def facts(activity: machine.Activity, plan: Plan, servers: str = _SERVERS) -> list[str]:
    """The machine, the versions and the settings as a table, and a warning if the machine was busy."""
    rows = [
        *machine.describe(),
        ("Servers", servers),
        ("Load", f"{CONNECTIONS} connections with keep-alive on loopback, one request under way on each"),
        ("Rounds", f"{plan.rounds} of {plan.seconds:g} s for each server in turn; figures are medians"),
        ("Before the run", str(activity)),
    ]
    lines = ["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)]
    return [*lines, "", f"**{activity.warning}**"] if activity.warning else lines


def _throughput(rows: Sequence[Comparison]) -> list[str]:
    header = f"| Request | {_SUBJECT} | {_ANCHOR} | ratio | smallest to largest | empty handler | OpenSSL, one core |"
    lines = [header, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for row in rows:
        ratios = row.ratios
        cells = [
            row.workload.what,
            f"{statistics.median(row.subject.per_second):,.0f}",
            f"{statistics.median(row.anchor.per_second):,.0f}" if ratios else NONE,
            f"**{statistics.median(ratios):.2f}**" if ratios else NONE,
            f"{min(ratios):.2f} to {max(ratios):.2f}" if ratios else NONE,
            f"{row.empty_per_second:,.0f}",
            NONE if row.openssl_per_second is None else f"{row.openssl_per_second:,.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _latency(rows: Sequence[Comparison]) -> list[str]:
    columns = [f"{name} {what}" for name in (_SUBJECT, _ANCHOR) for what in ("p50, ms", "p99, ms", "server time, us")]
    columns += ["p99, ratio", "server time, ratio"]
    lines = [f"| Request | {' | '.join(columns)} |", "| --- |" + " ---: |" * len(columns)]
    for row in rows:
        tail, used = NONE, NONE
        if row.tail_ratios:
            tail = f"**{statistics.median(row.tail_ratios):.2f}**"
            theirs, ours = (statistics.median(figures.processor_seconds) for figures in (row.anchor, row.subject))
            # The clock of processor time ticks a hundred times a second, which a short run may not see at all.
            used = f"{theirs / ours:.2f}" if ours else NONE
        lines.append(f"| {row.workload.what} | {_times(row.subject)} | {_times(row.anchor)} | {tail} | {used} |")
    return lines


def _counting(rows: Sequence[Comparison]) -> list[str]:
    """What counting the use of keys costs: two servers of ours in turns, with ``inventory_use`` and without."""
    if not any(row.ratios for row in rows):
        return []
    columns = ["counted", "not counted", "ratio", "smallest to largest"]
    columns += [f"{word} {what}" for what in ("p99, ms", "server time, us") for word in ("counted", "not counted")]
    lines = [
        "",
        "### Counting of use",
        "",
        f"| Request | {' | '.join(columns)} |",
        "| --- |" + " ---: |" * len(columns),
    ]
    for row in rows:
        both = (row.subject, row.anchor)
        rates = (f"{statistics.median(figures.per_second):,.0f}" for figures in both)
        tails = (f"{statistics.median(figures.tail_seconds) * 1e3:.2f}" for figures in both)
        used = (f"{statistics.median(figures.processor_seconds) * 1e6:,.1f}" for figures in both)
        spread = f"{min(row.ratios):.2f} to {max(row.ratios):.2f}"
        cells = (row.workload.what, *rates, f"**{statistics.median(row.ratios):.2f}**", spread, *tails, *used)
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, "", "Both servers are cryptoserve, with `inventory_use = true` and `false`, and take turns."]


def _times(figures: Figures) -> str:
    if not figures.per_second:
        return f"{NONE} | {NONE} | {NONE}"
    middle = statistics.median(figures.median_seconds) * 1e3
    tail = statistics.median(figures.tail_seconds) * 1e3
    used = statistics.median(figures.processor_seconds) * 1e6
    return f"{middle:.2f} | {tail:.2f} | {used:,.0f}"


def _generator_microseconds(rows: Sequence[Comparison]) -> float:
    single = [
        row.generator_seconds for row in rows if row.workload.items == 1 and row.workload.transport is Transport.HTTP
    ]
    return statistics.median(single or [row.generator_seconds for row in rows] or [0.0]) * 1e6


def _housekeeping(table: Table) -> list[str]:
    if not table.housekeeping:
        return []
    lines = [
        "",
        "### Memory and start",
        "",
        "| Server | idle, MiB | after the load, MiB | answers, s | serves, s |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for server in table.housekeeping:
        idle, loaded = server.idle_bytes / MEGABYTE, server.loaded_bytes / MEGABYTE
        times = f"{server.answer_seconds:.2f} | {server.serve_seconds:.2f}"
        lines.append(f"| {server.name} | {idle:.0f} | {loaded:.0f} | {times} |")
    if table.populated is not None:
        held = table.populated
        memory, seconds = f"{held.idle_bytes / MEGABYTE:.0f}", f"{held.serve_seconds:.2f}"
        lines.append(f"| {_SUBJECT} with {held.sizes} | {memory} | {NONE} | {NONE} | {seconds} |")
    return [
        *lines,
        "",
        "Memory is the proportional set size of all processes of a server. *Answers* is the time from starting the",
        "process until it answers, sealed; *serves* until it is unsealed and has encrypted with a stored key.",
    ]


def _skipped(rows: Sequence[Comparison]) -> list[str]:
    reasons = [(row.workload.what, row.skipped) for row in rows if row.skipped]
    reasons += [(f"{row.workload.what} by {_ANCHOR}", row.anchor_skipped) for row in rows if row.anchor_skipped]
    lines = [f"- {what}: {reason}" for what, reason in reasons]
    return ["", "Not measured:", "", *lines] if lines else []


def _failures(rows: Sequence[Comparison]) -> list[str]:
    lines = [
        f"- {row.workload.name}, {name}: {count} x {failure}"
        for row in rows
        for name, figures in ((_SUBJECT, row.subject), (_ANCHOR, row.anchor))
        for failure, count in figures.failures.items()
    ]
    return ["", "**Failed requests, not counted above:**", "", *lines] if lines else []
