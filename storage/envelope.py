"""Format of encrypted entries: a header, a random nonce, and an AES-256-GCM ciphertext.

    header | nonce, 12 bytes | ciphertext and tag, 16 bytes more than the plaintext

The header starts with a format version and states its own length. It is associated data, together with the entry's
path: so no record decrypts as one of another format, key or path.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.base import Damaged

KEY_BYTES = 32
SALT_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


def derive(key: bytes, salt: bytes | None, purpose: str, size: int = KEY_BYTES) -> bytearray:
    """``size`` bytes derived from ``key`` by HKDF-SHA256 (RFC 5869), different for each ``salt`` and ``purpose``."""
    derived = bytearray(size)
    HKDF(SHA256(), size, salt, f"cryptoserve {purpose}".encode()).derive_into(key, derived)
    return derived


def derive_cipher(key: bytes, salt: bytes | None, purpose: str) -> AESGCM:
    """AES-256-GCM under a key derived as by ``derive``."""
    derived = derive(key, salt, purpose)
    try:
        return AESGCM(derived)
    finally:
        derived[:] = bytes(len(derived))


def close_envelope(cipher: AESGCM, header: bytes, path: str, plaintext: bytes) -> bytes:
    """Encrypt ``plaintext`` for the entry at ``path``."""
    nonce = os.urandom(NONCE_BYTES)
    return b"".join((header, nonce, cipher.encrypt(nonce, plaintext, header + path.encode())))


def open_envelope(cipher: AESGCM, header_bytes: int, path: str, record: bytes) -> bytes:
    """Decrypt ``record``, whose header the caller has read. Raises ``Damaged``, which names ``path``."""
    start = header_bytes + NONCE_BYTES
    if len(record) < start + TAG_BYTES:
        raise Damaged(f"{path}: the record is cut short")
    try:
        return cipher.decrypt(record[header_bytes:start], record[start:], record[:header_bytes] + path.encode())
    except InvalidTag as error:
        raise Damaged(f"{path}: the record was not written here with this key") from error
