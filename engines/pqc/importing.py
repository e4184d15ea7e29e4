"""Import of keys: wrapped to a key of this mount or, for public keys, in clear.

Transit wraps to RSA, as Vault does, which would defeat the purpose of these keys: an attacker who records the transfer
could open it once RSA is broken. So keys are wrapped by HPKE to a hybrid key; the wrapped key may have any format.
"""

from __future__ import annotations

from functools import partial

from msgspec import UNSET, UnsetType

from engines.algorithms.base import BadCiphertext, Material
from engines.algorithms.registry import APPROVED_KEM_WRAPPING_ALGORITHM, KEM_WRAPPING_ALGORITHM
from engines.algorithms.row import Algorithm, Pace
from engines.base import Call, Nothing, Reply
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import note
from engines.encoding import decode_base64
from engines.faults import Failed, InvalidRequest
from engines.fields import Duration, KeyValues
from engines.keys.keyring import Keyring
from engines.keys.policy.classification import TELLS as CLASSIFICATION_TELLS
from engines.keys.policy.classification import check_may_classify, classified
from engines.keys.records import KeyringRecord, decode_record, new_version
from engines.keys.settings import KeyName, check_auto_rotate_period
from engines.keys.states import Use, check_use
from engines.keys.store import KEYS
from engines.pqc.creation import chosen_type
from engines.pqc.encapsulation import ForeignCiphertext
from engines.pqc.keys import NoSuchKey, load
from engines.pqc.state import Pqc
from engines.transfer.imported_versions import add_material, check_importable
from engines.worker_pools import at_pace
from storage.base import Transaction, transact

INFO = b"cryptoserve pqc import v1"
"""The ``info`` of HPKE in wrapped keys."""

_WRAPPING_KEY = "wrapping-key"
_APPROVED_WRAPPING_KEY = "approved-wrapping-key"
"""The same in the FIPS modes, which may change: each has a key of its own."""

_EXISTS = "there is a key of that name; use import_version to give an imported key another version"


class ImportedVersion(KeyName):
    """A key to import: ``ciphertext`` wrapped, or ``public_key`` as PEM, JWK or base64."""

    ciphertext: str | UnsetType = UNSET
    public_key: str | UnsetType = UNSET

    tells = {
        "ciphertext": "The key, wrapped to the wrapping key by HPKE: base64.",
        "public_key": "A public key alone, as PEM, JWK or base64. `ciphertext` goes before it.",
    }


class ImportedKey(ImportedVersion):
    """A key to import, and its settings."""

    type: str | UnsetType = UNSET
    exportable: bool = False
    allow_plaintext_backup: bool = False
    allow_rotation: bool = False
    auto_rotate_period: Duration = 0
    data_class: str | UnsetType = UNSET
    labels: KeyValues | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    shelf_life_years: int | UnsetType = UNSET

    tells = {
        **CLASSIFICATION_TELLS,
        "type": "The key type, as for new keys.",
        "exportable": "Allow exports of private and secret keys. Once true, it stays true.",
        "allow_plaintext_backup": "Allow backups, which contain the key unencrypted. Once true, it stays true.",
        "allow_rotation": "Allow rotation of an imported key by the server.",
        "auto_rotate_period": "The age of the latest version at which the server rotates the key, as a duration "
        "of at least an hour; 0 for never.",
    }


class ImportedUpdate(ImportedVersion):
    """A key to import, and the version that it completes, if it isn't a new one."""

    version: int | UnsetType = UNSET

    tells = {
        "version": "The version that gets its private key. Default: a new version.",
    }


async def read_wrapping_key(engine: Pqc, call: Call, body: Nothing) -> Reply:
    """Return the wrapping key's public part and suite; it is created on first use."""
    keyring = await _wrapping_key(engine, call)
    text, suite = keyring.algorithm.public_text, keyring.algorithm.capabilities.hpke
    assert text is not None and suite is not None, "keys that encapsulate have public keys and a suite of HPKE"
    return Reply(
        {
            "type": keyring.record.type,
            "public_key": text(keyring.latest.record.public),
            "hpke_suite": suite.name,
            "info": INFO.decode(),
        }
    )


async def _wrapping_key(engine: Pqc, call: Call) -> Keyring:
    approved = engine.keys.fips.active
    name = _APPROVED_WRAPPING_KEY if approved else _WRAPPING_KEY
    found = await engine.wrapping.load(name)
    if found is not None:
        return found
    algorithm = APPROVED_KEM_WRAPPING_ALGORITHM if approved else KEM_WRAPPING_ALGORITHM
    record = KeyringRecord(name=name, type=algorithm.name, versions={})
    return await engine.wrapping.create(record, algorithm, call, of_server=True)


async def _read_material(engine: Pqc, call: Call, algorithm: Algorithm, body: ImportedVersion) -> Material:
    """The key in ``body``. Raises ``InvalidRequest``."""
    forms = algorithm.interchange
    if body.ciphertext is UNSET:
        if body.public_key is UNSET or not body.public_key:
            raise InvalidRequest("missing ciphertext or public_key to import")
        return await at_pace(Pace.BRIEF, partial(forms.import_public, body.public_key))
    wrapped = decode_base64(body.ciphertext)
    keyring = await _wrapping_key(engine, call)
    suite = keyring.algorithm.capabilities.hpke
    assert suite is not None, "keys that encapsulate have a suite of HPKE"
    try:
        data = suite.open(keyring.latest.encapsulation, wrapped, INFO, b"")
    except BadCiphertext:
        raise ForeignCiphertext from None
    return await at_pace(Pace.BRIEF, partial(forms.import_private, data))


async def import_key(engine: Pqc, call: Call, body: ImportedKey) -> None:
    """Create a key from an import."""
    note(call, CryptoOperation.IMPORT, body.name)
    if body.auto_rotate_period and not body.allow_rotation:
        raise InvalidRequest("allow_rotation must be set to true if auto-rotation is enabled")
    check_auto_rotate_period(body.auto_rotate_period)
    algorithm = chosen_type(engine.keys, body.type)
    await check_may_classify(engine.keys, call, body.name, body)
    if await engine.keys.load(body.name) is not None:
        raise InvalidRequest(_EXISTS)
    material = await _read_material(engine, call, algorithm, body)
    record = KeyringRecord(
        name=body.name,
        type=algorithm.name,
        versions={1: new_version(material, call.now, imported=True)},
        exportable=body.exportable,
        allow_plaintext_backup=body.allow_plaintext_backup,
        auto_rotate_period_seconds=body.auto_rotate_period,
        imported=True,
        imported_rotation_allowed=body.allow_rotation,
    )
    record = classified(record, body, engine.keys, call)

    async def store_key(transaction: Transaction) -> None:
        if await transaction.get(KEYS + body.name) is not None:
            raise InvalidRequest(_EXISTS)
        engine.keys.write(transaction, record, call, CryptoOperation.IMPORT)

    await transact(engine.keys.storage, store_key)


async def import_version(engine: Pqc, call: Call, body: ImportedUpdate) -> None:
    """Import a further version of a key, or the private part of one that lacks it."""
    note(call, CryptoOperation.IMPORT, body.name)
    keyring = await load(engine, body.name, Use.MANAGE, call)
    try:
        check_importable(keyring.record)
        material = await _read_material(engine, call, keyring.algorithm, body)

        async def store_version(transaction: Transaction) -> None:
            value = await transaction.get(KEYS + body.name)
            if value is None:
                raise NoSuchKey
            record = decode_record(value)
            check_use(record, Use.MANAGE, call.now)
            check_importable(record)
            if record.type != keyring.record.type:
                raise InvalidRequest("the key was replaced by one of another type")
            added = add_material(record, material, body.version, call.now)
            engine.keys.write(transaction, added, call, CryptoOperation.IMPORT)

        await transact(engine.keys.storage, store_version)
    except Failed as fault:
        raise InvalidRequest(fault.message) from None
