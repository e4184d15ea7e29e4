"""Authenticated encryption with associated data: AES-GCM (SP 800-38D) and ChaCha20-Poly1305 (RFC 8439).

Nonces are random, 96 bits long, and chosen by whoever seals; a key should seal no more than 2^32 messages with them
(SP 800-38D, 8.3), which rotation sees to.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from engines.algorithms.base import Algorithm, Fips, Material, Primitive
from engines.algorithms.interchange import RawKeys
from engines.faults import InvalidRequest

_NONCE_BYTES = 12
_TAG_BYTES = 16


class Cipher:
    """One key of one cipher, its schedule computed. ``seal`` is the provider's own function: nothing is faster."""

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
            # Which of key, nonce, associated data and ciphertext was wrong isn't known, and isn't told.
            raise InvalidRequest(self._failure) from None


def _aes_gcm(key: bytes) -> Cipher:
    return Cipher(AESGCM(key), "cipher: message authentication failed")


def _chacha20_poly1305(key: bytes) -> Cipher:
    return Cipher(ChaCha20Poly1305(key), "chacha20poly1305: message authentication failed")


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
        primitive=Primitive.AEAD,
        parameter_set=str(bits),
        key_bytes=bits // 8,
        nonce_bytes=_NONCE_BYTES,
        tag_bytes=_TAG_BYTES,
        classical_bits=bits,
        quantum_category=quantum_category,
        fips=Fips.APPROVED,
        object_identifier=object_identifier,
        cnsa_2=bits == 256,
        derivable=True,
        convergent=True,
        upsertable=True,
        generate=_generator(bits // 8),
        interchange=RawKeys(f"aes{bits}-gcm96", (bits // 8,)),
        aead=_aes_gcm,
        derivation_input=_raw,
    )


AES128_GCM = _aes(128, 8, 1, "2.16.840.1.101.3.4.1.6")
AES256_GCM = _aes(256, 0, 5, "2.16.840.1.101.3.4.1.46")

CHACHA20_POLY1305 = Algorithm(
    name="chacha20-poly1305",
    number=5,
    vault_number=5,
    standard="RFC 8439",
    primitive=Primitive.AEAD,
    parameter_set="256",
    key_bytes=32,
    nonce_bytes=_NONCE_BYTES,
    tag_bytes=_TAG_BYTES,
    classical_bits=256,
    quantum_category=5,
    fips=Fips.NOT_APPROVED,
    object_identifier="1.2.840.113549.1.9.16.3.18",
    derivable=True,
    convergent=True,
    upsertable=True,
    generate=_generator(32),
    interchange=RawKeys("chacha20-poly1305", (32,)),
    aead=_chacha20_poly1305,
    derivation_input=_raw,
)

ALGORITHMS = (AES128_GCM, AES256_GCM, CHACHA20_POLY1305)
