"""Encrypt ciphertexts anew, with the latest version of their key, without showing the plaintext.

A ciphertext that is bound to a context or to associated data is opened with these, and the new one is bound to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

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
from engines.batches.reading import check_contexts, read_leniently
from engines.encoding import decode_base64
from engines.faults import InvalidRequest
from engines.fields import Batch
from engines.keys.counting.limits import count_then_make, counted_items
from engines.keys.keyring import Keyring
from engines.keys.states import Use
from engines.transit.cipher.decrypt import decrypt_plainly
from engines.transit.cipher.encrypt import encrypt_plainly
from engines.transit.cipher.sealing import is_plain, prepare_seal, seal, unseal_at_pace
from engines.transit.state import Transit
from engines.worker_pools import in_turns

_LABEL = "associated_data"


class Rewrapping(Body):
    """What to encrypt anew, and with which key."""

    holds: ClassVar[Holds] = {"batch_input": RewrapItem}

    name: str = ""
    ciphertext: str = ""
    context: str = ""
    associated_data: str = ""
    """What the ciphertext is bound to, and the new one will be; OpenBao doesn't know it here."""

    decrypt_padding_scheme: PaddingScheme = ""
    encrypt_padding_scheme: PaddingScheme = ""
    key_version: int = 0
    batch_input: Batch = UNSET

    tells = {
        "name": "The key. Letters, digits and `_`, with `-` and `.` inside.",
        "ciphertext": "What encryption gave: `vault:v1:` and base64.",
        "context": "Base64. What the key for this request is derived from. Needed by derived keys, ignored by others.",
        "associated_data": "Base64 of data that is authenticated and not encrypted; decryption needs the same.",
        "decrypt_padding_scheme": "For RSA: how the ciphertext was padded, as `padding_scheme` of decrypting.",
        "encrypt_padding_scheme": "For RSA: `oaep` (also when empty).",
        "key_version": "The version to use; 0 for the latest.",
        "batch_input": "Several at once, see [Batches]. The single parameters are ignored then.",
    }


async def rewrap(engine: Transit, call: Call, body: Rewrapping) -> Reply:
    """Encrypt anew ``ciphertext``, or every item of ``batch_input``; a batch is always answered as a success."""
    batch = body.batch_input is not UNSET and body.batch_input is not None
    if batch:
        items = read_leniently(body.batch_input, engine.max_batch_items)
        has_context = check_contexts(items)
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
        keyring = await counted_items(engine, call, keyring, (item.key_version for item in items))
        results = None if has_context else rewrap_plainly(keyring, items)
        results = results or [await _rewrap_item(keyring, item, was) async for item in in_turns(items)]
        return Reply({"batch_results": results})
    opened = await _open(keyring, body.ciphertext, body.context, body.associated_data, was)
    ciphertext, version = await count_then_make(
        engine,
        call,
        keyring,
        body.key_version,
        lambda key: prepare_seal(key, *opened, body.key_version, body.associated_data, _LABEL),
    )
    return Reply({"ciphertext": ciphertext, "key_version": version})


def rewrap_plainly(keyring: Keyring, items: Sequence[RewrapItem]) -> list[dict[str, Any]] | None:
    """The results where nothing is special and nothing fails, nearly always; None leaves it to the slow way."""
    if not is_plain(keyring) or any(item.key_version or item.associated_data for item in items):
        return None
    opened = decrypt_plainly(keyring, items)
    if opened is None:
        return None
    return encrypt_plainly(keyring, [EncryptItem(**message) for message in opened])


async def _rewrap_item(keyring: Keyring, item: RewrapItem, was: EncryptionOptions) -> dict[str, Any]:
    """The result of one item; what isn't the item's own fault ends the batch."""
    try:
        return await rewrap_item(keyring, item, was)
    except InvalidRequest as fault:
        return {"error": fault.message, "reference": item.reference}


async def rewrap_item(
    keyring: Keyring, item: RewrapItem, was: EncryptionOptions = DEFAULT_ENCRYPTION
) -> dict[str, Any]:
    """The result of one item, which ``was`` encrypted so. Raises ``InvalidRequest`` or ``Failed``."""
    if not item.ciphertext:
        raise InvalidRequest("missing ciphertext to decrypt")
    opened = await _open(keyring, item.ciphertext, item.context, item.associated_data, was)
    ciphertext, version = _seal(keyring, *opened, item.key_version, item.associated_data)
    return {"ciphertext": ciphertext, "key_version": version, "reference": item.reference}


async def _open(
    keyring: Keyring, ciphertext: str, context_text: str, associated_data: str, was: EncryptionOptions
) -> tuple[bytes, bytes]:
    """The plaintext of ``ciphertext``, and the context that it is bound to."""
    context = decode_base64(context_text) if context_text else b""
    return await unseal_at_pace(keyring, ciphertext, context, associated_data, _LABEL, was), context


def _seal(
    keyring: Keyring, plaintext: bytes, context: bytes, key_version: int, associated_data: str
) -> tuple[str, int]:
    return seal(keyring, plaintext, context, key_version, associated_data, _LABEL)
