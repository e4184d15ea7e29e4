"""Imports of keys that a client has wrapped."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from engines.base import Operation
from engines.faults import Failed, Fault, InvalidRequest, NotFound
from tests.engines.driver import Driver, message_of
from tests.engines.transfer.wrapping import HELLO, WRAPPING_KEY, pkcs8, public_pem, wrapped

IMPORTED = {
    "aes256-gcm96": bytes(range(32)),
    "aes128-gcm96": bytes(range(16)),
    "chacha20-poly1305": bytes(range(32)),
    "hmac": bytes(range(64)),
    "ed25519": pkcs8(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))),
    "ecdsa-p384": pkcs8(ec.generate_private_key(ec.SECP384R1())),
    "rsa-2048": pkcs8(WRAPPING_KEY),
}


@pytest.mark.parametrize("type_", IMPORTED)
async def test_an_imported_key_is_the_key_that_was_wrapped(wrapping: Driver, type_: str) -> None:
    ciphertext = await wrapped(wrapping, IMPORTED[type_])
    await wrapping.write("keys/k/import", ciphertext=ciphertext, type=type_.upper(), exportable=True)
    read = await wrapping.read("keys/k")
    assert (read["type"], read["imported_key"], read["imported_key_allow_rotation"]) == (type_, True, False)
    kind = {"hmac": "hmac-key", "rsa-2048": "signing-key", "ed25519": "signing-key", "ecdsa-p384": "signing-key"}
    form = "" if len(IMPORTED[type_]) <= 64 and type_ != "ed25519" else "der"
    exported = await wrapping.read(f"export/{kind.get(type_, 'encryption-key')}/k", format=form)
    assert base64.b64decode(exported["keys"]["1"]) == IMPORTED[type_]
    denied = await message_of(wrapping, Operation.UPDATE, "keys/k/rotate")
    assert denied == (Failed, "imported key k does not allow rotation within Vault")


async def test_rotating_an_imported_key_makes_it_one_of_ours(wrapping: Driver) -> None:
    ciphertext = await wrapped(wrapping, bytes(32))
    await wrapping.write("keys/k/import", ciphertext=ciphertext, allow_rotation=True)
    rotated = await wrapping.write("keys/k/rotate")
    assert (rotated["imported_key"], rotated["latest_version"]) == (False, 2)


async def test_an_imported_key_with_derivation_has_the_old_derivation(wrapping: Driver) -> None:
    ciphertext = await wrapped(wrapping, bytes(32))
    await wrapping.write("keys/k/import", ciphertext=ciphertext, derived=True)
    read = await wrapping.read("keys/k")
    assert (read["kdf"], read["kdf_mode"]) == ("hmac-sha256-counter", "hmac-sha256-counter")
    sealed = await wrapping.write("encrypt/k", plaintext=HELLO, context="YQ==")
    opened = await wrapping.write("decrypt/k", ciphertext=sealed["ciphertext"], context="YQ==")
    assert opened == {"plaintext": HELLO}


async def test_what_is_not_imported(wrapping: Driver) -> None:
    await wrapping.write("keys/there")
    good = await wrapped(wrapping, bytes(32))
    whole = base64.b64decode(good)
    damaged = whole[:-1] + bytes([whole[-1] ^ 1])
    p256 = ec.generate_private_key(ec.SECP256R1())
    curve = await wrapped(wrapping, pkcs8(p256))
    refused: list[tuple[dict[str, Any], type[Fault], str]] = [
        ({}, Failed, "provided type does not support public_key import"),
        ({"ciphertext": ""}, Failed, "provided ciphertext is too short"),
        ({"ciphertext": "x"}, Failed, "illegal base64 data at input byte 0"),
        ({"ciphertext": base64.b64encode(bytes(600)).decode()}, Failed, "crypto/rsa: decryption error"),
        ({"ciphertext": base64.b64encode(damaged).decode()}, Failed, "kwp: unwrap failed integrity check"),
        (
            {"ciphertext": await wrapped(wrapping, bytes(32), bytes(16))},
            Failed,
            "expected ephemeral AES key to be 256-bit",
        ),
        ({"ciphertext": good, "hash_function": "MD5"}, InvalidRequest, "unknown hash function: MD5"),
        ({"ciphertext": good, "hash_function": "SHA1"}, Failed, "crypto/rsa: decryption error"),
        ({"ciphertext": good, "type": "nope"}, InvalidRequest, "unknown key type: nope"),
        (
            {"ciphertext": good, "type": "aes128-gcm96"},
            Failed,
            "error importing key: invalid key size 32 bytes for key type aes128-gcm96",
        ),
        (
            {"ciphertext": curve, "type": "ecdsa-p384"},
            Failed,
            "error importing key: invalid curve: expected P-384, got P-256",
        ),
        (
            {"ciphertext": curve, "type": "rsa-2048"},
            Failed,
            "error importing key: invalid key type: expected rsa-2048, got *ecdsa.PrivateKey",
        ),
        (
            {"ciphertext": await wrapped(wrapping, pkcs8(WRAPPING_KEY)), "type": "rsa-3072"},
            Failed,
            "error importing key: invalid key size: expected 384 bytes, got 256 bytes",
        ),
        (
            {"ciphertext": good, "convergent_encryption": False},
            Failed,
            "import cannot be used on keys with convergent encryption enabled",
        ),
        (
            {"ciphertext": good, "auto_rotate_period": 7200},
            Failed,
            "allow_rotation must be set to true if auto-rotation is enabled",
        ),
        (
            {"public_key": "x", "type": "ed25519"},
            Failed,
            "error importing key: error parsing public key: not in PEM format",
        ),
        (
            {"public_key": public_pem(p256), "type": "ed25519"},
            Failed,
            "error importing key: invalid key type: expected ed25519, got *ecdsa.PublicKey",
        ),
    ]
    for parameters, fault, message in refused:
        assert await message_of(wrapping, Operation.UPDATE, "keys/k/import", **parameters) == (fault, message)
    there = await message_of(wrapping, Operation.UPDATE, "keys/there/import", ciphertext=good)
    assert there == (
        Failed,
        "the import path cannot be used with an existing key; use import-version to rotate an existing imported key",
    )
    assert (await message_of(wrapping, Operation.READ, "keys/k"))[0] is NotFound


async def test_a_public_key_verifies_and_is_completed_by_its_private_key(wrapping: Driver) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    other = await wrapped(wrapping, pkcs8(ec.generate_private_key(ec.SECP256R1())))
    own = await wrapped(wrapping, pkcs8(private))
    await wrapping.write("keys/k/import", public_key=public_pem(private), type="ecdsa-p256")
    signed = base64.b64encode(private.sign(b"hello", ec.ECDSA(hashes.SHA256()))).decode()
    assert await wrapping.write("verify/k", input=HELLO, signature=f"vault:v1:{signed}") == {"valid": True}
    denied = await message_of(wrapping, Operation.UPDATE, "sign/k", input=HELLO)
    assert denied == (Failed, "requested version for signing does not contain a private part")

    async def refusal(**parameters: Any) -> str:
        return (await message_of(wrapping, Operation.UPDATE, "keys/k/import_version", **parameters))[1]

    assert await refusal(ciphertext=other, version=1) == "cannot import key, key pair does not match"
    assert await refusal(ciphertext=own, version=2) == "no such key version"
    public = {"public_key": public_pem(private), "version": 1}
    assert await refusal(**public) == "cannot add a public key to a key version that already has a public key set"
    await wrapping.write("keys/k/import_version", ciphertext=own)
    assert (await wrapping.read("keys/k"))["latest_version"] == 1
    assert (await wrapping.write("sign/k", input=HELLO))["key_version"] == 1
    assert await refusal(ciphertext=own, version=1) == "private key imported, key version cannot be updated"
    await wrapping.write("keys/k/import_version", ciphertext=other)
    assert (await wrapping.read("keys/k"))["latest_version"] == 2


async def test_versions_are_imported_into_imported_keys_alone(wrapping: Driver) -> None:
    ciphertext = await wrapped(wrapping, bytes(32))
    await wrapping.write("keys/ours")
    for name, message in (
        ("nope", "no key found with name nope; to import a new key, use the import/ endpoint"),
        ("ours", "the import_version endpoint can only be used with an imported key"),
    ):
        fault = await message_of(wrapping, Operation.UPDATE, f"keys/{name}/import_version", ciphertext=ciphertext)
        assert fault == (Failed, message)


async def test_long_keys_are_imported_with_a_derivation_that_is_long_enough(wrapping: Driver) -> None:
    for type_, derivation in (
        ("aes256-cbc-hmac-sha512", "hkdf_sha256"),
        ("aes256-xts", "hkdf_sha256"),
        ("aes256-ccm", "hmac-sha256-counter"),
    ):
        key = bytes(range(64 if derivation == "hkdf_sha256" else 32))
        await wrapping.write(f"keys/{type_}/import", type=type_, derived=True, ciphertext=await wrapped(wrapping, key))
        assert (await wrapping.read(f"keys/{type_}"))["kdf"] == derivation
        message = base64.b64encode(bytes(40)).decode()
        sealed = (await wrapping.write(f"encrypt/{type_}", plaintext=message, context=HELLO))["ciphertext"]
        assert await wrapping.write(f"decrypt/{type_}", ciphertext=sealed, context=HELLO) == {"plaintext": message}
    equal = await wrapped(wrapping, bytes(64))
    fault = await message_of(wrapping, Operation.UPDATE, "keys/equal/import", type="aes256-xts", ciphertext=equal)
    assert fault == (Failed, "error importing key: the two halves of a key of type aes256-xts must differ")
