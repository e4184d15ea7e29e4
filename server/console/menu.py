"""The menu: what of it a caller sees follows ``sys/capabilities-self``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.console.api import Api

_DENIED = ["deny"]


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


async def menu_of(api: Api) -> Sequence[Entry]:
    """The entries for the caller; all if it may not ask for its capabilities."""
    needed = [entry.needs for entry in MENU if entry.needs]
    result = await api.write("sys/capabilities-self", {"paths": needed})
    if not result.ok:
        return MENU
    return [entry for entry in MENU if not entry.needs or result.data.get(entry.needs, _DENIED) != _DENIED]
