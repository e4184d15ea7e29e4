"""Signatures, HMACs, hashes and random bytes."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest

from engines.base import Operation
from engines.faults import Failed, Fault, InvalidRequest
from tests.engines.driver import Driver, make_keys, message_of

HELLO = base64.b64encode(b"hello").decode()
CONTEXT = "Y29udGV4dA=="
HASHES = (
    *("sha1", "sha2-224", "sha2-256", "sha2-384", "sha2-512"),
    *("sha3-224", "sha3-256", "sha3-384", "sha3-512"),
)
DIGESTS = {name: hashlib.new(name.replace("sha2-", "sha").replace("sha3-", "sha3_")) for name in HASHES}

KEYS: dict[str, dict[str, Any]] = {
    "ed": {"type": "ed25519"},
    "derived": {"type": "ed25519", "derived": True},
    "ec": {"type": "ecdsa-p256"},
    "ec521": {"type": "ecdsa-p521"},
    "rsa": {"type": "rsa-2048"},
    "aes": {},
    "mac": {"type": "hmac", "key_size": 32, "exportable": True},
}


@pytest.fixture
async def keys(transit: Driver) -> Driver:
    """The engine with a key of each sort."""
    await make_keys(transit, KEYS)
    return transit


async def sign(driver: Driver, name: str, **parameters: Any) -> str:
    """A signature by the key ``name``."""
    return str((await driver.write(f"sign/{name}", **{"input": HELLO, **parameters}))["signature"])


async def verify(driver: Driver, name: str, **parameters: Any) -> bool:
    """Whether a signature or an HMAC is valid."""
    return bool((await driver.write(f"verify/{name}", **{"input": HELLO, **parameters}))["valid"])


@pytest.mark.parametrize("name", ["ed", "derived", "ec", "ec521", "rsa"])
@pytest.mark.parametrize("options", [{}, {"marshaling_algorithm": "jws"}, {"hash_algorithm": "sha3-384"}])
async def test_a_signature_is_valid_for_its_message_alone(keys: Driver, name: str, options: dict[str, Any]) -> None:
    options = {**options, **({"context": CONTEXT} if name == "derived" else {})}
    signature = await sign(keys, name, **options)
    assert await verify(keys, name, signature=signature, **options)
    assert not await verify(keys, name, signature=signature, **{**options, "input": "YQ=="})
    if name == "derived":
        assert not await verify(keys, name, signature=signature, **{**options, "context": "YQ=="})


@pytest.mark.parametrize("hash_name", HASHES)
@pytest.mark.parametrize("options", [{}, {"signature_algorithm": "pkcs1v15"}, {"salt_length": "hash"}])
async def test_signing_a_digest_is_signing_its_message(keys: Driver, hash_name: str, options: dict[str, Any]) -> None:
    digest = DIGESTS[hash_name].copy()
    digest.update(b"hello")
    prehashed = {"input": base64.b64encode(digest.digest()).decode(), "prehashed": True}
    for name in ("ec", "rsa"):
        signature = await sign(keys, name, hash_algorithm=hash_name, **options)
        assert await verify(keys, name, hash_algorithm=hash_name, signature=signature, **options, **prehashed)
        signature = await sign(keys, name, hash_algorithm=hash_name, **options, **prehashed)
        assert await verify(keys, f"{name}/{hash_name}", signature=signature, **options)


async def test_jws_signatures_are_of_fixed_length(keys: Driver) -> None:
    for name, size in (("ec", 64), ("ec521", 132), ("ed", 64), ("rsa", 256)):
        text = (await sign(keys, name, marshaling_algorithm="jws")).split(":")[2]
        assert len(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) == size


@pytest.mark.parametrize(
    ("signed", "verified", "valid"),
    [
        ("auto", "auto", True),
        ("auto", "222", True),
        ("auto", "hash", False),
        ("hash", "auto", True),
        ("hash", "-1", True),
        ("hash", "32", True),
        ("10", "10", True),
        ("10", "11", False),
        ("0", "222", True),
        ("10", "0", True),
    ],
)
async def test_salt_lengths(keys: Driver, signed: str, verified: str, valid: bool) -> None:
    signature = await sign(keys, "rsa", salt_length=signed)
    assert await verify(keys, "rsa", salt_length=verified, signature=signature) is valid


async def test_a_signature_without_hash(keys: Driver) -> None:
    options = {"hash_algorithm": "none", "prehashed": True, "signature_algorithm": "pkcs1v15"}
    signature = await sign(keys, "rsa", **options)
    assert await verify(keys, "rsa", signature=signature, **options)
    assert not await verify(keys, "rsa", signature=signature, **{**options, "input": "YQ=="})
    assert not await verify(keys, "rsa", signature=signature, signature_algorithm="pkcs1v15")


NO_CONTEXT = (
    "error deriving key: missing 'context' for key derivation; the key was created using a derived key, which means "
    "additional, per-request information must be included in order to perform operations with the key"
)
NO_HASH = "hash_algorithm=none requires both prehashed=true and signature_algorithm=pkcs1v15"
TOO_OLD = "ciphertext or signature version is disallowed by policy (too old)"

FAULTS: list[tuple[str, dict[str, Any], type[Fault], str]] = [
    ("sign/nope", {}, InvalidRequest, "signing key not found"),
    ("sign/aes", {}, InvalidRequest, "key type aes256-gcm96 does not support signing"),
    ("sign/ed", {"hash_algorithm": "md5"}, InvalidRequest, 'invalid hash algorithm "md5"'),
    ("sign/ed/md5", {"hash_algorithm": "sha2-256"}, InvalidRequest, 'invalid hash algorithm "md5"'),
    ("sign/ed", {"algorithm": "md5"}, InvalidRequest, 'invalid hash algorithm "md5"'),
    ("sign/nope", {"marshaling_algorithm": "der"}, InvalidRequest, 'invalid marshaling type "der"'),
    ("sign/nope", {"salt_length": "abc"}, InvalidRequest, "salt length neither 'auto', 'hash', nor an int: abc"),
    ("sign/nope", {"salt_length": "-2"}, InvalidRequest, "salt length is invalid: -2"),
    ("sign/rsa", {"salt_length": "223"}, Failed, "requested salt length 223 is invalid"),
    ("sign/rsa", {"signature_algorithm": "pkcs1"}, Failed, "unsupported rsa signature algorithm pkcs1"),
    ("sign/rsa", {"prehashed": True}, Failed, "crypto/rsa: input must be hashed with given hash"),
    (
        "sign/rsa",
        {"prehashed": True, "signature_algorithm": "pkcs1v15"},
        Failed,
        "crypto/rsa: input must be hashed message",
    ),
    ("sign/rsa", {"hash_algorithm": "none"}, InvalidRequest, NO_HASH),
    ("sign/ec", {"hash_algorithm": "none", "prehashed": True}, InvalidRequest, NO_HASH),
    ("sign/ec", {"input": "", "prehashed": True}, Failed, "ecdsa: hash cannot be empty"),
    (
        "sign/ed",
        {"input": "YQ"},
        InvalidRequest,
        "unable to decode input as base64: illegal base64 data at input byte 0",
    ),
    ("sign/ed", {"context": "YQ"}, InvalidRequest, "failed to base64-decode context"),
    ("sign/ed", {"key_version": 2}, Failed, "requested version for signing is higher than the latest key version"),
    ("sign/ed", {"key_version": -1}, Failed, "requested version for signing is negative"),
    ("sign/derived", {}, Failed, NO_CONTEXT),
    ("sign/ed", {"batch_input": []}, InvalidRequest, "missing batch input to process"),
    ("verify/nope", {"signature": "x"}, InvalidRequest, "signature verification key not found"),
    ("verify/nope", {"hmac": "x"}, InvalidRequest, "encryption key not found"),
    ("verify/ed", {}, InvalidRequest, "neither a 'signature' nor an 'hmac' were given to verify"),
    (
        "verify/aes",
        {"signature": "x", "hmac": "x"},
        InvalidRequest,
        "key type aes256-gcm96 does not support verification",
    ),
    ("verify/ed", {"signature": ""}, InvalidRequest, "invalid signature: no prefix"),
    ("verify/ed", {"signature": "vault:v1"}, InvalidRequest, "invalid signature: wrong number of fields"),
    ("verify/ed", {"signature": "vault:v2:"}, InvalidRequest, "invalid signature: version is too new"),
    ("verify/ed", {"signature": "vault:v0:"}, InvalidRequest, TOO_OLD),
    ("verify/ed", {"signature": "vault:v1:YQ"}, InvalidRequest, "invalid base64 signature value"),
    ("verify/ec", {"signature": "vault:v1:YQ=="}, InvalidRequest, "supplied signature is invalid"),
    ("verify/ec", {"signature": "vault:v1:MAYCAQECAQEA"}, InvalidRequest, "supplied signature contains extra data"),
    (
        "verify/rsa",
        {"signature": "vault:v1:", "salt_length": "223"},
        InvalidRequest,
        "requested salt length 223 is invalid",
    ),
    ("verify/derived", {"signature": "vault:v1:"}, Failed, NO_CONTEXT),
    ("verify/aes", {"hmac": "x"}, InvalidRequest, "invalid HMAC to verify: no prefix"),
    ("verify/aes", {"hmac": "vault:v1"}, InvalidRequest, "invalid HMAC: wrong number of fields"),
    ("verify/aes", {"hmac": "vault:v2:YQ=="}, InvalidRequest, "invalid HMAC: version is too new"),
    (
        "verify/aes",
        {"hmac": "vault:v0:YQ=="},
        InvalidRequest,
        "cannot verify HMAC: version is too old (disallowed by policy)",
    ),
    (
        "verify/aes",
        {"hmac": "vault:v1:YQ"},
        InvalidRequest,
        "unable to decode verification HMAC as base64: illegal base64 data at input byte 0",
    ),
    ("verify/aes", {"hmac": "x", "algorithm": "none"}, InvalidRequest, "algorithm cannot be none"),
    ("hmac/nope", {}, InvalidRequest, "encryption key not found"),
    ("hmac/aes", {"algorithm": "md5"}, InvalidRequest, "unsupported algorithm '\\x00'"),
    ("hmac/aes", {"algorithm": "none"}, InvalidRequest, "algorithm cannot be none"),
    ("hmac/aes", {"key_version": 2}, InvalidRequest, "key version does not exist; latest key version is 1"),
    ("hmac/aes", {"key_version": -1}, InvalidRequest, "key version does not exist (cannot be negative)"),
    ("hash/md5", {}, InvalidRequest, "unsupported algorithm md5"),
    ("hash/sha1", {}, InvalidRequest, "unsupported algorithm sha1"),
    ("hash", {"format": "bin"}, InvalidRequest, 'unsupported encoding format bin; must be "hex" or "base64"'),
    ("random", {"bytes": 0}, InvalidRequest, "'bytes' cannot be less than 1"),
    ("random", {"bytes": 131073}, InvalidRequest, "'bytes' should be less than 131072"),
    ("random", {"format": "bin"}, InvalidRequest, 'unsupported encoding format "bin"; must be "hex" or "base64"'),
    (
        "random/nope/8",
        {},
        InvalidRequest,
        'unsupported entropy source "nope"; must be "platform" or "seal", or "all"',
    ),
    (
        "random/abc",
        {},
        InvalidRequest,
        'error parsing url-set byte count: strconv.Atoi: parsing "abc": invalid syntax',
    ),
]


@pytest.mark.parametrize(("path", "parameters", "fault", "message"), FAULTS)
async def test_what_is_refused(
    keys: Driver, path: str, parameters: dict[str, Any], fault: type[Fault], message: str
) -> None:
    parameters = {"input": HELLO, **parameters}
    assert await message_of(keys, Operation.UPDATE, path, **parameters) == (fault, message)


async def test_batches_of_signatures(keys: Driver) -> None:
    items = [{"input": HELLO, "reference": "r"}, {}, {"input": "YQ"}]
    answer = await keys.invoke(Operation.UPDATE, "sign/ed", batch_input=items)
    assert answer.status is None
    assert answer.data is not None
    first, *failed = answer.data["batch_results"]
    assert (first["key_version"], first["reference"]) == (1, "r")
    assert failed == [
        {"key_version": 0, "error": "missing input", "reference": ""},
        {
            "key_version": 0,
            "error": "unable to decode input as base64: illegal base64 data at input byte 0",
            "reference": "",
        },
    ]
    checks = [{"input": HELLO, "signature": first["signature"]}, {"input": "YQ==", "signature": first["signature"]}]
    verified = await keys.write("verify/ed", batch_input=[*checks, {"input": HELLO, "signature": "x"}])
    assert verified["batch_results"] == [
        {"valid": True, "reference": ""},
        {"valid": False, "reference": ""},
        {"valid": False, "error": "invalid signature: no prefix", "reference": ""},
    ]
    derived = await keys.write("sign/derived", batch_input=[{"input": HELLO, "context": CONTEXT}])
    assert set(derived["batch_results"][0]) == {"signature", "key_version", "reference", "publickey"}


async def test_batches_of_hmacs(keys: Driver) -> None:
    made = await keys.write("hmac/aes", batch_input=[{"input": HELLO, "reference": 5}, None])
    first, failed = made["batch_results"]
    assert first["reference"] == "5"
    assert failed == {"error": "missing input for HMAC", "reference": ""}
    checks = [{"input": HELLO, "hmac": first["hmac"]}, {"input": "YQ==", "hmac": first["hmac"]}, {"hmac": "x"}]
    assert (await keys.write("verify/aes", batch_input=checks))["batch_results"] == [
        {"valid": True, "reference": ""},
        {"reference": ""},
        {"error": "missing input", "reference": ""},
    ]


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([{}], "no batch_input elements have 'signature' or 'hmac'"),
        ([{"hmac": ""}, {}], "some elements of batch_input are missing 'hmac'"),
        ([{"signature": ""}, {}], "some elements of batch_input are missing 'signature'"),
        (
            [{"signature": ""}, {"hmac": ""}],
            "elements of batch_input must all provide 'signature' or all provide 'hmac'",
        ),
    ],
)
async def test_batches_check_one_sort_of_thing(keys: Driver, items: list[Any], message: str) -> None:
    assert await message_of(keys, Operation.UPDATE, "verify/ed", batch_input=items) == (InvalidRequest, message)


@pytest.mark.parametrize(
    ("batch", "detail"),
    [
        ("x", "'' source data must be an array or slice, got string"),
        ({}, "'' source data must be an array or slice, got map"),
        (
            ["x", {"input": True}],
            "decoding failed due to the following error(s):\n\n"
            "'[0]' expected type 'transit.batchRequestSignItem', got unconvertible type 'string'\n"
            "'[1][input]' expected type 'string', got unconvertible type 'bool'",
        ),
    ],
)
async def test_malformed_batches(keys: Driver, batch: Any, detail: str) -> None:
    fault = await message_of(keys, Operation.UPDATE, "sign/ed", batch_input=batch)
    assert fault == (Failed, f"failed to parse batch input: {detail}")


async def test_the_hmac_is_that_of_the_mac_key_whatever_the_type(keys: Driver) -> None:
    exported = await keys.read("export/hmac-key/mac")
    key = base64.b64decode(exported["keys"]["1"])
    made = await keys.write("hmac/mac", input=HELLO)
    expected = base64.b64encode(hmac.digest(key, b"hello", "sha256")).decode()
    assert made == {"hmac": f"vault:v1:{expected}"}
    for name in KEYS:
        code = (await keys.write(f"hmac/{name}/sha3-512", input=HELLO))["hmac"]
        assert await verify(keys, name, hmac=code, algorithm="sha3-512")
        assert not await verify(keys, name, hmac=code)


async def test_old_versions_verify_until_they_may_not(transit: Driver) -> None:
    await transit.write("keys/k", type="ed25519")
    signature = await sign(transit, "k")
    code = (await transit.write("hmac/k", input=HELLO))["hmac"]
    await transit.write("keys/k/rotate")
    assert await verify(transit, "k", signature=signature)
    assert await verify(transit, "k", hmac=code)
    await transit.write("keys/k/config", min_decryption_version=2)
    assert await message_of(transit, Operation.UPDATE, "verify/k", signature=signature) == (InvalidRequest, TOO_OLD)
    fault = await message_of(transit, Operation.UPDATE, "verify/k", hmac=code)
    assert fault == (InvalidRequest, "cannot verify HMAC: version is too old (disallowed by policy)")
    fault = await message_of(transit, Operation.UPDATE, "sign/k", key_version=1)
    assert fault == (Failed, "no such key version")


@pytest.mark.parametrize("name", HASHES[1:])
async def test_hashes(transit: Driver, name: str) -> None:
    digest = DIGESTS[name].copy()
    digest.update(b"hello")
    assert await transit.write(f"hash/{name}", input=HELLO) == {"sum": digest.hexdigest()}
    encoded = base64.b64encode(digest.digest()).decode()
    assert await transit.write("hash", input=HELLO, algorithm=name, format="base64") == {"sum": encoded}


async def test_a_hash_needs_an_input(transit: Driver) -> None:
    assert await message_of(transit, Operation.UPDATE, "hash") == (InvalidRequest, "input missing")


@pytest.mark.parametrize(
    ("path", "parameters", "size"),
    [
        ("random", {}, 32),
        ("random/8", {"bytes": 4}, 8),
        ("random/platform", {"bytes": 4}, 4),
        ("random/all/16", {}, 16),
        ("random", {"bytes": 131072}, 131072),
    ],
)
async def test_random_bytes(transit: Driver, path: str, parameters: dict[str, Any], size: int) -> None:
    first, second = [(await transit.write(path, **parameters))["random_bytes"] for _ in range(2)]
    assert len(base64.b64decode(first)) == size
    assert first != second
    hexadecimal = (await transit.write(path, format="hex", **parameters))["random_bytes"]
    assert len(bytes.fromhex(hexadecimal)) == size


async def test_random_bytes_of_the_seal_are_the_platforms(transit: Driver) -> None:
    answer = await transit.invoke(Operation.UPDATE, "random/seal")
    assert answer.warnings == ["no seal/entropy augmentation available, using platform entropy source"]
    assert (await transit.invoke(Operation.UPDATE, "random", source="seal")).warnings == []
