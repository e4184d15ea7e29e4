"""Versions and settings of a key: configure, rotate, trim."""

from __future__ import annotations

from engines.base import Call, Reply
from engines.faults import InvalidRequest
from engines.keys.describe import describe
from engines.keys.records import KeyringRecord
from engines.keys.rules import KeyConfig, with_rules
from engines.keys.settings import KeyName, KeyTrim, configured, trimmed, warn_of_numbering
from engines.transit.state import Transit


async def configure(engine: Transit, call: Call, body: KeyConfig) -> Reply:
    """Change settings of a key: all that are given, or none if one of them can't be."""
    warn_of_numbering(call, body)

    def edit(record: KeyringRecord) -> KeyringRecord:
        return with_rules(configured(record, call, body), body)

    missing = InvalidRequest(f"no existing key named {body.name} could be found")
    return describe(await engine.keys.change(body.name, missing, edit, even_disabled=True))


async def rotate(engine: Transit, call: Call, body: KeyName) -> Reply:
    """Give a key a new version, which encrypts and signs from now on."""
    keyring = await engine.keys.rotate(body.name, call.now, missing=InvalidRequest("key not found"), call=call)
    return describe(keyring)


async def trim(engine: Transit, call: Call, body: KeyTrim) -> Reply:
    """Destroy the versions of a key that are older than one that nothing needs any more."""

    def edit(record: KeyringRecord) -> KeyringRecord:
        return trimmed(record, body)

    return describe(await engine.keys.change(body.name, InvalidRequest("invalid key name"), edit))
