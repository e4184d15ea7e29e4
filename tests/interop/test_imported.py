"""Keys that were made elsewhere move too: imported, public alone, with certificates, or wrapped from side to side."""

from __future__ import annotations

import pytest

from tests.interop.foreign import PAIRS, SYMMETRIC, certificate_chain, material, private_bytes, public_pem, wrapped
from tests.interop.proofs import CONTEXT, OPEN, PLAINTEXTS, base64_text, check, make
from tests.interop.sides import Pair, Side, document, new_name, settings_of

_KINDS = (*SYMMETRIC, *PAIRS)
_DERIVED = [kind for kind in SYMMETRIC if kind not in ("hmac", "aes128-gcm96")]


def _moved(pair: Pair, name: str) -> None:
    backup = pair.maker.back_up(name)
    pair.taker.write("restore", backup=backup)
    assert settings_of(pair.taker, name) == settings_of(pair.maker, name)
    assert document(pair.taker.back_up(name)) == document(backup)


def _imported(side: Side, kind: str, **settings: object) -> str:
    name = new_name()
    side.write(f"keys/{name}/import", ciphertext=wrapped(side, material(kind)), type=kind, **OPEN, **settings)
    return name


@pytest.mark.parametrize("kind", _KINDS)
def test_an_imported_key_moves(pair: Pair, kind: str) -> None:
    name = _imported(pair.maker, kind)
    first = make(pair.maker, name, 1)
    pair.maker.write(f"keys/{name}/import_version", ciphertext=wrapped(pair.maker, material(kind)))
    second = make(pair.maker, name, 2)
    _moved(pair, name)
    check(pair.taker, [*first, *second])
    check(pair.maker, make(pair.taker, name, 2))
    assert "does not allow rotation" in pair.taker.refusal(f"keys/{name}/rotate")
    pair.taker.write(f"keys/{name}/import_version", ciphertext=wrapped(pair.taker, material(kind)))
    assert pair.taker.read(f"keys/{name}")["latest_version"] == 3


def test_an_imported_key_that_may_rotate_does_so_over_there(pair: Pair) -> None:
    name = _imported(pair.maker, "aes256-gcm96", allow_rotation=True)
    proofs = make(pair.maker, name, 1)
    _moved(pair, name)
    pair.taker.write(f"keys/{name}/rotate")
    assert pair.taker.read(f"keys/{name}")["imported_key"] is False
    check(pair.taker, proofs)
    pair.maker.write("restore", backup=pair.taker.back_up(name), force=True)
    check(pair.maker, make(pair.taker, name, 2))


@pytest.mark.parametrize("kind", _DERIVED)
def test_the_derivation_of_imported_keys_is_the_same(pair: Pair, kind: str) -> None:
    name = _imported(pair.maker, kind, derived=True)
    proofs = make(pair.maker, name, 1)
    assert pair.maker.read(f"keys/{name}")["kdf_mode"] == "hmac-sha256-counter"
    _moved(pair, name)
    check(pair.taker, proofs)
    check(pair.maker, make(pair.taker, name, 1))


def test_what_openbao_cannot_open_itself_is_opened_here(sides: tuple[Side, Side]) -> None:
    """It derives 32 bytes for a key of 16, and takes the first of them to encrypt, but refuses to decrypt with them."""
    openbao, ours = sides
    name = _imported(openbao, "aes128-gcm96", derived=True)
    body = {"ciphertext": openbao.write(f"encrypt/{name}", plaintext=PLAINTEXTS[1], **CONTEXT)["ciphertext"], **CONTEXT}
    assert "length not correct" in openbao.refusal(f"decrypt/{name}", **body)
    ours.write("restore", backup=openbao.back_up(name))
    assert ours.write(f"decrypt/{name}", **body) == {"plaintext": PLAINTEXTS[1]}


def test_what_openbao_cannot_sign_with_signs_here(sides: tuple[Side, Side]) -> None:
    """It takes the 32 bytes that an imported key derives for a whole private key, which has 64."""
    openbao, ours = sides
    name = _imported(openbao, "ed25519", derived=True)
    body = {"input": base64_text(b"message"), **CONTEXT}
    assert "bad private key length" in openbao.refusal(f"sign/{name}", **body)
    ours.write("restore", backup=openbao.back_up(name))
    signature = ours.write(f"sign/{name}", **body)["signature"]
    assert ours.write(f"verify/{name}", **body, signature=signature)["valid"] is True


@pytest.mark.parametrize("kind", PAIRS)
def test_a_public_key_moves_and_is_completed_over_there(pair: Pair, kind: str) -> None:
    own = PAIRS[kind]()
    whole, public = new_name(), new_name()
    pair.maker.write(f"keys/{whole}/import", ciphertext=wrapped(pair.maker, private_bytes(own)), type=kind, **OPEN)
    pair.maker.write(f"keys/{public}/import", public_key=public_pem(own), type=kind, **OPEN)
    _moved(pair, public)
    body = {"input": base64_text(b"message")}
    signature = pair.maker.write(f"sign/{whole}", **body)["signature"]
    assert pair.taker.write(f"verify/{public}", **body, signature=signature)["valid"] is True
    assert pair.taker.refusal(f"sign/{public}", **body)
    pair.taker.write(f"keys/{public}/import_version", ciphertext=wrapped(pair.taker, private_bytes(own)), version=1)
    signature = pair.taker.write(f"sign/{public}", **body)["signature"]
    assert pair.maker.write(f"verify/{public}", **body, signature=signature)["valid"] is True


@pytest.mark.parametrize("kind", PAIRS)
def test_certificates_move(pair: Pair, kind: str) -> None:
    name = new_name()
    pair.maker.write(f"keys/{name}", type=kind, **OPEN)
    chain = certificate_chain(pair.maker.write(f"keys/{name}/csr")["csr"])
    pair.maker.write(f"keys/{name}/set-certificate", certificate_chain=chain)
    pair.maker.write(f"keys/{name}/rotate")
    _moved(pair, name)
    exports = [side.read(f"export/certificate-chain/{name}/1") for side in (pair.maker, pair.taker)]
    assert exports[0] == exports[1]
    assert exports[1]["keys"]["1"].strip() == chain.strip()
    pair.taker.write(f"keys/{name}/set-certificate", certificate_chain=chain, version=1)
    renewed = certificate_chain(pair.taker.write(f"keys/{name}/csr")["csr"])
    pair.taker.write(f"keys/{name}/set-certificate", certificate_chain=renewed)
    pair.maker.write("restore", backup=pair.taker.back_up(name), force=True)
    assert settings_of(pair.maker, name) == settings_of(pair.taker, name)


@pytest.mark.parametrize("kind", _KINDS)
def test_a_key_moves_wrapped(pair: Pair, kind: str) -> None:
    """Without a backup in clear: exported under the other side's wrapping key, and imported there."""
    name, recipient, copy = new_name(), new_name(), new_name()
    size = {"key_size": SYMMETRIC[kind]} if kind == "hmac" else {}
    pair.maker.write(f"keys/{name}", type=kind, exportable=True, **size)
    proofs = make(pair.maker, name, 1)
    pem = pair.taker.read("wrapping_key")["public_key"]
    pair.maker.write(f"keys/{recipient}/import", public_key=pem, type="rsa-4096")
    blob = pair.maker.read(f"byok-export/{recipient}/{name}")["keys"]["1"]
    pair.taker.write(f"keys/{copy}/import", ciphertext=blob, type=kind)
    # The keys that authenticate beside a key of another type stay behind: those are new.
    ours = [proof for proof in proofs if kind == "hmac" or "hmac" not in proof.body]
    check(pair.taker, [type(proof)(proof.path.replace(name, copy), proof.body, proof.expected) for proof in ours])


@pytest.mark.parametrize("kind", [kind for kind in PAIRS if kind.startswith("ecdsa")])
def test_both_sides_agree_on_a_key(pair: Pair, kind: str) -> None:
    bases = {side: new_name() for side in (pair.maker, pair.taker)}
    publics = {}
    for side, base in bases.items():
        side.write(f"keys/{base}", type=kind)
        publics[side] = side.read(f"keys/{base}")["keys"]["1"]["public_key"]
    agreed = new_name()
    for side, other in ((pair.maker, pair.taker), (pair.taker, pair.maker)):
        body = {"base_key_name": bases[side], "peer_public_key": publics[other]}
        side.write(f"derive-key/{agreed}", **body, derived_key_type="aes256-gcm96")
    ciphertext = pair.maker.write(f"encrypt/{agreed}", plaintext=PLAINTEXTS[1])["ciphertext"]
    assert pair.taker.write(f"decrypt/{agreed}", ciphertext=ciphertext) == {"plaintext": PLAINTEXTS[1]}
