"""Keys of transit: made, read, listed, configured, rotated, trimmed, marked as deleted, destroyed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from engines.base import Operation
from engines.faults import Failed, Fault, InvalidRequest, NotFound
from engines.transit.routes import ROUTES
from storage.base import Transaction
from tests.engines.driver import Driver, message_of

TYPES = {
    "aes128-gcm96": "symmetric",
    "aes256-gcm96": "symmetric",
    "chacha20-poly1305": "symmetric",
    "ed25519": "signing",
    "ecdsa-p256": "signing",
    "ecdsa-p384": "signing",
    "ecdsa-p521": "signing",
    "rsa-2048": "both",
    "rsa-3072": "both",
    "hmac": "neither",
}


async def rotated(driver: Driver, name: str, times: int, **parameters: Any) -> None:
    """A key with ``times`` + 1 versions."""
    await driver.write(f"keys/{name}", **parameters)
    for _ in range(times):
        await driver.write(f"keys/{name}/rotate")


@pytest.mark.parametrize(("type_", "abilities"), TYPES.items())
async def test_a_key_of_each_type_tells_what_it_can_do(transit: Driver, type_: str, abilities: str) -> None:
    size = {"key_size": 64} if type_ == "hmac" else {}
    made = await transit.write("keys/k", type=type_, **size)
    assert made == await transit.read("keys/k")
    assert made["type"] == type_
    assert made["supports_encryption"] is made["supports_decryption"] is (abilities in ("symmetric", "both"))
    assert made["supports_signing"] is (abilities in ("signing", "both"))
    if abilities in ("symmetric", "neither"):
        assert made["keys"] == {"1": 1_800_000_000}
        assert made.get("key_size") == (64 if abilities == "neither" else None)
    else:
        version = made["keys"]["1"]
        assert version["creation_time"] == "2027-01-15T08:00:00.125Z"
        assert version["certificate_chain"] == ""
        assert version["public_key"]


async def test_the_answer_has_the_fields_of_openbao(transit: Driver) -> None:
    made = await transit.write("keys/k")
    assert set(made) == {
        *("name", "type", "derived", "deletion_allowed", "exportable", "allow_plaintext_backup", "auto_rotate_period"),
        *("supports_encryption", "supports_decryption", "supports_signing", "supports_derivation", "imported_key"),
        *("soft_deleted", "latest_version", "min_available_version", "min_decryption_version", "keys"),
        "min_encryption_version",
    }
    convergent = await transit.write("keys/c", derived=True, convergent_encryption=True)
    extra = {"kdf": "hkdf_sha256", "convergent_encryption": True, "convergent_encryption_version": -1}
    assert {name: convergent[name] for name in set(convergent) - set(made)} == extra


async def test_a_derived_public_key_depends_on_the_context(transit: Driver) -> None:
    await transit.write("keys/k", type="ed25519", derived=True)
    without = (await transit.read("keys/k"))["keys"]["1"]["public_key"]
    one, other = [(await transit.read("keys/k", context=text))["keys"]["1"]["public_key"] for text in ("YQ==", "Yg==")]
    assert without == ""
    assert one != other
    assert one == (await transit.write("sign/k", input="", context="YQ=="))["public_key"]


CREATION_FAULTS: list[tuple[dict[str, Any], type[Fault], str]] = [
    ({"type": "nope"}, InvalidRequest, "unknown key type nope"),
    ({"type": ""}, InvalidRequest, "unknown key type "),
    ({"type": "AES256-GCM96"}, InvalidRequest, "unknown key type AES256-GCM96"),
    ({"type": "hmac"}, Failed, "invalid key size for HMAC key, must be between 32 and 512 bytes"),
    ({"type": "hmac", "key_size": 31}, InvalidRequest, "invalid key_size 31"),
    ({"type": "hmac", "key_size": 513}, InvalidRequest, "invalid key_size 513"),
    ({"key_size": 32}, InvalidRequest, "key_size is not valid for algorithm aes256-gcm96"),
    ({"convergent_encryption": True}, InvalidRequest, "convergent encryption requires derivation to be enabled"),
    (
        {"type": "rsa-2048", "derived": True},
        Failed,
        "key derivation and convergent encryption not supported for keys of type rsa-2048",
    ),
    (
        {"type": "ed25519", "derived": True, "convergent_encryption": True},
        Failed,
        "convergent encryption not supported for keys of type ed25519",
    ),
    ({"auto_rotate_period": 3599}, InvalidRequest, "auto rotate period must be 0 to disable or at least an hour"),
]


@pytest.mark.parametrize(("parameters", "fault", "message"), CREATION_FAULTS)
async def test_what_no_key_can_be(
    transit: Driver, parameters: dict[str, Any], fault: type[Fault], message: str
) -> None:
    assert await message_of(transit, Operation.UPDATE, "keys/k", **parameters) == (fault, message)
    assert await message_of(transit, Operation.READ, "keys/k") == (NotFound, "")


async def test_a_key_that_is_there_stays_as_it_is(transit: Driver) -> None:
    made = await transit.write("keys/k")
    again = await transit.write("keys/k", type="rsa-2048", exportable=True, derived=True)
    assert again == made


async def test_listing(transit: Driver) -> None:
    assert (await message_of(transit, Operation.LIST, "keys"))[0] is NotFound
    for name in ("b", "a.c", "a", "_d"):
        await transit.write(f"keys/{name}")

    async def listed(**parameters: Any) -> Any:
        return (await transit.invoke(Operation.LIST, "keys", **parameters)).data

    assert await listed() == {"keys": ["_d", "a", "a.c", "b"]}
    assert await listed(after="a", limit=1) == {"keys": ["a.c"]}
    assert await listed(limit=-1) == {"keys": ["_d", "a", "a.c", "b"]}


CONFIG_FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"min_decryption_version": -1}, "min decryption version cannot be negative"),
    ({"min_decryption_version": 5}, "cannot set min decryption version of 5, latest key version is 4"),
    ({"min_encryption_version": -1}, "min encryption version cannot be negative"),
    ({"min_encryption_version": 5}, "cannot set min encryption version of 5, latest key version is 4"),
    (
        {"min_decryption_version": 4, "min_encryption_version": 3},
        "cannot set min encryption/decryption values; min encryption version of 3 must be greater than or equal to "
        "min decryption version of 4",
    ),
    ({"min_decryption_version": 1}, "min decryption version should not be less then min available version"),
    ({"min_encryption_version": 0}, "min encryption version should not be less than min available version"),
    ({"auto_rotate_period": 60}, "auto rotate period must be 0 to disable or at least an hour"),
]


@pytest.mark.parametrize(("parameters", "message"), CONFIG_FAULTS)
async def test_settings_that_contradict_each_other_change_nothing(
    transit: Driver, parameters: dict[str, Any], message: str
) -> None:
    await rotated(transit, "k", 3)
    await transit.write("keys/k/config", min_decryption_version=2, min_encryption_version=3)
    before = await transit.write("keys/k/trim", min_available_version=2)
    fault = await message_of(transit, Operation.UPDATE, "keys/k/config", deletion_allowed=True, **parameters)
    assert fault == (InvalidRequest, message)
    assert await transit.read("keys/k") == before


TRIM_FAULTS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {}, "missing min_available_version"),
    (
        {},
        {"min_available_version": 1},
        "minimum available version cannot be set when minimum encryption version is not set",
    ),
    ({"min_encryption_version": 1}, {"min_available_version": -1}, "minimum available version cannot be decremented"),
    ({"min_encryption_version": 1}, {"min_available_version": 0}, "minimum available version should be positive"),
    (
        {"min_encryption_version": 1},
        {"min_available_version": 2},
        "minimum available version cannot be greater than minmum encryption version",
    ),
    (
        {"min_encryption_version": 2},
        {"min_available_version": 2},
        "minimum available version cannot be greater than minimum decryption version",
    ),
]


@pytest.mark.parametrize(("settings", "parameters", "message"), TRIM_FAULTS)
async def test_what_cannot_be_trimmed(
    transit: Driver, settings: dict[str, Any], parameters: dict[str, Any], message: str
) -> None:
    await rotated(transit, "k", 2)
    await transit.write("keys/k/config", **settings)
    assert await message_of(transit, Operation.UPDATE, "keys/k/trim", **parameters) == (InvalidRequest, message)


async def test_only_versions_above_the_minimum_are_in_the_record_that_everybody_reads(transit: Driver) -> None:
    await rotated(transit, "k", 5)
    full = len(await transit.storage.get("policy/k") or b"")
    await transit.write("keys/k/config", min_decryption_version=6)
    assert (await transit.read("keys/k"))["keys"].keys() == {"6"}
    assert len(await transit.storage.get("policy/k") or b"") < full / 3
    assert await transit.storage.get("archive/k") is not None
    await transit.write("keys/k/config", min_decryption_version=1)
    assert (await transit.read("keys/k"))["keys"].keys() == {"1", "2", "3", "4", "5", "6"}
    assert await transit.storage.get("archive/k") is None


async def test_trimmed_versions_are_destroyed(transit: Driver) -> None:
    await rotated(transit, "k", 3)
    await transit.write("keys/k/config", min_decryption_version=3, min_encryption_version=3)
    await transit.write("keys/k/trim", min_available_version=3)
    assert await transit.storage.get("archive/k") is None
    assert (await transit.read("keys/k"))["keys"].keys() == {"3", "4"}


async def test_numbering_starts_at_one(transit: Driver) -> None:
    await transit.write("keys/k")
    answer = await transit.invoke(Operation.UPDATE, "keys/k/config", min_decryption_version=0)
    assert answer.data is not None
    assert answer.data["min_decryption_version"] == 1
    assert answer.warnings == [
        "since Vault 0.3 (prior to the OpenBao fork), transit key numbering starts at 1; forcing minimum to 1"
    ]


async def test_what_may_leave_stays_allowed_to(transit: Driver) -> None:
    await transit.write("keys/k", exportable=True, allow_plaintext_backup=True)
    after = await transit.write("keys/k/config", exportable=False, allow_plaintext_backup=False)
    assert after["exportable"] is True
    assert after["allow_plaintext_backup"] is True


async def test_deletion_has_to_be_allowed(transit: Driver) -> None:
    await rotated(transit, "k", 2, auto_rotate_period=3600)
    await transit.write("keys/k/config", min_decryption_version=2)
    denied = await message_of(transit, Operation.DELETE, "keys/k")
    assert denied == (InvalidRequest, "error deleting policy k: deletion is not allowed for this key")
    await transit.write("keys/k/config", deletion_allowed=True)
    await transit.invoke(Operation.DELETE, "keys/k")
    assert (await message_of(transit, Operation.READ, "keys/k"))[0] is NotFound
    assert await transit.storage.list("") == ["gone/"]
    missing = await message_of(transit, Operation.DELETE, "keys/k")
    assert missing == (InvalidRequest, "error deleting policy k: could not delete key; not found")


async def test_a_soft_deleted_key_can_be_read_and_restored_but_not_used(transit: Driver) -> None:
    await transit.write("keys/k", exportable=True, allow_plaintext_backup=True)
    await transit.write("keys/s", type="ed25519", exportable=True, allow_plaintext_backup=True)
    ciphertext = (await transit.write("encrypt/k", plaintext="YQ=="))["ciphertext"]
    for name in ("k", "s"):
        assert (await transit.invoke(Operation.DELETE, f"keys/{name}/soft-delete")).warnings == []
    again = await transit.invoke(Operation.DELETE, "keys/k/soft-delete")
    assert again.warnings == ["key was already marked as soft deleted"]
    assert (await transit.read("keys/k"))["soft_deleted"] is True
    refusal = "refusing to use soft-deleted key"
    uses: list[tuple[Operation, str, dict[str, Any], type[Fault]]] = [
        (Operation.UPDATE, "encrypt/k", {"plaintext": ""}, InvalidRequest),
        (Operation.UPDATE, "decrypt/k", {"ciphertext": ciphertext}, InvalidRequest),
        (Operation.UPDATE, "rewrap/k", {"ciphertext": ciphertext}, InvalidRequest),
        (Operation.UPDATE, "datakey/plaintext/k", {}, InvalidRequest),
        (Operation.UPDATE, "hmac/k", {"input": ""}, InvalidRequest),
        (Operation.UPDATE, "verify/k", {"input": "", "hmac": "vault:v1:YQ=="}, InvalidRequest),
        (Operation.UPDATE, "verify/s", {"input": "", "signature": "vault:v1:YQ=="}, InvalidRequest),
        (Operation.UPDATE, "sign/s", {"input": ""}, Failed),
        (Operation.UPDATE, "keys/s/csr", {}, Failed),
        (Operation.UPDATE, "keys/k/rotate", {}, Failed),
        (Operation.READ, "export/encryption-key/k", {}, Failed),
        (Operation.READ, "backup/k", {}, Failed),
    ]
    for operation, path, parameters, fault in uses:
        caught, message = await message_of(transit, operation, path, **parameters)
        assert (path, caught, message.endswith(refusal)) == (path, fault, True)
    await transit.invoke(Operation.UPDATE, "keys/k/soft-delete-restore")
    restored = await transit.invoke(Operation.UPDATE, "keys/k/soft-delete-restore")
    assert restored.warnings == ["key was already restored"]
    assert await transit.write("decrypt/k", ciphertext=ciphertext) == {"plaintext": "YQ=="}


async def test_marking_what_is_not_there_is_no_fault(transit: Driver) -> None:
    for operation, path in ((Operation.DELETE, "keys/k/soft-delete"), (Operation.UPDATE, "keys/k/soft-delete-restore")):
        assert (await transit.invoke(operation, path)).data is None


async def test_rotations_at_the_same_time_give_distinct_versions(transit: Driver) -> None:
    await transit.write("keys/k")
    answers = await asyncio.gather(*(transit.write("keys/k/rotate") for _ in range(8)))
    assert sorted(answer["latest_version"] for answer in answers) == list(range(2, 10))
    assert (await transit.read("keys/k"))["keys"].keys() == {str(number) for number in range(1, 10)}


async def test_creations_at_the_same_time_give_one_key(transit: Driver) -> None:
    sealed = await asyncio.gather(*(transit.write("encrypt/k", plaintext="YQ==") for _ in range(8)))
    for answer in sealed:
        assert await transit.write("decrypt/k", ciphertext=answer["ciphertext"]) == {"plaintext": "YQ=="}
    keys = await asyncio.gather(*(transit.write("keys/r", type="rsa-2048") for _ in range(3)))
    assert keys[0] == keys[1] == keys[2]


async def test_a_change_that_had_begun_before_a_deletion_does_not_bring_the_key_back(
    transit: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await transit.write("keys/k")
    await transit.write("keys/k/config", deletion_allowed=True)
    write = transit.engine.keys.write
    deleted = False

    def write_after_deletion(transaction: Transaction, record: Any) -> None:
        write(transaction, record)

    async def delete_in_between(*arguments: Any) -> Any:
        nonlocal deleted
        if not deleted:
            deleted = True
            await transit.engine.keys.delete("k", transit.call)
        return {}

    monkeypatch.setattr(transit.engine.keys, "write", write_after_deletion)
    monkeypatch.setattr(transit.engine.keys, "archived", delete_in_between)
    await transit.write("keys/k/rotate")
    fault = await message_of(transit, Operation.UPDATE, "keys/k/config", min_decryption_version=2)
    assert fault == (InvalidRequest, "no existing key named k could be found")
    assert await transit.storage.get("policy/k") is None


async def test_keys_rotate_by_themselves_when_they_are_due(transit: Driver) -> None:
    await transit.write("keys/due", auto_rotate_period=3600)
    await transit.write("keys/later", auto_rotate_period=7200)
    await transit.write("keys/never")
    await transit.write("keys/gone", auto_rotate_period=3600)
    await transit.invoke(Operation.DELETE, "keys/gone/soft-delete")

    async def versions() -> Mapping[str, int]:
        return {
            name: (await transit.read(f"keys/{name}"))["latest_version"] for name in ("due", "later", "never", "gone")
        }

    async def tick(seconds: float) -> None:
        await transit.cache.catch_up()
        transit.clock.now += seconds
        await transit.engine.tick(transit.clock())

    await tick(3599)
    assert await versions() == {"due": 1, "later": 1, "never": 1, "gone": 1}
    await tick(1)
    assert await versions() == {"due": 2, "later": 1, "never": 1, "gone": 1}
    await tick(3600)
    assert await versions() == {"due": 3, "later": 2, "never": 1, "gone": 1}
    await transit.write("keys/due/config", auto_rotate_period=0)
    await tick(36_000)
    assert await versions() == {"due": 3, "later": 3, "never": 1, "gone": 1}


def test_every_route_of_one_path_and_operation_is_there_once() -> None:
    rows = [(route.operation, route.path) for route in ROUTES]
    assert len(rows) == len(set(rows))
    assert all(route.help.endswith(".") for route in ROUTES)
