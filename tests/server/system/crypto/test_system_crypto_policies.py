"""Crypto policies and exceptions through the API: documents, versions, tests, rights."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from engines.durations import format_time
from server.core.settings import Settings
from server.tenants.crypto_policies import table, trials, writes
from storage.base import Damaged, put
from tests.server.tenants.crypto_policies.policies import STRENGTH, gate_of, refused, table_of, write
from tests.server.tenants.namespaced import ask_in, make, mighty
from tests.support.systems import NewServer, Server

PATH = "sys/crypto-policies/pci"
BASELINE: dict[str, Any] = {
    "description": "No weak keys anywhere",
    "scope": {"namespaces": "self-and-descendants"},
    "rules": [
        {
            "name": "strength",
            "operations": ["protect"],
            "require": "key.classical_bits >= 128",
            "mode": "enforce",
            "from": "2031-01-01T00:00:00Z",
            "message": "112 bits end with 2030",
        },
        {
            "name": "strength-soon",
            "operations": ["protect"],
            "require": "key.classical_bits >= 128",
            "mode": "warn",
            "until": "2031-01-01T00:00:00Z",
            "message": "112 bits end with 2030",
        },
        {
            "name": "authenticated",
            "operations": ["create", "encrypt"],
            "when": "key.primitive in ['ae','block-cipher']",
            "require": "key.authenticates",
            "mode": "enforce",
        },
    ],
    "tests": [
        {
            "name": "rsa-2048 warns today",
            "given": {"key": {"type": "rsa-2048"}, "operation": "sign", "at": "2026-12-01T00:00:00Z"},
            "expect": {"verdict": "warn", "rules": ["strength-soon"]},
        },
        {
            "name": "and is refused in 2031",
            "given": {"key": {"type": "rsa-2048"}, "operation": "sign", "at": "2031-01-01T00:00:00Z"},
            "expect": {"verdict": "deny", "rules": ["strength"]},
        },
        {
            "name": "still verifies",
            "given": {"key": {"type": "rsa-2048"}, "operation": "verify", "at": "2031-01-01T00:00:00Z"},
            "expect": {"verdict": "allow"},
        },
    ],
}


async def test_a_policy_is_written_read_and_deleted(server: Server) -> None:
    status, answer = await server.ask("POST", PATH, {**BASELINE, "cas": 0})
    assert (status, answer["data"]) == (200, {"name": "pci", "version": 1, "generation": 1})
    assert answer["warnings"] is None
    status, answer = await server.ask("GET", PATH)
    assert status == 200
    added = {"name": "pci", "version": 1, "modified": format_time(server.clock()), "mode": "enforce"}
    assert answer["data"] == {**BASELINE, **added}
    assert (await server.ask("LIST", "sys/crypto-policies"))[1]["data"] == {"keys": ["pci"], "enforced": True}
    assert await server.ask("DELETE", PATH) == (204, None)
    assert await server.ask("DELETE", PATH) == (204, None)
    assert await server.ask("GET", PATH) == (404, {"errors": []})
    assert await server.ask("LIST", "sys/crypto-policies") == (404, {"errors": []})


async def test_a_policy_that_was_read_can_be_written_as_it_is(server: Server) -> None:
    await write(server, "", "pci", **BASELINE)
    shown = (await server.ask("GET", PATH))[1]["data"]
    status, answer = await server.ask("POST", PATH, {**shown, "cas": 1})
    assert (status, answer["data"]["version"]) == (200, 2)
    question = {"key": {"type": "rsa-2048"}, "operation": "sign", "policy": shown}
    assert (await server.ask("POST", "sys/crypto-policies/evaluate", question))[0] == 200


async def test_a_write_on_another_version_is_a_conflict(server: Server) -> None:
    await write(server, "", "pci", rules=[STRENGTH])
    mismatch = "check-and-set parameter 0 did not match the current version 1"
    assert await refused(server, "pci", rules=[STRENGTH], cas=0) == mismatch
    assert (await write(server, "", "pci", rules=[STRENGTH], cas=1))["version"] == 2
    assert await refused(server, "new", rules=[STRENGTH], cas=1) == (
        "check-and-set parameter 1 did not match the current version 0"
    )


async def test_the_newest_versions_are_kept(server: Server) -> None:
    for number in range(23):
        await write(server, "", "pci", description=f"v{number + 1}", rules=[STRENGTH])
    data = (await server.ask("GET", f"{PATH}/versions"))[1]["data"]
    assert data["current_version"] == 23
    assert list(data["versions"]) == [str(number) for number in range(4, 24)]
    assert data["versions"]["4"] == {"created_time": format_time(server.clock()), "entity_id": ""}
    assert (await server.ask("GET", f"{PATH}?version=4"))[1]["data"]["description"] == "v4"
    for version in (3, 24, -1):
        assert (await server.ask("GET", f"{PATH}?version={version}"))[0] == 404
    assert (await server.ask("GET", "sys/crypto-policies/none/versions"))[0] == 404


async def test_a_version_is_restored_as_a_new_one(server: Server) -> None:
    await write(server, "", "pci", description="first", rules=[STRENGTH])
    await write(server, "", "pci", description="second", rules=[STRENGTH])
    status, answer = await server.ask("POST", f"{PATH}/restore", {"version": 1, "cas": 1})
    assert status == 400
    status, answer = await server.ask("POST", f"{PATH}/restore", {"version": 1, "cas": 2})
    assert (status, answer["data"]["version"]) == (200, 3)
    assert (await server.ask("GET", PATH))[1]["data"]["description"] == "first"
    assert (await server.ask("POST", f"{PATH}/restore", {"version": 9}))[0] == 404


@pytest.mark.parametrize("name", ["evaluate", "impact", "replay", "effective", "matrix"])
async def test_names_of_paths_are_refused(server: Server, name: str) -> None:
    for path in (f"sys/crypto-policies/{name}/check", f"sys/crypto-policies/{name}/restore"):
        status, answer = await server.ask("POST", path, {"rules": [STRENGTH], "version": 1})
        assert status in (400, 404), answer
    assert (await server.ask("LIST", "sys/crypto-policies"))[0] == 404


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({}, "a crypto policy has rules, a profile or defaults"),
        ({"rulez": []}, "not a crypto policy: Object contains unknown field `rulez`"),
        (
            {"rules": [{"name": "r", "require": "true"}]},
            "not a crypto policy: Object missing required field",
        ),
        ({"rules": [{**STRENGTH, "operations": []}]}, 'rule "strength": operations must name at least one'),
        ({"rules": [{**STRENGTH, "operations": ["random"]}]}, "rule \"strength\", operations: 'random' is neither"),
        ({"rules": [{**STRENGTH, "mode": "deny"}]}, "not a crypto policy: Invalid enum value 'deny'"),
        ({"rules": [{**STRENGTH, "until": "2031"}]}, "rule \"strength\", until: '2031' is no time in RFC 3339"),
        ({"rules": [STRENGTH, STRENGTH]}, 'there are two rules called "strength"'),
        ({"rules": [{**STRENGTH, "name": "a/b"}]}, "'a/b' is no name"),
        ({"rules": [{**STRENGTH, "message": "a\nb"}]}, 'rule "strength": message: one line'),
        ({"rules": [STRENGTH], "scope": {"mounts": ["transit"]}}, "scope, mounts: 'transit' must be a mount's path"),
        ({"rules": [STRENGTH], "scope": {"namespaces": "all"}}, "scope, namespaces: must be self or self-and-desc"),
        ({"rules": [{**STRENGTH, "name": f"r{n}"} for n in range(101)]}, "a crypto policy has at most 100 rules"),
        ({"rules": [STRENGTH], "description": "a" * 70_000}, "a crypto policy is at most 65536 bytes long"),
        ({"rules": [{**STRENGTH, "require": "key.bits"}]}, 'rule "strength", require 1:1: is of type int, not bool'),
        ({"rules": [{**STRENGTH, "require": "true &&\n  key.bitz"}]}, 'rule "strength", require 2:6: undeclared'),
        (
            {"rules": [{**STRENGTH, "when": "key.bits == 'x'"}]},
            'rule "strength", when 1:10: found no matching',
        ),
        ({"rules": [{**STRENGTH, "when": "(" * 33 + "true" + ")" * 33}]}, 'rule "strength", when 1:33: parentheses'),
        ({"rules": [{**STRENGTH, "from": "2031-01-01T00:00:00Z", "until": "2031-01-01T00:00:00Z"}]}, 'rule "strength"'),
        ({"profile": "cnsa-9"}, "there is no profile 'cnsa-9'"),
        ({"profile": "cnsa-2.0", "profile_parameters": {"x": "y"}}, 'profile "cnsa-2.0@'),
        ({"rules": [STRENGTH], "profile_parameters": {"x": "y"}}, "profile_parameters: there is no profile"),
        ({"defaults": {"phi": {"transit": {}}}}, "defaults, 'phi', 'transit': type must be the text of a key type"),
    ],
)
async def test_a_document_that_is_not_taken(server: Server, document: dict[str, Any], error: str) -> None:
    assert (await refused(server, "pci", **document)).startswith(error)
    assert (await server.ask("GET", PATH))[0] == 404


async def test_a_failing_test_leaves_the_old_version(server: Server) -> None:
    await write(server, "", "pci", description="old", rules=[STRENGTH])
    test = {
        "name": "t",
        "given": {"key": {"type": "rsa-2048"}, "operation": "sign"},
        "expect": {"verdict": "allow", "rules": []},
    }
    error = await refused(server, "pci", rules=[STRENGTH], tests=[test])
    assert error == 'test "t" fails: the verdict is deny, by strength'
    test["given"] = {"key": {"type": "rsa-1"}, "operation": "sign"}
    assert (await refused(server, "pci", rules=[STRENGTH], tests=[test])).startswith('test "t" fails: unknown key type')
    assert (await server.ask("GET", PATH))[1]["data"]["description"] == "old"


async def test_tests_may_take_so_long(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "MAX_TESTS_SECONDS", -1)
    test = {"name": "t", "given": {"key": {"type": "rsa-2048"}, "operation": "sign"}, "expect": {"verdict": "deny"}}
    assert (await refused(server, "pci", rules=[STRENGTH], tests=[test])).startswith("the tests of a crypto policy may")


async def test_a_document_is_checked_without_being_stored(server: Server) -> None:
    document = {
        **BASELINE,
        "rules": [*BASELINE["rules"], {"name": "hash", "operations": ["sign"], "require": "request.hash != 'sha1'"}],
    }
    document["tests"] = [
        *BASELINE["tests"],
        {"name": "wrong", "given": {"key": {"type": "x"}, "operation": "sign"}, "expect": {"verdict": "deny"}},
    ]
    status, answer = await server.ask("POST", f"{PATH}/check", document)
    assert status == 200
    data = answer["data"]
    assert [(test["name"], test["passed"]) for test in data["tests"]] == [
        ("rsa-2048 warns today", True),
        ("and is refused in 2031", True),
        ("still verifies", True),
        ("wrong", False),
    ]
    assert data["tests"][0] == {
        "name": "rsa-2048 warns today",
        "passed": True,
        "verdict": "warn",
        "rules": ["strength-soon"],
        "error": "",
    }
    assert data["tests"][3]["error"] == "unknown key type x"
    assert data["rules"] == [
        {"name": "strength", "needs": "key"},
        {"name": "strength-soon", "needs": "key"},
        {"name": "authenticated", "needs": "key"},
        {"name": "hash", "needs": "request"},
    ]
    assert (await server.ask("GET", PATH))[0] == 404
    assert (await server.ask("POST", f"{PATH}/check", {}))[0] == 404
    await write(server, "", "pci", **BASELINE)
    assert len((await server.ask("POST", f"{PATH}/check", {}))[1]["data"]["tests"]) == 3


async def test_writing_needs_sudo_and_reading_does_not(server: Server) -> None:
    await write(server, "", "pci", rules=[STRENGTH])
    token, _ = await server.token_for('path "sys/crypto-*" { capabilities = ["create", "read", "update", "delete"] }')
    body = {"policy": "pci", "rule": "strength", "expires_at": format_time(server.clock() + 60)}
    for method, path in (
        ("POST", PATH),
        ("DELETE", PATH),
        ("POST", f"{PATH}/restore"),
        ("POST", "sys/crypto-exceptions/e"),
        ("DELETE", "sys/crypto-exceptions/e"),
    ):
        assert (await server.ask(method, path, {"rules": [STRENGTH], "version": 1, **body}, token))[0] == 403, path
    for method, path in (("GET", PATH), ("GET", f"{PATH}/versions"), ("POST", f"{PATH}/check")):
        assert (await server.ask(method, path, {} if method == "POST" else None, token))[0] == 200, path


async def test_a_namespace_has_policies_of_its_own(server: Server) -> None:
    await make(server, "eu")
    await write(server, "", "pci", rules=[STRENGTH])
    await write(server, "eu", "own", rules=[STRENGTH])
    assert (await ask_in(server, "eu", "LIST", "sys/crypto-policies"))[1]["data"]["keys"] == ["own"]
    assert (await ask_in(server, "eu", "GET", "sys/crypto-policies/pci"))[0] == 404
    token, _ = await mighty(server, "eu")
    assert (await server.ask("DELETE", PATH, None, token))[0] == 403


async def test_exceptions_are_written_listed_and_deleted(server: Server) -> None:
    await write(server, "", "pci", rules=[STRENGTH])
    end = format_time(server.clock() + 60)
    body = {
        "policy": "pci",
        "rule": "strength",
        "select": {"mount": "transit/", "keys": ["old-*"]},
        "reason": "migration",
        "ticket": "SEC-1",
        "expires_at": end,
    }
    status, answer = await server.ask("POST", "sys/crypto-exceptions/e1", body)
    assert (status, answer["data"]) == (200, {"id": "e1", "generation": 2})
    shown = {**body, "created_time": format_time(server.clock()), "entity_id": ""}
    data = (await server.ask("GET", "sys/crypto-exceptions/e1"))[1]["data"]
    assert data == {"id": "e1", **shown}
    assert (await server.ask("POST", "sys/crypto-exceptions/e1", data))[0] == 200
    assert (await server.ask("LIST", "sys/crypto-exceptions"))[1]["data"] == {"keys": ["e1"], "key_info": {"e1": shown}}
    await server.ask("DELETE", PATH)
    server.clock.advance(60)
    data = (await server.ask("GET", "sys/crypto-exceptions/e1"))[1]["data"]
    assert (data["expired"], data["orphaned"]) == (True, True)
    assert (await server.ask("DELETE", "sys/crypto-exceptions/e1"))[0] == 204
    assert (await server.ask("GET", "sys/crypto-exceptions/e1"))[0] == 404


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"policy": "none"}, 'there is no crypto policy "none" in this namespace'),
        ({"rule": "none"}, 'crypto policy "pci" has no rule "none"'),
        ({"expires_at": None}, "an exception must say when it ends, in expires_at"),
        ({"expires_at": "tomorrow"}, "expires_at: 'tomorrow' is no time in RFC 3339"),
        ({"expires_at": 0}, "expires_at lies in the past"),
        ({"expires_at": 400 * 86_400 + 1}, "an exception may hold for at most 400 days"),
        ({"select": {"mount": "transit"}}, "select, mount: 'transit' must be a mount's path"),
        ({"select": {"key": "x"}}, "not an exception: Object contains unknown field `key`"),
    ],
)
async def test_an_exception_that_is_not_taken(server: Server, change: dict[str, Any], error: str) -> None:
    await write(server, "", "pci", rules=[STRENGTH])
    if isinstance(change.get("expires_at"), int):
        change = {"expires_at": format_time(server.clock() + change["expires_at"])}
    body = {"policy": "pci", "rule": "strength", "expires_at": format_time(server.clock() + 60), **change}
    status, answer = await server.ask("POST", "sys/crypto-exceptions/e1", body)
    assert status == 400
    assert answer["errors"][0].startswith(error)
    assert (await server.ask("GET", "sys/crypto-exceptions/e1"))[0] == 404


async def test_an_exception_may_hold_for_400_days(server: Server) -> None:
    await write(server, "", "pci", profile="cnsa-2.0")
    end = format_time(server.clock() + 400 * 86_400)
    body = {"policy": "pci", "rule": "cnsa-2.0/not-listed", "expires_at": end}
    assert (await server.ask("POST", "sys/crypto-exceptions/e1", body))[0] == 200


async def test_the_configuration_can_turn_policies_off(new_server: NewServer) -> None:
    server = await (await new_server(Settings(crypto_policies_enforced=False))).unsealed()
    await write(server, "", "pci", rules=[STRENGTH])
    status, answer = await server.ask("LIST", "sys/crypto-policies")
    assert (status, answer["data"]) == (200, {"keys": ["pci"], "enforced": False})
    assert "off" in answer["warnings"][0]
    assert not (await gate_of(server)).active


async def test_without_the_library_a_server_with_policies_does_not_unseal(
    new_server: NewServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await new_server()
    made = await server.core.initialize(1, 1)
    await server.core.unseal(made.shares[0])
    server.root_token = made.root_token
    await write(server, "", "pci", rules=[STRENGTH])
    await server.core.seal()
    monkeypatch.setattr(table, "AVAILABLE", False)
    key = made.shares[0].hex()
    status, answer = await server.ask("PUT", "sys/unseal", {"key": key})
    assert status == 500
    assert answer["errors"][0].startswith("there are crypto policies, and the crypto policy's expressions need")
    assert (await server.ask("GET", "sys/seal-status"))[1]["sealed"] is True
    monkeypatch.setattr(table, "AVAILABLE", True)
    assert (await server.ask("PUT", "sys/unseal", {"key": key}))[1]["sealed"] is False


async def test_without_the_library_no_policy_can_be_written(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "AVAILABLE", False)
    status, answer = await server.ask("POST", PATH, {"rules": [STRENGTH]})
    assert status == 500
    assert "cel-expr-python" in answer["errors"][0]
    assert (await server.ask("LIST", "sys/crypto-policies"))[0] == 404


async def test_a_stored_expression_that_no_longer_compiles_never_holds(server: Server) -> None:
    await write(server, "", "pci", rules=[STRENGTH])
    unsealed = server.core.unsealed
    assert unsealed is not None
    policies = unsealed.crypto_policies
    stored = policies.stored("root", "pci")
    assert stored is not None
    rule = msgspec.structs.replace(stored.document.rules[0], require="key.unheard_of > 1")
    document = msgspec.structs.replace(stored.document, rules=(rule,), profile="cnsa-1.0@2015-01")
    changed = msgspec.structs.replace(stored, document=document)
    await put(policies.view, "policy/root/pci", msgspec.msgpack.encode(changed))
    _, answer = await server.ask(
        "POST", "sys/crypto-policies/evaluate", {"key": {"type": "rsa-4096"}, "operation": "sign"}
    )
    assert answer["data"]["verdict"] == "deny"
    assert [rule["held"] for rule in answer["data"]["rules"]] == [False, False]


async def test_of_writes_at_once_one_has_the_version(server: Server) -> None:
    answers = await asyncio.gather(
        *(server.ask("POST", PATH, {"rules": [STRENGTH], "description": str(n), "cas": 0}) for n in range(8))
    )
    assert sorted(status for status, _ in answers) == [200, *[400] * 7]
    answers = await asyncio.gather(*(server.ask("POST", f"{PATH}{n}", {"rules": [STRENGTH]}) for n in range(8)))
    assert [status for status, _ in answers] == [200] * 8
    assert sorted(answer["data"]["generation"] for _, answer in answers) == list(range(2, 10))


async def test_what_the_policies_of_a_namespace_take_is_bounded(server: Server) -> None:
    text = "a" * 60_000
    for number in range(17):
        await write(server, "", f"p{number}", description=text, rules=[STRENGTH])
    error = await refused(server, "p17", description=text, rules=[STRENGTH])
    assert error == "the crypto policies of a namespace take at most 1048576 bytes"
    await write(server, "", "p0", description="less", rules=[STRENGTH])
    await write(server, "", "p17", description=text, rules=[STRENGTH])


async def test_a_damaged_policy_stops_a_server_that_enforces_policies(server: Server) -> None:
    await write(server, "", "pci", rules=[STRENGTH])
    assert server.core.unsealed is not None
    await put(server.core.unsealed.crypto_policies.view, "policy/root/pci", b"\xc1")
    with pytest.raises(Damaged):
        await table_of(server)


async def test_a_damaged_policy_can_be_deleted_while_none_are_enforced(new_server: NewServer) -> None:
    server = await (await new_server(Settings(crypto_policies_enforced=False))).unsealed()
    await write(server, "", "pci", rules=[STRENGTH])
    assert server.core.unsealed is not None
    view = server.core.unsealed.crypto_policies.view
    await put(view, "policy/root/pci", b"\xc1")
    assert (await server.ask("LIST", "sys/crypto-policies"))[1]["data"]["keys"] == []
    assert (await server.ask("DELETE", PATH))[0] == 204
    assert await view.list("policy/root/") == await view.list("version/root/") == []
