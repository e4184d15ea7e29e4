"""ASN.1 types of CMS signatures (RFC 5652, section 5), as far as signed data uses them."""

from __future__ import annotations

from typing import Annotated

from cryptography import x509
from cryptography.hazmat import asn1


@asn1.sequence
class Identifier:
    """An AlgorithmIdentifier without parameters, or with NULL."""

    algorithm: x509.ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class Mask:
    """The mask generation function of a PSS signature (RFC 8017)."""

    algorithm: x509.ObjectIdentifier
    parameters: Identifier


@asn1.sequence
class PssParameters:
    """The parameters of a PSS signature, without the trailer, which has its default."""

    hash: Annotated[Identifier, asn1.Explicit(0)]
    mask: Annotated[Mask, asn1.Explicit(1)]
    salt_bytes: Annotated[int, asn1.Explicit(2)]


@asn1.sequence
class PssIdentifier:
    """An AlgorithmIdentifier of PSS signatures."""

    algorithm: x509.ObjectIdentifier
    parameters: PssParameters


@asn1.sequence
class Attribute:
    """An attribute and its values."""

    type: x509.ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class IssuerAndSerial:
    """An issuer's name, and the serial number of one of its certificates."""

    issuer: asn1.TLV
    serial: int


@asn1.sequence
class SignerInfo:
    """One signature, with its signer and signed attributes."""

    version: int
    signer: IssuerAndSerial | Annotated[bytes, asn1.Implicit(0)]
    digest_algorithm: Identifier
    signed_attributes: Annotated[asn1.SetOf[Attribute] | None, asn1.Implicit(0)]
    signature_algorithm: asn1.TLV
    signature: bytes
    unsigned_attributes: Annotated[asn1.SetOf[Attribute] | None, asn1.Implicit(1)]


@asn1.sequence
class Content:
    """The signed content: its type, and its bytes unless detached."""

    type: x509.ObjectIdentifier
    content: Annotated[bytes | None, asn1.Explicit(0)]


@asn1.sequence
class SignedData:
    """Signatures of one content."""

    version: int
    digest_algorithms: asn1.SetOf[Identifier]
    content: Content
    certificates: Annotated[asn1.SetOf[asn1.TLV] | None, asn1.Implicit(0)]
    revocations: Annotated[asn1.SetOf[asn1.TLV] | None, asn1.Implicit(1)]
    signers: asn1.SetOf[SignerInfo]


@asn1.sequence
class ContentInfo:
    """The outermost layer of a message."""

    type: x509.ObjectIdentifier
    content: Annotated[SignedData, asn1.Explicit(0)]
