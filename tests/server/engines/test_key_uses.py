"""Keys under real policies: who may classify them, what a moved mount's keys are called, tokens, and audit entries."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from engines.crypto_policy.inspection import KeepsFacts
from server.audit.broker import DeclaredDevice
from server.config import Listener
from server.core.settings import Settings
from tests.server.pipeline.line_client import serving
from tests.server.tenants.crypto_policies.policies import EVERYWHERE, write
from tests.server.tenants.namespaced import EVERYTHING, ask_in, make, tenant_at, with_key
from tests.support.systems import NewServer, Server

TEXT = base64.b64encode(b"text").decode()
KEYS = 'path "transit/keys/k" { capabilities = ["create", "update"] }\n'
CLASSIFY = 'path "transit/keys/k/classification" { capabilities = ["update"] }\n'
ONLY_PHI = """path "transit/keys/k/classification" {
  capabilities = ["update"]
  allowed_parameters = { "data_class" = ["phi"] }
}
"""


async def mounted(server: Server) -> None:
    """Give the root namespace a mount of transit."""
    assert (await server.ask("POST", "sys/mounts/transit", {"type": "transit"}))[0] == 204


@pytest.mark.parametrize(
    ("policy", "given", "status"),
    [
        (KEYS, {}, 200),
        (KEYS, {"data_class": "phi"}, 403),
        (KEYS + CLASSIFY, {"data_class": "phi", "owner": "me"}, 200),
        (KEYS + ONLY_PHI, {"data_class": "phi"}, 200),
        (KEYS + ONLY_PHI, {"data_class": "none"}, 403),
        (KEYS + ONLY_PHI, {"data_class": "phi", "owner": "me"}, 403),
    ],
)
async def test_creation_classifies_for_those_whose_policies_let_them_update_that(
    server: Server, policy: str, given: dict[str, Any], status: int
) -> None:
    await mounted(server)
    token, _ = await server.token_for(policy)
    answered, answer = await server.ask("POST", "transit/keys/k", given, token)
    assert answered == status, answer
    answered, answer = await server.ask("GET", "transit/keys/k/classification")
    assert answered == (200 if status == 200 else 404)
    if status == 200:
        assert {name: answer["data"][name] for name in given} == given


async def test_who_may_configure_a_key_may_not_classify_it(server: Server) -> None:
    await with_key(server, "")
    token, _ = await server.token_for('path "transit/keys/k/config" { capabilities = ["update"] }')
    assert (await server.ask("POST", "transit/keys/k/config", {"exportable": True}, token))[0] == 200
    assert (await server.ask("POST", "transit/keys/k/classification", {"owner": "me"}, token))[0] == 403


async def test_a_tenant_can_not_undo_what_was_set_from_above(server: Server) -> None:
    await make(server, "eu")
    await with_key(server, "eu")
    assert (await ask_in(server, "eu", "POST", "transit/keys/k/classification", {"data_class": "phi"}))[0] == 200
    assert (await ask_in(server, "eu", "POST", "sys/policies/acl/all", {"policy": EVERYTHING}))[0] == 204
    _, made = await ask_in(server, "eu", "POST", "auth/token/create", {"policies": ["all"], "no_parent": True})
    token = made["auth"]["client_token"]
    status, answer = await ask_in(server, "eu", "POST", "transit/keys/k/classification", {"owner": "us"}, token)
    assert (status, answer["data"]["owner"]) == (200, "us")
    status, answer = await ask_in(server, "eu", "POST", "transit/keys/k/classification", {"data_class": ""}, token)
    assert (status, answer["errors"]) == (
        403,
        ["data_class was set from the root namespace and can only be changed by tokens from there"],
    )


async def test_policies_see_what_a_key_is_classified_as(server: Server) -> None:
    await with_key(server, "")
    rule = {"name": "r", "operations": ["encrypt"], "require": "key.data_class == 'phi' && key.labels['zone'] == 'a'"}
    await write(server, "", "p", rules=[rule])
    body = {"plaintext": TEXT}
    assert (await server.ask("POST", "transit/encrypt/k", body))[0] == 403
    await server.ask("POST", "transit/keys/k/classification", {"data_class": "phi", "labels": {"zone": "a"}})
    assert (await server.ask("POST", "transit/encrypt/k", body))[0] == 200


async def test_the_keys_of_a_moved_mount_are_judged_where_they_are(server: Server) -> None:
    await with_key(server, "")
    assert (await server.ask("POST", "transit/encrypt/k", {"plaintext": TEXT}))[0] == 200
    rule = {"name": "r", "operations": ["encrypt"], "require": "key.mount == 'moved/'"}
    await write(server, "", "p", rules=[rule])
    assert (await server.ask("POST", "transit/encrypt/k", {"plaintext": TEXT}))[0] == 403
    status, _ = await server.ask("POST", "sys/remount", {"from": "transit", "to": "moved"})
    assert status == 200
    assert (await server.ask("POST", "moved/encrypt/k", {"plaintext": TEXT}))[0] == 200


async def test_engines_with_keys_know_their_place(server: Server) -> None:
    await make(server, "eu")
    await with_key(server, "eu")
    tenant = await tenant_at(server, "eu/")
    engine = (await tenant.mounts.router()).mounts["transit/"].engine
    assert isinstance(engine, KeepsFacts)
    told = [(facts.namespace, facts.mount, facts.name) async for facts in engine.facts_of_all()]
    assert told == [("eu/", "transit/", "k")]


async def test_tokens_that_a_policy_refuses_are_not_issued(server: Server) -> None:
    await server.ask("POST", "auth/token/roles/billing", {"jwt_audiences": "ledger"})
    await write(
        server, "", "p", rules=[{"name": "r", "operations": ["issue-token"], "require": "key.quantum_category > 0"}]
    )
    _, before = await server.ask("LIST", "auth/token/accessors")
    status, answer = await server.ask("POST", "auth/token/jwt/billing", {})
    assert (status, answer["errors"]) == (
        403,
        ['crypto policy "p" rule "r" refuses issue-token with ecdsa-p256 version 1'],
    )
    assert (await server.ask("LIST", "auth/token/accessors"))[1]["data"] == before["data"]
    await write(server, "", "p", rules=[{"name": "r", "operations": ["issue-token"], "require": "request.hash != ''"}])
    assert (await server.ask("POST", "auth/token/jwt/billing", {}))[0] == 200
    await server.ask("POST", "auth/token/config/jwt", {"algorithm": "EdDSA"})
    assert (await server.ask("POST", "auth/token/jwt/billing", {}))[0] == 403


async def audited(new_server: NewServer, path: Path) -> Server:
    """A server with a key and an audit device."""
    server = await (await new_server(Settings(audit_through_api=True))).unsealed()
    await server.ask("POST", "sys/audit/main", {"type": "file", "options": {"file_path": str(path)}})
    await with_key(server, "")
    return server


def last(path: Path) -> dict[str, Any]:
    """The ``crypto`` of the newest entry."""
    entry: dict[str, Any] = json.loads(path.read_text().splitlines()[-1])
    assert entry["type"] == "response"
    crypto: dict[str, Any] = entry["crypto"]
    return crypto


async def test_the_audit_tells_what_was_executed(new_server: NewServer, tmp_path: Path) -> None:
    log = tmp_path / "audit"
    server = await audited(new_server, log)
    await server.ask("POST", "transit/keys/k/classification", {"data_class": "phi"})
    await server.ask("POST", "transit/hmac/k/sha2-256", {"input": TEXT})
    record = last(log)
    assert record["latency_us"] >= 0
    del record["latency_us"]
    assert record == {
        "operation": "hmac",
        "key": "k",
        "mount": "transit/",
        "uses": [
            {
                "algorithm": "hmac-sha2-256",
                "key_version": 1,
                "count": 1,
                "failed": 0,
                "input_bytes": 4,
                "output_bytes": 32,
                "hash": "sha2-256",
                "scheme": "",
                "variant": "",
                "data_class": "phi",
            }
        ],
        "success": True,
    }


async def test_a_batch_with_a_failed_item_is_no_success(new_server: NewServer, tmp_path: Path) -> None:
    log = tmp_path / "audit"
    server = await audited(new_server, log)
    await server.ask("POST", "transit/encrypt/k", {"batch_input": [{"plaintext": TEXT}, {"plaintext": "?"}]})
    record = last(log)
    assert record["success"] is False
    assert [(use["key_version"], use["count"], use["failed"]) for use in record["uses"]] == [(1, 1, 0), (0, 1, 1)]


async def test_a_stream_is_one_record(new_server: NewServer, tmp_path: Path) -> None:
    log = tmp_path / "audit"
    device = DeclaredDevice("file", "file", "", {"file_path": str(log)})
    server = await (await new_server(Settings(audit_devices=(device,)))).unsealed()
    async with serving(server, Listener("tcp", "127.0.0.1:0", tls_disable=True)) as streams:
        await streams.ask("transit/stream/encrypt/k", *[{"plaintext": TEXT}] * 300)
    record = last(log)
    assert (record["operation"], record["key"], record["success"]) == ("encrypt", "k", True)
    assert [(use["count"], use["input_bytes"]) for use in record["uses"]] == [(300, 1200)]


async def test_a_policy_of_a_namespace_above_stops_upserts_whole(server: Server) -> None:
    await make(server, "eu")
    await with_key(server, "eu")
    rule = {"name": "r", "operations": ["encrypt"], "require": "key.data_class != ''"}
    await write(server, "", "p", scope=EVERYWHERE, rules=[rule])
    assert (await ask_in(server, "eu", "POST", "transit/encrypt/new", {"plaintext": TEXT}))[0] == 403
    assert (await ask_in(server, "eu", "GET", "transit/keys/new"))[0] == 404
    body = {"plaintext": TEXT, "data_class": "phi"}
    assert (await ask_in(server, "eu", "POST", "transit/encrypt/new", body))[0] == 200
