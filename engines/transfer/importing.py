"""Import of keys, wrapped to a key of this mount or, for public keys, in clear."""

from __future__ import annotations

from functools import partial

from msgspec import UNSET, UnsetType

from engines.algorithms.base import Material
from engines.algorithms.registry import DEFAULT_ALGORITHM
from engines.algorithms.row import Algorithm
from engines.algorithms.rsa.key_wrapping import DEFAULT_WRAPPING_HASH, WRAPPING_ALGORITHM, parse_wrapping_hash, unwrap
from engines.algorithms.symmetric.derivation import COUNTER_MODE_BYTES, HKDF_SHA256, HMAC_SHA256_COUNTER
from engines.base import Call, Nothing, Reply
from engines.crypto_policy.fips import unapproved_hash
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import note
from engines.encoding import NotBase64, decode_base64
from engines.faults import Failed, InvalidRequest
from engines.fields import Duration, KeyValues
from engines.keys.handlers import ParameterSetName, find_algorithm, warn_of_type
from engines.keys.keyring import Keyring
from engines.keys.policy.classification import TELLS as CLASSIFICATION_TELLS
from engines.keys.policy.classification import check_may_classify, classified
from engines.keys.records import KeyringRecord, decode_record, new_version
from engines.keys.settings import KeyName, check_auto_rotate_period
from engines.keys.states import Use, check_use
from engines.keys.store import KEYS, KeepsKeys
from engines.transfer.imported_versions import add_material, check_completable, check_importable, check_not_deleted
from engines.worker_pools import at_pace
from storage.base import Transaction, transact

_WRAPPING_KEY = "import/wrapping-key"


class ImportedVersion(KeyName):
    """A key to import: ``ciphertext`` wrapped, or ``public_key`` in PEM."""

    ciphertext: str | UnsetType = UNSET
    public_key: str | UnsetType = UNSET
    hash_function: str = DEFAULT_WRAPPING_HASH

    tells = {
        "ciphertext": "The wrapped key, in base64.",
        "public_key": (
            "A public key alone, in PEM (RSA, ECDSA, Ed25519, ML-DSA, SLH-DSA, hybrids; of the last two also "
            "base64 of its bytes). `ciphertext` goes before it."
        ),
        "hash_function": "The hash of OAEP: `SHA1`, `SHA224`, `SHA256`, `SHA384`, `SHA512`, in any case.",
    }


class ImportedKey(ImportedVersion):
    """A key to import, and its settings."""

    type: str = DEFAULT_ALGORITHM.name
    derived: bool = False
    convergent_encryption: bool | UnsetType = UNSET
    exportable: bool = False
    allow_plaintext_backup: bool = False
    allow_rotation: bool = False
    auto_rotate_period: Duration = 0
    context: str = ""
    parameter_set: ParameterSetName = ""
    hybrid_key_type_pqc: str = ""
    hybrid_key_type_ec: str = ""
    data_class: str | UnsetType = UNSET
    labels: KeyValues | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    shelf_life_years: int | UnsetType = UNSET

    tells = {
        **CLASSIFICATION_TELLS,
        "type": "The key type, case-insensitive.",
        "derived": "Derive a key from each request's `context`, which is then required.",
        "convergent_encryption": "Not supported; a request with it is refused.",
        "exportable": "Allow exports of private and secret keys. Once true, it stays true.",
        "allow_plaintext_backup": "Allow backups, which contain the key unencrypted. Once true, it stays true.",
        "allow_rotation": "Allow rotation of an imported key by the server.",
        "auto_rotate_period": "The age of the latest version at which the server rotates the key, as a duration "
        "of at least an hour; 0 for never.",
        "context": "Accepted and ignored, as by OpenBao.",
        "parameter_set": "As for new keys.",
        "hybrid_key_type_pqc": "As for new keys.",
        "hybrid_key_type_ec": "As for new keys.",
    }


class ImportedUpdate(ImportedVersion):
    """A key to import, and the version that it completes, if it isn't a new one."""

    version: int | UnsetType = UNSET

    tells = {
        "version": "The version that gets its private key. Default: a new version.",
    }


async def read_wrapping_key(engine: KeepsKeys, call: Call, body: Nothing) -> Reply:
    """Return the wrapping key's public part; the key is created on first use."""
    keyring = await _wrapping_key(engine, call)
    text = WRAPPING_ALGORITHM.public_text
    if text is None:
        raise AssertionError("keys that wrap have public keys")
    return Reply({"public_key": text(keyring.latest.record.public)})


async def _wrapping_key(engine: KeepsKeys, call: Call) -> Keyring:
    found = await engine.keys.load(_WRAPPING_KEY)
    if found is not None:
        return found
    record = KeyringRecord(name=_WRAPPING_KEY, type=WRAPPING_ALGORITHM.name, versions={})
    return await engine.keys.create(record, WRAPPING_ALGORITHM, call, of_server=True)


async def import_key(engine: KeepsKeys, call: Call, body: ImportedKey) -> None:
    """Create a key from an import."""
    note(call, CryptoOperation.IMPORT, body.name)
    if body.convergent_encryption is not UNSET:
        raise Failed("import cannot be used on keys with convergent encryption enabled")
    if body.auto_rotate_period and not body.allow_rotation:
        raise Failed("allow_rotation must be set to true if auto-rotation is enabled")
    check_auto_rotate_period(body.auto_rotate_period)
    algorithm = find_algorithm(engine.keys.algorithms, body.type.lower(), body)
    if algorithm is None:
        raise InvalidRequest(f"unknown key type: {body.type}")
    warn_of_type(call, algorithm)
    await check_may_classify(engine.keys, call, body.name, body)
    if await engine.keys.load(body.name) is not None:
        raise _exists()
    if (
        body.derived
        and algorithm.usage.derivable
        and body.ciphertext is UNSET
        and algorithm.interchange.public_importable
    ):
        raise Failed(
            "error importing key: unable to import only public key for derived Ed25519 key: "
            "imported key should not be an Ed25519 key pair but is instead an HKDF key"
        )
    blob = await _read_blob(engine, call, algorithm, body)
    try:
        material = await _parse(algorithm, blob, body)
    except (Failed, InvalidRequest) as fault:
        kind = Failed if isinstance(fault, Failed) else InvalidRequest
        raise kind(f"error importing key: {fault.message}") from None
    if body.derived and not algorithm.usage.derivable:
        raise Failed(f"key derivation and convergent encryption not supported for keys of type {algorithm.key_type}")
    record = KeyringRecord(
        name=body.name,
        type=algorithm.name,
        versions={1: new_version(material, call.now, imported=True)},
        derived=body.derived,
        derivation=HMAC_SHA256_COUNTER.number
        if algorithm.sizes.key_bytes <= COUNTER_MODE_BYTES
        else HKDF_SHA256.number,
        exportable=body.exportable,
        allow_plaintext_backup=body.allow_plaintext_backup,
        auto_rotate_period_seconds=body.auto_rotate_period,
        imported=True,
        imported_rotation_allowed=body.allow_rotation,
        key_bytes=len(material.private) if algorithm.sizes.key_bytes_chosen is not None else 0,
    )
    record = classified(record, body, engine.keys, call)

    async def store_key(transaction: Transaction) -> None:
        if await transaction.get(KEYS + body.name) is not None:
            raise _exists()
        engine.keys.write(transaction, record, call, CryptoOperation.IMPORT)

    await transact(engine.keys.storage, store_key)


def _exists() -> Failed:
    return Failed(
        "the import path cannot be used with an existing key; use import-version to rotate an existing imported key"
    )


async def _read_blob(engine: KeepsKeys, call: Call, algorithm: Algorithm, body: ImportedVersion) -> bytes | None:
    """The key wrapped in ``body``; None for a public key. Raises ``Failed`` or ``InvalidRequest``."""
    if body.ciphertext is UNSET:
        if not algorithm.interchange.public_importable:
            raise Failed("provided type does not support public_key import")
        return None
    hash_ = parse_wrapping_hash(body.hash_function)
    try:
        wrapped = decode_base64(body.ciphertext)
    except NotBase64 as error:
        raise Failed(error.message) from None
    engine.keys.fips.processing(call, unapproved_hash("RSA-OAEP", hash_))
    recipient = (await _wrapping_key(engine, call)).latest.material()
    return await at_pace(WRAPPING_ALGORITHM.pacing.decrypting, partial(unwrap, recipient, wrapped, hash_))


async def _parse(algorithm: Algorithm, blob: bytes | None, body: ImportedVersion) -> Material:
    """The key in ``blob``, or the public key in ``body`` without one. Raises ``Failed``."""
    forms = algorithm.interchange
    given = body.public_key if body.public_key is not UNSET else ""
    read = partial(forms.import_public, given) if blob is None else partial(forms.import_private, blob)
    # Validating a key takes about as long as generating one.
    return await at_pace(algorithm.pacing.generating, read)


async def import_version(engine: KeepsKeys, call: Call, body: ImportedUpdate) -> None:
    """Import a further version of a key, or the private part of one that lacks it."""
    note(call, CryptoOperation.IMPORT, body.name)
    keyring = await engine.keys.use(body.name, Use.MANAGE, call)
    if keyring is None:
        raise Failed(f"no key found with name {body.name}; to import a new key, use the import/ endpoint")
    check_importable(keyring.record)
    blob = await _read_blob(engine, call, keyring.algorithm, body)
    if body.version is not UNSET:
        check_completable(keyring.record, body.version, private=blob is not None)
    check_not_deleted(keyring.record)
    material = await _parse(keyring.algorithm, blob, body)

    async def store_version(transaction: Transaction) -> None:
        value = await transaction.get(KEYS + body.name)
        if value is None:
            raise Failed(f"no key found with name {body.name}; to import a new key, use the import/ endpoint")
        record = decode_record(value)
        check_use(record, Use.MANAGE, call.now)
        check_importable(record)
        check_not_deleted(record)
        if record.type != keyring.record.type:
            raise Failed("the import_version endpoint can only be used with an imported key")
        added = add_material(record, material, body.version, call.now)
        engine.keys.write(transaction, added, call, CryptoOperation.IMPORT)

    await transact(engine.keys.storage, store_version)
