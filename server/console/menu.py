"""Menu and namespace switcher, limited to what the caller may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.console.api import Api
from server.console.rights import Rights

MAX_NAMESPACES = 200
"""The most namespaces that the switcher lists; with more, or without any, it is a text field."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; ``needs`` is the API's path on which the caller needs a capability, ``""`` for none."""

    path: str
    title: str
    needs: str = ""


MENU = (
    Entry("/ui/", "Overview"),
    Entry("/ui/keys", "Keys"),
    Entry("/ui/tools", "Tools"),
    Entry("/ui/access", "Access", "sys/policies/acl/"),
    Entry("/ui/crypto-policy", "Crypto policy", "sys/crypto-policies/"),
    Entry("/ui/audit", "Audit", "sys/audit-ledger/status"),
    Entry("/ui/inventory", "Inventory", "sys/inventory"),
    Entry("/ui/tenants", "Tenants", "sys/namespaces/"),
    Entry("/ui/logins", "Logins"),
    Entry("/ui/seal", "Seal"),
)


NEEDED = tuple(entry.needs for entry in MENU if entry.needs)
"""The paths that the rights are asked on for the menu."""


def menu_of(rights: Rights) -> Sequence[Entry]:
    """The entries for a caller with ``rights``."""
    return [entry for entry in MENU if not entry.needs or rights.touch(entry.needs)]


async def namespaces_of(api: Api, home: str) -> Sequence[str]:
    """The namespaces that the caller may go to: its ``home``, and those below it and below the one of ``api``.

    Those between the two are among them, deeper ones aren't. Empty if they can't be listed, or are too many.
    """
    steps = api.namespace.removeprefix(home).strip("/").split("/") if api.namespace else []
    found = {home, api.namespace, *("/".join([home, *steps[:length]]).strip("/") for length in range(len(steps)))}
    for place in {home, api.namespace}:
        result = await api.inside(place).read("sys/internal/ui/namespaces")
        if not result.ok:
            return ()
        found |= {f"{place}/{name}".strip("/") for name in result.data.get("keys") or []}
        if len(found) > MAX_NAMESPACES:
            return ()
    return sorted(found) if len(found) > 1 else ()
