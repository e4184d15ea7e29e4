"""What one side makes with a key, for the other to understand: ciphertexts, signatures and HMACs."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engines.algorithms.registry import ALGORITHMS
from tests.interop.sides import Side


def base64_text(data: bytes) -> str:
    """Base64, as all inputs have it."""
    return base64.b64encode(data).decode()


PLAINTEXTS = tuple(map(base64_text, (b"", b"hello", bytes(1000))))
MESSAGE = b"a message"
CONTEXT = {"context": base64_text(b"context")}
OPEN = {"exportable": True, "allow_plaintext_backup": True}

_ALL_KINDS: Mapping[str, Mapping[str, Any]] = {
    "aes128": {"type": "aes128-gcm96"},
    "aes256": {"type": "aes256-gcm96"},
    "chacha20": {"type": "chacha20-poly1305"},
    "xchacha20": {"type": "xchacha20-poly1305"},
    "derived-aes128": {"type": "aes128-gcm96", "derived": True},
    "derived-aes256": {"type": "aes256-gcm96", "derived": True},
    "derived-chacha20": {"type": "chacha20-poly1305", "derived": True},
    "derived-xchacha20": {"type": "xchacha20-poly1305", "derived": True},
    "convergent-aes128": {"type": "aes128-gcm96", "derived": True, "convergent_encryption": True},
    "convergent-aes256": {"type": "aes256-gcm96", "derived": True, "convergent_encryption": True},
    "convergent-chacha20": {"type": "chacha20-poly1305", "derived": True, "convergent_encryption": True},
    "convergent-xchacha20": {"type": "xchacha20-poly1305", "derived": True, "convergent_encryption": True},
    "ed25519": {"type": "ed25519"},
    "derived-ed25519": {"type": "ed25519", "derived": True},
    "p256": {"type": "ecdsa-p256"},
    "p384": {"type": "ecdsa-p384"},
    "p521": {"type": "ecdsa-p521"},
    "rsa2048": {"type": "rsa-2048"},
    "rsa3072": {"type": "rsa-3072"},
    "rsa4096": {"type": "rsa-4096"},
    "hmac32": {"type": "hmac", "key_size": 32},
    "hmac512": {"type": "hmac", "key_size": 512},
}
KINDS = {name: kind for name, kind in _ALL_KINDS.items() if kind["type"] in ALGORITHMS}
"""Every type of key that both sides have, in each way that it can be made, but for those in ``LATTICE_KINDS``."""

LATTICE_KINDS = {f"mldsa{size}": {"type": f"mldsa-{size}"} for size in (44, 65, 87)}
"""Those that OpenBao can't sign with once it has restored them: 2.7.2 drops the connection."""

_HASHES = ("sha2-256", "sha2-512", "sha3-256")


@dataclass(frozen=True, slots=True)
class Proof:
    """A request that a side which has the key must answer with ``expected``, among other things."""

    path: str
    body: Mapping[str, Any]
    expected: Mapping[str, Any]


def make(side: Side, name: str, version: int) -> list[Proof]:
    """What ``version`` of a key can make, one of each sort."""
    read = side.read(f"keys/{name}")
    context = CONTEXT if read["derived"] else {}
    proofs = list(_authenticated(side, name, version))
    if read["supports_encryption"]:
        proofs += _encrypted(side, name, version, context, aead=not read["supports_signing"])
    if read["supports_signing"]:
        proofs += _signed(side, name, version, context, read["type"])
    return proofs


def check(side: Side, proofs: Sequence[Proof]) -> None:
    """``side`` understands all of ``proofs``."""
    assert proofs
    for proof in proofs:
        answer = side.write(proof.path, **proof.body)
        assert {field: answer.get(field) for field in proof.expected} == proof.expected, proof


def _encrypted(side: Side, name: str, version: int, context: Mapping[str, Any], *, aead: bool) -> Iterator[Proof]:
    extras: list[dict[str, Any]] = [{}, {"associated_data": base64_text(b"header")}] if aead else [{}]
    for plaintext, extra in itertools.product(PLAINTEXTS if aead else PLAINTEXTS[:2], extras):
        body = {**context, **extra}
        made = side.write(f"encrypt/{name}", plaintext=plaintext, key_version=version, **body)
        assert made["key_version"] == version
        yield Proof(f"decrypt/{name}", {**body, "ciphertext": made["ciphertext"]}, {"plaintext": plaintext})
    items = [{"plaintext": plaintext, "key_version": version, **context} for plaintext in PLAINTEXTS[:2]]
    results = side.write(f"encrypt/{name}", batch_input=items)["batch_results"]
    for plaintext, result in zip(PLAINTEXTS, results, strict=False):
        yield Proof(f"decrypt/{name}", {**context, "ciphertext": result["ciphertext"]}, {"plaintext": plaintext})
    made = side.write(f"datakey/plaintext/{name}", key_version=version, **context)
    yield Proof(f"decrypt/{name}", {**context, "ciphertext": made["ciphertext"]}, {"plaintext": made["plaintext"]})


def _signed(side: Side, name: str, version: int, context: Mapping[str, Any], kind: str) -> Iterator[Proof]:
    choices: list[dict[str, Any]] = [{"hash_algorithm": hash_} for hash_ in _HASHES]
    choices.append({"marshaling_algorithm": "jws"})
    if kind.startswith("rsa"):
        schemes = ({"signature_algorithm": "pkcs1v15"}, {"salt_length": "hash"}, {"salt_length": "20"})
        choices += [{**scheme, "hash_algorithm": hash_} for scheme in schemes for hash_ in _HASHES[:2]]
    if kind != "ed25519":
        choices.append({"prehashed": True, "input": base64_text(hashlib.sha256(MESSAGE).digest())})
    for choice in choices:
        body = {"input": base64_text(MESSAGE), **context, **choice}
        signature = side.write(f"sign/{name}", key_version=version, **body)["signature"]
        yield Proof(f"verify/{name}", {**body, "signature": signature}, {"valid": True})
        other = {**body, "input": base64_text(hashlib.sha256(b"another message").digest())}
        yield Proof(f"verify/{name}", {**other, "signature": signature}, {"valid": False})


def _authenticated(side: Side, name: str, version: int) -> Iterator[Proof]:
    for hash_ in _HASHES:
        body = {"input": base64_text(MESSAGE), "algorithm": hash_}
        code = side.write(f"hmac/{name}", key_version=version, **body)["hmac"]
        yield Proof(f"verify/{name}", {**body, "hmac": code}, {"valid": True})
        yield Proof(f"verify/{name}", {**body, "input": base64_text(b"x"), "hmac": code}, {"valid": False})
