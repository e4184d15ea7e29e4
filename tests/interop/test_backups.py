"""A key that is backed up on one side and restored on the other is the same key, whatever its life was."""

from __future__ import annotations

from typing import Any

import pytest

from tests.interop.proofs import CONTEXT, KINDS, LATTICE_KINDS, OPEN, PLAINTEXTS, Proof, check, make
from tests.interop.sides import Pair, Side, document, edited, new_name, settings_of
from tests.support.products import Product, ServerFailed

_SLOW = ("rsa3072", "rsa4096")
_QUICK = [kind for kind in KINDS if kind not in _SLOW]


def _grown(side: Side, kind: str, versions: int, **settings: Any) -> tuple[str, dict[int, list[Proof]]]:
    """A key that was rotated, and what each of its versions made while it was the latest."""
    name = new_name()
    side.write(f"keys/{name}", **{**KINDS, **LATTICE_KINDS}[kind], **OPEN, **settings)
    proofs = {1: make(side, name, 1)}
    for version in range(2, versions + 1):
        side.write(f"keys/{name}/rotate")
        proofs[version] = make(side, name, version)
    return name, proofs


def _moved(pair: Pair, name: str) -> None:
    """Take ``name`` over; what the two sides tell and hold of it is the same."""
    backup = pair.maker.back_up(name)
    pair.taker.write("restore", backup=backup)
    assert settings_of(pair.taker, name) == settings_of(pair.maker, name)
    assert document(pair.taker.back_up(name)) == document(backup)


@pytest.mark.parametrize("kind", [*_QUICK, *(pytest.param(kind, marks=pytest.mark.soak) for kind in _SLOW)])
def test_a_key_moves_and_comes_back(pair: Pair, kind: str) -> None:
    name, proofs = _grown(pair.maker, kind, 2)
    _moved(pair, name)
    for made in proofs.values():
        check(pair.taker, made)
    check(pair.maker, make(pair.taker, name, 2))
    check(pair.maker, make(pair.taker, name, 1))
    # It lives on over there, and what it became is taken back.
    pair.taker.write(f"keys/{name}/rotate")
    third = make(pair.taker, name, 3)
    pair.maker.write("restore", backup=pair.taker.back_up(name), force=True)
    check(pair.maker, [*third, *proofs[1]])


@pytest.mark.parametrize("kind", LATTICE_KINDS)
def test_an_ml_dsa_key_moves_and_comes_back(pair: Pair, kind: str) -> None:
    name, proofs = _grown(pair.maker, kind, 2)
    _moved(pair, name)
    for made in proofs.values():
        check(pair.taker, made)
    if pair.taker.product is Product.CRYPTOSERVE:
        check(pair.maker, make(pair.taker, name, 2))
        check(pair.maker, make(pair.taker, name, 1))
    # What it becomes over there signs on either side.
    pair.taker.write(f"keys/{name}/rotate")
    third = make(pair.taker, name, 3)
    pair.maker.write("restore", backup=pair.taker.back_up(name), force=True)
    check(pair.maker, [*third, *proofs[1]])
    if pair.maker.product is Product.CRYPTOSERVE:
        check(pair.taker, make(pair.maker, name, 3))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.startswith("convergent")])
def test_convergent_encryption_converges_on_both_sides(pair: Pair, kind: str) -> None:
    name, _ = _grown(pair.maker, kind, 2)
    _moved(pair, name)
    for version in (1, 2):
        for plaintext in PLAINTEXTS:
            body = {"plaintext": plaintext, "key_version": version, **CONTEXT}
            texts = {side.write(f"encrypt/{name}", **body)["ciphertext"] for side in (pair.maker, pair.taker)}
            assert len(texts) == 1


@pytest.mark.parametrize("kind", _QUICK)
def test_archived_versions_move(pair: Pair, kind: str) -> None:
    name, proofs = _grown(pair.maker, kind, 3)
    pair.maker.write(f"keys/{name}/config", min_decryption_version=3)
    _moved(pair, name)
    check(pair.taker, proofs[3])
    first = proofs[1][-1]
    assert pair.taker.refusal(first.path, **first.body) == pair.maker.refusal(first.path, **first.body)
    pair.taker.write(f"keys/{name}/config", min_decryption_version=1)
    check(pair.taker, [*proofs[1], *proofs[2]])


@pytest.mark.parametrize("kind", _QUICK)
def test_trimmed_versions_are_gone_on_both_sides(pair: Pair, kind: str) -> None:
    name, proofs = _grown(pair.maker, kind, 4)
    pair.maker.write(f"keys/{name}/config", min_decryption_version=3, min_encryption_version=3)
    pair.maker.write(f"keys/{name}/trim", min_available_version=2)
    _moved(pair, name)
    for side in (pair.taker, pair.maker):
        assert "min available version" in side.refusal(f"keys/{name}/config", min_decryption_version=1)
    pair.taker.write(f"keys/{name}/config", min_decryption_version=2)
    check(pair.taker, [*proofs[2], *proofs[3], *proofs[4]])
    pair.taker.write(f"keys/{name}/rotate")
    pair.taker.write(f"keys/{name}/config", min_decryption_version=5, min_encryption_version=5)
    pair.taker.write(f"keys/{name}/trim", min_available_version=4)
    fifth = make(pair.taker, name, 5)
    pair.maker.write("restore", backup=pair.taker.back_up(name), force=True)
    pair.maker.write(f"keys/{name}/config", min_decryption_version=4)
    check(pair.maker, [*proofs[4], *fifth])


def test_settings_move(pair: Pair) -> None:
    name, proofs = _grown(pair.maker, "aes256", 3, auto_rotate_period="36h")
    pair.maker.write(f"keys/{name}/config", deletion_allowed=True, min_encryption_version=2)
    _moved(pair, name)
    read = pair.taker.read(f"keys/{name}")
    assert (read["auto_rotate_period"], read["deletion_allowed"], read["min_encryption_version"]) == (129_600, True, 2)
    assert read["restore_info"]["version"] == read["backup_info"]["version"] == 3
    check(pair.taker, proofs[1])


def test_a_restored_copy_has_its_new_name(pair: Pair) -> None:
    name, proofs = _grown(pair.maker, "aes256", 1)
    copy = new_name()
    pair.taker.write(f"restore/{copy}", backup=pair.maker.back_up(name))
    assert pair.taker.read(f"keys/{copy}")["name"] == copy
    check(pair.taker, [Proof(proof.path.replace(name, copy), proof.body, proof.expected) for proof in proofs[1]])


def test_a_soft_deleted_key_is_backed_up_by_neither(pair: Pair) -> None:
    name, _ = _grown(pair.maker, "aes256", 1)
    backup = pair.maker.back_up(name)
    pair.maker.delete(f"keys/{name}/soft-delete")
    pair.taker.write("restore", backup=backup)
    pair.taker.delete(f"keys/{name}/soft-delete")
    for side in (pair.maker, pair.taker):
        with pytest.raises(ServerFailed, match="refusing to use soft-deleted key"):
            side.back_up(name)


def test_a_key_marked_as_deleted_stays_so(pair: Pair) -> None:
    """Nobody gives a backup of such a key, but both take one."""
    name, proofs = _grown(pair.maker, "aes256", 2)
    pair.taker.write("restore", backup=edited(pair.maker.back_up(name), soft_deleted=True))
    assert pair.taker.read(f"keys/{name}")["soft_deleted"] is True
    assert pair.taker.refusal(f"encrypt/{name}", plaintext="") == "refusing to use soft-deleted key"
    pair.taker.write(f"keys/{name}/soft-delete-restore")
    check(pair.taker, proofs[1])
