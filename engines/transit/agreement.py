"""Key agreement (ECDH): a symmetric key derived from a key pair here and another party's public key."""

from __future__ import annotations

from engines.algorithms.kem.key_agreement import ECDH
from engines.algorithms.registry import ALGORITHMS, DEFAULT_ALGORITHM, TRANSIT_ALGORITHMS
from engines.algorithms.symmetric.derivation import HKDF_SHA256
from engines.base import Call
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import begin
from engines.faults import Failed, InvalidRequest
from engines.keys.records import KeyringRecord, decode_record, new_version, with_new_version
from engines.keys.settings import KeyName
from engines.keys.states import Use, check_use
from engines.keys.store import KEYS, NAME
from engines.transit.state import Transit
from storage.base import Transaction, transact


class Agreement(KeyName):
    """The keys to agree with, and the resulting key."""

    base_key_name: str = ""
    base_key_version: int = 0
    peer_public_key: str = ""
    key_derivation_algorithm: str = ECDH
    derived_key_type: str = DEFAULT_ALGORITHM.name

    tells = {
        "base_key_name": "The key pair of this side, of an ECDSA type.",
        "base_key_version": "The version of that key pair; 0 for the latest.",
        "peer_public_key": "The other party's public key on the same curve, in PEM.",
        "key_derivation_algorithm": "`ecdh`: the shared secret of ECDH, through HKDF-SHA256 without salt and info.",
        "derived_key_type": "The type of the created key: a symmetric encryption type.",
    }


async def derive_key(engine: Transit, call: Call, body: Agreement) -> None:
    """Create the agreed key, or add it as a version of an existing one."""
    uses = begin(engine.keys, call, CryptoOperation.AGREE, body.base_key_name)
    if body.key_derivation_algorithm != ECDH:
        raise InvalidRequest(f"key derivation algorithm {body.key_derivation_algorithm} not supported")
    if not body.peer_public_key:
        raise InvalidRequest("peer public key not provided")
    algorithm = TRANSIT_ALGORITHMS.get(body.derived_key_type.lower())
    if algorithm is None or algorithm.capabilities.aead is None:
        raise InvalidRequest(f"unknown key type {body.derived_key_type}")
    if not body.base_key_name:
        raise Failed("cannot load policy with relative name")
    named = NAME.fullmatch(body.base_key_name) is not None
    base = await engine.keys.use(body.base_key_name, Use.PROTECT, call) if named else None
    if base is None:
        raise InvalidRequest("specified base key not found")
    if base.algorithm.capabilities.agreement is None:
        raise InvalidRequest(f"base key type {base.algorithm.key_type} does not support key agreement")
    if base.record.soft_deleted:
        raise Failed("refusing to use soft-deleted key")
    if body.base_key_version < 0:
        raise Failed("requested version of the base key is negative")
    if body.base_key_version > base.record.latest_version:
        raise Failed("requested version of the base key is higher than the latest key version")
    try:
        version = base.version(body.base_key_version) if body.base_key_version else base.latest
    except InvalidRequest as fault:
        raise Failed(fault.message) from None
    use = uses.allow(base.protecting(version).facts(uses.place))
    shared = base.algorithm.capabilities.agreement(version.material(), body.peer_public_key)
    key = HKDF_SHA256.derive(shared, b"", algorithm.sizes.key_bytes)

    async def store_derived(transaction: Transaction) -> None:
        value = await transaction.get(KEYS + body.name)
        if value is None:
            made = new_version(algorithm.interchange.import_private(key), call.now, imported=True, agreed=True)
            record = KeyringRecord(name=body.name, type=algorithm.name, versions={1: made}, imported=True)
        else:
            old = decode_record(value)
            check_use(old, Use.MANAGE, call.now)
            if old.soft_deleted:
                raise Failed("refusing to use soft-deleted key")
            there = ALGORITHMS[old.type]
            if there.interchange.public_importable:
                # OpenBao then treats the agreed secret as a public key, which fails.
                raise Failed("error importing key: error parsing public key: not in PEM format")
            try:
                added = new_version(there.interchange.import_private(key), call.now, imported=True, agreed=True)
            except Failed as fault:
                raise Failed(f"error importing key: {fault.message}") from None
            record = with_new_version(old, added)
        engine.keys.write(transaction, record, call, CryptoOperation.CREATE)

    await transact(engine.keys.storage, store_derived)
    use.count = 1
