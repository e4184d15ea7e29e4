"""Transit keys of Vault Enterprise's post-quantum types: their life, and signatures that others can verify."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, mldsa

from engines.algorithms.hashes import HASHES
from engines.algorithms.signatures.slhdsa import PARAMETER_SETS
from engines.algorithms.types import KEY_TYPES
from engines.base import Operation
from engines.faults import Failed, Fault, InvalidRequest
from engines.worker_pools import MAX_LONG_ITEMS
from tests.engines.algorithms.signatures.composites import LABELS, LATTICES, verify_by_hand
from tests.engines.driver import Driver, message_of
from tests.engines.signing.certifying import certify
from tests.engines.signing.outside import verify_key_pair
from tests.engines.transfer.conftest import wrapping
from tests.engines.transfer.wrapping import wrapped

__all__ = ["wrapping"]

HELLO = base64.b64encode(b"hello").decode()
CONTEXT = base64.b64encode(b"letters").decode()
OPEN = {"exportable": True, "allow_plaintext_backup": True}
CURVES = ("ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519")


def hybrid(parameter_set: str, classical: str) -> dict[str, Any]:
    """What a new hybrid key is asked for by."""
    return {
        "type": "hybrid",
        "parameter_set": parameter_set,
        "hybrid_key_type_pqc": "ml-dsa",
        "hybrid_key_type_ec": classical,
    }


KINDS: dict[str, dict[str, Any]] = {
    **{f"ml-dsa-{name}": {"type": "ml-dsa", "parameter_set": name} for name in ("44", "65", "87")},
    "slh-dsa": {"type": "slh-dsa", "parameter_set": "slh-dsa-sha2-128f"},
    "slh-dsa-shake": {"type": "slh-dsa", "parameter_set": "slh-dsa-shake-128f"},
    **{f"hybrid-{name}-{curve}": hybrid(name, curve) for name in ("44", "65", "87") for curve in CURVES},
}


def digest(name: str) -> str:
    """Base64 of a digest of ``hello``."""
    return base64.b64encode(hashlib.new(name, b"hello").digest()).decode()


async def sign(driver: Driver, name: str = "k", **parameters: Any) -> str:
    """A signature."""
    return str((await driver.write(f"sign/{name}", **{"input": HELLO, **parameters}))["signature"])


async def is_valid(driver: Driver, signature: str, name: str = "k", **parameters: Any) -> bool:
    """Whether a signature is valid."""
    given = {"input": HELLO, "signature": signature, **parameters}
    return bool((await driver.write(f"verify/{name}", **given))["valid"])


@pytest.mark.parametrize("kind", KINDS)
async def test_the_life_of_a_key(transit: Driver, kind: str) -> None:
    parameters = KINDS[kind]
    made = await transit.write("keys/k", **parameters, **OPEN)
    assert made == await transit.read("keys/k")
    assert {name: made[name] for name in parameters} == parameters
    assert (made["supports_signing"], made["supports_encryption"], made["latest_version"]) == (True, False, 1)
    version = made["keys"]["1"]
    assert ("hybrid_public_key" in version) is (parameters["type"] == "hybrid")

    signed = await sign(transit, signature_context=CONTEXT)
    assert signed.startswith("vault:v1:")
    assert await is_valid(transit, signed, signature_context=CONTEXT)
    for wrong in ({}, {"signature_context": HELLO}, {"signature_context": CONTEXT, "input": CONTEXT}):
        assert not await is_valid(transit, signed, **wrong)
    raw = base64.b64decode(signed[9:])
    bad = [raw[:-1], raw + b"\0", b"", raw[:100], bytes([raw[0] ^ 1]) + raw[1:], raw[:-1] + bytes([raw[-1] ^ 1])]
    for damaged in bad:
        text = "vault:v1:" + base64.b64encode(damaged).decode()
        assert not await is_valid(transit, text, signature_context=CONTEXT)

    await transit.write("keys/k/rotate")
    newer = await sign(transit)
    assert newer.startswith("vault:v2:")
    assert await is_valid(transit, newer)
    assert await is_valid(transit, signed, signature_context=CONTEXT), "an old version verifies still"
    assert not await is_valid(transit, newer.replace("v2", "v1"))

    backup = (await transit.read("backup/k"))["backup"]
    await transit.write("restore/copy", backup=backup)
    assert await is_valid(transit, signed, "copy", signature_context=CONTEXT)
    copied = await transit.read("keys/copy")
    assert (copied["type"], copied["parameter_set"]) == (parameters["type"], parameters["parameter_set"])
    assert copied["keys"]["1"] == version

    await transit.write("keys/k/config", min_decryption_version=2, min_encryption_version=2)
    await transit.write("keys/k/trim", min_available_version=2)
    fault = await message_of(transit, Operation.UPDATE, "verify/k", input=HELLO, signature=signed)
    assert fault == (InvalidRequest, "ciphertext or signature version is disallowed by policy (too old)")


@pytest.mark.parametrize("kind", KINDS)
async def test_keys_go_and_come(wrapping: Driver, kind: str) -> None:
    """Exported keys are imported again, as a whole and the public part alone, in every form there is."""
    transit, parameters = wrapping, KINDS[kind]
    await transit.write("keys/k", **parameters, **OPEN)
    signed = await sign(transit)
    row = next(
        row
        for row in KEY_TYPES[parameters["type"]]
        if all(parameters[name] == value for name, value in row.type_parameters.items())
    )
    standard = bool(row.object_identifier)
    public_forms, private_forms = (["pem"], ["der"]) if standard else ([], [])
    if parameters["type"] != "ml-dsa":  # ML-DSA is imported as OpenBao does it, in standard forms alone.
        public_forms, private_forms = [*public_forms, "raw"], [*private_forms, "raw"]
    for form in private_forms:
        exported = await transit.read("export/signing-key/k", format=form)
        assert (exported["type"], exported["name"]) == (parameters["type"], "k")
        ciphertext = await wrapped(transit, base64.b64decode(exported["keys"]["1"]))
        await transit.write(f"keys/private-{form}/import", ciphertext=ciphertext, **parameters)
        assert await is_valid(transit, await sign(transit, f"private-{form}"))
        assert await is_valid(transit, signed, f"private-{form}")
    for form in public_forms:
        exported = await transit.read("export/public-key/k", format=form)
        await transit.write(f"keys/public-{form}/import", public_key=exported["keys"]["1"], **parameters)
        assert await is_valid(transit, signed, f"public-{form}")
        fault = await message_of(transit, Operation.UPDATE, f"sign/public-{form}", input=HELLO)
        assert fault == (Failed, "requested version for signing does not contain a private part")
        await transit.write(f"keys/public-{form}/import_version", ciphertext=ciphertext)
        assert (await transit.read(f"keys/public-{form}"))["latest_version"] == 1, "its private part was missing"
        assert await is_valid(transit, await sign(transit, f"public-{form}"))
    await transit.write("keys/recipient", type="rsa-2048")
    given = await transit.read("byok-export/recipient/k")
    assert (given["type"], list(given["keys"])) == (parameters["type"], ["1"])
    if not standard:
        for path in ("export/signing-key/k", "export/public-key/k"):
            kind_of_fault, message = await message_of(transit, Operation.READ, path, format="der")
            assert (kind_of_fault, "have no standard form" in message) == (Failed, True)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"type": "ml-dsa"}, "invalid parameter set  for key type ml-dsa"),
    ({"type": "ml-dsa", "parameter_set": "66"}, "invalid parameter set 66 for key type ml-dsa"),
    ({"type": "slh-dsa", "parameter_set": "65"}, "invalid parameter set 65 for key type slh-dsa"),
    ({"type": "slh-dsa", "parameter_set": "SLH-DSA-SHA2-128s"}, "invalid parameter set SLH-DSA-SHA2-128s for key"),
    ({"type": "ml-dsa-65"}, "unknown key type ml-dsa-65"),
    ({"type": "hybrid"}, "invalid config for hybrid key: invalid PQC key type: "),
    (hybrid("65", "rsa-2048"), "invalid config for hybrid key: invalid key type for hybrid key: rsa-2048"),
    (hybrid("6", "ed25519"), "invalid config for hybrid key: invalid parameter set 6 for key type ml-dsa"),
    (
        {**hybrid("65", "ed25519"), "hybrid_key_type_pqc": "slh-dsa"},
        "invalid config for hybrid key: invalid PQC key type: slh-dsa",
    ),
]


@pytest.mark.parametrize(("parameters", "message"), REFUSED)
async def test_unfit_parameters_are_refused_in_vault_s_words(
    transit: Driver, parameters: dict[str, Any], message: str
) -> None:
    for path in ("keys/k", "keys/k/import"):
        kind, told = await message_of(transit, Operation.UPDATE, path, **parameters)
        assert kind is InvalidRequest
        assert told.startswith(message) or (path.endswith("import") and told.startswith("unknown key type: "))


async def test_all_twelve_parameter_sets_of_slh_dsa_can_be_asked_for() -> None:
    names = [row.type_parameters["parameter_set"] for row in KEY_TYPES["slh-dsa"]]
    expected = {f"slh-dsa-{hash_}-{size}" for hash_ in ("sha2", "shake") for size in
                ("128s", "128f", "192s", "192f", "256s", "256f")}  # fmt: skip
    assert set(names) == expected
    assert len(names) == len(PARAMETER_SETS) == 12


async def test_slh_dsa_signs_hashes_that_are_made_here(transit: Driver) -> None:
    await transit.write("keys/k", **KINDS["slh-dsa"])
    for name in (name for name, hash_ in HASHES.items() if hash_.collision_bits >= 128):
        hashed: dict[str, Any] = {"input": HELLO, "hash_algorithm": name, "hash_message": True}
        signed = await sign(transit, **hashed)
        assert await is_valid(transit, signed, **hashed)
        other = "sha2-512" if name != "sha2-512" else "sha3-512"
        for wrong in ({"hash_message": False}, {"hash_algorithm": other}, {"signature_context": HELLO}):
            assert not await is_valid(transit, signed, **(hashed | wrong))


@pytest.mark.parametrize(
    ("kind", "parameters", "text"),
    [
        (
            "slh-dsa",
            {"hash_algorithm": "sha2-224"},
            "hash_algorithm sha2-224 is weaker than the key, which it must not be",
        ),
        ("slh-dsa", {"hash_algorithm": "sha1"}, "hash_algorithm must name the hash to sign, and not a broken one"),
        ("slh-dsa", {"hash_algorithm": "none"}, "hash_algorithm must name the hash to sign, and not a broken one"),
        ("slh-dsa", {"prehashed": True}, "prehashed input is not supported for keys of type slh-dsa"),
        ("ml-dsa-44", {}, "hash_message is not supported for keys of type ml-dsa"),
        ("hybrid-44-ed25519", {}, "hash_message is not supported for keys of type hybrid"),
    ],
)
async def test_hashes_that_are_not_signed(transit: Driver, kind: str, parameters: dict[str, Any], text: str) -> None:
    await transit.write("keys/k", **KINDS[kind])
    asked = {"input": HELLO, "hash_message": True, **parameters}
    assert await message_of(transit, Operation.UPDATE, "sign/k", **asked) == (InvalidRequest, text)
    if "weaker" not in text:
        asked["signature"] = "vault:v1:AAAA"
        assert await message_of(transit, Operation.UPDATE, "verify/k", **asked) == (InvalidRequest, text)


async def test_the_name_that_vault_s_documentation_misprints_is_taken(transit: Driver) -> None:
    made = await transit.write("keys/k", type="slh-dsa", parameter_set="slh-dsa-shake-128")
    assert made["parameter_set"] == "slh-dsa-shake-128f"
    kind, _ = await message_of(transit, Operation.UPDATE, "keys/l", type="slh-dsa", parameter_set="slh-dsa-sha2-128")
    assert kind is InvalidRequest


async def test_parameters_mean_nothing_to_other_types(transit: Driver) -> None:
    made = await transit.write("keys/k", type="ed25519", parameter_set="65", hybrid_key_type_ec="nonsense")
    assert "parameter_set" not in made
    for parameters in (KINDS["ml-dsa-44"], KINDS["slh-dsa"], KINDS["hybrid-44-ed25519"]):
        kind, message = await message_of(transit, Operation.UPDATE, "keys/d", **parameters, derived=True)
        assert (kind, message.endswith(f"not supported for keys of type {parameters['type']}")) == (Failed, True)


async def test_hash_ml_dsa(transit: Driver) -> None:
    """A digest signed in place of a message; NIST's vectors say that it is done right."""
    await transit.write("keys/k", type="ml-dsa", parameter_set="65")
    options: dict[str, Any] = {"prehashed": True, "hash_algorithm": "sha2-384", "input": digest("sha384")}
    signed = await sign(transit, **options, signature_context=CONTEXT)
    assert await is_valid(transit, signed, **options, signature_context=CONTEXT)
    assert not await is_valid(transit, signed, **options)
    assert not await is_valid(transit, signed, **{**options, "prehashed": False}, signature_context=CONTEXT)
    other = {**options, "hash_algorithm": "sha3-384", "signature_context": CONTEXT}
    assert not await is_valid(transit, signed, **other), "the signature is bound to the hash"
    for wrong, message in (
        ({"hash_algorithm": "sha2-256"}, "hash_algorithm sha2-256 is weaker than the key, which it must not be"),
        ({"hash_algorithm": "sha2-512"}, "the input is no digest of sha2-512, which has 64 bytes"),
        ({"input": HELLO}, "the input is no digest of sha2-384, which has 48 bytes"),
        ({"external_mu": True}, "the input can't be hashed and a mu at once"),
    ):
        fault = await message_of(transit, Operation.UPDATE, "sign/k", **{**options, **wrong})
        assert fault == (InvalidRequest, message)
    broken = {**options, "hash_algorithm": "sha1", "input": digest("sha1")}
    kind, message = await message_of(transit, Operation.UPDATE, "verify/k", **broken, signature=signed)
    assert (kind, "not a broken one" in message) == (InvalidRequest, True)


async def test_openbao_s_type_goes_on_ignoring_prehashed(transit: Driver) -> None:
    await transit.write("keys/k", type="mldsa-65")
    assert await is_valid(transit, await sign(transit, prehashed=True, hash_algorithm="sha2-512"))


@pytest.mark.parametrize("parameters", [{"type": "mldsa-44"}, KINDS["ml-dsa-44"]])
async def test_a_mu_stands_for_a_message(transit: Driver, parameters: dict[str, Any]) -> None:
    made = await transit.write("keys/k", **parameters)
    public = base64.b64decode(made["keys"]["1"]["public_key"])
    mu = hashlib.shake_256(hashlib.shake_256(public).digest(64) + b"\x00\x07letters" + b"hello").digest(64)
    text = base64.b64encode(mu).decode()
    signed = await sign(transit, input=text, external_mu=True)
    assert await is_valid(transit, signed, signature_context=CONTEXT)
    assert await is_valid(transit, signed, input=text, external_mu=True)
    for wrong, message in (
        ({"input": HELLO}, "the input is no mu, which has 64 bytes"),
        (
            {"input": text, "signature_context": CONTEXT},
            "signature_context is part of what external_mu stands for, and can't be given besides",
        ),
    ):
        for path in ("sign/k", "verify/k"):
            given = {**wrong, "external_mu": True, "signature": signed}
            assert await message_of(transit, Operation.UPDATE, path, **given) == (InvalidRequest, message)


@pytest.mark.parametrize("parameters", [KINDS["slh-dsa"], KINDS["hybrid-44-ed25519"], {"type": "ed25519"}])
async def test_a_mu_is_for_ml_dsa_alone(transit: Driver, parameters: dict[str, Any]) -> None:
    await transit.write("keys/k", **parameters)
    fault = await message_of(transit, Operation.UPDATE, "sign/k", input=HELLO, external_mu=True)
    assert fault == (InvalidRequest, f"external_mu is not supported for keys of type {parameters['type']}")


async def test_slh_dsa_takes_no_digests_and_no_long_batches(transit: Driver) -> None:
    await transit.write("keys/k", **KINDS["slh-dsa"])
    fault = await message_of(transit, Operation.UPDATE, "sign/k", input=HELLO, prehashed=True)
    assert fault == (InvalidRequest, "prehashed input is not supported for keys of type slh-dsa")
    items = [{"input": HELLO}] * (MAX_LONG_ITEMS + 1)
    fault = await message_of(transit, Operation.UPDATE, "sign/k", batch_input=items)
    assert fault == (InvalidRequest, "batch_input holds 101 items, more than the 100 for keys of this type")


@pytest.mark.parametrize("kind", ["ml-dsa-65", "slh-dsa", "hybrid-65-ecdsa-p256"])
async def test_batches(transit: Driver, kind: str) -> None:
    await transit.write("keys/k", **KINDS[kind])
    items = [{"input": HELLO, "reference": "a"}, {"input": CONTEXT}, {"input": "!"}, {}]
    signed = (await transit.write("sign/k", batch_input=items, signature_context=CONTEXT))["batch_results"]
    assert [set(item) for item in signed] == [{"signature", "key_version", "reference"}] * 2 + [
        {"key_version", "error", "reference"}
    ] * 2
    checks = [
        {"input": HELLO, "signature": signed[0]["signature"]},
        {"input": CONTEXT, "signature": signed[1]["signature"], "reference": "b"},
        {"input": HELLO, "signature": signed[1]["signature"]},
    ]
    checked = (await transit.write("verify/k", batch_input=checks, signature_context=CONTEXT))["batch_results"]
    assert [item["valid"] for item in checked] == [True, True, False]
    assert checked[1]["reference"] == "b"


@pytest.mark.parametrize("kind", KINDS)
async def test_public_keys_are_told_as_jwks(transit: Driver, kind: str) -> None:
    made = await transit.write("keys/k", **KINDS[kind])
    (jwk,) = (await transit.read("keys/k/jwks"))["keys"]
    assert (jwk["kty"], jwk["use"], jwk["key_version"]) == ("AKP", "sig", 1)
    public = base64.urlsafe_b64decode(jwk["pub"] + "==")
    assert public == base64.b64decode(made["keys"]["1"]["public_key"])
    signature = await sign(transit, marshaling_algorithm="jws")
    raw = base64.urlsafe_b64decode(signature.removeprefix("vault:v1:") + "==")
    verify_key_pair(jwk["alg"], public, raw, b"hello")


@pytest.mark.parametrize("kind", ["slh-dsa", "hybrid-65-ecdsa-p256"])
async def test_certificates(transit: Driver, kind: str) -> None:
    await transit.write("keys/k", **KINDS[kind])
    chain = certify((await transit.write("keys/k/csr"))["csr"])
    await transit.write("keys/k/set-certificate", certificate_chain=chain)
    assert (await transit.read("export/certificate-chain/k"))["keys"]["1"].strip() == chain.strip()
    await transit.write("keys/other", **KINDS[kind])
    _, text = await message_of(transit, Operation.UPDATE, "keys/other/set-certificate", certificate_chain=chain)
    assert text.endswith("leaf certificate public key does not match the selected key version")


async def test_without_an_object_identifier_there_are_no_certificates(transit: Driver) -> None:
    await transit.write("keys/k", **KINDS["hybrid-87-ed25519"])
    told = "certificates are not supported for keys of this type"
    assert await message_of(transit, Operation.UPDATE, "keys/k/csr") == (InvalidRequest, told)


@pytest.mark.parametrize("kind", ["slh-dsa", "hybrid-65-ecdsa-p256", "hybrid-87-ed25519"])
async def test_what_these_keys_do_not_do_is_refused(transit: Driver, kind: str) -> None:
    await transit.write("keys/k", **KINDS[kind])
    for path in ("encrypt/k", "decrypt/k", "datakey/plaintext/k"):
        with pytest.raises(Fault):
            await transit.write(path, plaintext=HELLO, ciphertext="vault:v1:AAAA")


@pytest.mark.parametrize("names", LABELS, ids="-".join)
async def test_a_hybrid_signature_is_verified_by_hand(transit: Driver, names: tuple[str, str]) -> None:
    made = await transit.write("keys/k", **hybrid(*names))
    public = base64.b64decode(made["keys"]["1"]["public_key"])
    for context in (b"", b"letters"):
        text = base64.b64encode(context).decode()
        signature = base64.b64decode((await sign(transit, signature_context=text))[9:])
        verify_by_hand(public, signature, b"hello", context, names)
        for message, bound in ((b"hullo", context), (b"hello", b"other")):
            with pytest.raises(InvalidSignature):
                verify_by_hand(public, signature, message, bound, names)
    classical = made["keys"]["1"]["hybrid_public_key"]
    if names[1] == "ed25519":
        assert base64.b64decode(classical) == public[-32:]
    else:
        loaded = serialization.load_pem_public_key(classical.encode())
        assert isinstance(loaded, ec.EllipticCurvePublicKey)
        assert public.endswith(
            loaded.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        )


@pytest.mark.parametrize("names", [("44", "ecdsa-p256"), ("65", "ed25519")], ids="-".join)
async def test_neither_half_of_a_hybrid_signature_is_enough(transit: Driver, names: tuple[str, str]) -> None:
    await transit.write("keys/k", **hybrid(*names))
    await transit.write("keys/other", **hybrid(*names))
    boundary = LATTICES[names[0]][2]
    own = base64.b64decode((await sign(transit))[9:])
    again = base64.b64decode((await sign(transit))[9:])
    foreign = base64.b64decode((await sign(transit, "other"))[9:])
    mixed = {
        "both halves, of two signatures": (again[:boundary] + own[boundary:], True),
        "a foreign classical half": (own[:boundary] + foreign[boundary:], False),
        "a foreign lattice half": (foreign[:boundary] + own[boundary:], False),
        "no classical half": (own[:boundary], False),
        "no lattice half": (own[boundary:], False),
        "the halves the other way round": (own[boundary:] + own[:boundary], False),
    }
    for what, (signature, valid) in mixed.items():
        text = "vault:v1:" + base64.b64encode(signature).decode()
        assert await is_valid(transit, text) is valid, what


async def test_a_half_of_a_hybrid_signature_is_no_signature_by_itself(wrapping: Driver) -> None:
    """ML-DSA has the label as its context, so nobody can take the classical half away unnoticed."""
    transit = wrapping
    await transit.write("keys/k", **hybrid("65", "ed25519"), **OPEN)
    private = base64.b64decode((await transit.read("export/signing-key/k"))["keys"]["1"])
    alone = mldsa.MLDSA65PrivateKey.from_seed_bytes(private[:32])
    pkcs8 = alone.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    await transit.write("keys/half/import", type="ml-dsa", parameter_set="65", ciphertext=await wrapped(transit, pkcs8))
    signed = base64.b64decode((await sign(transit))[9:])
    half = "vault:v1:" + base64.b64encode(signed[:3309]).decode()
    message = b"CompositeAlgorithmSignatures2025COMPSIG-MLDSA65-Ed25519-SHA512\x00" + hashlib.sha512(b"hello").digest()
    given = {"input": base64.b64encode(message).decode()}
    assert not await is_valid(transit, half, "half", **given)
    label = base64.b64encode(b"COMPSIG-MLDSA65-Ed25519-SHA512").decode()
    assert await is_valid(transit, half, "half", **given, signature_context=label)


async def test_hybrids_sign_digests_of_their_own_hash(transit: Driver) -> None:
    await transit.write("keys/k", **hybrid("65", "ecdsa-p256"))
    options: dict[str, Any] = {"prehashed": True, "hash_algorithm": "sha2-512", "input": digest("sha512")}
    assert await is_valid(transit, await sign(transit, **options))
    assert await is_valid(transit, await sign(transit), **options)
    for wrong in ({"hash_algorithm": "sha2-256", "input": digest("sha256")}, {"input": HELLO}):
        kind, message = await message_of(transit, Operation.UPDATE, "sign/k", **{**options, **wrong})
        assert (kind, message.startswith("prehashed input of keys of this type must be")) == (InvalidRequest, True)


async def test_the_signature_of_the_draft_s_authors_is_valid(wrapping: Driver) -> None:
    """With their private key, in their PKCS#8; made by other software, from the draft."""
    vector = json.loads(Path(__file__).with_name("composite_signature.json").read_text(encoding="utf-8"))
    parameters = hybrid("65", "ecdsa-p256")
    ciphertext = await wrapped(wrapping, base64.b64decode(vector["sk_pkcs8"]))
    await wrapping.write("keys/k/import", ciphertext=ciphertext, **parameters)
    public = base64.b64decode((await wrapping.read("keys/k"))["keys"]["1"]["public_key"])
    assert hashlib.sha256(public).hexdigest() == vector["public_key_sha256"]
    message = base64.b64encode(vector["message"].encode()).decode()
    assert await is_valid(wrapping, "vault:v1:" + vector["signature"], input=message)
    assert not await is_valid(wrapping, "vault:v1:" + vector["signature"], input=HELLO)
