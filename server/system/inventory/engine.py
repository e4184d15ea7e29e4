"""The engine of type ``cbom``: the inventory of a namespace under a path of a team's own.

Its paths are those of ``sys/inventory``, so a policy can grant them without rights on ``sys``; snapshots are the
namespace's. Beside these it has ``applications``, which each mount keeps for itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engines.base import EngineType, Row
from server.system.inventory.applications import APPLICATION_ROUTES
from server.system.inventory.cbom import CBOM_ROUTES
from server.system.inventory.mount import InventoryMount
from server.system.inventory.reports import REPORT_ROUTES
from server.system.inventory.snapshots import SNAPSHOT_ROUTES
from server.system.inventory.views import INVENTORY_ROUTES

_AS_IN_SYS: tuple[Row[Any], ...] = (*INVENTORY_ROUTES, *CBOM_ROUTES, *REPORT_ROUTES, *SNAPSHOT_ROUTES)

CBOM = EngineType(
    type="cbom",
    summary="Inventory of a namespace's keys, as in sys/inventory, and of its applications.",
    routes=(
        *(replace(route, path=route.path.removeprefix("inventory").removeprefix("/")) for route in _AS_IN_SYS),
        *APPLICATION_ROUTES,
    ),
    open=InventoryMount,
)
