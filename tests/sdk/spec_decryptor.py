"""A decryptor of the format ``cs1``, written from docs/sdk-format.md alone: it shares no code with the SDK."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Unwrap = Callable[[str], bytes]
"""Gives the data key for a wrapped key."""


def bound_data(context: str, app_name: str, team: str) -> bytes:
    """The associated data of docs/sdk.md."""
    parts = (name.encode() for name in (context, app_name, team))
    return b"cryptoserve/1" + b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def open_text(text: str, bound: bytes, unwrap: Unwrap) -> bytes:
    """The plaintext of a message."""
    assert text.startswith("cs1:")
    key, fixed, sealed = _opened(base64.b64decode(text[4:], validate=True), 1, b"cryptoserve/cs1/message", unwrap)
    return AESGCM(key).decrypt(bytes(12), sealed, fixed + bound)


def open_bytes(content: bytes, bound: bytes, unwrap: Unwrap) -> bytes:
    """The plaintext of a file."""
    assert content[:4] == bytes([0x63, 0x73, 0x31, 0x00])
    key, fixed, rest = _opened(content[4:], 2, b"cryptoserve/cs1/file", unwrap)
    plaintext, number = b"", 0
    while True:
        chunk, rest = rest[:65552], rest[65552:]
        nonce = number.to_bytes(11, "big") + (b"\0" if rest else b"\1")
        plaintext += AESGCM(key).decrypt(nonce, chunk, fixed + bound)
        if not rest:
            return plaintext
        number += 1


def _opened(content: bytes, kind: int, label: bytes, unwrap: Unwrap) -> tuple[bytes, bytes, bytes]:
    """The key, the fixed part of the header, and what lies behind the header."""
    assert (content[0], content[1]) == (1, kind)
    salt, commitment = content[2:34], content[34:66]
    end = 68 + int.from_bytes(content[66:68], "big")
    data_key = unwrap(content[68:end].decode("ascii"))
    first = hmac.digest(data_key, label + salt + b"\x01", hashlib.sha256)
    second = hmac.digest(data_key, first + label + salt + b"\x02", hashlib.sha256)
    assert second == commitment
    return first, content[:66], content[end:]
