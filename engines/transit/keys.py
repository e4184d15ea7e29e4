"""Keys of transit: creating, reading, soft-deleting and restoring them."""

from __future__ import annotations

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from engines.algorithms.registry import DEFAULT_ALGORITHM
from engines.algorithms.row import Algorithm
from engines.base import Call, Reply
from engines.encoding import NotBase64, decode_base64
from engines.faults import InvalidRequest, NotFound
from engines.fields import Duration
from engines.keys.describe import describe
from engines.keys.records import KeyringRecord
from engines.keys.rules import KeyRules, with_rules
from engines.keys.settings import KeyName, check_auto_rotate_period
from engines.keys.types import ParameterSetName, find_algorithm, warn_of_type
from engines.transit.state import Transit


class KeyCreation(KeyRules):
    """The type and settings of a new key."""

    type: str = DEFAULT_ALGORITHM.name
    derived: bool = False
    convergent_encryption: bool = False
    exportable: bool = False
    allow_plaintext_backup: bool = False
    context: str = ""
    auto_rotate_period: Duration = 0
    key_size: int = 0
    parameter_set: ParameterSetName = ""
    hybrid_key_type_pqc: str = ""
    hybrid_key_type_ec: str = ""
    external_key_ref: str = ""

    tells = {
        "type": "The key type, see [Key types].",
        "derived": "Derive a key for each `context`; every request must bring one then.",
        "convergent_encryption": (
            "Encrypt equal plaintexts in equal contexts, with equal associated data, to equal ciphertexts. "
            "Needs `derived`."
        ),
        "exportable": "Allow exports of the key itself. Can be turned on later, never off.",
        "allow_plaintext_backup": "Allow backups, which hold the key in clear. Can be turned on later, never off.",
        "context": "Accepted, without a meaning, as OpenBao does.",
        "auto_rotate_period": "Rotate by itself when the latest version is so old; at least an hour, 0 for never.",
        "key_size": "Bytes of an `hmac` key, 32 to 512; for that type alone, which needs it.",
        "parameter_set": (
            "Of `ml-dsa` and `hybrid`: `44`, `65` or `87`. Of `slh-dsa`: `slh-dsa-sha2-128s` and so on. "
            "Needed by these types."
        ),
        "hybrid_key_type_pqc": "Of `hybrid`: `ml-dsa`. Needed by that type.",
        "hybrid_key_type_ec": (
            "Of `hybrid`: `ecdsa-p256`, `ecdsa-p384`, `ecdsa-p521` or `ed25519`. Needed by that type."
        ),
        "external_key_ref": "Of OpenBao's type `external-key`, which isn't served. For that type alone.",
    }


class KeyReading(KeyName):
    """The key to read, and the context."""

    context: str = ""

    tells = {
        "context": "Base64. Show the public keys of a derived Ed25519 key for this context.",
    }


def decode_context(text: str | UnsetType) -> bytes:
    """A context outside of batches. Raises ``InvalidRequest``."""
    if text is UNSET or not text:
        return b""
    try:
        return decode_base64(text)
    except NotBase64:
        raise InvalidRequest("failed to base64-decode context") from None


async def create(engine: Transit, call: Call, body: KeyCreation) -> Reply:
    """Create a key; an existing one is unchanged, whatever is requested."""
    check_auto_rotate_period(body.auto_rotate_period)
    if body.convergent_encryption and not body.derived:
        raise InvalidRequest("convergent encryption requires derivation to be enabled")
    algorithm = _parse_type(engine, body)
    warn_of_type(call, algorithm)
    record = KeyringRecord(
        name=body.name,
        type=algorithm.name,
        versions={},
        derived=body.derived,
        convergent=body.convergent_encryption,
        exportable=body.exportable,
        allow_plaintext_backup=body.allow_plaintext_backup,
        auto_rotate_period_seconds=body.auto_rotate_period,
        key_bytes=body.key_size,
    )
    return describe(await engine.keys.create(with_rules(record, body), algorithm, call))


def _parse_type(engine: Transit, body: KeyCreation) -> Algorithm:
    algorithm = find_algorithm(engine.keys.algorithms, body.type, body)
    if algorithm is None:
        raise InvalidRequest(f"unknown key type {body.type}")
    if body.key_size:
        if algorithm.sizes.key_bytes_chosen is None:
            raise InvalidRequest(f"key_size is not valid for algorithm {algorithm.key_type}")
        if body.key_size not in algorithm.sizes.key_bytes_chosen:
            raise InvalidRequest(f"invalid key_size {body.key_size}")
    if body.external_key_ref:
        raise InvalidRequest("must provide type=external-key to use external_key_ref")
    return algorithm


async def read(engine: Transit, call: Call, body: KeyReading) -> Reply:
    """Show a key and its versions."""
    keyring = await engine.keys.load(body.name)
    if keyring is None:
        raise NotFound
    reply = describe(keyring, decode_context(body.context))
    if reply.data is None or not keyring.algorithm.encrypts:
        return reply
    totals = await engine.counts.totals(keyring)
    if not any(totals.values()):
        return reply
    return Reply({**reply.data, "encryptions": {str(number): total for number, total in totals.items()}})


async def soft_delete(engine: Transit, call: Call, body: KeyName) -> Reply | None:
    """Mark a key as deleted: it stays, but can't be used."""
    return await _mark(engine, call, body.name, True, "key was already marked as soft deleted")


async def soft_delete_restore(engine: Transit, call: Call, body: KeyName) -> Reply | None:
    """Remove the mark."""
    return await _mark(engine, call, body.name, False, "key was already restored")


async def _mark(engine: Transit, call: Call, name: str, deleted: bool, already: str) -> Reply | None:
    warned = False

    def edit(record: KeyringRecord) -> KeyringRecord:
        nonlocal warned
        warned = record.soft_deleted is deleted
        return record if warned else replace(record, soft_deleted=deleted)

    try:
        keyring = await engine.keys.change(name, call, NotFound(), edit)
    except NotFound:
        return None
    if warned:
        call.warn(already)
    return describe(keyring)
