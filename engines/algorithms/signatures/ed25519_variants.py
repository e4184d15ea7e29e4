"""Ed25519ctx and Ed25519ph (RFC 8032): signatures bound to a context, the latter over a digest of the message.

``cryptography`` has plain Ed25519 alone, so these come from PyCryptodome, which is used for nothing else here. Unlike
OpenSSL's, its arithmetic with the private scalar isn't constant-time; so plain signatures, which nearly all are, don't
use it.
"""

from __future__ import annotations

from Cryptodome.Hash.SHA512 import SHA512Hash
from Cryptodome.PublicKey import ECC
from Cryptodome.Signature import eddsa

from engines.algorithms.base import BadSignature, Material
from engines.faults import InvalidRequest

HASH_BYTES = 64
"""The input length of Ed25519ph: a SHA-512 digest."""

_MODE = "rfc8032"


class _Hashed(SHA512Hash):
    """A precomputed digest: PyCryptodome accepts only hash objects, and calls their ``digest`` alone."""

    def __init__(self, digest: bytes) -> None:
        self._digest = digest

    def digest(self) -> bytes:
        return self._digest


class Ed25519Variants:
    """One key pair; without its private part for verifying alone."""

    __slots__ = ("_private", "_public")

    def __init__(self, material: Material) -> None:
        self._private = eddsa.import_private_key(material.private) if material.private else None
        self._public: ECC.EccKey | None
        try:
            self._public = eddsa.import_public_key(material.public)
        except ValueError:
            # Not a point of the curve: no signature is valid.
            self._public = None

    def sign(self, message: bytes, context: bytes, hashed: bool) -> bytes:
        """64 bytes: R and S. By Ed25519ph if ``message`` is ``hashed``, else by Ed25519ctx, whose context isn't empty.

        Raises ``InvalidRequest`` for an invalid digest. The caller ensures that there is a private key.
        """
        if self._private is None:
            raise AssertionError("a key without its private part was asked to sign")
        signature: bytes = eddsa.new(self._private, _MODE, context=context).sign(_prepare(message, context, hashed))
        return signature

    def verify(self, message: bytes, signature: bytes, context: bytes, hashed: bool) -> None:
        """As for ``sign``. Raises ``BadSignature``, or ``InvalidRequest`` for an invalid digest."""
        prepared = _prepare(message, context, hashed)
        if self._public is None:
            raise BadSignature
        try:
            eddsa.new(self._public, _MODE, context=context).verify(prepared, signature)
        except ValueError:
            raise BadSignature from None


def _prepare(message: bytes, context: bytes, hashed: bool) -> bytes | _Hashed:
    if not hashed:
        if not context:
            raise AssertionError("Ed25519ctx without a context")
        return message
    if len(message) != HASH_BYTES:
        raise InvalidRequest(f"input is not a hash by SHA-512, which has {HASH_BYTES} bytes")
    return _Hashed(message)
