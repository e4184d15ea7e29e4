"""Signatures, codes, agreed keys and encapsulated secrets: the gate is asked for what runs, row by row."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from engines.algorithms.hashes import HASHES
from engines.algorithms.registry import ALGORITHMS, KEM_ALGORITHMS, TRANSIT_ALGORITHMS
from engines.algorithms.row import Algorithm, Pace
from engines.base import Operation
from engines.crypto_policy.facts import RequestFacts
from engines.crypto_policy.gate import PolicyRefused
from engines.crypto_policy.operations import CryptoOperation
from engines.faults import Fault
from engines.pqc.routes import PQC
from engines.signing.routes import SIGNING
from engines.transit.routes import TRANSIT
from tests.engines.driver import Driver, make_keys
from tests.engines.enforcement.gates import REFUSED, RecordingGate
from tests.engines.signing.conftest import ALICE, EVERY, ROWS

HELLO = base64.b64encode(b"hello").decode()
SIGNING_ROWS = [
    row
    for row in TRANSIT_ALGORITHMS.values()
    if row.signs and (row.pacing.signing is not Pace.LONG or row.parameter_set.endswith("f"))
]
"""The small sets of SLH-DSA, which sign for seconds, differ from the fast ones by numbers."""

MAKING_ROWS = [row for row in TRANSIT_ALGORITHMS.values() if row not in SIGNING_ROWS]
EVERY_ROW = [
    *(
        pytest.param(row, id=row.name, marks=[pytest.mark.soak] if row.pacing.generating is Pace.LONG else [])
        for row in MAKING_ROWS
    ),
    *(pytest.param(row, id=row.name) for row in SIGNING_ROWS),
]
"""Those whose keys take seconds, and that differ from their relatives by a number, are for soaks."""
WITHOUT_CHOICE: dict[str, RequestFacts] = {
    "ML-DSA": RequestFacts(pure=True),
    "SLH-DSA": RequestFacts(pure=True),
    "EdDSA": RequestFacts(),
}


def creation(row: Algorithm) -> dict[str, Any]:
    """How a key of ``row`` is made."""
    size = {"key_size": 64} if row.sizes.key_bytes_chosen is not None else {}
    return {"type": row.key_type, **row.type_parameters, **size, "exportable": True, "allow_plaintext_backup": True}


def by_default(row: Algorithm) -> RequestFacts:
    """How ``row`` signs unless something is asked for."""
    if row.variants.message_hash is not None:
        return RequestFacts(hash=row.variants.message_hash.name, pure=True)
    if row.variants.hash_chosen:
        return RequestFacts(hash="sha2-256", scheme="pss" if row.variants.signature_salted else "")
    return WITHOUT_CHOICE[row.family]


def with_input(request: RequestFacts, size: int = 5) -> list[tuple[Any, ...]]:
    """The facts of a request over ``size`` bytes, to be compared."""
    return [(request.hash, request.scheme, request.variant, size)]


def asked(gate: RecordingGate) -> list[tuple[Any, ...]]:
    """The facts of the requests that were asked for."""
    return [(one.request.hash, one.request.scheme, one.request.variant, one.request.input_bytes) for one in gate.asked]


def use(driver: Driver) -> tuple[Any, ...]:
    """The one use that was recorded."""
    assert driver.call is not None and driver.call.crypto is not None
    (found,) = driver.call.crypto.uses
    return found.algorithm, found.key_version, found.count, found.failed, found.hash, found.scheme, found.variant


@pytest.mark.parametrize("row", SIGNING_ROWS, ids=lambda row: row.name)
async def test_signing_and_verifying_are_asked_for_with_what_runs(
    transit: Driver, gate: RecordingGate, row: Algorithm
) -> None:
    await make_keys(transit, {"k": creation(row)})
    gate.asked.clear()
    made = await transit.write("sign/k", input=HELLO, type="ed25519")
    expected = by_default(row)
    assert gate.short == [("sign", row.name, 1)]
    assert asked(gate) == with_input(expected)
    assert use(transit) == (row.name, 1, 1, 0, expected.hash, expected.scheme, expected.variant)
    gate.asked.clear()
    assert (await transit.write("verify/k", input=HELLO, signature=made["signature"], key_version=7))["valid"]
    assert gate.short == [("verify", row.name, 1)]
    assert asked(gate) == with_input(expected)
    gate.refuse()
    for path, parameters in (("sign/k", {}), ("verify/k", {"signature": made["signature"]})):
        with pytest.raises(PolicyRefused):
            await transit.write(path, input=HELLO, **parameters)
        assert use(transit)[2:4] == (0, 0)
        results = (await transit.write(path, batch_input=[{"input": HELLO, **parameters}]))["batch_results"]
        assert results[0]["error"] == REFUSED
        assert use(transit)[2:4] == (1, 1)


@pytest.mark.parametrize("row", EVERY_ROW)
async def test_an_hmac_by_any_key_is_one_by_hmac(transit: Driver, gate: RecordingGate, row: Algorithm) -> None:
    await make_keys(transit, {"k": creation(row)})
    await transit.write("keys/k/rotate")
    gate.asked.clear()
    code = (await transit.write("hmac/k/sha2-512", input=HELLO, algorithm="sha1", key_version=1))["hmac"]
    assert (await transit.write("verify/k/sha2-512", input=HELLO, hmac=code))["valid"]
    assert gate.short == [("hmac", "hmac", 1), ("verify", "hmac", 1)]
    assert [one.key.family for one in gate.asked if one.key is not None] == ["HMAC", "HMAC"]
    assert asked(gate) == with_input(RequestFacts(hash="sha2-512")) * 2
    assert use(transit) == ("hmac-sha2-512", 1, 1, 0, "sha2-512", "", "")


@pytest.mark.parametrize("row", EVERY_ROW)
async def test_what_is_done_with_a_key_as_a_whole_is_asked_for_with_its_facts(
    transit: Driver, gate: RecordingGate, row: Algorithm
) -> None:
    await make_keys(transit, {"k": creation(row)})
    gate.asked.clear()
    await transit.write("keys/k/rotate")
    await transit.write("keys/k/config", deletion_allowed=True)
    backup = (await transit.read("backup/k"))["backup"]
    await transit.write("restore/k", backup=backup, force=True)
    await transit.invoke(Operation.DELETE, "keys/k")
    assert gate.short == [
        ("rotate", row.name, 1),
        ("configure", row.name, 2),
        ("backup", row.name, 2),
        ("restore", row.name, 2),
        ("delete", row.name, 2),
    ]
    for one in gate.asked:
        assert one.key is not None and (one.key.exportable, one.key.is_latest) == (True, True)


@pytest.mark.parametrize("row", [row for row in MAKING_ROWS if row.capabilities.cmac], ids=lambda row: row.name)
async def test_cmacs_are_asked_for_by_their_key(transit: Driver, gate: RecordingGate, row: Algorithm) -> None:
    await make_keys(transit, {"k": creation(row)})
    gate.asked.clear()
    code = (await transit.write("cmac/k", input=HELLO))["cmac"]
    assert (await transit.write("verify/k", input=HELLO, cmac=code))["valid"]
    assert gate.short == [("cmac", row.name, 1), ("verify", row.name, 1)]
    gate.refuse()
    for path, item in (("cmac/k", {}), ("verify/k", {"cmac": code})):
        results = (await transit.write(path, batch_input=[{"input": HELLO, **item}]))["batch_results"]
        assert results[0]["error"] == REFUSED


@pytest.mark.parametrize("hash_", HASHES)
async def test_the_hash_that_runs_is_asked_for_however_it_is_named(
    transit: Driver, gate: RecordingGate, hash_: str
) -> None:
    await make_keys(transit, {"k": {"type": "ecdsa-p256"}})
    gate.asked.clear()
    other = "sha2-512" if hash_ != "sha2-512" else "sha2-384"
    await transit.write(f"sign/k/{hash_}", input=HELLO, hash_algorithm=other, algorithm=other)
    await transit.write("sign/k", input=HELLO, hash_algorithm=hash_, algorithm=other)
    await transit.write("sign/k", input=HELLO, algorithm=hash_)
    assert [one.request.hash for one in gate.asked] == [hash_] * 3


@pytest.mark.parametrize(
    ("key", "options", "expected"),
    [
        ("rsa", {"signature_algorithm": "pkcs1v15"}, RequestFacts(hash="sha2-256", scheme="pkcs1v15")),
        ("ml", {"external_mu": True, "input": base64.b64encode(bytes(64)).decode()}, RequestFacts(external_mu=True)),
        (
            "ml",
            {"prehashed": True, "hash_algorithm": "sha2-512", "input": base64.b64encode(bytes(64)).decode()},
            RequestFacts(hash="sha2-512", prehashed=True),
        ),
        ("ml", {"hash_algorithm": "sha1"}, RequestFacts(pure=True)),
        ("bao", {"prehashed": True, "hash_algorithm": "sha2-512"}, RequestFacts(pure=True)),
        ("ec", {"prehashed": True, "hash_algorithm": "sha2-512"}, RequestFacts(prehashed=True)),
        ("ed", {"prehashed": True, "hash_algorithm": "sha2-512"}, RequestFacts()),
        (
            "ed",
            {
                "prehashed": True,
                "hash_algorithm": "sha2-512",
                "signature_context": "AA==",
                "input": base64.b64encode(bytes(64)).decode(),
            },
            RequestFacts(hash="sha2-512", prehashed=True),
        ),
        (
            "slh",
            {"hash_message": True, "hash_algorithm": "sha2-256"},
            RequestFacts(hash="sha2-256", hash_message=True),
        ),
    ],
)
async def test_options_are_seen_as_the_algorithm_takes_them(
    transit: Driver, gate: RecordingGate, key: str, options: dict[str, Any], expected: RequestFacts
) -> None:
    types = {
        "rsa": {"type": "rsa-2048"},
        "ml": {"type": "ml-dsa", "parameter_set": "44"},
        "bao": {"type": "mldsa-44"},
        "ec": {"type": "ecdsa-p256"},
        "ed": {"type": "ed25519"},
        "slh": {"type": "slh-dsa", "parameter_set": "slh-dsa-sha2-128f"},
    }
    await make_keys(transit, {key: types[key]})
    gate.asked.clear()
    given = {"input": HELLO, **options}
    await transit.write(f"sign/{key}", **given)
    assert asked(gate) == with_input(expected, len(base64.b64decode(given["input"])))


async def test_an_agreement_asks_for_the_base_and_for_what_it_makes(transit: Driver, gate: RecordingGate) -> None:
    await make_keys(transit, {"ec": {"type": "ecdsa-p384"}})
    await transit.write("keys/ec/rotate")
    peer = ec.generate_private_key(ec.SECP384R1()).public_key()
    pem = peer.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    gate.asked.clear()
    agreement = {"base_key_name": "ec", "base_key_version": 1, "peer_public_key": pem}
    await transit.write("derive-key/made", derived_key_type="aes128-gcm96", **agreement)
    assert gate.short == [("agree", "ecdsa-p384", 1), ("create", "aes128-gcm96", 0)]
    assert use(transit)[:4] == ("ecdsa-p384", 1, 1, 0)
    gate.refuse(CryptoOperation.CREATE)
    with pytest.raises(PolicyRefused):
        await transit.write("derive-key/made", derived_key_type="aes128-gcm96", **agreement)
    assert (await transit.read("keys/made"))["latest_version"] == 1


@pytest.mark.parametrize("name", KEM_ALGORITHMS)
async def test_encapsulating_is_asked_for_by_version(gate: RecordingGate, name: str) -> None:
    pqc = Driver(PQC, gate=gate)
    await pqc.write("keys/k", type=name)
    old = (await pqc.write("encapsulate/k"))["ciphertext"]
    sealed = (await pqc.write("encrypt/k", plaintext=HELLO, associated_data=HELLO))["ciphertext"]
    await pqc.write("keys/k/rotate")
    gate.asked.clear()
    await pqc.write("encapsulate/k")
    await pqc.write("decapsulate/k", ciphertext=old)
    await pqc.write("encrypt/k", plaintext=HELLO)
    await pqc.write("decrypt/k", ciphertext=sealed, associated_data=HELLO)
    assert gate.short == [
        ("encapsulate", name, 2),
        ("decapsulate", name, 1),
        ("encrypt", name, 2),
        ("decrypt", name, 1),
    ]
    assert [one.request.scheme for one in gate.asked] == ["", "", "hpke", "hpke"]
    assert [one.request.has_associated_data for one in gate.asked] == [False, False, False, True]
    items = [{"plaintext": HELLO, "key_version": version} for version in (1, 2)]
    gate.refuses = lambda one: one.key is not None and one.key.version == 1
    before = (await pqc.read("keys/k"))["encryptions"]
    answer = await pqc.invoke(Operation.UPDATE, "encrypt/k", batch_input=items)
    assert answer.status == 400 and answer.data is not None
    assert [result.get("error") for result in answer.data["batch_results"]] == [REFUSED, None]
    assert (await pqc.read("keys/k"))["encryptions"] == {"1": before["1"], "2": before["2"] + 1}


@pytest.mark.parametrize(("name", "algorithm"), EVERY)
async def test_tokens_and_messages_are_asked_for_with_what_the_role_signs_by(
    gate: RecordingGate, name: str, algorithm: str
) -> None:
    signing = Driver(SIGNING, gate=gate)
    signing.caller = ALICE
    await make_keys(signing, {"k": creation(ROWS[name])})
    role = {"key": "k", "algorithm": algorithm, "formats": ["jwt", "jws", "cose"], "allowed_claims": ["sub"]}
    await signing.write("roles/r", **role)
    gate.asked.clear()
    token = (await signing.write("jwt/sign/r", claims={"sub": "x"}))["token"]
    assert (await signing.write("jwt/verify/r", token=token))["valid"]
    await signing.write("jws/sign/r", payload=HELLO)
    await signing.write("cose/sign/r", payload=HELLO)
    assert gate.short == [
        ("issue-token", name, 1),
        ("verify", name, 1),
        ("sign", name, 1),
        ("sign", name, 1),
    ]
    row = ROWS[name]
    facts = {(one.request.hash, one.request.scheme, one.request.variant) for one in gate.asked}
    if row.variants.hash_chosen:
        scheme = {"R": "pkcs1v15", "P": "pss", "E": ""}[algorithm[0]]
        assert facts == {(f"sha2-{algorithm[-3:]}", scheme, "")}
    else:
        expected = by_default(row)
        assert facts == {(expected.hash, expected.scheme, expected.variant)}


async def test_a_token_is_verified_by_the_version_that_signed_it(gate: RecordingGate) -> None:
    signing = Driver(SIGNING, gate=gate)
    signing.caller = ALICE
    await signing.write("keys/k")
    for kid in ("thumbprint", "none"):
        await signing.write(f"roles/{kid}", key="k", kid=kid, allowed_claims=["sub"])
    old = [(await signing.write(f"jwt/sign/{kid}", claims={"sub": "x"}))["token"] for kid in ("thumbprint", "none")]
    await signing.write("keys/k/rotate")
    gate.refuses = lambda one: one.operation is CryptoOperation.VERIFY and one.key is not None and one.key.version == 1
    for kid, token in zip(("thumbprint", "none"), old, strict=True):
        gate.asked.clear()
        with pytest.raises(PolicyRefused):
            await signing.write(f"jwt/verify/{kid}", token=token)
        assert gate.short == [("verify", "ecdsa-p256", 1)]
        new = (await signing.write(f"jwt/sign/{kid}", claims={"sub": "x"}))["token"]
        results = (await signing.write(f"jwt/verify/{kid}", batch_input=[{"token": token}, {"token": new}]))[
            "batch_results"
        ]
        assert [result["valid"] for result in results] == [False, True]
        assert results[0]["error"] == REFUSED


async def test_what_is_not_valid_has_not_failed(gate: RecordingGate) -> None:
    signing = Driver(SIGNING, gate=gate)
    signing.caller = ALICE
    await signing.write("keys/k")
    await signing.write("roles/r", key="k", formats=["jwt", "jws"])
    for token in ("x", "e30.e30.AAAA"):
        assert not (await signing.write("jwt/verify/r", token=token))["valid"]
        assert use(signing)[:4] == ("ecdsa-p256", 0, 1, 0)
    transit = Driver(TRANSIT, gate=gate)
    await make_keys(transit, {"k": {"type": "ed25519"}})
    signature = "vault:v1:" + base64.b64encode(bytes(64)).decode()
    assert not (await transit.write("verify/k", input=HELLO, signature=signature))["valid"]
    assert use(transit)[:4] == ("ed25519", 1, 1, 0)


async def test_signatures_that_fail_are_counted_so(transit: Driver, gate: RecordingGate) -> None:
    pem = (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    await transit.write("keys/public/import", type="ecdsa-p256", public_key=pem)
    with pytest.raises(Fault):
        await transit.write("sign/public", input=HELLO)
    assert use(transit)[:4] == ("ecdsa-p256", 1, 1, 1)


@pytest.mark.parametrize("row", ALGORITHMS.values(), ids=lambda row: row.name)
def test_every_operation_of_a_row_is_one_that_policies_can_name(row: Algorithm) -> None:
    assert set(row.operations) <= {operation.value for operation in CryptoOperation}
