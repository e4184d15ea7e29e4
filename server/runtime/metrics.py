"""The metrics of the server, as Prometheus text or Vault's JSON, computed per query.

``server.runtime.meter`` counts; ``prometheus_client`` formats the metrics, and adds the system's metrics of the
process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
    UnknownMetricFamily,
)
from prometheus_client.registry import Collector

from server.runtime.meter import BOUNDS_MICROSECONDS, AuditEntry, Counts
from server.runtime.named_counts import Name
from server.runtime.version import VERSION

_UNAUDITED = {
    AuditEntry.REQUEST: "vault_audit_log_request_failure",
    AuditEntry.RESPONSE: "vault_audit_log_response_failure",
}
_CREATION = "vault_token_creation"
_VAULT_COUNTERS = (*_UNAUDITED.values(), _CREATION)
"""Counters that Vault has too, and that don't end in ``_total`` there."""


@dataclass(frozen=True, slots=True)
class LedgerGauges:
    """Current values of the audit ledger."""

    entries: int
    """The entries under a checkpoint."""

    lag_seconds: float
    """The age of the oldest entry that may not be under a checkpoint; 0 if all are."""

    checkpoint_seconds: float | None
    """The age of the newest checkpoint; None before the first."""

    errors: int
    """The failures of the integrator since the directory was made."""

    quorum_missing_seconds: float
    """The time for which the quorum of witnesses has been missing; 0 if it isn't, or none is asked for."""


@dataclass(frozen=True, slots=True)
class Gauges:
    """Current values. The second half is absent while the server is sealed."""

    unsealed: bool
    cluster: str = ""
    mounts: tuple[tuple[str, int], ...] = ()
    """The number of mounts of type ``auth`` and ``logical``."""

    encryptions: int = 0
    """The number of encryptions of the barrier's newest key."""

    ledger: LedgerGauges | None = None
    """None where no audit ledger is enabled."""

    certificate_ends: Mapping[str, float] = field(default_factory=dict)
    """The earliest end of each TLS listener's certificates, in seconds since the epoch; also while sealed."""


def prometheus_text(counts: Counts, gauges: Gauges) -> bytes:
    """All metrics in Prometheus' text form, version 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(list(_families(counts, gauges))))
    if counts.processes == 1:
        # With several, each scrape would see a different one.
        ProcessCollector(registry=registry)
    text = generate_latest(registry)
    for name in _VAULT_COUNTERS:  # The library would rename them.
        text = text.replace(b"# TYPE %b untyped\n" % name.encode(), b"# TYPE %b counter\n" % name.encode())
    return text


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
        elif family.type in ("counter", "unknown"):
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
    yield from _stored(counts, gauges)
    yield _labelled(
        CounterMetricFamily("cryptoserve_mount_requests", "Requests by mount.", labels=("namespace", "mount_point")),
        _with_namespaces(counts.mounts),
    )
    yield _labelled(
        CounterMetricFamily(
            "cryptoserve_audit_device_failures", "Writes that an audit device refused.", labels=("device",)
        ),
        counts.devices,
    )
    for entry, name in _UNAUDITED.items():
        yield UnknownMetricFamily(
            name, f"Audit entries of {entry.name.lower()}s that no device accepted.", value=counts.unaudited[entry]
        )
    if gauges.ledger is not None:
        yield from _ledger(gauges.ledger)
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


def _ledger(ledger: LedgerGauges) -> Iterator[Metric]:
    """How far the audit ledger's entries are signed."""
    yield CounterMetricFamily(
        "cryptoserve_audit_ledger_entries", "Entries of the audit ledger under a checkpoint.", value=ledger.entries
    )
    yield GaugeMetricFamily(
        "cryptoserve_audit_ledger_lag_seconds",
        "Age of the oldest entry that may not be under a checkpoint.",
        value=ledger.lag_seconds,
    )
    age = GaugeMetricFamily("cryptoserve_audit_ledger_checkpoint_age_seconds", "Age of the newest checkpoint.")
    if ledger.checkpoint_seconds is not None:
        age.add_metric((), ledger.checkpoint_seconds)
    yield age
    yield CounterMetricFamily(
        "cryptoserve_audit_ledger_errors", "Failures to integrate or sign the audit ledger.", value=ledger.errors
    )
    yield GaugeMetricFamily(
        "cryptoserve_audit_ledger_quorum_missing_seconds",
        "For how long the quorum of witnesses has been missing.",
        value=ledger.quorum_missing_seconds,
    )


def _stored(counts: Counts, gauges: Gauges) -> Iterator[Metric]:
    """The numbers of tokens and leases that exist (unless the server is sealed), and that were created."""
    tokens = GaugeMetricFamily("vault_token_count", "Service tokens that are stored, in all namespaces.")
    leases = GaugeMetricFamily("vault_expire_num_leases", "Leases, in all namespaces.")
    if gauges.unsealed and counts.stored is not None:
        for family, number in zip((tokens, leases), counts.stored, strict=True):
            family.add_metric((), number)
    yield tokens
    yield leases
    yield _labelled(
        UnknownMetricFamily(_CREATION, "Tokens that were made.", labels=("namespace", "token_type", "creation_ttl")),
        _with_namespaces(counts.tokens_created),
    )


def _labelled(family: CounterMetricFamily | UnknownMetricFamily, numbers: Mapping[Name, int]) -> Metric:
    for name, number in numbers.items():
        family.add_metric(name, number)
    return family


def _with_namespaces(numbers: Mapping[Name, int]) -> dict[Name, int]:
    """``numbers`` by names that begin with a namespace, as OpenBao's labels name that."""
    return {(namespace.rstrip("/") or "root", *rest): number for (namespace, *rest), number in numbers.items()}


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
