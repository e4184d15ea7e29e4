"""What policies allow: held against what a real server answered, and rule by rule."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path
from typing import Any

import pytest

from compat.policies.parser import parse_policy
from compat.policies.rules import Policy
from engines.base import Operation
from server.tenants.policies.acl import MAX_REMEMBERED, MAX_REMEMBERED_PATH, Acl, Decision, compile_acl
from tests.support.costs import processor_seconds_below

OBSERVED = json.loads((Path(__file__).parent / "acl_observed.json").read_text())["cases"]
OPERATIONS = {
    "GET": Operation.READ,
    "LIST": Operation.LIST,
    "SCAN": Operation.SCAN,
    "DELETE": Operation.DELETE,
}


def acl(*texts: str, now: float = 0) -> Acl:
    """The ACL of policies named ``p0``, ``p1``, ..."""
    return compile_acl([parse_policy(text, f"p{number}") for number, text in enumerate(texts)], now)


def allows(compiled: Acl, operation: Operation, path: str) -> bool:
    return compiled.check(operation, path, {}, None).allowed


def as_text(rules: dict[str, list[str]]) -> str:
    return json.dumps({"path": {path: {"capabilities": capabilities} for path, capabilities in rules.items()}})


@pytest.mark.parametrize("case", OBSERVED, ids=range(len(OBSERVED)))
def test_agrees_with_openbao(case: dict[str, Any]) -> None:
    compiled = acl(*map(as_text, case["policies"]))
    assert {path: compiled.capabilities(path) for path in case["capabilities"]} == case["capabilities"]
    for verb, path, allowed in case["requests"]:
        assert allows(compiled, OPERATIONS[verb], path) is allowed, (verb, path)


def test_the_observations_are_many() -> None:
    assert sum(len(case["capabilities"]) + len(case["requests"]) for case in OBSERVED) > 500


@pytest.mark.parametrize(
    ("winner", "loser", "path"),
    [
        ("m/keys/a", "m/keys/*", "m/keys/a"),
        ("m/keys/*", "m/+/a", "m/keys/a"),
        ("m/keys/+", "m/+/a", "m/keys/a"),
        ("m/keys/a*", "m/keys/*", "m/keys/ab"),
        ("m/+/a", "m/+/a*", "m/keys/a"),
        ("m/+/a/b", "m/+/+/b", "m/keys/a/b"),
        ("m/+/ab*", "m/+/a*", "m/keys/abc"),
    ],
)
def test_the_more_specific_rule_speaks_alone(winner: str, loser: str, path: str) -> None:
    granting = acl(as_text({winner: ["read"], loser: ["deny"]}))
    denying = acl(as_text({loser: ["read"], winner: ["deny"]}))
    assert granting.capabilities(path) == ["read"]
    assert denying.capabilities(path) == ["deny"]


def test_rules_for_one_path_add_up_and_one_denial_takes_all() -> None:
    one, two = as_text({"a": ["read"]}), as_text({"/a": ["list", "sudo"]})
    assert acl(one, two).capabilities("a") == ["list", "read", "sudo"]
    assert acl(one, two, as_text({"a": ["deny"]})).capabilities("a") == ["deny"]
    assert acl(as_text({"a": []}), one).capabilities("b") == ["deny"]


def test_a_plus_within_a_segment_and_a_star_within_a_path_are_literal() -> None:
    compiled = acl(as_text({"a+/x": ["read"], "b/*/c": ["read"]}))
    assert allows(compiled, Operation.READ, "a+/x")
    assert not allows(compiled, Operation.READ, "ab/x")
    assert allows(compiled, Operation.READ, "b/*/c")
    assert not allows(compiled, Operation.READ, "b/x/c")


@pytest.mark.parametrize("operation", [Operation.LIST, Operation.SCAN])
@pytest.mark.parametrize("path", ["x/y", "x/y/"])
@pytest.mark.parametrize("denied", ["x/y", "x/y/"])
def test_a_list_cannot_slip_past_a_denial(operation: Operation, path: str, denied: str) -> None:
    compiled = acl(as_text({"x/*": ["list", "scan"], "*": ["list", "scan"], denied: ["deny"]}))
    assert not allows(compiled, operation, path)
    assert allows(compiled, operation, "x/z")


@pytest.mark.parametrize("granted", ["x/y", "x/y/", "x/+", "x/+/", "x/*", "x/y*"])
def test_a_list_is_asked_for_with_or_without_a_slash(granted: str) -> None:
    compiled = acl(as_text({granted: ["list"]}))
    assert allows(compiled, Operation.LIST, "x/y")
    assert allows(compiled, Operation.LIST, "x/y/")


def test_a_read_needs_the_very_path() -> None:
    compiled = acl(as_text({"x/y/": ["read"]}))
    assert not allows(compiled, Operation.READ, "x/y")


@pytest.mark.parametrize("operation", [operation for operation in Operation if operation is not Operation.HELP])
def test_each_operation_needs_its_own_capability(operation: Operation) -> None:
    others = [other.value for other in Operation if other not in (operation, Operation.HELP)]
    assert not allows(acl(as_text({"a": others})), operation, "a")
    decision = acl(as_text({"a": [operation.value]}), as_text({"a": ["sudo"]})).check(operation, "a", {}, None)
    assert decision == Decision(True, True, ("p0",))


def test_all_granting_policies_are_named() -> None:
    compiled = acl(*[as_text({"a": ["read"]})] * 2, as_text({"a": ["list"]}))
    assert compiled.check(Operation.READ, "a", {}, None).granting_policies == ("p0", "p1")


def test_root_may_do_everything() -> None:
    compiled = compile_acl([Policy("root"), parse_policy(as_text({"*": ["deny"]}), "other")], 0)
    assert compiled.check(Operation.DELETE, "anything", {}, None) == Decision(True, True, ("root",))
    assert compiled.capabilities("anything") == ["root"]
    assert compiled.resultant_acl() == {"root": True}
    assert compiled.touches("any/")


def test_no_policy_grants_nothing_but_help() -> None:
    compiled = acl()
    assert compiled.capabilities("a") == ["deny"]
    assert not any(allows(compiled, operation, "a") for operation in Operation if operation is not Operation.HELP)
    assert compiled.check(Operation.HELP, "a", {}, None) == Decision(True)


def test_an_expired_rule_is_as_good_as_absent() -> None:
    text = 'path "a" { capabilities = ["read"] expiration = "2030-01-01T00:00:00Z" }'
    expires = 1893456000
    before = acl(text, as_text({"a": ["list"]}), now=expires - 1)
    assert before.capabilities("a") == ["list", "read"]
    assert before.valid_until == expires
    after = acl(text, as_text({"a": ["list"]}), now=expires)
    assert after.capabilities("a") == ["list"]
    assert after.valid_until == inf


def test_templated_rules_need_values() -> None:
    policy = parse_policy('path "kv/{{identity.entity.name}}/*" { capabilities = ["read"] }', "t")
    assert compile_acl([policy], 0).capabilities("kv/bob/x") == ["deny"]
    assert compile_acl([policy], 0, lambda name: None).capabilities("kv/bob/x") == ["deny"]
    filled = compile_acl([policy], 0, {"identity.entity.name": "bob"}.get)
    assert filled.templated
    assert filled.capabilities("kv/bob/x") == ["read"]
    assert filled.capabilities("kv/eve/x") == ["deny"]


def test_what_touches_a_mount() -> None:
    compiled = acl(as_text({"kv/+/b": ["read"], "transit/keys/a": ["read"], "pki/*": ["deny"], "se*": ["read"]}))
    assert [mount for mount in ("kv/", "transit/", "pki/", "secret/", "other/") if compiled.touches(mount)] == [
        "kv/",
        "transit/",
        "secret/",
    ]


def test_resultant_acl_as_openbao_words_it() -> None:
    everything = ["create", "update", "read", "list", "delete", "patch", "scan", "sudo"]
    rules = {
        "kv/b/*": {"capabilities": everything},
        "kv/+/c": {"capabilities": ["read"]},
        "kv/x": {"capabilities": []},
        "kv/p": {
            "capabilities": ["read", "create"],
            "allowed_parameters": {"Foo": ["a", "b*"], "*": []},
            "denied_parameters": {"z": []},
            "required_parameters": ["foo"],
            "min_wrapping_ttl": "10s",
            "max_wrapping_ttl": "20s",
            "pagination_limit": 3,
        },
    }
    assert acl(json.dumps({"path": rules})).resultant_acl() == {
        "root": False,
        "exact_paths": {
            "kv/x": {"capabilities": ["deny"]},
            "kv/p": {
                "capabilities": ["create", "read"],
                "allowed_parameters": {"foo": ["a", "b*"], "*": []},
                "denied_parameters": {"z": []},
                "required_parameters": ["foo"],
                "min_wrapping_ttl": 10,
                "max_wrapping_ttl": 20,
            },
        },
        "glob_paths": {
            "kv/b/": {"capabilities": ["create", "delete", "list", "read", "sudo", "update", "patch", "scan"]}
        },
    }


def test_remembered_answers_are_bounded_and_right() -> None:
    compiled = acl(as_text({"a/*": ["read"], "a/5": ["deny"]}))
    for _ in range(2):
        for number in range(MAX_REMEMBERED + 10):
            assert allows(compiled, Operation.READ, f"a/{number}") is (number != 5)
    assert len(compiled._answers) <= MAX_REMEMBERED


def test_all_acls_together_remember_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.tenants.policies.acl.MAX_REMEMBERED_BYTES", 100_000)
    compiled = [acl(as_text({"a/*": ["read"]})) for _ in range(20)]
    for number in range(1_000):
        assert allows(compiled[number % 20], Operation.READ, f"a/{number:0500}")
        assert sum(len(path) for each in compiled for _, path in each._answers) <= 100_000
    assert any(each._answers for each in compiled)
    longest = "a/" + "x" * (MAX_REMEMBERED_PATH - 2)
    for path in (longest, longest + "x"):
        assert allows(compiled[0], Operation.READ, path)
    assert (Operation.READ, longest) in compiled[0]._answers
    assert (Operation.READ, longest + "x") not in compiled[0]._answers


@pytest.mark.parametrize(
    "rule",
    [
        'path "a" {{ capabilities = ["read"] required_parameters = ["p{0}"] }}',
        'path "a" {{ capabilities = ["read"] allowed_parameters = {{ "p" = ["{0}"] }} }}',
        'path "a" {{ capabilities = ["read"] denied_parameters = {{ "p" = ["{0}"] }} }}',
        'path "a/{0}" {{ capabilities = ["read"] }}',
        'path "a/{0}/*" {{ capabilities = ["read"] }}',
        'path "a/+/{0}" {{ capabilities = ["read"] }}',
        'path "+/+/{0}/+" {{ capabilities = ["read"] }}',
    ],
)
def test_compiling_many_rules_and_asking_them_costs_little(rule: str) -> None:
    policies = [
        parse_policy("\n".join(rule.format(number * 1_000 + each) for each in range(1_000)), f"p{number}")
        for number in range(10)
    ]
    with processor_seconds_below(2.0):
        compiled = compile_acl(policies, 0)
        for number in range(20):
            compiled.check(Operation.READ, f"a/x/{number}/y", {"p": "x"}, None)
            compiled.capabilities(f"a/{number}/x")
            for _ in range(20):
                compiled.touches(f"a/{number}/")
                compiled.touches(f"mount{number}/")
