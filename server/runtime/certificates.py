"""Certificates that listeners present, with a warning and a metric of their validity, and what else TLS offers there.

OpenSSL serves an expired certificate like any other; clients refuse it. All certificates in the configured file count,
since clients also refuse an expired intermediate.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

SOON = timedelta(days=30)
"""The time before a certificate's end at which warnings begin."""


@dataclass(frozen=True, slots=True)
class TlsSuite:
    """A cipher suite, by IANA's name and its two bytes there; ``version`` is that of TLS."""

    name: str
    version: str
    identifier: tuple[int, int]


@dataclass(frozen=True, slots=True)
class TlsOffer:
    """Choices of a listener in a handshake. Groups and signature schemes have IANA's names, in order of preference."""

    versions: tuple[str, ...] = ()
    suites: tuple[TlsSuite, ...] = ()
    groups: tuple[str, ...] = ()
    signature_schemes: tuple[str, ...] = ()
    authorities: tuple[bytes, ...] = ()
    """Certificates in DER whose holders may issue client certificates."""


class ListenerCertificates:
    """The certificates in ``file`` that ``listener``, a URL or an address, presents; as of the last read."""

    def __init__(self, listener: str, file: str, offer: TlsOffer = TlsOffer()) -> None:
        self.listener = listener
        self.file = file
        self.offer = offer
        self.presented: Sequence[x509.Certificate] = ()
        """None if they couldn't be read."""

        self.ends: datetime | None = None
        """When the first of them ends, in UTC; None if that couldn't be read."""

    def read(self, now: datetime) -> list[str]:
        """Read the file, and return warnings as of ``now``: certificates that have ended, end soon or haven't begun."""
        self.ends, self.presented = None, ()
        try:
            certificates = x509.load_pem_x509_certificates(Path(self.file).read_bytes())
            self.ends = min(certificate.not_valid_after_utc for certificate in certificates)
            self.presented = certificates
        except (OSError, ValueError) as error:
            return [f"listener {self.listener}: can't tell when {self.file} ends: {type(error).__name__}"]
        return [warning for certificate in certificates for warning in self._warnings(certificate, now)]

    def _warnings(self, certificate: x509.Certificate, now: datetime) -> list[str]:
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        which = f"listener {self.listener}: the certificate {_name(certificate)} in {self.file}"
        if ends < now:
            return [f"{which} ended on {_shown(ends)}; clients refuse it"]
        if begins > now:
            return [f"{which} isn't valid before {_shown(begins)}; clients refuse it"]
        if ends - now < SOON:
            return [f"{which} ends on {_shown(ends)}, in {(ends - now).days} days"]
        return []


def present() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


def _shown(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _name(certificate: x509.Certificate) -> str:
    """The common name of the subject, quoted; without one, the first alternative name or the serial number."""
    names = [str(attribute.value) for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if not names:
        try:
            alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            names = [str(alternative.value) for alternative in alternatives]
        except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
            names = []
    return json.dumps(names[0]) if names else f"{certificate.serial_number:x}"
