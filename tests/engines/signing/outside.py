"""Verifies signatures by Algorithm Key Pairs (RFC 9964): written from docs/signing.md alone, with nothing of ours."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature

from tests.engines.algorithms.signatures.composites import LATTICES, verify_by_hand

OPENSSL = shutil.which("openssl") or ""
_CURVES = {"ES256": "ecdsa-p256", "ES384": "ecdsa-p384", "ES512": "ecdsa-p521", "Ed25519": "ed25519"}
_HYBRID = re.compile(r"(?:CRYPTOSERVE-)?ML-DSA-(\d\d)-(\w+)")
_SETS = [f"SLH-DSA-{hash_}-{size}" for hash_ in ("SHA2", "SHAKE") for size in "128s 128f 192s 192f 256s 256f".split()]
"""In the order of their object identifiers."""


def knows(name: str) -> bool:
    """Whether OpenSSL's command is new enough to know a signature algorithm."""
    if not OPENSSL:
        return False
    listed = subprocess.run([OPENSSL, "list", "-signature-algorithms"], capture_output=True, text=True, check=False)
    return name in listed.stdout


ML_DSA, SLH_DSA = knows("ML-DSA-44"), knows("SLH-DSA-SHA2-128f")


def verify_key_pair(name: str, public: bytes, signature: bytes, message: bytes) -> None:
    """Raises ``InvalidSignature`` unless ``signature`` is one by the algorithm called ``name`` in JOSE."""
    hybrid = _HYBRID.fullmatch(name)
    if hybrid is not None:
        verify_by_hand(public, signature, message, b"", (hybrid[1], _CURVES[hybrid[2]]))
    elif name in _SETS:
        _verify_by_openssl(_SETS.index(name), public, signature, message)
    else:
        LATTICES[name.removeprefix("ML-DSA-")][0].from_public_bytes(public).verify(signature, message)


def _verify_by_openssl(index: int, public: bytes, signature: bytes, message: bytes) -> None:
    if not SLH_DSA:
        pytest.skip("there is no openssl command from 3.5 on, which brought SLH-DSA")
    identifier = bytes.fromhex("300b0609608648016503040300")[:-1] + bytes([20 + index])
    bits = bytes([3, len(public) + 1, 0]) + public
    info = bytes([0x30, len(identifier + bits)]) + identifier + bits
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / file for file in ("key", "signature", "message")]
        for path, content in zip(paths, (info, signature, message), strict=True):
            path.write_bytes(content)
        key, signed, signs = map(str, paths)
        command = [OPENSSL, "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", key, "-rawin"]
        answer = subprocess.run([*command, "-in", signs, "-sigfile", signed], capture_output=True, check=False)
    if answer.returncode != 0:
        raise InvalidSignature(answer.stderr.decode())
