"""The FIPS modes in every engine that has keys: what is refused, what is warned of, and keys from before the mode."""

from __future__ import annotations

import base64
import logging
from typing import Any

import pytest
from cryptography.hazmat.primitives import hpke, serialization
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

from engines.algorithms.base import Material, SignatureOptions
from engines.algorithms.hashes import HASHES, PLAIN_HASHES, SHA1, SHA2_256
from engines.algorithms.registry import ALGORITHMS, KEM_ALGORITHMS, TRANSIT_ALGORITHMS
from engines.algorithms.row import Fips, Pace
from engines.algorithms.rsa.rsa import RSA_2048
from engines.algorithms.rsa.rsa_keys import load_public
from engines.algorithms.signatures.options import unapproved_signature
from engines.base import Operation
from engines.crypto_policy.fips import FipsMode, NotApproved
from engines.faults import InvalidRequest
from engines.keys.keyring import Keyring
from engines.keys.records import KeyringRecord, new_version
from engines.keys.store import KeyStore
from engines.pqc.routes import PQC
from engines.transit.routes import TRANSIT
from storage.base import put
from tests.engines.driver import Driver, make_keys, message_of

DISABLED, PREFERRED, ENABLED = FipsMode.DISABLED, FipsMode.PREFERRED, FipsMode.ENABLED
UPDATE, READ, DELETE = Operation.UPDATE, Operation.READ, Operation.DELETE
HELLO = "aGVsbG8="
CONTEXT = base64.b64encode(b"context").decode()
OPEN = {"exportable": True, "allow_plaintext_backup": True}
SLOW = {name for name, row in ALGORITHMS.items() if row.pacing.generating is Pace.LONG and name != RSA_2048.name}
UNAPPROVED = sorted(name for name, row in ALGORITHMS.items() if row.strength.fips is not Fips.APPROVED)
SEALED_BEFORE: dict[str, dict[str, Any]] = {
    "chacha": {"type": "chacha20-poly1305", **OPEN},
    "convergent": {"derived": True, "convergent_encryption": True},
}


def refusal(what: str) -> tuple[type[InvalidRequest], str]:
    return InvalidRequest, f'{what} is not FIPS-approved, and fips_mode is "enabled"'


def warning(what: str, mode: FipsMode) -> str:
    return f'{what} is not FIPS-approved (fips_mode is "{mode.value}")'


def driver_for(type_: str, mode: FipsMode) -> Driver:
    return Driver(PQC if type_ in KEM_ALGORITHMS else TRANSIT, mode)


def again(driver: Driver, mode: FipsMode) -> Driver:
    """The same mount after a restart in another mode."""
    return Driver(driver.type, mode, driver.store)


@pytest.mark.parametrize("type_", sorted(ALGORITHMS.keys() - SLOW))
async def test_keys_are_made_of_approved_algorithms_alone(type_: str) -> None:
    row = ALGORITHMS[type_]
    if type_ not in TRANSIT_ALGORITHMS | KEM_ALGORITHMS:
        return
    sized = {"key_size": 32} if row.sizes.key_bytes_chosen is not None else {}
    parameters = {"type": row.key_type, **row.type_parameters, **sized}
    enabled, preferred = driver_for(type_, ENABLED), driver_for(type_, PREFERRED)
    warnings = (await preferred.invoke(UPDATE, "keys/k", **parameters)).warnings
    told = warning(row.name, PREFERRED) in warnings
    if row.strength.fips is Fips.APPROVED:
        assert not told
        assert (await enabled.write("keys/k", **parameters))["type"] == row.key_type
    else:
        assert told
        assert await message_of(enabled, UPDATE, "keys/k", **parameters) == refusal(row.name)
        assert await enabled.storage.list("policy/") == []


def test_there_is_something_to_refuse() -> None:
    assert {"chacha20-poly1305", "xchacha20-poly1305", "x25519-ml-kem-768"} <= set(UNAPPROVED)
    assert ALGORITHMS["ed25519"].strength.fips is Fips.APPROVED  # FIPS 186-5.
    assert [name for name, hash_ in HASHES.items() if hash_.fips is not Fips.APPROVED] == [SHA1.name]


def test_what_is_offered_for_hashing_alone_is_approved() -> None:
    """Transit's ``hash`` asks for no approval, since there is none to refuse."""
    assert all(hash_.fips is Fips.APPROVED for hash_ in PLAIN_HASHES.values())


async def test_the_mode_is_off_unless_it_is_chosen() -> None:
    driver = Driver(TRANSIT)
    answer = await driver.invoke(UPDATE, "keys/k", type="chacha20-poly1305")
    assert answer.warnings == []
    assert (await driver.invoke(UPDATE, "encrypt/k", plaintext=HELLO)).warnings == []
    await driver.write("keys/h")
    assert (await driver.invoke(UPDATE, "hmac/h/sha1", input=HELLO)).warnings == []


class TestKeysFromBefore:
    """A mode that is chosen later finds keys that wouldn't be made any more."""

    @pytest.mark.parametrize(
        ("key", "what"),
        [("chacha", "chacha20-poly1305"), ("convergent", "convergent encryption with aes256-gcm96")],
    )
    async def test_they_open_with_a_warning_and_protect_nothing_new(self, key: str, what: str) -> None:
        before = Driver(TRANSIT)
        await make_keys(before, SEALED_BEFORE)
        given = {"context": CONTEXT} if key == "convergent" else {}
        sealed = (await before.write(f"encrypt/{key}", plaintext=HELLO, **given))["ciphertext"]
        code = (await before.write(f"hmac/{key}", input=HELLO))["hmac"]

        enabled = again(before, ENABLED)
        batch = [{"plaintext": HELLO, **given}]
        for path, parameters in (
            (f"encrypt/{key}", {"plaintext": HELLO, **given}),
            (f"encrypt/{key}", {"batch_input": batch}),
            (f"rewrap/{key}", {"ciphertext": sealed, **given}),
            (f"datakey/plaintext/{key}", given),
            (f"datakeys/plaintext/{key}", {"count": 2, **given}),
            (f"derivedkeys/wrapped/{key}", {"salt": HELLO, "key_index_from": 0, "key_index_to": 1, **given}),
            (f"hmac/{key}", {"input": HELLO}),
            (f"keys/{key}/rotate", {}),
            (f"stream/encrypt/{key}", {}),
        ):
            assert await message_of(enabled, UPDATE, path, **parameters) == refusal(what), path
        opened = await enabled.invoke(UPDATE, f"decrypt/{key}", ciphertext=sealed, **given)
        assert opened.data == {"plaintext": HELLO}
        assert opened.warnings == [warning(what, ENABLED)]
        verified = await enabled.invoke(UPDATE, f"verify/{key}", input=HELLO, hmac=code)
        assert (verified.data, verified.warnings) == ({"valid": True}, [warning(what, ENABLED)])
        # What has no part in protecting goes on: reading, settings, and putting an end to it.
        assert (await enabled.invoke(READ, f"keys/{key}")).warnings == []
        await enabled.write(f"keys/{key}/config", deletion_allowed=True)
        await enabled.invoke(DELETE, f"keys/{key}")

    async def test_they_can_be_taken_away_and_not_brought_back(self) -> None:
        before = Driver(TRANSIT)
        await make_keys(before, SEALED_BEFORE)
        enabled = again(before, ENABLED)
        backup = (await enabled.read("backup/chacha"))["backup"]
        assert await enabled.read("export/encryption-key/chacha")
        for path, force in (("restore/copy", False), ("restore", True)):
            outcome = await message_of(enabled, UPDATE, path, backup=backup, force=force)
            assert outcome == refusal("chacha20-poly1305")
        preferred = again(before, PREFERRED)
        answer = await preferred.invoke(UPDATE, "restore/copy", backup=backup)
        assert answer.warnings == [warning("chacha20-poly1305", PREFERRED)]

    async def test_going_back_to_no_mode_brings_everything_back(self) -> None:
        before = Driver(TRANSIT)
        await make_keys(before, SEALED_BEFORE)
        await message_of(again(before, ENABLED), UPDATE, "encrypt/chacha", plaintext=HELLO)
        answer = await again(before, DISABLED).invoke(UPDATE, "encrypt/chacha", plaintext=HELLO)
        assert answer.warnings == []

    async def test_they_do_not_rotate_by_themselves(self, caplog: pytest.LogCaptureFixture) -> None:
        before = Driver(TRANSIT)
        await before.write("keys/chacha", type="chacha20-poly1305", auto_rotate_period=3600)
        await before.write("keys/aes", auto_rotate_period=3600)
        enabled = again(before, ENABLED)
        engine: Any = enabled.engine
        for _ in range(2):
            await engine.tick(enabled.clock.now + 7200)
            await enabled.cache.catch_up()
        assert (await enabled.read("keys/chacha"))["latest_version"] == 1
        assert (await enabled.read("keys/aes"))["latest_version"] == 2
        assert caplog.text.count(refusal("chacha20-poly1305")[1]) == 1

    async def test_asking_for_one_that_is_not_there_does_not_make_it(self) -> None:
        enabled = Driver(TRANSIT, ENABLED)
        outcome = await message_of(enabled, UPDATE, "encrypt/new", plaintext=HELLO, type="chacha20-poly1305")
        assert outcome == refusal("chacha20-poly1305")
        assert await enabled.storage.list("policy/") == []

    async def test_keys_that_encapsulate(self) -> None:
        before = Driver(PQC)
        await before.write("keys/k", **OPEN)
        backup = (await before.read("backup/k"))["backup"]
        sealed = (await before.write("encrypt/k", plaintext=HELLO))["ciphertext"]
        made = await before.write("encapsulate/k")
        enabled, what = again(before, ENABLED), "x25519-ml-kem-768"
        for path in ("encrypt/k", "encapsulate/k", "keys/k/rotate"):
            assert await message_of(enabled, UPDATE, path, plaintext=HELLO) == refusal(what)
        assert await message_of(enabled, UPDATE, "restore/copy", backup=backup) == refusal(what)
        opened = await enabled.invoke(UPDATE, "decrypt/k", ciphertext=sealed)
        assert (opened.data, opened.warnings) == ({"plaintext": HELLO}, [warning(what, ENABLED)])
        secret = await enabled.write("decapsulate/k", ciphertext=made["ciphertext"])
        assert secret["shared_secret"] == made["shared_secret"]


class TestPreferred:
    async def test_what_is_not_approved_works_with_a_warning_and_one_line_in_the_log(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        driver, what = Driver(TRANSIT, PREFERRED), "chacha20-poly1305"
        with caplog.at_level(logging.WARNING, "engines.crypto_policy.fips"):
            assert warning(what, PREFERRED) in (await driver.invoke(UPDATE, "keys/k", type=what)).warnings
            sealed = await driver.invoke(UPDATE, "encrypt/k", plaintext=HELLO)
            assert sealed.warnings == [warning(what, PREFERRED)]
            assert sealed.data is not None
            opened = await driver.invoke(UPDATE, "decrypt/k", ciphertext=sealed.data["ciphertext"])
            assert opened.warnings == [warning(what, PREFERRED)]
            assert (await driver.invoke(UPDATE, "keys/k/rotate")).warnings == [warning(what, PREFERRED)]
        assert [record.getMessage() for record in caplog.records] == [
            f"keys of 'mount/': {warning(what, PREFERRED)}; further uses are not logged"
        ]

    async def test_what_is_approved_is_not_warned_of(self) -> None:
        driver = Driver(TRANSIT, PREFERRED)
        assert (await driver.invoke(UPDATE, "keys/k")).warnings == []
        assert (await driver.invoke(UPDATE, "encrypt/k", plaintext=HELLO)).warnings == []

    @pytest.mark.parametrize(
        ("mode", "type_", "wrapping"),
        [
            (DISABLED, "x25519-ml-kem-768", "p384-ml-kem-1024"),
            (PREFERRED, "ml-kem-768", "ml-kem-1024"),
            (ENABLED, "ml-kem-768", "ml-kem-1024"),
        ],
    )
    async def test_defaults_are_approved(self, mode: FipsMode, type_: str, wrapping: str) -> None:
        driver = Driver(PQC, mode)
        answer = await driver.invoke(UPDATE, "keys/k")
        assert answer.data is not None
        assert (answer.data["type"], answer.warnings) == (type_, [])
        assert (await driver.read("wrapping_key"))["type"] == wrapping


async def test_a_key_is_wrapped_to_an_approved_key_and_each_mode_has_its_own() -> None:
    before = Driver(PQC)
    hybrid = await before.read("wrapping_key")
    enabled = again(before, ENABLED)
    answer = await enabled.read("wrapping_key")
    recipient = serialization.load_pem_public_key(answer["public_key"].encode())
    assert isinstance(recipient, mlkem.MLKEM1024PublicKey)
    suite = hpke.Suite(hpke.KEM.MLKEM1024, hpke.KDF.HKDF_SHA384, hpke.AEAD.AES_256_GCM)
    seed = mlkem.MLKEM768PrivateKey.generate().private_bytes_raw()
    wrapped = base64.b64encode(suite.encrypt(seed, recipient, answer["info"].encode())).decode()
    await enabled.write("keys/k/import", ciphertext=wrapped)
    assert (await enabled.read("keys/k"))["type"] == "ml-kem-768"
    outcome = await message_of(enabled, UPDATE, "keys/h/import", type="x25519-ml-kem-768", public_key=HELLO)
    assert outcome[0] is InvalidRequest
    public = (await before.write("keys/h"))["keys"]["1"]["public_key"]
    outcome = await message_of(enabled, UPDATE, "keys/new/import", type="x25519-ml-kem-768", public_key=public)
    assert outcome == refusal("x25519-ml-kem-768")
    assert await again(before, DISABLED).read("wrapping_key") == hybrid


class TestSignatures:
    @pytest.fixture
    async def signer(self) -> Driver:
        before = Driver(TRANSIT)
        await make_keys(before, {"rsa": {"type": "rsa-2048", **OPEN}, "ec": {"type": "ecdsa-p256", **OPEN}})
        return before

    @pytest.mark.parametrize("key", ["rsa", "ec"])
    async def test_sha1_verifies_and_signs_nothing(self, signer: Driver, key: str) -> None:
        old = (await signer.write(f"sign/{key}/sha1", input=HELLO))["signature"]
        enabled, what = again(signer, ENABLED), "a signature with sha1"
        assert await message_of(enabled, UPDATE, f"sign/{key}/sha1", input=HELLO) == refusal(what)
        assert await message_of(enabled, UPDATE, f"sign/{key}/sha1", batch_input=[{"input": HELLO}]) == refusal(what)
        verified = await enabled.invoke(UPDATE, f"verify/{key}/sha1", input=HELLO, signature=old)
        assert (verified.data, verified.warnings) == ({"valid": True}, [warning(what, ENABLED)])
        preferred = again(signer, PREFERRED)
        signed = await preferred.invoke(UPDATE, f"sign/{key}/sha1", input=HELLO)
        assert signed.warnings == [warning(what, PREFERRED)]
        assert (await enabled.invoke(UPDATE, f"sign/{key}", input=HELLO)).warnings == []

    async def test_what_is_not_hashed_is_not_signed(self, signer: Driver) -> None:
        parameters = {"prehashed": True, "signature_algorithm": "pkcs1v15", "hash_algorithm": "none", "input": HELLO}
        outcome = await message_of(again(signer, ENABLED), UPDATE, "sign/rsa", **parameters)
        assert outcome == refusal("a signature by rsa-2048 without a hash function")

    @pytest.mark.parametrize("mode", FipsMode)
    async def test_salt_is_as_long_as_the_hash_unless_the_mode_is_off(self, signer: Driver, mode: FipsMode) -> None:
        driver = again(signer, mode)
        answer = await driver.invoke(UPDATE, "sign/rsa", input=HELLO)
        assert answer.warnings == []
        assert answer.data is not None
        public = load_public(
            serialization.load_pem_public_key(
                (await driver.read("keys/rsa"))["keys"]["1"]["public_key"].encode()
            ).public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        raw = base64.b64decode(answer.data["signature"].split(":")[2])
        salt = 222 if mode is DISABLED else 32
        hash_ = SHA2_256.algorithm
        public.verify(raw, b"hello", padding.PSS(padding.MGF1(hash_), salt), hash_)
        verified = await driver.write("verify/rsa", input=HELLO, signature=answer.data["signature"])
        assert verified == {"valid": True}

    async def test_more_salt_than_the_hash_has_is_refused(self, signer: Driver) -> None:
        what = "a signature with more salt than the 32 bytes of sha2-256"
        outcome = await message_of(again(signer, ENABLED), UPDATE, "sign/rsa", input=HELLO, salt_length=33)
        assert outcome == refusal(what)
        preferred = await again(signer, PREFERRED).invoke(UPDATE, "sign/rsa", input=HELLO, salt_length=33)
        assert preferred.warnings == [warning(what, PREFERRED)]
        enabled = again(signer, ENABLED)
        for salt in ("32", "hash", "0", "auto"):
            assert (await enabled.invoke(UPDATE, "sign/rsa", input=HELLO, salt_length=salt)).warnings == []
        assert unapproved_signature(ALGORITHMS["ecdsa-p256"], SignatureOptions(SHA2_256, salt_length=99)) == ""

    @pytest.mark.parametrize(("type_", "approved"), [("ed25519", False), ("mldsa-65", True)])
    def test_a_context_is_bound_to_where_the_standard_has_that(self, type_: str, approved: bool) -> None:
        row = ALGORITHMS[type_]
        bound = unapproved_signature(row, SignatureOptions(None, context=b"context"))
        assert bound == ("" if approved else f"a signature by {type_} bound to a context")
        assert unapproved_signature(row, SignatureOptions(None)) == ""

    async def test_of_the_variants_of_ed25519_that_of_hashes_is_approved(self) -> None:
        driver = Driver(TRANSIT, ENABLED)
        await driver.write("keys/k", type="ed25519")
        digest = base64.b64encode(bytes(64)).decode()
        hashed = {"signature_context": CONTEXT, "prehashed": True, "hash_algorithm": "sha2-512"}
        assert (await driver.invoke(UPDATE, "sign/k", input=digest, **hashed)).warnings == []
        what = "a signature by ed25519 bound to a context"
        assert await message_of(driver, UPDATE, "sign/k", input=HELLO, signature_context=CONTEXT) == refusal(what)
        signed = await again(driver, DISABLED).write("sign/k", input=HELLO, signature_context=CONTEXT)
        asked = {"input": HELLO, "signature_context": CONTEXT, "signature": signed["signature"]}
        verified = await again(driver, ENABLED).invoke(UPDATE, "verify/k", **asked)
        assert (verified.data, verified.warnings) == ({"valid": True}, [warning(what, ENABLED)])

    def test_whoever_signs_with_a_key_is_held_to_the_mode(self) -> None:
        """Every engine's keys come from a ``KeyStore``, so one that forgets to ask is refused all the same."""
        row = ALGORITHMS["ecdsa-p256"]
        record = KeyringRecord(name="k", type=row.name, versions={1: new_version(row.generate(0), 1.0)})
        guard = KeyStore(Driver(TRANSIT).storage, ENABLED).fips
        signature = Keyring(record, guard).latest.signature(b"")
        with pytest.raises(NotApproved, match="a signature with sha1"):
            signature.sign(b"hello", SignatureOptions(SHA1))
        signed = signature.sign(b"hello", SignatureOptions(SHA2_256))
        signature.verify(b"hello", signed, SignatureOptions(SHA2_256))

    async def test_derived_key_pairs_verify_and_sign_nothing(self) -> None:
        before = Driver(TRANSIT)
        await before.write("keys/k", type="ed25519", derived=True)
        signed = (await before.write("sign/k", input=HELLO, context=CONTEXT))["signature"]
        enabled, what = again(before, ENABLED), "a derived key pair of type ed25519"
        assert await message_of(enabled, UPDATE, "sign/k", input=HELLO, context=CONTEXT) == refusal(what)
        assert await message_of(enabled, UPDATE, "keys/new", type="ed25519", derived=True) == refusal(what)
        verified = await enabled.invoke(UPDATE, "verify/k", input=HELLO, context=CONTEXT, signature=signed)
        assert (verified.data, verified.warnings) == ({"valid": True}, [warning(what, ENABLED)])


class TestMacs:
    async def test_sha1_verifies_and_authenticates_nothing(self) -> None:
        before = Driver(TRANSIT)
        await before.write("keys/k")
        code = (await before.write("hmac/k/sha1", input=HELLO))["hmac"]
        enabled = again(before, ENABLED)
        assert await message_of(enabled, UPDATE, "hmac/k/sha1", input=HELLO) == refusal("an HMAC with sha1")
        verified = await enabled.invoke(UPDATE, "verify/k/sha1", input=HELLO, hmac=code)
        assert (verified.data, verified.warnings) == ({"valid": True}, [warning("an HMAC with sha1", ENABLED)])
        assert (await enabled.invoke(UPDATE, "hmac/k", input=HELLO)).warnings == []
        preferred = await again(before, PREFERRED).invoke(UPDATE, "hmac/k/sha1", input=HELLO)
        assert preferred.warnings == [warning("an HMAC with sha1", PREFERRED)]


class TestTransfer:
    async def test_nothing_is_wrapped_with_sha1(self) -> None:
        before = Driver(TRANSIT)
        await make_keys(before, {"rsa": {"type": "rsa-2048", **OPEN}, "aes": {"type": "aes128-gcm96", **OPEN}})
        enabled = again(before, ENABLED)
        assert await message_of(enabled, READ, "byok-export/rsa/aes", hash="SHA1") == refusal("RSA-OAEP with sha1")
        answer = await enabled.invoke(READ, "byok-export/rsa/aes")
        assert answer.warnings == []

    async def test_what_was_wrapped_with_sha1_still_comes_in(self) -> None:
        driver = Driver(TRANSIT, ENABLED)
        await make_keys(driver, {"wrapper": {"type": "rsa-2048", **OPEN}})
        value = await driver.storage.get("policy/wrapper")
        assert value is not None
        await put(driver.storage, "policy/import/wrapping-key", value)
        recipient = serialization.load_pem_public_key((await driver.read("wrapping_key"))["public_key"].encode())
        assert isinstance(recipient, rsa.RSAPublicKey)
        hash_ = SHA1.algorithm
        sealed = recipient.encrypt(bytes(32), padding.OAEP(padding.MGF1(hash_), hash_, None))
        wrapped = base64.b64encode(sealed + aes_key_wrap_with_padding(bytes(32), bytes(range(32)))).decode()
        answer = await driver.invoke(UPDATE, "keys/k/import", ciphertext=wrapped, hash_function="SHA1")
        assert answer.warnings == [warning("RSA-OAEP with sha1", ENABLED)]
        assert (await driver.read("keys/k"))["type"] == "aes256-gcm96"

    async def test_an_agreement_comes_to_an_approved_key(self) -> None:
        driver = Driver(TRANSIT, ENABLED)
        await driver.write("keys/ec", type="ecdsa-p256")
        peer = ec.generate_private_key(ec.SECP256R1()).public_key()
        pem = peer.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        parameters = {"base_key_name": "ec", "peer_public_key": pem}
        outcome = await message_of(driver, UPDATE, "derive-key/new", **parameters, derived_key_type="chacha20-poly1305")
        assert outcome == refusal("chacha20-poly1305")
        await driver.write("derive-key/new", **parameters)
        assert (await driver.read("keys/new"))["type"] == "aes256-gcm96"

    async def test_an_rsa_key_with_a_small_exponent_gives_way_to_one_made_here(self) -> None:
        """FIPS 186-5 wants an exponent of more than 16 bits; here is a key from before the mode that has another."""
        weak = rsa.generate_private_key(3, 2048).public_key()
        pem = weak.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        before, what = Driver(TRANSIT), "an RSA key with the public exponent 3"
        await before.write("keys/k/import", type="rsa-2048", public_key=pem, allow_rotation=True)
        enabled = again(before, ENABLED)
        assert await message_of(enabled, UPDATE, "encrypt/k", plaintext=HELLO) == refusal(what)
        assert await message_of(enabled, UPDATE, "keys/n/import", type="rsa-2048", public_key=pem) == refusal(what)
        assert (await enabled.invoke(UPDATE, "keys/k/rotate")).warnings == [warning(what, ENABLED)]
        assert await message_of(enabled, UPDATE, "encrypt/k", plaintext=HELLO, key_version=1) == refusal(what)
        await enabled.write("keys/k/config", min_encryption_version=2)
        assert (await enabled.invoke(UPDATE, "encrypt/k", plaintext=HELLO)).warnings == []
        assert RSA_2048.strength.fips_fault is not None
        assert RSA_2048.strength.fips_fault(Material(b"", RSA_2048.generate(0).public)) == ""


async def test_a_batch_of_an_approved_key_is_not_looked_at_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is approved is settled when a key is loaded, so that requests cost no more for it."""
    asked: list[str] = []

    def count(record: KeyringRecord) -> str:
        asked.append(record.name)
        return ""

    monkeypatch.setattr("engines.keys.keyring.unapproved_key", count)
    driver = Driver(TRANSIT, ENABLED)
    await driver.write("keys/k")
    asked.clear()
    for _ in range(5):
        await driver.write("encrypt/k", batch_input=[{"plaintext": HELLO}] * 3)
    assert asked == ["k"]


async def test_nothing_that_is_secret_or_named_by_a_caller_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    driver = Driver(TRANSIT, PREFERRED)
    with caplog.at_level(logging.DEBUG):
        for number in range(3):
            await driver.write(f"keys/secret-name-{number}", type="chacha20-poly1305")
            await driver.write(f"encrypt/secret-name-{number}", plaintext=HELLO)
    lines = [record.getMessage() for record in caplog.records if record.name == "engines.crypto_policy.fips"]
    assert len(lines) == 1
    assert "secret-name" not in lines[0]


async def test_rsa_encrypts_by_what_is_approved_and_decrypts_the_rest() -> None:
    driver = Driver(TRANSIT, DISABLED)
    await make_keys(driver, {"rsa": {"type": "rsa-2048"}, "aes": {}})
    public = load_public((await driver.engine.keys.load("rsa")).latest.record.public)
    by_pkcs1v15 = base64.b64encode(public.encrypt(b"hello", padding.PKCS1v15())).decode()
    old = {
        "RSA-OAEP with sha1": {
            "ciphertext": (await driver.write("encrypt/rsa", plaintext=HELLO, hash_algorithm="sha1"))["ciphertext"],
            "hash_algorithm": "sha1",
        },
        "encryption by RSA without OAEP": {"ciphertext": f"vault:v1:{by_pkcs1v15}", "padding_scheme": "pkcs1v15"},
    }
    enabled = again(driver, ENABLED)
    for what, asked in old.items():
        batch = {**asked, "batch_input": [{"ciphertext": asked["ciphertext"]}]}
        for body in (asked, batch):
            assert (await enabled.invoke(UPDATE, "decrypt/rsa", **body)).warnings == [warning(what, ENABLED)]
    what = "encryption by RSA without OAEP"
    asked = {"ciphertext": old[what]["ciphertext"], "decrypt_padding_scheme": "pkcs1v15"}
    assert (await enabled.invoke(UPDATE, "rewrap/rsa", **asked)).warnings == [warning(what, ENABLED)]
    for body in ({"plaintext": HELLO}, {"batch_input": [{"plaintext": HELLO}]}):
        sha1 = await message_of(enabled, UPDATE, "encrypt/rsa", **body, hash_algorithm="sha1")
        assert sha1 == refusal("RSA-OAEP with sha1")
        assert (await enabled.invoke(UPDATE, "encrypt/rsa", **body, hash_algorithm="sha2-512")).warnings == []
        # To other keys, this parameter means nothing.
        assert (await enabled.invoke(UPDATE, "encrypt/aes", **body, hash_algorithm="sha1")).warnings == []
