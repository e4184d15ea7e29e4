"""Encryption and decryption of messages of any length, by HPKE (RFC 9180) to a public key.

A ciphertext is ``vault:v<version>:`` and the base64 of HPKE's encapsulated key followed by the AEAD's ciphertext. The
key's type determines the suite, and ``INFO`` separates these messages from other uses of the key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

from msgspec import UNSET, UnsetType

from engines.algorithms.base import DEFAULT_ENCRYPTION, BadCiphertext, HpkeSuite, NoPrivateKey
from engines.base import Call, Holds, Reply
from engines.batches.items import DecryptItem, EncryptItem
from engines.batches.reading import read_strictly, reply_with_status
from engines.crypto_policy.gate import PolicyRefused
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.requests import encryption_facts
from engines.crypto_policy.uses import Uses, begin
from engines.encoding import decode_base64, encode_base64
from engines.faults import InvalidRequest
from engines.fields import Batch
from engines.keys.counting.limits import count_then_make, counted_items
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
    """Messages to encrypt, and the key with its version; 0 for the latest."""

    holds: ClassVar[Holds] = {"batch_input": EncryptItem}

    plaintext: str | UnsetType = UNSET
    associated_data: str = ""
    key_version: int = 0
    batch_input: Batch = UNSET
    partial_failure_response_code: int | UnsetType = UNSET

    tells = {
        "plaintext": "Base64 of the data.",
        "associated_data": "Additional authenticated data in base64. It is not encrypted, and decryption needs "
        "the same.",
        "key_version": "The version to use; 0 for the latest.",
        "batch_input": "A batch: objects with the parameters of a single request and a `reference`.",
        "partial_failure_response_code": ("The HTTP status of a batch with failed items, 200 to 599. Default: 400."),
    }


class Decryption(KeyName):
    """Messages to decrypt, and the key."""

    holds: ClassVar[Holds] = {"batch_input": DecryptItem}

    ciphertext: str = ""
    associated_data: str = ""
    batch_input: Batch = UNSET
    partial_failure_response_code: int | UnsetType = UNSET

    tells = {
        "ciphertext": "The `ciphertext` of an encryption: `vault:v1:` and base64.",
        "associated_data": "Additional authenticated data in base64. It is not encrypted, and decryption needs "
        "the same.",
        "batch_input": "A batch: objects with the parameters of a single request and a `reference`.",
        "partial_failure_response_code": ("The HTTP status of a batch with failed items, 200 to 599. Default: 400."),
    }


def _suite(keyring: Keyring) -> HpkeSuite:
    suite = keyring.algorithm.capabilities.hpke
    assert suite is not None, "keys that encapsulate have a suite of HPKE"
    return suite


def _prepare_seal(
    keyring: Keyring, uses: Uses, plaintext: str, associated_data: str, key_version: int
) -> Callable[[], tuple[str, int]]:
    """The function that returns the ciphertext and its version. Raises ``InvalidRequest`` or ``PolicyRefused``."""
    data = decode_base64(plaintext)
    associated = decode_base64(associated_data)
    version = keyring.version_to_encrypt(key_version)
    request = encryption_facts(keyring.algorithm, DEFAULT_ENCRYPTION, associated=bool(associated))
    use = uses.allow(version.facts(uses.place), request, len(data))

    def seal() -> tuple[str, int]:
        use.begin()
        sealed = _suite(keyring).seal(version.encapsulation, data, INFO, associated)
        use.made(len(data), len(sealed))
        return version.prefix + encode_base64(sealed), version.number

    return seal


def _open(keyring: Keyring, uses: Uses, ciphertext: str, associated_data: str) -> str:
    """The plaintext in base64. Raises ``InvalidRequest``, with one text for all that is wrong with the ciphertext.

    Raises ``PolicyRefused`` besides, for the version in the ciphertext.
    """
    if not ciphertext:
        raise InvalidRequest("missing ciphertext to decrypt")
    associated = decode_base64(associated_data)
    version, payload = split_ciphertext(keyring, ciphertext)
    request = encryption_facts(keyring.algorithm, DEFAULT_ENCRYPTION, associated=bool(associated))
    use = uses.allow(version.facts(uses.place), request, len(payload))
    use.begin()
    try:
        plaintext = _suite(keyring).open(version.encapsulation, payload, INFO, associated)
    except BadCiphertext:
        raise ForeignCiphertext from None
    except NoPrivateKey:
        raise PublicKeyOnly from None
    use.made(len(payload), len(plaintext))
    return encode_base64(plaintext)


async def encrypt(engine: Pqc, call: Call, body: Encryption) -> Reply:
    """Encrypt ``plaintext``, or every item of ``batch_input``."""
    uses = begin(engine.keys, call, CryptoOperation.ENCRYPT, body.name)
    if body.batch_input is not UNSET and body.batch_input is not None:
        return await _encrypt_batch(engine, call, body, uses)
    plaintext = body.plaintext
    if plaintext is UNSET:
        raise InvalidRequest("missing plaintext to encrypt")
    keyring = await load(engine, body.name, Use.PROTECT, call)

    def prepare(key: Keyring) -> Callable[[], tuple[str, int]]:
        return _prepare_seal(key, uses, plaintext, body.associated_data, body.key_version)

    ciphertext, version = await count_then_make(engine, call, keyring, body.key_version, prepare)
    return Reply({"ciphertext": ciphertext, "key_version": version})


async def decrypt(engine: Pqc, call: Call, body: Decryption) -> Reply:
    """Decrypt ``ciphertext``, or every item of ``batch_input``."""
    uses = begin(engine.keys, call, CryptoOperation.DECRYPT, body.name)
    if body.batch_input is not UNSET and body.batch_input is not None:
        return await _decrypt_batch(engine, call, body, uses)
    keyring = await load(engine, body.name, Use.PROCESS, call)
    return Reply({"plaintext": _open(keyring, uses, body.ciphertext, body.associated_data)})


Sealing: TypeAlias = Callable[[], tuple[str, int]] | InvalidRequest | PolicyRefused
"""The function that encrypts an item, or the item's fault."""


async def _encrypt_batch(engine: Pqc, call: Call, body: Encryption, uses: Uses) -> Reply:
    uses.batch = True
    items = read_strictly(body.batch_input, EncryptItem, "plaintext", engine.max_batch_items)
    keyring = await load(engine, body.name, Use.PROTECT, call)
    prepared = [_prepared(keyring, uses, item) async for item in in_turns(items)]
    refused = [isinstance(sealing, PolicyRefused) for sealing in prepared]
    allowed = (item.key_version for item, without in zip(items, refused, strict=True) if not without)
    present = await counted_items(engine, call, keyring, allowed)
    if present is not keyring:  # Those that ask for the latest version get another one now.
        prepared = [
            _prepared(present, uses, item) if callable(sealing) else sealing
            for item, sealing in zip(items, prepared, strict=True)
        ]
    results: list[dict[str, Any]] = []
    failures = 0
    async for item, sealing in in_turns(zip(items, prepared, strict=True)):
        if callable(sealing):
            ciphertext, version = sealing()
            results.append({"ciphertext": ciphertext, "key_version": version, "reference": item.reference})
        else:
            failures += 1
            results.append({"error": sealing.message, "reference": item.reference})
    uses.complete(keyring.algorithm.name, len(items))
    return _reply(call, results, failures, body.partial_failure_response_code)


def _prepared(keyring: Keyring, uses: Uses, item: EncryptItem) -> Sealing:
    try:
        return _prepare_seal(keyring, uses, item.plaintext, item.associated_data, item.key_version)
    except (InvalidRequest, PolicyRefused) as fault:
        return fault


async def _decrypt_batch(engine: Pqc, call: Call, body: Decryption, uses: Uses) -> Reply:
    uses.batch = True
    items = read_strictly(body.batch_input, DecryptItem, "ciphertext", engine.max_batch_items)
    keyring = await load(engine, body.name, Use.PROCESS, call)
    results: list[dict[str, Any]] = []
    failures = 0
    async for item in in_turns(items):
        try:
            plaintext = _open(keyring, uses, item.ciphertext, item.associated_data)
        except (InvalidRequest, PolicyRefused) as fault:
            failures += 1
            results.append({"plaintext": "", "error": fault.message, "reference": item.reference})
        else:
            results.append({"plaintext": plaintext, "reference": item.reference})
    uses.complete(keyring.algorithm.name, len(items))
    return _reply(call, results, failures, body.partial_failure_response_code)


def _reply(call: Call, results: list[dict[str, Any]], failures: int, wanted: int | UnsetType) -> Reply:
    succeeded = failures < len(results)
    return reply_with_status(call, results, succeeded, failures > 0, False, None if wanted is UNSET else wanted)
