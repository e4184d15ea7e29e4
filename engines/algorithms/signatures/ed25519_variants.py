"""Ed25519ctx and Ed25519ph (RFC 8032): signatures bound to a context, and over a hash in place of the message.

``cryptography`` offers plain Ed25519 alone, so these two come from PyCryptodome, which serves nothing else here. Unlike
OpenSSL's, its arithmetic with the private scalar doesn't always take the same time; so plain signatures, which nearly
all are, have nothing to do with it.
"""

from __future__ import annotations

from Cryptodome.Hash.SHA512 import SHA512Hash
from Cryptodome.PublicKey import ECC
from Cryptodome.Signature import eddsa

from engines.algorithms.base import BadSignature, Material
from engines.faults import InvalidRequest

HASH_BYTES = 64
"""The length of what Ed25519ph signs: a hash by SHA-512."""

_MODE = "rfc8032"


class _Hashed(SHA512Hash):
    """A hash that is done already: PyCryptodome takes hash objects alone, and asks them for nothing but the digest."""

    def __init__(self, digest: bytes) -> None:
        self._digest = digest

    def digest(self) -> bytes:
        return self._digest


class Ed25519Variants:
    """One key pair. A key without its private part verifies alone."""

    __slots__ = ("_private", "_public")

    def __init__(self, material: Material) -> None:
        self._private = eddsa.import_private_key(material.private) if material.private else None
        self._public: ECC.EccKey | None
        try:
            self._public = eddsa.import_public_key(material.public)
        except ValueError:
            # No point of the curve: nothing was ever signed by its owner.
            self._public = None

    def sign(self, message: bytes, context: bytes, hashed: bool) -> bytes:
        """64 bytes: R and S. By Ed25519ph if ``message`` is ``hashed``, else by Ed25519ctx, whose context isn't empty.

        Raises ``InvalidRequest`` for what is no hash. The caller sees to it that there is a private key.
        """
        if self._private is None:
            raise AssertionError("a key without its private part was asked to sign")
        signature: bytes = eddsa.new(self._private, _MODE, context=context).sign(_prepare(message, context, hashed))
        return signature

    def verify(self, message: bytes, signature: bytes, context: bytes, hashed: bool) -> None:
        """As for ``sign``. Raises ``BadSignature``, and ``InvalidRequest`` for what is no hash."""
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
