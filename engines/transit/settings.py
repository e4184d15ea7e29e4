"""Settings of a mount of transit: creation of keys on encryption, and the size of a cache that doesn't exist."""

from __future__ import annotations

from engines.base import Body, Call, Nothing, Reply
from engines.faults import InvalidRequest
from engines.transit.state import CacheSettings, KeysSettings, Transit

_MIN_CACHE_SIZE = 10


class KeysConfig(Body):
    """The settings for all keys; omitted ones take their defaults."""

    disable_upsert: bool = False

    tells = {
        "disable_upsert": "Refuse encryption with an unknown key, instead of creating that key.",
    }


class CacheConfig(Body):
    """The number of keys to cache, 0 for no limit."""

    size: int = 0

    tells = {
        "size": "The number of keys to cache: 0, or at least 10. Stored and returned, without effect.",
    }


async def read_keys(engine: Transit, call: Call, body: Nothing) -> Reply:
    """Show the settings for all keys."""
    return Reply({"disable_upsert": (await engine.settings.keys()).disable_upsert})


async def write_keys(engine: Transit, call: Call, body: KeysConfig) -> Reply:
    """Replace the settings for all keys."""
    await engine.settings.put_keys(KeysSettings(disable_upsert=body.disable_upsert))
    return Reply({"disable_upsert": body.disable_upsert})


async def read_cache(engine: Transit, call: Call, body: Nothing) -> Reply:
    """Show the stored cache setting."""
    return Reply({"size": (await engine.settings.cache()).size})


async def write_cache(engine: Transit, call: Call, body: CacheConfig) -> Reply:
    """Store the number of keys to cache; without effect, since the server has one cache for all mounts."""
    if body.size != 0 and body.size < _MIN_CACHE_SIZE:
        raise InvalidRequest(f"size must be 0 or a value greater or equal to {_MIN_CACHE_SIZE}")
    await engine.settings.put_cache(CacheSettings(size=body.size))
    return Reply({"size": body.size})
