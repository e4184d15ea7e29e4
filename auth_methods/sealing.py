"""Sealing of what a method hands out, or has others keep, under a key of its mount: AES-256-GCM.

    version 1, 1 byte | nonce, 12 bytes | ciphertext and tag

``label`` is authenticated with it, so that a text sealed for one purpose serves for no other.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.base import Transaction, transact
from storage.view import View

_KEY = "sealing-key"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = b"\x01"


async def seal(view: View, label: bytes, content: bytes) -> bytes:
    """``content``, sealed."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + nonce + AESGCM(await _key(view)).encrypt(nonce, content, _VERSION + label)


async def unseal(view: View, label: bytes, sealed: bytes) -> bytes | None:
    """The content of ``sealed``; None if it wasn't sealed here, for this purpose."""
    if sealed[:1] != _VERSION:
        return None
    nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return AESGCM(await _key(view)).decrypt(nonce, ciphertext, _VERSION + label)
    except (ValueError, InvalidTag):
        return None


async def _key(view: View) -> bytes:
    async def make(transaction: Transaction) -> bytes:
        key = await transaction.get(_KEY)
        if key is None:
            key = secrets.token_bytes(_KEY_BYTES)
            transaction.put(_KEY, key)
        return key

    found = await view.load(_KEY, bytes)
    return await transact(view, make) if found is None else found
