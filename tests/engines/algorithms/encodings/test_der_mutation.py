"""Keys, certificates, requests, lists and messages in DER, changed at random: taken, or refused by a planned fault."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from random import Random

import pytest

from auth_methods.cert.certificates import InvalidCertificate, read, read_trusted
from auth_methods.cert.revocation_lists import parsed as read_list
from auth_methods.jwt.keys import InvalidKeys, key_from_pem
from engines.algorithms.encodings.interchange import KeyFormat
from engines.algorithms.encodings.pem import pem
from engines.algorithms.formats import cms
from engines.algorithms.formats.certificate_requests import parse_template
from engines.algorithms.formats.certificates import check_certified, check_chain, parse_chain
from engines.algorithms.formats.jws import jws_algorithms
from engines.algorithms.registry import ALGORITHMS
from engines.encoding import decode_base64
from engines.faults import Fault
from tests.engines.algorithms.encodings.der_mutation import mutated
from tests.engines.algorithms.encodings.test_certificates import certificate, request, revocations

ROUNDS = 150
KINDS = (
    "ed25519", "ecdsa-p256", "ecdsa-p521", "rsa-2048", "mldsa-44", "slh-dsa-sha2-128f", "hybrid-ml-dsa-44-ecdsa-p256",
    "hybrid-ml-dsa-44-ed25519", "ml-kem-512", "ml-kem-768",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_changed_keys_are_taken_or_refused(kind: str) -> None:
    row, random = ALGORITHMS[kind], Random(kind)
    made = row.generate(0)
    forms = row.interchange
    private = decode_base64(forms.export_private(made, KeyFormat.DER))
    public = decode_base64(forms.export_public(made.public, KeyFormat.DER))
    for _ in range(ROUNDS if "slh" not in kind else ROUNDS // 10):
        with suppress(Fault):
            forms.import_private(mutated(private, random))
        with suppress(Fault):
            forms.import_public(pem("PUBLIC KEY", mutated(public, random)))


def _chain(der: bytes) -> None:
    chain = parse_chain(pem("CERTIFICATE", der))
    check_chain(chain)
    with suppress(Fault):
        check_certified(chain[0], b"", "any")
    cms.names(cms.SignerIdentifier(b"", 0, b"key"), chain[0])
    cms.is_in_force(chain[0], 1.7e9)


def _message() -> bytes:
    row = ALGORITHMS["ecdsa-p256"]
    jws = jws_algorithms(row)[0]
    return cms.message(row, jws, cms.attributes_of(b"content", jws, 1.7e9), b"signature", (certificate(),))


READERS: dict[str, tuple[Callable[[bytes], object], Callable[[], bytes], type[Exception]]] = {
    "a chain": (_chain, lambda: certificate(3), Fault),
    "a request": (lambda der: parse_template(pem("CERTIFICATE REQUEST", der)), lambda: request(3), Fault),
    "a client": (lambda der: read(der).identity(), lambda: certificate(3), InvalidCertificate),
    "an authority": (lambda der: read_trusted(pem("CERTIFICATE", der)), lambda: certificate(3), InvalidCertificate),
    "a list": (lambda der: read_list(pem("X509 CRL", der)), revocations, Fault),
    "a message": (cms.parse, _message, cms.BadMessage),
    "an issuer": (lambda der: key_from_pem(pem("CERTIFICATE", der)), certificate, InvalidKeys),
}


@pytest.mark.parametrize("name", READERS)
def test_changed_structures_are_read_or_refused(name: str) -> None:
    reader, make, refusal = READERS[name]
    der, random = make(), Random(name)
    reader(der)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # The library warns of serial numbers and of names that it takes all the same.
        for _ in range(5 * ROUNDS):
            with suppress(refusal):
                reader(mutated(der, random))
