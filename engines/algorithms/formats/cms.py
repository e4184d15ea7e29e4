"""Detached signatures in CMS (RFC 5652): encoding and decoding in DER.

There is one signer, with signed attributes, so that a signature of content can't pass for one of attributes. The
algorithms are those of RFC 4056 (PSS), RFC 5753 (ECDSA), RFC 8419 (Ed25519), RFC 9882 (ML-DSA), RFC 9814 (SLH-DSA) and
draft-ietf-lamps-cms-composite-sigs (hybrids). The library's builder supports RSA and ECDSA alone, and it has no parser.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat import asn1

from engines.algorithms.formats.certificates import MALFORMED
from engines.algorithms.formats.cms_types import (
    Attribute,
    Content,
    ContentInfo,
    Identifier,
    IssuerAndSerial,
    Mask,
    PssIdentifier,
    PssParameters,
    SignedData,
    SignerInfo,
)
from engines.algorithms.formats.jws import JwsAlgorithm
from engines.algorithms.hashes import SHA2_256, SHA2_384, SHA2_512, Hash
from engines.algorithms.row import Algorithm
from engines.algorithms.rsa.rsa import PKCS1V15, PSS

T = TypeVar("T")

_Oid = x509.ObjectIdentifier
_DATA = _Oid("1.2.840.113549.1.7.1")
_SIGNED_DATA = _Oid("1.2.840.113549.1.7.2")
_CONTENT_TYPE = _Oid("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST = _Oid("1.2.840.113549.1.9.4")
_SIGNING_TIME = _Oid("1.2.840.113549.1.9.5")
_RSA = _Oid("1.2.840.113549.1.1.1")
_PSS = _Oid("1.2.840.113549.1.1.10")
_MASK = _Oid("1.2.840.113549.1.1.8")
_RSA_WITH = {
    SHA2_256: _Oid("1.2.840.113549.1.1.11"),
    SHA2_384: _Oid("1.2.840.113549.1.1.12"),
    SHA2_512: _Oid("1.2.840.113549.1.1.13"),
}
_ECDSA_WITH = {
    SHA2_256: _Oid("1.2.840.10045.4.3.2"),
    SHA2_384: _Oid("1.2.840.10045.4.3.3"),
    SHA2_512: _Oid("1.2.840.10045.4.3.4"),
}
_LAST_YEAR_OF_UTC_TIME = 2049


class BadMessage(ValueError):
    """The input is no CMS message with one detached signature; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """The signed attributes of a content: its digest and the time."""

    signed: asn1.SetOf[Attribute]

    def to_be_signed(self) -> bytes:
        """The bytes that are signed: the attributes as a SET OF (RFC 5652, 5.4)."""
        return asn1.encode_der(self.signed)


@dataclass(frozen=True, slots=True)
class SignerIdentifier:
    """The signer's identifier: issuer and serial number of the certificate, or key identifier."""

    issuer: bytes
    serial: int
    key_identifier: bytes | None


@dataclass(frozen=True, slots=True)
class Message:
    """A decoded message."""

    signer: SignerIdentifier
    attributes: Attributes
    digest: bytes
    signing_time: datetime | None
    signature_algorithm: bytes
    digest_algorithm: str
    signature: bytes


def attributes_of(content: bytes, jws: JwsAlgorithm, now: float) -> Attributes:
    """The attributes to sign for ``content`` at ``now``, in seconds since the epoch."""
    moment = datetime.fromtimestamp(int(now), UTC)
    time = asn1.UTCTime(moment) if moment.year <= _LAST_YEAR_OF_UTC_TIME else asn1.GeneralizedTime(moment)
    values = (
        (_CONTENT_TYPE, _DATA),
        (_MESSAGE_DIGEST, jws.content_hash.digest(content)),
        (_SIGNING_TIME, time),
    )
    return Attributes(asn1.SetOf([Attribute(type=kind, values=asn1.SetOf([_any(value)])) for kind, value in values]))


def message(
    algorithm: Algorithm, jws: JwsAlgorithm, attributes: Attributes, signature: bytes, chain: tuple[bytes, ...]
) -> bytes:
    """The message with ``signature`` of ``attributes`` by the key of ``chain``, which it includes; all in DER."""
    leaf = x509.load_der_x509_certificate(chain[0])
    digest = Identifier(algorithm=_Oid(jws.content_hash.object_identifier), parameters=None)
    signer = SignerInfo(
        version=1,
        signer=IssuerAndSerial(issuer=_tlv(leaf.issuer.public_bytes()), serial=leaf.serial_number),
        digest_algorithm=digest,
        signed_attributes=attributes.signed,
        signature_algorithm=_tlv(signature_identifiers(algorithm, jws)[0]),
        signature=signature,
        unsigned_attributes=None,
    )
    signed = SignedData(
        version=1,
        digest_algorithms=asn1.SetOf([digest]),
        content=Content(type=_DATA, content=None),
        certificates=asn1.SetOf([_tlv(der) for der in chain]),
        revocations=None,
        signers=asn1.SetOf([signer]),
    )
    return asn1.encode_der(ContentInfo(type=_SIGNED_DATA, content=signed))


def signature_identifiers(algorithm: Algorithm, jws: JwsAlgorithm) -> tuple[bytes, ...]:
    """The AlgorithmIdentifiers of signatures by ``jws``, in DER; the first is the one written."""
    hash_, null = jws.options.hash, asn1.Null()
    if hash_ is None:
        return (_plain(_Oid(algorithm.object_identifier), None),)
    if jws.options.scheme == PKCS1V15:
        return (_plain(_RSA, null), _plain(_RSA_WITH[hash_], null))
    if jws.options.scheme != PSS:
        return (_plain(_ECDSA_WITH[hash_], None),)
    # Old software writes NULL for absent parameters.
    choices = [
        Identifier(algorithm=_Oid(hash_.object_identifier), parameters=parameters) for parameters in (None, null)
    ]
    return tuple(_pss(own, mask, hash_) for own in choices for mask in choices)


def _plain(algorithm: x509.ObjectIdentifier, parameters: asn1.Null | None) -> bytes:
    return asn1.encode_der(Identifier(algorithm=algorithm, parameters=parameters))


def _pss(own: Identifier, mask: Identifier, hash_: Hash) -> bytes:
    parameters = PssParameters(hash=own, mask=Mask(algorithm=_MASK, parameters=mask), salt_bytes=hash_.digest_bytes)
    return asn1.encode_der(PssIdentifier(algorithm=_PSS, parameters=parameters))


def parse(der: bytes) -> Message:
    """The message in ``der``, which has one signer, signed attributes and no content. Raises ``BadMessage``."""
    try:
        outer = asn1.decode_der(ContentInfo, der)
        signers = outer.content.signers.as_list()
    except ValueError:
        raise BadMessage("it is not a CMS message in DER") from None
    if outer.type != _SIGNED_DATA or outer.content.content.type != _DATA:
        raise BadMessage("it is not a CMS message that signs data")
    if outer.content.content.content is not None:
        raise BadMessage("its content is not detached")
    if len(signers) != 1 or signers[0].signed_attributes is None:
        raise BadMessage("it does not have one signer with signed attributes")
    signer = signers[0]
    attributes = signer.signed_attributes
    assert attributes is not None, "checked above"
    if _value(attributes, _CONTENT_TYPE, x509.ObjectIdentifier) != _DATA:
        raise BadMessage("its signer has signed something else than data")
    digest = _value(attributes, _MESSAGE_DIGEST, bytes)
    if digest is None:
        raise BadMessage("its signer has not signed a digest")
    return Message(
        signer=_identifier(signer.signer),
        attributes=Attributes(attributes),
        digest=digest,
        signing_time=_time(attributes),
        signature_algorithm=asn1.encode_der(signer.signature_algorithm),
        digest_algorithm=signer.digest_algorithm.algorithm.dotted_string,
        signature=signer.signature,
    )


def _any(value: object) -> asn1.TLV:
    return _tlv(asn1.encode_der(value))


def _tlv(der: bytes) -> asn1.TLV:
    return asn1.decode_der(asn1.TLV, der)


def _value(attributes: asn1.SetOf[Attribute], kind: x509.ObjectIdentifier, value_type: type[T]) -> T | None:
    """The one value of the one attribute of this ``kind``; None if it is absent or of another type."""
    found = [attribute.values.as_list() for attribute in attributes.as_list() if attribute.type == kind]
    if len(found) != 1 or len(found[0]) != 1:
        return None
    try:
        value: T = found[0][0].parse(value_type)
    except ValueError:
        return None
    return value


def _time(attributes: asn1.SetOf[Attribute]) -> datetime | None:
    time = _value(attributes, _SIGNING_TIME, asn1.UTCTime) or _value(attributes, _SIGNING_TIME, asn1.GeneralizedTime)
    return None if time is None else time.as_datetime()


def _identifier(signer: IssuerAndSerial | bytes) -> SignerIdentifier:
    if isinstance(signer, bytes):
        return SignerIdentifier(b"", 0, signer)
    return SignerIdentifier(asn1.encode_der(signer.issuer), signer.serial, None)


def names(identifier: SignerIdentifier, certificate: bytes) -> bool:
    """Whether ``identifier`` names ``certificate``, in DER."""
    leaf = x509.load_der_x509_certificate(certificate)
    if identifier.key_identifier is None:
        return identifier.serial == leaf.serial_number and identifier.issuer == leaf.issuer.public_bytes()
    try:
        extension = leaf.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except (x509.ExtensionNotFound, *MALFORMED):
        return False
    return extension.value.key_identifier == identifier.key_identifier


def is_in_force(certificate: bytes, now: float) -> bool:
    """Whether ``certificate``, in DER, is valid at ``now``, in seconds since the epoch."""
    leaf = x509.load_der_x509_certificate(certificate)
    return leaf.not_valid_before_utc.timestamp() <= now <= leaf.not_valid_after_utc.timestamp()
