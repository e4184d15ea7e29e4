"""Cryptography of the server itself, beside keys of engines: for its storage, its audit, its listeners and tokens.

None of it is claimed to be validated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from engines.algorithms.cyclonedx import (
    ref_named,
    ref_of_signature,
    refs_of_group,
    refs_of_suite,
)
from server.runtime.certificates import TlsOffer

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the server; ``refs`` are those of its algorithms in documents."""

    kind: str
    """One of ``barrier``, ``audit``, ``token``, ``password``, ``seal``, ``tls``, ``ca``, ``ledger``, ``provider``."""

    name: str
    algorithm: str
    version: str = ""
    refs: tuple[str, ...] = ()

    def described(self) -> dict[str, Any]:
        """As answers have it."""
        return {
            "kind": self.kind,
            "name": self.name,
            "algorithm": self.algorithm,
            "version": self.version,
            "validated": False,
        }


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate of ``kind`` ``tls``, which a listener presents, or ``ca``, trusted to issue others."""

    kind: str
    subject: str
    issuer: str
    serial_number: str
    not_before: datetime
    not_after: datetime
    fingerprint: str
    """The SHA-256 of its DER, in hex."""

    key_algorithm: str
    """The algorithm of its key, as documents call it."""

    signature_algorithm: str
    """The algorithm of its issuer's signature, by its name in RFC 5280 and its kin."""

    @property
    def refs(self) -> tuple[str, ...]:
        """The refs of both algorithms, as far as documents have them."""
        found = (ref_named(self.key_algorithm), ref_of_signature(self.signature_algorithm))
        return tuple(dict.fromkeys(ref for ref in found if ref))

    @property
    def part(self) -> Part:
        """Its row in the summary."""
        return Part(self.kind, self.subject, self.key_algorithm, "X.509", self.refs)


def certified(kind: str, certificate: x509.Certificate) -> Certified:
    """``certificate``, of ``kind``, as documents tell of it."""
    return Certified(
        kind,
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        serial_number=f"{certificate.serial_number:x}",
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        fingerprint=certificate.fingerprint(SHA256()).hex(),
        key_algorithm=_key_algorithm(certificate),
        signature_algorithm=str(certificate.signature_algorithm_oid._name),
    )


def _key_algorithm(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return ""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSASSA-PSS-{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ECDSA-{_CURVES.get(key.curve.name, key.curve.name)}"
    return "Ed25519" if isinstance(key, ed25519.Ed25519PublicKey) else type(key).__name__.removesuffix("PublicKey")


@dataclass(frozen=True, slots=True)
class Spoken:
    """One version of TLS on one listener, with the certificates that it presents, by their fingerprints."""

    listener: str
    version: str
    offer: TlsOffer
    presented: tuple[str, ...]

    @property
    def id(self) -> str:
        """A text that no other has."""
        return hashlib.sha256(f"{self.listener} {self.version}".encode()).hexdigest()[:16] + f"-tls-{self.version}"

    @property
    def suites(self) -> list[tuple[str, tuple[str, ...], tuple[int, int]]]:
        """Name, algorithms and identifier of each cipher suite of this version."""
        return [
            (suite.name, refs_of_suite(suite.name), suite.identifier)
            for suite in self.offer.suites
            if suite.version == self.version
        ]

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of this version: 1.2 has elliptic curves alone, since its suites are of ECDHE."""
        every = self.offer.groups
        return every if self.version == "1.3" else tuple(each for each in every if each.startswith(("secp", "x")))

    @property
    def refs(self) -> tuple[str, ...]:
        """The refs of all its algorithms."""
        of_groups = (ref for group in self.groups for ref in refs_of_group(group))
        of_suites = (ref for _, refs, _ in self.suites for ref in refs)
        return tuple(dict.fromkeys((*of_suites, *of_groups)))

    @property
    def parts(self) -> list[Part]:
        """Its rows in the summary: one for each cipher suite, and for each group."""
        suites = [Part("tls", self.listener, name, self.version, refs) for name, refs, _ in self.suites]
        groups = [Part("tls", self.listener, group, self.version, refs_of_group(group)) for group in self.groups]
        return suites + groups


@dataclass(frozen=True, slots=True)
class Own:
    """All cryptography of the server itself; a namespace below the root is told nothing but algorithms."""

    parts: tuple[Part, ...]
    certificates: tuple[Certified, ...] = ()
    protocols: tuple[Spoken, ...] = ()

    @property
    def refs(self) -> set[str]:
        """The refs of the algorithms of its parts."""
        return {ref for part in self.parts for ref in part.refs}

    @property
    def refs_of_listeners(self) -> set[str]:
        """The refs of what certificates have and TLS offers."""
        found = {ref for certificate in self.certificates for ref in certificate.refs}
        return found.union(*(protocol.refs for protocol in self.protocols))

    def hidden(self, hide: Callable[[str], str]) -> Own:
        """The same with names of listeners and holders of certificates replaced by what ``hide`` makes of them."""
        return Own(
            self.parts,
            tuple(replace(each, subject=hide(each.subject), issuer=hide(each.issuer)) for each in self.certificates),
            tuple(replace(each, listener=hide(each.listener)) for each in self.protocols),
        )

    def described(self) -> list[dict[str, Any]]:
        """The rows of the summary."""
        spoken = [part for each in self.protocols for part in each.parts]
        return [part.described() for part in (*self.parts, *(each.part for each in self.certificates), *spoken)]
