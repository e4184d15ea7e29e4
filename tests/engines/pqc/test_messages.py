"""Shared secrets and messages of the engine ``pqc``: what opens, and the one text for all that doesn't."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives import hpke as library_hpke
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.algorithms.registry import KEM_ALGORITHMS
from engines.base import Operation
from engines.faults import Failed, InvalidRequest
from engines.pqc.routes import PQC
from tests.engines.driver import Driver, message_of

TYPES = list(KEM_ALGORITHMS)
UPDATE = Operation.UPDATE
FOREIGN = (InvalidRequest, "the ciphertext is malformed or was not made for this key")


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def parts(ciphertext: str) -> tuple[str, bytes]:
    prefix, _, text = ciphertext.rpartition(":")
    return prefix + ":", base64.b64decode(text)


@pytest.mark.parametrize("type_", TYPES)
async def test_a_secret_is_given_back_by_every_version(pqc: Driver, type_: str) -> None:
    await pqc.write("keys/k", type=type_)
    made = [await pqc.write("encapsulate/k")]
    await pqc.write("keys/k/rotate")
    made.append(await pqc.write("encapsulate/k"))
    made.append(await pqc.write("encapsulate/k", key_version=1))
    assert [answer["key_version"] for answer in made] == [1, 2, 1]
    assert len({answer["shared_secret"] for answer in made}) == 3
    for answer in made:
        prefix, ciphertext = parts(answer["ciphertext"])
        assert prefix == f"vault:v{answer['key_version']}:"
        assert len(ciphertext) == KEM_ALGORITHMS[type_].sizes.ciphertext_bytes
        opened = await pqc.write("decapsulate/k", ciphertext=answer["ciphertext"])
        assert opened == {"shared_secret": answer["shared_secret"]}


@pytest.mark.parametrize("type_", TYPES)
async def test_a_secret_that_was_tampered_with_is_another_or_none(pqc: Driver, type_: str) -> None:
    await pqc.write("keys/k", type=type_)
    made = await pqc.write("encapsulate/k")
    prefix, ciphertext = parts(made["ciphertext"])
    for place in range(0, len(ciphertext), 97):
        tampered = ciphertext[:place] + bytes([ciphertext[place] ^ 0x10]) + ciphertext[place + 1 :]
        try:
            opened = await pqc.write("decapsulate/k", ciphertext=prefix + encode(tampered))
        except InvalidRequest as fault:
            assert fault.message == FOREIGN[1]
        else:
            assert opened["shared_secret"] != made["shared_secret"]
            assert len(base64.b64decode(opened["shared_secret"])) == 32


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("size", [0, 1, 1000, 1 << 20])
async def test_messages_of_any_size_open_with_their_data_alone(pqc: Driver, type_: str, size: int) -> None:
    await pqc.write("keys/k", type=type_)
    plaintext, data = encode(b"m" * size), encode(b"data")
    sealed = await pqc.write("encrypt/k", plaintext=plaintext, associated_data=data)
    await pqc.write("keys/k/rotate")
    ciphertext = sealed["ciphertext"]
    assert sealed["key_version"] == 1
    assert await pqc.write("decrypt/k", ciphertext=ciphertext, associated_data=data) == {"plaintext": plaintext}
    for other in ("", encode(b"date")):
        refused = await message_of(pqc, UPDATE, "decrypt/k", ciphertext=ciphertext, associated_data=other)
        assert refused == FOREIGN


@pytest.mark.parametrize("type_", TYPES)
async def test_everything_wrong_with_a_ciphertext_is_told_in_the_same_words(pqc: Driver, type_: str) -> None:
    await pqc.write("keys/k", type=type_)
    await pqc.write("keys/other", type=type_)
    sealed = (await pqc.write("encrypt/k", plaintext=encode(b"message")))["ciphertext"]
    prefix, body = parts(sealed)
    size = KEM_ALGORITHMS[type_].sizes.ciphertext_bytes
    flipped = [body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :] for at in (0, size - 1, size, len(body) - 1)]
    texts = [prefix + encode(wrong) for wrong in (*flipped, b"", body[:size], body[:-1], body + b"\0", body[1:])]
    texts += [
        "x",
        "vault:",
        "vault:v1",
        "vault:v1:",
        "vault:v1:!",
        "vault:v1:é",
        sealed + "\n",
        sealed[1:],
        sealed + "=",
    ]
    texts += [f"vault:v{version}:{encode(body)}" for version in ("0", "01", "2", "-1", "", "1:", "9" * 30)]
    for text in texts:
        for path in ("decrypt", "decapsulate"):
            if path == "decapsulate" and text == prefix + encode(body[:size]):
                continue  # The start of a message is a ciphertext of the KEM.
            answer = await message_of(pqc, UPDATE, f"{path}/k", ciphertext=text)
            assert answer == FOREIGN, (path, text[:30])
    assert await message_of(pqc, UPDATE, "decrypt/other", ciphertext=sealed) == FOREIGN
    for path in ("decrypt", "decapsulate"):
        assert "missing ciphertext" in (await message_of(pqc, UPDATE, f"{path}/k"))[1]


async def test_retired_versions_do_not_open_and_say_so(pqc: Driver) -> None:
    await pqc.write("keys/k")
    sealed = (await pqc.write("encrypt/k", plaintext=""))["ciphertext"]
    await pqc.write("keys/k/rotate")
    await pqc.write("keys/k/config", min_decryption_version=2)
    retired = (InvalidRequest, "ciphertext version is disallowed by policy (too old)")
    assert await message_of(pqc, UPDATE, "decrypt/k", ciphertext=sealed) == retired
    await pqc.write("keys/k/config", min_decryption_version=1)
    assert await pqc.write("decrypt/k", ciphertext=sealed) == {"plaintext": ""}


async def test_which_versions_may_be_encrypted_to(pqc: Driver) -> None:
    await pqc.write("keys/k")
    await pqc.write("keys/k/rotate")
    await pqc.write("keys/k/config", min_encryption_version=2)
    for path, purpose in (("encapsulate", "encapsulation"), ("encrypt", "encryption")):
        for version, reason in ((1, "less than the minimum"), (3, "higher than the latest"), (-1, "negative")):
            message = (await message_of(pqc, UPDATE, f"{path}/k", key_version=version, plaintext=""))[1]
            assert message.startswith(f"requested version for {purpose} is {reason}")


async def test_input_must_be_base64(pqc: Driver) -> None:
    await pqc.write("keys/k")
    for parameters in ({"plaintext": "!"}, {"plaintext": "", "associated_data": "!"}):
        answer = await message_of(pqc, UPDATE, "encrypt/k", **parameters)
        assert answer == (InvalidRequest, "illegal base64 data at input byte 0")
    assert (await message_of(pqc, UPDATE, "encrypt/k"))[1] == "missing plaintext to encrypt"


async def test_others_encrypt_to_the_public_key_without_us(pqc: Driver) -> None:
    """With nothing but the public key and a library that has HPKE."""
    await pqc.write("keys/k", type="x25519-ml-kem-768")
    public = base64.b64decode((await pqc.read("keys/k"))["keys"]["1"]["public_key"])
    recipient = library_hpke.MLKEM768X25519PublicKey(
        mlkem.MLKEM768PublicKey.from_public_bytes(public[:1184]),
        x25519.X25519PublicKey.from_public_bytes(public[1184:]),
    )
    suite = library_hpke.Suite(
        library_hpke.KEM.MLKEM768_X25519, library_hpke.KDF.HKDF_SHA256, library_hpke.AEAD.AES_256_GCM
    )
    sealed = "vault:v1:" + encode(suite.encrypt(b"from afar", recipient, b"cryptoserve pqc encrypt v1"))
    assert await pqc.write("decrypt/k", ciphertext=sealed) == {"plaintext": encode(b"from afar")}


async def test_others_encapsulate_to_the_public_key_without_us(pqc: Driver) -> None:
    await pqc.write("keys/k", type="ml-kem-768")
    raw = base64.b64decode((await pqc.read("export/public-key/k", format="raw"))["keys"]["1"])
    shared_secret, ciphertext = mlkem.MLKEM768PublicKey.from_public_bytes(raw).encapsulate()
    opened = await pqc.write("decapsulate/k", ciphertext="vault:v1:" + encode(ciphertext))
    assert opened == {"shared_secret": encode(shared_secret)}
    pem = (await pqc.read("keys/k"))["keys"]["1"]["public_key"]
    loaded: Any = serialization.load_pem_public_key(pem.encode())
    assert loaded.public_bytes_raw() == raw


class TestBatches:
    async def test_each_item_is_answered_in_its_place(self, pqc: Driver) -> None:
        await pqc.write("keys/k", type="ml-kem-768")
        items = [
            {"plaintext": encode(bytes([number])), "associated_data": encode(b"d"), "reference": str(number)}
            for number in range(40)
        ]
        answer = await pqc.invoke(UPDATE, "encrypt/k", batch_input=items)
        assert answer.status is None and answer.data is not None
        sealed = answer.data["batch_results"]
        assert [result["reference"] for result in sealed] == [item["reference"] for item in items]
        opened = await pqc.write(
            "decrypt/k",
            batch_input=[{"ciphertext": each["ciphertext"], "associated_data": encode(b"d")} for each in sealed],
        )
        assert opened["batch_results"] == [{"plaintext": item["plaintext"], "reference": ""} for item in items]

    async def test_a_part_that_fails_fails_alone(self, pqc: Driver) -> None:
        await pqc.write("keys/k", type="ml-kem-768")
        good = (await pqc.write("encrypt/k", plaintext="AAAA"))["ciphertext"]
        items = [{"ciphertext": good}, {"ciphertext": "vault:v1:AAAA", "reference": "bad"}]
        answer = await pqc.invoke(UPDATE, "decrypt/k", batch_input=items)
        assert answer.status == 400 and answer.data == {
            "batch_results": [
                {"plaintext": "AAAA", "reference": ""},
                {"plaintext": "", "error": FOREIGN[1], "reference": "bad"},
            ]
        }
        answer = await pqc.invoke(UPDATE, "decrypt/k", batch_input=items, partial_failure_response_code=207)
        assert answer.status == 207
        answer = await pqc.invoke(UPDATE, "encrypt/k", batch_input=[{"plaintext": "!"}, {"plaintext": ""}])
        assert answer.status == 400 and answer.data is not None
        assert answer.data["batch_results"][0]["error"] == "illegal base64 data at input byte 0"

    async def test_batches_that_are_none_are_refused(self, pqc: Driver) -> None:
        await pqc.write("keys/k", type="ml-kem-768")
        for path in ("encrypt", "decrypt"):
            assert (await message_of(pqc, UPDATE, f"{path}/k", batch_input=[]))[1] == "missing batch input to process"
            kind, message = await message_of(pqc, UPDATE, f"{path}/k", batch_input=[{"ciphertext": 5, "plaintext": 5}])
            assert kind is Failed and message.startswith("failed to parse batch input")
            answer = await message_of(pqc, UPDATE, f"{path}/nope", batch_input=[{"ciphertext": "x", "plaintext": ""}])
            assert answer == (InvalidRequest, "key not found")


@given(text=st.text(max_size=60) | st.from_regex(r"vault:v[0-9]{1,3}:[A-Za-z0-9+/=\n]{0,80}", fullmatch=True))
@settings(max_examples=150)
async def test_no_text_makes_anything_but_the_one_answer(text: str) -> None:
    pqc = Driver(PQC)
    await pqc.write("keys/k", type="ml-kem-768")
    for path in ("decrypt", "decapsulate"):
        expected = FOREIGN if text else (InvalidRequest, f"missing ciphertext to {path}")
        assert await message_of(pqc, UPDATE, f"{path}/k", ciphertext=text) == expected
