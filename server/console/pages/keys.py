"""All keys of a namespace, and the form that makes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engines.algorithms.registry import ALGORITHMS, DEFAULT_ALGORITHM
from engines.algorithms.row import CLASSICAL_HALF, PARAMETER_SET, POST_QUANTUM_HALF
from server.console.api import Api
from server.console.forms import Field, Form, Kind
from server.console.pages.mounts import key_mounts
from server.console.visit import Content, Page, Visit, listing

_SHOWN = 200
"""The most keys on one page."""

_STEP = 5_000
_MAX_SEEN = 20_000
"""The most names that one search looks at; it goes on behind them when it is asked to."""

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


@dataclass(slots=True)
class _Search:
    """Keys by mount, in the order of their names, those whose names have ``wanted`` in them."""

    api: Api
    wanted: str
    keys: list[dict[str, str]] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)
    following: str = ""
    """The mount and the name after which there is more; empty at the end."""

    _seen: int = 0

    async def run(self, mounts: Mapping[str, str], after: str) -> None:
        """Search ``mounts``, their types by their paths, behind the mount and name ``after``."""
        begun, _, name = after.rpartition("/")
        for mount, type in mounts.items():
            if mount >= begun and not self.following:
                await self._within(mount, type, name if mount == begun else "")

    async def _within(self, mount: str, type: str, after: str) -> None:
        most = _STEP if self.wanted else _SHOWN + 1
        while True:
            result = await self.api.list(f"{mount}/keys", after=after, limit=str(most))
            if not result.ok:
                self.denied.append(mount)
                return
            names = result.data.get("keys") or []
            for name in names:
                if self._is_full():
                    self.following = f"{mount}/{after}"
                    return
                after = name
                self._seen += 1
                if self.wanted in name.lower():
                    self.keys.append({"mount": mount, "engine": type, "name": name, "path": f"{mount}/keys/{name}"})
            if len(names) < most:
                return

    def _is_full(self) -> bool:
        return len(self.keys) >= _SHOWN or self._seen >= _MAX_SEEN


async def load(visit: Visit) -> Content:
    """The keys by mount, those whose names have ``?q=`` in them, behind ``?after=``."""
    mounts = await key_mounts(visit.api)
    search = _Search(visit.api, visit.query.get("q", "").lower())
    await search.run(mounts, visit.query.get("after", ""))
    return Content(
        {"keys": search.keys, "following": search.following, "mounts": mounts, "denied": search.denied},
        [listing(f"{mount}/keys") for mount in mounts],
        choices={"mount": list(mounts)},
        links=[key["path"] for key in search.keys],
    )


KEYS = Page("/ui/keys", "Keys", "keys.html", load, (CREATE,))
