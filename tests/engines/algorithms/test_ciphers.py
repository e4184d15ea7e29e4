"""Ciphers and MACs beyond AES-GCM and ChaCha20-Poly1305 against published vectors, and against changes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.algorithms.base import Aead, BadSignature, Material, SignatureOptions
from engines.algorithms.encodings.interchange import BadBackup
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Algorithm
from engines.algorithms.signatures.mldsa import MLDSA_44, MLDSA_65, MLDSA_87
from engines.algorithms.symmetric.aead import AES256_CCM, XCHACHA20_POLY1305, AesCcm, XChaCha20Poly1305
from engines.algorithms.symmetric.cbc import AES256_CBC_HMAC, AesCbc, AesCbcHmac
from engines.algorithms.symmetric.cmac import AesCmac
from engines.algorithms.symmetric.xts import AES256_XTS, AesXts
from engines.encoding import encode_base64
from engines.faults import Failed, InvalidRequest
from tests.engines.algorithms.vectors import (
    A256CBC_HS512_VECTOR,
    XCHACHA20_POLY1305_VECTOR,
    AeadVector,
    cases,
    hexadecimal,
)

AEADS = [row for row in ALGORITHMS.values() if row.takes_associated_data]
OTHERS = [row for row in ALGORITHMS.values() if row.capabilities.aead is not None and not row.usage.authenticates]


def cipher_of(row: Algorithm) -> Any:
    """A cipher of ``row`` with a random key."""
    assert row.capabilities.aead is not None
    return row.capabilities.aead(row.generate(0).private)


@pytest.mark.parametrize("file", ["VNT256", "VPT256", "VADT256"])
def test_aes_ccm_seals_as_nist_says(file: str) -> None:
    checked = 0
    for case in cases(f"ciphers/AES/CCM/{file}.rsp", "CT"):
        assert case["Tlen"] == "16"
        data = hexadecimal(case, "Adata")[: int(case["Alen"])]
        payload = hexadecimal(case, "Payload")[: int(case["Plen"])]
        cipher = AesCcm(hexadecimal(case, "Key"))
        assert cipher.seal(hexadecimal(case, "Nonce"), payload, data) == hexadecimal(case, "CT")
        assert cipher.open(hexadecimal(case, "Nonce"), hexadecimal(case, "CT"), data) == payload
        checked += 1
    assert checked >= 60


def test_aes_ccm_opens_what_nist_says_and_nothing_else() -> None:
    opened = refused = 0
    for case in cases("ciphers/AES/CCM/DVPT256.rsp", "Result"):
        # The heading ``[Alen = 0, Plen = 0, Nlen = 7, Tlen = 4]`` comes as one field.
        heading = dict(part.split("=") for part in f"Alen={case['Alen']}".replace(" ", "").split(","))
        if heading["Tlen"] != "16":
            continue
        data = hexadecimal(case, "Adata")[: int(heading["Alen"])]
        cipher = AesCcm(hexadecimal(case, "Key"))
        if case["Result"].startswith("Pass"):
            cipher.open(hexadecimal(case, "Nonce"), hexadecimal(case, "CT"), data)
            opened += 1
        else:
            with pytest.raises(InvalidRequest, match="cipher: message authentication failed"):
                cipher.open(hexadecimal(case, "Nonce"), hexadecimal(case, "CT"), data)
            refused += 1
    assert opened > 20
    assert refused > 20


def test_aes_ccm_refuses_what_its_length_field_can_not_hold() -> None:
    cipher, nonce = cipher_of(AES256_CCM), bytes(12)
    whole = bytes(2**24 - 1)
    assert cipher.open(nonce, cipher.seal(nonce, whole, None), None) == whole
    with pytest.raises(InvalidRequest, match="at most 16777215 bytes"):
        cipher.seal(nonce, whole + b"x", None)
    with pytest.raises(InvalidRequest, match="authentication failed"):
        cipher.open(nonce, whole + bytes(17), None)


@pytest.mark.parametrize(
    ("prepare", "vector"),
    [(XChaCha20Poly1305, XCHACHA20_POLY1305_VECTOR), (AesCbcHmac, A256CBC_HS512_VECTOR)],
    ids=["XChaCha20-Poly1305", "A256CBC-HS512"],
)
def test_an_aead_seals_as_published(prepare: Callable[[bytes], Aead], vector: AeadVector) -> None:
    cipher = prepare(vector.key)
    assert cipher.seal(vector.nonce, vector.plaintext, vector.data) == vector.sealed
    assert cipher.open(vector.nonce, vector.sealed, vector.data) == vector.plaintext


@pytest.mark.parametrize("bits", [128, 256])
@pytest.mark.parametrize("kind", ["GFSbox", "KeySbox", "VarKey", "VarTxt", "MMT"])
def test_aes_cbc_encrypts_as_nist_says(bits: int, kind: str) -> None:
    """NIST's messages are whole blocks; what is behind theirs is the block of padding."""
    checked = 0
    for case in cases(f"ciphers/AES/CBC/CBC{kind}{bits}.rsp", "CIPHERTEXT"):
        if "PLAINTEXT" not in case:
            continue
        cipher, nonce = AesCbc(hexadecimal(case, "KEY")), hexadecimal(case, "IV")
        plaintext, expected = hexadecimal(case, "PLAINTEXT"), hexadecimal(case, "CIPHERTEXT")
        if case["section"] == "DECRYPT":
            continue
        sealed = cipher.seal(nonce, plaintext, None)
        assert sealed[: len(plaintext)] == expected
        assert cipher.open(nonce, sealed, None) == plaintext
        checked += 1
    assert checked >= 4


@pytest.mark.parametrize("folder", ["tweak-128hexstr"])
def test_aes_xts_encrypts_as_nist_says(folder: str) -> None:
    checked = 0
    for case in cases(f"ciphers/AES/XTS/{folder}/XTSGenAES256.rsp", "CT"):
        if int(case["DataUnitLen"]) % 8 or case["section"] != "ENCRYPT":
            continue
        cipher, tweak = AesXts(hexadecimal(case, "Key")), hexadecimal(case, "i")
        assert cipher.seal(tweak, hexadecimal(case, "PT"), None) == hexadecimal(case, "CT")
        assert cipher.open(tweak, hexadecimal(case, "CT"), None) == hexadecimal(case, "PT")
        checked += 1
    assert checked > 200


def test_aes_xts_decrypts_as_nist_says() -> None:
    checked = 0
    for case in cases("ciphers/AES/XTS/tweak-128hexstr/XTSGenAES256.rsp", "PT"):
        if int(case["DataUnitLen"]) % 8 or case["section"] != "DECRYPT":
            continue
        cipher = AesXts(hexadecimal(case, "Key"))
        assert cipher.open(hexadecimal(case, "i"), hexadecimal(case, "CT"), None) == hexadecimal(case, "PT")
        checked += 1
    assert checked > 200


@pytest.mark.parametrize("size", [0, 1, 15, 2**24 + 1])
def test_aes_xts_refuses_what_is_no_data_unit(size: int) -> None:
    cipher = cipher_of(AES256_XTS)
    with pytest.raises(InvalidRequest, match="16 to 16777216 bytes"):
        cipher.seal(bytes(16), bytes(size), None)
    with pytest.raises(InvalidRequest, match="invalid ciphertext length"):
        cipher.open(bytes(16), bytes(size), None)


def test_aes_xts_has_no_keys_of_two_equal_halves() -> None:
    forms = AES256_XTS.interchange
    equal = bytes(range(32)) * 2
    with pytest.raises(Failed, match="must differ"):
        forms.import_private(equal)
    with pytest.raises(BadBackup):
        forms.from_backup({"key": encode_base64(equal)})
    with pytest.raises(Failed, match="invalid key size 32 bytes"):
        forms.import_private(equal[:32])


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_cmac_gives_what_nist_says(bits: int) -> None:
    checked = 0
    for case in cases(f"CMAC/nist-800-38b-aes{bits}.txt", "OUTPUT"):
        mac = AesCmac(hexadecimal(case, "KEY"))
        for _ in range(2):
            assert mac.digest(hexadecimal(case, "MESSAGE")) == hexadecimal(case, "OUTPUT")
        checked += 1
    assert checked == 4


@pytest.mark.parametrize("row", [MLDSA_44, MLDSA_65, MLDSA_87], ids=lambda row: row.name)
def test_ml_dsa_verifies_what_the_known_answers_say(row: Algorithm) -> None:
    assert row.capabilities.signature is not None
    path = f"asymmetric/MLDSA/kat_{row.parameter_set.replace('-', '').replace('MLDSA', 'MLDSA_')}_det_pure.rsp"
    for case in itertools.islice(cases(path, "ctx", first="count"), 20):
        public, message = hexadecimal(case, "pk"), hexadecimal(case, "msg")
        signature = hexadecimal(case, "sm")[: row.sizes.signature_bytes]
        options = SignatureOptions(None, context=hexadecimal(case, "ctx"))
        key = row.capabilities.signature(Material(b"", public))
        key.verify(message, signature, options)
        for wrong in (
            (message + b"x", signature, options),
            (message, bytes([signature[0] ^ 1]) + signature[1:], options),
            (message, signature[:-1], options),
            (message, signature + b"\0", options),
            (message, b"", options),
            (message, signature, SignatureOptions(None, context=options.context + b"x")),
        ):
            with pytest.raises(BadSignature):
                key.verify(*wrong)
        made = row.interchange.from_backup({"key": encode_base64(hexadecimal(case, "xi")), "public_key": _text(public)})
        assert made.public == public


def _text(data: bytes) -> str:
    return encode_base64(data)


@pytest.mark.parametrize("row", AEADS, ids=lambda row: row.name)
def test_every_changed_bit_and_every_lost_byte_is_noticed(row: Algorithm) -> None:
    cipher, nonce = cipher_of(row), bytes(range(row.sizes.nonce_bytes))
    sealed = cipher.seal(nonce, b"some plaintext", b"data")
    for index in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[index] ^= 1 << bit
            with pytest.raises(InvalidRequest, match="message authentication failed"):
                cipher.open(nonce, bytes(changed), b"data")
        with pytest.raises(InvalidRequest, match="message authentication failed"):
            cipher.open(nonce, sealed[:index], b"data")
        with pytest.raises(InvalidRequest, match="message authentication failed"):
            cipher.open(nonce, sealed[index + 1 :], b"data")
    for index in range(row.sizes.nonce_bytes):
        other = bytearray(nonce)
        other[index] ^= 1
        with pytest.raises(InvalidRequest, match="message authentication failed"):
            cipher.open(bytes(other), sealed, b"data")
    with pytest.raises(InvalidRequest, match="message authentication failed"):
        cipher.open(nonce, sealed + b"\0", b"data")


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row.name)
def test_what_does_not_authenticate_gives_no_plaintext_back_that_was_changed(row: Algorithm) -> None:
    """A change is noticed by luck only, but it never goes without effect."""
    cipher, nonce = cipher_of(row), bytes(range(row.sizes.nonce_bytes))
    plaintext = b"some plaintext of 40 bytes, 2.5 blocks.."
    sealed = cipher.seal(nonce, plaintext, None)
    for index in range(len(sealed)):
        changed = bytearray(sealed)
        changed[index] ^= 1
        try:
            assert cipher.open(nonce, bytes(changed), None) != plaintext
        except InvalidRequest as fault:
            assert fault.message is not None


@pytest.mark.parametrize("row", [row for row in ALGORITHMS.values() if row.capabilities.aead], ids=lambda row: row.name)
@given(nonce=st.binary(min_size=24, max_size=24), data=st.binary(max_size=100))
def test_no_ciphertext_is_anything_but_refused_or_opened(row: Algorithm, nonce: bytes, data: bytes) -> None:
    cipher = cipher_of(row)
    try:
        opened = cipher.open(nonce[: row.sizes.nonce_bytes], data, None)
    except InvalidRequest:
        return
    assert not row.usage.authenticates
    assert isinstance(opened, bytes)


@given(st.binary(max_size=80), st.binary(max_size=40))
def test_cbc_with_hmac_keeps_what_it_is_given(plaintext: bytes, data: bytes) -> None:
    cipher = cipher_of(AES256_CBC_HMAC)
    sealed = cipher.seal(bytes(16), plaintext, data)
    assert len(sealed) == 16 * (len(plaintext) // 16 + 1) + 32
    assert cipher.open(bytes(16), sealed, data) == plaintext
    # Associated data and ciphertext can't trade bytes: the length of the former is authenticated.
    with pytest.raises(InvalidRequest):
        cipher.open(bytes(16), sealed[1:], data + sealed[:1])


@given(st.binary(max_size=80), st.binary(max_size=40))
def test_xchacha20_poly1305_keeps_what_it_is_given(plaintext: bytes, data: bytes) -> None:
    cipher = cipher_of(XCHACHA20_POLY1305)
    assert cipher.open(bytes(24), cipher.seal(bytes(24), plaintext, data), data) == plaintext
