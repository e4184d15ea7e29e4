"""What the policies say of one use of a key, and which rules may apply, through the API."""

from __future__ import annotations

from typing import Any

import pytest

from engines.durations import format_time
from tests.server.systems import Server
from tests.server.tenants.crypto_policies.policies import EVERYWHERE, STRENGTH, write
from tests.server.tenants.namespaced import ask_in, make

EVALUATE = "sys/crypto-policies/evaluate"


async def _evaluate(server: Server, namespace: str = "", **question: Any) -> dict[str, Any]:
    status, answer = await ask_in(server, namespace, "POST", EVALUATE, question)
    assert status == 200, answer
    data: dict[str, Any] = answer["data"]
    return data


async def test_every_rule_answers_with_what_it_saw(server: Server) -> None:
    hashed = {"name": "hash", "operations": ["sign"], "require": "request.hash != 'sha1'", "mode": "warn"}
    await write(server, "", "pci", rules=[STRENGTH, hashed])
    question: dict[str, Any] = {"key": {"type": "rsa-2048"}, "operation": "sign", "request": {"hash": "sha1"}}
    shared = {"policy": "pci@1", "namespace": "", "held": False, "error": "", "excepted_by": ""}
    assert await _evaluate(server, **question) == {
        "verdict": "deny",
        "rules": [
            {**shared, "rule": "strength", "mode": "enforce", "values": {"key.classical_bits": 112}},
            {**shared, "rule": "hash", "mode": "warn", "values": {"request.hash": "sha1"}},
        ],
    }
    data = await _evaluate(server, key={"type": "rsa-3072"}, operation="sign")
    assert (data["verdict"], [rule["held"] for rule in data["rules"]]) == ("allow", [True, True])
    assert data["rules"][1]["values"] == {"request.hash": "sha2-256"}
    assert await _evaluate(server, key={"type": "rsa-2048"}, operation="verify") == {"verdict": "allow", "rules": []}


async def test_errors_are_told(server: Server) -> None:
    await write(server, "", "p", rules=[{"name": "r", "operations": ["sign"], "require": "key.labels.env == 'prod'"}])
    (rule,) = (await _evaluate(server, key={"type": "rsa-2048"}, operation="sign"))["rules"]
    assert (rule["held"], rule["values"]) == (False, {"key.labels": {}})
    assert "env" in rule["error"]


async def test_a_question_may_be_about_another_time(server: Server) -> None:
    rule = {**STRENGTH, "from": "2031-01-01T00:00:00Z"}
    await write(server, "", "p", rules=[rule, {"name": "old", "operations": ["sign"], "require": "key.age_days < 30"}])
    key = {"type": "rsa-2048", "created": "2030-12-01T12:00:00Z"}
    at = {"2030-12-31T23:59:59Z": (["old"], 29), "2031-01-01T00:00:00Z": (["strength", "old"], 30)}
    for moment, (names, days) in at.items():
        rules = (await _evaluate(server, key=key, operation="sign", at=moment))["rules"]
        assert [rule["rule"] for rule in rules] == names
        assert rules[-1]["values"] == {"key.age_days": days}
        assert rules[-1]["held"] is (days < 30)


async def test_exceptions_are_named(server: Server) -> None:
    await write(server, "", "p", rules=[STRENGTH])
    body = {"policy": "p", "rule": "strength", "expires_at": format_time(server.clock() + 60)}
    await server.ask("POST", "sys/crypto-exceptions/e1", body)
    data = await _evaluate(server, key={"type": "rsa-2048"}, operation="sign")
    assert (data["verdict"], data["rules"][0]["excepted_by"]) == ("allow", "e1")
    later = format_time(server.clock() + 61)
    data = await _evaluate(server, key={"type": "rsa-2048"}, operation="sign", at=later)
    assert (data["verdict"], data["rules"][0]["excepted_by"]) == ("deny", "")


async def test_a_draft_takes_the_place_of_the_policy_of_its_name(server: Server) -> None:
    await write(server, "", "p", rules=[STRENGTH])
    question: dict[str, Any] = {"key": {"type": "rsa-2048"}, "operation": "sign"}
    draft = {"rules": [{**STRENGTH, "require": "key.bits >= 2048"}]}
    data = await _evaluate(server, **question, policy={"name": "p", **draft})
    assert (data["verdict"], [rule["policy"] for rule in data["rules"]]) == ("allow", ["p@2"])
    data = await _evaluate(server, **question, policy=draft)
    assert (data["verdict"], [rule["policy"] for rule in data["rules"]]) == ("deny", ["draft@1", "p@1"])
    assert (await server.ask("LIST", "sys/crypto-policies"))[1]["data"]["keys"] == ["p"]


async def test_namespaces_above_have_their_say(server: Server) -> None:
    await make(server, "eu")
    await write(server, "", "p", scope=EVERYWHERE, rules=[STRENGTH])
    (rule,) = (await _evaluate(server, "eu", key={"type": "rsa-2048"}, operation="sign"))["rules"]
    assert (rule["policy"], rule["namespace"]) == ("p@1", "")


async def test_the_caller_is_who_asks_unless_another_is_given(server: Server) -> None:
    rule = {"name": "r", "operations": ["sign"], "require": "caller.auth_type == 'token' && caller.groups == []"}
    await write(server, "", "p", rules=[rule])
    question: dict[str, Any] = {"key": {"type": "rsa-2048"}, "operation": "sign"}
    assert (await _evaluate(server, **question))["verdict"] == "allow"
    assert (await _evaluate(server, **question, caller={"auth_type": "jwt"}))["verdict"] == "deny"
    assert (await _evaluate(server, **question, caller={"auth_type": "token", "groups": ["a"]}))["verdict"] == "deny"


@pytest.mark.parametrize(
    ("question", "error"),
    [
        ({"operation": "sign"}, "key: must say which one"),
        ({"operation": "random", "key": {"type": "rsa-2048"}}, "'random' is no operation"),
        ({"operation": "sign", "key": {"type": "none"}}, "unknown key type none"),
        ({"operation": "sign", "key": {}}, "key: must have a type, or say"),
        ({"operation": "sign", "key": {"mount": "none/", "name": "k"}}, "key: there is no engine with keys at that"),
        ({"operation": "sign", "key": {"mount": 1}}, "key: mount must be a text"),
        ({"operation": "sign", "key": {"type": "rsa-2048", "x": 1}}, 'key: there is no fact "x"'),
        ({"operation": "sign", "key": {"type": "rsa-2048"}, "request": {"x": 1}}, "request: "),
        ({"operation": "sign", "key": {"type": "rsa-2048"}, "caller": {"x": 1}}, "caller: "),
        ({"operation": "sign", "key": {"type": "rsa-2048"}, "at": "now"}, "at: 'now' is no time"),
        ({"operation": "sign", "key": {"type": "rsa-2048"}, "policy": []}, "policy: must be a document"),
        ({"operation": "sign", "key": {"type": "rsa-2048"}, "policy": {"name": "impact"}}, '"impact" is a path'),
        ({"operation": "sign", "key": "k"}, "Expected `object | null`"),
    ],
)
async def test_a_question_that_is_not_taken(server: Server, question: dict[str, Any], error: str) -> None:
    status, answer = await server.ask("POST", EVALUATE, question)
    assert status == 400, answer
    assert answer["errors"][0].startswith(error)


async def test_a_creation_is_told_in_its_own_fields(server: Server) -> None:
    rules = [
        {"name": "c", "operations": ["create"], "require": "!key.convergent"},
        {"name": "b", "operations": ["create"], "require": "key.bits >= 512"},
    ]
    await write(server, "", "p", rules=rules)
    fields = {"type": "hmac", "key_size": 32, "allow_plaintext_backup": True, "convergent_encryption": True}
    data = await _evaluate(server, operation="create", key={"mount": "none/", "name": "k", **fields})
    assert [rule["values"] for rule in data["rules"]] == [{"key.convergent": True}, {"key.bits": 256}]
    assert data["verdict"] == "deny"


async def test_effective_rules_are_shown_by_mount_key_and_time(server: Server) -> None:
    await write(server, "", "b", scope={"mounts": ["pay/"], "keys": ["card-*"]}, rules=[STRENGTH])
    later = {"name": "later", "operations": ["rewrap"], "require": "true", "from": "2099-01-01T00:00:00Z"}
    await write(server, "", "a", rules=[later, {"name": "copies", "operations": ["copy"], "require": "true"}])
    copies = {"policy": "a@1", "namespace": "", "rule": "copies", "mode": "enforce"}
    copies["operations"] = ["export", "byok-export", "backup"]  # type: ignore[assignment]

    async def rules(query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await server.ask("GET", f"sys/crypto-policies/effective?{query}"))[1]["data"][
            "rules"
        ]
        return found

    assert await rules("mount=transit/") == [copies]
    assert [rule["rule"] for rule in await rules("mount=pay/")] == ["strength", "copies"]
    assert [rule["rule"] for rule in await rules("mount=pay/&key=card-1")] == ["strength", "copies"]
    assert await rules("mount=pay/&key=pin") == [copies]
    (encrypting,) = [rule for rule in await rules("at=2099-01-01T00:00:00Z") if rule["rule"] == "later"]
    assert encrypting["operations"] == ["encrypt", "decrypt"]
