"""Keys of the engine ``pqc``: made, read, rotated, trimmed, imported, exported, backed up."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hpke as library_hpke
from cryptography.hazmat.primitives.asymmetric import ec, mlkem

from engines.algorithms.registry import KEM_ALGORITHMS
from engines.base import Operation
from engines.faults import InvalidRequest, NotFound
from engines.keys.store import KEYS
from tests.engines.driver import Driver, message_of

TYPES = list(KEM_ALGORITHMS)
UPDATE, READ, DELETE, LIST = Operation.UPDATE, Operation.READ, Operation.DELETE, Operation.LIST


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def wrap(driver: Driver, key: bytes) -> str:
    """``key`` wrapped by somebody who has the public wrapping key and the library, and nothing of ours."""
    answer = await driver.read("wrapping_key")
    assert (answer["type"], answer["hpke_suite"]) == ("p384-ml-kem-1024", "0x0051/0x0002/0x0002")
    public = base64.b64decode(answer["public_key"])
    recipient = library_hpke.MLKEM1024P384PublicKey(
        mlkem.MLKEM1024PublicKey.from_public_bytes(public[:1568]),
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), public[1568:]),
    )
    suite = library_hpke.Suite(
        library_hpke.KEM.MLKEM1024_P384, library_hpke.KDF.HKDF_SHA384, library_hpke.AEAD.AES_256_GCM
    )
    return encode(suite.encrypt(key, recipient, answer["info"].encode()))


@pytest.mark.parametrize("type_", TYPES)
async def test_a_key_is_made_and_read(pqc: Driver, type_: str) -> None:
    made = await pqc.write("keys/k", type=type_)
    assert await pqc.read("keys/k") == made
    public = made["keys"]["1"].pop("public_key")
    assert made == {
        "name": "k",
        "type": type_,
        "deletion_allowed": False,
        "exportable": False,
        "allow_plaintext_backup": False,
        "supports_encapsulation": True,
        "supports_encryption": True,
        "supports_decryption": True,
        "supports_signing": False,
        "supports_derivation": False,
        "auto_rotate_period": 0,
        "imported_key": False,
        "latest_version": 1,
        "min_available_version": 0,
        "min_decryption_version": 1,
        "min_encryption_version": 0,
        "hpke_suite": KEM_ALGORITHMS[type_].capabilities.hpke.name,  # type: ignore[union-attr]
        "keys": {"1": {"name": KEM_ALGORITHMS[type_].label, "creation_time": "2027-01-15T08:00:00.125Z"}},
    }
    if type_.startswith("ml-kem"):
        assert public.startswith("-----BEGIN PUBLIC KEY-----\n")
    else:
        assert len(base64.b64decode(public)) == KEM_ALGORITHMS[type_].sizes.public_key_bytes


async def test_the_default_type_is_the_hybrid_x_wing(pqc: Driver) -> None:
    assert (await pqc.write("keys/k"))["type"] == "x25519-ml-kem-768"


async def test_a_key_that_is_there_stays(pqc: Driver) -> None:
    made = await pqc.write("keys/k", type="ml-kem-768")
    assert await pqc.write("keys/k", type="ml-kem-1024") == made


@pytest.mark.parametrize("type_", ["aes256-gcm96", "ed25519", "nope", ""])
async def test_only_keys_that_encapsulate_are_made(pqc: Driver, type_: str) -> None:
    expected = (InvalidRequest, f"unknown key type {type_}")
    assert await message_of(pqc, UPDATE, "keys/k", type=type_) == expected
    assert await message_of(pqc, UPDATE, "keys/k/import", type=type_, public_key="x") == expected


@pytest.mark.parametrize("type_", TYPES)
async def test_transit_has_no_such_keys(transit: Driver, type_: str) -> None:
    assert (await message_of(transit, UPDATE, "keys/k", type=type_))[1] == f"unknown key type {type_}"
    assert (await message_of(transit, UPDATE, "keys/k/import", type=type_))[1] == f"unknown key type: {type_}"
    refused = await message_of(transit, UPDATE, "encrypt/k", type=type_, plaintext="")
    assert refused[1] == f"unknown key type {type_}"


async def test_keys_are_listed_and_the_wrapping_key_is_not(pqc: Driver) -> None:
    assert await message_of(pqc, LIST, "keys") == (NotFound, "")
    await pqc.read("wrapping_key")
    for name in ("b", "a"):
        await pqc.write(f"keys/{name}")
    assert (await pqc.invoke(LIST, "keys")).data == {"keys": ["a", "b"]}
    assert (await pqc.invoke(LIST, "keys", after="a", limit=5)).data == {"keys": ["b"]}


async def test_a_key_is_destroyed_if_that_is_allowed(pqc: Driver) -> None:
    await pqc.write("keys/k")
    assert "deletion is not allowed" in (await message_of(pqc, DELETE, "keys/k"))[1]
    await pqc.write("keys/k/config", deletion_allowed=True)
    await pqc.invoke(DELETE, "keys/k")
    assert await message_of(pqc, READ, "keys/k") == (NotFound, "")


@pytest.mark.parametrize("path", ["encapsulate", "decapsulate", "encrypt", "decrypt"])
async def test_there_is_nothing_to_do_with_a_key_that_is_not_there(pqc: Driver, path: str) -> None:
    parameters = {"plaintext": "", "ciphertext": "x"}
    assert await message_of(pqc, UPDATE, f"{path}/nope", **parameters) == (InvalidRequest, "key not found")


async def test_settings_follow_the_rules_of_transit(pqc: Driver) -> None:
    await pqc.write("keys/k")
    await pqc.write("keys/k/rotate")
    await pqc.write("keys/k/config", min_decryption_version=2, min_encryption_version=2, auto_rotate_period=7200)
    described = await pqc.write("keys/k/trim", min_available_version=2)
    assert (described["min_available_version"], list(described["keys"])) == (2, ["2"])
    for path, parameters, message in (
        ("config", {"min_decryption_version": 3}, "latest key version is 2"),
        ("config", {"min_encryption_version": 1}, "must be greater than or equal to"),
        ("config", {"auto_rotate_period": 60}, "at least an hour"),
        ("trim", {}, "missing min_available_version"),
        ("trim", {"min_available_version": 3}, "cannot be greater"),
    ):
        assert message in (await message_of(pqc, UPDATE, f"keys/k/{path}", **parameters))[1]
    for path in ("config", "rotate", "trim"):
        assert await message_of(pqc, UPDATE, f"keys/nope/{path}") == (InvalidRequest, "key not found")


async def test_a_key_rotates_by_itself_when_it_is_due(pqc: Driver) -> None:
    await pqc.write("keys/k", auto_rotate_period=3600)
    engine: Any = pqc.engine
    await engine.tick(pqc.clock() + 3599)
    assert (await pqc.read("keys/k"))["latest_version"] == 1
    await engine.tick(pqc.clock() + 3601)
    await pqc.cache.catch_up()
    assert (await pqc.read("keys/k"))["latest_version"] == 2


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("form", ["", "raw", "seed", "expanded", "der", "pem", "jwk"])
async def test_what_is_exported_comes_in_again(pqc: Driver, type_: str, form: str) -> None:
    await pqc.write("keys/k", type=type_, exportable=True)
    made = await pqc.write("encrypt/k", plaintext=encode(b"message"))
    try:
        text = (await pqc.read("export/decapsulation-key/k", format=form))["keys"]["1"]
    except InvalidRequest as fault:
        assert form in ("seed", "expanded", "der", "pem", "jwk")
        assert "form" in (fault.message or "") or "seed" in (fault.message or "")
        return
    data = text.encode() if text[0] in "-{" else base64.b64decode(text)
    await pqc.write("keys/copy/import", type=type_, ciphertext=await wrap(pqc, data))
    assert await pqc.write("decrypt/copy", ciphertext=made["ciphertext"]) == {"plaintext": encode(b"message")}
    read = await pqc.read("keys/copy")
    assert read["imported_key"] and not read["exportable"]
    assert read["keys"]["1"]["public_key"] == (await pqc.read("keys/k"))["keys"]["1"]["public_key"]


async def test_private_keys_go_out_only_if_their_maker_allowed_it(pqc: Driver) -> None:
    await pqc.write("keys/k", type="ml-kem-768")
    refused = await message_of(pqc, READ, "export/decapsulation-key/k")
    assert refused == (InvalidRequest, "private key material is not exportable")
    public = (await pqc.read("export/public-key/k"))["keys"]
    assert public == {"1": (await pqc.read("keys/k"))["keys"]["1"]["public_key"]}
    assert json.loads((await pqc.read("export/public-key/k/latest", format="jwk"))["keys"]["1"])["alg"] == "ML-KEM-768"
    assert await message_of(pqc, READ, "export/public-key/nope") == (NotFound, "")
    assert (await message_of(pqc, READ, "export/signing-key/k"))[1] == "invalid export type: signing-key"
    assert (await message_of(pqc, READ, "export/public-key/k", format="x"))[1] == "invalid format: x"
    assert (await message_of(pqc, READ, "export/public-key/k/2"))[1] == "version does not exist or cannot be found"


async def test_a_public_key_alone_encapsulates_until_its_private_key_comes(pqc: Driver) -> None:
    await pqc.write("keys/owner", type="ml-kem-1024", exportable=True)
    public = (await pqc.read("keys/owner"))["keys"]["1"]["public_key"]
    await pqc.write("keys/k/import", type="ml-kem-1024", public_key=public, exportable=True)
    made = await pqc.write("encapsulate/k")
    message = await pqc.write("encrypt/k", plaintext="")
    missing = (InvalidRequest, "this version of the key has no private part")
    assert await message_of(pqc, UPDATE, "decapsulate/k", ciphertext=made["ciphertext"]) == missing
    assert await message_of(pqc, UPDATE, "decrypt/k", ciphertext=message["ciphertext"]) == missing
    assert (await pqc.read("export/decapsulation-key/k"))["keys"] == {"1": ""}
    assert "does not allow rotation" in (await message_of(pqc, UPDATE, "keys/k/rotate"))[1]
    opened = {"shared_secret": made["shared_secret"]}
    assert await pqc.write("decapsulate/owner", ciphertext=made["ciphertext"]) == opened

    private = (await pqc.read("export/decapsulation-key/owner"))["keys"]["1"]
    await pqc.write("keys/k/import_version", version=1, ciphertext=await wrap(pqc, private.encode()))
    assert await pqc.write("decapsulate/k", ciphertext=made["ciphertext"]) == opened
    again = await message_of(pqc, UPDATE, "keys/k/import_version", version=1, public_key=public)
    assert again == (InvalidRequest, "private key imported, key version cannot be updated")


async def test_an_imported_key_gets_further_versions(pqc: Driver) -> None:
    first, second = (KEM_ALGORITHMS["ml-kem-768"].generate(0) for _ in range(2))
    await pqc.write("keys/k/import", type="ml-kem-768", ciphertext=await wrap(pqc, first.private), allow_rotation=True)
    await pqc.write("keys/k/import_version", ciphertext=await wrap(pqc, second.private))
    assert list((await pqc.read("keys/k"))["keys"]) == ["1", "2"]
    await pqc.write("keys/k/rotate")
    assert (await pqc.read("keys/k"))["imported_key"] is False
    late = await message_of(pqc, UPDATE, "keys/k/import_version", ciphertext=await wrap(pqc, second.private))
    assert late == (InvalidRequest, "the import_version endpoint can only be used with an imported key")


async def test_what_can_not_be_imported_is_refused(pqc: Driver) -> None:
    wrapped = await wrap(pqc, bytes(64))
    foreign = "the ciphertext is malformed or was not made for this key"
    for parameters, message in (
        ({}, "missing ciphertext or public_key to import"),
        ({"public_key": ""}, "missing ciphertext or public_key to import"),
        ({"public_key": "AAAA"}, "not a public key of type ml-kem-768 in a form that is known"),
        ({"ciphertext": "!"}, "illegal base64 data at input byte 0"),
        ({"ciphertext": ""}, foreign),
        ({"ciphertext": encode(bytes(1665 + 80))}, foreign),
        ({"ciphertext": encode(base64.b64decode(wrapped)[:-1])}, foreign),
        ({"ciphertext": await wrap(pqc, b"no key")}, "not a private key of type ml-kem-768 in a form that is known"),
        ({"ciphertext": wrapped, "auto_rotate_period": 7200}, "allow_rotation must be set to true"),
        ({"ciphertext": wrapped, "auto_rotate_period": 7, "allow_rotation": True}, "at least an hour"),
    ):
        assert message in (await message_of(pqc, UPDATE, "keys/k/import", type="ml-kem-768", **parameters))[1]
    await pqc.write("keys/k/import", type="ml-kem-768", ciphertext=wrapped)
    assert "import_version" in (await message_of(pqc, UPDATE, "keys/k/import", ciphertext=wrapped))[1]
    assert await message_of(pqc, UPDATE, "keys/nope/import_version") == (InvalidRequest, "key not found")


@pytest.mark.parametrize("type_", TYPES)
async def test_a_backup_brings_back_all_versions(pqc: Driver, type_: str) -> None:
    await pqc.write("keys/k", type=type_, exportable=True, allow_plaintext_backup=True)
    ciphertexts = [(await pqc.write("encrypt/k", plaintext="AAAA"))["ciphertext"]]
    for _ in range(2):
        await pqc.write("keys/k/rotate")
        ciphertexts.append((await pqc.write("encrypt/k", plaintext="AAAA"))["ciphertext"])
    await pqc.write("keys/k/config", min_decryption_version=2, deletion_allowed=True)
    backup = (await pqc.read("backup/k"))["backup"]
    assert await message_of(pqc, UPDATE, "restore", backup=backup) == (InvalidRequest, 'key "k" already exists')
    before = await pqc.read("keys/k")
    await pqc.invoke(DELETE, "keys/k")
    await pqc.write("restore", backup=backup)
    await pqc.write("restore", backup=backup, force=True)
    after = dict(await pqc.read("keys/k"))
    assert after.pop("restore_info")["version"] == 3
    assert after == before
    await pqc.write("restore/copy", backup=backup)
    await pqc.write("keys/copy/config", min_decryption_version=1)
    for ciphertext in ciphertexts:
        assert await pqc.write("decrypt/copy", ciphertext=ciphertext) == {"plaintext": "AAAA"}


async def test_a_backup_needs_two_permissions(pqc: Driver) -> None:
    await pqc.write("keys/k")
    assert (await message_of(pqc, READ, "backup/k"))[1] == "exporting is disallowed on the policy"
    await pqc.write("keys/k/config", exportable=True)
    assert (await message_of(pqc, READ, "backup/k"))[1] == "plaintext backup is disallowed on the policy"
    assert await message_of(pqc, READ, "backup/nope") == (InvalidRequest, "key not found")


async def test_what_is_no_backup_changes_nothing(pqc: Driver) -> None:
    await pqc.write("keys/k", type="ml-kem-768", exportable=True, allow_plaintext_backup=True)
    await pqc.write("keys/k/rotate")
    good = json.loads(base64.b64decode((await pqc.read("backup/k"))["backup"]))
    other = KEM_ALGORITHMS["ml-kem-768"].generate(0)
    first = good["versions"]["1"]
    no_key = "the backup holds a version that is no key of type ml-kem-768"
    contradiction = "the versions in the backup contradict each other"
    for changes, message in (
        ({"format": "other"}, "is not one of a key of this engine"),
        ({"type": "aes256-gcm96"}, "unknown key type aes256-gcm96"),
        ({"type": "ml-kem-1024"}, "is no key of type ml-kem-1024"),
        ({"name": "../x"}, "name of the key"),
        ({"latest_version": 3}, "lacks versions"),
        ({"latest_version": 2**62}, contradiction),
        ({"latest_version": -1}, "is not one of a key of this engine"),
        ({"min_decryption_version": 0}, contradiction),
        ({"min_available_version": 2}, contradiction),
        ({"min_encryption_version": 9}, contradiction),
        ({"auto_rotate_period": 5}, "at least an hour"),
        ({"versions": {"1": {**first, "public_key": encode(other.public)}}}, no_key),
        ({"versions": {"1": {**first, "key": "!"}}}, no_key),
        ({"versions": {"1": {**first, "key": None, "public_key": "AAAA"}}}, no_key),
        ({"versions": [first]}, "is not one of a key of this engine"),
    ):
        text = encode(json.dumps({**good, "name": "new", **changes}).encode())
        assert message in (await message_of(pqc, UPDATE, "restore", backup=text))[1], changes
    for text in ("!", "AAAA", encode(b"[]")):
        assert "is not one of a key" in (await message_of(pqc, UPDATE, "restore", backup=text))[1]
    assert (await message_of(pqc, UPDATE, "restore"))[1] == "'backup' must be supplied"
    assert await pqc.storage.list(KEYS) == ["k"]
