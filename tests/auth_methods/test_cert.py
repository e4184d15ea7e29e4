"""Certificates as the cert method reads and trusts them; logging in is in ``tests/wire/access/test_cert_login.py``."""

from __future__ import annotations

import time
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from auth_methods.cert.certificates import InvalidCertificate, Wanted, _text, is_trusted, read, read_trusted
from auth_methods.cert.revocation_lists import comparable
from tests.support.systems import Server
from tests.wire.access.test_cert_login import Issued, Issuer

DAY = 86400


def _der(issued: Issued) -> bytes:
    return issued.certificate.public_bytes(Encoding.DER)


def test_time_is_looked_at_for_clients_and_authorities(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path)
    authority = issuer.authority("authority")
    good, ended, early = (
        issuer.client(name, authority, days=days)
        for name, days in (("good", (-1, 1)), ("ended", (-9, -1)), ("early", (1, 9)))
    )
    now = time.time()
    for client, trusted in ((good, True), (ended, False), (early, False)):
        assert is_trusted(read(_der(client)), [authority.certificate], now) is trusted
        assert is_trusted(read(_der(client)), [client.certificate], now) is trusted
    assert not is_trusted(read(_der(good)), [authority.certificate], now + 3 * DAY)


def test_trust_comes_from_authorities_alone(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path)
    authority, other = issuer.authority("authority"), issuer.authority("other")
    client = issuer.client("client", authority)
    pretender = issuer.client("pretender", client)
    now = time.time()
    assert not is_trusted(read(_der(client)), [other.certificate], now)
    assert not is_trusted(read(_der(client)), [], now)
    # A client's certificate vouches for nobody but itself, whoever trusts it.
    assert not is_trusted(read(_der(pretender)), [client.certificate], now)
    assert not is_trusted(read(_der(pretender)), [authority.certificate, client.certificate], now)
    # Another authority of the same name is another authority.
    again = Issuer(tmp_path).authority("authority")
    assert not is_trusted(read(_der(client)), [again.certificate], now)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(True, False, False, False, False, signs, signs, False, False)


@pytest.mark.parametrize(
    ("restriction", "vouches"),
    [
        (_usage(signs=True), True),
        (_usage(signs=False), False),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.NameConstraints([x509.DNSName("example.com")], None), True),
        (x509.NameConstraints([x509.DNSName("example.org")], None), False),
        (x509.NameConstraints(None, [x509.DNSName("www.example.com")]), False),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("2.1.1.1"), b"\x05\x00"), True),
    ],
)
def test_an_authority_vouches_for_what_it_may(tmp_path: Path, restriction: x509.ExtensionType, vouches: bool) -> None:
    issuer = Issuer(tmp_path)
    authority = issuer.authority("authority", None, restriction)
    client = issuer.client("client", authority, names=[x509.DNSName("www.example.com")])
    assert is_trusted(read(_der(client)), [authority.certificate], time.time()) is vouches


async def test_lists_that_leave_revoked_certificates_out_are_refused(server: Server, tmp_path: Path) -> None:
    assert (await server.ask("POST", "sys/auth/cert", {"type": "cert"}))[0] == 204
    authority = Issuer(tmp_path).authority("authority")
    now = datetime.now(UTC)
    builder = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
    builder = builder.last_update(now).next_update(now)
    indirect = x509.IssuingDistributionPoint(
        None, x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COMMON_NAME, "x")]),
        False, False, None, True, False,
    )  # fmt: skip
    for extension in (indirect, x509.DeltaCRLIndicator(1)):
        partial = builder.add_extension(extension, critical=True).sign(authority.key, hashes.SHA256())
        pem = partial.public_bytes(Encoding.PEM).decode()
        status, answer = await server.ask("POST", "auth/cert/crls/partial", {"crl": pem})
        assert status == 400
        assert answer["errors"] == ["indirect lists and lists of changes are not supported by this server"]
    whole = builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    assert (await server.ask("POST", "auth/cert/crls/whole", {"crl": whole}))[0] == 204
    assert (await server.ask("LIST", "auth/cert/crls"))[1]["data"] == {"keys": ["whole"]}


def test_names_are_compared_as_names() -> None:
    def named(*values: str) -> str:
        return comparable(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, value) for value in values]))

    assert named("An  Authority ") == named("an authority") == named("AN AUTHORITY")
    assert named("Stra\u00dfe") == named("STRASSE")
    assert len({named("ab"), named("a b"), named("a", "b"), named("b", "a"), named("a\x00b"), named("a")}) == 6


def test_what_is_no_certificate() -> None:
    for der in (b"", b"\x30\x03\x02\x01\x01", b"-----BEGIN CERTIFICATE-----"):
        with pytest.raises(InvalidCertificate):
            read(der)
    for pem in ("", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(InvalidCertificate):
            read_trusted(pem)


def test_bundles_are_bounded(tmp_path: Path) -> None:
    pem = Issuer(tmp_path).authority("authority").pem
    assert len(read_trusted(pem * 100)) == 100
    with pytest.raises(InvalidCertificate):
        read_trusted(pem * 101)


def test_nothing_asked_is_met_by_all(tmp_path: Path) -> None:
    client = read(_der(Issuer(tmp_path).client("client", None)))
    assert Wanted().met_by(client)
    assert not Wanted(dns_names=["*"]).met_by(client)


@pytest.mark.parametrize(
    ("der", "text"),
    [
        (b"\x0c\x00", ""),
        (b"\x0c\x02ab", "ab"),
        (b"\x13\x02ab", "ab"),
        (b"\x0c\x81\x02ab", "ab"),
        (b"\x0c\x82\x00\x02ab", "ab"),
        (b"\x0c\x03ab", None),
        (b"\x0c\x01ab", None),
        (b"\x04\x02ab", None),
        (b"\x0c\x80ab\x00\x00", None),
        (b"\x0c\x84\x00\x00\x00\x02ab", None),
        (b"\x0c\x01\xff", None),
        (b"\x0c", None),
        (b"", None),
    ],
)
def test_texts_of_extensions(der: bytes, text: str | None) -> None:
    assert _text(der) == text


@given(st.binary(max_size=300))
def test_any_octets_are_a_text_or_none(der: bytes) -> None:
    text = _text(der)
    assert text is None or der.endswith(text.encode())


async def test_what_is_not_supported_is_said(server: Server, tmp_path: Path) -> None:
    assert (await server.ask("POST", "sys/auth/cert", {"type": "cert"}))[0] == 204
    pem = Issuer(tmp_path).authority("authority").pem
    status, answer = await server.ask("POST", "auth/cert/certs/r", {"certificate": pem, "ocsp_enabled": True})
    assert (status, answer["errors"]) == (400, ["OCSP is not supported by this server"])
    status, answer = await server.ask("POST", "auth/cert/login", {}, token="")
    assert (status, answer["errors"]) == (400, ["no client certificate found"])


def test_a_certificate_is_what_it_was(tmp_path: Path) -> None:
    """The trusted client is compared as a whole, not by its name or serial number."""
    issuer = Issuer(tmp_path)
    client, same_name = issuer.client("client", None), issuer.client("client", None)
    assert x509.load_der_x509_certificate(_der(client)) == client.certificate
    assert not is_trusted(read(_der(same_name)), [client.certificate], time.time())


def test_long_names_are_compared_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Combining marks take quadratic time to be put into their normal order: 64 KB of them more than a second."""
    sizes = []

    def normalize(form: Literal["NFKC"], text: str) -> str:
        sizes.append(len(text))
        return unicodedata.normalize(form, text)

    monkeypatch.setattr("auth_methods.cert.revocation_lists.unicodedata", SimpleNamespace(normalize=normalize))

    def compared(value: str) -> str:
        return comparable(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, value)]))

    long = "a" + "\u0300\u0323" * 16_000
    assert compared(long) == compared(long) != compared(long.upper())
    assert compared("A  \u212b") == compared("a \xe5")
    assert max(sizes) < 10
