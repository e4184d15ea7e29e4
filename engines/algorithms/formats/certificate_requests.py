"""Certificate requests (PKCS #10, RFC 2986) for keys, signed by them.

The library creates those of the keys that it supports. For SLH-DSA (RFC 9909) and hybrids
(draft-ietf-lamps-pq-composite-sigs), it encodes subject and extensions, and key and signature are added here.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias, get_args

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, rsa

from engines.algorithms.base import Material, SignatureOptions
from engines.algorithms.encodings.key_info import public_key_info
from engines.algorithms.encodings.pem import first_block, pem
from engines.algorithms.formats.certificates import MALFORMED, MAX_CERTIFICATE_BYTES, no_certificates
from engines.algorithms.hashes import SHA2_256, SHA2_384, SHA2_512
from engines.algorithms.row import Algorithm
from engines.algorithms.rsa.rsa import PKCS1V15
from engines.encoding import NotBase64
from engines.faults import InvalidRequest

_Signer: TypeAlias = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | mldsa.MLDSA44PrivateKey
    | mldsa.MLDSA65PrivateKey
    | mldsa.MLDSA87PrivateKey
)
_SIGNERS = get_args(_Signer)
_REQUEST = "CERTIFICATE REQUEST"


@asn1.sequence
class _SignatureIdentifier:
    algorithm: x509.ObjectIdentifier


@asn1.sequence
class _RequestInfo:
    version: int
    subject: asn1.TLV
    public_key: asn1.TLV
    attributes: Annotated[asn1.SetOf[asn1.TLV], asn1.Implicit(0)]


@asn1.sequence
class _Request:
    info: _RequestInfo
    algorithm: asn1.TLV
    signature: asn1.BitString


def parse_template(text: str) -> x509.CertificateSigningRequestBuilder:
    """An unsigned request, with the subject and extensions of the request ``text`` in PEM, or none for "".

    Raises ``InvalidRequest`` for an invalid one.
    """
    if not text:
        return x509.CertificateSigningRequestBuilder(x509.Name([]))
    try:
        der = first_block(text)
        if der is None:
            raise InvalidRequest("could not decode PEM CSR")
        if len(der) > MAX_CERTIFICATE_BYTES:
            raise InvalidRequest(f"the CSR has more than {MAX_CERTIFICATE_BYTES} bytes")
        given = x509.load_der_x509_csr(der)
        builder = x509.CertificateSigningRequestBuilder(given.subject)
        for extension in given.extensions:
            builder = builder.add_extension(extension.value, extension.critical)
    except (NotBase64, *MALFORMED):
        raise InvalidRequest("asn1: structure error") from None
    return builder


def request_certificate(
    algorithm: Algorithm, material: Material, template: x509.CertificateSigningRequestBuilder
) -> str:
    """A request in PEM: ``template``, signed by a key of ``algorithm``.

    Raises ``InvalidRequest`` for a key whose algorithm has no identifier in certificates.
    """
    if not algorithm.object_identifier:
        raise no_certificates()
    try:
        pkcs8 = algorithm.interchange.wrappable(material)
        key = serialization.load_der_private_key(pkcs8, None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, UnsupportedAlgorithm):
        return pem(_REQUEST, _signed_here(template, algorithm, material))
    if not isinstance(key, _SIGNERS):
        raise TypeError("not a key that signs certificate requests")
    hash_ = request_options(algorithm).hash
    request = template.sign(key, None if hash_ is None else _HASHES[hash_.name])
    return pem(_REQUEST, request.public_bytes(serialization.Encoding.DER))


_HASHES: dict[str, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    SHA2_256.name: hashes.SHA256(),
    SHA2_384.name: hashes.SHA384(),
    SHA2_512.name: hashes.SHA512(),
}


def request_options(algorithm: Algorithm) -> SignatureOptions:
    """The signature options of requests by keys of ``algorithm``: a hash as strong as the key, if it is chosen."""
    if not algorithm.variants.hash_chosen:
        return SignatureOptions(None)
    if algorithm.variants.signature_salted:
        return SignatureOptions(SHA2_256, scheme=PKCS1V15)
    bits = algorithm.size_bits
    return SignatureOptions(SHA2_256 if bits <= 256 else SHA2_384 if bits <= 384 else SHA2_512)


def _signed_here(builder: x509.CertificateSigningRequestBuilder, algorithm: Algorithm, material: Material) -> bytes:
    """The request of ``builder`` in DER, for a key that the library doesn't support."""
    assert algorithm.capabilities.signature is not None, "only keys that sign request certificates"
    # The library encodes requests only with a key of its own, so it gets a throw-away key.
    written = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    model = asn1.decode_der(_Request, written.public_bytes(serialization.Encoding.DER)).info
    identifier = algorithm.object_identifier
    public_key = asn1.decode_der(asn1.TLV, public_key_info(identifier, material.public))
    info = _RequestInfo(
        version=model.version, subject=model.subject, public_key=public_key, attributes=model.attributes
    )
    signature = algorithm.capabilities.signature(material).sign(asn1.encode_der(info), request_options(algorithm))
    signed_by = asn1.encode_der(_SignatureIdentifier(algorithm=x509.ObjectIdentifier(identifier)))
    return asn1.encode_der(
        _Request(info=info, algorithm=asn1.decode_der(asn1.TLV, signed_by), signature=asn1.BitString(signature, 0))
    )
