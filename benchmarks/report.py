"""The comparison as Markdown: what is read in the terminal is what stands in the documentation."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks import machine
from benchmarks.compare import Comparison, Figures, Housekeeping
from benchmarks.load import CONNECTIONS

_MEGABYTE = 1024 * 1024


def render(
    comparisons: Sequence[Comparison], subject: Housekeeping, anchor: Housekeeping, rounds: int, seconds: float
) -> str:
    """The whole page."""
    parts = [
        "# Benchmarks",
        "",
        "Made by `python -m benchmarks`: both servers run side by side on one machine and take turns. Each has durable",
        f"storage and one file audit device, and is asked by {CONNECTIONS} connections with keep-alive over plain HTTP",
        f"on loopback. Figures are medians of {rounds} rounds of {seconds:g} s; the ratio is the median of the rounds'",
        "ratios, with the smallest and the largest. Only complete answers with status 200 count.",
        "",
        *_facts(),
        "",
        "## Requests per second",
        "",
        *_throughput(comparisons, subject.name, anchor.name),
        "",
        "*Empty uvicorn* is the same HTTP server with a handler that does nothing, and as many workers.",
        "*OpenSSL* is the cryptography alone, called in one process on one core.",
        "",
        "## Latency and server time",
        "",
        *_latency(comparisons, subject.name, anchor.name),
        "",
        "*Server time* is the processor time that the server itself used for a request. Unlike requests per second it",
        "doesn't contain the load generator, which takes about",
        f"{_generator_microseconds(comparisons):.0f} us of the same cores for a single request, nor what else the",
        "machine was doing. Its ratio is the anchor's by the subject's.",
        "",
        "## Memory and start",
        "",
        *_housekeeping(subject, anchor),
        "",
        "Memory is the proportional set size of all processes of a server. *Answers* is the time from starting the",
        "process until it answers, sealed; *serves* until it is unsealed and has encrypted with a stored key.",
        *_failures(comparisons),
    ]
    return "\n".join(parts) + "\n"


def _facts() -> list[str]:
    return ["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in machine.describe())]


def _throughput(comparisons: Sequence[Comparison], subject: str, anchor: str) -> list[str]:
    header = f"| Request | {subject} | {anchor} | ratio | smallest to largest | empty uvicorn | OpenSSL, one core |"
    lines = [header, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for line in comparisons:
        ratios = line.ratios
        cells = [
            line.workload.what,
            f"{statistics.median(line.subject.per_second):,.0f}",
            f"{statistics.median(line.anchor.per_second):,.0f}",
            f"**{statistics.median(ratios):.2f}**",
            f"{min(ratios):.2f} to {max(ratios):.2f}",
            f"{line.empty_per_second:,.0f}",
            f"{line.openssl_per_second:,.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _latency(comparisons: Sequence[Comparison], subject: str, anchor: str) -> list[str]:
    columns = [f"{name} {what}" for name in (subject, anchor) for what in ("p50, ms", "p99, ms", "server time, us")]
    columns.append("server time, ratio")
    lines = [f"| Request | {' | '.join(columns)} |", "| --- |" + " ---: |" * len(columns)]
    for line in comparisons:
        theirs, ours = (statistics.median(figures.processor_seconds) for figures in (line.anchor, line.subject))
        ratio = f"{theirs / ours:.2f}" if ours else "-"
        lines.append(f"| {line.workload.what} | {_times(line.subject)} | {_times(line.anchor)} | {ratio} |")
    return lines


def _times(figures: Figures) -> str:
    middle = statistics.median(figures.median_seconds) * 1e3
    tail = statistics.median(figures.tail_seconds) * 1e3
    used = statistics.median(figures.processor_seconds) * 1e6
    return f"{middle:.2f} | {tail:.2f} | {used:,.0f}"


def _housekeeping(subject: Housekeeping, anchor: Housekeeping) -> list[str]:
    lines = [
        "| Server | idle, MiB | after the load, MiB | answers, s | serves, s |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for server in (subject, anchor):
        idle, loaded = server.idle_bytes / _MEGABYTE, server.loaded_bytes / _MEGABYTE
        times = f"{server.answer_seconds:.2f} | {server.serve_seconds:.2f}"
        lines.append(f"| {server.name} | {idle:.0f} | {loaded:.0f} | {times} |")
    return lines


def _generator_microseconds(comparisons: Sequence[Comparison]) -> float:
    single = [line.generator_seconds for line in comparisons if line.workload.items == 1]
    return statistics.median(single or [line.generator_seconds for line in comparisons]) * 1e6


def _failures(comparisons: Sequence[Comparison]) -> list[str]:
    lines = [
        f"- {line.workload.name}, {name}: {count} x {failure}"
        for line in comparisons
        for name, figures in (("subject", line.subject), ("anchor", line.anchor))
        for failure, count in figures.failures.items()
    ]
    return ["", "**Failed requests, not counted above:**", "", *lines] if lines else []
