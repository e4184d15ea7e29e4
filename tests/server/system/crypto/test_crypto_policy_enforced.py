"""Crypto policies against what engines execute: answers, warnings, batches, and the entries of the audit."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from server.core.settings import Settings
from tests.server.tenants.crypto_policies.policies import EVERYWHERE, write
from tests.server.tenants.namespaced import ask_in, make, with_key
from tests.support.systems import NewServer, Server

TEXT = base64.b64encode(b"text").decode()
BOUND = {
    "name": "bound",
    "operations": ["encrypt"],
    "require": "request.has_associated_data",
    "message": "bind it",
}
REFUSED = 'crypto policy "p" rule "bound" refuses encrypt with aes256-gcm96 version 1: bind it'


async def _audited(new_server: NewServer, path: Path) -> Server:
    server = await (await new_server(Settings(audit_through_api=True))).unsealed()
    options = {"file_path": str(path)}
    assert (await server.ask("POST", "sys/audit/main", {"type": "file", "options": options}))[0] == 204
    await with_key(server, "")
    return server


def _last(path: Path) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(path.read_text().splitlines()[-1])
    assert entry["type"] == "response"
    return entry


async def test_a_refusal_is_answered_403_and_audited_in_the_clear(new_server: NewServer, tmp_path: Path) -> None:
    log = tmp_path / "audit"
    server = await _audited(new_server, log)
    await write(server, "", "p", rules=[BOUND, {**BOUND, "name": "also", "message": ""}])
    status, answer = await server.ask("POST", "transit/encrypt/k", {"plaintext": TEXT})
    also = 'crypto policy "p" rule "also" refuses encrypt with aes256-gcm96 version 1'
    assert (status, answer) == (403, {"errors": [also, REFUSED]})
    entry = _last(log)
    rule = {"policy": "p@1", "namespace": "", "mode": "enforce"}
    assert entry["crypto_policy"] == {
        "generation": 1,
        "verdict": "deny",
        "rules": [{**rule, "rule": "bound"}, {**rule, "rule": "also"}],
        "excepted_by": [],
    }
    assert entry["crypto"]["success"] is False
    assert (entry["crypto"]["operation"], entry["crypto"]["key"], entry["crypto"]["mount"]) == (
        "encrypt",
        "k",
        "transit/",
    )
    assert [use["count"] for use in entry["crypto"]["uses"]] == [0]


async def test_what_holds_is_audited_too(new_server: NewServer, tmp_path: Path) -> None:
    log = tmp_path / "audit"
    server = await _audited(new_server, log)
    await server.ask("POST", "transit/encrypt/k", {"plaintext": TEXT})
    entry = _last(log)
    assert "crypto_policy" not in entry
    assert entry["crypto"]["success"] is True
    assert entry["crypto"]["latency_us"] >= 0
    (use,) = entry["crypto"]["uses"]
    assert (use["algorithm"], use["key_version"], use["count"], use["failed"]) == ("aes256-gcm96", 1, 1, 0)
    await write(server, "", "p", rules=[BOUND])
    bound = {"plaintext": TEXT, "associated_data": TEXT}
    assert (await server.ask("POST", "transit/encrypt/k", bound))[0] == 200
    assert _last(log)["crypto_policy"] == {"generation": 1, "verdict": "allow", "rules": [], "excepted_by": []}
    await server.ask("LIST", "sys/crypto-policies")
    assert not _last(log).keys() & {"crypto", "crypto_policy"}


async def test_each_item_of_a_batch_is_judged_by_itself(server: Server) -> None:
    await with_key(server, "")
    await write(server, "", "p", rules=[BOUND])
    batch = [{"plaintext": TEXT}, {"plaintext": TEXT, "associated_data": TEXT}]
    status, answer = await server.ask("POST", "transit/encrypt/k", {"batch_input": batch})
    assert status == 400
    results = answer["data"]["batch_results"]
    assert results[0]["error"] == REFUSED
    assert results[1]["ciphertext"].startswith("vault:v1:")


async def test_two_versions_in_one_batch_where_a_rule_names_one(server: Server) -> None:
    await with_key(server, "")
    old = (await server.ask("POST", "transit/encrypt/k", {"plaintext": TEXT}))[1]["data"]["ciphertext"]
    assert (await server.ask("POST", "transit/keys/k/rotate"))[0] in (200, 204)
    new = (await server.ask("POST", "transit/encrypt/k", {"plaintext": TEXT}))[1]["data"]["ciphertext"]
    await write(server, "", "p", rules=[{"name": "r", "operations": ["decrypt"], "require": "key.version > 1"}])
    batch = [{"ciphertext": old}, {"ciphertext": new}]
    _, answer = await server.ask("POST", "transit/decrypt/k", {"batch_input": batch})
    results = answer["data"]["batch_results"]
    assert results[0]["error"] == 'crypto policy "p" rule "r" refuses decrypt with aes256-gcm96 version 1'
    assert results[1]["plaintext"] == TEXT


async def test_a_caller_who_lies_about_the_version_gains_nothing(server: Server) -> None:
    await with_key(server, "")
    await server.ask("POST", "transit/keys/k/rotate")
    await write(server, "", "p", rules=[{"name": "fresh", "operations": ["encrypt"], "require": "key.is_latest"}])
    body = {"plaintext": TEXT, "key_version": 1, "version": 2, "is_latest": True, "key": {"is_latest": True}}
    status, answer = await server.ask("POST", "transit/encrypt/k", body)
    assert (status, answer["errors"]) == (
        403,
        ['crypto policy "p" rule "fresh" refuses encrypt with aes256-gcm96 version 1'],
    )


async def test_a_warning_is_one_for_a_rule_and_answer(server: Server) -> None:
    await with_key(server, "")
    await write(server, "", "p", mode="warn", rules=[BOUND])
    batch = [{"plaintext": TEXT}] * 3
    status, answer = await server.ask("POST", "transit/encrypt/k", {"batch_input": batch})
    assert status == 200
    assert answer["warnings"] == [REFUSED.replace("refuses", "warns of")]


async def test_an_answer_without_data_has_the_warnings_too(server: Server) -> None:
    await with_key(server, "")
    await server.ask("POST", "transit/keys/k/config", {"deletion_allowed": True})
    await write(server, "", "p", mode="warn", rules=[{"name": "r", "operations": ["delete"], "require": "false"}])
    status, answer = await server.ask("DELETE", "transit/keys/k")
    assert (status, answer["data"], answer["warnings"]) == (
        200,
        None,
        ['crypto policy "p" rule "r" warns of delete with aes256-gcm96 version 1'],
    )
    assert await server.ask("GET", "transit/keys/k") == (404, {"errors": []})


async def test_a_verdict_that_is_kept_follows_the_key(server: Server) -> None:
    await with_key(server, "")
    rule = {"name": "r", "operations": ["encrypt"], "require": "key.data_class == 'phi' && key.version == 1"}
    await write(server, "", "p", rules=[rule])

    async def status() -> int:
        return (await server.ask("POST", "transit/encrypt/k", {"plaintext": TEXT}))[0]

    assert await status() == 403
    for data_class, expected in (("phi", 200), ("", 403), ("phi", 200)):
        body = {"data_class": data_class}
        assert (await server.ask("POST", "transit/keys/k/classification", body))[0] in (200, 204)
        assert [await status(), await status()] == [expected, expected]
    assert (await server.ask("POST", "transit/keys/k/rotate"))[0] in (200, 204)
    assert await status() == 403


async def test_a_tenant_is_told_of_the_rule_above(server: Server) -> None:
    await make(server, "eu")
    await with_key(server, "eu")
    await write(server, "", "p", scope=EVERYWHERE, rules=[BOUND])
    status, answer = await ask_in(server, "eu", "POST", "transit/encrypt/k", {"plaintext": TEXT})
    assert (status, answer["errors"]) == (403, [REFUSED.replace('"bound"', '"bound" in ""')])


async def test_callers_are_told_apart_by_their_groups(server: Server) -> None:
    await with_key(server, "")
    rule = {"name": "ops", "operations": ["encrypt"], "require": "'ops' in caller.groups"}
    await write(server, "", "p", rules=[rule])
    _, answer = await server.ask("POST", "identity/entity", {"name": "alice", "policies": ["tested"]})
    entity = answer["data"]["id"]
    await server.token_for('path "transit/*" { capabilities = ["update"] }')
    _, answer = await server.ask("GET", "sys/auth")
    accessor = answer["data"]["token/"]["accessor"]
    alias = {"name": "a", "canonical_id": entity, "mount_accessor": accessor}
    assert (await server.ask("POST", "identity/entity-alias", alias))[0] == 200
    await server.ask("POST", "auth/token/roles/r", {"allowed_entity_aliases": ["a"], "allowed_policies": ["tested"]})
    made = await server.ask("POST", "auth/token/create/r", {"entity_alias": "a", "policies": ["tested"]})
    token = made[1]["auth"]["client_token"]

    async def status() -> int:
        return (await server.ask("POST", "transit/encrypt/k", {"plaintext": TEXT}, token))[0]

    assert await status() == 403
    group = {"name": "ops", "member_entity_ids": [entity]}
    assert (await server.ask("POST", "identity/group", group))[0] == 200
    assert await status() == 200
    await server.ask("POST", "identity/group", {"name": "ops", "member_entity_ids": []})
    assert await status() == 403
    assert (await server.ask("POST", "transit/encrypt/k", {"plaintext": TEXT}))[0] == 403


async def test_hashes_are_judged_in_sys_too(server: Server) -> None:
    await with_key(server, "")
    await write(server, "", "p", rules=[{"name": "r", "operations": ["hash"], "require": "request.hash != 'sha2-224'"}])
    for path in ("sys/tools/hash", "transit/hash"):
        assert (await server.ask("POST", path, {"input": TEXT}))[0] == 200
        status, answer = await server.ask("POST", f"{path}/sha2-224", {"input": TEXT})
        assert (status, answer["errors"]) == (403, ['crypto policy "p" rule "r" refuses hash with sha2-224'])


async def test_a_change_is_there_for_the_next_request(server: Server) -> None:
    await with_key(server, "")
    for _ in range(3):
        await write(server, "", "p", rules=[BOUND])
        assert (await server.ask("POST", "transit/encrypt/k", {"plaintext": TEXT}))[0] == 403
        assert (await server.ask("DELETE", "sys/crypto-policies/p"))[0] == 204
        assert (await server.ask("POST", "transit/encrypt/k", {"plaintext": TEXT}))[0] == 200
