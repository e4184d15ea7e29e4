"""X.509 certificates (RFC 5280): parsing, trust, and matching against a role's constraints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

from auth_methods.names import matches_any
from engines.algorithms.formats.certificates import MALFORMED, check_names
from engines.faults import InvalidRequest

MAX_CERTIFICATES = 100
"""The most certificates of one role."""

_MAX_PEM_CHARACTERS = 1024 * 1024
"""The longest text of these, in characters: every login looks at the extensions of all certificates."""

_TEXT_TAGS = frozenset({0x0C, 0x12, 0x13, 0x14, 0x16, 0x1B})
"""Tags of ASN.1's UTF8String, NumericString, PrintableString, T61String, IA5String and GeneralString."""

# Client certificates, unlike web servers', need no alternative names; authorities must be marked as such.
_AUTHORITIES = ExtensionPolicy.permit_all().require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
_CLIENTS = ExtensionPolicy.permit_all()


class InvalidCertificate(ValueError):
    """The input is no certificate, or not a usable one."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A client's certificate, with the fields that roles check."""

    parsed: x509.Certificate
    common_name: str
    organizational_units: tuple[str, ...]
    dns_names: tuple[str, ...]
    emails: tuple[str, ...]
    uris: tuple[str, ...]
    extensions: Mapping[str, str]
    """The texts of those extensions that are an ASN.1 string, by object identifier."""

    def identity(self) -> dict[str, str]:
        """The fields that identify it, as in the metadata of tokens."""
        return {
            "common_name": self.common_name,
            "serial_number": str(self.parsed.serial_number),
            "subject_key_id": _key_id(self.parsed, ExtensionOID.SUBJECT_KEY_IDENTIFIER),
            "authority_key_id": _key_id(self.parsed, ExtensionOID.AUTHORITY_KEY_IDENTIFIER),
        }


def read(der: bytes) -> Certificate:
    """The certificate in DER. Raises ``InvalidCertificate``."""
    try:
        parsed = x509.load_der_x509_certificate(der)
        check_names(parsed)
        names = _extension(parsed, ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
        dns_names: Sequence[str] = ()
        emails: Sequence[str] = ()
        uris: Sequence[str] = ()
        if isinstance(names, x509.SubjectAlternativeName):
            dns_names = names.get_values_for_type(x509.DNSName)
            emails = names.get_values_for_type(x509.RFC822Name)
            uris = names.get_values_for_type(x509.UniformResourceIdentifier)
        extensions = {
            extension.oid.dotted_string: text
            for extension in parsed.extensions
            if isinstance(extension.value, x509.UnrecognizedExtension)
            and (text := _text(extension.value.value)) is not None
        }
        common_names = _names(parsed, NameOID.COMMON_NAME)
        units = _names(parsed, NameOID.ORGANIZATIONAL_UNIT_NAME)
    except (InvalidRequest, *MALFORMED) as error:
        raise InvalidCertificate("failed to parse certificate") from error
    # Of several common names, the last is the most specific.
    common_name = common_names[-1] if common_names else ""
    return Certificate(parsed, common_name, units, tuple(dns_names), tuple(emails), tuple(uris), extensions)


def read_trusted(pem: str) -> list[x509.Certificate]:
    """The certificates that a role trusts: authorities, or single clients. Raises ``InvalidCertificate``."""
    if len(pem) > _MAX_PEM_CHARACTERS:
        raise InvalidCertificate(f"more than {_MAX_PEM_CHARACTERS} characters of certificates")
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
        for certificate in found:
            check_names(certificate)
        clients = [certificate for certificate in found if not _is_authority(certificate)]
        usable = all(_may_authenticate(certificate) for certificate in clients)
    except (InvalidRequest, *MALFORMED) as error:
        raise InvalidCertificate("failed to parse certificate") from error
    if len(found) > MAX_CERTIFICATES:
        raise InvalidCertificate(f"more than {MAX_CERTIFICATES} certificates")
    if not usable:
        raise InvalidCertificate(
            "nonCA certificates should have TLS client authentication set as an extended key usage"
        )
    return found


def is_trusted(certificate: Certificate, trusted: Iterable[x509.Certificate], now: float) -> bool:
    """Whether it is one of ``trusted``, or was issued by an authority among them, and is valid at ``now``."""
    moment = datetime.fromtimestamp(now, UTC)
    authorities = []
    for other in trusted:
        if other == certificate.parsed:
            if other.not_valid_before_utc <= moment <= other.not_valid_after_utc:
                return True
        elif _may_vouch(other):
            authorities.append(other)
    if not authorities or not _may_authenticate(certificate.parsed):
        return False
    policy = PolicyBuilder().store(Store(authorities)).time(moment)
    policy = policy.extension_policies(ca_policy=_AUTHORITIES, ee_policy=_CLIENTS)
    try:
        policy.build_client_verifier().verify(certificate.parsed, [])
    except (VerificationError, *MALFORMED):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Wanted:
    """A role's constraints on a certificate. Names may have ``*`` in them; an empty list is no constraint."""

    names: Sequence[str] = ()
    common_names: Sequence[str] = ()
    dns_names: Sequence[str] = ()
    emails: Sequence[str] = ()
    uris: Sequence[str] = ()
    organizational_units: Sequence[str] = ()
    extensions: Sequence[str] = ()
    """Each an object identifier, a colon, and its text."""

    def met_by(self, certificate: Certificate) -> bool:
        """Whether the certificate meets all constraints."""
        common_name = (certificate.common_name,)
        return (
            _any_fits((*common_name, *certificate.dns_names, *certificate.emails), self.names)
            and _any_fits(common_name, self.common_names)
            and _any_fits(certificate.dns_names, self.dns_names)
            and _any_fits(certificate.emails, self.emails)
            and _any_fits(certificate.uris, self.uris)
            and _any_fits(certificate.organizational_units, self.organizational_units)
            and all(_has_extension(certificate, wanted) for wanted in self.extensions)
        )


def _any_fits(names: Iterable[str], patterns: Sequence[str]) -> bool:
    return not patterns or any(matches_any(name, patterns) for name in names)


def _has_extension(certificate: Certificate, wanted: str) -> bool:
    identifier, _, pattern = wanted.partition(":")
    text = certificate.extensions.get(identifier)
    return text is not None and matches_any(text, (pattern,))


def _names(parsed: x509.Certificate, identifier: x509.ObjectIdentifier) -> tuple[str, ...]:
    attributes = parsed.subject.get_attributes_for_oid(identifier)
    return tuple(attribute.value for attribute in attributes if isinstance(attribute.value, str))


def _extension(parsed: x509.Certificate, identifier: x509.ObjectIdentifier) -> x509.ExtensionType | None:
    try:
        return parsed.extensions.get_extension_for_oid(identifier).value
    except x509.ExtensionNotFound:
        return None


def _is_authority(parsed: x509.Certificate) -> bool:
    constraints = _extension(parsed, ExtensionOID.BASIC_CONSTRAINTS)
    return isinstance(constraints, x509.BasicConstraints) and constraints.ca


def _may_vouch(parsed: x509.Certificate) -> bool:
    """Whether it is an authority whose key may sign certificates, and those of TLS clients (RFC 5280, 4.2.1.3)."""
    usage = _extension(parsed, ExtensionOID.KEY_USAGE)
    signs = usage.key_cert_sign if isinstance(usage, x509.KeyUsage) else True
    return _is_authority(parsed) and signs and _may_authenticate(parsed)


def _may_authenticate(parsed: x509.Certificate) -> bool:
    """Whether its extended key usages, if any, include that of a TLS client."""
    usages = _extension(parsed, ExtensionOID.EXTENDED_KEY_USAGE)
    if not isinstance(usages, x509.ExtendedKeyUsage):
        return True
    return ExtendedKeyUsageOID.CLIENT_AUTH in usages or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usages


def _key_id(parsed: x509.Certificate, identifier: x509.ObjectIdentifier) -> str:
    value = _extension(parsed, identifier)
    digest = getattr(value, "digest", None) or getattr(value, "key_identifier", None) or b""
    return ":".join(f"{octet:02x}" for octet in digest)


def _text(der: bytes) -> str | None:
    """The text of an ASN.1 string (X.690, definite length below 64 KiB), or None."""
    if len(der) < 2 or der[0] not in _TEXT_TAGS:
        return None
    length, start = der[1], 2
    if length & 0x80:
        start += length & 0x7F
        if not 2 < start <= 4:
            return None
        length = int.from_bytes(der[2:start])
    content = der[start:]
    if len(content) != length:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
