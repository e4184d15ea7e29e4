"""Logging in with a certificate, and renewing with the same one.

The TLS handshake has proved that the client has the certificate's key. Whether the certificate is trusted is asked anew
for each role, since each has authorities of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cryptography import x509

from auth_methods.base import Login
from auth_methods.cert.certificates import Certificate, InvalidCertificate, is_trusted, read, read_trusted
from auth_methods.cert.revocations import Revoked, revoked
from auth_methods.cert.roles import Role
from engines.base import Body, Call
from engines.faults import Failed, InvalidRequest

if TYPE_CHECKING:
    from auth_methods.cert import Cert

_NONE = "no client certificate found"
_UNTRUSTED = "invalid certificate or no client certificate supplied"
_UNMET = "no chain matching all constraints could be found for this login certificate"


class LoginBody(Body):
    """The role to log in with; any that fits if none is named."""

    name: str = ""


async def log_in(method: Cert, call: Call, body: LoginBody) -> Login:
    """Give a token for the certificate of this connection."""
    certificate = _shown(call)
    name, role = await _fitting(method, certificate, body.name.lower(), call)
    role.token.check_address(call)
    metadata = certificate.identity() | {"cert_name": name}
    for identifier in role.allowed_metadata_extensions or ():
        text = certificate.extensions.get(identifier)
        if text is not None:
            metadata[identifier.replace(".", "-")] = text
    return role.token.login(call, alias=certificate.common_name, metadata=metadata, display_name=role.display_name)


async def check_renewal(method: Cert, metadata: Mapping[str, str], call: Call) -> None:
    """Raise a fault unless the caller shows the certificate that a token with ``metadata`` was given for."""
    if (await method.configuration()).disable_binding:
        return
    certificate = _shown(call)
    name = metadata.get("cert_name", "")
    role = await method.role(name)
    if role is None:
        return  # Which is for the renewal to say.
    trusted = read_trusted(role.certificate)
    if not is_trusted(certificate, trusted, call.now):
        raise InvalidRequest(_UNTRUSTED)
    if not _stands(certificate, trusted, await revoked(method), call.now):
        raise InvalidRequest(_UNMET)
    if certificate.identity().items() - metadata.items():
        raise Failed(
            "failed to renew entry: client identity during renewal not matching client identity used during login"
        )


def _shown(call: Call) -> Certificate:
    if not call.client_certificate:
        raise InvalidRequest(_NONE)
    try:
        return read(call.client_certificate)
    except InvalidCertificate:
        raise InvalidRequest(_UNTRUSTED) from None


async def _fitting(method: Cert, certificate: Certificate, wanted: str, call: Call) -> tuple[str, Role]:
    """The first role that takes the certificate; only ``wanted``, if that is given."""
    names = [wanted] if wanted else await method.mount.storage.list("cert/")
    known, gone = False, await revoked(method)
    for name in names:
        role = await method.role(name)
        if role is None:
            continue
        trusted = read_trusted(role.certificate)
        if not is_trusted(certificate, trusted, call.now):
            continue
        known = True
        if role.wanted.met_by(certificate) and _stands(certificate, trusted, gone, call.now):
            return name, role
    raise InvalidRequest(_UNMET if known else _UNTRUSTED)


def _stands(certificate: Certificate, trusted: Sequence[x509.Certificate], gone: Revoked, now: float) -> bool:
    """Whether a trusted certificate is still so without what was revoked, its authority included."""
    if gone.names(certificate.parsed):
        return False
    left = [other for other in trusted if not gone.names(other)]
    return len(left) == len(trusted) or is_trusted(certificate, left, now)
