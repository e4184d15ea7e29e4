"""Per-process request metrics, exported as Prometheus text or Vault JSON.

Counting costs each request three additions to numbers of its process. Once a second, and for every query, they are
copied to the process's row of shared memory (see ``server.runtime.shared_counters``); so any process can answer with
the sum of all. All else is computed per query: ``prometheus_client`` formats the metrics, and adds the system's metrics
of the process.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from server.runtime.shared_counters import SharedRows
from server.runtime.version import VERSION

BOUNDS_MICROSECONDS = (
    50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 10_000_000
)  # fmt: skip
"""The upper bounds of the histogram of request durations, in seconds."""

_IN_FLIGHT, _BUGS, _VIOLATIONS, _NANOSECONDS, _BUCKETS = range(5)
_LOWEST_STATUS, _HIGHEST_STATUS = 100, 599
_STATUSES = _BUCKETS + len(BOUNDS_MICROSECONDS) + 1
COLUMNS = _STATUSES + _HIGHEST_STATUS - _LOWEST_STATUS + 1

SHARE_SECONDS = 1.0
"""The interval, in seconds, at which a process publishes its counts."""

_BOUNDS = [bound * 1000 for bound in BOUNDS_MICROSECONDS]


class Meter:
    """Counts requests; ``own`` is this process's row of ``table``, and counting continues from its numbers."""

    def __init__(self, table: SharedRows | None = None, own: int = 0) -> None:
        table = table or SharedRows(1, COLUMNS)
        if table.columns != COLUMNS:
            raise ValueError(f"a table of counts has {COLUMNS} columns")
        self._rows: Sequence[memoryview] = table.rows
        self._row = row = table.rows[own]
        row[_IN_FLIGHT] = 0  # The requests of an earlier process in this slot ended with it.
        self.bugs = row[_BUGS]
        """Unexpected exceptions."""

        self.violations = row[_VIOLATIONS]
        """Requests that a quota has turned away."""

        self._nanoseconds = row[_NANOSECONDS]
        self._buckets = list(row[_BUCKETS:_STATUSES])
        self._statuses = [0] * _LOWEST_STATUS + list(row[_STATUSES:])

    def finished(self, status: int, nanoseconds: int) -> None:
        """Count a request that was answered with ``status`` after this time."""
        self._nanoseconds += nanoseconds
        self._statuses[status] += 1
        self._buckets[bisect_left(_BOUNDS, nanoseconds)] += 1

    def share(self, in_flight: int) -> None:
        """Publish the counts to the other processes; ``in_flight`` requests are being handled."""
        self._row[_IN_FLIGHT] = in_flight
        self._copy()

    def _copy(self) -> None:
        row = self._row
        row[_BUGS], row[_VIOLATIONS], row[_NANOSECONDS] = self.bugs, self.violations, self._nanoseconds
        for bucket, number in enumerate(self._buckets, _BUCKETS):
            row[bucket] = number
        for column, number in enumerate(self._statuses[_LOWEST_STATUS:], _STATUSES):
            if number:
                row[column] = number

    def counts(self, in_flight: int) -> Counts:
        """The counts of all processes, as published; ``in_flight`` as in ``share``."""
        self._copy()
        return Counts(
            processes=len(self._rows),
            in_flight=self._total(_IN_FLIGHT) - self._row[_IN_FLIGHT] + in_flight,
            statuses={
                status: total
                for column, status in enumerate(range(_LOWEST_STATUS, _HIGHEST_STATUS + 1), _STATUSES)
                if (total := self._total(column))
            },
            buckets=tuple(self._total(column) for column in range(_BUCKETS, _STATUSES)),
            nanoseconds=self._total(_NANOSECONDS),
            bugs=self._total(_BUGS),
            violations=self._total(_VIOLATIONS),
        )

    def _total(self, column: int) -> int:
        return sum(row[column] for row in self._rows)


@dataclass(frozen=True, slots=True)
class Counts:
    """The sums over all processes. ``buckets`` aren't cumulative; the last has no bound."""

    processes: int
    in_flight: int
    statuses: dict[int, int]
    buckets: tuple[int, ...]
    nanoseconds: int
    bugs: int
    violations: int


@dataclass(frozen=True, slots=True)
class Gauges:
    """Current values. The second half is absent while the server is sealed."""

    unsealed: bool
    cluster: str = ""
    mounts: tuple[tuple[str, int], ...] = ()
    """The number of mounts of type ``auth`` and ``logical``."""

    encryptions: int = 0
    """The number of encryptions of the barrier's newest key."""

    certificate_ends: Mapping[str, float] = field(default_factory=dict)
    """The earliest end of each TLS listener's certificates, in seconds since the epoch; also while sealed."""


def prometheus_text(counts: Counts, gauges: Gauges) -> bytes:
    """All metrics in Prometheus' text form, version 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(list(_families(counts, gauges))))
    if counts.processes == 1:
        # With several, each scrape would see a different one.
        ProcessCollector(registry=registry)
    return generate_latest(registry)


def json_data(counts: Counts, gauges: Gauges, now: float) -> dict[str, Any]:
    """All metrics in the form of Vault's in-memory sink; totals since the start, not of an interval."""
    data: dict[str, Any] = {
        "Timestamp": datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%d %H:%M:%S +0000 UTC"),
        "Gauges": [],
        "Points": [],
        "Counters": [],
        "Samples": [],
    }
    for family in _families(counts, gauges):
        if family.type == "gauge":
            data["Gauges"] += [
                {"Name": _dotted(sample.name), "Value": sample.value, "Labels": sample.labels}
                for sample in family.samples
            ]
        elif family.type == "counter":
            data["Counters"] += [
                {"Name": _dotted(family.name), "Count": sample.value, "Sum": sample.value, "Labels": sample.labels}
                for sample in family.samples
            ]
        elif family.type == "summary":
            values = {sample.name.removeprefix(family.name): sample.value for sample in family.samples}
            count, total = values["_count"], values["_sum"]
            mean = total / count if count else 0.0
            data["Samples"].append(
                {"Name": _dotted(family.name), "Count": count, "Sum": total, "Mean": mean, "Labels": {}}
            )
    return data


class _Families(Collector):
    """Yields precomputed metric families."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _families(counts: Counts, gauges: Gauges) -> Iterator[Metric]:
    """All metrics of ours. Those that Vault has too bear its names and units."""
    yield GaugeMetricFamily("vault_core_unsealed", "Whether the server is unsealed.", value=gauges.unsealed)
    yield GaugeMetricFamily("vault_core_active", "Whether the server answers requests itself.", value=gauges.unsealed)
    yield GaugeMetricFamily(
        "vault_core_in_flight_requests", "Requests that are being answered.", value=counts.in_flight
    )
    requests = sum(counts.statuses.values())
    yield SummaryMetricFamily(
        "vault_core_handle_request",
        "How long requests took, in milliseconds.",
        count_value=requests,
        sum_value=counts.nanoseconds / 1e6,
    )
    yield CounterMetricFamily(
        "cryptoserve_rate_limited", "Requests that a quota has turned away.", value=counts.violations
    )
    mounts = GaugeMetricFamily("vault_core_mount_table_num_entries", "Mounts.", labels=("type",))
    for kind, number in gauges.mounts:
        mounts.add_metric((kind,), number)
    yield mounts
    yield GaugeMetricFamily(
        "cryptoserve_barrier_encryptions", "How often the barrier's newest key has encrypted.", value=gauges.encryptions
    )
    answers = CounterMetricFamily("cryptoserve_requests", "Requests by the status of their answers.", labels=("code",))
    for status, number in counts.statuses.items():
        answers.add_metric((str(status),), number)
    yield answers
    yield _histogram(counts)
    yield CounterMetricFamily("cryptoserve_bugs", "Requests that ended in an unexpected exception.", value=counts.bugs)
    ends = GaugeMetricFamily(
        "cryptoserve_certificate_expiry_timestamp_seconds",
        "When the first of a listener's certificates ends, in seconds since the epoch.",
        labels=("listener",),
    )
    for listener, end in gauges.certificate_ends.items():
        ends.add_metric((listener,), end)
    yield ends
    yield GaugeMetricFamily("cryptoserve_workers", "Processes that serve.", value=counts.processes)
    build = GaugeMetricFamily("cryptoserve_build_info", "Which version runs.", labels=("version",))
    build.add_metric((VERSION,), 1)
    yield build


def _histogram(counts: Counts) -> Metric:
    buckets = []
    total = 0
    for bound, number in zip((*BOUNDS_MICROSECONDS, None), counts.buckets, strict=True):
        total += number
        buckets.append(("+Inf" if bound is None else repr(bound / 1e6), total))
    return HistogramMetricFamily(
        "cryptoserve_request_duration_seconds",
        "How long requests took.",
        buckets=buckets,
        sum_value=counts.nanoseconds / 1e9,
    )


def _dotted(name: str) -> str:
    """``vault_core_handle_request`` as ``vault.core.handle_request``; for our own, only the first word is separated."""
    return ".".join(name.split("_", 2 if name.startswith("vault_") else 1))
