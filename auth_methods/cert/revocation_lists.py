"""Certificate revocation lists (RFC 5280, 5) given to this server.

A list counts until it is replaced or deleted, also after its ``nextUpdate``: an old list must not readmit the
certificates that it names.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass

import msgspec
from cryptography import x509
from msgspec import Struct

from engines.algorithms.formats.certificates import MALFORMED
from engines.faults import InvalidRequest

FOLDER = "crl/"
"""The prefix of the lists in storage."""


class Revocations(Struct, frozen=True, kw_only=True):
    """A stored list. ``issuer`` is the authority's name in DER, ``compared`` its normal form for comparison."""

    issuer: bytes
    compared: str = ""
    serial_numbers: frozenset[str]

    def lists(self, certificate: x509.Certificate) -> bool:
        """Whether the certificate is among them."""
        if str(certificate.serial_number) not in self.serial_numbers:
            return False
        name = certificate.issuer
        return name.public_bytes() == self.issuer or comparable(name) == self.compared


@dataclass(frozen=True, slots=True)
class Revoked:
    """All lists of a mount together."""

    every: tuple[Revocations, ...]

    def names(self, certificate: x509.Certificate) -> bool:
        """Whether any list has the certificate."""
        return any(one.lists(certificate) for one in self.every)


def comparable(name: x509.Name) -> str:
    """A text that is equal for names that are equal by RFC 5280, 7.1.

    An authority may spell its name in its list differently from its certificates: in another ASN.1 string type, in
    another case, or with other blanks.
    """
    return json.dumps([sorted((part.oid.dotted_string, _folded(part.value)) for part in rdn) for rdn in name.rdns])


_MAX_FOLDED_CHARACTERS = 1024
"""Longer names are compared byte by byte: putting combining marks into their normal order takes quadratic time."""


def _folded(value: str | bytes) -> str:
    if isinstance(value, bytes):
        return f"#{value.hex()}"
    if len(value) > _MAX_FOLDED_CHARACTERS:
        return f"={value}"
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold()).split())


def parsed(pem: str) -> Revocations:
    """The list in PEM. Raises ``InvalidRequest``."""
    try:
        found = x509.load_pem_x509_crl(pem.encode())
        serial_numbers = frozenset(str(entry.serial_number) for entry in found)
        issuer, partial = found.issuer, _is_partial(found)
    except MALFORMED:
        raise InvalidRequest("failed to parse CRL") from None
    if partial:
        raise InvalidRequest("indirect lists and lists of changes are not supported by this server")
    return Revocations(issuer=issuer.public_bytes(), compared=comparable(issuer), serial_numbers=serial_numbers)


def _is_partial(found: x509.CertificateRevocationList) -> bool:
    """Whether it covers other authorities' certificates too (indirect), or only changes since another list (delta).

    Read as an ordinary list, either would miss revoked certificates.
    """
    for extension in found.extensions:
        value = extension.value
        if isinstance(value, x509.DeltaCRLIndicator):
            return True
        if isinstance(value, x509.IssuingDistributionPoint) and value.indirect_crl:
            return True
    return False


def key(name: str) -> str:
    """The storage key of the list of this name, in any case."""
    return FOLDER + name.lower()


def decode(value: bytes) -> Revocations:
    """A stored list."""
    return msgspec.msgpack.decode(value, type=Revocations)
