"""What Vault has and OpenBao hasn't, and what neither has: CMAC, more ciphers, data keys by the dozen."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import mldsa
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from engines.algorithms.registry import ALGORITHMS
from engines.base import MAX_BATCH_ITEMS, Operation
from engines.faults import Failed, InvalidRequest
from engines.transit.routes import TRANSIT
from tests.engines.driver import Driver, message_of

HELLO = base64.b64encode(b"hello").decode()
BLOCKS = base64.b64encode(b"hello, this is more than a block").decode()
CONTEXT = base64.b64encode(b"context").decode()
OPEN = {"exportable": True, "allow_plaintext_backup": True}

CIPHERS = [row.name for row in ALGORITHMS.values() if row.capabilities.aead is not None]
UNAUTHENTICATED = ["aes128-cbc", "aes256-cbc", "aes256-xts"]
CMACS = ["aes128-cmac", "aes192-cmac", "aes256-cmac"]


@pytest.mark.parametrize("type_", CIPHERS)
@pytest.mark.parametrize(
    "parameters", [{}, {"derived": True}, {"derived": True, "convergent_encryption": True}], ids=str
)
async def test_every_cipher_does_all_that_keys_do(transit: Driver, type_: str, parameters: dict[str, bool]) -> None:
    await transit.write("keys/k", type=type_, **parameters, **OPEN)
    context = {"context": CONTEXT} if parameters else {}
    sealed = [(await transit.write("encrypt/k", plaintext=BLOCKS, **context))["ciphertext"] for _ in range(2)]
    assert (sealed[0] == sealed[1]) is ("convergent_encryption" in parameters)
    batch = [{"plaintext": BLOCKS, **context}] * 3
    results = (await transit.write("encrypt/k", batch_input=batch))["batch_results"]
    sealed += [item["ciphertext"] for item in results]
    await transit.write("keys/k/rotate")
    rewrapped = [{"ciphertext": text, **context} for text in sealed]
    results = (await transit.write("rewrap/k", batch_input=rewrapped))["batch_results"]
    sealed += [item["ciphertext"] for item in results]
    data_key = await transit.write("datakey/plaintext/k", **context)
    other = Driver(TRANSIT)
    await other.write("restore", backup=(await transit.read("backup/k"))["backup"])
    for driver in (transit, other):
        opened = await driver.write("decrypt/k", ciphertext=data_key["ciphertext"], **context)
        assert opened == {"plaintext": data_key["plaintext"]}
        batch = [{"ciphertext": text, **context} for text in sealed]
        results = (await driver.write("decrypt/k", batch_input=batch))["batch_results"]
        assert [item["plaintext"] for item in results] == [BLOCKS] * len(sealed)


@pytest.mark.parametrize("type_", CIPHERS)
async def test_associated_data_are_bound_or_refused(transit: Driver, type_: str) -> None:
    await transit.write("keys/k", type=type_)
    if type_ in UNAUTHENTICATED:
        for path in ("encrypt/k", "decrypt/k"):
            parameters = {"plaintext": BLOCKS, "ciphertext": "vault:v1:" + BLOCKS, "associated_data": "YQ=="}
            assert await message_of(transit, Operation.UPDATE, path, **parameters) == (
                InvalidRequest,
                f"'[0].associated_data' provided for non-AEAD cipher suite {type_}",
            )
        return
    sealed = (await transit.write("encrypt/k", plaintext=HELLO, associated_data="YQ=="))["ciphertext"]
    assert await transit.write("decrypt/k", ciphertext=sealed, associated_data="YQ==") == {"plaintext": HELLO}
    for wrong in ({}, {"associated_data": "Yg=="}):
        kind, text = await message_of(transit, Operation.UPDATE, "decrypt/k", ciphertext=sealed, **wrong)
        assert kind is InvalidRequest
        assert text.endswith("message authentication failed")


@pytest.mark.parametrize("type_", CIPHERS)
async def test_a_cut_ciphertext_is_refused(transit: Driver, type_: str) -> None:
    await transit.write("keys/k", type=type_)
    sealed = base64.b64decode((await transit.write("encrypt/k", plaintext=BLOCKS))["ciphertext"][9:])
    for size in range(len(sealed)):
        text = "vault:v1:" + base64.b64encode(sealed[:size]).decode()
        for parameters in ({"ciphertext": text}, {"batch_input": [{"ciphertext": text}]}):
            if type_ in UNAUTHENTICATED and size >= 16 + 16:
                continue  # What is left may well be a ciphertext.
            try:
                answer = await transit.invoke(Operation.UPDATE, "decrypt/k", **parameters)
            except InvalidRequest as fault:
                assert fault.message
            else:
                assert answer.status == 400


async def test_types_that_notice_no_change_are_warned_of(transit: Driver) -> None:
    for type_ in ("aes256-gcm96", "aes256-cbc-hmac-sha512", "rsa-2048", "ed25519"):
        assert not (await transit.invoke(Operation.UPDATE, f"keys/{type_}", type=type_)).warnings
    for type_ in UNAUTHENTICATED:
        answer = await transit.invoke(Operation.UPDATE, f"keys/{type_}", type=type_)
        assert answer.warnings == [f"keys of type {type_} don't notice that a ciphertext was changed"]
        fault = await message_of(transit, Operation.UPDATE, "encrypt/new", plaintext=BLOCKS, type=type_)
        assert fault == (InvalidRequest, f"unknown key type {type_}")


async def test_short_messages_have_no_place_in_xts(transit: Driver) -> None:
    await transit.write("keys/k", type="aes256-xts")
    text = "a message for aes256-xts has 16 to 16777216 bytes"
    assert await message_of(transit, Operation.UPDATE, "encrypt/k", plaintext=HELLO) == (InvalidRequest, text)
    answer = await transit.invoke(
        Operation.UPDATE, "encrypt/k", batch_input=[{"plaintext": HELLO}, {"plaintext": BLOCKS}]
    )
    assert answer.data is not None
    assert answer.status == 400
    assert answer.data["batch_results"][0]["error"] == text
    assert answer.data["batch_results"][1]["ciphertext"]


async def test_a_key_for_xts_comes_of_an_agreement(transit: Driver) -> None:
    await transit.write("keys/base", type="ecdsa-p256")
    public = (await transit.read("keys/base"))["keys"]["1"]["public_key"]
    for type_ in ("aes256-xts", "aes256-cbc-hmac-sha512", "aes256-ccm", "xchacha20-poly1305"):
        await transit.write(f"derive-key/{type_}", base_key_name="base", peer_public_key=public, derived_key_type=type_)
        sealed = (await transit.write(f"encrypt/{type_}", plaintext=BLOCKS))["ciphertext"]
        assert await transit.write(f"decrypt/{type_}", ciphertext=sealed) == {"plaintext": BLOCKS}


@pytest.mark.parametrize("type_", CMACS)
async def test_cmac_codes_are_made_and_checked(transit: Driver, type_: str) -> None:
    await transit.write("keys/k", type=type_)
    read = await transit.read("keys/k")
    assert not any(read[f"supports_{what}"] for what in ("encryption", "decryption", "signing", "derivation"))
    assert list(read["keys"]) == ["1"]
    whole = (await transit.write("cmac/k", input=HELLO))["cmac"]
    assert len(base64.b64decode(whole.removeprefix("vault:v1:"))) == 16
    assert (await transit.write("cmac/k", input=HELLO))["cmac"] == whole
    for length in (4, 8, 15, 16):
        for code in (
            (await transit.write("cmac/k", input=HELLO, mac_length=length))["cmac"],
            (await transit.write(f"cmac/k/{length}", input=HELLO))["cmac"],
        ):
            assert base64.b64decode(code[9:]) == base64.b64decode(whole[9:])[:length]
            assert await transit.write("verify/k", input=HELLO, cmac=code, mac_length=length) == {"valid": True}
            assert await transit.write(f"verify/k/{length}", input=HELLO, cmac=code) == {"valid": True}
            assert (await transit.write("verify/k", input=HELLO, cmac=code))["valid"] is (length == 16)
    await transit.write("keys/k/rotate")
    assert (await transit.write("cmac/k", input=HELLO))["cmac"].startswith("vault:v2:")
    assert (await transit.write("cmac/k", input=HELLO, key_version=1))["cmac"] == whole
    assert await transit.write("verify/k", input=HELLO, cmac=whole) == {"valid": True}
    assert await transit.write("verify/k", input=BLOCKS, cmac=whole) == {"valid": False}
    assert await transit.write("verify/k", input=HELLO, cmac=whole.replace("v1", "v2")) == {"valid": False}
    raw = base64.b64decode(whole[9:])
    for index in range(16):
        changed = bytearray(raw)
        changed[index] ^= 1
        text = "vault:v1:" + base64.b64encode(changed).decode()
        assert await transit.write("verify/k", input=HELLO, cmac=text) == {"valid": False}


async def test_cmacs_come_in_batches(transit: Driver) -> None:
    await transit.write("keys/k", type="aes256-cmac")
    batch: list[dict[str, Any]] = [
        {"input": HELLO, "reference": "a"},
        {"input": HELLO, "mac_length": 8},
        {"input": "", "reference": "c"},
        {"input": "!"},
        {"input": HELLO, "mac_length": 17},
        {"input": HELLO, "mac_length": "x"},
    ]
    results = (await transit.write("cmac/k", batch_input=batch))["batch_results"]
    whole = (await transit.write("cmac/k", input=HELLO))["cmac"]
    assert results[0] == {"cmac": whole, "reference": "a"}
    assert len(base64.b64decode(results[1]["cmac"][9:])) == 8
    assert [item.get("error") for item in results[2:]] == [
        "input item 2 was blank",
        "unable to decode input as base64: illegal base64 data at input byte 0",
        "must not be greater than 16",
        "mac_length is not a number",
    ]
    answer = await transit.invoke(Operation.UPDATE, "cmac/k/4", batch_input=batch[:2])
    assert answer.data is not None
    assert {len(base64.b64decode(item["cmac"][9:])) for item in answer.data["batch_results"]} == {4}
    assert answer.warnings == ["the mac_length of items is overridden by url_mac_length 4"]
    checks = [
        {"input": HELLO, "cmac": whole, "reference": "a"},
        {"input": BLOCKS, "cmac": whole},
        {"input": HELLO, "cmac": results[1]["cmac"], "mac_length": 8},
        {"input": HELLO, "cmac": "nonsense"},
        {"cmac": whole},
    ]
    assert (await transit.write("verify/k", batch_input=checks))["batch_results"] == [
        {"valid": True, "reference": "a"},
        {"reference": ""},
        {"valid": True, "reference": ""},
        {"error": "invalid CMAC to verify: no prefix", "reference": ""},
        {"error": "input item 4 was blank", "reference": ""},
    ]
    kind, text = await message_of(
        transit, Operation.UPDATE, "verify/k", batch_input=[checks[0], {"input": HELLO, "hmac": whole}]
    )
    assert (kind, text) == (
        InvalidRequest,
        "elements of batch_input must all provide 'cmac', and neither 'signature' nor 'hmac'",
    )


@pytest.mark.parametrize(
    ("path", "parameters", "text"),
    [
        ("cmac/nope", {"input": HELLO}, "encryption key not found"),
        ("cmac/aes", {"input": HELLO}, "key aes is not a supported CMAC key type: aes256-gcm96"),
        ("verify/aes", {"input": HELLO, "cmac": "x"}, "key aes is not a supported CMAC key type: aes256-gcm96"),
        ("cmac/k", {}, "input item 0 was blank"),
        ("cmac/k", {"input": HELLO, "mac_length": -1}, "must not be less than 0"),
        ("cmac/k", {"input": HELLO, "mac_length": 17}, "must not be greater than 16"),
        ("cmac/k", {"input": HELLO, "mac_length": 3}, "must not be less than 4, since so short a code is soon guessed"),
        ("cmac/k/x", {"input": HELLO}, "the url mac-length parameter failed parsing: it is not a number"),
        ("cmac/k/17", {"input": HELLO}, "the url mac-length parameter is invalid: must not be greater than 16"),
        ("cmac/k", {"input": HELLO, "key_version": 2}, "key version does not exist; latest key version is 1"),
        ("verify/k", {"input": HELLO, "cmac": "vault:v1:!"}, "unable to decode verification CMAC as base64: "),
        ("verify/k", {"input": HELLO, "cmac": "vault:v2:YQ=="}, "invalid CMAC: version is too new"),
        ("verify/k", {"input": HELLO, "cmac": "vault:v0:YQ=="}, "cannot verify CMAC: version is too old"),
        ("verify/k/1", {"input": HELLO, "cmac": "vault:v1:YQ=="}, "the url mac-length parameter is invalid: must not"),
        ("sign/k", {"input": HELLO}, "key type aes128-cmac does not support signing"),
        ("encrypt/k", {"plaintext": HELLO}, "message encryption not supported for key type aes128-cmac"),
    ],
)
async def test_what_cmac_can_not_do(transit: Driver, path: str, parameters: dict[str, Any], text: str) -> None:
    await transit.write("keys/k", type="aes128-cmac")
    await transit.write("keys/aes")
    kind, message = await message_of(transit, Operation.UPDATE, path, **parameters)
    assert kind is InvalidRequest
    assert message.startswith(text)


async def test_cmac_keys_are_exported_and_marked_as_deleted(transit: Driver) -> None:
    await transit.write("keys/k", type="aes192-cmac", **OPEN)
    exported = (await transit.read("export/cmac-key/k"))["keys"]["1"]
    assert len(base64.b64decode(exported)) == 24
    assert exported != (await transit.read("export/hmac-key/k"))["keys"]["1"]
    for kind in ("encryption-key", "signing-key"):
        assert (await message_of(transit, Operation.READ, f"export/{kind}/k"))[0] is InvalidRequest
    await transit.write("keys/aes", **OPEN)
    assert await message_of(transit, Operation.READ, "export/cmac-key/aes") == (
        InvalidRequest,
        "CMAC not supported for the key",
    )
    code = (await transit.write("cmac/k", input=HELLO))["cmac"]
    other = Driver(TRANSIT)
    await other.write("restore", backup=(await transit.read("backup/k"))["backup"])
    assert await other.write("verify/k", input=HELLO, cmac=code) == {"valid": True}
    await transit.invoke(Operation.DELETE, "keys/k/soft-delete")
    for path in ("cmac/k", "verify/k"):
        fault = await message_of(transit, Operation.UPDATE, path, input=HELLO, cmac=code)
        assert fault == (InvalidRequest, "refusing to use soft-deleted key")


async def test_data_keys_come_by_the_dozen(transit: Driver) -> None:
    await transit.write("keys/k", derived=True)
    made = await transit.write("datakeys/plaintext/k", count=12, bits=512, context=CONTEXT, associated_data="YQ==")
    assert made["key_version"] == 1
    assert len({pair["plaintext"] for pair in made["key_pairs"]}) == 12
    for pair in made["key_pairs"]:
        assert len(base64.b64decode(pair["plaintext"])) == 64
        opened = await transit.write(
            "decrypt/k", ciphertext=pair["ciphertext"], context=CONTEXT, associated_data="YQ=="
        )
        assert opened["plaintext"] == pair["plaintext"]
    wrapped = await transit.write("datakeys/wrapped/k", count=2, context=CONTEXT)
    assert [list(pair) for pair in wrapped["key_pairs"]] == [["ciphertext"]] * 2
    assert (await transit.read("keys/k"))["encryptions"] == {"1": 14}


@pytest.mark.parametrize(
    ("path", "parameters", "text"),
    [
        ("datakeys/wrapped/k", {}, "missing count"),
        ("datakeys/wrapped/k", {"count": 0}, f"count must be between 1 and {MAX_BATCH_ITEMS}"),
        ("datakeys/wrapped/k", {"count": MAX_BATCH_ITEMS + 1}, f"count must be between 1 and {MAX_BATCH_ITEMS}"),
        ("datakeys/other/k", {"count": 1}, "Invalid path, must be 'plaintext' or 'wrapped'"),
        ("datakeys/wrapped/nope", {"count": 1}, "encryption key not found"),
        ("datakeys/wrapped/k", {"count": 1, "bits": 64}, "invalid bit length"),
        ("derivedkeys/wrapped/k", {"salt": HELLO}, "key_index_from and key_index_to must be given"),
        ("derivedkeys/wrapped/k", {"key_index_from": 0, "key_index_to": 1}, "missing salt"),
        ("derivedkeys/wrapped/k", {"key_index_from": -1, "key_index_to": 1, "salt": HELLO}, "key_index_from must not"),
        ("derivedkeys/wrapped/k", {"key_index_from": 1, "key_index_to": 1, "salt": HELLO}, "key_index_from must not"),
        ("derivedkeys/wrapped/k", {"key_index_from": 0, "key_index_to": 2**62, "salt": HELLO}, "no more than"),
        ("derivedkeys/wrapped/k", {"key_index_from": 0, "key_index_to": 1, "salt": HELLO, "bits": 1}, "invalid bit"),
        (
            "derivedkeys/wrapped/k",
            {"key_index_from": 0, "key_index_to": 1, "salt": HELLO, "key_version": 3},
            "requested version for encryption is higher",
        ),
        (
            "derivedkeys/wrapped/ed",
            {"key_index_from": 0, "key_index_to": 1, "salt": HELLO},
            "message encryption not supported for key type ed25519",
        ),
    ],
)
async def test_data_keys_that_can_not_be_made(
    transit: Driver, path: str, parameters: dict[str, Any], text: str
) -> None:
    await transit.write("keys/k")
    await transit.write("keys/ed", type="ed25519")
    kind, message = await message_of(transit, Operation.UPDATE, path, **parameters)
    assert kind is InvalidRequest
    assert message.startswith(text)


async def test_derived_data_keys_can_be_made_again(transit: Driver) -> None:
    await transit.write("keys/k", **OPEN)
    asked = {"salt": "sodium chloride", "info": "für später"}  # Texts, as in Vault's documentation.
    made = await transit.write("derivedkeys/plaintext/k", key_index_from=3, key_index_to=6, **asked)
    assert list(made) == ["3", "4", "5", "key_version"]
    mac_key = base64.b64decode((await transit.read("export/hmac-key/k"))["keys"]["1"])
    for index in (3, 4, 5):
        info = asked["info"].encode() + index.to_bytes(8, "big")
        expected = HKDF(hashes.SHA256(), 32, b"sodium chloride", info).derive(mac_key)
        assert base64.b64decode(made[str(index)]["plaintext"]) == expected
        opened = await transit.write("decrypt/k", ciphertext=made[str(index)]["ciphertext"])
        assert opened["plaintext"] == made[str(index)]["plaintext"]
    again = await transit.write("derivedkeys/plaintext/k", key_index_from=5, key_index_to=6, **asked)
    assert again["5"]["plaintext"] == made["5"]["plaintext"]
    assert again["5"]["ciphertext"] != made["5"]["ciphertext"]
    wrapped = await transit.write("derivedkeys/wrapped/k", key_index_from=5, key_index_to=6, **asked)
    assert list(wrapped["5"]) == ["ciphertext"]
    await transit.write("keys/k/rotate")
    newer = await transit.write("derivedkeys/plaintext/k", key_index_from=5, key_index_to=6, **asked)
    assert (newer["key_version"], newer["5"]["plaintext"] == made["5"]["plaintext"]) == (2, False)
    older = await transit.write("derivedkeys/plaintext/k", key_index_from=5, key_index_to=6, key_version=1, **asked)
    assert older["5"]["plaintext"] == made["5"]["plaintext"]


async def test_signatures_are_bound_to_a_context_where_they_can_be(transit: Driver) -> None:
    await transit.write("keys/k", type="mldsa-44", exportable=True)
    signed = (await transit.write("sign/k", input=HELLO, signature_context=CONTEXT))["signature"]
    assert (await transit.write("verify/k", input=HELLO, signature=signed, signature_context=CONTEXT))["valid"]
    for other in ({}, {"signature_context": HELLO}):
        assert not (await transit.write("verify/k", input=HELLO, signature=signed, **other))["valid"]
    seed = base64.b64decode((await transit.read("export/signing-key/k"))["keys"]["1"])
    public = mldsa.MLDSA44PrivateKey.from_seed_bytes(seed).public_key()
    public.verify(base64.b64decode(signed[9:]), b"hello", b"context")
    longest = base64.b64encode(bytes(255)).decode()
    await transit.write("sign/k", input=HELLO, signature_context=longest)
    for text, message in (
        (base64.b64encode(bytes(256)).decode(), "signature_context has more than 255 bytes"),
        ("!", "illegal base64 data at input byte 0"),
    ):
        fault = await message_of(transit, Operation.UPDATE, "sign/k", input=HELLO, signature_context=text)
        assert fault == (InvalidRequest, message)
    for type_ in ("ecdsa-p384", "ecdsa-p256"):
        await transit.write(f"keys/{type_}", type=type_)
        for path in (f"sign/{type_}", f"verify/{type_}"):
            fault = await message_of(
                transit, Operation.UPDATE, path, input=HELLO, signature=signed, signature_context=CONTEXT
            )
            assert fault == (InvalidRequest, f"signature_context is not supported for keys of type {type_}")


async def test_a_key_too_long_for_the_old_derivation_has_the_new_one(transit: Driver) -> None:
    """Backups of derived keys name their derivation; one that gives too few bytes is refused."""
    await transit.write("keys/k", type="aes256-xts", derived=True, **OPEN)
    backup = base64.b64decode((await transit.read("backup/k"))["backup"]).replace(b'"kdf": 1', b'"kdf": 0')
    fault = await message_of(transit, Operation.UPDATE, "restore/other", backup=base64.b64encode(backup).decode())
    assert fault == (Failed, "keys of type aes256-xts can't be derived by hmac-sha256-counter")


async def test_ml_dsa_exports_are_what_others_read(transit: Driver) -> None:
    for type_, kind in (
        ("mldsa-44", mldsa.MLDSA44PrivateKey),
        ("mldsa-65", mldsa.MLDSA65PrivateKey),
        ("mldsa-87", mldsa.MLDSA87PrivateKey),
    ):
        await transit.write(f"keys/{type_}", type=type_, exportable=True)
        pem = (await transit.read(f"export/signing-key/{type_}", format="pem"))["keys"]["1"]
        private = serialization.load_pem_private_key(pem.encode(), None)
        assert isinstance(private, kind)
        public = (await transit.read(f"export/public-key/{type_}", format="pem"))["keys"]["1"]
        assert serialization.load_pem_public_key(public.encode()) == private.public_key()
        assert base64.b64decode((await transit.read(f"keys/{type_}"))["keys"]["1"]["public_key"]) == (
            private.public_key().public_bytes_raw()
        )


@pytest.mark.parametrize("type_", [type_ for type_ in CIPHERS if type_ not in UNAUTHENTICATED])
async def test_convergent_keys_use_no_nonce_for_other_associated_data(transit: Driver, type_: str) -> None:
    """Two ciphertexts of GCM under one nonce with different associated data would give its authentication key away."""
    await transit.write("keys/k", type=type_, derived=True, convergent_encryption=True)
    size = ALGORITHMS[type_].sizes.nonce_bytes
    nonces: dict[bytes, tuple[str, str]] = {}
    # The last plaintext is what the second one looks like where its associated data stand before it.
    framed = base64.b64encode((7).to_bytes(8, "big") + b"contexthello").decode()
    told = [(HELLO, ""), (HELLO, CONTEXT), (HELLO, BLOCKS), (BLOCKS, CONTEXT), (framed, ""), (framed, CONTEXT)]
    for plaintext, data in told:
        asked = {"plaintext": plaintext, "context": CONTEXT, "associated_data": data}
        first, second = [(await transit.write("encrypt/k", **asked))["ciphertext"] for _ in range(2)]
        assert first == second
        nonces[base64.b64decode(first[9:])[:size]] = (plaintext, data)
        opened = await transit.write("decrypt/k", ciphertext=first, context=CONTEXT, associated_data=data)
        assert opened == {"plaintext": plaintext}
    assert len(nonces) == len(told)
