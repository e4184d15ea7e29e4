"""``sys/metrics``: the server's metrics; see ``server.runtime.metrics``."""

from __future__ import annotations

from engines.base import Body, Call, Raw, Reply
from server.audit.ledger.device.pace import Pace, pace_of
from server.core.unsealed import Unsealed
from server.runtime.metrics import Gauges, LedgerGauges, json_data, prometheus_text
from server.system.state import System

_JSON, _PROMETHEUS = "", "prometheus"
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class MetricsBody(Body):
    """The format of the metrics."""

    format: str = ""

    tells = {
        "format": "`prometheus`; empty for JSON.",
    }


async def read_metrics(system: System, call: Call, body: MetricsBody) -> Reply:
    """Show the metrics: for Prometheus if ``format`` says so, else in JSON."""
    core = system.core
    counts = core.runtime.meter.counts(len(core.runtime.in_flight))
    gauges = await _gauges(system)
    if body.format == _PROMETHEUS:
        return Reply(raw=Raw(_TEXT, prometheus_text(counts, gauges)))
    if body.format == _JSON:
        return Reply(json_data(counts, gauges, call.now))
    quoted = body.format.encode("unicode_escape").decode().replace('"', '\\"')
    return Reply(status=400, raw=Raw("text/plain", f'metric response format "{quoted}" unknown'.encode()))


async def _gauges(system: System) -> Gauges:
    unsealed = system.core.unsealed
    ends = {
        shown.listener: shown.ends.timestamp() for shown in system.core.runtime.certificates if shown.ends is not None
    }
    if unsealed is None:
        return Gauges(unsealed=False, certificate_ends=ends)
    kinds = {"auth": 0, "logical": 0}
    for tenant in unsealed.tenants.now:  # Opening all others, to count their mounts, would cost too much.
        for entry in await tenant.mounts.entries():
            kinds["auth" if entry.is_auth else "logical"] += 1
    return Gauges(
        unsealed=True,
        cluster=unsealed.cluster.name,
        mounts=tuple(kinds.items()),
        encryptions=(await system.core.runtime.barrier.key_status()).encryptions,
        certificate_ends=ends,
        ledger=_ledger(unsealed),
    )


def _ledger(unsealed: Unsealed) -> LedgerGauges | None:
    device = unsealed.audit.ledger.device
    pace: Pace | None = None if device is None else pace_of(device.directory)
    if pace is None:
        return None
    return LedgerGauges(pace.size, pace.lag_seconds, pace.checkpoint_seconds, pace.errors, pace.quorum_missing_seconds)
