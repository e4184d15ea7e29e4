"""State of one mount of ``signing``: its keys; roles are in storage."""

from __future__ import annotations

from engines.algorithms.registry import SIGNING_ALGORITHMS
from engines.base import Mount
from engines.keys.rotation import rotate_due
from engines.keys.store import KeyStore


class Signing:
    """One mount of the engine; it holds nothing but storage with its cache."""

    def __init__(self, mount: Mount) -> None:
        self.storage = mount.storage
        self.keys = KeyStore(
            mount.storage, mount.fips_mode, SIGNING_ALGORITHMS, plain=True, gate=mount.gate, place=mount.place
        )
        self.max_batch_items = mount.max_batch_items

    async def tick(self, now: float) -> None:
        """Rotate the keys that are due."""
        await rotate_due(self.keys, now)
