"""State of one mount of pqc: its keys, the wrapping key of imports, and reservations of counts."""

from __future__ import annotations

from engines.base import Mount
from engines.keys.counting.reservation import EncryptionCounts
from engines.keys.rotation import rotate_due
from engines.keys.store import KeyStore


class Pqc:
    """One mount of the engine; it holds nothing but storage with its cache, and reservations."""

    def __init__(self, mount: Mount) -> None:
        self.keys = KeyStore(mount.storage, mount.fips_mode, gate=mount.gate, place=mount.place)
        self.wrapping = KeyStore(mount.storage.within("import/"), mount.fips_mode)
        """Holds the one key that imported keys are wrapped to, out of reach of the paths of the API."""

        self.counts = EncryptionCounts(mount.storage)
        self.max_batch_items = mount.max_batch_items

    async def tick(self, now: float) -> None:
        """Rotate the keys that are due."""
        await rotate_due(self.keys, now)

    async def close(self) -> None:
        """Return unused reservations."""
        await self.counts.close()
