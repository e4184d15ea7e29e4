"""Keys that come and go: exports, backups, imports, wrapped keys, certificates, key agreement."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.base import Operation
from engines.faults import Failed, Fault, InvalidRequest, NotFound
from engines.transit.routes import TRANSIT
from tests.engines.driver import Driver, make_keys, message_of
from tests.engines.transfer.wrapping import HELLO, KEYS


@pytest.mark.parametrize(
    ("kind", "name", "form", "beginning", "end"),
    [
        ("encryption-key", "aes", "", None, None),
        ("encryption-key", "aes", "raw", None, None),
        ("encryption-key", "rsa", "", "-----BEGIN RSA PRIVATE KEY-----\n", "-----END RSA PRIVATE KEY-----\n"),
        ("signing-key", "rsa", "pem", "-----BEGIN PRIVATE KEY-----\n", "-----END PRIVATE KEY-----\n"),
        ("signing-key", "ec", "", "-----BEGIN EC PRIVATE KEY-----\n", "-----END EC PRIVATE KEY-----"),
        ("signing-key", "ec", "pem", "-----BEGIN PRIVATE KEY-----\n", "-----END PRIVATE KEY-----"),
        ("signing-key", "ed", "pem", "-----BEGIN PRIVATE KEY-----\n", "-----END PRIVATE KEY-----"),
        ("public-key", "rsa", "", "-----BEGIN PUBLIC KEY-----\n", "-----END PUBLIC KEY-----\n"),
        ("public-key", "ec", "", "-----BEGIN PUBLIC KEY-----\n", "-----END PUBLIC KEY-----"),
        ("public-key", "ed", "pem", "-----BEGIN PUBLIC KEY-----\n", "-----END PUBLIC KEY-----"),
        ("hmac-key", "ed", "", None, None),
    ],
)
async def test_exports_have_openbaos_forms(
    keys: Driver, kind: str, name: str, form: str, beginning: str | None, end: str | None
) -> None:
    exported = await keys.read(f"export/{kind}/{name}", format=form)
    assert (exported["name"], exported["type"], list(exported["keys"])) == (name, KEYS[name]["type"], ["1"])
    text = exported["keys"]["1"]
    if beginning is None or end is None:
        assert len(base64.b64decode(text)) in (16, 32)
    else:
        assert text.startswith(beginning)
        assert text.endswith(end)


async def test_an_exported_key_opens_what_it_sealed(keys: Driver) -> None:
    signature = (await keys.write("sign/ed", input=HELLO))["signature"]
    raw = base64.b64decode((await keys.read("export/signing-key/ed"))["keys"]["1"])
    private = ed25519.Ed25519PrivateKey.from_private_bytes(raw[:32])
    assert private.public_key().public_bytes_raw() == raw[32:]
    assert base64.b64encode(private.sign(b"hello")).decode() == signature.removeprefix("vault:v1:")
    der = base64.b64decode((await keys.read("export/signing-key/ec", format="der"))["keys"]["1"])
    loaded = serialization.load_der_private_key(der, None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    signed = base64.b64encode(loaded.sign(b"hello", ec.ECDSA(hashes.SHA256()))).decode()
    assert await keys.write("verify/ec", input=HELLO, signature=f"vault:v1:{signed}") == {"valid": True}


EXPORT_FAULTS: list[tuple[str, dict[str, Any], type[Fault], str]] = [
    ("nope/aes", {}, InvalidRequest, "invalid export type: nope"),
    ("encryption-key/nope", {"format": "jwk"}, InvalidRequest, "invalid format: jwk"),
    ("encryption-key/nope", {}, NotFound, ""),
    ("encryption-key/closed", {}, InvalidRequest, "private key material is not exportable"),
    ("encryption-key/ed", {}, InvalidRequest, "encryption not supported for the key"),
    ("signing-key/aes", {}, InvalidRequest, "signing not supported for the key"),
    (
        "certificate-chain/closed",
        {},
        InvalidRequest,
        "certificate chain not supported for keys that do not support signing",
    ),
    ("certificate-chain/ec", {}, Failed, "selected key version does not have a certificate chain imported"),
    ("public-key/closed", {}, Failed, "unknown key type aes256-gcm96 for export type public-key"),
    (
        "encryption-key/aes",
        {"format": "der"},
        Failed,
        "unknown format for HMAC key; supported values are `` or `raw`",
    ),
    (
        "signing-key/ec",
        {"format": "raw"},
        Failed,
        "unknown key format for ec key; supported values are ``, `der`, or `pem`",
    ),
    ("encryption-key/aes/2", {}, InvalidRequest, "version does not exist or cannot be found"),
    ("encryption-key/aes/0", {}, InvalidRequest, "version for export is below minimum decryption version"),
    ("encryption-key/aes/x", {}, InvalidRequest, "invalid key version"),
]


@pytest.mark.parametrize(("path", "parameters", "fault", "message"), EXPORT_FAULTS)
async def test_what_is_not_exported(
    keys: Driver, path: str, parameters: dict[str, Any], fault: type[Fault], message: str
) -> None:
    assert await message_of(keys, Operation.READ, f"export/{path}", **parameters) == (fault, message)


@pytest.mark.parametrize("version", ["1", "v1", "latest"])
async def test_one_version_is_exported(keys: Driver, version: str) -> None:
    assert list((await keys.read(f"export/encryption-key/aes/{version}"))["keys"]) == ["1"]


@pytest.mark.parametrize("name", ["aes", "derived", "ed", "ec", "rsa", "mac"])
async def test_a_backup_is_the_whole_key(keys: Driver, name: str) -> None:
    for _ in range(2):
        await keys.write(f"keys/{name}/rotate")
    codes = [(await keys.write(f"hmac/{name}", input=HELLO, key_version=number))["hmac"] for number in (1, 2, 3)]
    await keys.write(f"keys/{name}/config", min_decryption_version=3, min_encryption_version=3)
    await keys.write(f"keys/{name}/trim", min_available_version=2)
    backup = (await keys.read(f"backup/{name}"))["backup"]
    before = dict(await keys.read(f"keys/{name}"))
    assert before["backup_info"]["version"] == 3
    other = Driver(TRANSIT)
    await other.write("restore", backup=backup)
    restored = dict(await other.read(f"keys/{name}"))
    assert restored.pop("restore_info")["version"] == 3
    assert restored == before
    await other.write(f"keys/{name}/config", min_decryption_version=2)
    for code in codes[1:]:
        assert await other.write(f"verify/{name}", input=HELLO, hmac=code) == {"valid": True}
    await other.write("restore/copy", backup=backup)
    assert (await other.read("keys/copy"))["name"] == "copy"
    denied = await message_of(other, Operation.UPDATE, "restore", backup=backup)
    assert denied == (Failed, f'key "{name}" already exists')
    await other.write("restore", backup=backup, force=True)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("backup/nope", 'key "nope" not found'),
        ("backup/closed", "exporting is disallowed on the policy"),
        ("backup/half", "plaintext backup is disallowed on the policy"),
    ],
)
async def test_what_is_not_backed_up(keys: Driver, path: str, message: str) -> None:
    await keys.write("keys/half", exportable=True)
    assert await message_of(keys, Operation.READ, path) == (Failed, message)


def changed(backup: str, **changes: Any) -> str:
    """``backup`` with other settings."""
    content = json.loads(base64.b64decode(backup))
    content["policy"].update(changes)
    return base64.b64encode(json.dumps(content).encode()).decode()


async def test_what_is_not_restored(keys: Driver) -> None:
    backup = (await keys.read("backup/ec"))["backup"]
    content = json.loads(base64.b64decode(backup))
    swapped = {"1": {**content["policy"]["keys"]["1"], "ec_d": 5}}
    refused: list[tuple[str, dict[str, Any], type[Fault], str]] = [
        ("restore", {}, InvalidRequest, "'backup' must be supplied"),
        ("restore", {"backup": "YQ"}, Failed, "illegal base64 data at input byte 0"),
        ("restore", {"backup": "YQ=="}, Failed, "the backup is not one of a key"),
        ("restore", {"backup": base64.b64encode(b"[" * 100_000).decode()}, Failed, "the backup is not one of a key"),
        ("restore", {"backup": "e30="}, Failed, "the backup is not one of a key"),
        ("restore/a/b", {"backup": backup}, Failed, "key names cannot be paths"),
        (
            "restore",
            {"backup": changed(backup, name="a/b")},
            Failed,
            "failed restored policy name validator: entry would not be accessible",
        ),
        (
            "restore/a-",
            {"backup": backup},
            Failed,
            "failed restored policy name validator: name does not match framework.GenericNameRegex",
        ),
        ("restore/n", {"backup": changed(backup, type=99)}, Failed, "unknown key type 99"),
        ("restore/n", {"backup": changed(backup, latest_version=0)}, Failed, "the backup is not one of a key"),
        ("restore/n", {"backup": changed(backup, latest_version=10**9)}, Failed, "the backup is not one of a key"),
        ("restore/n", {"backup": changed(backup, latest_version=2)}, Failed, "the backup lacks versions of the key"),
        (
            "restore/n",
            {"backup": changed(backup, min_decryption_version=2)},
            Failed,
            "the versions in the backup contradict each other",
        ),
        (
            "restore/n",
            {"backup": changed(backup, type=0)},
            Failed,
            "the backup holds a version that is no key of type aes256-gcm96: no key",
        ),
        (
            "restore/n",
            {"backup": changed(backup, keys=swapped)},
            Failed,
            "the backup holds a version that is no key of type ecdsa-p256: not a key of this curve",
        ),
    ]
    for path, parameters, fault, message in refused:
        assert await message_of(keys, Operation.UPDATE, path, **parameters) == (fault, message)
    assert (await message_of(keys, Operation.READ, "keys/n"))[0] is NotFound


NUMBERS = st.one_of(st.integers(-2, 9), st.integers(-(2**70), 2**70), st.integers(2**1023, 2**1024))
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    st.floats(allow_nan=False),
    st.sampled_from(["", "YQ==", "x", "9999-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z"]),
    st.lists(NUMBERS, max_size=3),
    st.just({}),
)


@pytest.mark.parametrize("name", ["aes", "ed", "ec", "rsa", "mac"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_backup_is_refused_or_restored_but_never_fails_otherwise(name: str, data: st.DataObject) -> None:
    async def restore() -> None:
        driver = Driver(TRANSIT)
        await make_keys(driver, KEYS)
        content = json.loads(base64.b64decode((await driver.read(f"backup/{name}"))["backup"]))
        policy = content["policy"]
        places: list[tuple[Any, Any]] = [(policy, key) for key in policy]
        entry = policy["keys"]["1"]
        places += [(entry, key) for key in entry]
        for numbers in (entry["rsa_key"], policy["backup_info"]):
            places += [(numbers, key) for key in numbers or {}]
        for _ in range(data.draw(st.integers(1, 2))):
            holder, key = data.draw(st.sampled_from(places))
            holder[key] = data.draw(ANYTHING)
        backup = base64.b64encode(json.dumps(content).encode()).decode()
        try:
            await driver.write("restore/restored", backup=backup)
        except Fault as fault:
            assert fault.message
            return
        assert (await driver.read("keys/restored"))["name"] == "restored"

    asyncio.run(restore())
