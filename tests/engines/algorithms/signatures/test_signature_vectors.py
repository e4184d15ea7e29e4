"""ML-DSA and SLH-DSA held against NIST's vectors and against the command line of OpenSSL, in both directions."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import mldsa

from engines.algorithms.base import BadSignature, Material, SignatureOptions
from engines.algorithms.encodings.interchange import KeyFormat
from engines.algorithms.hashes import DEFAULT_HASH, HASHES
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Algorithm
from engines.algorithms.signatures.slhdsa import PARAMETER_SETS
from engines.algorithms.types import KEY_TYPES
from engines.encoding import decode_base64
from engines.faults import Failed

VECTORS = Path(__file__).with_name("acvp_signatures.json.gz")
OPTIONS = SignatureOptions(DEFAULT_HASH)


def row_of(parameter_set: str) -> Algorithm:
    """The row with this parameter set, of Vault's key types."""
    rows = [*KEY_TYPES["ml-dsa"], *KEY_TYPES["slh-dsa"]]
    return next(row for row in rows if row.parameter_set == parameter_set)


@cache
def vectors() -> list[dict[str, Any]]:
    """NIST's cases."""
    with gzip.open(VECTORS) as file:
        cases: list[dict[str, Any]] = json.load(file)["cases"]
    return cases


def is_valid(row: Algorithm, public: bytes, message: bytes, signature: bytes, options: SignatureOptions) -> bool:
    """Whether ``signature`` is one."""
    assert row.capabilities.signature is not None
    try:
        row.capabilities.signature(Material(b"", public)).verify(message, signature, options)
    except BadSignature:
        return False
    return True


@pytest.mark.parametrize("mode", ["pure", "preHash", "mu"])
def test_nist_s_signatures_are_judged_as_nist_does(mode: str) -> None:
    judged = {True: 0, False: 0}
    for case in (case for case in vectors() if case["mode"] == mode):
        message, context = bytes.fromhex(case["message"]), bytes.fromhex(case["context"])
        options = SignatureOptions(None, context=context, external_mu=mode == "mu")
        if mode == "preHash":
            hash_ = HASHES[case["hashAlg"].lower()]
            message, options = hash_.digest(message), SignatureOptions(hash_, prehashed=True, context=context)
        valid = is_valid(
            row_of(case["parameterSet"]), bytes.fromhex(case["pk"]), message, bytes.fromhex(case["signature"]), options
        )
        assert valid is case["testPassed"], f"{case['parameterSet']} {mode} {case['tcId']}"
        judged[valid] += 1
    assert min(judged.values()) >= 2


def test_nist_s_vectors_cover_every_parameter_set() -> None:
    covered = {case["parameterSet"] for case in vectors() if case["testPassed"]}
    assert covered == {row.parameter_set for row in (*KEY_TYPES["ml-dsa"], *KEY_TYPES["slh-dsa"])}


def _openssl() -> str:
    """OpenSSL's command line, of a version that has these algorithms."""
    path = shutil.which("openssl")
    if path is None:
        pytest.skip("there is no openssl")
    text = subprocess.run([path, "version"], capture_output=True, text=True, check=True).stdout
    version = re.match(r"OpenSSL (\d+)\.(\d+)", text)
    if version is None or (int(version[1]), int(version[2])) < (3, 5):
        pytest.skip(f"{text.strip()} has neither ML-DSA nor SLH-DSA")
    return path


def _run(*command: str) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode


def _options(context: bytes) -> list[str]:
    return ["-pkeyopt", f"hexcontext-string:{context.hex()}"] if context else []


FAST = [row for row in KEY_TYPES["slh-dsa"] if row.parameter_set.endswith("f") or row.name.endswith("sha2-128s")]
ROWS = [*KEY_TYPES["ml-dsa"], *FAST]


@pytest.mark.parametrize(
    ("row", "context"),
    # With a context, what takes long differs from its fast sibling by numbers.
    [(row, context) for row in ROWS for context in (b"", b"ctx") if not (context and row.name.endswith("s"))],
    ids=lambda value: value.name if isinstance(value, Algorithm) else value.decode() or "no-context",
)
def test_openssl_verifies_what_is_signed_here(row: Algorithm, context: bytes, tmp_path: Path) -> None:
    openssl = _openssl()
    material = row.generate(0)
    assert row.capabilities.signature is not None
    signed = row.capabilities.signature(material).sign(b"hello", SignatureOptions(None, context=context))
    public, message, signature = tmp_path / "public", tmp_path / "message", tmp_path / "signature"
    public.write_text(row.interchange.export_public(material.public, KeyFormat.PEM))
    signature.write_bytes(signed)
    verify = [openssl, "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", str(public), "-in", str(message)]
    verify += ["-sigfile", str(signature), *_options(context)]
    message.write_bytes(b"hello")
    assert _run(*verify) == 0
    message.write_bytes(b"hullo")
    assert _run(*verify) != 0


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_openssl_signs_is_verified_here(row: Algorithm, tmp_path: Path) -> None:
    """With a key that OpenSSL makes, and that is imported here."""
    openssl = _openssl()
    private, message, signature = tmp_path / "private", tmp_path / "message", tmp_path / "signature"
    seeds = ["-provparam", "ml-dsa.output_formats=seed-only"] if row in KEY_TYPES["ml-dsa"] else []
    make = (openssl, "genpkey", "-algorithm", row.parameter_set, *seeds, "-outform", "DER", "-out", str(private))
    assert _run(*make) == 0
    message.write_bytes(b"hello")
    sign = (openssl, "pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", str(private), "-in", str(message))
    assert _run(*sign, "-out", str(signature), *_options(b"ctx")) == 0
    material = row.interchange.import_private(private.read_bytes())
    assert row.interchange.wrappable(material) == private.read_bytes()
    signed = signature.read_bytes()
    bound = SignatureOptions(None, context=b"ctx")
    assert is_valid(row, material.public, b"hello", signed, bound)
    for wrong in (
        signed[:-1],
        signed + b"\0",
        b"",
        bytes([signed[0] ^ 1]) + signed[1:],
        signed[:-1] + bytes([signed[-1] ^ 1]),
    ):
        assert not is_valid(row, material.public, b"hello", wrong, bound)
    assert not is_valid(row, material.public, b"hello", signed, OPTIONS)
    assert not is_valid(row, material.public, b"hello", signed, SignatureOptions(None, context=b"ctX"))
    assert not is_valid(row, row.generate(0).public, b"hello", signed, bound)


HASHED = [
    ("slh-dsa-sha2-128f", "sha2-256", "0609608648016503040201"),
    ("slh-dsa-shake-128f", "sha3-512", "060960864801650304020a"),
    ("slh-dsa-sha2-192f", "sha2-384", "0609608648016503040202"),
    ("slh-dsa-shake-256f", "sha2-512", "0609608648016503040203"),
]


@pytest.mark.parametrize(("name", "hash_name", "identifier"), HASHED)
def test_openssl_and_this_sign_hashes_alike(name: str, hash_name: str, identifier: str, tmp_path: Path) -> None:
    """HashSLH-DSA: OpenSSL is given the bytes that FIPS 205, algorithm 23, hands to the inner function."""
    openssl, row, hash_ = _openssl(), ALGORITHMS[name], HASHES[hash_name]
    inner, signature = tmp_path / "inner", tmp_path / "signature"
    inner.write_bytes(b"\x01\x03ctx" + bytes.fromhex(identifier) + hash_.digest(b"hello"))
    command = [openssl, "pkeyutl", "-rawin", "-in", str(inner), "-pkeyopt", "message-encoding:0"]
    private, public = tmp_path / "private", tmp_path / "public"
    assert _run(openssl, "genpkey", "-algorithm", row.parameter_set, "-outform", "DER", "-out", str(private)) == 0
    material = row.interchange.import_private(private.read_bytes())
    hashed = SignatureOptions(hash_, context=b"ctx", hash_message=True)
    sign = (*command, "-sign", "-keyform", "DER", "-inkey", str(private), "-out", str(signature))
    assert _run(*sign) == 0
    assert is_valid(row, material.public, b"hello", signature.read_bytes(), hashed)
    assert row.capabilities.signature is not None
    signature.write_bytes(row.capabilities.signature(material).sign(b"hello", hashed))
    public.write_text(row.interchange.export_public(material.public, KeyFormat.PEM))
    verify = (*command, "-verify", "-pubin", "-inkey", str(public), "-sigfile", str(signature))
    assert _run(*verify) == 0
    digest = inner.read_bytes()
    inner.write_bytes(digest[:-1] + bytes([digest[-1] ^ 1]))
    assert _run(*verify) != 0


def test_the_parameter_sets_of_slh_dsa_are_those_of_the_provider() -> None:
    """Sizes as ``pqcrypto`` has them, and names as Vault's documentation does."""
    sign = pytest.importorskip("pqcrypto.sign")
    for parameters in PARAMETER_SETS:
        module = getattr(sign, parameters.name.replace("-", "_"))
        assert (parameters.public_bytes, parameters.private_bytes, parameters.signature_bytes) == (
            module.PUBLIC_KEY_SIZE,
            module.SECRET_KEY_SIZE,
            module.SIGNATURE_SIZE,
        )
    assert [parameters.standard_name for parameters in PARAMETER_SETS][:2] == ["SLH-DSA-SHA2-128s", "SLH-DSA-SHA2-128f"]


def test_the_representative_of_a_message_stands_for_it() -> None:
    """Mu as FIPS 204 computes it, so that whoever has the message needn't send it."""
    row = ALGORITHMS["ml-dsa-65"]
    material = row.generate(0)
    assert row.capabilities.signature is not None
    key = row.capabilities.signature(material)
    context, message = b"letters", b"a message of any length"
    public_key_hash = hashlib.shake_256(material.public).digest(64)
    prefixed = b"\x00" + bytes([len(context)]) + context + message
    mu = hashlib.shake_256(public_key_hash + prefixed).digest(64)
    signed = key.sign(mu, SignatureOptions(None, external_mu=True))
    key.verify(message, signed, SignatureOptions(None, context=context))
    mldsa.MLDSA65PublicKey.from_public_bytes(material.public).verify(signed, message, context)
    key.verify(mu, key.sign(message, SignatureOptions(None, context=context)), SignatureOptions(None, external_mu=True))


def test_a_key_pair_whose_halves_do_not_belong_together_is_no_import() -> None:
    row = ALGORITHMS["slh-dsa-sha2-128f"]
    private = bytearray(decode_base64(row.interchange.export_private(row.generate(0), KeyFormat.RAW)))
    private[-1] ^= 1
    with pytest.raises(Exception, match="not a key pair"):
        row.interchange.import_private(bytes(private))


@pytest.mark.parametrize("row", KEY_TYPES["ml-dsa"], ids=lambda row: row.name)
def test_ml_dsa_keys_are_read_as_openssl_writes_them(row: Algorithm, tmp_path: Path) -> None:
    """By default with the seed and the expanded key (RFC 9881); without the seed they are of no use here."""
    openssl = _openssl()
    path = tmp_path / "key"
    make = (openssl, "genpkey", "-algorithm", row.parameter_set, "-outform", "DER", "-out", str(path))
    assert _run(*make) == 0
    material = row.interchange.import_private(path.read_bytes())
    public = subprocess.run(
        [openssl, "pkey", "-inform", "DER", "-in", str(path), "-pubout"], capture_output=True, text=True, check=True
    ).stdout
    assert row.interchange.import_public(public).public == material.public
    damaged = path.read_bytes().replace(material.public[:32], bytes(32))
    with pytest.raises(Failed, match="the seed is not that of the expanded key"):
        row.interchange.import_private(damaged)
    assert _run(*make, "-provparam", "ml-dsa.output_formats=priv-only") == 0
    with pytest.raises(Failed, match="structure error"):
        row.interchange.import_private(path.read_bytes())
