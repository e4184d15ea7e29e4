"""State of a mount of the engine ``cbom``."""

from __future__ import annotations

from engines.base import Mount
from server.system.state import System


class InventoryMount(System):
    """The inventory of the namespace of ``system``, and the applications that ``mount`` keeps."""

    def __init__(self, system: System, mount: Mount) -> None:
        super().__init__(system.core, system.tenant)
        self.storage = mount.storage

    async def tick(self, now: float) -> None:
        """Leave to ``sys`` what is due."""
