"""The stock hvac client against a real server process: the claim that existing programs work unchanged."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import hvac
import pytest
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest

from tests.support.products import Product
from tests.support.servers import Server

PLAINTEXT = base64.b64encode(b"attack at dawn").decode()
CONTEXT = base64.b64encode(b"tenant 1").decode()


@pytest.fixture
def keys(client: Any, transit: str) -> Any:
    """hvac's transit calls, bound to a mount of the test's own."""
    return BoundTransit(client.secrets.transit, transit)


class BoundTransit:
    """hvac's transit interface with ``mount_point`` given to each call, and the answer's ``data`` taken out."""

    def __init__(self, interface: Any, mount_point: str) -> None:
        self._interface = interface
        self._mount_point = mount_point

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._interface, name)

        def call(*arguments: Any, **named: Any) -> Any:
            answer = method(*arguments, mount_point=self._mount_point, **named)
            return answer["data"] if isinstance(answer, dict) else answer

        return call


def test_authentication(development: Server, client: Any) -> None:
    assert client.is_authenticated()
    stranger = hvac.Client(url=development.address, token="s.nobody")
    assert not stranger.is_authenticated()
    stranger.adapter.close()


def test_health_and_seal_status(client: Any) -> None:
    assert client.sys.is_initialized()
    assert not client.sys.is_sealed()
    assert client.sys.read_health_status(method="GET")["sealed"] is False
    assert client.sys.read_health_status(method="HEAD").status_code == 200
    assert client.sys.read_seal_status()["type"] == "shamir"
    assert "ha_enabled" in client.sys.read_leader_status()


def test_secrets_engines(client: Any) -> None:
    client.sys.enable_secrets_engine("transit", path="mounted", description="for a test")
    listed = client.sys.list_mounted_secrets_engines()["data"]
    assert listed["mounted/"]["type"] == "transit"
    assert listed["mounted/"]["description"] == "for a test"
    client.sys.tune_mount_configuration("mounted", default_lease_ttl="1h", description="tuned")
    tuned = client.sys.read_mount_configuration("mounted")["data"]
    assert tuned["default_lease_ttl"] == 3600
    assert tuned["description"] == "tuned"
    with pytest.raises(InvalidRequest, match="path is already in use at mounted/"):
        client.sys.enable_secrets_engine("transit", path="mounted")
    client.sys.disable_secrets_engine("mounted")
    assert "mounted/" not in client.sys.list_mounted_secrets_engines()["data"]


def test_policies(client: Any) -> None:
    text = 'path "transit/encrypt/orders" {\n  capabilities = ["update"]\n}\n'
    client.sys.create_or_update_policy("orders", text)
    assert client.sys.read_policy("orders")["data"]["rules"] == text
    assert "orders" in client.sys.list_policies()["data"]["policies"]
    client.sys.create_or_update_acl_policy("orders", {"path": {"sys/mounts": {"capabilities": ["read"]}}})
    assert "sys/mounts" in client.sys.read_acl_policy("orders")["data"]["policy"]
    assert "orders" in client.sys.list_acl_policies()["data"]["keys"]
    client.sys.delete_acl_policy("orders")
    with pytest.raises(InvalidPath):
        client.sys.read_acl_policy("orders")
    with pytest.raises(InvalidRequest, match="failed to parse policy"):
        client.sys.create_or_update_policy("broken", 'path "a" { capabilities = ["fly"] }')


def test_auth_methods_and_audit_devices_are_listed(client: Any) -> None:
    assert client.sys.list_auth_methods()["data"]["token/"]["type"] == "token"
    assert client.sys.read_auth_method_tuning("token")["data"]["token_type"] == "default-service"
    assert isinstance(client.sys.list_enabled_audit_devices()["data"], dict)


def test_key_status_and_rotation(client: Any) -> None:
    before = client.sys.get_encryption_key_status()["data"]["term"]
    client.sys.rotate_encryption_key()
    assert client.sys.get_encryption_key_status()["data"]["term"] == before + 1


def test_capabilities(client: Any) -> None:
    client.sys.create_or_update_policy("reader", 'path "sys/mounts" { capabilities = ["read", "list"] }')
    token = client.auth.token.create(policies=["reader"], ttl="10m")["auth"]["client_token"]
    answer = client.sys.get_capabilities(["sys/mounts", "sys/seal"], token=token)["data"]
    assert answer["sys/mounts"] == ["list", "read"]
    assert answer["sys/seal"] == ["deny"]
    assert client.sys.get_capabilities(["sys/seal"])["data"]["capabilities"] == ["root"]


def test_wrapping(client: Any) -> None:
    wrapped = client.sys.wrap({"answer": "42"}, ttl=60)["wrap_info"]["token"]
    assert client.sys.unwrap(wrapped)["data"] == {"answer": "42"}
    with pytest.raises((InvalidRequest, Forbidden)):
        client.sys.unwrap(wrapped)


def test_token_life(development: Server, client: Any) -> None:
    tokens = client.auth.token
    created = tokens.create(policies=["default"], ttl="1h", meta={"team": "orders"}, display_name="worker")["auth"]
    token, accessor = created["client_token"], created["accessor"]
    assert created["policies"] == ["default"]
    assert created["lease_duration"] == 3600
    seen = tokens.lookup(token)["data"]
    assert (seen["accessor"], seen["meta"], seen["display_name"]) == (accessor, {"team": "orders"}, "token-worker")
    assert tokens.lookup_accessor(accessor)["data"]["id"] == ""
    assert accessor in tokens.list_accessors()["data"]["keys"]

    own = hvac.Client(url=development.address, token=token)
    try:
        assert own.auth.token.lookup_self()["data"]["id"] == token
        assert own.auth.token.renew_self(increment="30m")["auth"]["lease_duration"] == 1800
        with pytest.raises(Forbidden, match="permission denied"):
            own.sys.list_mounted_secrets_engines()
        assert tokens.renew(token, increment="45m")["auth"]["lease_duration"] == 2700
        assert tokens.renew_accessor(accessor, increment="20m")["auth"]["lease_duration"] == 1200
        tokens.revoke(token)
        assert not own.is_authenticated()
    finally:
        own.adapter.close()
    with pytest.raises(Forbidden, match="bad token"):
        tokens.lookup(token)


def test_token_revocation(development: Server, client: Any) -> None:
    tokens = client.auth.token
    parent = tokens.create(policies=["root"])["auth"]["client_token"]
    own = hvac.Client(url=development.address, token=parent)
    child = own.auth.token.create(ttl="1h")["auth"]["client_token"]
    orphan = own.auth.token.create_orphan(policies=["default"], ttl="1h")["auth"]
    kept = own.auth.token.create(ttl="1h")["auth"]["client_token"]
    tokens.revoke(parent)
    own.adapter.close()
    for gone in (child, kept):
        with pytest.raises(Forbidden):
            tokens.lookup(gone)
    assert tokens.lookup(orphan["client_token"])["data"]["orphan"] is True
    tokens.revoke_accessor(orphan["accessor"])
    with pytest.raises(Forbidden):
        tokens.lookup(orphan["client_token"])


def test_revoke_and_orphan_children(development: Server, client: Any) -> None:
    tokens = client.auth.token
    parent = tokens.create(policies=["root"])["auth"]["client_token"]
    own = hvac.Client(url=development.address, token=parent)
    child = own.auth.token.create(ttl="1h")["auth"]["client_token"]
    own.adapter.close()
    tokens.revoke_and_orphan_children(parent)
    assert tokens.lookup(child)["data"]["orphan"] is True


def test_revoke_self(development: Server, client: Any) -> None:
    own = hvac.Client(url=development.address, token=client.auth.token.create(ttl="1h")["auth"]["client_token"])
    own.auth.token.revoke_self()
    assert not own.is_authenticated()
    own.adapter.close()


def test_token_with_limited_uses(development: Server, client: Any) -> None:
    token = client.auth.token.create(policies=["default"], num_uses=2)["auth"]["client_token"]
    own = hvac.Client(url=development.address, token=token)
    assert own.is_authenticated()
    assert own.is_authenticated()
    assert not own.is_authenticated()
    own.adapter.close()


def test_batch_token(development: Server, client: Any) -> None:
    created = client.auth.token.create(policies=["default"], type="batch", ttl="1h")["auth"]
    assert created["accessor"] == ""
    assert created["renewable"] is False
    own = hvac.Client(url=development.address, token=created["client_token"])
    assert own.is_authenticated()
    own.adapter.close()


def test_token_roles(client: Any) -> None:
    tokens = client.auth.token
    tokens.create_or_update_role("worker", allowed_policies=["default"], orphan=True)
    assert tokens.list_roles()["data"]["keys"] == ["worker"]
    assert tokens.read_role("worker")["data"]["orphan"] is True
    assert tokens.create(role_name="worker", ttl="5m")["auth"]["orphan"] is True
    tokens.delete_role("worker")
    with pytest.raises(InvalidPath):
        tokens.read_role("worker")


def test_key_life(keys: Any) -> None:
    keys.create_key("orders", key_type="aes256-gcm96")
    seen = keys.read_key("orders")
    assert (seen["type"], seen["latest_version"], seen["deletion_allowed"]) == ("aes256-gcm96", 1, False)
    keys.rotate_key("orders")
    keys.rotate_key("orders")
    assert list(keys.read_key("orders")["keys"]) == ["1", "2", "3"]
    keys.update_key_configuration("orders", min_decryption_version=2, min_encryption_version=3)
    seen = keys.read_key("orders")
    assert (seen["min_decryption_version"], seen["min_encryption_version"]) == (2, 3)
    assert list(seen["keys"]) == ["2", "3"]
    assert keys.list_keys()["keys"] == ["orders"]
    with pytest.raises(InvalidRequest, match="deletion is not allowed"):
        keys.delete_key("orders")
    keys.update_key_configuration("orders", deletion_allowed=True)
    keys.delete_key("orders")
    with pytest.raises(InvalidPath):
        keys.read_key("orders")
    with pytest.raises(InvalidPath):
        keys.list_keys()


@pytest.mark.parametrize("key_type", ["aes256-gcm96", "chacha20-poly1305", "rsa-2048"])
def test_encryption(keys: Any, key_type: str) -> None:
    keys.create_key("secret", key_type=key_type)
    ciphertext = keys.encrypt_data("secret", plaintext=PLAINTEXT)["ciphertext"]
    assert ciphertext.startswith("vault:v1:")
    assert keys.decrypt_data("secret", ciphertext=ciphertext)["plaintext"] == PLAINTEXT
    keys.rotate_key("secret")
    renewed = keys.rewrap_data("secret", ciphertext=ciphertext)["ciphertext"]
    assert renewed.startswith("vault:v2:")
    for text in (ciphertext, renewed):
        assert keys.decrypt_data("secret", ciphertext=text)["plaintext"] == PLAINTEXT
    older = keys.encrypt_data("secret", plaintext=PLAINTEXT, key_version=1)
    assert older["ciphertext"].startswith("vault:v1:")


def test_tampered_ciphertext_is_refused(keys: Any) -> None:
    keys.create_key("secret")
    ciphertext = keys.encrypt_data("secret", plaintext=PLAINTEXT)["ciphertext"]
    sealed = bytearray(base64.b64decode(ciphertext.removeprefix("vault:v1:")))
    sealed[-1] ^= 1
    with pytest.raises(InvalidRequest, match="message authentication failed"):
        keys.decrypt_data("secret", ciphertext="vault:v1:" + base64.b64encode(sealed).decode())


def test_encrypt_creates_a_missing_key(keys: Any) -> None:
    keys.encrypt_data("upserted", plaintext=PLAINTEXT, type="chacha20-poly1305")
    assert keys.read_key("upserted")["type"] == "chacha20-poly1305"


def test_derived_keys(keys: Any) -> None:
    keys.create_key("derived", derived=True)
    with pytest.raises(InvalidRequest, match="missing 'context' for key derivation"):
        keys.encrypt_data("derived", plaintext=PLAINTEXT)
    ciphertext = keys.encrypt_data("derived", plaintext=PLAINTEXT, context=CONTEXT)["ciphertext"]
    assert keys.decrypt_data("derived", ciphertext=ciphertext, context=CONTEXT)["plaintext"] == PLAINTEXT
    with pytest.raises(InvalidRequest, match="message authentication failed"):
        keys.decrypt_data("derived", ciphertext=ciphertext, context=base64.b64encode(b"tenant 2").decode())
    keys.rotate_key("derived")
    renewed = keys.rewrap_data("derived", ciphertext=ciphertext, context=CONTEXT)["ciphertext"]
    assert renewed.startswith("vault:v2:")


def test_convergent_keys(keys: Any) -> None:
    keys.create_key("convergent", derived=True, convergent_encryption=True)
    first = keys.encrypt_data("convergent", plaintext=PLAINTEXT, context=CONTEXT)["ciphertext"]
    assert keys.encrypt_data("convergent", plaintext=PLAINTEXT, context=CONTEXT)["ciphertext"] == first


def test_batches(keys: Any) -> None:
    keys.create_key("batch")
    items = [{"plaintext": base64.b64encode(bytes([number])).decode()} for number in range(100)]
    sealed = keys.encrypt_data("batch", plaintext="", batch_input=items)["batch_results"]
    assert len({item["ciphertext"] for item in sealed}) == len(items)
    ciphertexts = [{"ciphertext": item["ciphertext"]} for item in sealed]
    opened = keys.decrypt_data("batch", ciphertext="", batch_input=ciphertexts)["batch_results"]
    assert [item["plaintext"] for item in opened] == [item["plaintext"] for item in items]
    keys.rotate_key("batch")
    renewed = keys.rewrap_data("batch", ciphertext="", batch_input=ciphertexts)["batch_results"]
    assert all(item["ciphertext"].startswith("vault:v2:") for item in renewed)


@pytest.mark.parametrize(("bits", "size"), [(128, 16), (256, 32), (512, 64)])
def test_data_keys(keys: Any, bits: int, size: int) -> None:
    keys.create_key("wrapper")
    fresh = keys.generate_data_key("wrapper", key_type="plaintext", bits=bits)
    assert len(base64.b64decode(fresh["plaintext"])) == size
    assert keys.decrypt_data("wrapper", ciphertext=fresh["ciphertext"])["plaintext"] == fresh["plaintext"]
    assert "plaintext" not in keys.generate_data_key("wrapper", key_type="wrapped", bits=bits)


def test_random_bytes(keys: Any) -> None:
    assert len(base64.b64decode(keys.generate_random_bytes(n_bytes=48)["random_bytes"])) == 48
    first, second = (keys.generate_random_bytes(n_bytes=16, output_format="hex")["random_bytes"] for _ in range(2))
    assert len(bytes.fromhex(first)) == 16
    assert first != second


@pytest.mark.parametrize("algorithm", ["sha2-224", "sha2-256", "sha2-384", "sha2-512"])
def test_hash(keys: Any, algorithm: str) -> None:
    expected = hashlib.new(algorithm.replace("sha2-", "sha"), b"attack at dawn").digest()
    assert keys.hash_data(PLAINTEXT, algorithm=algorithm)["sum"] == expected.hex()
    in_base64 = keys.hash_data(PLAINTEXT, algorithm=algorithm, output_format="base64")["sum"]
    assert base64.b64decode(in_base64) == expected


@pytest.mark.parametrize("algorithm", ["sha2-224", "sha2-256", "sha2-384", "sha2-512"])
def test_hmac(keys: Any, algorithm: str) -> None:
    keys.create_key("mac")
    mac = keys.generate_hmac("mac", hash_input=PLAINTEXT, algorithm=algorithm)["hmac"]
    assert mac.startswith("vault:v1:")
    assert keys.verify_signed_data("mac", PLAINTEXT, hmac=mac, hash_algorithm=algorithm)["valid"] is True
    other = base64.b64encode(b"attack at dusk").decode()
    assert keys.verify_signed_data("mac", other, hmac=mac, hash_algorithm=algorithm)["valid"] is False


@pytest.mark.parametrize("key_type", ["ed25519", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048"])
def test_signatures(keys: Any, key_type: str) -> None:
    keys.create_key("signer", key_type=key_type)
    signature = keys.sign_data("signer", hash_input=PLAINTEXT)["signature"]
    assert signature.startswith("vault:v1:")
    assert keys.verify_signed_data("signer", PLAINTEXT, signature=signature)["valid"] is True
    other = base64.b64encode(b"attack at dusk").decode()
    assert keys.verify_signed_data("signer", other, signature=signature)["valid"] is False
    batch = keys.sign_data("signer", batch_input=[{"input": PLAINTEXT}, {"input": other}])["batch_results"]
    assert keys.verify_signed_data("signer", other, signature=batch[1]["signature"])["valid"] is True


@pytest.mark.parametrize("signature_algorithm", ["pss", "pkcs1v15"])
def test_rsa_signature_algorithms(keys: Any, signature_algorithm: str) -> None:
    keys.create_key("signer", key_type="rsa-2048")
    choice = {"signature_algorithm": signature_algorithm, "hash_algorithm": "sha2-512"}
    signature = keys.sign_data("signer", hash_input=PLAINTEXT, **choice)["signature"]
    assert keys.verify_signed_data("signer", PLAINTEXT, signature=signature, **choice)["valid"] is True


def test_prehashed_and_jws_signatures(keys: Any) -> None:
    keys.create_key("signer", key_type="ecdsa-p256")
    digest = base64.b64encode(hashlib.sha256(b"attack at dawn").digest()).decode()
    signature = keys.sign_data("signer", hash_input=digest, prehashed=True, marshaling_algorithm="jws")["signature"]
    valid = keys.verify_signed_data("signer", PLAINTEXT, signature=signature, marshaling_algorithm="jws")["valid"]
    assert valid is True


def test_export_backup_restore_and_trim(keys: Any) -> None:
    keys.create_key("portable", exportable=True, allow_plaintext_backup=True)
    ciphertext = keys.encrypt_data("portable", plaintext=PLAINTEXT)["ciphertext"]
    assert len(base64.b64decode(keys.export_key("portable", "encryption-key")["keys"]["1"])) == 32
    backup = keys.backup_key("portable")["backup"]
    keys.restore_key(backup, name="restored")
    assert keys.decrypt_data("restored", ciphertext=ciphertext)["plaintext"] == PLAINTEXT
    keys.rotate_key("portable")
    # One after the other: hvac refuses to send the two together when they are equal, which the API allows.
    keys.update_key_configuration("portable", min_encryption_version=2)
    keys.update_key_configuration("portable", min_decryption_version=2)
    keys.trim_key("portable", 2)
    assert list(keys.read_key("portable")["keys"]) == ["2"]


def test_initialise_unseal_and_seal(production: Server) -> None:
    client = hvac.Client(url=production.address)
    try:
        assert not client.sys.is_initialized()
        opened = client.sys.initialize(secret_shares=5, secret_threshold=3)
        assert len(opened["keys"]) == 5
        status: dict[str, Any] = {}
        for count, key in enumerate(opened["keys"][:3], 1):
            status = client.sys.submit_unseal_key(key)
            assert status["progress"] == count % 3
        assert status["sealed"] is False
        production.await_status(200)
        client.token = opened["root_token"]
        client.sys.enable_secrets_engine("transit")
        client.secrets.transit.create_key("kept")
        ciphertext = client.secrets.transit.encrypt_data("kept", plaintext=PLAINTEXT)["data"]["ciphertext"]
        client.sys.seal()
        assert client.sys.is_sealed()
        client.sys.submit_unseal_keys(opened["keys_base64"][2:])
        production.await_status(200)
        assert client.secrets.transit.decrypt_data("kept", ciphertext=ciphertext)["data"]["plaintext"] == PLAINTEXT
    finally:
        client.adapter.close()


def test_what_is_stored_survives_a_restart(product: Product, production: Server) -> None:
    production.initialize(shares=3, threshold=2)
    production.unseal()
    assert production.request("POST", "sys/mounts/transit", {"type": "transit"}).status == 204
    sealed = production.request("POST", "transit/encrypt/kept", {"plaintext": PLAINTEXT}).data()["ciphertext"]
    assert production.stop() == 0
    production.start()
    assert production.request("GET", "sys/health", token="").status == 503
    production.unseal()
    assert production.request("POST", "transit/decrypt/kept", {"ciphertext": sealed}).data()["plaintext"] == PLAINTEXT
