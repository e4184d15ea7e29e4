"""All keys of a namespace, and the form that makes one."""

from __future__ import annotations

from typing import Any

from engines.algorithms.registry import ALGORITHMS, DEFAULT_ALGORITHM
from engines.algorithms.row import CLASSICAL_HALF, PARAMETER_SET, POST_QUANTUM_HALF
from server.console.forms import Field, Form, Kind
from server.console.pages.mounts import key_mounts
from server.console.visit import Content, Page, Visit, listing

_SHOWN = 500
"""The most keys on one page; the search finds the others."""

_TYPES = tuple(sorted({row.key_type for row in ALGORITHMS.values()}))


def _choices(parameter: str) -> tuple[str, ...]:
    """What a parameter may be that selects among the algorithms of a type; first nothing, for other types."""
    return "", *sorted({row.type_parameters.get(parameter, "") for row in ALGORITHMS.values()} - {""})


CREATE = Form(
    "create",
    "Create key",
    "{mount}/keys/{name}",
    (
        Field("mount", "Mount", Kind.CHOICE, "transit", required=True),
        Field("name", "Name", required=True),
        Field("type", "Type", Kind.CHOICE, DEFAULT_ALGORITHM.name, _TYPES, required=True),
        Field(PARAMETER_SET, "Parameter set", Kind.CHOICE, "", _choices(PARAMETER_SET), "Of a type that has several"),
        Field(POST_QUANTUM_HALF, "Post-quantum half of a hybrid", Kind.CHOICE, "", _choices(POST_QUANTUM_HALF)),
        Field(CLASSICAL_HALF, "Classical half of a hybrid", Kind.CHOICE, "", _choices(CLASSICAL_HALF)),
        Field("key_size", "Size in bytes", Kind.NUMBER, hint="Of a type whose size its maker chooses"),
        Field("data_class", "Data class", hint="What the key protects, such as pci or phi"),
        Field("owner", "Owner"),
        Field("exportable", "May be exported", Kind.FLAG),
    ),
)


async def load(visit: Visit) -> Content:
    """The keys by mount, those whose names have ``?q=`` in them."""
    mounts = await key_mounts(visit.api)
    wanted = visit.query.get("q", "").lower()
    keys: list[dict[str, Any]] = []
    denied = []
    for mount, type in mounts.items():
        result = await visit.api.list(f"{mount}/keys")
        if not result.ok:
            denied.append(mount)
        keys += [
            {"mount": mount, "engine": type, "name": name, "path": f"{mount}/keys/{name}"}
            for name in result.data.get("keys") or []
            if wanted in name.lower()
        ]
    return Content(
        {
            "keys": keys[:_SHOWN],
            "more": max(0, len(keys) - _SHOWN),
            "mounts": mounts,
            "denied": denied,
        },
        [listing(f"{mount}/keys") for mount in mounts],
        choices={"mount": list(mounts)},
        links=[key["path"] for key in keys[:_SHOWN]],
    )


KEYS = Page("/ui/keys", "Keys", "keys.html", load, (CREATE,))
