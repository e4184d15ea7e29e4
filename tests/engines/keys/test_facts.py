"""The facts of keys and requests that a crypto policy judges: of each row of the registry, in the standards' words."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from engines.algorithms.base import BadSignature, Material, SignatureOptions
from engines.algorithms.hashes import HASHES
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Algorithm
from engines.crypto_policy.facts import NOWHERE, KeyFacts, Place, RequestFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.requests import default_request, signature_facts
from engines.durations import SECOND
from engines.faults import InvalidRequest
from engines.keys.facts import facts_of_mac, facts_of_new, facts_of_type, facts_of_version
from engines.keys.records import KeyringRecord, VersionRecord
from storage.secret import Secret

ROWS = list(ALGORITHMS.values())
PLACE = Place("transit/", "eu/health/")
CREATED = 1_790_000_000
DIGEST = SignatureOptions(HASHES["sha2-384"], prehashed=True)


def record_of(row: Algorithm, **settings: Any) -> tuple[KeyringRecord, VersionRecord]:
    """A key of ``row`` with two versions, whose bytes nothing looks at; and the older of them."""
    version = VersionRecord(
        private=Secret(b"k" * 48),
        public=b"",
        mac_key=Secret(b"m" * 32),
        created=CREATED * SECOND,
    )
    record = KeyringRecord(name="k", type=row.name, versions={1: version, 2: version}, latest_version=2, **settings)
    return record, version


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_version_has_the_facts_of_its_row(row: Algorithm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.keys.facts.unapproved_version", lambda record, number: "a weak exponent")
    record, version = record_of(row, exportable=True, imported=True)
    facts = facts_of_version(record, 1, version, PLACE)
    assert (facts.type, facts.algorithm, facts.family) == (row.key_type, row.name, row.family)
    assert (facts.primitive, facts.parameter_set) == (row.primitive.value, row.parameter_set_name)
    assert (facts.classical_bits, facts.quantum_category) == (
        row.strength.classical_bits,
        row.strength.quantum_category,
    )
    assert (facts.hybrid, facts.authenticates) == ("+" in facts.family, row.usage.authenticates)
    assert facts.bits == (48 * 8 if row.sizes.key_bytes_chosen else row.size_bits)
    assert (facts.exportable, facts.imported, facts.derived, facts.fips_approved) == (True, True, False, False)
    assert (facts.version, facts.is_latest, facts.created) == (1, False, float(CREATED))
    assert (facts.name, facts.mount, facts.namespace) == ("k", "transit/", "eu/health/")
    assert facts_of_version(record, 2, version, PLACE).is_latest


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_standards_names_are_there_for_every_row(row: Algorithm) -> None:
    facts = facts_of_type(row.name, CryptoOperation.CREATE, {})
    families = facts.family.split("+")
    known = {"AES", "ChaCha20", "RSA", "ECDSA", "EdDSA", "ECDH", "ML-DSA", "SLH-DSA", "ML-KEM", "HMAC", "CMAC"}
    assert set(families) <= known
    assert facts.parameter_set
    has_size = bool(set(families) - {"ML-DSA", "SLH-DSA", "ML-KEM"})
    assert (facts.bits > 0) is has_size
    assert facts.classical_bits >= 112
    assert facts.fips_approved is (row.strength.fips.value == "approved")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_authenticates_has_facts_of_its_own(row: Algorithm) -> None:
    record, version = record_of(row)
    facts = facts_of_mac(record, 2, version, PLACE)
    assert (facts.type, facts.algorithm, facts.family, facts.primitive) == (row.key_type, "hmac", "HMAC", "mac")
    assert (facts.classical_bits, facts.quantum_category, facts.fips_approved) == (256, 5, True)
    assert facts.bits == (48 * 8 if row.usage.mac_key_is_key else 256)
    assert not facts.hybrid


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_key_that_is_still_to_be_made_has_the_facts_that_it_will_have(
    row: Algorithm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engines.keys.facts.unapproved_version", lambda record, number: "")
    record = KeyringRecord(name="k", type=row.name, versions={}, key_bytes=48 if row.sizes.key_bytes_chosen else 0)
    facts = facts_of_new(record, PLACE, CREATED + 0.5)
    made, version = record_of(row)
    later = facts_of_version(made, 2, version, PLACE)
    differing = {field.name for field in fields(KeyFacts) if getattr(facts, field.name) != getattr(later, field.name)}
    assert differing <= {"version", "created"}
    assert (facts.version, facts.is_latest, facts.created) == (0, True, CREATED + 0.5)


@pytest.mark.parametrize(
    ("given", "algorithm"),
    [
        ({"type": "ml-dsa", "parameter_set": "65"}, "ml-dsa-65"),
        ({"type": "ml-dsa", "parameter_set": "ML-DSA-87"}, "ml-dsa-87"),
        ({"type": "aes256-gcm96"}, "aes256-gcm96"),
        ({"type": "slh-dsa-sha2-128s"}, "slh-dsa-sha2-128s"),
        (
            {"type": "hybrid", "parameter_set": "44", "hybrid_key_type_pqc": "ml-dsa", "hybrid_key_type_ec": "ed25519"},
            "hybrid-ml-dsa-44-ed25519",
        ),
    ],
)
def test_a_type_is_found_as_the_api_spells_it(given: dict[str, Any], algorithm: str) -> None:
    assert facts_of_type(given["type"], CryptoOperation.SIGN, given).algorithm == algorithm


def test_facts_of_a_type_give_way_to_those_that_are_given() -> None:
    given = {
        "created": "2026-01-01T00:00:00Z",
        "data_class": "phi",
        "labels": {"a": "b"},
        "version": 3,
        "is_latest": False,
    }
    facts = facts_of_type("aes256-gcm96", CryptoOperation.ENCRYPT, given)
    assert (facts.created, facts.data_class, facts.labels) == (1767225600.0, "phi", {"a": "b"})
    assert (facts.version, facts.is_latest) == (3, False)
    plain = facts_of_type("rsa-2048", CryptoOperation.HMAC, {}, now=5)
    assert (plain.algorithm, plain.type, plain.bits, plain.version, plain.created) == ("hmac", "rsa-2048", 256, 1, 5)
    assert facts_of_type("rsa-2048", CryptoOperation.CREATE, {}).version == 0


@pytest.mark.parametrize(
    "given",
    [{"bits": "many"}, {"hybrid": 1}, {"strength": 5}, {"verdicts": {}}, {"created": "soon"}, {"labels": {"a": 1}}],
)
def test_unknown_facts_and_values_of_another_type_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        facts_of_type("aes256-gcm96", CryptoOperation.ENCRYPT, given)


@pytest.mark.parametrize("type", ["aes", "ml-dsa", "hybrid"])
def test_unknown_types_are_refused(type: str) -> None:
    with pytest.raises(InvalidRequest):
        facts_of_type(type, CryptoOperation.ENCRYPT, {})


SIGNED: list[tuple[str, SignatureOptions, RequestFacts]] = [
    ("ecdsa-p384", SignatureOptions(HASHES["sha2-384"]), RequestFacts(hash="sha2-384")),
    ("ecdsa-p384", DIGEST, RequestFacts(prehashed=True)),
    ("rsa-3072", SignatureOptions(HASHES["sha2-384"]), RequestFacts(hash="sha2-384", scheme="pss")),
    ("rsa-3072", DIGEST, RequestFacts(hash="sha2-384", scheme="pss", prehashed=True)),
    ("rsa-3072", SignatureOptions(None, True, "pkcs1v15"), RequestFacts(scheme="pkcs1v15", prehashed=True)),
    ("ed25519", SignatureOptions(HASHES["sha2-512"], prehashed=True), RequestFacts()),
    (
        "ed25519",
        SignatureOptions(HASHES["sha2-512"], True, signs_hash=True),
        RequestFacts(hash="sha2-512", prehashed=True),
    ),
    ("mldsa-65", DIGEST, RequestFacts(pure=True)),
    ("ml-dsa-65", DIGEST, RequestFacts(hash="sha2-384", prehashed=True)),
    ("ml-dsa-65", SignatureOptions(HASHES["sha2-384"]), RequestFacts(pure=True)),
    ("mldsa-44", SignatureOptions(None, external_mu=True), RequestFacts(external_mu=True)),
    ("slh-dsa-sha2-128s", SignatureOptions(HASHES["sha2-256"]), RequestFacts(pure=True)),
    (
        "slh-dsa-sha2-128s",
        SignatureOptions(HASHES["sha2-256"], hash_message=True),
        RequestFacts(hash="sha2-256", hash_message=True),
    ),
    ("hybrid-ml-dsa-87-ecdsa-p384", SignatureOptions(HASHES["sha1"]), RequestFacts(hash="sha2-512", pure=True)),
]


@pytest.mark.parametrize(("name", "options", "facts"), SIGNED)
def test_a_signature_has_the_facts_of_what_the_algorithm_does(
    name: str, options: SignatureOptions, facts: RequestFacts
) -> None:
    assert signature_facts(ALGORITHMS[name], options) == facts


def test_only_rows_that_say_so_sign_digests_by_a_variant_of_their_own() -> None:
    """A row whose signature depends on ``prehashed`` and doesn't say so would be judged as if it were pure."""
    message = bytes(64)
    for name in ("mldsa-44", "ml-dsa-44"):
        row = ALGORITHMS[name]
        material: Material = row.generate(0)
        assert row.capabilities.signature is not None
        signature = row.capabilities.signature(material)
        signed = signature.sign(message, SignatureOptions(HASHES["sha2-512"], prehashed=True))
        if row.variants.digest_variant:
            with pytest.raises(BadSignature):
                signature.verify(message, signed, SignatureOptions(None))
        else:
            signature.verify(message, signed, SignatureOptions(None))


def test_what_is_not_given_of_a_request_is_its_default() -> None:
    rsa = facts_of_type("rsa-2048", CryptoOperation.ENCRYPT, {})
    assert default_request(rsa, CryptoOperation.ENCRYPT, {}) == RequestFacts(scheme="oaep", hash="sha2-256")
    assert default_request(rsa, CryptoOperation.SIGN, {"input_bytes": 5}) == RequestFacts(
        scheme="pss", hash="sha2-256", input_bytes=5
    )
    kem = facts_of_type("ml-kem-768", CryptoOperation.ENCRYPT, {})
    assert default_request(kem, CryptoOperation.ENCRYPT, {"has_associated_data": True}) == RequestFacts(
        scheme="hpke", has_associated_data=True
    )
    assert default_request(kem, CryptoOperation.ENCAPSULATE, {}) == RequestFacts()
    assert default_request(None, CryptoOperation.HASH, {"hash": "sha3-256"}) == RequestFacts(hash="sha3-256")
    slh = facts_of_type("slh-dsa-sha2-128s", CryptoOperation.SIGN, {})
    assert default_request(slh, CryptoOperation.SIGN, {"hash_message": True}) == RequestFacts(
        hash="sha2-256", hash_message=True
    )
    for given in ({"has_hash": True}, {"hash": 5}, {"pure": "yes"}):
        with pytest.raises(InvalidRequest):
            default_request(rsa, CryptoOperation.SIGN, given)


def test_variants_are_named_by_words() -> None:
    assert RequestFacts().variant == ""
    assert RequestFacts(pure=True, has_associated_data=True).variant == "pure,associated-data"
    assert RequestFacts(prehashed=True, hash="sha2-256").variant == "prehashed"
    assert NOWHERE.mount == ""
