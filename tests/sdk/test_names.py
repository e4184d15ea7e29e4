"""Names and associated data: what is refused before anything is sent, and vectors for other clients."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptoserve import AsyncCryptoServe, CryptoServe, associated_data
from cryptoserve.calls.names import checked_mount, checked_name
from tests.sdk.conftest import Connect, each
from tests.sdk.scripted import Scripted
from tests.support.servers import CHECKOUT, Server

VECTORS = json.loads((CHECKOUT / "sdk/tests/vectors.json").read_text(encoding="utf-8"))["associated_data"]
NAMES = st.from_regex(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,126}[A-Za-z0-9_])?", fullmatch=True)
BAD_NAMES = ["", ".", "-a", "a-", "a.", ".a", "a/b", "a b", "a\n", "é", "\u212a", "a" * 129, "../x", "a%2fb", "a\0b"]


@pytest.mark.parametrize("vector", VECTORS)
def test_associated_data_is_as_published(vector: dict[str, str]) -> None:
    assert associated_data(vector["context"], vector["app_name"], vector["team"]).hex() == vector["bytes"]


@given(NAMES, NAMES, NAMES)
def test_associated_data_tell_the_names(context: str, app_name: str, team: str) -> None:
    rest = associated_data(context, app_name, team).removeprefix(b"cryptoserve/1")
    found = []
    while rest:
        size = int.from_bytes(rest[:2], "big")
        found.append(rest[2 : 2 + size].decode())
        rest = rest[2 + size :]
    assert found == [context, app_name, team]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_bad_names_are_refused_before_anything_is_sent(connect: Connect, scripted: Scripted, name: str) -> None:
    client = connect(addr=scripted.address, token="t")
    for call in each(
        lambda: client.encrypt(b"x", name),
        lambda: client.decrypt("vault:v1:AAAA", name),
        lambda: client.encrypt_many([], name),
        lambda: client.decrypt_many([], name),
        lambda: client.rewrap("vault:v1:AAAA", name),
        lambda: client.rotate(name),
        lambda: client.hmac_many([], name),
        lambda: client.hmac(b"x", name),
        lambda: client.verify_hmac(b"x", "vault:v1:AAAA", name),
        lambda: client.sign(b"x", name),
        lambda: client.verify(b"x", "vault:v1:AAAA", name),
    ):
        with pytest.raises(ValueError, match="expected 1 to 128 ASCII"):
            call()
    for arguments in ((name, "team"), ("app", name)):
        with pytest.raises(ValueError, match="expected 1 to 128 ASCII"):
            CryptoServe(*arguments, addr=scripted.address)
        with pytest.raises(ValueError, match="expected 1 to 128 ASCII"):
            AsyncCryptoServe(*arguments, addr=scripted.address)
    with pytest.raises(ValueError, match="expected 1 to 128 ASCII"):
        CryptoServe("a", "b", contexts={name: {}})
    assert scripted.sent == []


def test_what_is_no_text_or_no_bytes_is_a_type_error(connect: Connect, scripted: Scripted) -> None:
    client = connect(addr=scripted.address, token="t")
    for call in each(
        lambda: client.encrypt("text", "c"),
        lambda: client.encrypt_many([b"x", "text"], "c"),
        lambda: client.decrypt(b"vault:v1:AAAA", "c"),
        lambda: client.decrypt_many([None], "c"),
        lambda: client.hmac("text", "c"),
        lambda: client.verify(b"x", None, "c"),
        lambda: client.encrypt(b"x", None),
    ):
        with pytest.raises(TypeError, match="expected"):
            call()
    assert scripted.sent == []


@pytest.mark.parametrize("name", ["a", "_", "A.b-c_9", "a" * 128])
def test_good_names(name: str) -> None:
    assert checked_name(name, "context") == name


@pytest.mark.parametrize("path", ["", "..", "a/../b", "a//b", "a b", "a?b", "a%2f", "a/" * 17, "é"])
def test_bad_mounts(path: str) -> None:
    with pytest.raises(ValueError, match="mount"):
        checked_mount(path)


def test_good_mounts() -> None:
    assert checked_mount("/team-a/transit/") == "team-a/transit"


@pytest.mark.parametrize("vector", VECTORS)
def test_other_clients_open_what_it_makes(vector: dict[str, str], own_server: Server, tmp_path: Path) -> None:
    """Any Vault client can, with the associated data of the vectors."""
    with CryptoServe(vector["app_name"], vector["team"], addr=own_server.address, token="root") as client:
        ciphertext = client.encrypt(b"net 30", vector["context"])
    body = {"ciphertext": ciphertext, "associated_data": base64.b64encode(bytes.fromhex(vector["bytes"])).decode()}
    opened = own_server.request("POST", f"transit/decrypt/{vector['context']}", body).data()
    assert base64.b64decode(opened["plaintext"]) == b"net 30"
