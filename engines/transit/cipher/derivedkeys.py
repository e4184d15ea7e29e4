"""Reproducible data keys: the same key, salt, info and index give the same data key.

They are derived from the MAC key of a version, as Vault documents; its derivation isn't published, so keys differ from
Vault's: HKDF-SHA256 (RFC 5869), with the index appended to ``info`` as 8 bytes, big endian. ``salt`` and ``info`` are
UTF-8 texts, as in the examples of Vault's documentation.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from engines.algorithms.symmetric.derivation import hkdf_sha256
from engines.base import Call, Reply
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import begin
from engines.encoding import encode_base64
from engines.faults import InvalidRequest
from engines.keys.counting.limits import counted
from engines.transit.cipher.datakey import DataKey, check_bits, check_path, encryption_options, load
from engines.transit.cipher.sealing import seal
from engines.transit.keys import decode_context
from engines.transit.state import Transit
from engines.worker_pools import in_turns

_INDEX_BYTES = 8


class DerivedKeys(DataKey):
    """Data keys to make: those with indexes from ``key_index_from`` to before ``key_index_to``."""

    salt: str = ""
    info: str = ""
    key_index_from: int | UnsetType = UNSET
    key_index_to: int | UnsetType = UNSET

    tells = {
        "salt": "Required. The salt of the derivation: a text, used as UTF-8 bytes.",
        "info": "The info of the derivation, which separates keys of one salt: a text, used as UTF-8 bytes.",
        "key_index_from": "Required. The index of the first key.",
        "key_index_to": "Required. The index after the last key; at most `max_batch_items` keys.",
    }


async def derive(engine: Transit, call: Call, body: DerivedKeys) -> Reply:
    """Derive data keys and encrypt them, by index; on the path ``plaintext`` also return them."""
    uses = begin(engine.keys, call, CryptoOperation.DERIVED_KEYS, body.name)
    shown = check_path(body.plaintext)
    indexes = _indexes(body, engine.max_batch_items)
    if not body.salt:
        raise InvalidRequest("missing salt")
    salt, info = body.salt.encode(), body.info.encode()
    context = decode_context(body.context)
    keyring = await load(engine, call, body.name)
    check_bits(body.bits)
    options = encryption_options(keyring, body)
    size = body.bits // 8
    # A trial, so that errors count nothing.
    seal(keyring, uses, bytes(size), context, body.key_version, body.associated_data, "associated_data", options)
    uses.forget()
    keyring = await counted(engine, call, keyring, body.key_version, len(indexes))
    data: dict[str, Any] = {}
    version = keyring.version_to_encrypt(body.key_version)
    mac_key = version.mac_key()
    async for index in in_turns(indexes):
        key = hkdf_sha256(mac_key, salt, info + index.to_bytes(_INDEX_BYTES, "big"), size)
        ciphertext, _ = seal(
            keyring, uses, key, context, version.number, body.associated_data, "associated_data", options
        )
        data[str(index)] = {"ciphertext": ciphertext}
        if shown:
            data[str(index)]["plaintext"] = encode_base64(key)
    data["key_version"] = version.number
    return Reply(data)


def _indexes(body: DerivedKeys, limit: int) -> range:
    first, end = body.key_index_from, body.key_index_to
    if first is UNSET or end is UNSET:
        raise InvalidRequest("key_index_from and key_index_to must be given")
    if first < 0 or end <= first:
        raise InvalidRequest("key_index_from must not be negative, and key_index_to must be greater")
    if end - first > limit:
        raise InvalidRequest(f"no more than {limit} keys can be derived at a time")
    return range(first, end)
