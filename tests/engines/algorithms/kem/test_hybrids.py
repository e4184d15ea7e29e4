"""HPKE against another implementation, and hybrids of which one half is broken."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke as library_hpke
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x25519

from engines.algorithms.base import BadCiphertext, Material
from engines.algorithms.kem import hybrid_kems
from engines.algorithms.kem.hpke import AES256, HKDF_SHA256, HKDF_SHA384
from engines.algorithms.kem.hybrid_kems import P384_MLKEM_1024, X25519_MLKEM_768
from engines.algorithms.kem.key_agreement import P384, X25519
from engines.algorithms.kem.mlkem import MLKEM_768, MLKEM_1024
from engines.algorithms.kem.mlkem_parameters import PrivateKey
from engines.algorithms.kem.providers import having
from engines.algorithms.registry import KEM_ALGORITHMS
from engines.faults import InvalidRequest
from tests.engines.algorithms.kem.answers import label


def library_suite(row: Any) -> library_hpke.Suite:
    kems = {
        MLKEM_768.name: library_hpke.KEM.MLKEM768,
        MLKEM_1024.name: library_hpke.KEM.MLKEM1024,
        X25519_MLKEM_768.name: library_hpke.KEM.MLKEM768_X25519,
        P384_MLKEM_1024.name: library_hpke.KEM.MLKEM1024_P384,
    }
    kdfs = {HKDF_SHA256: library_hpke.KDF.HKDF_SHA256, HKDF_SHA384: library_hpke.KDF.HKDF_SHA384}
    assert row.capabilities.hpke.aead == AES256
    return library_hpke.Suite(kems[row.name], kdfs[row.capabilities.hpke.kdf], library_hpke.AEAD.AES_256_GCM)


def library_key(row: Any) -> tuple[Any, Material]:
    """A private key as the library has it, and the same as we have it."""
    material = row.generate(0)
    if row is MLKEM_768:
        return mlkem.MLKEM768PrivateKey.from_seed_bytes(material.private), material
    if row is MLKEM_1024:
        return mlkem.MLKEM1024PrivateKey.from_seed_bytes(material.private), material
    stream = hashlib.shake_256(material.private).digest(64 + (32 if row is X25519_MLKEM_768 else 48))
    if row is X25519_MLKEM_768:
        return library_hpke.MLKEM768X25519PrivateKey(
            mlkem.MLKEM768PrivateKey.from_seed_bytes(stream[:64]),
            x25519.X25519PrivateKey.from_private_bytes(stream[64:]),
        ), material
    return library_hpke.MLKEM1024P384PrivateKey(
        mlkem.MLKEM1024PrivateKey.from_seed_bytes(stream[:64]),
        ec.derive_private_key(int.from_bytes(stream[64:], "big"), ec.SECP384R1()),
    ), material


@pytest.mark.parametrize("row", [MLKEM_768, MLKEM_1024, X25519_MLKEM_768, P384_MLKEM_1024], ids=label)
def test_hpke_is_that_of_cryptography_in_both_directions(row: Any) -> None:
    theirs, material = library_key(row)
    suite, ours = library_suite(row), row.capabilities.encapsulation(material)
    assert (
        row.capabilities.hpke.open(ours, suite.encrypt(b"message", theirs.public_key(), b"info"), b"info", b"")
        == b"message"
    )
    sealed = row.capabilities.hpke.seal(ours, b"message", b"info", b"")
    assert suite.decrypt(sealed, theirs, b"info") == b"message"
    with pytest.raises(InvalidTag):
        suite.decrypt(sealed, theirs, b"other")


@pytest.mark.parametrize("row", KEM_ALGORITHMS.values(), ids=label)
def test_what_is_not_whole_does_not_open(row: Any) -> None:
    key = row.capabilities.encapsulation(row.generate(0))
    message = row.capabilities.hpke.seal(key, b"message", b"info", b"data")
    assert row.capabilities.hpke.open(key, message, b"info", b"data") == b"message"
    enc = row.sizes.ciphertext_bytes
    flips = (0, enc // 2, enc - 1, enc, len(message) - 1)
    broken = [message[:place] + bytes([message[place] ^ 1]) + message[place + 1 :] for place in flips]
    for wrong in (*broken, b"", message[:enc], message[: enc - 1], message[:-1], message + b"\0"):
        with pytest.raises(BadCiphertext):
            row.capabilities.hpke.open(key, wrong, b"info", b"data")
    for info, data in ((b"", b"data"), (b"info", b""), (b"info", b"date")):
        with pytest.raises(BadCiphertext):
            row.capabilities.hpke.open(key, message, info, data)
    with pytest.raises(BadCiphertext):
        row.capabilities.hpke.open(row.capabilities.encapsulation(row.generate(0)), message, b"info", b"data")


@pytest.mark.parametrize("row", [X25519_MLKEM_768, P384_MLKEM_1024], ids=label)
def test_half_of_a_hybrid_opens_nothing(row: Any) -> None:
    """Whoever has broken one half, and so knows its private key, gets another secret for want of the other."""
    construction = hybrid_kems.X_WING if row is X25519_MLKEM_768 else hybrid_kems.P384_ML_KEM_1024
    material, other = row.generate(0), row.generate(0)
    shared_secret, ciphertext = row.capabilities.encapsulation(material).encapsulate()
    boundary = construction.parameters.ciphertext_bytes
    group_ciphertext = ciphertext[boundary:]
    group_public = material.public[construction.parameters.public_bytes :]
    lattice, group = construction.expand(material.private)
    wrong_lattice, wrong_group = construction.expand(other.private)

    def recover(lattice_key: PrivateKey, group_key: Any) -> bytes:
        provider = having(construction.parameters)[0]
        lattice_secret = provider.decapsulator(construction.parameters, lattice_key)(ciphertext[:boundary])
        return construction.combine(lattice_secret, group_key.agree(group_ciphertext), group_ciphertext, group_public)

    assert recover(lattice, group) == shared_secret
    assert recover(lattice, wrong_group) != shared_secret
    assert recover(wrong_lattice, group) != shared_secret


class KnownSecret:
    """Stands for a half that is broken: whatever comes, its secret is one that everybody knows."""

    secret = bytes(32)

    def agree(self, _: bytes) -> bytes:
        return self.secret

    def decapsulate(self, _: bytes) -> bytes:
        return self.secret


@pytest.mark.parametrize("broken", ["_decapsulate", "_group_key"])
@pytest.mark.parametrize("row", [X25519_MLKEM_768, P384_MLKEM_1024], ids=label)
def test_breaking_one_half_of_a_hybrid_opens_no_message(row: Any, broken: str) -> None:
    """The owner's own key, with a known secret for that of one half, no longer opens what was encrypted to it."""
    key = row.capabilities.encapsulation(row.generate(0))
    message = row.capabilities.hpke.seal(key, b"message", b"info", b"")
    assert row.capabilities.hpke.open(key, message, b"info", b"") == b"message"
    whole = getattr(key, broken)
    setattr(key, broken, KnownSecret() if broken == "_group_key" else KnownSecret().decapsulate)
    with pytest.raises(BadCiphertext):
        row.capabilities.hpke.open(key, message, b"info", b"")
    setattr(key, broken, whole)
    assert row.capabilities.hpke.open(key, message, b"info", b"") == b"message"


@pytest.mark.parametrize("row", [X25519_MLKEM_768, P384_MLKEM_1024], ids=label)
def test_a_hybrid_refuses_points_that_are_none(row: Any) -> None:
    material = row.generate(0)
    key = row.capabilities.encapsulation(material)
    _, ciphertext = key.encapsulate()
    size = (X25519 if row is X25519_MLKEM_768 else P384)().element_bytes
    for point in (bytes(size), b"\x02" + bytes(size - 1) if row is P384_MLKEM_1024 else b"\x01" + bytes(size - 1)):
        with pytest.raises(BadCiphertext):
            key.decapsulate(ciphertext[:-size] + point)
        with pytest.raises(InvalidRequest, match="not a public key"):
            row.interchange.import_public(base64.b64encode(material.public[:-size] + point).decode())
