"""Data keys: random keys for use elsewhere, encrypted with a key that stays here."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from engines.base import Body, Call, Reply
from engines.encoding import encode_base64
from engines.faults import InvalidRequest
from engines.transit.keys import decode_context
from engines.transit.limits import counted
from engines.transit.sealing import seal
from engines.transit.states import Use

if TYPE_CHECKING:
    from engines.transit.engine import Transit

_BITS = (128, 256, 512)


class DataKey(Body):
    """What data key to make; ``plaintext`` is the part of the path that says whether to show it."""

    plaintext: str = ""
    name: str = ""
    bits: int = 256
    context: str = ""
    associated_data: str = ""
    key_version: int = 0


async def make(engine: Transit, call: Call, body: DataKey) -> Reply:
    """Make a data key and encrypt it; on the path ``plaintext`` also show it."""
    if body.plaintext not in ("plaintext", "wrapped"):
        raise InvalidRequest("Invalid path, must be 'plaintext' or 'wrapped'")
    context = decode_context(body.context)
    keyring = await engine.keys.use(body.name, Use.PROTECT, call.now)
    if keyring is None:
        raise InvalidRequest("encryption key not found")
    if body.bits not in _BITS:
        raise InvalidRequest("invalid bit length")
    keyring = await counted(engine, call, keyring, body.key_version)
    key = secrets.token_bytes(body.bits // 8)
    ciphertext, version = seal(keyring, key, context, body.key_version, body.associated_data, "associated_data")
    data: dict[str, Any] = {"ciphertext": ciphertext, "key_version": version}
    if body.plaintext == "plaintext":
        data["plaintext"] = encode_base64(key)
    return Reply(data)
