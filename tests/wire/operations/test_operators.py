"""What operators do with the stock command line and shares: a new root token, new shares, a new key. Two workers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.products import Product
from tests.support.servers import Server
from tests.wire.clients.test_bao_command import Bao

_LISTENER = """
  disable_unauthed_rekey_endpoints         = false
  disable_unauthed_generate_root_endpoints = false
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A production server whose listener takes shares in place of tokens."""
    with Server(Product.CRYPTOSERVE, tmp_path, settings="workers = 2\n", listener=_LISTENER) as server:
        yield server


@pytest.mark.parametrize("with_token", [False, True])
def test_a_root_token_and_new_shares(server: Server, tmp_path: Path, with_token: bool) -> None:
    """The command has two ways to new shares: with a token, audited, and without one."""
    server.initialize(3, 2)
    server.unseal()
    bao = Bao(server, tmp_path)
    token = server.root_token if with_token else ""

    begun = json.loads(bao("operator", "generate-root", "-init", token=server.root_token, as_json=True))
    for key in server.unseal_keys:
        arguments = ("operator", "generate-root", f"-nonce={begun['nonce']}", key)
        made = json.loads(bao(*arguments, token=server.root_token, as_json=True))
    decode = ("operator", "generate-root", f"-decode={made['encoded_token']}", f"-otp={begun['otp']}")
    new_token = bao(*decode, token=server.root_token).strip()
    assert json.loads(bao("token", "lookup", token=new_token, as_json=True))["data"]["policies"] == ["root"]

    rekey = "rotate-keys" if with_token else "rekey"
    wish = ("-key-shares=2", "-key-threshold=2", "-verify")
    begun = json.loads(bao("operator", rekey, "-init", *wish, token=token, as_json=True))
    for key in server.unseal_keys:
        made = json.loads(bao("operator", rekey, f"-nonce={_of(begun, 'nonce')}", key, token=token, as_json=True))
    new_keys, nonce = _of(made, "keys_base64"), _of(made, "verification_nonce")
    for key in new_keys:
        bao("operator", rekey, "-verify", f"-nonce={nonce}", key, token=token)

    assert server.request("POST", "sys/seal", {}, token=new_token).status == 204
    server.unseal_keys = new_keys
    server.unseal()
    assert bao("operator", "rotate", token=new_token).startswith("Success")
    server.stop()
    server.start()
    server.unseal()
    assert server.request("GET", "auth/token/lookup-self", token=new_token).status == 200


def _of(answer: dict[str, Any], name: str) -> Any:
    """A member of an answer, in an envelope or without."""
    return (answer.get("data") or answer)[name]
