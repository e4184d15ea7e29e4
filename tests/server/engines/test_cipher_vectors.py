"""Published vectors of symmetric ciphers, CMAC and HKDF through the API, with keys that a client has imported.

What of a vector the API leaves nobody a choice of (a nonce's length, a tag's) keeps some of them out; each test says
which, and how many it takes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from itertools import islice

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.engines.algorithms.vectors import A256CBC_HS512_VECTOR, XCHACHA20_POLY1305_VECTOR, cases, hexadecimal
from tests.server.processes.importer import Importer, text

PER_FILE = 10
"""How many cases are taken from one file; an import costs a private operation of RSA-4096."""


async def opens(client: Importer, name: str, payload: bytes, data: bytes = b"") -> bytes | str:
    """What the API decrypts ``payload`` to, or the text of its 400."""
    request = {"ciphertext": f"vault:v1:{text(payload)}", "associated_data": text(data)}
    status, answer = await client.post(f"decrypt/{name}", **request)
    if status == 200:
        return base64.b64decode(answer["data"]["plaintext"])
    assert status == 400
    (message,) = answer["errors"]
    assert isinstance(message, str)
    return message


def changes(payload: bytes, nonce_bytes: int) -> Iterator[bytes]:
    """``payload`` with a bit changed in its nonce, in what is encrypted if there is any, and in its tag."""
    for at in (0, min(nonce_bytes, len(payload) - 1), len(payload) - 1):
        yield bytes([*payload[:at], payload[at] ^ 1, *payload[at + 1 :]])


async def test_aes_ccm_of_nist(client: Importer) -> None:
    """Only the ten cases of VNT256 with nonces of 12 bytes fit the API.

    All others have another nonce (13 bytes in VADT256, VPT256 and VTT256, 7 or 13 in DVPT256) or another tag than the
    16 bytes of RFC 5116, which the API lets nobody choose.
    """
    fitting = []
    others = 0
    for file in ("VNT256", "VPT256", "VADT256", "VTT256"):
        for case in cases(f"ciphers/AES/CCM/{file}.rsp", "CT"):
            fits = len(hexadecimal(case, "Nonce")) == 12 and case["Tlen"] == "16"
            fitting += [case] if fits else []
            others += not fits
    assert (len(fitting), others > 200) == (10, True)
    assert all(len(hexadecimal(case, "Nonce")) != 12 for case in cases("ciphers/AES/CCM/DVPT256.rsp", "Result"))
    for case in fitting:
        name = await client.bring("aes256-ccm", hexadecimal(case, "Key"))
        payload = hexadecimal(case, "Nonce") + hexadecimal(case, "CT")
        data = hexadecimal(case, "Adata")
        assert await opens(client, name, payload, data) == hexadecimal(case, "Payload")
        for changed in changes(payload, 12):
            assert await opens(client, name, changed, data) == "cipher: message authentication failed"
        assert await opens(client, name, payload, data + b"x") == "cipher: message authentication failed"


@pytest.mark.parametrize("bits", [128, 256])
async def test_aes_cbc_of_nist(client: Importer, bits: int) -> None:
    """NIST's messages are whole blocks without padding, which the API adds and wants to see.

    So each is opened with the block behind it that padding would be, made by ``cryptography``; as it stands, it is
    refused, but where its last bytes look like padding by chance.
    """
    opened = refused = 0
    for kind in ("GFSbox", "KeySbox", "MMT"):
        found = cases(f"ciphers/AES/CBC/CBC{kind}{bits}.rsp", "PLAINTEXT")
        for case in islice((case for case in found if case["section"] == "DECRYPT"), PER_FILE):
            key, nonce = hexadecimal(case, "KEY"), hexadecimal(case, "IV")
            plaintext, ciphertext = hexadecimal(case, "PLAINTEXT"), hexadecimal(case, "CIPHERTEXT")
            encryptor = Cipher(algorithms.AES(key), modes.CBC(ciphertext[-16:])).encryptor()
            padding_block = encryptor.update(bytes([16]) * 16)
            name = await client.bring(f"aes{bits}-cbc", key)
            assert await opens(client, name, nonce + ciphertext + padding_block) == plaintext
            opened += 1
            if not (1 <= plaintext[-1] <= 16 and plaintext.endswith(plaintext[-1:] * plaintext[-1])):
                answer = await opens(client, name, nonce + ciphertext)
                assert answer == "invalid ciphertext: it can't be decrypted with this key"
                refused += 1
    assert (opened, refused) == ({128: 27, 256: 25}[bits], {128: 27, 256: 25}[bits])


async def test_aes_cbc_with_hmac_of_rfc_7518(client: Importer) -> None:
    """Appendix B.3, the one vector of A256CBC-HS512."""
    name = await client.bring("aes256-cbc-hmac-sha512", A256CBC_HS512_VECTOR.key)
    payload = A256CBC_HS512_VECTOR.nonce + A256CBC_HS512_VECTOR.sealed
    assert await opens(client, name, payload, A256CBC_HS512_VECTOR.data) == A256CBC_HS512_VECTOR.plaintext
    for changed in (*changes(payload, 16), payload[:-1], payload[:-32]):
        assert await opens(client, name, changed, A256CBC_HS512_VECTOR.data) == "cipher: message authentication failed"
    assert await opens(client, name, payload) == "cipher: message authentication failed"


async def test_xchacha20_poly1305_of_the_draft(client: Importer) -> None:
    """draft-irtf-cfrg-xchacha-03, A.3.1, the one vector of the AEAD."""
    name = await client.bring("xchacha20-poly1305", XCHACHA20_POLY1305_VECTOR.key)
    payload = XCHACHA20_POLY1305_VECTOR.nonce + XCHACHA20_POLY1305_VECTOR.sealed
    assert await opens(client, name, payload, XCHACHA20_POLY1305_VECTOR.data) == XCHACHA20_POLY1305_VECTOR.plaintext
    for changed in changes(payload, 24):
        answer = await opens(client, name, changed, XCHACHA20_POLY1305_VECTOR.data)
        assert answer == "chacha20poly1305: message authentication failed"
    assert await opens(client, name, payload) == "chacha20poly1305: message authentication failed"


async def test_aes_xts_of_nist(client: Importer) -> None:
    """A tenth of the decryptions in whole bytes; units of 140 or 250 bits can't be said in base64.

    Of the tweaks, those given as 16 bytes are the nonces of the API, whatever they stand for.
    """
    found = list(cases("ciphers/AES/XTS/tweak-128hexstr/XTSGenAES256.rsp", "PT"))
    decryptions = [case for case in found if case["section"] == "DECRYPT"]
    fitting = [case for case in decryptions if int(case["DataUnitLen"]) % 8 == 0]
    assert (len(decryptions), len(fitting)) == (500, 300)
    opened = 0
    for case in fitting[::10]:
        name = await client.bring("aes256-xts", hexadecimal(case, "Key"))
        payload = hexadecimal(case, "i") + hexadecimal(case, "CT")
        assert await opens(client, name, payload) == hexadecimal(case, "PT")
        assert await opens(client, name, payload[: 16 + 15]) == "invalid ciphertext length"
        changed = await opens(client, name, payload[:-1] + bytes([payload[-1] ^ 1]))
        # XTS notices nothing: it gives something else, of the same length.
        assert isinstance(changed, bytes) and changed != hexadecimal(case, "PT")
        opened += 1
    assert opened == 30


@pytest.mark.parametrize("bits", [128, 192, 256])
async def test_aes_cmac_of_nist(client: Importer, bits: int) -> None:
    """Three of four cases: the API authenticates no empty message, which is the first."""
    checked = refused = 0
    for case in cases(f"CMAC/nist-800-38b-aes{bits}.txt", "OUTPUT"):
        name = await client.bring(f"aes{bits}-cmac", hexadecimal(case, "KEY"))
        message, expected = hexadecimal(case, "MESSAGE"), hexadecimal(case, "OUTPUT")
        if not message:
            status, answer = await client.post(f"cmac/{name}", input="")
            assert (status, answer["errors"]) == (400, ["input item 0 was blank"])
            refused += 1
            continue
        for size in (16, 8, 4):
            code = f"vault:v1:{text(expected[:size])}"
            assert await client.data(f"cmac/{name}/{size}", input=text(message)) == {"cmac": code}
            verified = await client.data(f"verify/{name}", input=text(message), cmac=code, mac_length=size)
            assert verified == {"valid": True}
            flipped = f"vault:v1:{text(bytes([expected[0] ^ 1]) + expected[1:size])}"
            verified = await client.data(f"verify/{name}", input=text(message), cmac=flipped, mac_length=size)
            assert verified == {"valid": False}
        checked += 1
    assert (checked, refused) == (3, 1)


async def test_hkdf_of_rfc_5869_fits_nowhere(client: Importer) -> None:
    """No published vector of HKDF-SHA256 can be put through the API, so a key of a vector is derived and compared.

    A derived key is HKDF of a whole key of its type with the context as info, which mustn't be empty, and without a
    salt; the vectors have input of 22 or 80 bytes. What they say is held against ``cryptography`` below, and that
    against what the API derives from the input that fits a key, cut or repeated to 32 bytes.
    """
    found = [
        *cases("KDF/rfc-5869-HKDF-SHA256.txt", "OKM", first="COUNT"),
        *cases("KDF/hkdf-generated.txt", "OKM", first="COUNT"),
    ]
    assert len(found) >= 4
    settings = {"derived": True, "exportable": True, "allow_plaintext_backup": True}
    await client.data("keys/derived", **settings)
    for number, case in enumerate(found):
        key, salt, info = (hexadecimal(case, field) for field in ("IKM", "salt", "info"))
        assert not (len(key) == 32 and info and not salt), "this one fits, and deserves a test"
        expected = hexadecimal(case, "OKM")
        assert HKDF(hashes.SHA256(), len(expected), salt or None, info).derive(key) == expected
        backup = json.loads(base64.b64decode((await client.read("backup/derived"))["backup"]))
        whole, context = (key * 2)[:32], info or b"context"
        for entry in (backup["policy"]["keys"]["1"], backup["archived_keys"]["keys"][1]):
            entry["key"] = text(whole)
        restored = text(json.dumps(backup).encode())
        status, answer = await client.post(f"restore/hkdf-{number}", backup=restored)
        assert status == 204, answer
        sealed = (await client.data(f"encrypt/hkdf-{number}", plaintext=text(b"x"), context=text(context)))[
            "ciphertext"
        ]
        payload = base64.b64decode(sealed[9:])
        derived = HKDF(hashes.SHA256(), 32, None, context).derive(whole)
        assert AESGCM(derived).decrypt(payload[:12], payload[12:], None) == b"x"
