"""What each call does, by both clients, at our server and at OpenBao."""

from __future__ import annotations

import base64
import os

import pytest

from cryptoserve import BatchFailed, ContextNotFound, DecryptionFailed, InvalidResponse
from cryptoserve.calls.remote import MAX_BATCH_CHARACTERS, chunks
from tests.sdk.conftest import Connect, at, each, fresh, token_with
from tests.sdk.scripted import Scripted, answer
from tests.support.products import Product
from tests.support.servers import Server

CARD = b"4111-1111-1111-1111"


def test_what_is_encrypted_is_decrypted(connect: Connect, server: Server) -> None:
    client = connect(**at(server))
    for plaintext in (CARD, b"", bytes(range(256)), bytearray(b"abc"), memoryview(b"abc"), os.urandom(1 << 20)):
        ciphertext = client.encrypt(plaintext, context="card-data")
        assert ciphertext.startswith("vault:v")
        assert client.decrypt(ciphertext, context="card-data") == bytes(plaintext)


def test_contexts_apps_and_teams_are_apart(connect: Connect, server: Server) -> None:
    client = connect(**at(server))
    ciphertext = client.encrypt(CARD, "apart")
    client.encrypt(CARD, "apart2")
    others = [
        (client, "apart2"),
        (client, "never-used"),
        (connect("payments2", "backend", **at(server)), "apart"),
        (connect("payments", "backend2", **at(server)), "apart"),
        (connect("backend", "payments", **at(server)), "apart"),
    ]
    for other, context in others:
        with pytest.raises(DecryptionFailed):
            other.decrypt(ciphertext, context)
        with pytest.raises((DecryptionFailed, BatchFailed)):
            other.decrypt_many([ciphertext], context)
        with pytest.raises(DecryptionFailed):
            other.rewrap(ciphertext, context)
    # No key was made by looking.
    assert server.request("GET", "transit/keys/never-used").status == 404


def test_damage_is_the_same_error(connect: Connect, server: Server) -> None:
    client = connect(**at(server))
    ciphertext = client.encrypt(CARD, "damage")
    prefix, text = ciphertext[:9], bytearray(base64.b64decode(ciphertext[9:]))
    assert prefix == "vault:v1:"
    damaged = ["", "vault:v1:", "vault:v2:" + ciphertext[9:], "vault:v1:!", "cs1:AAAA", "text", "\ud800"]
    for place in (0, 12, len(text) - 1):
        text[place] ^= 1
        damaged.append(prefix + base64.b64encode(text).decode())
        text[place] ^= 1
    messages = set()
    for text_ in damaged:
        with pytest.raises(DecryptionFailed) as caught:
            client.decrypt(text_, "damage")
        messages.add(str(caught.value).partition(" (request ")[0])
    assert messages == {"decrypt under damage: the text doesn't open here"}


def test_lists_are_split_and_come_back_in_order(connect: Connect, server: Server) -> None:
    client = connect(**at(server))
    plaintexts = [b"%d" % number for number in range(257)]
    ciphertexts = client.encrypt_many(plaintexts, "many")
    assert client.decrypt_many(ciphertexts, "many") == plaintexts
    assert client.decrypt(ciphertexts[-1], "many") == b"256"
    assert client.encrypt_many([], "many") == client.decrypt_many([], "many") == []


def test_a_list_with_bad_items_tells_the_others(connect: Connect, server: Server) -> None:
    client = connect(**at(server))
    ciphertexts = client.encrypt_many([b"%d" % number for number in range(120)], "bad-items")
    ciphertexts[3] = ciphertexts[110] = "vault:v1:AAAA"
    with pytest.raises(BatchFailed) as caught:
        client.decrypt_many(ciphertexts, "bad-items")
    assert {index: type(error) for index, error in caught.value.errors.items()} == {
        3: DecryptionFailed,
        110: DecryptionFailed,
    }
    expected = [b"%d" % number for number in range(120)]
    expected[3] = expected[110] = None  # type: ignore[call-overload]
    assert caught.value.results == expected


def test_requests_of_a_list_have_at_most_100_items_and_a_bounded_size() -> None:
    small, large = {"plaintext": "x"}, {"plaintext": "x" * (MAX_BATCH_CHARACTERS // 2)}
    assert [len(chunk) for chunk in chunks([small] * 201)] == [100, 100, 1]
    assert [len(chunk) for chunk in chunks([large] * 5)] == [2, 2, 1]
    assert [len(chunk) for chunk in chunks([{"plaintext": "x" * MAX_BATCH_CHARACTERS * 2}] * 2)] == [1, 1]


def test_rotated_keys_open_old_texts(connect: Connect, server: Server) -> None:
    context = fresh("rotated")
    client = connect(**at(server))
    old = client.encrypt(CARD, context)
    assert client.rotate(context) is None
    assert client.encrypt(CARD, context).startswith("vault:v2:")
    assert client.decrypt(old, context) == CARD
    with pytest.raises(ContextNotFound):
        client.rotate("never-rotated")


def test_rewrap_keeps_the_binding(connect: Connect, own_server: Server) -> None:
    context = fresh("rewrapped")
    client = connect(**at(own_server))
    old = client.encrypt(CARD, context)
    client.rotate(context)
    new = client.rewrap(old, context)
    assert new.startswith("vault:v2:")
    assert client.decrypt(new, context) == CARD
    with pytest.raises(DecryptionFailed):
        connect("other", "backend", **at(own_server)).decrypt(new, context)


def test_openbao_rewraps_nothing_that_is_bound(connect: Connect, server: Server) -> None:
    if server.product is not Product.OPENBAO:
        return
    context = fresh("rewrapped")
    client = connect(**at(server))
    ciphertext = client.encrypt(CARD, context)
    with pytest.raises(DecryptionFailed):
        client.rewrap(ciphertext, context)
    assert client.decrypt(ciphertext, context) == CARD


def test_codes(connect: Connect, server: Server) -> None:
    client = connect(**at(server))
    code = client.hmac(CARD, "codes")  # It makes the key.
    assert client.hmac(CARD, "codes") == code
    assert client.verify_hmac(CARD, code, "codes") is True
    assert client.verify_hmac(b"other", code, "codes") is False
    for wrong in ("", "text", "vault:v1:AAAA", "vault:v1:!", "vault:v9:" + code[9:], code + "\n"):
        assert client.verify_hmac(CARD, wrong, "codes") is False
    with pytest.raises(ContextNotFound):
        client.verify_hmac(CARD, code, "never-coded")
    data = [b"%d" % number for number in range(101)]
    many = client.hmac_many(data, fresh("codes"))  # It makes the key, too.
    assert len(set(many)) == 101
    assert client.hmac_many([*data, CARD], "codes")[-1] == code
    assert client.hmac_many([], "codes") == []


@pytest.mark.parametrize("key_type", ["ed25519", "ecdsa-p256", "mldsa-65"])
def test_signatures(connect: Connect, server: Server, key_type: str) -> None:
    key = f"signs-{key_type}"
    client = connect(**at(server), contexts={key: {"key_type": key_type}})
    signature = client.sign(CARD, key=key)
    assert client.verify(CARD, signature, key=key) is True
    assert client.verify(b"other", signature, key=key) is False
    assert client.verify(CARD, client.sign(b"other", key), key=key) is False
    for wrong in ("", "text", "vault:v1:!", "vault:v9:" + signature[9:]):
        assert client.verify(CARD, wrong, key=key) is False
    for call in each(lambda: client.sign(CARD, key="no-key"), lambda: client.verify(CARD, signature, key="no-key")):
        with pytest.raises(ContextNotFound):
            call()


@pytest.mark.parametrize("key_type", ["aes128-gcm96", "chacha20-poly1305"])
def test_a_context_says_the_type_of_its_key(connect: Connect, server: Server, key_type: str) -> None:
    context = f"typed-{key_type}"
    client = connect(**at(server), contexts={context: {"key_type": key_type}})
    assert client.decrypt(client.encrypt(CARD, context), context) == CARD
    assert server.request("GET", f"transit/keys/{context}").data()["type"] == key_type


def test_post_quantum_keys_through_the_same_calls(connect: Connect, own_server: Server) -> None:
    """HPKE binds the associated data; the engine makes no key by encrypting, so the client does."""
    client = connect(**at(own_server), mount="pqc", contexts={"letters": {"key_type": "ml-kem-768"}})
    for context in ("letters", "parcels"):
        ciphertext = client.encrypt(CARD, context)
        assert client.decrypt(ciphertext, context) == CARD
        with pytest.raises(DecryptionFailed):
            connect("other", "backend", **at(own_server), mount="pqc").decrypt(ciphertext, context)
    assert own_server.request("GET", "pqc/keys/letters").data()["type"] == "ml-kem-768"
    made = client.encrypt_many([CARD, b""], "stamps")
    assert client.decrypt_many(made, "stamps") == [CARD, b""]


def test_what_a_key_is_to_be_is_told(connect: Connect, scripted: Scripted) -> None:
    scripted.plays = [answer(200, {"data": {"ciphertext": "vault:v1:AAAA"}})]
    contexts = {"card-data": {"data_class": "pci", "key_type": None}}
    connect(addr=scripted.address, token="t", contexts=contexts).encrypt(CARD, "card-data")
    body = scripted.sent[0].json()
    assert (body["data_class"], "type" in body) == ("pci", False)
    with pytest.raises(ValueError, match=r"expected data_class and key_type, got \['colour'\]"):
        connect(contexts={"card-data": {"colour": "red"}})


def test_a_data_class_classifies_the_key_and_chooses_its_type(connect: Connect, own_server: Server) -> None:
    defaults = {"pci": {"transit": {"type": "xchacha20-poly1305"}}}
    assert own_server.request("POST", "sys/crypto-policies/classes", {"rules": [], "defaults": defaults}).status < 300
    plain, classified = fresh("plain"), fresh("classified")
    client = connect(**at(own_server), contexts={classified: {"data_class": "pci"}})
    client.encrypt(CARD, plain)
    client.encrypt(CARD, classified)
    types = [own_server.request("GET", f"transit/keys/{name}").data()["type"] for name in (plain, classified)]
    assert types == ["aes256-gcm96", "xchacha20-poly1305"]
    told = own_server.request("GET", f"transit/keys/{classified}/classification").data()
    assert told["data_class"] == "pci"
    # A token that may make keys and not classify them can't make this one, but may use it.
    rules = 'path "transit/encrypt/*" { capabilities = ["create", "update"] }'
    other = fresh("classified")
    contexts = {classified: {"data_class": "pci"}, other: {"data_class": "pci"}}
    maker = connect(addr=own_server.address, token=token_with(own_server, "maker", rules), contexts=contexts)
    maker.encrypt(CARD, classified)
    with pytest.raises(ContextNotFound):
        maker.encrypt(CARD, other)
    own_server.request("DELETE", "sys/crypto-policies/classes")


def test_a_namespace_and_a_mount_are_where_it_asks(connect: Connect, own_server: Server) -> None:
    tenant = fresh("tenant")
    own_server.request("POST", f"sys/namespaces/{tenant}", {})
    connection = own_server.connect()
    headers = {"X-Vault-Token": "root", "X-Vault-Namespace": tenant}
    connection.request("POST", "/v1/sys/mounts/team/transit", b'{"type": "transit"}', headers)
    assert connection.getresponse().status == 204
    connection.close()
    client = connect(**at(own_server), namespace=f"/{tenant}/", mount="/team/transit/")
    assert client.decrypt(client.encrypt(CARD, "there"), "there") == CARD
    with pytest.raises(ContextNotFound):
        connect(**at(own_server), mount="team/transit").encrypt(CARD, "there")


def test_closed_clients_refuse(connect: Connect, server: Server) -> None:
    client = connect(**at(server))
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.encrypt(CARD, "card-data")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"ciphertext": 5, "plaintext": 5, "hmac": None, "signature": [], "valid": "true"},
        {"ciphertext": "vault:v1:A\n", "plaintext": "!", "hmac": "x", "signature": "vault:v0:AA", "valid": None},
        {"batch_results": [{}]},
        {"batch_results": [{"ciphertext": "vault:v1:AAAA", "plaintext": "AAAA"}] * 2},
        {"batch_results": ["vault:v1:AAAA"]},
        {"batch_results": {}},
    ],
)
def test_answers_of_another_form_are_invalid(connect: Connect, scripted: Scripted, data: object) -> None:
    scripted.plays = [answer(200, {"request_id": "abc-1", "data": data})]
    client = connect(addr=scripted.address, token="t")
    for call in each(
        lambda: client.encrypt(CARD, "c"),
        lambda: client.decrypt("vault:v1:AAAA", "c"),
        lambda: client.encrypt_many([CARD], "c"),
        lambda: client.decrypt_many(["vault:v1:AAAA"], "c"),
        lambda: client.rewrap("vault:v1:AAAA", "c"),
        lambda: client.hmac(CARD, "c"),
        lambda: client.sign(CARD, "c"),
        lambda: client.verify(CARD, "vault:v1:AAAA", "c"),
    ):
        with pytest.raises(InvalidResponse) as caught:
            call()
        assert caught.value.request_id == "abc-1"
