"""Ed25519ctx and Ed25519ph: the vectors of RFC 8032, OpenSSL's command as an independent witness, and the API."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.algorithms.base import BadSignature, Material, SignatureOptions
from engines.algorithms.hashes import SHA2_512
from engines.algorithms.signatures.ed25519 import Ed25519
from engines.base import Operation
from engines.faults import Failed, InvalidRequest
from tests.engines.driver import Driver, message_of

CASES: list[dict[str, str]] = json.loads(Path(__file__).with_name("ed25519_variants.json").read_text())["cases"]
PLAIN = SignatureOptions(None)
ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of the group that S counts in (RFC 8032, section 5.1)."""


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def bound(context: bytes) -> SignatureOptions:
    """Ed25519ctx."""
    return SignatureOptions(None, context=context)


def hashed(context: bytes = b"") -> SignatureOptions:
    """Ed25519ph."""
    return SignatureOptions(SHA2_512, prehashed=True, context=context, signs_hash=True)


def signer_of(case: dict[str, str]) -> tuple[Ed25519, Ed25519, bytes, SignatureOptions]:
    """The key pair, its public part alone, what is signed, and how."""
    public = bytes.fromhex(case["public"])
    signer, verifier = Ed25519(Material(bytes.fromhex(case["private"]), public)), Ed25519(Material(b"", public))
    message, context = bytes.fromhex(case["message"]), bytes.fromhex(case["context"])
    if case["variant"] == "Ed25519ph":
        return signer, verifier, hashlib.sha512(message).digest(), hashed(context)
    return signer, verifier, message, bound(context)


def new_signer() -> Ed25519:
    private = Ed25519PrivateKey.generate()
    return Ed25519(Material(private.private_bytes_raw(), private.public_key().public_bytes_raw()))


def test_there_are_vectors_of_both_variants() -> None:
    assert [case["variant"] for case in CASES] == ["Ed25519ctx"] * 4 + ["Ed25519ph"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['variant']} {case['context']}")
def test_vectors_of_rfc_8032(case: dict[str, str]) -> None:
    signer, verifier, message, options = signer_of(case)
    signature = bytes.fromhex(case["signature"])
    assert signer.sign(message, options) == signature
    verifier.verify(message, signature, options)
    for at in (0, 31, 32, 63):
        changed = bytes([*signature[:at], signature[at] ^ 1, *signature[at + 1 :]])
        with pytest.raises(BadSignature):
            verifier.verify(message, changed, options)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['variant']} {case['context']}")
def test_another_form_of_a_signature_is_none(case: dict[str, str]) -> None:
    _, verifier, message, options = signer_of(case)
    signature = bytes.fromhex(case["signature"])
    beyond = int.from_bytes(signature[32:], "little") + ORDER
    for other in (signature[:32] + beyond.to_bytes(32, "little"), signature[:-1], signature + b"\0", b"", bytes(64)):
        with pytest.raises(BadSignature):
            verifier.verify(message, other, options)


@settings(max_examples=15, deadline=None)
@given(message=st.binary(min_size=64, max_size=64), context=st.binary(min_size=1, max_size=255))
def test_no_variant_verifies_as_another(message: bytes, context: bytes) -> None:
    signer = new_signer()
    ways = {"plain": PLAIN, "ctx": bound(context), "ph": hashed(), "ph in context": hashed(context)}
    ways["other context"] = bound(bytes([context[0] ^ 1, *context[1:]]))
    for name, options in ways.items():
        signature = signer.sign(message, options)
        for other, other_options in ways.items():
            if other == name:
                signer.verify(message, signature, other_options)
            else:
                with pytest.raises(BadSignature):
                    signer.verify(message, signature, other_options)


def test_a_public_key_that_is_no_point_verifies_nothing() -> None:
    verifier = Ed25519(Material(b"", b"\x02" + bytes(31)))
    for options in (bound(b"context"), hashed()):
        with pytest.raises(BadSignature):
            verifier.verify(bytes(64), bytes(64), options)


def _openssl() -> str:
    """The command, or a skip that says what is missing."""
    command = shutil.which("openssl")
    if command is None:
        pytest.skip("there is no openssl command")
    told = subprocess.run([command, "version"], capture_output=True, text=True, check=True).stdout
    version = re.match(r"OpenSSL (\d+)\.(\d+)", told)
    if version is None or (int(version[1]), int(version[2])) < (3, 2):
        pytest.skip(f"instances of Ed25519 need openssl 3.2, this is {told.strip()}")
    return command


@pytest.mark.parametrize("context", [b"a", b"context", bytes(range(255))], ids=len)
@pytest.mark.parametrize("variant", ["Ed25519ctx", "Ed25519ph"])
def test_openssl_agrees(tmp_path: Path, variant: str, context: bytes) -> None:
    command = _openssl()
    private = Ed25519PrivateKey.generate()
    signer = Ed25519(Material(private.private_bytes_raw(), private.public_key().public_bytes_raw()))
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    message = os.urandom(100)
    (tmp_path / "key.pem").write_bytes(pem)
    (tmp_path / "message").write_bytes(message)
    options = ["-inkey", "key.pem", "-rawin", "-in", "message", "-pkeyopt", f"instance:{variant}"]
    options += ["-pkeyopt", f"hexcontext-string:{context.hex()}"]

    def ask(*words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([command, "pkeyutl", *words, *options], cwd=tmp_path, capture_output=True, check=False)

    theirs = ask("-sign")
    assert theirs.returncode == 0, theirs.stderr
    ours = hashed(context) if variant == "Ed25519ph" else bound(context)
    signed = hashlib.sha512(message).digest() if variant == "Ed25519ph" else message
    assert signer.sign(signed, ours) == theirs.stdout
    signer.verify(signed, theirs.stdout, ours)
    (tmp_path / "signature").write_bytes(theirs.stdout)
    assert ask("-verify", "-sigfile", "signature").returncode == 0
    (tmp_path / "signature").write_bytes(signer.sign(signed, PLAIN))
    assert ask("-verify", "-sigfile", "signature").returncode == 1


HASH = text(hashlib.sha512(b"hello").digest())
CONTEXT = text(b"context")
CTX = {"input": text(b"hello"), "signature_context": CONTEXT}
PH = {"input": HASH, "signature_context": CONTEXT, "prehashed": True, "hash_algorithm": "sha2-512"}
PH_BARE = {**PH, "signature_context": ""}


@pytest.mark.parametrize("derived", [False, True])
async def test_the_api_signs_by_each_variant(transit: Driver, derived: bool) -> None:
    await transit.write("keys/k", type="ed25519", derived=derived)
    extra = {"context": text(b"whose")} if derived else {}
    ways: list[dict[str, Any]] = [CTX, PH, PH_BARE, {"input": CTX["input"]}]
    for way in ways:
        signed = await transit.write("sign/k", **way, **extra)
        public = signed["public_key"] if derived else (await transit.read("keys/k"))["keys"]["1"]["public_key"]
        raw = base64.b64decode(signed["signature"].removeprefix("vault:v1:"))
        context = base64.b64decode(way.get("signature_context", ""))
        options = hashed(context) if way.get("prehashed") else bound(context)
        Ed25519(Material(b"", base64.b64decode(public))).verify(base64.b64decode(way["input"]), raw, options)
        for other in ways:
            asked = {**other, **extra, "input": way["input"], "signature": signed["signature"]}
            if other.get("prehashed") and not way.get("prehashed"):
                fault = await message_of(transit, Operation.UPDATE, "verify/k", **asked)
                assert fault == (InvalidRequest, "input is not a hash by SHA-512, which has 64 bytes")
            else:
                assert (await transit.write("verify/k", **asked))["valid"] is (other is way)
        bearing = {key: value for key, value in way.items() if key != "input"}
        items = [{"input": way["input"], **extra}, {"input": text(b"else"), **extra}]
        results = (await transit.write("sign/k", batch_input=items, **bearing))["batch_results"]
        assert results[0]["signature"] == signed["signature"]
        assert ("error" in results[1]) is bool(way.get("prehashed"))
        items = [{**item, "signature": signed["signature"]} for item in items]
        results = (await transit.write("verify/k", batch_input=items, **bearing))["batch_results"]
        assert [result["valid"] for result in results] == [True, False]


async def test_without_a_context_parameters_mean_what_they_do_to_openbao(transit: Driver) -> None:
    await transit.write("keys/k", type="ed25519")
    plain = (await transit.write("sign/k", input=HASH))["signature"]
    asked = {"prehashed": True, "hash_algorithm": "sha2-512"}
    assert (await transit.write("sign/k", input=HASH, **asked))["signature"] == plain
    assert (await transit.write("sign/k", input=HASH, signature_context=""))["signature"] == plain


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({**CTX, "signature_context": text(bytes(256))}, "signature_context has more than 255 bytes"),
        ({**CTX, "signature_context": "!"}, "illegal base64 data at input byte 0"),
        ({**PH, "input": text(bytes(63))}, "input is not a hash by SHA-512, which has 64 bytes"),
        ({**PH_BARE, "input": text(bytes(65))}, "input is not a hash by SHA-512, which has 64 bytes"),
        *(
            (parameters, "with signature_context, prehashed=true and hash_algorithm=sha2-512 only go together")
            for parameters in (
                {**PH, "prehashed": False},
                {**PH, "hash_algorithm": "sha2-256"},
                {**PH, "hash_algorithm": ""},
                {**CTX, "hash_algorithm": "sha2-512"},
                {**CTX, "prehashed": True},
            )
        ),
    ],
)
async def test_what_makes_no_sense_is_refused(transit: Driver, parameters: dict[str, Any], message: str) -> None:
    await transit.write("keys/k", type="ed25519")
    signature = (await transit.write("sign/k", **CTX))["signature"]
    for path in ("sign/k", "verify/k"):
        assert await message_of(transit, Operation.UPDATE, path, **parameters, signature=signature) == (
            InvalidRequest,
            message,
        )


async def test_a_public_key_alone_verifies_and_does_not_sign(transit: Driver) -> None:
    case = CASES[0]
    pem = (
        Ed25519PrivateKey.from_private_bytes(bytes.fromhex(case["private"]))
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    await transit.write("keys/k/import", type="ed25519", public_key=pem.decode())
    asked = {
        key: text(bytes.fromhex(case[name])) for key, name in (("input", "message"), ("signature_context", "context"))
    }
    signature = f"vault:v1:{text(bytes.fromhex(case['signature']))}"
    assert (await transit.write("verify/k", **asked, signature=signature))["valid"] is True
    fault = await message_of(transit, Operation.UPDATE, "sign/k", **asked)
    assert fault == (Failed, "requested version for signing does not contain a private part")
