"""Key material, the capabilities of algorithms as Protocols, and their options and errors.

A capability is a function of a registry row (``engines.algorithms.row``) that takes key material and returns an object
prepared for many uses, so that what can be done once per key is.

``Material`` is the form keys are stored in: for symmetric keys the raw bytes, for Ed25519 the 32 bytes of RFC 8032, for
keys that encapsulate the bytes of their standards, and for other asymmetric keys PKCS#8 and SubjectPublicKeyInfo in
DER.
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
    """The signature is not one of this message by this key."""


class BadCiphertext(Exception):
    """The ciphertext can't be one for this key. Says nothing of the reason, and nobody is to be told."""


class NoPrivateKey(Failed):
    """Only the public part of the key is known."""


@dataclass(frozen=True, slots=True)
class Material:
    """One key as it is stored. ``private`` is empty where only the public part is known."""

    private: bytes = field(repr=False)
    public: bytes = b""


class Marshaling(Enum):
    """How a signature is put on the wire."""

    ASN1 = "asn1"
    JWS = "jws"


class SignatureOptions(Struct, frozen=True):
    """How to sign or verify, for the algorithms that leave a choice; the others ignore what means nothing to them."""

    hash: Hash | None
    """None signs the input as it is, without any mark of a hash."""

    prehashed: bool = False
    scheme: str = ""
    """The padding of an RSA signature; empty for the default."""

    salt_length: int = 0
    """Bytes of salt of a PSS signature: 0 for the most there is room for (and any, on verifying), -1 for the length
    of the hash."""

    marshaling: Marshaling = Marshaling.ASN1
    context: bytes = b""
    """What the signature is bound to besides the message, for the algorithms whose row has ``signature_context``."""

    signs_hash: bool = False
    """Whether the message is a hash, and signed as one; only for the algorithms whose row has ``hash_signed``."""

    external_mu: bool = False
    """Whether the message is the representative mu of one (FIPS 204, 6.2), for the algorithms whose row has that."""

    hash_message: bool = False
    """Whether the message is to be hashed first (FIPS 205, 10.2.2), for the algorithms whose row has that."""


class Aead(Protocol):
    """Encryption under one key, ready to use: authenticated, unless the row says otherwise."""

    @property
    def seal(self) -> Callable[[bytes, bytes, bytes | None], bytes]:
        """``seal(nonce, plaintext, associated_data)``: the ciphertext with its tag behind it.

        Raises ``InvalidRequest`` for a plaintext of a length that the cipher can't take.
        """

    def open(self, nonce: bytes, ciphertext: bytes, associated_data: bytes | None) -> bytes:
        """The plaintext. Raises ``InvalidRequest``, with one text for all reasons."""


class Cmac(Protocol):
    """Message authentication by a block cipher under one key, ready to use."""

    def digest(self, data: bytes) -> bytes:
        """The authentication code of ``data``, as long as a block."""


@dataclass(frozen=True, slots=True)
class EncryptionOptions:
    """How to encrypt to a key pair, or what was encrypted."""

    scheme: str = ""
    """The padding of RSA; empty for the default."""

    hash: Hash = DEFAULT_HASH


DEFAULT_ENCRYPTION = EncryptionOptions()
"""How it is done unless the caller says otherwise."""


class PublicKeyEncryption(Protocol):
    """Encryption to a key pair."""

    def encrypt(self, plaintext: bytes, options: EncryptionOptions = DEFAULT_ENCRYPTION) -> bytes:
        """Raises ``Failed`` if the plaintext is too long for the key."""

    def decrypt(self, ciphertext: bytes, options: EncryptionOptions = DEFAULT_ENCRYPTION) -> bytes:
        """Raises ``Failed``, with one text for all reasons."""


class Signature(Protocol):
    """Signatures by one key pair."""

    def sign(self, message: bytes, options: SignatureOptions) -> bytes:
        """The signature in the form that ``options.marshaling`` asks for. Raises ``Failed``."""

    def verify(self, message: bytes, signature: bytes, options: SignatureOptions) -> None:
        """Raises ``BadSignature``, or ``InvalidRequest`` for what is no signature at all."""


class Encapsulation(Protocol):
    """Key encapsulation to one key pair."""

    def encapsulate(self) -> tuple[bytes, bytes]:
        """A new shared secret, and the ciphertext that carries it to the owner of the key pair."""

    def decapsulate(self, ciphertext: bytes) -> bytes:
        """The shared secret in ``ciphertext``. Raises ``BadCiphertext``, or ``NoPrivateKey`` without a private key.

        ML-KEM rejects implicitly: a ciphertext of the right length that was tampered with gives another secret.
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
        """The KEM's ciphertext and behind it the AEAD's. ``recipient`` has at least the public part of a key."""

    def open(self, recipient: Encapsulation, message: bytes, info: bytes, associated_data: bytes) -> bytes:
        """The plaintext of ``message``. Raises ``BadCiphertext`` for all reasons alike."""
