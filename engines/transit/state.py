"""State of one mount of transit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from engines.algorithms.registry import TRANSIT_ALGORITHMS
from engines.base import Mount
from engines.keys.counting.reservation import EncryptionCounts
from engines.keys.policy.classification import with_classification
from engines.keys.policy.inspection import KeyMount, body_of
from engines.keys.records import KeyringRecord
from engines.transit.creation import KeyCreation, new_key
from storage.base import Damaged, put
from storage.view import View

_KEYS = "config/keys"
_CACHE = "config/cache"


class KeysSettings(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The settings for all keys of the mount."""

    disable_upsert: bool = False


class CacheSettings(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The stored cache setting; the server's cache has its bounds in the configuration."""

    size: int = 0


_decode_keys = msgspec.msgpack.Decoder(KeysSettings).decode
_decode_cache = msgspec.msgpack.Decoder(CacheSettings).decode


def _load_keys(value: bytes) -> KeysSettings:
    try:
        return _decode_keys(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Damaged("the settings of all keys can't be decoded") from None


def _load_cache(value: bytes) -> CacheSettings:
    try:
        return _decode_cache(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Damaged("the settings of the cache can't be decoded") from None


class Settings:
    """The settings of one mount."""

    def __init__(self, storage: View) -> None:
        self._storage = storage

    async def keys(self) -> KeysSettings:
        """The settings for all keys."""
        return await self._storage.load(_KEYS, _load_keys) or KeysSettings()

    async def cache(self) -> CacheSettings:
        """The stored cache setting."""
        return await self._storage.load(_CACHE, _load_cache) or CacheSettings()

    async def put_keys(self, settings: KeysSettings) -> None:
        """Replace the settings for all keys."""
        await put(self._storage, _KEYS, msgspec.msgpack.encode(settings))

    async def put_cache(self, settings: CacheSettings) -> None:
        """Replace the cache setting."""
        await put(self._storage, _CACHE, msgspec.msgpack.encode(settings))


class Transit(KeyMount):
    """One mount of the engine, with reservations of counts, and settings."""

    def __init__(self, mount: Mount) -> None:
        super().__init__(mount, TRANSIT_ALGORITHMS)
        self.counts = EncryptionCounts(mount.storage)
        self.settings = Settings(mount.storage)

    def new_key(self, given: Mapping[str, Any]) -> KeyringRecord:
        """The key that create would make of the parameters ``given``. Raises ``InvalidRequest``."""
        body = body_of(KeyCreation, given)
        return with_classification(new_key(self.keys, body, given), body)

    async def close(self) -> None:
        """Return unused reservations."""
        await self.counts.close()
