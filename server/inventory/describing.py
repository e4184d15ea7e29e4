"""Rows of the inventory as shown in responses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from engines.crypto_policy.profiles.judging import utc_day
from engines.keys.counting.usage import describe_use
from engines.keys.counting.use_records import VersionUse
from server.inventory.rows import Row, describe_vulnerability, time_or_none
from server.inventory.verdicts import Judging, VerdictGroup, properties_of, verdicts_of

_UNUSED = VersionUse()


def describe_row(row: Row, at: float, profiles: Iterable[Judging], chosen: Judging | None = None) -> dict[str, Any]:
    """All members of a row, with the verdicts of ``profiles`` at ``at``, in seconds since the epoch.

    ``chosen`` is the profile that was asked for, for the member ``verdict``.
    """
    facts, day = row.facts, utc_day(at)
    key = properties_of(facts)
    described: dict[str, Any] = {
        **describe_state(row),
        "quantum_vulnerable": describe_vulnerability(row),
        "use": describe_use(row.use or _UNUSED),
        "verdicts": {
            judging.profile.id: [_describe_group(group) for group in verdicts_of(judging, key, day)]
            for judging in profiles
        },
    }
    if chosen is not None:
        described["verdict"] = {
            "profile": chosen.profile.id,
            "at": day.isoformat(),
            "operations": {
                operation: group.verdict.value
                for group in verdicts_of(chosen, key, day)
                for operation in group.operations
            },
        }
    return described


def describe_state(row: Row) -> dict[str, Any]:
    """The members of a row that change by administration alone, and neither by use nor by a profile's dates."""
    facts = row.facts
    return {
        "id": row.id,
        "namespace": facts.namespace,
        "mount": facts.mount,
        "name": facts.name,
        "version": facts.version,
        "type": facts.type,
        "algorithm": facts.algorithm,
        "state": row.state.value,
        "created": time_or_none(row.created),
        "not_before": time_or_none(row.not_before),
        "not_after": time_or_none(row.not_after),
        "replaced": time_or_none(row.replaced),
        "destroyed": time_or_none(row.destroyed),
        "compromised": time_or_none(row.compromised),
        "origin": row.origin,
        "exportable": facts.exportable,
        "data_class": facts.data_class,
        "owner": facts.owner,
        "labels": dict(facts.labels),
        "shelf_life_years": facts.shelf_life_years,
        "fips": facts.fips_approved,
        "classical_bits": facts.classical_bits,
        "quantum_category": facts.quantum_category,
    }


def _describe_group(group: VerdictGroup) -> dict[str, Any]:
    return {
        "operations": list(group.operations),
        "verdict": group.verdict.value,
        "until": _day(group.until),
        "then": None if group.then is None else group.then.value,
        "rule": group.rule,
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
