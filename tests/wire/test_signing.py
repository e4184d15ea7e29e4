"""Tokens of a real server, verified by a real client that reads the public keys at their address."""

from __future__ import annotations

from pathlib import Path

import httpx2
import jwt
import pytest

from tests.support.products import Product
from tests.support.servers import Server

HEADERS = {"X-Vault-Token": "root"}


@pytest.mark.parametrize(("type_", "algorithm"), [("ed25519", "EdDSA"), ("rsa-2048", "PS256")])
def test_a_client_follows_a_rotation(tmp_path: Path, type_: str, algorithm: str) -> None:
    with Server(Product.CRYPTOSERVE, tmp_path / "server", development=True) as server:
        address = f"{server.address}/v1"

        def write(path: str, **body: object) -> httpx2.Response:
            return httpx2.post(f"{address}/{path}", headers=HEADERS, json=body).raise_for_status()

        write("sys/mounts/signing", type="signing", options={"jwks": "public"})
        write("signing/keys/k", type=type_, publish_ahead="1h")
        write("signing/roles/r", key="k", algorithm=algorithm, audiences=["here"])
        url = f"{address}/signing/roles/r/jwks"
        client = jwt.PyJWKClient(url, cache_keys=True)

        def audience() -> object:
            token = write("signing/jwt/sign/r").json()["data"]["token"]
            key = client.get_signing_key_from_jwt(token)
            return jwt.decode(token, key, algorithms=[algorithm], audience="here")["aud"]

        assert audience() == "here"
        write("signing/keys/k/rotate")
        assert audience() == "here", "the key that signs is still the one that the client knows"
        answer = httpx2.get(url)
        assert len(answer.json()["keys"]) == 2
        assert answer.headers.get_list("cache-control") == ["private, max-age=1800"]
        write("signing/keys/k/config", publish_ahead=0)
        client = jwt.PyJWKClient(url, cache_keys=True)
        assert audience() == "here"
        assert httpx2.get(url).headers.get_list("cache-control") == ["no-store"]
