"""X.509 certificates (RFC 5280): chains, and their match with a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from cryptography import x509
from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, rsa

from engines.algorithms.encodings.interchange import subject_public_key_info
from engines.algorithms.encodings.pem import blocks
from engines.faults import Failed, InvalidRequest

MALFORMED = (
    ValueError,
    TypeError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
    InternalError,
)
"""The library's exceptions for malformed certificates, requests and lists, on loading and on later access."""

_CERTIFICATE = "CERTIFICATE"
MAX_CHAIN = 64
"""The most certificates in one chain."""

_READ_LATER = ("issuer", "subject", "not_valid_before_utc", "not_valid_after_utc")
MAX_SERIAL_BITS = 20 * 8
"""The latest time of UTCTime (RFC 5280, 4.1.2.2)."""

MAX_CERTIFICATE_BYTES = 128 * 1024
"""The longest certificate or request in bytes; an SLH-DSA signature takes 50,000, and each name an object."""


def no_certificates() -> InvalidRequest:
    """The fault for keys whose algorithm has no identifier in certificates."""
    return InvalidRequest("certificates are not supported for keys of this type")


def parse_chain(text: str) -> tuple[bytes, ...]:
    """The certificates in PEM, in DER; other blocks are ignored. Raises ``InvalidRequest``."""
    chain: list[bytes] = []
    try:
        for label, der in blocks(text):
            if label == _CERTIFICATE:
                chain.append(der)
            if len(chain) > MAX_CHAIN:
                raise InvalidRequest(f"provided certificate chain has more than {MAX_CHAIN} certificates")
    except ValueError:
        raise InvalidRequest("could not decode a PEM block in the certificate chain") from None
    if not chain:
        raise InvalidRequest("provided certificate chain did not contain any valid PEM encoded certificate")
    check_certificates(chain)
    return tuple(chain)


def check_certificates(chain: Sequence[bytes]) -> None:
    """Check that all of ``chain`` are certificates in DER, within the limit. Raises ``InvalidRequest``."""
    if len(chain) > MAX_CHAIN:
        raise InvalidRequest(f"provided certificate chain has more than {MAX_CHAIN} certificates")
    for der in chain:
        check_names(_load(der))


def _load(der: bytes) -> x509.Certificate:
    if len(der) > MAX_CERTIFICATE_BYTES:
        raise InvalidRequest(
            f"could not parse a certificate in the certificate chain: it has more than {MAX_CERTIFICATE_BYTES} bytes"
        )
    try:
        return x509.load_der_x509_certificate(der)
    except MALFORMED:
        raise _malformed() from None


def _malformed() -> InvalidRequest:
    return InvalidRequest("could not parse a certificate in the certificate chain: x509: malformed certificate")


def check_names(certificate: x509.Certificate) -> None:
    """Check the parts that the library decodes lazily and later code needs. Raises ``InvalidRequest``."""
    try:
        for part in _READ_LATER:
            getattr(certificate, part)
    except MALFORMED:
        raise _malformed() from None
    if certificate.serial_number.bit_length() > MAX_SERIAL_BITS:
        raise _malformed()


def check_chain(chain: tuple[bytes, ...]) -> None:
    """Check that the first is a leaf and the last of several a CA's. Raises ``InvalidRequest``."""
    if _is_authority(chain[0]):
        raise InvalidRequest("certificate in the first element is not a valid leaf certificate")
    if len(chain) > 1 and not _is_authority(chain[-1]):
        raise InvalidRequest("certificate in the last element is not a valid CA certificate")


def _is_authority(der: bytes) -> bool:
    try:
        return _load(der).extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, *MALFORMED):
        return False


@asn1.sequence
class _CertificateInfo:
    """A TBSCertificate (RFC 5280, 4.1)."""

    version: Annotated[int | None, asn1.Explicit(0)]
    serial_number: int
    algorithm: asn1.TLV
    issuer: asn1.TLV
    validity: asn1.TLV
    subject: asn1.TLV
    public_key: asn1.TLV
    issuer_identifier: Annotated[asn1.BitString | None, asn1.Implicit(1)]
    subject_identifier: Annotated[asn1.BitString | None, asn1.Implicit(2)]
    extensions: Annotated[list[asn1.TLV] | None, asn1.Explicit(3)]


_CERTIFIED = (
    rsa.RSAPublicKey,
    ec.EllipticCurvePublicKey,
    ed25519.Ed25519PublicKey,
    mldsa.MLDSA44PublicKey,
    mldsa.MLDSA65PublicKey,
    mldsa.MLDSA87PublicKey,
)
_X509_NAMES = ((rsa.RSAPublicKey, "RSA"), (ec.EllipticCurvePublicKey, "ECDSA"), (ed25519.Ed25519PublicKey, "Ed25519"))


def check_certified(certificate: bytes, public_key_info: bytes, name: str) -> None:
    """Check that ``certificate`` is for the key of type ``name`` in ``public_key_info``, a SubjectPublicKeyInfo.

    Raises ``InvalidRequest`` for a key of another kind, ``Failed`` for another key.
    """
    own, key = _load_key(public_key_info), _key_of(certificate)
    for kind, algorithm in _X509_NAMES:
        if isinstance(key, kind) and not isinstance(own, kind):
            raise InvalidRequest(
                "could not validate key match between leaf certificate key and key entry in transit: provided leaf "
                f"certificate public key algorithm '{algorithm}' does not match the transit key type '{name}'"
            )
    certified = subject_public_key_info(key) if isinstance(key, _CERTIFIED) else _public_key_info(certificate)
    if certified != public_key_info:
        raise Failed("leaf certificate public key does not match the selected key version")


def _load_key(public_key_info: bytes) -> object:
    """The key as the library's object; None for an unsupported one."""
    try:
        return serialization.load_der_public_key(public_key_info)
    except MALFORMED:
        return None


def _key_of(certificate: bytes) -> object:
    """The key that ``certificate`` is for, as ``_load_key``."""
    try:
        return _load(certificate).public_key()
    except MALFORMED:
        return None


def _public_key_info(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo in ``certificate`` as encoded there; b"" if it can't be found."""
    try:
        info = asn1.decode_der(_CertificateInfo, _load(certificate).tbs_certificate_bytes)
        return asn1.encode_der(info.public_key)
    except ValueError:
        return b""
