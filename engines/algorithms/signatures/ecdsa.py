"""ECDSA over the NIST curves (FIPS 186-5). Signatures are DER, or r and s concatenated as in JWS (RFC 7518)."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)

from engines.algorithms.base import BadSignature, Marshaling, Material, NoPrivateKey, SignatureOptions
from engines.algorithms.encodings.interchange import load_public_pem
from engines.algorithms.encodings.key_pairs import material_of
from engines.algorithms.encodings.pem import public_key_pem
from engines.algorithms.hashes import HASHES
from engines.algorithms.row import Algorithm, Capabilities, Fips, Primitive, Sizes, Strength, Usage
from engines.algorithms.signatures.ecdsa_keys import LABELS, EllipticCurveKeys, load_private, load_public
from engines.faults import Failed, Fault, InvalidRequest

_SEQUENCE = 0x30

_ECDSA = {name: ec.ECDSA(hash_.algorithm) for name, hash_ in HASHES.items()}


class _Digest(hashes.HashAlgorithm):
    """A digest of a given length: ECDSA takes any, and truncates it to the length of the curve's order."""

    name = "digest"
    block_size = None

    def __init__(self, digest_size: int) -> None:
        self._digest_size = digest_size

    @property
    def digest_size(self) -> int:
        return self._digest_size


class Ecdsa:
    """One key pair."""

    __slots__ = ("_order_bytes", "_private", "_public")

    def __init__(self, material: Material) -> None:
        self._private = load_private(material.private) if material.private else None
        self._public = load_public(material.public)
        self._order_bytes = (self._public.curve.key_size + 7) // 8

    def sign(self, message: bytes, options: SignatureOptions) -> bytes:
        """DER, or r and s. Raises ``NoPrivateKey`` without a private key, ``Failed`` for an empty digest."""
        if self._private is None:
            raise NoPrivateKey("requested version for signing does not contain a private part")
        if not message and (options.prehashed or options.hash is None):
            raise Failed("ecdsa: hash cannot be empty")
        signature = self._private.sign(message, _hashing(message, options))
        if options.marshaling is Marshaling.ASN1:
            return signature
        r, s = decode_dss_signature(signature)
        return r.to_bytes(self._order_bytes, "big") + s.to_bytes(self._order_bytes, "big")

    def verify(self, message: bytes, signature: bytes, options: SignatureOptions) -> None:
        """Raises ``BadSignature``, or ``InvalidRequest`` for malformed DER."""
        if options.marshaling is Marshaling.JWS:
            if len(signature) != 2 * self._order_bytes:
                raise BadSignature
            r, s = signature[: self._order_bytes], signature[self._order_bytes :]
            signature = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
        else:
            _check_der(signature)
        if not message and (options.prehashed or options.hash is None):
            raise BadSignature
        try:
            self._public.verify(signature, message, _hashing(message, options))
        except InvalidSignature:
            raise BadSignature from None


def _hashing(message: bytes, options: SignatureOptions) -> ec.ECDSA:
    if options.prehashed or options.hash is None:
        return ec.ECDSA(Prehashed(_Digest(len(message))))
    return _ECDSA[options.hash.name]


def _check_der(signature: bytes) -> None:
    """Distinguish malformed DER from trailing bytes; the provider reports both as a bad signature."""
    try:
        decode_dss_signature(signature)
    except ValueError:
        length = _element_length(signature)
        if 0 < length < len(signature):
            raise InvalidRequest("supplied signature contains extra data") from None
        raise InvalidRequest("supplied signature is invalid") from None


def _element_length(data: bytes) -> int:
    """The length of the sequence at the start of ``data``, by its header (X.690, 8.1.3); 0 without one."""
    if len(data) < 2 or data[0] != _SEQUENCE:
        return 0
    if data[1] < 0x80:
        return 2 + data[1]
    octets = data[1] & 0x7F
    if not 1 <= octets <= 2 or len(data) < 2 + octets:
        return 0
    return 2 + octets + int.from_bytes(data[2 : 2 + octets], "big")


def _agree(material: Material, peer: str) -> bytes:
    """The x coordinate of the shared point (SP 800-56A, 5.7.1.2)."""
    own = load_public(material.public)
    try:
        public = load_public_pem(peer)
    except Fault:
        raise Failed(
            "failed to parse supplied peer public key PEM: data does not contain any valid public keys "
        ) from None
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise Failed("supplied peer public key is not an ECDSA key")
    if public.curve.name != own.curve.name:
        name = f"ecdsa-p{own.curve.key_size}"
        raise Failed(f"base private key type {name} does not match peer public key curve")
    if not material.private:
        raise NoPrivateKey("requested version of the base key does not contain a private part")
    return load_private(material.private).exchange(ec.ECDH(), public)


def _row(curve: ec.EllipticCurve, number: int, classical_bits: int, object_identifier: str) -> Algorithm:
    def generate(_: int) -> Material:
        return material_of(ec.generate_private_key(curve))

    order_bytes = (curve.key_size + 7) // 8
    name = f"ecdsa-p{curve.key_size}"
    return Algorithm(
        name=name,
        number=number,
        vault_number=number,
        standard="FIPS 186-5",
        family="ECDSA",
        primitive=Primitive.SIGNATURE,
        size_bits=curve.key_size,
        parameter_set=LABELS[curve.name],
        sizes=Sizes(key_bytes=order_bytes, signature_bytes=2 * order_bytes, public_key_bytes=2 * order_bytes + 1),
        strength=Strength(classical_bits=classical_bits, quantum_category=0, fips=Fips.APPROVED),
        object_identifier=object_identifier,
        label=LABELS[curve.name],
        usage=Usage(refuses_upsert=True),
        generate=generate,
        interchange=EllipticCurveKeys(name, curve),
        capabilities=Capabilities(signature=Ecdsa, agreement=_agree),
        public_text=public_key_pem,
    )


ECDSA_P256 = _row(ec.SECP256R1(), 1, 128, "1.2.840.10045.3.1.7")
ECDSA_P384 = _row(ec.SECP384R1(), 6, 192, "1.3.132.0.34")
ECDSA_P521 = _row(ec.SECP521R1(), 7, 256, "1.3.132.0.35")

ALGORITHMS = (ECDSA_P256, ECDSA_P384, ECDSA_P521)
