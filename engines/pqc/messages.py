"""Encrypting and decrypting messages of any length, by HPKE (RFC 9180) to a key's public half.

A ciphertext is ``vault:v<version>:`` and the base64 of HPKE's encapsulated key with the AEAD's ciphertext behind it.
The suite follows from the key's type, and ``INFO`` keeps these messages apart from whatever else the key is used for.
"""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import UNSET, UnsetType

from engines.algorithms.base import BadCiphertext, HpkeSuite, NoPrivateKey
from engines.base import Call, Holds, Reply
from engines.batches.items import DecryptItem, EncryptItem
from engines.batches.reading import read_strictly, reply_with_status
from engines.encoding import decode_base64, encode_base64
from engines.faults import InvalidRequest
from engines.fields import Batch
from engines.keys.counting.limits import counted, counted_items
from engines.keys.keyring import Keyring
from engines.keys.settings import KeyName
from engines.keys.states import Use
from engines.pqc.encapsulation import ForeignCiphertext, PublicKeyOnly, split_ciphertext
from engines.pqc.keys import load
from engines.pqc.state import Pqc
from engines.worker_pools import in_turns

INFO = b"cryptoserve pqc encrypt v1"
"""The ``info`` of HPKE in these messages."""


class Encryption(KeyName):
    """What to encrypt, and with which version of which key; 0 for the latest."""

    holds: ClassVar[Holds] = {"batch_input": EncryptItem}

    plaintext: str | UnsetType = UNSET
    associated_data: str = ""
    key_version: int = 0
    batch_input: Batch = UNSET
    partial_failure_response_code: int | UnsetType = UNSET

    tells = {
        "plaintext": "Base64 of the data.",
        "associated_data": "Base64 of data that is authenticated and not encrypted; decryption needs the same.",
        "key_version": "The version to use; 0 for the latest.",
        "batch_input": "Several at once, each an object with the single parameters and a `reference`.",
        "partial_failure_response_code": (
            "The status of a batch of which some items failed, instead of 400; 200 to 599."
        ),
    }


class Decryption(KeyName):
    """What to decrypt, and with which key."""

    holds: ClassVar[Holds] = {"batch_input": DecryptItem}

    ciphertext: str = ""
    associated_data: str = ""
    batch_input: Batch = UNSET
    partial_failure_response_code: int | UnsetType = UNSET

    tells = {
        "ciphertext": "What encryption gave: `vault:v1:` and base64.",
        "associated_data": "Base64 of data that is authenticated and not encrypted; decryption needs the same.",
        "batch_input": "Several at once, each an object with the single parameters and a `reference`.",
        "partial_failure_response_code": (
            "The status of a batch of which some items failed, instead of 400; 200 to 599."
        ),
    }


def _suite(keyring: Keyring) -> HpkeSuite:
    suite = keyring.algorithm.capabilities.hpke
    assert suite is not None, "keys that encapsulate have a suite of HPKE"
    return suite


def _seal(keyring: Keyring, plaintext: str, associated_data: str, key_version: int) -> tuple[str, int]:
    """The ciphertext and the version it is for. Raises ``InvalidRequest``."""
    data = decode_base64(plaintext)
    associated = decode_base64(associated_data)
    version = keyring.version_to_encrypt(key_version)
    sealed = _suite(keyring).seal(version.encapsulation(), data, INFO, associated)
    return version.prefix + encode_base64(sealed), version.number


def _open(keyring: Keyring, ciphertext: str, associated_data: str) -> str:
    """The plaintext in base64. Raises ``InvalidRequest``, with one text for all that is wrong with the ciphertext."""
    if not ciphertext:
        raise InvalidRequest("missing ciphertext to decrypt")
    associated = decode_base64(associated_data)
    version, payload = split_ciphertext(keyring, ciphertext)
    try:
        return encode_base64(_suite(keyring).open(version.encapsulation(), payload, INFO, associated))
    except BadCiphertext:
        raise ForeignCiphertext from None
    except NoPrivateKey:
        raise PublicKeyOnly from None


async def encrypt(engine: Pqc, call: Call, body: Encryption) -> Reply:
    """Encrypt ``plaintext``, or every item of ``batch_input``."""
    if body.batch_input is not UNSET and body.batch_input is not None:
        return await _encrypt_batch(engine, call, body)
    if body.plaintext is UNSET:
        raise InvalidRequest("missing plaintext to encrypt")
    keyring = await counted(engine, call, await load(engine, body.name, Use.PROTECT, call), body.key_version)
    ciphertext, version = _seal(keyring, body.plaintext, body.associated_data, body.key_version)
    return Reply({"ciphertext": ciphertext, "key_version": version})


async def decrypt(engine: Pqc, call: Call, body: Decryption) -> Reply:
    """Decrypt ``ciphertext``, or every item of ``batch_input``."""
    if body.batch_input is not UNSET and body.batch_input is not None:
        return await _decrypt_batch(engine, call, body)
    keyring = await load(engine, body.name, Use.PROCESS, call)
    return Reply({"plaintext": _open(keyring, body.ciphertext, body.associated_data)})


async def _encrypt_batch(engine: Pqc, call: Call, body: Encryption) -> Reply:
    items = read_strictly(body.batch_input, EncryptItem, "plaintext", engine.max_batch_items)
    keyring = await load(engine, body.name, Use.PROTECT, call)
    keyring = await counted_items(engine, call, keyring, (item.key_version for item in items))
    results: list[dict[str, Any]] = []
    failures = 0
    async for item in in_turns(items):
        try:
            ciphertext, version = _seal(keyring, item.plaintext, item.associated_data, item.key_version)
        except InvalidRequest as fault:
            failures += 1
            results.append({"error": fault.message, "reference": item.reference})
        else:
            results.append({"ciphertext": ciphertext, "key_version": version, "reference": item.reference})
    return _reply(call, results, failures, body.partial_failure_response_code)


async def _decrypt_batch(engine: Pqc, call: Call, body: Decryption) -> Reply:
    items = read_strictly(body.batch_input, DecryptItem, "ciphertext", engine.max_batch_items)
    keyring = await load(engine, body.name, Use.PROCESS, call)
    results: list[dict[str, Any]] = []
    failures = 0
    async for item in in_turns(items):
        try:
            plaintext = _open(keyring, item.ciphertext, item.associated_data)
        except InvalidRequest as fault:
            failures += 1
            results.append({"plaintext": "", "error": fault.message, "reference": item.reference})
        else:
            results.append({"plaintext": plaintext, "reference": item.reference})
    return _reply(call, results, failures, body.partial_failure_response_code)


def _reply(call: Call, results: list[dict[str, Any]], failures: int, wanted: int | UnsetType) -> Reply:
    succeeded = failures < len(results)
    return reply_with_status(call, results, succeeded, failures > 0, False, None if wanted is UNSET else wanted)
