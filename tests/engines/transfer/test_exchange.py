"""Keys that come and go: exports, backups, imports, wrapped keys, certificates, key agreement."""

from __future__ import annotations

import asyncio
import base64
import datetime
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap_with_padding, aes_key_wrap_with_padding
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.base import Operation
from engines.faults import Failed, Fault, InvalidRequest, NotFound
from engines.transit.routes import TRANSIT
from tests.engines.driver import Driver, make_keys, message_of

HELLO = base64.b64encode(b"hello").decode()
OPEN = {"exportable": True, "allow_plaintext_backup": True}
KEYS: dict[str, dict[str, Any]] = {
    "aes": {"type": "aes128-gcm96", **OPEN},
    "derived": {"derived": True, "convergent_encryption": True, **OPEN},
    "ed": {"type": "ed25519", **OPEN},
    "ec": {"type": "ecdsa-p256", **OPEN},
    "rsa": {"type": "rsa-2048", **OPEN},
    "mac": {"type": "hmac", "key_size": 40, **OPEN},
    "closed": {},
}
WRAPPING_KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture
async def keys(transit: Driver) -> Driver:
    """The engine with a key of each sort."""
    await make_keys(transit, KEYS)
    return transit


def pkcs8(key: Any) -> bytes:
    """A private key in PKCS#8."""
    return bytes(
        key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def public_pem(key: Any) -> str:
    """The public part of a private key, in PEM."""
    return str(
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@pytest.fixture
async def wrapping(transit: Driver) -> Driver:
    """The engine with a wrapping key that needn't be waited for: imported ones have 4096 bits and take seconds."""
    await make_keys(transit, {"wrapper": {"type": "rsa-4096"}})
    value = await transit.storage.get("policy/wrapper")
    assert value is not None
    async with transit.storage.transaction() as transaction:
        transaction.put("policy/import/wrapping-key", value)
        transaction.delete("policy/wrapper")
    return transit


async def wrapped(driver: Driver, key: bytes, aes_key: bytes = bytes(32)) -> str:
    """``key`` wrapped for import, as a client does it."""
    pem = (await driver.read("wrapping_key"))["public_key"]
    recipient = serialization.load_pem_public_key(pem.encode())
    assert isinstance(recipient, rsa.RSAPublicKey)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    sealed = recipient.encrypt(aes_key, oaep) + aes_key_wrap_with_padding(aes_key, key)
    return base64.b64encode(sealed).decode()


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


@pytest.mark.parametrize(("name", "size"), [("aes", 16), ("mac", 40), ("ed", 48), ("ec", 138)])
async def test_a_key_wrapped_to_another_can_be_unwrapped_there(keys: Driver, name: str, size: int) -> None:
    await keys.write("keys/there/import", public_key=public_pem(WRAPPING_KEY), type="rsa-2048")
    given = await keys.read(f"byok-export/there/{name}")
    assert (given["name"], given["type"]) == (name, KEYS[name]["type"])
    sealed = base64.b64decode(given["keys"]["1"])
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    unwrapped = aes_key_unwrap_with_padding(WRAPPING_KEY.decrypt(sealed[:256], oaep), sealed[256:])
    assert len(unwrapped) == size
    if name in ("aes", "mac"):
        kind = "encryption-key" if name == "aes" else "hmac-key"
        assert base64.b64decode((await keys.read(f"export/{kind}/{name}"))["keys"]["1"]) == unwrapped


@pytest.mark.parametrize(
    ("path", "fault", "message"),
    [
        ("nope/aes", Failed, "no such destination key to export to"),
        ("rsa/nope", Failed, "no such source key for export"),
        ("rsa/closed", InvalidRequest, "key is not exportable"),
        ("ec/aes", Failed, "unsupported key type in use; must be a rsa key"),
        (
            "aes/aes",
            Failed,
            "key wrapping (requring message signing) is not supported for key type aes128-gcm96",
        ),
        ("rsa/aes/9", InvalidRequest, "version does not exist or cannot be found"),
    ],
)
async def test_what_is_not_wrapped(keys: Driver, path: str, fault: type[Fault], message: str) -> None:
    assert await message_of(keys, Operation.READ, f"byok-export/{path}") == (fault, message)


async def test_both_sides_of_a_key_agreement_come_to_the_same_key(keys: Driver) -> None:
    peer = ec.generate_private_key(ec.SECP256R1())
    for _ in range(2):
        await keys.write("derive-key/shared", base_key_name="ec", peer_public_key=public_pem(peer))
    read = await keys.read("keys/shared")
    assert (read["type"], read["imported_key"], read["latest_version"]) == ("aes256-gcm96", True, 2)
    await keys.write("keys/shared/config", exportable=True)
    made = base64.b64decode((await keys.read("export/encryption-key/shared"))["keys"]["1"])
    public = serialization.load_pem_public_key((await keys.read("keys/ec"))["keys"]["1"]["public_key"].encode())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    shared = peer.exchange(ec.ECDH(), public)
    assert made == HKDF(hashes.SHA256(), 32, salt=None, info=b"").derive(shared)


async def test_what_cannot_be_agreed_on(keys: Driver) -> None:
    p256 = public_pem(ec.generate_private_key(ec.SECP256R1()))
    p384 = public_pem(ec.generate_private_key(ec.SECP384R1()))
    refused: list[tuple[dict[str, Any], type[Fault], str]] = [
        ({}, InvalidRequest, "peer public key not provided"),
        (
            {"key_derivation_algorithm": "kdf"},
            InvalidRequest,
            "key derivation algorithm kdf not supported",
        ),
        ({"peer_public_key": p256, "derived_key_type": "hmac"}, InvalidRequest, "unknown key type hmac"),
        ({"peer_public_key": p256}, Failed, "cannot load policy with relative name"),
        ({"peer_public_key": p256, "base_key_name": "nope"}, InvalidRequest, "specified base key not found"),
        (
            {"peer_public_key": p256, "base_key_name": "ed"},
            InvalidRequest,
            "base key type ed25519 does not support key agreement",
        ),
        (
            {"peer_public_key": p384, "base_key_name": "ec"},
            Failed,
            "base private key type ecdsa-p256 does not match peer public key curve",
        ),
        (
            {"peer_public_key": p256, "base_key_name": "ec", "base_key_version": 2},
            Failed,
            "requested version of the base key is higher than the latest key version",
        ),
        (
            {"peer_public_key": "x", "base_key_name": "ec"},
            Failed,
            "failed to parse supplied peer public key PEM: data does not contain any valid public keys ",
        ),
    ]
    for parameters, fault, message in refused:
        assert await message_of(keys, Operation.UPDATE, "derive-key/new", **parameters) == (fault, message)


def certificate(public: Any, issuer: ec.EllipticCurvePrivateKey, authority: bool) -> str:
    """A certificate of ``public``, in PEM."""
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "name")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    return built.sign(issuer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize("name", ["ec", "ed", "rsa"])
async def test_certificate_requests(keys: Driver, name: str) -> None:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example")])
    names = x509.SubjectAlternativeName([x509.DNSName("a.example")])
    template = x509.CertificateSigningRequestBuilder(subject).add_extension(names, critical=False)
    signer = ec.generate_private_key(ec.SECP256R1())
    pem = template.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    for text, expected in (("", x509.Name([])), (pem, subject)):
        made = x509.load_pem_x509_csr((await keys.write(f"keys/{name}/csr", csr=text))["csr"].encode())
        assert made.is_signature_valid
        assert made.subject == expected
        assert len(made.extensions) == (1 if text else 0)
    der = made.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    exported = await keys.read(f"export/public-key/{name}", format="der")
    assert exported["keys"]["1"] == base64.b64encode(der).decode()


async def test_certificate_chains(keys: Driver) -> None:
    issuer = ec.generate_private_key(ec.SECP256R1())
    public = serialization.load_pem_public_key((await keys.read("keys/ec"))["keys"]["1"]["public_key"].encode())
    leaf, authority = certificate(public, issuer, False), certificate(issuer.public_key(), issuer, True)
    stranger = certificate(issuer.public_key(), issuer, False)
    answer = await keys.write("keys/ec/set-certificate", certificate_chain="text\n" + leaf + authority)
    assert answer["certificate_chain"] == "text\n" + leaf + authority
    chain = (leaf + authority).removesuffix("\n")
    assert (await keys.read("keys/ec"))["keys"]["1"]["certificate_chain"] == chain
    assert (await keys.read("export/certificate-chain/ec"))["keys"] == {"1": chain}
    other = Driver(TRANSIT)
    await other.write("restore", backup=(await keys.read("backup/ec"))["backup"])
    assert (await other.read("keys/ec"))["keys"]["1"]["certificate_chain"] == chain
    persist = "failed to persist certificate chain: "
    refused: list[tuple[str, dict[str, Any], type[Fault], str]] = [
        ("nope", {}, InvalidRequest, "key with provided name 'nope' not found"),
        ("aes", {}, InvalidRequest, "key type 'aes128-gcm96' does not support signing"),
        (
            "ec",
            {"certificate_chain": ""},
            InvalidRequest,
            "provided certificate chain did not contain any valid PEM encoded certificate",
        ),
        ("ec", {"certificate_chain": "x"}, InvalidRequest, "could not decode a PEM block in the certificate chain"),
        (
            "ec",
            {"certificate_chain": leaf + "x"},
            InvalidRequest,
            "could not decode a PEM block in the certificate chain",
        ),
        (
            "ec",
            {"certificate_chain": "-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n"},
            InvalidRequest,
            "could not parse a certificate in the certificate chain: x509: malformed certificate",
        ),
        (
            "ec",
            {"certificate_chain": authority},
            InvalidRequest,
            persist + "certificate in the first element is not a valid leaf certificate",
        ),
        (
            "ec",
            {"certificate_chain": leaf + leaf},
            InvalidRequest,
            persist + "certificate in the last element is not a valid CA certificate",
        ),
        ("ec", {"certificate_chain": leaf, "version": 2}, InvalidRequest, persist + "no such key version"),
        (
            "ec",
            {"certificate_chain": stranger},
            Failed,
            persist + "leaf certificate public key does not match the selected key version",
        ),
        (
            "rsa",
            {"certificate_chain": leaf},
            InvalidRequest,
            persist + "could not validate key match between leaf certificate key and key entry in transit: provided "
            "leaf certificate public key algorithm 'ECDSA' does not match the transit key type 'rsa-2048'",
        ),
    ]
    for name, parameters, fault, message in refused:
        path = f"keys/{name}/set-certificate"
        assert await message_of(keys, Operation.UPDATE, path, **parameters) == (fault, message)


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
