"""Signed documents: detached JWS over the very bytes, by a role that the caller may use."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from server.system.inventory import cbom
from tests.server.tenants.namespaced import with_key
from tests.support.systems import NewServer, Server


@pytest.fixture
async def server(new_server: NewServer) -> Server:
    """A server with a key, and a role that signs."""
    server = await (await new_server()).unsealed()
    await with_key(server, "")
    assert (await server.ask("POST", "sys/mounts/a/signing", {"type": "signing"}))[0] == 204
    assert (await server.ask("POST", "a/signing/keys/s", {"type": "ed25519"}))[0] == 200
    role = {"key": "s", "formats": ["jws"]}
    assert (await server.ask("POST", "a/signing/roles/docs", role))[0] in (200, 204)
    return server


async def usage(server: Server) -> Any:
    """How often the signing key was used."""
    answer = (await server.ask("GET", "a/signing/keys/s/usage"))[1]
    return answer["data"]["versions"]["1"]["use"]["protect"]


@pytest.mark.parametrize("format", ["cyclonedx-1.7", "spdx-2.3"])
async def test_a_signature_verifies_over_the_bytes(server: Server, format: str) -> None:
    status, answer = await server.ask("GET", f"sys/inventory/cbom?format={format}&sign=a/signing/docs")
    assert (status, list(answer["data"])) == (200, ["document", "jws"])
    document, jws = answer["data"]["document"], answer["data"]["jws"]
    assert json.loads(document) and jws.split(".")[1] == ""
    header = json.loads(base64.urlsafe_b64decode(jws.split(".")[0] + "=="))
    assert (header["b64"], header["crit"]) == (False, ["b64"])

    async def valid(text: str) -> Any:
        payload = base64.b64encode(text.encode()).decode()
        body = {"jws": jws, "payload": payload}
        return (await server.ask("POST", "a/signing/jws/verify/docs", body))[1]["data"]["valid"]

    assert await valid(document) and not await valid(document + " ")
    used = await usage(server)
    assert (used["operations"], used["bytes"] >= len(document)) == (1, True)


async def test_the_right_to_sign_is_needed(server: Server) -> None:
    policies = {
        "reader": 'path "sys/inventory/cbom" { capabilities = ["read"] }',
        "signer": 'path "a/signing/jws/sign/docs" { capabilities = ["update"] }',
        "other": 'path "a/signing/jws/sign/docs" { capabilities = ["read"] }',
    }
    for name, policy in policies.items():
        await server.ask("POST", f"sys/policies/acl/{name}", {"policy": policy})
    for names, expected in ((["reader"], 403), (["reader", "other"], 403), (["reader", "signer"], 200)):
        answer = (await server.ask("POST", "auth/token/create", {"policies": names}))[1]
        token = answer["auth"]["client_token"]
        assert (await server.ask("GET", "sys/inventory/cbom?sign=a/signing/docs", token=token))[0] == expected
    assert (await usage(server))["operations"] == 1


@pytest.mark.parametrize(
    "target, status",
    [("docs", 403), ("none/docs", 403), ("transit/k", 403), ("a/signing/none", 400), ("a/signing/", 403), ("/", 403)],
)
async def test_what_signs_nothing_is_refused(server: Server, target: str, status: int) -> None:
    assert (await server.ask("GET", f"sys/inventory/cbom?sign={target}"))[0] == status
    assert (await usage(server))["operations"] == 0


async def test_a_disabled_key_signs_nothing(server: Server) -> None:
    await server.ask("POST", "a/signing/keys/s/config", {"disabled": True})
    status, answer = await server.ask("GET", "sys/inventory/cbom?sign=a/signing/docs")
    assert status == 400 and "disabled" in answer["errors"][0]


async def test_a_document_that_is_too_long_is_not_signed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cbom, "MAX_SIGNED_BYTES", 1000)
    status, answer = await server.ask("GET", "sys/inventory/cbom?sign=a/signing/docs")
    assert status == 400 and "can't be signed" in answer["errors"][0]
    assert (await usage(server))["operations"] == 0
