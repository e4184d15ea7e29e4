"""One key: a timeline of its versions, their use, and the permitted actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from engines.algorithms.registry import ALGORITHMS
from server.console.forms import Field, Form, Kind
from server.console.render import day, minute, second, seconds_of
from server.console.visit import Content, Page, Visit, reading

_PATH = "{mount}/keys/{name}"
_WIDTH, _ROW, _LEFT, _RIGHT, _AXIS = 720, 26, 44, 92, 24
"""The sizes of the timeline in its own units."""

_TICKS = 4
_PLOTTED = 16
"""The most versions in the timeline, the newest ones."""

FORMS = (
    Form("rotate", "Rotate", f"{_PATH}/rotate", summary="Makes a new version; older ones go on decrypting."),
    Form(
        "settings",
        "Save settings",
        f"{_PATH}/config",
        (
            Field("min_decryption_version", "Oldest version that decrypts", Kind.NUMBER),
            Field("min_encryption_version", "Oldest version that encrypts", Kind.NUMBER, hint="0: the latest"),
            Field("auto_rotate_period", "Rotates by itself every", hint="Such as 720h; 0 for never"),
            Field("deletion_allowed", "May be deleted", Kind.FLAG),
        ),
    ),
    Form(
        "classify",
        "Classify",
        f"{_PATH}/classification",
        (
            Field("data_class", "Data class"),
            Field("owner", "Owner"),
            Field("shelf_life_years", "Years the data has to stay secret", Kind.NUMBER),
        ),
    ),
    Form(
        "trim",
        "Trim",
        f"{_PATH}/trim",
        (Field("min_available_version", "Destroy all versions below", Kind.NUMBER, required=True),),
        summary="Ciphertexts of destroyed versions are lost.",
        grave=True,
    ),
)


class Tick(Struct, frozen=True):
    """One place on the axis of time."""

    x: float
    text: str


class Bar(Struct, frozen=True):
    """One version in the timeline: from its creation to its replacement, and from there to now."""

    version: int
    state: str
    y: int
    x: float
    protecting: float
    """The width of the time in which it was the latest."""

    rest: float
    """The width of the time since."""

    uses: int | None
    """How often it was used; None if that isn't known."""


async def load(visit: Visit) -> Content:
    """The key at ``mount``, with its use where the caller may see it."""
    mount, name = visit.parameters["mount"], visit.parameters["name"]
    path = f"{mount}/keys/{name}"
    key = await visit.api.read(path)
    usage = await visit.api.read(f"{path}/usage") if key.ok else key
    rows = await visit.api.read("sys/inventory/keys", mount=f"{mount}/", name=name) if key.ok else key
    inventory = {row["version"]: row for row in rows.data.get("versions") or [] if row["name"] == name}
    versions = [
        {
            "number": int(number),
            "created": _created(made),
            "use": (usage.data.get("versions") or {}).get(number, {}).get("use"),
            "state": (usage.data.get("versions") or {}).get(number, {}).get("state")
            or inventory.get(int(number), {}).get("state", ""),
            "encryptions": (key.data.get("encryptions") or {}).get(number),
            "age": max(visit.now - _created(made), 0.0),
            **{field: inventory.get(int(number), {}).get(field) for field in ("replaced", "owner", "data_class")},
        }
        for number, made in sorted((key.data.get("keys") or {}).items(), key=lambda item: -int(item[0]))
    ]
    return Content(
        {
            "mount": mount,
            "name": name,
            "key": key,
            "usage": usage,
            "versions": versions,
            "bars": _timeline(versions, visit.now),
            "plot": {
                "width": _WIDTH,
                "left": _LEFT,
                "height": _ROW * min(len(versions), _PLOTTED) + _AXIS,
                "right": _WIDTH - _RIGHT,
                "ticks": _ticks(versions[:_PLOTTED], visit.now),
            },
            "facts": _facts(key.data),
            "limit": _limit(key.data),
        },
        [reading(path), reading(f"{path}/usage")],
        values=_values(key.data, inventory),
        title=name,
        status=200 if key.ok else key.status,
    )


def _limit(data: Mapping[str, Any]) -> int:
    """How often one version may encrypt; 0 for no limit."""
    algorithm = ALGORITHMS.get(data.get("type", ""))
    return int(data.get("max_encryptions") or (0 if algorithm is None else algorithm.usage.max_encryptions or 0))


def _facts(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in ("keys", "encryptions", "name") and value != ""}


def _values(data: Mapping[str, Any], inventory: Mapping[int, Mapping[str, Any]]) -> dict[str, str]:
    row = inventory.get(data.get("latest_version", 0), {})
    values = {name: str(data.get(name, "")) for name in ("min_decryption_version", "min_encryption_version")}
    values["auto_rotate_period"] = f"{data['auto_rotate_period']}s" if data.get("auto_rotate_period") else "0"
    values["deletion_allowed"] = "true" if data.get("deletion_allowed") else ""
    values |= {name: str(row.get(name) or "") for name in ("data_class", "owner", "shelf_life_years")}
    return values


def _created(made: Any) -> float:
    """When a version was made: transit tells seconds of symmetric keys, and a time within an object of others."""
    return seconds_of(made.get("creation_time") if isinstance(made, dict) else made)


def _ticks(versions: list[dict[str, Any]], now: float) -> list[Tick]:
    """Times along the axis, from the oldest version to now, as exact as they are apart."""
    start = min((version["created"] for version in versions), default=now)
    seconds = now - start
    shown = day if seconds > 4 * 86_400 else minute if seconds > 600 else second
    width = _WIDTH - _LEFT - _RIGHT
    return [
        Tick(round(_LEFT + width * part / _TICKS, 1), shown(start + seconds * part / _TICKS)) for part in range(_TICKS)
    ]


def _timeline(versions: list[dict[str, Any]], now: float) -> list[Bar]:
    shown = versions[:_PLOTTED]
    if not shown:
        return []
    start = min(version["created"] for version in shown)
    scale = (_WIDTH - _LEFT - _RIGHT) / max(now - start, 1.0)
    bars = []
    end = now
    for row, version in enumerate(shown):
        x = _LEFT + (version["created"] - start) * scale
        width = max((end - version["created"]) * scale, 3.0)
        rest = max(_WIDTH - _RIGHT - x - width, 0.0)
        use = version["use"]
        bars.append(
            Bar(
                version["number"],
                version["state"] or "active",
                row * _ROW + 4,
                round(x, 1),
                round(width, 1),
                round(rest, 1),
                use["protect"]["operations"] + use["process"]["operations"] if use else None,
            )
        )
        end = version["created"]
    return bars


KEY = Page("/ui/keys/{mount:path}/{name}", "Key", "key.html", load, FORMS)
