"""Key wrapping for transport between systems (Vault's BYOK format).

A wrapped key is an RSA-OAEP encryption of a fresh AES-256 key, followed by the key itself under AES key wrap with
padding (RFC 5649). The hash function of OAEP, also used in its mask, is agreed on separately.
"""

from __future__ import annotations

import secrets

from cryptography.hazmat.primitives import keywrap
from cryptography.hazmat.primitives.asymmetric import padding

from engines.algorithms.base import Material
from engines.algorithms.hashes import SHA1, SHA2_224, SHA2_256, SHA2_384, SHA2_512, Hash
from engines.algorithms.row import Algorithm
from engines.algorithms.rsa.rsa import RSA_4096
from engines.algorithms.rsa.rsa_keys import load_private, load_public
from engines.faults import Failed, InvalidRequest

WRAPPING_ALGORITHM: Algorithm = RSA_4096
"""The type of the key to which imported keys are wrapped."""

DEFAULT_WRAPPING_HASH = "SHA256"

_AES_KEY_BYTES = 32
_HASHES = {"SHA1": SHA1, "SHA224": SHA2_224, "SHA256": SHA2_256, "SHA384": SHA2_384, "SHA512": SHA2_512}


def parse_wrapping_hash(name: str) -> Hash:
    """The hash function of that name, upper or lower case. Raises ``InvalidRequest``."""
    hash_ = _HASHES.get(name.upper())
    if hash_ is None:
        raise InvalidRequest(f"unknown hash function: {name}")
    return hash_


def _oaep(hash_: Hash) -> padding.OAEP:
    return padding.OAEP(padding.MGF1(hash_.algorithm), hash_.algorithm, None)


def unwrap(recipient: Material, wrapped: bytes, hash_: Hash) -> bytes:
    """The key in ``wrapped``, for the RSA key ``recipient``. Raises ``Failed``."""
    private = load_private(recipient.private)
    modulus_bytes = private.key_size // 8
    if len(wrapped) <= modulus_bytes:
        raise Failed("provided ciphertext is too short")
    try:
        aes_key = private.decrypt(wrapped[:modulus_bytes], _oaep(hash_))
    except ValueError:
        raise Failed("crypto/rsa: decryption error") from None
    if len(aes_key) != _AES_KEY_BYTES:
        raise Failed("expected ephemeral AES key to be 256-bit")
    try:
        return keywrap.aes_key_unwrap_with_padding(aes_key, wrapped[modulus_bytes:])
    except (keywrap.InvalidUnwrap, ValueError):
        raise Failed("kwp: unwrap failed integrity check") from None


def wrap(recipient: bytes, key: bytes, hash_: Hash) -> bytes:
    """``key`` for the owner of the RSA public key ``recipient``, a SubjectPublicKeyInfo. Raises ``Failed``."""
    aes_key = secrets.token_bytes(_AES_KEY_BYTES)
    try:
        sealed = load_public(recipient).encrypt(aes_key, _oaep(hash_))
    except ValueError:
        raise Failed("crypto/rsa: message too long for RSA key size") from None
    return sealed + keywrap.aes_key_wrap_with_padding(aes_key, key)
