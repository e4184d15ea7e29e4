"""State of one mount of pqc: its keys, the wrapping key of imports, and reservations of counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engines.base import Mount
from engines.keys.counting.reservation import EncryptionCounts
from engines.keys.policy.classification import with_classification
from engines.keys.policy.inspection import KeyInspection, body_of
from engines.keys.records import KeyringRecord
from engines.keys.rotation import rotate_due
from engines.keys.store import KeyStore
from engines.pqc.creation import KeyCreation, new_key


class Pqc(KeyInspection):
    """One mount of the engine; it holds nothing but storage with its cache, and reservations."""

    def __init__(self, mount: Mount) -> None:
        self.keys = KeyStore(
            mount.storage,
            mount.fips_mode,
            gate=mount.gate,
            place=mount.place,
            may_update=mount.may_update,
            use_counts=mount.use_counts,
        )
        self.wrapping = KeyStore(mount.storage.within("import/"), mount.fips_mode)
        """Holds the one key that imported keys are wrapped to, out of reach of the paths of the API."""

        self.counts = EncryptionCounts(mount.storage)
        self.clock = mount.clock
        self.max_batch_items = mount.max_batch_items

    def new_key(self, given: Mapping[str, Any]) -> KeyringRecord:
        """The key that create would make of the parameters ``given``. Raises ``InvalidRequest``."""
        body = body_of(KeyCreation, given)
        return with_classification(new_key(self.keys, body, given), body)

    async def tick(self, now: float) -> None:
        """Rotate the keys that are due."""
        await rotate_due(self.keys, now)

    async def close(self) -> None:
        """Return unused reservations."""
        await self.counts.close()
