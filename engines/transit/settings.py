"""Settings of the whole mount: whether encrypting makes keys, and the size of a cache that we don't have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from engines.base import Body, Call, Nothing, Reply
from engines.faults import InvalidRequest
from storage.base import Damaged, put
from storage.view import View

if TYPE_CHECKING:
    from engines.transit.engine import Transit

_KEYS = "config/keys"
_CACHE = "config/cache"
_MIN_CACHE_SIZE = 10


class KeysSettings(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What holds for all keys of the mount."""

    disable_upsert: bool = False


class CacheSettings(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was asked for; keys are cached by the server as a whole, whose configuration bounds them."""

    size: int = 0


class KeysConfig(Body):
    """The settings for all keys; what is absent takes its default."""

    disable_upsert: bool = False


class CacheConfig(Body):
    """How many keys to cache, 0 for any number."""

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
        """What holds for all keys."""
        return await self._storage.load(_KEYS, _load_keys) or KeysSettings()

    async def cache(self) -> CacheSettings:
        """What was asked for as to caching."""
        return await self._storage.load(_CACHE, _load_cache) or CacheSettings()

    async def put_keys(self, settings: KeysSettings) -> None:
        """Replace what holds for all keys."""
        await put(self._storage, _KEYS, msgspec.msgpack.encode(settings))

    async def put_cache(self, settings: CacheSettings) -> None:
        """Replace what was asked for as to caching."""
        await put(self._storage, _CACHE, msgspec.msgpack.encode(settings))


async def read_keys(engine: Transit, call: Call, body: Nothing) -> Reply:
    """Tell the settings for all keys."""
    return Reply({"disable_upsert": (await engine.settings.keys()).disable_upsert})


async def write_keys(engine: Transit, call: Call, body: KeysConfig) -> Reply:
    """Replace the settings for all keys."""
    await engine.settings.put_keys(KeysSettings(disable_upsert=body.disable_upsert))
    return Reply({"disable_upsert": body.disable_upsert})


async def read_cache(engine: Transit, call: Call, body: Nothing) -> Reply:
    """Tell what was asked for as to caching."""
    return Reply({"size": (await engine.settings.cache()).size})


async def write_cache(engine: Transit, call: Call, body: CacheConfig) -> Reply:
    """Note how many keys to cache; it has no effect, since a cache of its own for a mount would have no use."""
    if body.size != 0 and body.size < _MIN_CACHE_SIZE:
        raise InvalidRequest(f"size must be 0 or a value greater or equal to {_MIN_CACHE_SIZE}")
    await engine.settings.put_cache(CacheSettings(size=body.size))
    return Reply({"size": body.size})
