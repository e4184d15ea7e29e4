"""Encrypt ciphertexts anew, with the latest version of their key, without showing the plaintext."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from engines.base import Body, Call, Reply
from engines.batch_items import RewrapItem
from engines.batches import check_contexts, read_leniently
from engines.encoding import decode_base64
from engines.faults import InvalidRequest
from engines.keyring import Keyring
from engines.transit.sealing import seal, unseal

if TYPE_CHECKING:
    from engines.transit.engine import Transit


class Rewrapping(Body):
    """What to encrypt anew, and with which key."""

    name: str = ""
    ciphertext: str = ""
    context: str = ""
    key_version: int = 0
    batch_input: Any = UNSET


async def rewrap(engine: Transit, call: Call, body: Rewrapping) -> Reply:
    """Encrypt anew ``ciphertext``, or every item of ``batch_input``; a batch is always answered as a success."""
    batch = body.batch_input is not UNSET and body.batch_input is not None
    if batch:
        items = read_leniently(body.batch_input)
        check_contexts(items)
    elif not body.ciphertext:
        raise InvalidRequest("missing ciphertext to decrypt")
    keyring = await engine.keys.load(body.name)
    if keyring is None:
        raise InvalidRequest("encryption key not found")
    if batch:
        return Reply({"batch_results": [_rewrap_item(keyring, item) for item in items]})
    ciphertext, version = _rewrap(keyring, body.ciphertext, body.context, body.key_version)
    return Reply({"ciphertext": ciphertext, "key_version": version})


def _rewrap_item(keyring: Keyring, item: RewrapItem) -> dict[str, Any]:
    """The result of one item; what isn't the item's own fault ends the batch."""
    try:
        if not item.ciphertext:
            raise InvalidRequest("missing ciphertext to decrypt")
        ciphertext, version = _rewrap(keyring, item.ciphertext, item.context, item.key_version)
    except InvalidRequest as fault:
        return {"error": fault.message, "reference": item.reference}
    return {"ciphertext": ciphertext, "key_version": version, "reference": item.reference}


def _rewrap(keyring: Keyring, ciphertext: str, context_text: str, key_version: int) -> tuple[str, int]:
    context = decode_base64(context_text) if context_text else b""
    return seal(keyring, unseal(keyring, ciphertext, context), context, key_version)
