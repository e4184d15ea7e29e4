"""Key material, the capabilities of algorithms as Protocols, and their options and errors.

A capability is a function of a registry row (``engines.algorithms.row``) that takes key material and returns an object
prepared for many uses, so that work per key is done once.

``Material`` is the form in which keys are stored: for symmetric keys the raw bytes, for Ed25519 the 32 bytes of RFC
8032, for KEM keys the bytes of their standards, and for other asymmetric keys PKCS#8 and SubjectPublicKeyInfo in DER.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from msgspec import Struct

from engines.algorithms.hashes import DEFAULT_HASH, Hash
from engines.faults import Failed

MAX_SIGNATURE_CONTEXT_BYTES = 255
"""The longest context that a signature can be bound to (FIPS 204, RFC 8032)."""


class BadSignature(Exception):
    """The signature isn't valid for this message and key."""


class BadCiphertext(Exception):
    """The ciphertext can't be decrypted with this key. Holds no reason, which callers must not learn."""


class NoPrivateKey(Failed):
    """Only the public part of the key is available."""


@dataclass(frozen=True, slots=True)
class Material:
    """A stored key. ``private`` is empty if only the public part is known."""

    private: bytes = field(repr=False)
    public: bytes = b""


class Marshaling(Enum):
    """The encoding of a signature."""

    ASN1 = "asn1"
    JWS = "jws"


class SignatureOptions(Struct, frozen=True):
    """Options of signing and verifying; algorithms ignore those that they don't have."""

    hash: Hash | None
    """None signs the input as it is, without a hash identifier."""

    prehashed: bool = False
    scheme: str = ""
    """The padding of an RSA signature; empty for the default."""

    salt_length: int = 0
    """Bytes of salt of a PSS signature: 0 for the maximum (and, on verifying, any length), -1 for the length of the
    hash."""

    marshaling: Marshaling = Marshaling.ASN1
    context: bytes = b""
    """The context that the signature is bound to, for rows with ``signature_context``."""

    signs_hash: bool = False
    """Whether the message is a digest, signed by the variant for it; only for rows with ``hash_signed``."""

    external_mu: bool = False
    """Whether the message is a representative mu (FIPS 204, 6.2), for rows that support it."""

    hash_message: bool = False
    """Whether the message is hashed first (FIPS 205, 10.2.2), for rows that support it."""


class Aead(Protocol):
    """Encryption under one key, prepared: authenticated, unless the row says otherwise."""

    @property
    def seal(self) -> Callable[[bytes, bytes, bytes | None], bytes]:
        """``seal(nonce, plaintext, associated_data)``: the ciphertext, followed by its tag.

        Raises ``InvalidRequest`` for a plaintext of an invalid length.
        """

    def open(self, nonce: bytes, ciphertext: bytes, associated_data: bytes | None) -> bytes:
        """The plaintext. Raises ``InvalidRequest``, with one text for all reasons."""


class Cmac(Protocol):
    """Message authentication by a block cipher under one key, prepared."""

    def digest(self, data: bytes) -> bytes:
        """The authentication code of ``data``, as long as a block."""


@dataclass(frozen=True, slots=True)
class EncryptionOptions:
    """Options of public-key encryption and decryption."""

    scheme: str = ""
    """The padding of RSA; empty for the default."""

    hash: Hash = DEFAULT_HASH


DEFAULT_ENCRYPTION = EncryptionOptions()
"""The default options."""


class PublicKeyEncryption(Protocol):
    """Public-key encryption with one key pair."""

    def encrypt(self, plaintext: bytes, options: EncryptionOptions = DEFAULT_ENCRYPTION) -> bytes:
        """The ciphertext. Raises ``Failed`` if the plaintext is too long for the key."""

    def decrypt(self, ciphertext: bytes, options: EncryptionOptions = DEFAULT_ENCRYPTION) -> bytes:
        """The plaintext. Raises ``Failed``, with one text for all reasons."""


class Signature(Protocol):
    """Signatures with one key pair."""

    def sign(self, message: bytes, options: SignatureOptions) -> bytes:
        """The signature in the encoding ``options.marshaling``. Raises ``Failed``."""

    def verify(self, message: bytes, signature: bytes, options: SignatureOptions) -> None:
        """Raises ``BadSignature``, or ``InvalidRequest`` for a malformed one."""


class Encapsulation(Protocol):
    """Key encapsulation with one key pair."""

    def encapsulate(self) -> tuple[bytes, bytes]:
        """A new shared secret, and the ciphertext that carries it to the owner of the key pair."""

    def decapsulate(self, ciphertext: bytes) -> bytes:
        """The shared secret in ``ciphertext``. Raises ``BadCiphertext``, or ``NoPrivateKey`` without a private key.

        ML-KEM rejects implicitly: a modified ciphertext of the right length gives another secret.
        """


class HpkeSuite(Protocol):
    """Hybrid public key encryption (RFC 9180) with one KEM, one KDF and one AEAD."""

    @property
    def name(self) -> str:
        """The three numbers in hexadecimal, as registries list them."""

    @property
    def ciphertext_bytes(self) -> int:
        """The length of the KEM's ciphertext, at the start of a message."""

    def seal(self, recipient: Encapsulation, plaintext: bytes, info: bytes, associated_data: bytes) -> bytes:
        """The KEM's ciphertext followed by the AEAD's. ``recipient`` has at least the public part of a key."""

    def open(self, recipient: Encapsulation, message: bytes, info: bytes, associated_data: bytes) -> bytes:
        """The plaintext of ``message``. Raises ``BadCiphertext`` for all reasons alike."""
