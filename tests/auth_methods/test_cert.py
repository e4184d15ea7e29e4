"""Certificates as the cert method reads and trusts them; logging in is in ``tests/wire/test_cert_login.py``."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from auth_methods.cert.certificates import InvalidCertificate, Wanted, _text, is_trusted, read, read_trusted
from tests.server.systems import Server
from tests.wire.test_cert_login import Issued, Issuer

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
