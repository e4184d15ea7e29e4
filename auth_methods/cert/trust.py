"""The client certificate of a connection, and its trust after revocation lists."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509

from auth_methods.cert.certificates import Certificate, InvalidCertificate, is_trusted, read
from auth_methods.cert.revocation_lists import Revoked
from engines.base import Call
from engines.faults import InvalidRequest

_NONE = "no client certificate found"
UNTRUSTED = "invalid certificate or no client certificate supplied"
UNMET = "no chain matching all constraints could be found for this login certificate"


def shown(call: Call) -> Certificate:
    """The client's certificate. Raises ``InvalidRequest`` if there is none, or an unusable one."""
    if not call.client_certificate:
        raise InvalidRequest(_NONE)
    try:
        return read(call.client_certificate)
    except InvalidCertificate:
        raise InvalidRequest(UNTRUSTED) from None


def is_valid(certificate: Certificate, trusted: Sequence[x509.Certificate], gone: Revoked, now: float) -> bool:
    """Whether ``certificate`` is trusted once revoked certificates, authorities included, are removed."""
    if gone.names(certificate.parsed):
        return False
    left = [other for other in trusted if not gone.names(other)]
    return len(left) == len(trusted) or is_trusted(certificate, left, now)
