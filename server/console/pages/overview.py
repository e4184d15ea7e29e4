"""Overview: health, nodes, seal, and current load."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
from starlette.responses import Response

from server.console.api import Result
from server.console.pages.concerns import concerns_of
from server.console.visit import Content, Page, Visit, reading

_METRICS = "sys/metrics"
_BUSIEST = 8
_UNAVAILABLE = "unavailable"
_UNAVAILABLE_CODES = ("501", "503")
"""What a server that isn't initialised, is sealed or lacks its storage answers, also to questions about its health."""


async def load(visit: Visit) -> Content:
    """The state of the server; with ``?live``, the counts alone as JSON, for the script of the page."""
    api = visit.api.inside("")
    metrics = await api.read(_METRICS)
    counts = _counts(metrics)
    if "live" in visit.query:
        return Content({}, download=Response(orjson.dumps(counts), media_type="application/json"))
    health = await api.read("sys/health")
    seal = await api.read("sys/seal-status")
    nodes = await api.read("sys/ha-status")
    return Content(
        {
            "health": health.data,
            "seal": seal.data,
            "nodes": nodes.data.get("nodes") or [],
            "counts": counts,
            "concerns": concerns_of(seal.data, metrics.data, visit.now),
            "widest": max((mount["requests"] for mount in counts["mounts"]), default=0) or 1,
        },
        [reading(path, of_server=True) for path in ("sys/health", "sys/seal-status", "sys/ha-status", _METRICS)],
    )


def _counts(metrics: Result) -> dict[str, Any]:
    """The counts since the start of the server; ``known`` is False for a caller without the right to see them."""
    counters = metrics.data.get("Counters") or []
    by_class: Counter[str] = Counter()
    mounts: Counter[str] = Counter()
    for counter in counters:
        labels = counter["Labels"]
        if counter["Name"] == "cryptoserve.requests":
            code = labels["code"]
            by_class[_UNAVAILABLE if code in _UNAVAILABLE_CODES else f"{code[0]}xx"] += counter["Sum"]
        elif counter["Name"] == "cryptoserve.mount_requests":
            mounts[labels["namespace"].removeprefix("root") + labels["mount_point"]] += counter["Sum"]
    gauges = {gauge["Name"]: gauge["Value"] for gauge in metrics.data.get("Gauges") or [] if not gauge["Labels"]}
    return {
        "known": metrics.ok,
        "requests": sum(by_class.values()),
        "refused": by_class["4xx"],
        "failed": by_class["5xx"],
        "unavailable": by_class[_UNAVAILABLE],
        "in_flight": gauges.get("vault.core.in_flight_requests"),
        "tokens": gauges.get("vault.token.count"),
        "workers": gauges.get("cryptoserve.workers"),
        "mounts": [{"path": path, "requests": number} for path, number in mounts.most_common(_BUSIEST)],
    }


OVERVIEW = Page("/ui/", "Overview", "overview.html", load)
