"""Certificates for keys of every type, by an authority made for them, for the time by the clock of the driver."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.fromtimestamp(1_800_000_000, UTC)


@asn1.sequence
class RequestInfo:
    """What a request says (RFC 2986)."""

    version: int
    subject: asn1.TLV
    public_key: asn1.TLV
    attributes: Annotated[asn1.SetOf[asn1.TLV], asn1.Implicit(0)]


@asn1.sequence
class Request:
    """A request, signed."""

    info: RequestInfo
    algorithm: asn1.TLV
    signature: asn1.BitString


@asn1.sequence
class _CertificateInfo:
    version: Annotated[int, asn1.Explicit(0)]
    serial_number: int
    algorithm: asn1.TLV
    issuer: asn1.TLV
    validity: asn1.TLV
    subject: asn1.TLV
    public_key: asn1.TLV
    extensions: Annotated[list[asn1.TLV], asn1.Explicit(3)]


@asn1.sequence
class _Certificate:
    info: _CertificateInfo
    algorithm: asn1.TLV
    signature: asn1.BitString


def parse_request(csr: str) -> Request:
    """The request in PEM, taken apart."""
    return asn1.decode_der(Request, x509.load_pem_x509_csr(csr.encode()).public_bytes(serialization.Encoding.DER))


def certify(csr: str, *, days: int = 1) -> str:
    """A chain for the key in ``csr``: its certificate, and that of the authority."""
    authority = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer")])

    def certificate(name: x509.Name, key: Any, is_authority: bool) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=2))
            .not_valid_after(NOW + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .sign(authority, hashes.SHA256())
        )

    try:
        leaf = certificate(subject, x509.load_pem_x509_csr(csr.encode()).public_key(), False)
    except (ValueError, UnsupportedAlgorithm):
        leaf = _for_another_key(certificate(subject, authority.public_key(), False), csr, authority)
    root = certificate(issuer, authority.public_key(), True)
    return "".join(made.public_bytes(serialization.Encoding.PEM).decode() for made in (leaf, root))


def _for_another_key(
    certificate: x509.Certificate, csr: str, authority: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    """``certificate`` with the key of ``csr``, which the library doesn't know, in place of its own."""
    model = asn1.decode_der(_Certificate, certificate.public_bytes(serialization.Encoding.DER))
    info = replace(model.info, public_key=parse_request(csr).info.public_key)
    signature = authority.sign(asn1.encode_der(info), ec.ECDSA(hashes.SHA256()))
    made = _Certificate(info=info, algorithm=model.algorithm, signature=asn1.BitString(signature, 0))
    return x509.load_der_x509_certificate(asn1.encode_der(made))
