"""Keys of the engine ``signing``: what they are, when their versions sign and are published, how they come and go."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from engines.algorithms.hashes import HASHES
from engines.algorithms.rsa.key_wrapping import wrap
from engines.base import Operation
from engines.faults import InvalidRequest, NotFound
from tests.engines.driver import Driver, make_keys, message_of
from tests.engines.signing.conftest import KEYS

UPDATE, READ, DELETE, LIST = Operation.UPDATE, Operation.READ, Operation.DELETE, Operation.LIST
HOUR = 3600


@pytest.mark.parametrize("type_", KEYS)
async def test_a_key_is_made_and_read(signing: Driver, type_: str) -> None:
    await make_keys(signing, {type_: KEYS[type_]})
    read = await signing.read(f"keys/{type_}")
    assert {name: read[name] for name in KEYS[type_]} == KEYS[type_]
    assert read["signing_version"] == 1
    assert read["published_versions"] == [1]
    jwks = await signing.read(f"keys/{type_}/jwks")
    assert [jwk["kid"] for jwk in jwks["keys"]] == [read["keys"]["1"]["kid"]]
    assert not {"derived", "soft_deleted", "supports_encryption"} & read.keys()


async def test_what_signs_nothing_is_no_type(signing: Driver) -> None:
    assert (await signing.write("keys/k"))["type"] == "ecdsa-p256"
    for type_ in ("aes256-gcm96", "hmac", "ml-kem-768", "nope"):
        assert await message_of(signing, UPDATE, "keys/x", type=type_) == (
            InvalidRequest,
            f"unknown key type {type_}",
        )


async def test_the_life_of_a_key(signing: Driver) -> None:
    assert await message_of(signing, READ, "keys/k") == (NotFound, "")
    await signing.write("keys/k", custom_metadata={"team": "blue"}, not_before="1700000000")
    answer = await signing.invoke(LIST, "keys")
    assert answer.data == {"keys": ["k"]}
    await signing.write("keys/k/rotate")
    read = await signing.write(
        "keys/k/config", min_decryption_version=2, min_encryption_version=2, deletion_allowed=True
    )
    assert list(read["keys"]) == ["2"]
    assert (read["custom_metadata"], read["not_before"]) == ({"team": "blue"}, "2023-11-14T22:13:20Z")
    assert (await signing.write("keys/k/trim", min_available_version=2))["min_available_version"] == 2
    await signing.invoke(DELETE, "keys/k")
    assert await message_of(signing, READ, "keys/k") == (NotFound, "")
    for path in ("config", "rotate", "trim"):
        assert await message_of(signing, UPDATE, f"keys/k/{path}") == (InvalidRequest, 'there is no key "k"')


class TestPublication:
    async def state(self, driver: Driver) -> tuple[int, list[int]]:
        read = await driver.read("keys/k")
        jwks = await driver.read("keys/k/jwks")
        assert [jwk["key_version"] for jwk in jwks["keys"]] == read["published_versions"]
        made = await driver.write("jwt/sign/r")
        assert made["key_version"] == read["signing_version"]
        assert made["kid"] in [jwk["kid"] for jwk in jwks["keys"]], "what signs is published"
        assert (await driver.write("jwt/verify/r", token=made["token"]))["valid"]
        return read["signing_version"], read["published_versions"]

    async def prepare(self, driver: Driver, **settings: Any) -> None:
        await driver.write("keys/k", **settings)
        await driver.write("roles/r", key="k")

    async def test_without_settings_the_newest_signs_and_all_are_published(self, signing: Driver) -> None:
        await self.prepare(signing)
        await signing.write("keys/k/rotate")
        assert await self.state(signing) == (2, [2, 1])

    async def test_a_version_is_published_before_it_signs_and_after(self, signing: Driver) -> None:
        await self.prepare(signing, publish_ahead=HOUR, keep_published=2 * HOUR)
        assert await self.state(signing) == (1, [1])
        start = signing.clock.now = signing.clock.now + 10 * HOUR
        await signing.write("keys/k/rotate")
        assert await self.state(signing) == (1, [2, 1])
        signing.clock.now = start + HOUR - 0.5
        assert await self.state(signing) == (1, [2, 1])
        signing.clock.now = start + HOUR
        assert await self.state(signing) == (2, [2, 1])
        old = (await signing.read("keys/k"))["keys"]["1"]["kid"]
        signing.clock.now = start + 3 * HOUR - 0.5
        assert await self.state(signing) == (2, [2, 1])
        signing.clock.now = start + 3 * HOUR
        assert await self.state(signing) == (2, [2])
        assert old not in [jwk["kid"] for jwk in (await signing.read("jwks"))["keys"]]

    async def test_rotations_that_come_too_fast(self, signing: Driver) -> None:
        await self.prepare(signing, publish_ahead=HOUR, keep_published=HOUR)
        start = signing.clock.now
        await signing.write("keys/k/rotate")
        signing.clock.now = start + HOUR / 2
        await signing.write("keys/k/rotate")
        assert await self.state(signing) == (1, [3, 2, 1])
        signing.clock.now = start + HOUR
        assert await self.state(signing) == (2, [3, 2, 1])
        signing.clock.now = start + 1.5 * HOUR
        assert await self.state(signing) == (3, [3, 2, 1])
        signing.clock.now = start + 2 * HOUR
        assert await self.state(signing) == (3, [3, 2])
        signing.clock.now = start + 2.5 * HOUR
        assert await self.state(signing) == (3, [3])

    async def test_an_old_version_can_be_stopped_at_once(self, signing: Driver) -> None:
        await self.prepare(signing, publish_ahead=HOUR)
        await signing.write("keys/k/rotate")
        assert (await self.state(signing))[0] == 1
        await signing.write("keys/k/config", min_encryption_version=2)
        assert await self.state(signing) == (2, [2, 1])
        await signing.write("keys/k/config", min_decryption_version=2)
        assert await self.state(signing) == (2, [2])

    async def test_a_token_signed_before_the_rotation_is_valid_until_it_expires(self, signing: Driver) -> None:
        await self.prepare(signing, publish_ahead=HOUR, keep_published=HOUR)
        await signing.write("keys/k/rotate")
        signing.clock.now += HOUR - 1
        token = (await signing.write("jwt/sign/r"))["token"]
        signing.clock.now += 900
        answer = await signing.write("jwt/verify/r", token=token)
        assert (answer["valid"], answer["key_version"]) == (True, 1)
        signing.clock.now += 60
        assert (await signing.write("jwt/verify/r", token=token))["error"] == "it has expired"


class TestSets:
    async def test_all_keys_of_the_mount(self, signing: Driver) -> None:
        assert await signing.read("jwks") == {"keys": []}
        await signing.write("keys/a")
        await signing.write("keys/b", type="ed25519")
        await signing.write("keys/c", disabled=True)
        await signing.read("wrapping_key")
        jwks = await signing.read("jwks")
        assert [jwk["kty"] for jwk in jwks["keys"]] == ["EC", "OKP"]
        assert await message_of(signing, READ, "keys/c/jwks") == (InvalidRequest, "key 'c' is disabled")
        for path in ("keys/x/jwks", "roles/x/jwks"):
            assert await message_of(signing, READ, path) == (NotFound, "")


def certificate(csr: str, issuer_key: ec.EllipticCurvePrivateKey) -> str:
    request = x509.load_pem_x509_csr(csr.encode())
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(request.subject)
        .issuer_name(x509.Name([]))
        .public_key(request.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(issuer_key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


class TestTransfer:
    async def test_certificates(self, signing: Driver) -> None:
        authority = ec.generate_private_key(ec.SECP256R1())
        for type_ in ("ecdsa-p256", "ed25519", "mldsa-44"):
            await make_keys(signing, {type_: {"type": type_, "exportable": True}})
            csr = (await signing.write(f"keys/{type_}/csr"))["csr"]
            chain = certificate(csr, authority)
            await signing.write(f"keys/{type_}/set-certificate", certificate_chain=chain)
            exported = await signing.read(f"export/certificate-chain/{type_}")
            assert exported["keys"]["1"].strip() == chain.strip()
            await signing.write("roles/r", key=type_, x5c=True)
            token = (await signing.write("jwt/sign/r"))["token"]
            header = (await signing.write("jwt/verify/r", token=token))["header"]
            assert header["x5c"] == (await signing.read("roles/r/jwks"))["keys"][0]["x5c"]
            der = x509.load_pem_x509_certificate(chain.encode()).public_bytes(serialization.Encoding.DER)
            assert header["x5c"] == [base64.b64encode(der).decode()]
        kind, text = await message_of(signing, UPDATE, "keys/ed25519/set-certificate", certificate_chain=chain)
        assert kind is InvalidRequest
        assert "does not match the selected key version" in text

    async def test_import_and_export(self, signing: Driver) -> None:
        await make_keys(signing, {"wrapper": {"type": "rsa-4096"}})
        public = (await signing.read("wrapping_key"))["public_key"]
        recipient = serialization.load_pem_public_key(public.encode()).public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        key = ec.generate_private_key(ec.SECP384R1())
        pkcs8 = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        wrapped = base64.b64encode(wrap(recipient, pkcs8, HASHES["sha2-256"])).decode()
        await signing.write("keys/i/import", ciphertext=wrapped, type="ecdsa-p384", exportable=True)
        exported = (await signing.read("export/signing-key/i/latest", format="der"))["keys"]["1"]
        assert serialization.load_der_private_key(base64.b64decode(exported), None).private_numbers() == (  # type: ignore[union-attr]
            key.private_numbers()
        )
        await signing.write("keys/i/import_version", ciphertext=wrapped)
        assert (await signing.read("keys/i"))["latest_version"] == 2
        for type_ in ("hmac-key", "encryption-key", "nope"):
            _, text = await message_of(signing, READ, f"export/{type_}/i")
            assert text == f"invalid export type: {type_}"
        kind, text = await message_of(signing, UPDATE, "keys/i/import", ciphertext=wrapped, type="ecdsa-p384")
        assert (kind, text[:30]) == (InvalidRequest, "the import path cannot be used")
        kind, text = await message_of(signing, UPDATE, "keys/j/import", ciphertext=wrapped, type="aes256-gcm96")
        assert (kind, text) == (InvalidRequest, "unknown key type: aes256-gcm96")

    async def test_a_public_key_alone_verifies(self, signing: Driver) -> None:
        await signing.write("keys/k")
        await signing.write("roles/k", key="k")
        token = (await signing.write("jwt/sign/k"))["token"]
        pem = (await signing.read("keys/k"))["keys"]["1"]["public_key"]
        await signing.write("keys/p/import", public_key=pem)
        await signing.write("roles/p", key="p")
        assert (await signing.write("jwt/verify/p", token=token))["valid"]
        assert await message_of(signing, UPDATE, "jwt/sign/p") == (
            InvalidRequest,
            "version 1 of the key has no private part",
        )

    async def test_backups_move_within_and_from_transit(self, signing: Driver, transit: Driver) -> None:
        settings = {"exportable": True, "allow_plaintext_backup": True}
        await signing.write("keys/k", publish_ahead=60, keep_published=HOUR, **settings)
        await signing.write("keys/k/rotate")
        before = await signing.read("keys/k")
        backup = (await signing.read("backup/k"))["backup"]
        await signing.write("restore/again", backup=backup)
        after = await signing.read("keys/again")
        for name in ("keys", "publish_ahead", "keep_published", "signing_version"):
            assert after[name] == before[name]
        await transit.write("keys/t", type="ed25519", **settings)
        await signing.write("restore", backup=(await transit.read("backup/t"))["backup"])
        assert (await signing.read("keys/t"))["type"] == "ed25519"

    async def test_what_is_not_kept_here_is_not_restored(self, signing: Driver, transit: Driver) -> None:
        settings = {"exportable": True, "allow_plaintext_backup": True}
        await transit.write("keys/aes", **settings)
        await transit.write("keys/derived", type="ed25519", derived=True, **settings)
        for name, text in (
            ("aes", "keys of type aes256-gcm96 are not kept here"),
            ("derived", "keys with derivation and soft-deleted keys are not kept here"),
        ):
            backup = (await transit.read(f"backup/{name}"))["backup"]
            assert await message_of(signing, UPDATE, "restore", backup=backup) == (InvalidRequest, text)
