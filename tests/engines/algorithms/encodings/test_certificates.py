"""Certificates, requests and lists that are malformed or immense: refused in words, whichever part is wrong."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from auth_methods.cert.certificates import InvalidCertificate, read, read_trusted
from auth_methods.cert.revocation_lists import parsed as read_list
from engines.algorithms.encodings.pem import pem
from engines.algorithms.formats.certificate_requests import parse_template
from engines.algorithms.formats.certificates import (
    _READ_LATER,
    MAX_CERTIFICATE_BYTES,
    MAX_CHAIN,
    check_chain,
    check_names,
    parse_chain,
)
from engines.faults import InvalidRequest
from tests.engines.algorithms.encodings.der import element
from tests.support.costs import processor_seconds_below

START, END = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC), datetime.datetime(2040, 1, 1, tzinfo=datetime.UTC)
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "holder")])
KEY = ec.derive_private_key(7, ec.SECP256R1())
NAMES_IDENTIFIER = x509.ObjectIdentifier("2.5.29.17")


def many_names(count: int) -> x509.UnrecognizedExtension:
    """Alternative names, each the host ``a``: three bytes, and an object of Python."""
    content = b"\x82\x01a" * count
    return x509.UnrecognizedExtension(NAMES_IDENTIFIER, element(0x30, content))


def certificate(names: int = 0, subject: x509.Name = NAME, serial: int = 7) -> bytes:
    builder = x509.CertificateBuilder(NAME, subject, KEY.public_key(), serial, START, END)
    if names:
        builder = builder.add_extension(many_names(names), False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def request(names: int = 0) -> bytes:
    builder = x509.CertificateSigningRequestBuilder(NAME)
    if names:
        builder = builder.add_extension(many_names(names), False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@cache
def revocations() -> bytes:
    builder = x509.CertificateRevocationListBuilder(NAME, START, END)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


VERSION = b"\x02\x01"
"""An INTEGER of one byte, which in all three stands for the version first."""


def damaged(der: bytes, version: int) -> bytes:
    """``der`` as if of another version."""
    at = der.index(VERSION) + len(VERSION)
    return der[:at] + bytes([version]) + der[at + 1 :]


READERS: dict[str, tuple[Callable[[bytes], object], Callable[[], bytes], type[Exception]]] = {
    "a chain": (lambda der: parse_chain(pem("CERTIFICATE", der)), certificate, InvalidRequest),
    "a request": (lambda der: parse_template(pem("CERTIFICATE REQUEST", der)), request, InvalidRequest),
    "a client": (read, certificate, InvalidCertificate),
    "an authority": (lambda der: read_trusted(pem("CERTIFICATE", der)), certificate, InvalidCertificate),
    "a list": (lambda der: read_list(pem("X509 CRL", der)), revocations, InvalidRequest),
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("version", [3, 17, 127])
def test_a_version_that_there_is_none_of_is_refused(name: str, version: int) -> None:
    reader, make, refusal = READERS[name]
    reader(make())
    with pytest.raises(refusal):
        reader(damaged(make(), version))


@pytest.mark.parametrize("name", ["a chain", "a client", "an authority"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    """The library reads names when it is asked for them, which may be long after."""
    reader, make, refusal = READERS[name]
    der = make()
    bad = der.replace(b"\x0c\x06holder", b"\x0c\x06\xff\xff\xff\xff\xff\xff")
    assert bad != der
    with pytest.raises(refusal):
        reader(bad)


def test_serial_numbers_have_their_length() -> None:
    made = x509.load_der_x509_certificate(certificate(serial=2**159 - 1))
    check_names(made)
    longer: Any = SimpleNamespace(serial_number=2**160, **{part: getattr(made, part) for part in _READ_LATER})
    with pytest.raises(InvalidRequest):
        check_names(longer)


def test_a_subject_may_be_empty() -> None:
    assert parse_chain(pem("CERTIFICATE", certificate(subject=x509.Name([]))))


@pytest.mark.parametrize("count", [50_000, 1_000_000])
def test_immense_certificates_are_not_looked_into(count: int) -> None:
    texts = (pem("CERTIFICATE", certificate(count)), pem("CERTIFICATE REQUEST", request(count)))
    assert len(texts[0]) > MAX_CERTIFICATE_BYTES
    with processor_seconds_below(0.3):
        with pytest.raises(InvalidRequest, match="more than 131072 bytes"):
            parse_chain(texts[0])
        with pytest.raises(InvalidRequest, match="more than 131072 bytes"):
            parse_template(texts[1])
        if len(texts[0]) > 1024 * 1024:
            with pytest.raises(InvalidCertificate, match="more than 1048576 characters"):
                read_trusted(texts[0])


def test_large_certificates_are_taken() -> None:
    chain = parse_chain(pem("CERTIFICATE", certificate(40_000)))
    check_chain(chain)
    parse_template(pem("CERTIFICATE REQUEST", request(40_000)))


def test_a_chain_has_its_length() -> None:
    one = pem("CERTIFICATE", certificate())
    assert len(parse_chain(one * MAX_CHAIN)) == MAX_CHAIN
    with pytest.raises(InvalidRequest, match="more than 64 certificates"):
        parse_chain(one * (MAX_CHAIN + 1))
