"""AES in CBC mode (SP 800-38A): with HMAC-SHA-512 as authenticated encryption, and by itself.

The composition is A256CBC-HS512 of RFC 7518, section 5.2.5: encrypt, then authenticate. By itself, CBC detects no
change to a ciphertext, and an attacker who can have ciphertexts decrypted and sees which fail can find plaintexts (a
padding oracle). It is there for systems that have nothing else, under Vault's names.

Initialisation vectors are random and precede the ciphertext, as nonces do; plaintexts are padded by PKCS #7.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.padding import PKCS7

from engines.algorithms.base import Aead, Material
from engines.algorithms.encodings.interchange import RawKeys
from engines.algorithms.row import Algorithm, Capabilities, Fips, Primitive, Sizes, Strength, Usage
from engines.faults import InvalidRequest

_BLOCK_BYTES = 16
_HALF_BYTES = 32
_TAG_BYTES = 32
_FAILURE = "cipher: message authentication failed"
_MAX_ENCRYPTIONS = 2**48
"""The number of random 128-bit vectors among which one repeats with probability 2^-32."""


class AesCbc:
    """One key of AES-CBC, which detects no change."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = algorithms.AES(key)

    def seal(self, nonce: bytes, plaintext: bytes, associated_data: bytes | None) -> bytes:
        """As ``Aead.seal``, without a tag; associated data isn't supported."""
        padder = PKCS7(8 * _BLOCK_BYTES).padder()
        encryptor = Cipher(self._cipher, modes.CBC(nonce)).encryptor()
        return encryptor.update(padder.update(plaintext) + padder.finalize()) + encryptor.finalize()

    def open(self, nonce: bytes, ciphertext: bytes, associated_data: bytes | None) -> bytes:
        """As ``Aead.open``, but a changed ciphertext may decrypt to another plaintext."""
        if not ciphertext or len(ciphertext) % _BLOCK_BYTES:
            raise InvalidRequest(_UNDECIPHERABLE)
        decryptor = Cipher(self._cipher, modes.CBC(nonce)).decryptor()
        unpadder = PKCS7(8 * _BLOCK_BYTES).unpadder()
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        try:
            return unpadder.update(padded) + unpadder.finalize()
        except ValueError:
            raise InvalidRequest(_UNDECIPHERABLE) from None


_UNDECIPHERABLE = "invalid ciphertext: it can't be decrypted with this key"


class AesCbcHmac:
    """One key of A256CBC-HS512: 32 bytes for authentication, then 32 for encryption."""

    __slots__ = ("_cbc", "_keyed")

    def __init__(self, key: bytes) -> None:
        self._keyed = HMAC(key[:_HALF_BYTES], hashes.SHA512())
        self._cbc = AesCbc(key[_HALF_BYTES:])

    def seal(self, nonce: bytes, plaintext: bytes, associated_data: bytes | None) -> bytes:
        """As ``Aead.seal``."""
        ciphertext = self._cbc.seal(nonce, plaintext, None)
        return ciphertext + self._authenticator(nonce, ciphertext, associated_data).finalize()[:_TAG_BYTES]

    def open(self, nonce: bytes, ciphertext: bytes, associated_data: bytes | None) -> bytes:
        """As ``Aead.open``; the tag is checked before decryption."""
        encrypted, tag = ciphertext[:-_TAG_BYTES], ciphertext[-_TAG_BYTES:]
        expected = self._authenticator(nonce, encrypted, associated_data).finalize()[:_TAG_BYTES]
        if not secrets.compare_digest(tag, expected):
            raise InvalidRequest(_FAILURE)
        try:
            return self._cbc.open(nonce, encrypted, None)
        except InvalidRequest:
            raise InvalidRequest(_FAILURE) from None

    def _authenticator(self, nonce: bytes, ciphertext: bytes, associated_data: bytes | None) -> HMAC:
        data = associated_data or b""
        authenticator = self._keyed.copy()
        authenticator.update(data + nonce + ciphertext + (8 * len(data)).to_bytes(8, "big"))
        return authenticator


def _row(
    name: str,
    number: int,
    key_bytes: int,
    aead: Callable[[bytes], Aead],
    standard: str,
    object_identifier: str,
    tag_bytes: int = 0,
    vault_number: int | None = None,
) -> Algorithm:
    bits = 128 if key_bytes == _BLOCK_BYTES else 256

    def generate(_: int) -> Material:
        return Material(secrets.token_bytes(key_bytes))

    return Algorithm(
        name=name,
        number=number,
        vault_number=vault_number,
        standard=standard,
        family="AES",
        primitive=Primitive.AEAD if tag_bytes else Primitive.BLOCK_CIPHER,
        size_bits=bits,
        parameter_set=str(bits),
        sizes=Sizes(key_bytes=key_bytes, nonce_bytes=_BLOCK_BYTES, tag_bytes=tag_bytes, padded_to_bytes=_BLOCK_BYTES),
        usage=Usage(
            derivable=True,
            convergent=True,
            upsertable=bool(tag_bytes),
            authenticates=bool(tag_bytes),
            max_encryptions=_MAX_ENCRYPTIONS,
        ),
        strength=Strength(
            classical_bits=bits, quantum_category=1 if bits == 128 else 5, fips=Fips.APPROVED, cnsa_2=bits == 256
        ),
        object_identifier=object_identifier,
        generate=generate,
        interchange=RawKeys(name, (key_bytes,)),
        capabilities=Capabilities(aead=aead, derivation_input=lambda material: material.private),
    )


AES128_CBC = _row("aes128-cbc", 1002, 16, AesCbc, "FIPS 197, SP 800-38A", "2.16.840.1.101.3.4.1.2", vault_number=18)
AES256_CBC = _row("aes256-cbc", 1003, 32, AesCbc, "FIPS 197, SP 800-38A", "2.16.840.1.101.3.4.1.42", vault_number=19)
AES256_CBC_HMAC = _row(
    "aes256-cbc-hmac-sha512", 1004, 2 * _HALF_BYTES, AesCbcHmac, "RFC 7518, section 5.2.5", "", _TAG_BYTES
)

ALGORITHMS = (AES128_CBC, AES256_CBC, AES256_CBC_HMAC)
