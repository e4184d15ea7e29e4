"""Concerns of the overview: conditions that need an operator's attention, from the seal and the metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.console.render import age, count, day

_MAX_LAG_SECONDS = 60.0
_EXPIRY_SECONDS = 30 * 86_400.0
"""How long before its end a certificate is a concern, as at a start of the server."""


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing to look at; a ``grave`` one costs requests, records or the service itself."""

    text: str
    grave: bool = True


def concerns_of(seal: Mapping[str, Any], metrics: Mapping[str, Any], now: float) -> Sequence[Concern]:
    """What isn't well at ``now`` (seconds since the epoch), the gravest first."""
    found = [Concern("The server is sealed, and answers nothing.")] if seal.get("sealed") else []
    found += _of_counters(metrics.get("Counters") or [])
    found += _of_gauges(metrics.get("Gauges") or [], now)
    return sorted(found, key=lambda concern: not concern.grave)


def _of_counters(counters: Sequence[Mapping[str, Any]]) -> Iterator[Concern]:
    for counter in counters:
        number = counter["Sum"]
        if not number:
            continue
        match counter["Name"]:
            case "cryptoserve.bugs":
                yield Concern(
                    f"Since the start, {count(number)} requests have ended in an unexpected error; see the log."
                )
            case "cryptoserve.audit_device_failures":
                device = counter["Labels"].get("device", "")
                yield Concern(f"The audit device {device} has refused {count(number)} writes since the start.")
            case "cryptoserve.audit_ledger_errors":
                yield Concern(
                    f"Signing the audit ledger has failed {count(number)} times since the start; see the log."
                )


def _of_gauges(gauges: Sequence[Mapping[str, Any]], now: float) -> Iterator[Concern]:
    for gauge in gauges:
        value = gauge["Value"]
        match gauge["Name"]:
            case "cryptoserve.audit_ledger_lag_seconds" if value > _MAX_LAG_SECONDS:
                yield Concern(f"Entries of the audit ledger have waited for a signature for {age(value)}.")
            case "cryptoserve.audit_ledger_quorum_missing_seconds" if value > _MAX_LAG_SECONDS:
                yield Concern(f"The witnesses haven't signed the audit ledger for {age(value)}.", grave=False)
            case "cryptoserve.certificate_expiry_timestamp_seconds" if value - now < _EXPIRY_SECONDS:
                place = " ".join(str(text) for text in gauge["Labels"].values())
                ends = "has ended" if value < now else f"ends on {day(value)}"
                yield Concern(f"The certificate of {place} {ends}.", grave=value < now)
