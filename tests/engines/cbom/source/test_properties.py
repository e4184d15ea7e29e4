"""Algorithm, primitive and library of results, where a call's own rule doesn't tell them."""

from __future__ import annotations

import pytest

from tests.engines.cbom.source.examples import results_of


@pytest.mark.parametrize(
    ("code", "finding", "properties"),
    [
        (
            "import argon2\nargon2.PasswordHasher.from_parameters(argon2.profiles.CHEAPEST)\n",
            "weak-kdf",
            ("Argon2", "kdf", "argon2-cffi"),
        ),
        (
            "from elasticsearch import Elasticsearch\nElasticsearch(verify_certs=False)\n",
            "disabled-certificate-check",
            ("TLS", "protocol", "elasticsearch"),
        ),
        ("import ssl\nmade(cert_reqs=ssl.CERT_NONE)\n", "disabled-certificate-check", ("TLS", "protocol", "ssl")),
        (
            "from Crypto.PublicKey import DSA\nDSA.generate(1024)\n",
            "weak-key-size",
            ("DSA", "signature", "PyCryptodome"),
        ),
    ],
)
def test_a_finding_has_the_properties_of_the_use_beside_it(
    code: str, finding: str, properties: tuple[str, str, str]
) -> None:
    found = {
        each.finding: (each.algorithm, each.primitive, each.library) for each in results_of({"a.py": code.encode()})
    }
    assert found[finding] == found["use"] == properties
