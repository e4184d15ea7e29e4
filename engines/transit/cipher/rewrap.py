"""Rewrapping: ciphertexts encrypted anew with the latest version of their key, without revealing the plaintext.

A context or associated data of a ciphertext must be given, and binds the new one too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from msgspec import UNSET

from engines.algorithms.base import DEFAULT_ENCRYPTION, EncryptionOptions
from engines.algorithms.rsa.encryption_options import (
    PaddingScheme,
    parse_decryption,
    parse_encryption,
    unapproved_encryption,
)
from engines.base import Body, Call, Holds, Reply
from engines.batches.items import EncryptItem, RewrapItem
from engines.batches.reading import batch_results, check_contexts, read_leniently
from engines.crypto_policy.gate import PolicyRefused
from engines.crypto_policy.uses import Uses, begin_halves
from engines.encoding import decode_base64
from engines.faults import Fault, InvalidRequest
from engines.fields import Batch
from engines.keys.counting.limits import count_then_make, counted_items
from engines.keys.keyring import Keyring
from engines.keys.states import Use
from engines.transit.cipher.decrypt import decrypt_plainly
from engines.transit.cipher.encrypt import encrypt_items
from engines.transit.cipher.sealing import is_plain, prepare_seal, unseal_at_pace
from engines.transit.state import Transit
from engines.worker_pools import in_turns

_LABEL = "associated_data"


class Rewrapping(Body):
    """Ciphertexts to encrypt anew, and their key."""

    holds: ClassVar[Holds] = {"batch_input": RewrapItem}

    name: str = ""
    ciphertext: str = ""
    context: str = ""
    associated_data: str = ""
    """The associated data of the ciphertext and the new one; OpenBao doesn't have it here."""

    decrypt_padding_scheme: PaddingScheme = ""
    encrypt_padding_scheme: PaddingScheme = ""
    key_version: int = 0
    batch_input: Batch = UNSET

    tells = {
        "name": "The name of the key: letters, digits and `_`, with `-` and `.` inside.",
        "ciphertext": (
            "The `ciphertext` of an encryption: `vault:v1:` and base64, or `cs1:` and base64 from the SDK's local mode."
        ),
        "context": "The context of key derivation, in base64. Required for derived keys, ignored for others.",
        "associated_data": "Additional authenticated data in base64. It is not encrypted, and decryption needs "
        "the same.",
        "decrypt_padding_scheme": "For RSA: the padding of the given ciphertext, as `padding_scheme` of decryption.",
        "encrypt_padding_scheme": "For RSA: `oaep`. Default: `oaep`.",
        "key_version": "The version to use; 0 for the latest.",
        "batch_input": "A batch of items. See [Batches]. The parameters of a single item are then ignored.",
    }


async def rewrap(engine: Transit, call: Call, body: Rewrapping) -> Reply:
    """Encrypt anew ``ciphertext``, or every item of ``batch_input``; a batch always succeeds as a whole."""
    halves = begin_halves(engine.keys, call, body.name)
    batch = body.batch_input is not UNSET and body.batch_input is not None
    if batch:
        items = read_leniently(body.batch_input, engine.max_batch_items)
        check_contexts(items)
    elif not body.ciphertext:
        raise InvalidRequest("missing ciphertext to decrypt")
    keyring = await engine.keys.use(body.name, Use.PROTECT, call)
    if keyring is None:
        raise InvalidRequest("encryption key not found")
    was = parse_decryption(keyring.algorithm, body.decrypt_padding_scheme, "", name="decrypt_padding_scheme")
    parse_encryption(keyring.algorithm, body.encrypt_padding_scheme, "", name="encrypt_padding_scheme")
    if engine.keys.fips.active:
        engine.keys.fips.processing(call, unapproved_encryption(was))
    if batch:
        return Reply({"batch_results": await rewrap_items(engine, call, halves, keyring, items, was)})
    decrypting, encrypting = halves
    opened = await _open(keyring, decrypting, body.ciphertext, body.context, body.associated_data, was)
    ciphertext, version = await count_then_make(
        engine,
        call,
        keyring,
        body.key_version,
        lambda key: prepare_seal(key, encrypting, *opened, body.key_version, body.associated_data, _LABEL),
    )
    return Reply({"ciphertext": ciphertext, "key_version": version})


Halves: TypeAlias = tuple[Uses, Uses]
"""The uses for decryption and for encryption."""


async def rewrap_items(
    engine: Transit,
    call: Call,
    halves: Halves,
    keyring: Keyring,
    items: Sequence[RewrapItem],
    was: EncryptionOptions = DEFAULT_ENCRYPTION,
    *,
    any_fault: bool = False,
) -> list[dict[str, Any]]:
    """The results of ``items``, encrypted with the options ``was``, which are counted before they are encrypted anew.

    Faults that aren't an item's own end the batch, unless ``any_fault`` assigns them to the item.
    """
    decrypting, encrypting = halves
    decrypting.batch = encrypting.batch = encrypting.asking = True
    opened = _opened_plainly(decrypting, keyring, items)
    if opened is not None:
        return batch_results(await encrypt_items(engine, call, encrypting, keyring, opened, False))
    slowly = _Slowly(keyring, halves, was, Fault if any_fault else _OF_ITEMS)
    found = [await slowly.opened(item) async for item in in_turns(items)]
    decrypting.complete(keyring.algorithm.name, len(items))
    pairs = list(zip(items, found, strict=True))
    prepared = [slowly.prepared(keyring, item, result) async for item, result in in_turns(pairs)]
    allowed = [item.key_version for item, result in zip(items, prepared, strict=True) if callable(result)]
    present = await counted_items(engine, call, keyring, allowed)
    if present is not keyring:  # Items without a version get the new one now.
        prepared = [
            slowly.prepared(present, item, plaintext) if callable(result) else result
            for item, result, plaintext in zip(items, prepared, found, strict=True)
        ]
    return [slowly.result(item, result) async for item, result in in_turns(zip(items, prepared, strict=True))]


def _opened_plainly(uses: Uses, keyring: Keyring, items: Sequence[RewrapItem]) -> list[EncryptItem] | None:
    """The messages to encrypt, for a batch without special cases and failures; None falls back to the slow path."""
    if not is_plain(keyring) or any(item.key_version or item.associated_data or item.context for item in items):
        return None
    opened = decrypt_plainly(uses, keyring, items)
    return None if opened is None else [EncryptItem(**message) for message in opened]


_OF_ITEMS = (InvalidRequest, PolicyRefused)
"""The faults that concern an item alone."""

Opened: TypeAlias = tuple[bytes, bytes]
"""A plaintext, and its context."""

Sealing: TypeAlias = Callable[[], tuple[str, int]]


@dataclass(frozen=True, slots=True)
class _Slowly:
    """The steps for each item of a batch with special cases; ``faults`` are those of the item alone."""

    keyring: Keyring
    halves: Halves
    was: EncryptionOptions
    faults: type[Fault] | tuple[type[Fault], ...]

    async def opened(self, item: RewrapItem) -> Opened | Fault:
        try:
            if not item.ciphertext:
                raise InvalidRequest("missing ciphertext to decrypt")
            uses = self.halves[0]
            return await _open(self.keyring, uses, item.ciphertext, item.context, item.associated_data, self.was)
        except self.faults as fault:
            return fault

    def prepared(self, keyring: Keyring, item: RewrapItem, opened: Opened | Fault) -> Sealing | Fault:
        if isinstance(opened, Fault):
            return opened
        try:
            return prepare_seal(keyring, self.halves[1], *opened, item.key_version, item.associated_data, _LABEL)
        except self.faults as fault:
            return fault

    def result(self, item: RewrapItem, sealing: Sealing | Fault) -> dict[str, Any]:
        fault = sealing
        if not isinstance(sealing, Fault):
            try:
                ciphertext, version = sealing()
                return {"ciphertext": ciphertext, "key_version": version, "reference": item.reference}
            except self.faults as error:
                fault = error
        assert isinstance(fault, Fault), "what isn't a result is a fault"
        return {"error": fault.message, "reference": item.reference}


async def _open(
    keyring: Keyring, uses: Uses, ciphertext: str, context_text: str, associated_data: str, was: EncryptionOptions
) -> Opened:
    context = decode_base64(context_text) if context_text else b""
    return await unseal_at_pace(keyring, uses, ciphertext, context, associated_data, _LABEL, was), context
