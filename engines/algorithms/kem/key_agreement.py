"""Classical key agreement as half of a hybrid KEM: private keys from seeds, public keys as wire bytes."""

from __future__ import annotations

from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ECDH = "ecdh"
"""OpenBao's name of ECDH on an ECDSA curve with HKDF-SHA256 over the shared secret, without salt and info."""


class GroupKey(Protocol):
    """A private key of one group."""

    public: bytes

    def agree(self, peer: bytes) -> bytes:
        """The secret shared with the owner of the public key ``peer``. Raises ``ValueError`` for an invalid one."""


class Group(Protocol):
    """A group, in which keys are agreed on."""

    element_bytes: int
    """The length of a public key."""

    seed_bytes: int
    size_bits: int
    """The size of its curve in bits."""

    def generate(self) -> GroupKey:
        """A new private key."""

    def from_seed(self, seed: bytes) -> GroupKey:
        """The private key derived from ``seed``. Raises ``ValueError`` for the few seeds without one."""


class _X25519Key:
    __slots__ = ("_private", "public")

    def __init__(self, private: x25519.X25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw()

    def agree(self, peer: bytes) -> bytes:
        """As ``GroupKey.agree``; the provider refuses the few points that give zero for every key."""
        return self._private.exchange(x25519.X25519PublicKey.from_public_bytes(peer))


class X25519:
    """X25519 (RFC 7748)."""

    element_bytes = 32
    seed_bytes = 32
    size_bits = 256

    def generate(self) -> GroupKey:
        """As ``Group.generate``."""
        return _X25519Key(x25519.X25519PrivateKey.generate())

    def from_seed(self, seed: bytes) -> GroupKey:
        """As ``Group.from_seed``; every seed is a key."""
        return _X25519Key(x25519.X25519PrivateKey.from_private_bytes(seed))


_P384 = ec.SECP384R1()
_POINT_BYTES = 97


class _P384Key:
    __slots__ = ("_private", "public")

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def agree(self, peer: bytes) -> bytes:
        """As ``GroupKey.agree``; the provider checks that the point is on the curve."""
        if len(peer) != _POINT_BYTES:
            raise ValueError("not an uncompressed point")
        return self._private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_P384, peer))


class P384:
    """ECDH on P-384 with uncompressed points; the secret is the x coordinate (SP 800-56A)."""

    element_bytes = _POINT_BYTES
    seed_bytes = 48
    size_bits = 384

    def generate(self) -> GroupKey:
        """As ``Group.generate``."""
        return _P384Key(ec.generate_private_key(_P384))

    def from_seed(self, seed: bytes) -> GroupKey:
        """As ``Group.from_seed``; one seed in 2^192 is no scalar."""
        return _P384Key(ec.derive_private_key(int.from_bytes(seed, "big"), _P384))
