"""Keys of signing: creating, reading, configuring, rotating and trimming them, with the shared modules."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from engines.algorithms.formats.jws import jws_algorithms
from engines.algorithms.registry import ALGORITHMS
from engines.base import Call, Reply
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import note
from engines.faults import InvalidRequest, NotFound
from engines.fields import Duration
from engines.keys.describe import describe as describe_named_key
from engines.keys.keyring import Keyring
from engines.keys.policy.classification import check_may_classify, classified
from engines.keys.records import KeyringRecord
from engines.keys.settings import KeyName, KeyTrim, configured, trimmed, warn_of_numbering
from engines.keys.states import Use
from engines.signing.creation import KeyCreation, SigningKeyRules, new_key, with_signing_rules
from engines.signing.publication import published_versions, signing_version
from engines.signing.state import Signing

_MEANINGLESS = frozenset(
    {"derived", "soft_deleted", "supports_encryption", "supports_decryption", "supports_derivation", "supports_signing"}
)
"""Fields of transit's descriptions that are the same for all keys here."""


class KeyConfig(SigningKeyRules):
    """The settings to change; omitted ones are unchanged."""

    min_decryption_version: int | UnsetType = UNSET
    min_encryption_version: int | UnsetType = UNSET
    deletion_allowed: bool | UnsetType = UNSET
    exportable: bool | UnsetType = UNSET
    allow_plaintext_backup: bool | UnsetType = UNSET
    auto_rotate_period: Duration | UnsetType = UNSET

    tells = {
        "min_decryption_version": (
            "The oldest version that verifies. Older versions are archived. 0 means 1, with a warning."
        ),
        "min_encryption_version": (
            "The oldest version that may sign, even where newer ones have been published too briefly."
        ),
        "deletion_allowed": "Allow the key to be deleted.",
        "exportable": "Allow exports of private and secret keys. Once true, it stays true.",
        "allow_plaintext_backup": "Allow backups, which contain the key unencrypted. Once true, it stays true.",
        "auto_rotate_period": "The age of the latest version at which the server rotates the key, as a duration "
        "of at least an hour; 0 for never.",
    }


class NoSuchKey(InvalidRequest):
    """No key has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f'there is no key "{name}"')


async def load(engine: Signing, name: str, use: Use, call: Call) -> Keyring:
    """The key called ``name``, for this use. Raises ``InvalidRequest``."""
    keyring = await engine.keys.use(name, use, call)
    if keyring is None:
        raise NoSuchKey(name)
    return keyring


async def create(engine: Signing, call: Call, body: KeyCreation) -> Reply:
    """Create a key; an existing one is unchanged, whatever is requested."""
    note(call, CryptoOperation.CREATE, body.name)
    record = new_key(engine.keys, body, call.given)
    await check_may_classify(engine.keys, call, body.name, body)
    record = classified(record, body, engine.keys, call)
    return describe(await engine.keys.create(record, ALGORITHMS[record.type], call), call.now)


async def read(engine: Signing, call: Call, body: KeyName) -> Reply:
    """Show a key, its signing version, and its published ones."""
    keyring = await engine.keys.load(body.name)
    if keyring is None:
        raise NotFound
    return describe(keyring, call.now)


async def configure(engine: Signing, call: Call, body: KeyConfig) -> Reply:
    """Change settings of a key: all that are given, or none if one is invalid."""
    warn_of_numbering(call, body)

    def edit(record: KeyringRecord) -> KeyringRecord:
        return with_signing_rules(configured(record, call, body), body)

    return describe(await engine.keys.change(body.name, call, NoSuchKey(body.name), edit, even_disabled=True), call.now)


async def rotate(engine: Signing, call: Call, body: KeyName) -> Reply:
    """Add a version, which is published now and signs after ``publish_ahead``."""
    keyring = await engine.keys.rotate(body.name, call.now, missing=NoSuchKey(body.name), call=call)
    return describe(keyring, call.now)


async def trim(engine: Signing, call: Call, body: KeyTrim) -> Reply:
    """Destroy the versions below one, if nothing needs them."""

    def edit(record: KeyringRecord) -> KeyringRecord:
        return trimmed(record, body)

    return describe(await engine.keys.change(body.name, call, NoSuchKey(body.name), edit), call.now)


def describe(keyring: Keyring, now: float) -> Reply:
    """The description of a key: its settings and public keys, never the key itself."""
    record = keyring.record
    told = describe_named_key(keyring).data or {}
    data: dict[str, Any] = {name: value for name, value in told.items() if name not in _MEANINGLESS}
    data["algorithms"] = [algorithm.name for algorithm in jws_algorithms(keyring.algorithm)]
    data["publish_ahead"] = record.publish_ahead_seconds
    data["keep_published"] = record.keep_published_seconds
    data["signing_version"] = signing_version(keyring, now).number
    data["published_versions"] = [version.number for version in published_versions(keyring, now)]
    for number, version in data["keys"].items():
        version["kid"] = keyring.versions[int(number)].jwk["kid"]
    return Reply(data)
