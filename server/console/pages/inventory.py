"""The inventory: keys by algorithm and year, what profiles say of them and until when, readiness, CBOMs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response, StreamingResponse

from server.console.api import Result
from server.console.forms import Form
from server.console.visit import Content, Page, Visit, reading

FORMATS = ("cyclonedx-1.7", "cyclonedx-1.6", "cyclonedx-1.5", "spdx-2.3")
_PLOTTED = 500
"""The most key versions that are counted by year, and that are counted without being asked to count all."""

_HEIGHT, _WIDTH, _MAX_COLUMN = 130, 440, 64
_MAX_YEARS = 16
_NAMED = 36
"""The least width of a column whose year is named."""

SNAPSHOT = Form("snapshot", "Keep a snapshot", "sys/inventory/snapshots")


async def load(visit: Visit) -> Content:
    """The summary and the readiness under ``?profile=`` at ``?at=``; with ``?cbom=`` a document."""
    if "cbom" in visit.query:
        return await _document(visit)
    keys = await visit.api.read("sys/inventory/keys", limit=str(_PLOTTED))
    profiles = (await visit.api.list("sys/crypto-profiles")).data.get("keys") or []
    profile = visit.query.get("profile", "") or (profiles[0] if profiles else "")
    at = visit.query.get("at", "")
    asked = {"profile": profile} | ({"at": at} if at else {})
    rows = keys.data.get("versions") or []
    partial = bool(keys.data.get("next")) and "all" not in visit.query
    if partial:
        summary = readiness = Result(200, {"key_versions": _counted(rows)})
    else:
        summary = await visit.api.read("sys/inventory")
        readiness = await visit.api.read("sys/inventory/readiness", **asked) if profile else summary
    snapshots = await visit.api.list("sys/inventory/snapshots")
    ends = _ends(rows, profile)
    years = _years(rows, ends)
    return Content(
        {
            "summary": summary,
            "years": years,
            "plot": _plot(years),
            "counted": len(rows),
            "partial": partial,
            "algorithms": sorted(
                ((summary.data.get("key_versions") or {}).get("by_algorithm") or {}).items(), key=lambda item: -item[1]
            ),
            "profiles": profiles,
            "profile": profile,
            "at": at,
            "readiness": readiness,
            "ends": ends,
            "snapshots": snapshots,
            "formats": FORMATS,
        },
        [reading("sys/inventory"), reading("sys/inventory/keys"), reading("sys/inventory/readiness")],
        links=["sys/inventory/cbom"],
    )


async def _document(visit: Visit) -> Content:
    result = await visit.api.read("sys/inventory/cbom", format=visit.query["cbom"])
    if not result.ok:
        return Content(
            {"result": result}, status=result.status, download=Response("; ".join(result.errors), result.status)
        )
    suffix = "spdx.json" if visit.query["cbom"].startswith("spdx") else "cdx.json"
    headers = {"content-disposition": f'attachment; filename="cryptoserve.{suffix}"'}
    return Content({}, download=StreamingResponse(result.document(), media_type=result.content_type, headers=headers))


def _counted(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The counts of ``sys/inventory`` over ``rows`` alone."""
    states, algorithms = Counter(row["state"] for row in rows), Counter(row["algorithm"] for row in rows)
    return {"total": len(rows), "by_state": dict(sorted(states.items())), "by_algorithm": dict(algorithms)}


def _years(rows: Sequence[Mapping[str, Any]], ends: Sequence[tuple[str, str, int]]) -> list[dict[str, Any]]:
    """For each year the number of versions made in it, quantum-safe and others, and how many a profile ends in it.

    Years without keys are among them up to the last end, at most ``_MAX_YEARS``; ``*_height`` are heights of bars.
    """
    made: dict[int, Counter[str]] = defaultdict(Counter)
    for row in rows:
        made[int(row["created"][:4])]["safe" if row["quantum_vulnerable"] is None else "vulnerable"] += 1
    if not made:
        return []
    ended: Counter[int] = Counter()
    for until, _, number in ends:
        ended[int(until[:4])] += number
    last = max(*made, *ended) if ended else max(made)
    most = max(sum(counts.values()) for counts in made.values())
    return [
        {
            "year": year,
            "safe": made[year]["safe"],
            "vulnerable": made[year]["vulnerable"],
            "safe_height": round(made[year]["safe"] / most * _HEIGHT, 1),
            "vulnerable_height": round(made[year]["vulnerable"] / most * _HEIGHT, 1),
            "ended": ended[year],
        }
        for year in range(max(min(made), last - _MAX_YEARS + 1), last + 1)
    ]


def _plot(years: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The sizes of the plot of ``years`` in its own units; of many years only each second one is named."""
    column = min(_MAX_COLUMN, _WIDTH // max(len(years), 1))
    return {"height": _HEIGHT, "width": _WIDTH, "column": column, "named": 1 if column >= _NAMED else 2}


def _ends(rows: Sequence[Mapping[str, Any]], profile: str) -> list[tuple[str, str, int]]:
    """The last days on which ``profile`` allows what is in use: the day, the algorithm, and its number of versions."""
    found: Counter[tuple[str, str]] = Counter()
    for row in rows:
        untils = {verdict["until"] for verdict in row["verdicts"].get(profile, ()) if verdict["until"]}
        if untils and row["state"] == "active":
            found[min(untils), row["algorithm"]] += 1
    return [(until, algorithm, number) for (until, algorithm), number in sorted(found.items())]


INVENTORY = Page("/ui/inventory", "Inventory", "inventory.html", load, (SNAPSHOT,))
