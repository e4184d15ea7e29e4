"""State of one mount of pqc."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engines.base import Mount
from engines.keys.counting.reservation import EncryptionCounts
from engines.keys.policy.classification import with_classification
from engines.keys.policy.inspection import KeyMount, body_of
from engines.keys.records import KeyringRecord
from engines.keys.store import KeyStore
from engines.pqc.creation import KeyCreation, new_key


class Pqc(KeyMount):
    """One mount of the engine, with reservations of counts, and the wrapping key of imports."""

    def __init__(self, mount: Mount) -> None:
        super().__init__(mount)
        self.wrapping = KeyStore(mount.storage.within("import/"), mount.fips_mode)
        """Holds the one key that imported keys are wrapped to, out of reach of the paths of the API."""

        self.counts = EncryptionCounts(mount.storage)

    def new_key(self, given: Mapping[str, Any]) -> KeyringRecord:
        """The key that create would make of the parameters ``given``. Raises ``InvalidRequest``."""
        body = body_of(KeyCreation, given)
        return with_classification(new_key(self.keys, body, given), body)

    async def close(self) -> None:
        """Return unused reservations."""
        await self.counts.close()
