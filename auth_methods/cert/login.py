"""Login with a certificate.

The TLS handshake has proved possession of the certificate's key. Trust is decided anew for each role, since each has
authorities of its own.
"""

from __future__ import annotations

from auth_methods.base import Login
from auth_methods.cert.certificates import Certificate, is_trusted, read_trusted
from auth_methods.cert.records import Role
from auth_methods.cert.state import Cert
from auth_methods.cert.trust import UNMET, UNTRUSTED, is_valid, shown
from engines.base import Body, Call
from engines.faults import InvalidRequest


class LoginBody(Body):
    """The role to log in with; without one, any that accepts the certificate."""

    name: str = ""

    tells = {
        "name": "The role. Default: the first that matches the certificate.",
    }


async def log_in(method: Cert, call: Call, body: LoginBody) -> Login:
    """Give a token for the certificate of this connection."""
    certificate = shown(call)
    name, role = await _fitting(method, certificate, body.name.lower(), call)
    role.token.check_address(call)
    metadata = certificate.identity() | {"cert_name": name}
    for identifier in role.allowed_metadata_extensions or ():
        text = certificate.extensions.get(identifier)
        if text is not None:
            metadata[identifier.replace(".", "-")] = text
    return role.token.login(call, alias=certificate.common_name, metadata=metadata, display_name=role.display_name)


async def _fitting(method: Cert, certificate: Certificate, wanted: str, call: Call) -> tuple[str, Role]:
    """The first role that accepts the certificate; only ``wanted``, if that is given."""
    names = [wanted] if wanted else await method.mount.storage.list("cert/")
    known, gone = False, await method.revoked()
    for name in names:
        role = await method.role(name)
        if role is None:
            continue
        trusted = read_trusted(role.certificate)
        if not is_trusted(certificate, trusted, call.now):
            continue
        known = True
        if role.wanted.met_by(certificate) and is_valid(certificate, trusted, gone, call.now):
            return name, role
    raise InvalidRequest(UNMET if known else UNTRUSTED)
