"""Keys of pqc: creating, reading, configuring, rotating and trimming them."""

from __future__ import annotations

from typing import Any

from engines.algorithms.registry import ALGORITHMS
from engines.base import Call, Reply
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import note
from engines.durations import format_time_nanoseconds
from engines.faults import Failed, InvalidRequest, NotFound
from engines.keys.keyring import Keyring, KeyVersion
from engines.keys.policy.classification import check_may_classify, classified, describe_set
from engines.keys.policy.compromise import describe_marks
from engines.keys.records import KeyringRecord
from engines.keys.rules import KeyConfig, describe_rules, with_rules
from engines.keys.settings import KeyName, KeyTrim, configured, trimmed, warn_of_numbering
from engines.keys.states import Use
from engines.pqc.creation import KeyCreation, new_key
from engines.pqc.state import Pqc


class NoSuchKey(InvalidRequest):
    """No key has this name."""

    def __init__(self) -> None:
        super().__init__("key not found")


async def load(engine: Pqc, name: str, use: Use, call: Call) -> Keyring:
    """The key called ``name``, for this use. Raises ``NoSuchKey``, or ``InvalidRequest`` if its state forbids it."""
    keyring = await engine.keys.use(name, use, call)
    if keyring is None:
        raise NoSuchKey
    return keyring


async def create(engine: Pqc, call: Call, body: KeyCreation) -> Reply:
    """Create a key; an existing one is unchanged, whatever is requested."""
    note(call, CryptoOperation.CREATE, body.name)
    record = new_key(engine.keys, body, call.given)
    await check_may_classify(engine.keys, call, body.name, body)
    record = classified(record, body, engine.keys, call)
    return describe(await engine.keys.create(record, ALGORITHMS[record.type], call))


async def read(engine: Pqc, call: Call, body: KeyName) -> Reply:
    """Show a key, and the public keys of its versions."""
    keyring = await engine.keys.load(body.name)
    if keyring is None:
        raise NotFound
    reply = describe(keyring)
    totals = await engine.counts.totals(keyring)
    if reply.data is None or not any(totals.values()):
        return reply
    return Reply({**reply.data, "encryptions": {str(number): total for number, total in totals.items()}})


async def configure(engine: Pqc, call: Call, body: KeyConfig) -> Reply:
    """Change settings of a key: all that are given, or none if one is invalid."""
    warn_of_numbering(call, body)

    def edit(record: KeyringRecord) -> KeyringRecord:
        return with_rules(configured(record, call, body), body)

    return describe(await engine.keys.change(body.name, call, NoSuchKey(), edit, even_disabled=True))


async def rotate(engine: Pqc, call: Call, body: KeyName) -> Reply:
    """Add a version, to which all later secrets are encapsulated."""
    try:
        keyring = await engine.keys.rotate(body.name, call.now, missing=NoSuchKey(), call=call)
    except Failed as fault:
        raise InvalidRequest(fault.message) from None
    return describe(keyring)


async def trim(engine: Pqc, call: Call, body: KeyTrim) -> Reply:
    """Destroy the versions below one, if nothing needs them."""

    def edit(record: KeyringRecord) -> KeyringRecord:
        return trimmed(record, body)

    return describe(await engine.keys.change(body.name, call, NoSuchKey(), edit))


def describe(keyring: Keyring) -> Reply:
    """The description of a key: its settings and public keys, never the key itself."""
    record = keyring.record
    data: dict[str, Any] = {
        "name": record.name,
        "type": record.type,
        "deletion_allowed": record.deletion_allowed,
        "exportable": record.exportable,
        "allow_plaintext_backup": record.allow_plaintext_backup,
        "supports_encapsulation": True,
        "supports_encryption": True,
        "supports_decryption": True,
        "supports_signing": False,
        "supports_derivation": False,
        "auto_rotate_period": record.auto_rotate_period_seconds,
        "imported_key": record.imported,
        "latest_version": record.latest_version,
        "min_available_version": record.min_available_version,
        "min_decryption_version": record.min_decryption_version,
        "min_encryption_version": record.min_encryption_version,
        **describe_rules(record),
        **describe_set(record),
        **describe_marks(record),
        "keys": {str(version.number): _describe_version(keyring, version) for version in keyring.versions.values()},
    }
    if record.imported:
        data["imported_key_allow_rotation"] = record.imported_rotation_allowed
    if keyring.algorithm.capabilities.hpke is not None:
        data["hpke_suite"] = keyring.algorithm.capabilities.hpke.name
    for name, info in (("backup_info", record.backup_info), ("restore_info", record.restore_info)):
        if info is not None:
            data[name] = {"time": format_time_nanoseconds(info.time), "version": info.version}
    return Reply(data)


def _describe_version(keyring: Keyring, version: KeyVersion) -> dict[str, Any]:
    text = keyring.algorithm.public_text
    assert text is not None, "keys that encapsulate have public keys"
    return {
        "name": keyring.algorithm.label,
        "public_key": text(version.record.public),
        "creation_time": format_time_nanoseconds(version.record.created),
    }
