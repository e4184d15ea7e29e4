"""The engine of type ``cbom``: the inventory of a namespace under a path of a team's own.

Its paths are those of ``sys/inventory``, so a policy can grant them without rights on ``sys``. It stores nothing of its
own: snapshots are the namespace's.
"""

from __future__ import annotations

from dataclasses import replace

from engines.base import EngineType
from server.system.inventory.cbom import CBOM_ROUTES
from server.system.inventory.reports import REPORT_ROUTES
from server.system.inventory.snapshots import SNAPSHOT_ROUTES
from server.system.inventory.views import INVENTORY_ROUTES
from server.system.state import System


class InventoryMount(System):
    """The inventory of the namespace of ``system``."""

    def __init__(self, system: System) -> None:
        super().__init__(system.core, system.tenant)

    async def tick(self, now: float) -> None:
        """Leave to ``sys`` what is due."""


CBOM = EngineType(
    type="cbom",
    summary="The inventory of the namespace's keys, as sys/inventory has it.",
    routes=tuple(
        replace(route, path=route.path.removeprefix("inventory").removeprefix("/"))
        for route in (*INVENTORY_ROUTES, *CBOM_ROUTES, *REPORT_ROUTES, *SNAPSHOT_ROUTES)
    ),
    open=InventoryMount,
)
