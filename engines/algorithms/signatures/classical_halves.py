"""Classical halves of hybrid signatures, with the key encodings of the IETF's Composite ML-DSA.

An ECDSA private key is an ECPrivateKey (RFC 5915) with the curve and without the public key, a public key an
uncompressed point, and signatures are DER. Ed25519's are raw bytes.
"""

from __future__ import annotations

from typing import Annotated, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509 import ObjectIdentifier

from engines.algorithms.base import BadSignature
from engines.algorithms.encodings.key_info import decode_strictly
from engines.algorithms.encodings.key_validation import check_ed25519_public
from engines.algorithms.encodings.pem import public_key_pem
from engines.algorithms.hashes import SHA2_256, SHA2_384, SHA2_512, Hash
from engines.algorithms.row import Algorithm
from engines.algorithms.signatures.ecdsa import ECDSA_P256, ECDSA_P384, ECDSA_P521
from engines.algorithms.signatures.ed25519 import ED25519
from engines.encoding import encode_base64


class Signer(Protocol):
    """A private key, prepared."""

    def sign(self, message: bytes) -> bytes:
        """The signature of ``message``."""


class Verifier(Protocol):
    """A public key, prepared."""

    @property
    def text(self) -> str:
        """The key as shown for keys of this algorithm alone."""

    def verify(self, message: bytes, signature: bytes) -> None:
        """Raises ``BadSignature``."""


class Classical(Protocol):
    """A classical algorithm. Wrong keys raise ``ValueError``."""

    row: Algorithm
    name: str
    """Its name in the labels of combinations."""

    private_bytes: int
    public_bytes: int
    signature_bytes: int
    """The longest signature in bytes."""

    def generate(self) -> bytes:
        """A new private key."""

    def public_of(self, private: bytes) -> bytes:
        """The public key of a private key."""

    def signer(self, private: bytes) -> Signer:
        """A prepared private key."""

    def verifier(self, public: bytes) -> Verifier:
        """A prepared public key."""

    def check_public(self, public: bytes) -> None:
        """Raises ``ValueError`` for bytes that aren't the public key of any private key."""


@asn1.sequence
class _EcPrivateKey:
    version: int
    private_key: bytes
    parameters: Annotated[ObjectIdentifier, asn1.Explicit(0)]


class _EllipticCurveSigner:
    def __init__(self, private: ec.EllipticCurvePrivateKey, hashing: ec.ECDSA) -> None:
        self._private = private
        self._hashing = hashing

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message, self._hashing)


class _EllipticCurveVerifier:
    def __init__(self, public: ec.EllipticCurvePublicKey, hashing: ec.ECDSA) -> None:
        self._public = public
        self._hashing = hashing

    @property
    def text(self) -> str:
        return public_key_pem(
            self._public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        )

    def verify(self, message: bytes, signature: bytes) -> None:
        try:
            self._public.verify(signature, message, self._hashing)
        except InvalidSignature:
            raise BadSignature from None


class EllipticCurve:
    """ECDSA over one curve."""

    def __init__(self, row: Algorithm, curve: ec.EllipticCurve, hash_: Hash, signature_bytes: int) -> None:
        self.row = row
        self.name = f"ECDSA-P{curve.key_size}"
        self.private_bytes = len(self._encode(0, row))
        self.public_bytes = row.sizes.public_key_bytes
        self.signature_bytes = signature_bytes
        self._curve = curve
        self._hashing = ec.ECDSA(hash_.algorithm)

    @staticmethod
    def _encode(number: int, row: Algorithm) -> bytes:
        return asn1.encode_der(
            _EcPrivateKey(
                version=1,
                private_key=number.to_bytes(row.sizes.key_bytes, "big"),
                parameters=ObjectIdentifier(row.object_identifier),
            )
        )

    def _decode(self, private: bytes) -> ec.EllipticCurvePrivateKey:
        key = decode_strictly(_EcPrivateKey, private)
        right_curve = key.parameters.dotted_string == self.row.object_identifier
        if key.version != 1 or not right_curve or len(key.private_key) != self.row.sizes.key_bytes:
            raise ValueError(f"the classical half is no private key of {self.row.name}")
        return ec.derive_private_key(int.from_bytes(key.private_key, "big"), self._curve)

    def generate(self) -> bytes:
        """As ``Classical.generate``."""
        return self._encode(ec.generate_private_key(self._curve).private_numbers().private_value, self.row)

    def public_of(self, private: bytes) -> bytes:
        """As ``Classical.public_of``."""
        public = self._decode(private).public_key()
        return public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)

    def signer(self, private: bytes) -> Signer:
        """As ``Classical.signer``."""
        return _EllipticCurveSigner(self._decode(private), self._hashing)

    def verifier(self, public: bytes) -> Verifier:
        """As ``Classical.verifier``."""
        if len(public) != self.public_bytes:
            raise ValueError(f"the classical half is no public key of {self.row.name}")
        return _EllipticCurveVerifier(ec.EllipticCurvePublicKey.from_encoded_point(self._curve, public), self._hashing)

    def check_public(self, public: bytes) -> None:
        """As ``Classical.check_public``; the library accepts only points of the curve, all of which are keys."""
        self.verifier(public)


class _EdwardsVerifier:
    def __init__(self, public: Ed25519PublicKey) -> None:
        self._public = public

    @property
    def text(self) -> str:
        return encode_base64(self._public.public_bytes_raw())

    def verify(self, message: bytes, signature: bytes) -> None:
        try:
            self._public.verify(signature, message)
        except InvalidSignature:
            raise BadSignature from None


class Edwards:
    """Ed25519."""

    row = ED25519
    name = "Ed25519"
    private_bytes = ED25519.sizes.key_bytes
    public_bytes = ED25519.sizes.public_key_bytes
    signature_bytes = ED25519.sizes.signature_bytes

    def generate(self) -> bytes:
        """As ``Classical.generate``."""
        return Ed25519PrivateKey.generate().private_bytes_raw()

    def public_of(self, private: bytes) -> bytes:
        """As ``Classical.public_of``."""
        return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()

    def signer(self, private: bytes) -> Signer:
        """As ``Classical.signer``."""
        return Ed25519PrivateKey.from_private_bytes(private)

    def verifier(self, public: bytes) -> Verifier:
        """As ``Classical.verifier``."""
        return _EdwardsVerifier(Ed25519PublicKey.from_public_bytes(public))

    def check_public(self, public: bytes) -> None:
        """As ``Classical.check_public``."""
        check_ed25519_public(public)


P256 = EllipticCurve(ECDSA_P256, ec.SECP256R1(), SHA2_256, 72)
P384 = EllipticCurve(ECDSA_P384, ec.SECP384R1(), SHA2_384, 104)
P521 = EllipticCurve(ECDSA_P521, ec.SECP521R1(), SHA2_512, 139)
EDWARDS = Edwards()
