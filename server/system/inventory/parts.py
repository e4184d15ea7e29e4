"""Collection of the server's own cryptography, for the summary and documents."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from cryptography import x509

from auth_methods.cert.certificates import read_trusted
from auth_methods.cert.records import ROLES as CERTIFICATE_ROLES
from auth_methods.cert.state import Cert
from engines.algorithms.cyclonedx import (
    ARGON2ID,
    AUDIT,
    BARRIER,
    DERIVATION,
    ED25519,
    ML_DSA_44,
    PBKDF2,
    SHAMIR,
    assets,
    refs_of,
)
from engines.algorithms.formats.jws import jws_algorithms
from engines.algorithms.registry import SIGNING_ALGORITHMS
from server.inventory.own import Certified, Own, Part, Spoken, certified
from server.runtime import openssl
from server.runtime.certificates import ListenerCertificates
from server.system.state import System
from server.tenants.tenant import Tenant

_MOST_ROLES = 1000
"""The most roles of a mount whose certificates are told of."""

_LIBRARIES = ("pynacl", "pycryptodomex", "pqcrypto", "argon2-cffi", "liboqs-python")


async def own_cryptography(system: System, now: float) -> Own:
    """What the server itself uses; what listeners and the audit ledger do, only for the root namespace."""
    parts = [
        _part("barrier", "entries", BARRIER),
        _part("barrier", "keys of namespaces", DERIVATION),
        _part("audit", "values in entries", AUDIT),
        _part("token", "ids in storage", AUDIT),
        await _signed_tokens(system, now),
        _password(system),
    ]
    trusted = await _trusted(system.tenant)
    if system.tenant is not system.unsealed.root:
        return Own(tuple(parts), tuple(trusted.values()))
    seal = system.core.stored_seal.seal.type
    parts.append(_part("seal", seal, SHAMIR if seal == "shamir" else BARRIER))
    if system.unsealed.audit.ledger.device is not None:
        parts += [_part("ledger", "checkpoints", ref) for ref in (ED25519, ML_DSA_44)]
    shown = system.core.runtime.certificates
    certificates = trusted | {each.fingerprint: each for listener in shown for each in _certificates(listener)}
    return Own(
        (*parts, *_providers()), tuple(certificates.values()), tuple(each for one in shown for each in _spoken(one))
    )


def _part(kind: str, name: str, ref: str) -> Part:
    return Part(kind, name, assets()[ref].name, refs=(ref,))


async def _signed_tokens(system: System, now: float) -> Part:
    """The key that signs JSON Web Tokens of the namespace, or would."""
    name, _ = await system.tenant.jwt_issuer.signing_key(now)
    row = next(row for row in SIGNING_ALGORITHMS.values() if name in {each.name for each in jws_algorithms(row)})
    in_use = await system.tenant.jwt_issuer.has_key()
    return Part("token", "signed tokens", name, refs=refs_of(row.name) if in_use else ())


def _password(system: System) -> Part:
    """The hash of new passwords, unless a mount has chosen another."""
    return _part("password", "userpass", PBKDF2 if system.core.runtime.fips.active else ARGON2ID)


def _certificates(listener: ListenerCertificates) -> list[Certified]:
    authorities = [x509.load_der_x509_certificate(der) for der in listener.offer.authorities]
    return [certified("tls", each) for each in listener.presented] + [certified("ca", each) for each in authorities]


async def _trusted(tenant: Tenant) -> dict[str, Certified]:
    """What roles of certificate logins trust, by fingerprint: authorities, and clients' certificates themselves."""
    found: dict[str, Certified] = {}
    for mounted in (await tenant.mounts.router()).mounts.values():
        method = mounted.engine
        if not isinstance(method, Cert):
            continue
        for name in await method.mount.storage.list(CERTIFICATE_ROLES, "", _MOST_ROLES):
            role = await method.role(name)
            for certificate in () if role is None else read_trusted(role.certificate):
                each = certified("ca", certificate)
                found[each.fingerprint] = each
    return found


def _spoken(listener: ListenerCertificates) -> list[Spoken]:
    presented = tuple(certified("tls", each).fingerprint for each in listener.presented)
    return [Spoken(listener.listener, each, listener.offer, presented) for each in listener.offer.versions]


def _providers() -> list[Part]:
    found = [
        Part("provider", "cryptography", openssl.of_cryptography().version, version("cryptography")),
        Part("provider", "ssl", openssl.of_python().version),
    ]
    for name in _LIBRARIES:
        try:
            found.append(Part("provider", name, "", version(name)))
        except PackageNotFoundError:
            continue
    return found
