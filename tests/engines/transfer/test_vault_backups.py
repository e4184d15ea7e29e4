"""Backups of HashiCorp Vault are restored, told from OpenBao's, or refused; never taken for something they are not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from engines.algorithms.registry import ALGORITHMS, ALGORITHMS_BY_NUMBER, ALGORITHMS_BY_VAULT_NUMBER
from engines.algorithms.types import KEY_TYPES
from engines.faults import Failed, InvalidRequest
from engines.transit.routes import TRANSIT
from tests.engines.driver import Driver
from tests.engines.transfer.vault_backups import CREATED_SECONDS, FOREIGN, NUMBERS, backup, base64_text, version

HELLO = base64_text(b"hello")
CONTEXT = base64_text(b"context")
NEW_OPENBAO_TYPE = 11
"""The number that OpenBao gives another algorithm than Vault."""


@pytest.fixture
def transit() -> Driver:
    """An engine without keys."""
    return Driver(TRANSIT)


def raw(text: str) -> bytes:
    return base64.b64decode(text)


def edited(text: str, **settings: Any) -> str:
    """The backup ``text`` with other settings; None takes one away."""
    document = json.loads(raw(text))
    for name, value in settings.items():
        if value is None:
            del document["policy"][name]
        else:
            document["policy"][name] = value
    return base64_text(json.dumps(document).encode())


def test_the_numbers_of_the_registry_are_those_of_vault() -> None:
    assert {
        algorithm.name: number for number, algorithm in ALGORITHMS_BY_VAULT_NUMBER.items()
    }.items() >= NUMBERS.items()
    for number in range(10):
        assert ALGORITHMS_BY_VAULT_NUMBER[number] is ALGORITHMS_BY_NUMBER[number]


@pytest.mark.parametrize("newer", [True, False], ids=["newer", "older"])
@pytest.mark.parametrize("kind", [kind for kind in NUMBERS if kind not in ("rsa-3072", "rsa-4096")])
async def test_every_type_is_restored(transit: Driver, kind: str, newer: bool) -> None:
    size = 48 if kind == "hmac" else 0
    versions = [version(kind, key_bytes=size) for _ in range(2)]
    settings = {"key_size": size} if size else {}
    await transit.write("restore", backup=backup(NUMBERS[kind], versions, newer=newer, settings=settings))
    read = await transit.read("keys/moved")
    assert (read["type"], read["latest_version"], read["backup_info"]["version"]) == (kind, 2, 2)
    export = "hmac-key" if kind == "hmac" else "public-key" if read["supports_signing"] else "encryption-key"
    exported = (await transit.read(f"export/{export}/moved"))["keys"]
    assert [exported[number].strip() for number in ("1", "2")] == [item.exported.strip() for item in versions]
    if export == "encryption-key":
        assert read["keys"] == {"1": CREATED_SECONDS, "2": CREATED_SECONDS}
    for number, item in enumerate(versions, 1):
        code = (await transit.write("hmac/moved", input=HELLO, key_version=number))["hmac"]
        expected = hmac.digest(raw(item.fields["hmac_key"]), b"hello", hashlib.sha256)
        assert code == f"vault:v{number}:{base64_text(expected)}"
    if read["supports_signing"]:
        signature = (await transit.write("sign/moved", input=HELLO))["signature"]
        assert (await transit.write("verify/moved", input=HELLO, signature=signature))["valid"] is True


@pytest.mark.parametrize("kind", ["rsa-3072", "rsa-4096"])
async def test_large_rsa_keys_are_restored(transit: Driver, kind: str) -> None:
    made = version(kind)
    await transit.write("restore", backup=backup(NUMBERS[kind], [made]))
    assert (await transit.read("export/public-key/moved"))["keys"]["1"].strip() == made.exported.strip()


@pytest.mark.parametrize("kind", ["aes128-gcm96", "aes256-gcm96", "chacha20-poly1305"])
async def test_what_was_encrypted_there_is_decrypted_here(transit: Driver, kind: str) -> None:
    made = version(kind)
    await transit.write("restore", backup=backup(NUMBERS[kind], [made]))
    cipher = (ChaCha20Poly1305 if kind.startswith("chacha") else AESGCM)(raw(made.exported))
    nonce = os.urandom(12)
    ciphertext = f"vault:v1:{base64_text(nonce + cipher.encrypt(nonce, b'hello', None))}"
    assert await transit.write("decrypt/moved", ciphertext=ciphertext) == {"plaintext": HELLO}


@pytest.mark.parametrize("size", [32, 48, 512])
async def test_an_hmac_key_is_told_by_its_shape_alone(transit: Driver, size: int) -> None:
    made = version("hmac", key_bytes=size)
    text = backup(NUMBERS["hmac"], [made], newer=False, settings={"key_size": size})
    await transit.write("restore", backup=text)
    assert (await transit.read("keys/moved"))["type"] == "hmac"


async def test_an_hmac_key_of_an_unmarked_openbao_is_told_too(transit: Driver) -> None:
    made = version("hmac", key_bytes=32)
    text = backup(ALGORITHMS["hmac"].number or 0, [made], newer=False, settings={"key_size": 32})
    await transit.write("restore", backup=text)
    assert (await transit.read("keys/moved"))["type"] == "hmac"


async def test_a_cipher_is_not_taken_for_an_hmac_key(transit: Driver) -> None:
    """32 bytes under OpenBao's number of another type, which is Vault's number of HMAC keys."""
    text = backup(NEW_OPENBAO_TYPE, [version("chacha20-poly1305")], newer=False)
    if NEW_OPENBAO_TYPE in ALGORITHMS_BY_NUMBER:
        await transit.write("restore", backup=text)
        assert (await transit.read("keys/moved"))["type"] == ALGORITHMS_BY_NUMBER[NEW_OPENBAO_TYPE].name
        return
    with pytest.raises(Failed, match='say in "dialect" whose backup it is'):
        await transit.write("restore", backup=text)


@pytest.mark.parametrize("newer", [True, False], ids=["newer", "older"])
@pytest.mark.parametrize("kind", FOREIGN)
async def test_types_that_are_not_here_are_refused(transit: Driver, kind: str, newer: bool) -> None:
    made = version(kind, key_bytes={"aes192-cmac": 24}.get(kind, 0))
    text = backup(FOREIGN[kind], [made], newer=newer)
    if FOREIGN[kind] in ALGORITHMS_BY_VAULT_NUMBER:
        assert ALGORITHMS_BY_VAULT_NUMBER[FOREIGN[kind]].name == kind
        return
    with pytest.raises(Failed, match=f"key type {FOREIGN[kind]}|can't be read"):
        await transit.write("restore", backup=text)
    told = "by HashiCorp Vault can't be read" if kind in KEY_TYPES else f"unknown key type {FOREIGN[kind]}"
    with pytest.raises(Failed, match=told):
        await transit.write("restore", backup=text, dialect="vault")


async def test_what_the_caller_says_goes_before_the_fields(transit: Driver) -> None:
    number = ALGORITHMS["hmac"].number or 0
    text = backup(number, [version("hmac", key_bytes=32)], settings={"key_size": 32})
    with pytest.raises(Failed, match=f"unknown key type {number}"):
        await transit.write("restore", backup=text)
    await transit.write("restore", backup=text, dialect="openbao")
    assert (await transit.read("keys/moved"))["type"] == "hmac"


async def test_a_key_of_another_shape_is_refused_whoever_says_so(transit: Driver) -> None:
    made = version("hmac", key_bytes=32)
    with pytest.raises(Failed, match="the backup holds keys that only authenticate"):
        await transit.write("restore", backup=backup(NUMBERS["aes256-gcm96"], [made]), dialect="vault")
    with pytest.raises(Failed, match="no key of type aes128-gcm96"):
        await transit.write("restore", backup=backup(NUMBERS["aes128-gcm96"], [version("aes256-gcm96")]))


async def test_fields_of_both_say_nothing(transit: Driver) -> None:
    text = edited(backup(NUMBERS["hmac"], [version("hmac", key_bytes=40)]), soft_deleted=False)
    await transit.write("restore", backup=text)
    assert (await transit.read("keys/moved"))["type"] == "hmac"


async def test_an_unknown_dialect_is_told(transit: Driver) -> None:
    with pytest.raises(InvalidRequest, match='unknown dialect "Vault"; must be "openbao" or "vault"'):
        await transit.write("restore", backup=backup(0, [version("aes256-gcm96")]), dialect="Vault")


async def test_archived_versions_come_along(transit: Driver) -> None:
    versions = [version("aes256-gcm96") for _ in range(3)]
    document = json.loads(raw(backup(0, versions)))
    policy = document["policy"]
    policy |= {"min_decryption_version": 3, "min_encryption_version": 3, "keys": {"3": policy["keys"]["3"]}}
    await transit.write("restore", backup=base64_text(json.dumps(document).encode()))
    assert list((await transit.read("keys/moved"))["keys"]) == ["3"]
    await transit.write("keys/moved/config", min_decryption_version=1)
    exported = (await transit.read("export/encryption-key/moved"))["keys"]
    assert list(exported.values()) == [item.exported for item in versions]


DERIVED = {"derived": True, "kdf": 1}
CONVERGENT = {**DERIVED, "convergent_encryption": True}


@pytest.mark.parametrize(("policy_version", "entry_version"), [(-1, 3), (3, 0), (3, 3), (2, 3)])
async def test_convergent_keys_are_restored(transit: Driver, policy_version: int, entry_version: int) -> None:
    made = version("aes256-gcm96")
    made = type(made)({**made.fields, "convergent_version": entry_version}, made.exported)
    settings = {**CONVERGENT, "convergent_version": policy_version}
    await transit.write("restore", backup=backup(0, [made], settings=settings))
    texts = [(await transit.write("encrypt/moved", plaintext=HELLO, context=CONTEXT))["ciphertext"] for _ in range(2)]
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("policy_version", "entry_version", "told"), [(0, 0, 1), (1, 0, 1), (2, 0, 2), (-1, 2, 2), (-1, 0, -1), (3, 4, 4)]
)
async def test_older_ways_of_convergent_encryption_are_refused(
    transit: Driver, policy_version: int, entry_version: int, told: int
) -> None:
    """They choose other nonces, so that equal plaintexts would no longer meet."""
    made = version("aes256-gcm96")
    made = type(made)({**made.fields, "convergent_version": entry_version}, made.exported)
    settings = {**CONVERGENT, "convergent_version": policy_version}
    with pytest.raises(Failed, match=f"convergent encryption of version {told} is not supported"):
        await transit.write("restore", backup=backup(0, [made], settings=settings))


@pytest.mark.parametrize("kdf", [0, 1])
async def test_both_ways_of_derivation_are_restored(transit: Driver, kdf: int) -> None:
    await transit.write("restore", backup=backup(0, [version("aes256-gcm96")], settings={"derived": True, "kdf": kdf}))
    read = await transit.read("keys/moved")
    assert read["kdf"] == ("hmac-sha256-counter", "hkdf_sha256")[kdf]
    made = await transit.write("encrypt/moved", plaintext=HELLO, context=CONTEXT)
    opened = await transit.write("decrypt/moved", ciphertext=made["ciphertext"], context=CONTEXT)
    assert opened == {"plaintext": HELLO}


async def test_a_key_without_versions_is_refused(transit: Driver) -> None:
    document = json.loads(raw(backup(0, [version("aes256-gcm96")])))
    document["policy"]["keys"] = {}
    document["archived_keys"]["keys"] = []
    with pytest.raises(Failed, match="the backup lacks versions of the key"):
        await transit.write("restore", backup=base64_text(json.dumps(document).encode()))
