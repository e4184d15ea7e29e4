"""Authenticated encryption with associated data: AES-GCM (SP 800-38D), AES-CCM (SP 800-38C), ChaCha20-Poly1305 (RFC
8439) and XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03).

Nonces are random, of 96 bits (XChaCha20: 192), and chosen by the caller of ``seal``; a key should seal at most 2^32
messages with 96-bit nonces (SP 800-38D, 8.3), the ``max_encryptions`` of the rows.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

from engines.algorithms.base import Material
from engines.algorithms.encodings.interchange import RawKeys
from engines.algorithms.row import LIBSODIUM, Algorithm, Capabilities, Fips, Primitive, Sizes, Strength, Usage
from engines.faults import InvalidRequest

_NONCE_BYTES = 12
_TAG_BYTES = 16
_MAX_ENCRYPTIONS = 2**32
_XCHACHA_NONCE_BYTES = 24
_MAX_CCM_BYTES = 2**24 - 1
"""The longest plaintext of AES-CCM with a nonce of twelve bytes, which leaves a length field of three."""

_AES_FAILURE = "cipher: message authentication failed"
_CHACHA_FAILURE = "chacha20poly1305: message authentication failed"


class Cipher:
    """One key of one cipher, with its schedule computed. ``seal`` is the provider's own function, for speed."""

    __slots__ = ("_failure", "_open", "seal")

    def __init__(self, cipher: AESGCM | ChaCha20Poly1305, failure: str) -> None:
        self.seal: Callable[[bytes, bytes, bytes | None], bytes] = cipher.encrypt
        self._open = cipher.decrypt
        self._failure = failure

    def open(self, nonce: bytes, ciphertext: bytes, associated_data: bytes | None) -> bytes:
        """The plaintext of ``ciphertext``, which ends in its tag. Raises ``InvalidRequest`` if it isn't authentic."""
        try:
            return self._open(nonce, ciphertext, associated_data)
        except InvalidTag:
            # It is neither known nor told which of key, nonce, associated data and ciphertext was wrong.
            raise InvalidRequest(self._failure) from None


def _aes_gcm(key: bytes) -> Cipher:
    return Cipher(AESGCM(key), _AES_FAILURE)


def _chacha20_poly1305(key: bytes) -> Cipher:
    return Cipher(ChaCha20Poly1305(key), _CHACHA_FAILURE)


class AesCcm:
    """One key of AES-CCM, with tags of 16 bytes (AEAD_AES_256_CCM of RFC 5116)."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESCCM(key, _TAG_BYTES)

    def seal(self, nonce: bytes, plaintext: bytes, associated_data: bytes | None) -> bytes:
        """As ``Aead.seal``."""
        if len(plaintext) > _MAX_CCM_BYTES:
            raise InvalidRequest(f"a message for {AES256_CCM.name} has at most {_MAX_CCM_BYTES} bytes")
        return self._cipher.encrypt(nonce, plaintext, associated_data)

    def open(self, nonce: bytes, ciphertext: bytes, associated_data: bytes | None) -> bytes:
        """As ``Aead.open``."""
        if len(ciphertext) - _TAG_BYTES > _MAX_CCM_BYTES:
            raise InvalidRequest(_AES_FAILURE)
        try:
            return self._cipher.decrypt(nonce, ciphertext, associated_data)
        except InvalidTag:
            raise InvalidRequest(_AES_FAILURE) from None


class XChaCha20Poly1305:
    """One key of XChaCha20-Poly1305."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, nonce: bytes, plaintext: bytes, associated_data: bytes | None) -> bytes:
        """As ``Aead.seal``."""
        return crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, associated_data, nonce, self._key)

    def open(self, nonce: bytes, ciphertext: bytes, associated_data: bytes | None) -> bytes:
        """As ``Aead.open``."""
        if len(ciphertext) < _TAG_BYTES:
            raise InvalidRequest(_CHACHA_FAILURE)
        try:
            return crypto_aead_xchacha20poly1305_ietf_decrypt(ciphertext, associated_data, nonce, self._key)
        except CryptoError:
            raise InvalidRequest(_CHACHA_FAILURE) from None


def _generator(key_bytes: int) -> Callable[[int], Material]:
    def generate(_: int) -> Material:
        return Material(secrets.token_bytes(key_bytes))

    return generate


def _raw(material: Material) -> bytes:
    return material.private


def _aes(bits: int, number: int, quantum_category: int, object_identifier: str) -> Algorithm:
    return Algorithm(
        name=f"aes{bits}-gcm96",
        number=number,
        vault_number=number,
        standard="FIPS 197, SP 800-38D",
        family="AES",
        primitive=Primitive.AEAD,
        size_bits=bits,
        parameter_set=str(bits),
        sizes=Sizes(key_bytes=bits // 8, nonce_bytes=_NONCE_BYTES, tag_bytes=_TAG_BYTES),
        usage=Usage(derivable=True, convergent=True, upsertable=True, max_encryptions=_MAX_ENCRYPTIONS),
        strength=Strength(
            classical_bits=bits, quantum_category=quantum_category, fips=Fips.APPROVED, cnsa_2=bits == 256
        ),
        object_identifier=object_identifier,
        generate=_generator(bits // 8),
        interchange=RawKeys(f"aes{bits}-gcm96", (bits // 8,)),
        capabilities=Capabilities(aead=_aes_gcm, derivation_input=_raw),
    )


AES128_GCM = _aes(128, 8, 1, "2.16.840.1.101.3.4.1.6")
AES256_GCM = _aes(256, 0, 5, "2.16.840.1.101.3.4.1.46")

CHACHA20_POLY1305 = Algorithm(
    name="chacha20-poly1305",
    number=5,
    vault_number=5,
    standard="RFC 8439",
    family="ChaCha20",
    primitive=Primitive.AEAD,
    size_bits=256,
    parameter_set="256",
    sizes=Sizes(key_bytes=32, nonce_bytes=_NONCE_BYTES, tag_bytes=_TAG_BYTES),
    usage=Usage(derivable=True, convergent=True, upsertable=True, max_encryptions=_MAX_ENCRYPTIONS),
    strength=Strength(classical_bits=256, quantum_category=5, fips=Fips.NOT_APPROVED),
    object_identifier="1.2.840.113549.1.9.16.3.18",
    generate=_generator(32),
    interchange=RawKeys("chacha20-poly1305", (32,)),
    capabilities=Capabilities(aead=_chacha20_poly1305, derivation_input=_raw),
)

XCHACHA20_POLY1305 = Algorithm(
    name="xchacha20-poly1305",
    number=11,
    standard="draft-irtf-cfrg-xchacha-03",
    family="ChaCha20",
    primitive=Primitive.AEAD,
    size_bits=256,
    parameter_set="256",
    sizes=Sizes(key_bytes=32, nonce_bytes=_XCHACHA_NONCE_BYTES, tag_bytes=_TAG_BYTES),
    strength=Strength(classical_bits=256, quantum_category=5, fips=Fips.NOT_APPROVED),
    object_identifier="",
    provider=LIBSODIUM,
    usage=Usage(derivable=True, convergent=True, upsertable=True),
    generate=_generator(32),
    interchange=RawKeys("xchacha20-poly1305", (32,)),
    capabilities=Capabilities(aead=XChaCha20Poly1305, derivation_input=_raw),
)

AES256_CCM = Algorithm(
    name="aes256-ccm",
    number=1001,
    standard="FIPS 197, SP 800-38C, RFC 5116",
    family="AES",
    primitive=Primitive.AEAD,
    size_bits=256,
    parameter_set="256",
    sizes=Sizes(key_bytes=32, nonce_bytes=_NONCE_BYTES, tag_bytes=_TAG_BYTES),
    usage=Usage(derivable=True, convergent=True, upsertable=True, max_encryptions=_MAX_ENCRYPTIONS),
    strength=Strength(classical_bits=256, quantum_category=5, fips=Fips.APPROVED, cnsa_2=True),
    object_identifier="2.16.840.1.101.3.4.1.47",
    generate=_generator(32),
    interchange=RawKeys("aes256-ccm", (32,)),
    capabilities=Capabilities(aead=AesCcm, derivation_input=_raw),
)

ALGORITHMS = (AES128_GCM, AES256_GCM, CHACHA20_POLY1305, XCHACHA20_POLY1305, AES256_CCM)
