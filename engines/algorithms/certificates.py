"""X.509 (RFC 5280) and PKCS #10 (RFC 2986): requests for certificates of keys, and chains of such certificates."""

from __future__ import annotations

import re
from typing import TypeAlias, get_args

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, rsa

from engines.algorithms.interchange import subject_public_key_info
from engines.algorithms.pem import pem
from engines.encoding import NotBase64, decode_base64
from engines.faults import Failed, InvalidRequest

_Signer: TypeAlias = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | mldsa.MLDSA44PrivateKey
    | mldsa.MLDSA65PrivateKey
    | mldsa.MLDSA87PrivateKey
)
_SIGNERS = get_args(_Signer)
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s*([A-Za-z0-9+/=\s]*?)-----END \1-----[ \t]*\r?\n?", re.ASCII)
_REQUEST = "CERTIFICATE REQUEST"
_CERTIFICATE = "CERTIFICATE"
MAX_CHAIN = 64
"""The most certificates in one chain."""


def pem_blocks(text: str) -> list[tuple[str, bytes]] | None:
    """The labels and contents of PEM blocks, text before them ignored; None if something else follows."""
    blocks: list[tuple[str, bytes]] = []
    position = 0
    while position < len(text):
        match = _BLOCK.search(text, position)
        if match is None:
            return None if text[position:].strip() else blocks
        try:
            blocks.append((match[1], decode_base64("".join(match[2].split()))))
        except NotBase64:
            return None
        position = match.end()
    return blocks


def parse_template(text: str) -> x509.CertificateSigningRequestBuilder:
    """A request still to be signed, with the subject and extensions of the request ``text`` in PEM, or none for "".

    Raises ``InvalidRequest`` for what is no request.
    """
    if not text:
        return x509.CertificateSigningRequestBuilder(x509.Name([]))
    blocks = _BLOCK.search(text)
    if blocks is None:
        raise InvalidRequest("could not decode PEM CSR")
    try:
        given = x509.load_der_x509_csr(decode_base64("".join(blocks[2].split())))
        builder = x509.CertificateSigningRequestBuilder(given.subject)
        for extension in given.extensions:
            builder = builder.add_extension(extension.value, extension.critical)
    except (ValueError, NotBase64, UnsupportedAlgorithm, x509.UnsupportedGeneralNameType, x509.DuplicateExtension):
        raise InvalidRequest("asn1: structure error") from None
    return builder


def request_certificate(pkcs8: bytes, template: x509.CertificateSigningRequestBuilder) -> str:
    """A request in PEM: ``template``, signed by the key in ``pkcs8``. Raises ``InvalidRequest`` for a type without."""
    try:
        key = serialization.load_der_private_key(pkcs8, None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, UnsupportedAlgorithm):
        raise _no_certificates() from None
    if not isinstance(key, _SIGNERS):
        raise TypeError("not a key that signs certificate requests")
    request = template.sign(key, _hash_for(key))
    return pem(_REQUEST, request.public_bytes(serialization.Encoding.DER))


def _no_certificates() -> InvalidRequest:
    """The fault for keys that the provider knows nothing of."""
    return InvalidRequest("certificates are not supported for keys of this type")


def _hash_for(
    key: _Signer,
) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
    """The hash as strong as the key; None where the algorithm brings its own."""
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.key_size > 256:
        return hashes.SHA384() if key.curve.key_size <= 384 else hashes.SHA512()
    return hashes.SHA256()


def parse_chain(text: str) -> tuple[bytes, ...]:
    """The certificates in PEM, in DER; other blocks are ignored. Raises ``InvalidRequest``."""
    blocks = pem_blocks(text)
    if blocks is None:
        raise InvalidRequest("could not decode a PEM block in the certificate chain")
    chain = tuple(der for label, der in blocks if label == _CERTIFICATE)
    if not chain:
        raise InvalidRequest("provided certificate chain did not contain any valid PEM encoded certificate")
    if len(chain) > MAX_CHAIN:
        raise InvalidRequest(f"provided certificate chain has more than {MAX_CHAIN} certificates")
    for der in chain:
        _load(der)
    return chain


def _load(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError:
        raise InvalidRequest(
            "could not parse a certificate in the certificate chain: x509: malformed certificate"
        ) from None


def check_chain(chain: tuple[bytes, ...]) -> None:
    """Check that the first is a leaf's and the last, of several, an authority's. Raises ``InvalidRequest``."""
    if _is_authority(chain[0]):
        raise InvalidRequest("certificate in the first element is not a valid leaf certificate")
    if len(chain) > 1 and not _is_authority(chain[-1]):
        raise InvalidRequest("certificate in the last element is not a valid CA certificate")


def _is_authority(der: bytes) -> bool:
    try:
        return _load(der).extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        return False


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

    Raises ``InvalidRequest`` for a key of another kind or one that can't have certificates, ``Failed`` for another key.
    """
    try:
        own = serialization.load_der_public_key(public_key_info)
    except (ValueError, UnsupportedAlgorithm):
        raise _no_certificates() from None
    try:
        key = _load(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidRequest("the key of the leaf certificate is of an unknown kind") from None
    for kind, algorithm in _X509_NAMES:
        if isinstance(key, kind) and not isinstance(own, kind):
            raise InvalidRequest(
                "could not validate key match between leaf certificate key and key entry in transit: provided leaf "
                f"certificate public key algorithm '{algorithm}' does not match the transit key type '{name}'"
            )
    if not isinstance(key, _CERTIFIED) or subject_public_key_info(key) != public_key_info:
        raise Failed("leaf certificate public key does not match the selected key version")
