"""What the policies say of one use of a key, and which rules may apply, through the API."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engines import worker_pools
from engines.durations import format_time
from server.system.crypto.impact import PLACES
from server.tenants.namespaces.names import ROOT_ID
from tests.server.tenants.crypto_policies.policies import EVERYWHERE, STRENGTH, write
from tests.server.tenants.namespaced import ask_in, make, with_key
from tests.support.systems import Server

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


async def test_facts_beyond_all_bounds_are_answered(server: Server) -> None:
    rule = {"name": "r", "operations": ["sign"], "require": "key.bits > 1 && key.age_days >= 0"}
    await write(server, "", "p", rules=[rule])
    for facts, held in (({"created": 1e300}, True), ({"created": -1e300}, True), ({"bits": 2**70}, False)):
        data = await _evaluate(server, key={"type": "rsa-2048", **facts}, operation="sign")
        assert data["rules"][0]["held"] is held


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
        ({"operation": "sign", "key": {"type": "rsa-2048", "owner": "a" * 16_384}}, "a question has at most 16384"),
        ({"operation": "sign", "key": {"type": "rsa-2048"}, "caller": {"metadata": {"a": "b" * 16_384}}}, "a question"),
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


async def _ready(server: Server, namespace: str = "") -> None:
    await with_key(server, namespace)
    assert (await ask_in(server, namespace, "POST", "transit/keys/rsa", {"type": "rsa-2048"}))[0] == 200


async def test_a_named_key_has_its_own_facts(server: Server) -> None:
    await _ready(server)
    await server.ask("POST", "transit/keys/k/rotate")
    await write(server, "", "p", rules=[{"name": "fresh", "operations": ["decrypt"], "require": "key.is_latest"}])
    key = {"mount": "transit/", "name": "k"}
    assert (await _evaluate(server, key=key, operation="decrypt"))["verdict"] == "allow"
    assert (await _evaluate(server, key={**key, "version": 1}, operation="decrypt"))["verdict"] == "deny"
    for wrong in ({**key, "version": 3}, {**key, "name": "none"}, {**key, "name": "a/\0"}, {**key, "is_latest": True}):
        assert (await server.ask("POST", EVALUATE, {"key": wrong, "operation": "decrypt"}))[0] == 400


async def test_rewrapping_is_answered_for_both_halves(server: Server) -> None:
    await _ready(server)
    await server.ask("POST", "transit/keys/k/rotate")
    rules = [{"name": "v", "operations": ["rewrap"], "require": "key.version == 2"}]
    await write(server, "", "p", rules=rules)
    data = await _evaluate(server, key={"mount": "transit/", "name": "k", "version": 1}, operation="rewrap")
    assert [(rule["values"], rule["held"]) for rule in data["rules"]] == [
        ({"key.version": 1}, False),
        ({"key.version": 2}, True),
    ]
    assert data["verdict"] == "deny"


async def test_impact_names_the_versions_that_a_draft_stops(server: Server) -> None:
    await make(server, "eu")
    await _ready(server)
    await _ready(server, "eu")
    draft = {"scope": EVERYWHERE, "rules": [{**STRENGTH, "from": "2031-01-01T00:00:00Z"}]}
    body = {"policy": draft, "at": "2031-01-01T00:00:00Z"}
    status, answer = await server.ask("POST", "sys/crypto-policies/impact", body)
    assert status == 200
    stopped = {
        "mount": "transit/",
        "key": "rsa",
        "versions": [1],
        "operations": ["encrypt", "datakey", "derivedkeys", "sign"],
        "rules": ["strength"],
    }
    assert answer["data"] == {
        "now": [],
        "at": [{"namespace": "", **stopped}, {"namespace": "eu/", **stopped}],
    }
    status, answer = await ask_in(server, "eu", "POST", "sys/crypto-policies/impact", body)
    assert [each["namespace"] for each in answer["data"]["at"]] == ["eu/"]
    assert (await server.ask("POST", "sys/crypto-policies/impact", {}))[0] == 400


async def test_impact_heeds_exceptions_modes_and_versions(server: Server) -> None:
    await _ready(server)
    await server.ask("POST", "transit/keys/rsa/rotate")
    rule = {"name": "old", "operations": ["sign"], "require": "key.version > 1"}
    draft = {"name": "p", "rules": [rule]}

    async def now(policy: dict[str, Any]) -> list[dict[str, Any]]:
        _, answer = await server.ask("POST", "sys/crypto-policies/impact", {"policy": policy})
        found: list[dict[str, Any]] = answer["data"]["now"]
        return found

    assert [(each["key"], each["versions"]) for each in await now(draft)] == [("rsa", [1])]
    assert await now({**draft, "mode": "warn"}) == []
    await write(server, "", "p", rules=[rule])
    end = format_time(server.clock() + 60)
    await server.ask("POST", "sys/crypto-exceptions/e", {"policy": "p", "rule": "old", "expires_at": end})
    assert await now(draft) == []
    profile = await now({"profile": "cnsa-2.0", "profile_parameters": {"not_listed": "refuse"}})
    assert {each["key"] for each in profile} >= {"rsa"}


async def test_a_mount_does_not_move_to_where_its_keys_may_not_be(server: Server) -> None:
    await _ready(server)
    rule = {"name": "no-rsa", "operations": ["configure"], "require": "key.family != 'RSA'"}
    await write(server, "", "p", scope={"mounts": ["cards/"]}, rules=[rule])
    status, answer = await server.ask("POST", "sys/remount", {"from": "transit", "to": "cards"})
    assert (status, answer["errors"]) == (
        403,
        ['crypto policy "p" rule "no-rsa" refuses configure with rsa-2048 version 1'],
    )
    assert (await server.ask("GET", "transit/keys/rsa"))[0] == 200
    assert (await server.ask("POST", "sys/remount", {"from": "transit", "to": "other"}))[0] == 200


async def test_tests_of_a_document_may_name_a_key(server: Server) -> None:
    await _ready(server)
    test = {
        "name": "t",
        "given": {"key": {"mount": "transit/", "name": "rsa"}, "operation": "sign"},
        "expect": {"verdict": "deny"},
    }
    await write(server, "", "p", rules=[STRENGTH], tests=[test])
    _, answer = await server.ask("POST", "sys/crypto-policies/p/check", {})
    assert answer["data"]["tests"][0]["passed"] is True


async def test_effective_rules_of_a_key_leave_out_what_never_applies_to_it(server: Server) -> None:
    await _ready(server)
    await write(server, "", "p", rules=[{**STRENGTH, "when": "key.family == 'AES'"}])
    for key, number in (("k", 1), ("rsa", 0), ("none", 1)):
        _, answer = await server.ask("GET", f"sys/crypto-policies/effective?mount=transit/&key={key}")
        assert len(answer["data"]["rules"]) == number


async def test_impact_sees_codes_by_any_key(server: Server) -> None:
    await _ready(server)
    rule = {"name": "long", "operations": ["hmac"], "require": "key.bits >= 512"}
    _, answer = await server.ask("POST", "sys/crypto-policies/impact", {"policy": {"rules": [rule]}})
    assert [(each["key"], each["operations"]) for each in answer["data"]["now"]] == [("k", ["hmac"]), ("rsa", ["hmac"])]


async def test_a_creation_takes_the_default_of_its_class(server: Server) -> None:
    await with_key(server, "")
    rule = {"name": "r", "operations": ["create"], "require": "key.type == 'aes256-gcm96'"}
    await write(server, "", "p", rules=[rule], defaults={"phi": {"transit": {"type": "chacha20-poly1305"}}})
    key = {"mount": "transit/", "name": "new"}
    for fields, type_ in (({"data_class": "phi"}, "chacha20-poly1305"), ({}, "aes256-gcm96")):
        data = await _evaluate(server, key={**key, **fields}, operation="create")
        assert data["rules"][0]["values"] == {"key.type": type_}
        status, _ = await server.ask("POST", "transit/keys/new", fields)
        assert (status == 403) is (data["verdict"] == "deny")


async def test_values_do_not_make_an_answer_many_times_longer_than_the_request(server: Server) -> None:
    rules = [{"name": f"r{number}", "operations": ["sign"], "require": "key.owner != ''"} for number in range(100)]
    key = {"type": "rsa-2048", "owner": "a" * 16_000}
    question = {"key": key, "operation": "sign", "policy": {"rules": rules}}
    status, answer = await server.ask("POST", EVALUATE, question)
    assert (status, len(answer["warnings"])) == (200, 1)
    shown = answer["data"]["rules"]
    assert len(shown) == 100
    assert all(rule["held"] for rule in shown)
    assert [bool(rule["values"]) for rule in shown] == [True] * 65 + [False] * 35


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("POST", EVALUATE, {"key": {"type": "rsa-2048"}, "operation": "sign", "policy": True}),
        ("POST", "sys/crypto-policies/impact", {"policy": True}),
        ("GET", "sys/crypto-policies/effective?mount=transit/", None),
    ],
)
async def test_many_rules_are_asked_in_turns(
    server: Server, monkeypatch: pytest.MonkeyPatch, method: str, path: str, fields: dict[str, Any] | None
) -> None:
    await with_key(server, "")
    rules = [{**STRENGTH, "name": f"r{number}"} for number in range(40)]
    await write(server, "", "p", rules=rules)
    monkeypatch.setattr(worker_pools, "TURN_SECONDS", -1)
    turns = 0  # Those that this request gave to others.
    sleep = asyncio.sleep

    async def counted(seconds: float) -> None:
        nonlocal turns
        turns += 1
        await sleep(seconds)

    monkeypatch.setattr(asyncio, "sleep", counted)
    assert (await server.ask(method, path, fields and {**fields, "policy": {"rules": rules}}))[0] == 200
    assert turns >= 5


async def test_queries_of_impact_at_once_are_few(server: Server) -> None:
    body = {"policy": {"rules": [STRENGTH]}}
    with PLACES.taken(ROOT_ID), PLACES.taken(ROOT_ID):
        assert (await server.ask("POST", "sys/crypto-policies/impact", body))[0] == 429
    assert (await server.ask("POST", "sys/crypto-policies/impact", body))[0] == 200
