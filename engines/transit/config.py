"""Settings and versions of transit's keys: configuring, rotating and trimming them."""

from __future__ import annotations

from engines.base import Call, Reply
from engines.faults import InvalidRequest
from engines.keys.describe import describe
from engines.keys.records import KeyringRecord
from engines.keys.rules import KeyConfig, with_rules
from engines.keys.settings import KeyName, KeyTrim, configured, trimmed, warn_of_numbering
from engines.transit.state import Transit


async def configure(engine: Transit, call: Call, body: KeyConfig) -> Reply:
    """Change settings of a key: all that are given, or none if one is invalid."""
    warn_of_numbering(call, body)

    def edit(record: KeyringRecord) -> KeyringRecord:
        return with_rules(configured(record, call, body), body)

    missing = InvalidRequest(f"no existing key named {body.name} could be found")
    return describe(await engine.keys.change(body.name, call, missing, edit, even_disabled=True))


class KeyRotation(KeyName):
    """The key to rotate."""

    external_key_ref: str = ""

    tells = {
        "external_key_ref": "For OpenBao's type `external-key`, which is not supported.",
    }


async def rotate(engine: Transit, call: Call, body: KeyRotation) -> Reply:
    """Add a version, which encrypts and signs from now on."""
    missing = InvalidRequest("key not found")
    if body.external_key_ref:
        keyring = await engine.keys.load(body.name)
        if keyring is None:
            raise missing
        raise InvalidRequest(f"cannot use external_key_ref on key of type {keyring.algorithm.key_type}")
    keyring = await engine.keys.rotate(body.name, call.now, missing=missing, call=call)
    return describe(keyring)


async def trim(engine: Transit, call: Call, body: KeyTrim) -> Reply:
    """Destroy the versions below one, if nothing needs them."""

    def edit(record: KeyringRecord) -> KeyringRecord:
        return trimmed(record, body)

    return describe(await engine.keys.change(body.name, call, InvalidRequest("invalid key name"), edit))
