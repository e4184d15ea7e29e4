"""Protocol versions, cipher suites, groups and authorities of a TLS context, for the inventory.

Python has no way to ask for the groups and signature schemes of a context. They are OpenSSL's defaults, which a client
of the same library names in the first message that it sends (RFC 8446, 4.1.2); that message is read here.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

from engines.algorithms.cyclonedx import ED25519
from server.listeners.tls import APPROVED_GROUP, ApprovedContext, iana_name
from server.runtime.certificates import TlsOffer, TlsSuite

_VERSIONS = {ssl.TLSVersion.TLSv1_2: "1.2", ssl.TLSVersion.TLSv1_3: "1.3"}
_SUPPORTED_GROUPS, _SIGNATURE_ALGORITHMS = 10, 13

# fmt: off
_GROUPS = {
    23: "secp256r1", 24: "secp384r1", 25: "secp521r1", 29: "x25519", 30: "x448",
    256: "ffdhe2048", 257: "ffdhe3072", 258: "ffdhe4096", 259: "ffdhe6144", 260: "ffdhe8192",
    4587: "SecP256r1MLKEM768", 4588: "X25519MLKEM768", 4589: "SecP384r1MLKEM1024",
}
_SCHEMES = {
    0x0401: "rsa_pkcs1_sha256", 0x0501: "rsa_pkcs1_sha384", 0x0601: "rsa_pkcs1_sha512",
    0x0403: "ecdsa_secp256r1_sha256", 0x0503: "ecdsa_secp384r1_sha384", 0x0603: "ecdsa_secp521r1_sha512",
    0x0804: "rsa_pss_rsae_sha256", 0x0805: "rsa_pss_rsae_sha384", 0x0806: "rsa_pss_rsae_sha512",
    0x0809: "rsa_pss_pss_sha256", 0x080A: "rsa_pss_pss_sha384", 0x080B: "rsa_pss_pss_sha512",
    0x0807: ED25519, 0x0808: "ed448", 0x0904: "mldsa44", 0x0905: "mldsa65", 0x0906: "mldsa87",
}
# fmt: on
"""Numbers of IANA's registries of TLS."""


def offer_of(context: ssl.SSLContext) -> TlsOffer:
    """What ``context``, of a server, agrees to."""
    versions = [
        name for version, name in _VERSIONS.items() if context.minimum_version <= version <= context.maximum_version
    ]
    groups, schemes = _defaults()
    return TlsOffer(
        versions=tuple(versions),
        suites=tuple(suite for suite in _suites(context) if suite.version in versions),
        groups=(APPROVED_GROUP,) if isinstance(context, ApprovedContext) else groups,
        signature_schemes=schemes,
        authorities=tuple(context.get_ca_certs(binary_form=True)),
    )


def _suites(context: ssl.SSLContext) -> Iterator[TlsSuite]:
    for cipher in context.get_ciphers():
        version = "1.3" if cipher["protocol"] == "TLSv1.3" else "1.2"
        number = cipher["id"] & 0xFFFF
        yield TlsSuite(iana_name(cipher["name"]), version, (number >> 8, number & 0xFF))


@cache
def _defaults() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The groups and the signature schemes of OpenSSL's defaults; none of a message that can't be read."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    arriving, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):  # There is no server.
        client.wrap_bio(arriving, leaving).do_handshake()
    extensions = dict(_extensions(leaving.read()))
    groups = [_GROUPS[each] for each in _numbers(extensions.get(_SUPPORTED_GROUPS, b"")) if each in _GROUPS]
    schemes = [_SCHEMES[each] for each in _numbers(extensions.get(_SIGNATURE_ALGORITHMS, b"")) if each in _SCHEMES]
    return tuple(groups), tuple(schemes)


def _extensions(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The extensions of a ClientHello in one record: behind the version, the random, and three vectors."""
    place = 5 + 4 + 2 + 32
    for length_bytes in (1, 2, 1):
        place += length_bytes + int.from_bytes(message[place : place + length_bytes])
    place += 2
    while place + 4 <= len(message):
        kind, size = int.from_bytes(message[place : place + 2]), int.from_bytes(message[place + 2 : place + 4])
        yield kind, message[place + 4 : place + 4 + size]
        place += 4 + size


def _numbers(vector: bytes) -> Iterator[int]:
    """The numbers of two bytes in a vector with its length before it."""
    for place in range(2, len(vector) - 1, 2):
        yield int.from_bytes(vector[place : place + 2])
