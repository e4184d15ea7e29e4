"""Parameters, wrapping TTLs and limits of lists, each row as a real server answered it unless it says otherwise."""

from __future__ import annotations

import json
from typing import Any

import pytest

from compat.policies.parser import parse_policy
from engines.base import Operation
from server.tenants.policies.acl import Acl, compile_acl

WRITES = ["create", "update", "patch", "read", "list", "delete", "scan"]
VALUES: list[Any] = [
    "x", "xy", "wx", "*", "", 1, "1", 1.5, True, False, None, ["x"], ["x", "y"], {"k": "v"}, {}, [], [1], "true", "X",
]  # fmt: skip


def acl(*conditions: dict[str, Any]) -> Acl:
    """One policy for each set of conditions, all of them for ``m`` and lists of it."""
    texts = [json.dumps({"path": {"m": {"capabilities": WRITES, **condition}}}) for condition in conditions]
    return compile_acl([parse_policy(text, f"p{number}") for number, text in enumerate(texts)], 0)


def passes(compiled: Acl, given: dict[str, Any], operation: Operation = Operation.UPDATE) -> bool:
    return compiled.check(operation, "m", given, None).allowed


@pytest.mark.parametrize(
    ("conditions", "passing"),
    [
        ([{"allowed_parameters": {"a": ["x"]}}, {}], ["a=x"]),
        ([{}, {"allowed_parameters": {"a": ["x"]}}], ["a=x"]),
        ([{"allowed_parameters": {"a": ["x"]}}, {"allowed_parameters": {"a": ["y"]}}], ["a=x", "a=y"]),
        ([{"allowed_parameters": {"a": ["x"]}}, {"allowed_parameters": {"a": []}}], ["a=x", "a=y"]),
        ([{"allowed_parameters": {"a": []}}, {"allowed_parameters": {"a": ["x"]}}], ["a=x", "a=y"]),
        ([{"allowed_parameters": {"a": ["x"]}}, {"allowed_parameters": {"b": ["x"]}}], ["a=x", "b=x"]),
        ([{"allowed_parameters": {"a": ["x"], "*": []}}], ["a=x", "b=x", "c=x"]),
        ([{"allowed_parameters": {"*": ["x"]}}], ["a=x", "a=y", "b=x", "c=x"]),
        ([{"allowed_parameters": {}}], ["a=x", "a=y", "b=x", "c=x"]),
        ([{"denied_parameters": {"a": ["x"]}}, {}], ["a=y", "b=x", "c=x"]),
        ([{"denied_parameters": {"a": ["x"]}}, {"denied_parameters": {"a": ["y"]}}], ["b=x", "c=x"]),
        ([{"denied_parameters": {"a": ["x"]}}, {"denied_parameters": {"a": []}}], ["b=x", "c=x"]),
        ([{"denied_parameters": {"*": ["x"]}}], []),
        ([{"allowed_parameters": {"a": []}, "denied_parameters": {"a": ["x"]}}], ["a=y"]),
        ([{"required_parameters": ["a"]}, {"required_parameters": ["b"]}], []),
        ([{"required_parameters": ["a"]}, {}], ["a=x", "a=y"]),
        ([{"required_parameters": ["A"]}], ["a=x", "a=y"]),
    ],
)
def test_policies_add_up(conditions: list[dict[str, Any]], passing: list[str]) -> None:
    compiled = acl(*conditions)
    tried = {"a=x": {"a": "x"}, "a=y": {"a": "y"}, "b=x": {"b": "x"}, "c=x": {"c": "x"}}
    assert [name for name, given in tried.items() if passes(compiled, given)] == passing


@pytest.mark.parametrize(
    ("listed", "passing"),
    [
        ('"x"', ["x"]),
        ('"x*"', ["x", "xy"]),
        ('"*x"', ["x", "wx"]),
        ('"*x*"', ["x", "xy", "wx"]),
        ('"*"', ["*"]),
        ('"**"', ["x", "xy", "wx", "*", "", "1", "true", "X"]),
        ('""', [""]),
        ("1", []),
        ("1.5", []),
        ('"1"', ["1"]),
        ("true", [True]),
        ("false", [False]),
        ('"true"', ["true"]),
        ('["x"]', [["x"]]),
        ('["x","y"]', [["x", "y"]]),
        ('[["x"]]', []),
        ('{k="v"}', [{"k": "v"}]),
        ("{}", [{}]),
        ("[]", [[]]),
        ("[1]", []),
        ('1,"x"', ["x"]),
    ],
)
def test_which_values_a_listed_one_allows(listed: str, passing: list[Any]) -> None:
    text = f'path "m" {{ capabilities = ["update"] allowed_parameters = {{ "a" = [{listed}] }} }}'
    compiled = compile_acl([parse_policy(text, "p")], 0)
    assert [value for value in VALUES if passes(compiled, {"a": value})] == passing


@pytest.mark.parametrize(
    ("listed", "denied", "passing"),
    [
        (
            "true",
            [True, "true", "1", "t", "T", "TRUE", "True", 1, 1.0],
            [False, "false", 0, "tru", "yes", 2, ["true"], "2"],
        ),
        ('"true"', [True, "true", "1", 1, "T"], [False, "x", "true ", {}]),
        ("false", [False, "false", 0, "0", "", None], [True, "1", "x"]),
        ("1, 1.5", [1, 1.0, 1.5, "1", "0x1", "1.5", True], [2, "2", "x", 15, "1.50001"]),
        ('"10"', [10, "10", "0xa", "012", 10.0], [1, "100", 8, True]),
        ('"x"', ["x"], ["X", "", 0, True, None]),
        ('"ex*"', ["ex", "export"], [True, 1]),
        ('{k="v"}', [{"k": "v"}], [{}, "v", 1]),
    ],
)
def test_a_denied_value_denies_in_all_its_spellings(listed: str, denied: list[Any], passing: list[Any]) -> None:
    """Here we differ from OpenBao, where what is spelt otherwise passes, though it means the same to a handler."""
    text = f'path "m" {{ capabilities = ["update"] denied_parameters = {{ "a" = [{listed}] }} }}'
    compiled = compile_acl([parse_policy(text, "p")], 0)
    assert [value for value in denied if passes(compiled, {"a": value})] == []
    assert [value for value in passing if not passes(compiled, {"a": value})] == []


def test_names_of_parameters() -> None:
    assert not passes(acl({"denied_parameters": {"context": []}}), {"Context": "x"})
    assert passes(acl({"allowed_parameters": {"Foo": []}}), {"FOO": 1})
    assert not passes(acl({"required_parameters": ["need"]}), {"Need": 1})
    assert passes(acl({"required_parameters": ["need"]}), {"need": None})


def test_no_parameters_pass_unless_some_are_required() -> None:
    assert passes(acl({"allowed_parameters": {"a": []}}), {})
    assert passes(acl({"denied_parameters": {"*": []}}), {})
    assert not passes(acl({"required_parameters": ["a"]}), {})


@pytest.mark.parametrize("operation", [Operation.CREATE, Operation.UPDATE, Operation.PATCH, Operation.READ])
def test_parameters_count_for_reads_and_writes(operation: Operation) -> None:
    assert not passes(acl({"denied_parameters": {"a": []}}), {"a": 1}, operation)
    assert not passes(acl({"required_parameters": ["a"]}), {}, operation)


@pytest.mark.parametrize("operation", [Operation.LIST, Operation.SCAN, Operation.DELETE])
def test_parameters_do_not_count_for_lists_and_deletions(operation: Operation) -> None:
    assert passes(acl({"denied_parameters": {"a": []}, "required_parameters": ["b"]}), {"a": 1}, operation)


@pytest.mark.parametrize(
    ("conditions", "passing"),
    [
        ([{"min_wrapping_ttl": "10s"}], [10, 15, 25]),
        ([{"max_wrapping_ttl": "20s"}], [5, 10, 15]),
        ([{"min_wrapping_ttl": "10s", "max_wrapping_ttl": "20s"}], [10, 15]),
        ([{"min_wrapping_ttl": "10s"}, {}], [10, 15, 25]),
        ([{"min_wrapping_ttl": "20s"}, {"min_wrapping_ttl": "10s"}], [10, 15, 25]),
        ([{"max_wrapping_ttl": "10s"}, {"max_wrapping_ttl": "20s"}], [5, 10]),
        ([{}, {"max_wrapping_ttl": "10s"}], [5, 10]),
        ([{"min_wrapping_ttl": "20s"}, {"max_wrapping_ttl": "10s"}], []),
    ],
)
def test_wrapping_ttls(conditions: list[dict[str, Any]], passing: list[int]) -> None:
    compiled = acl(*conditions)
    asked = [None, 0, 5, 10, 15, 25]
    assert [ttl for ttl in asked if compiled.check(Operation.UPDATE, "m", {}, ttl).allowed] == passing


@pytest.mark.parametrize("limits", [[3], [3, 5], [5, 3], [0, 3], [3, 0]])
@pytest.mark.parametrize("operation", [Operation.LIST, Operation.SCAN])
def test_limits_of_lists(limits: list[int], operation: Operation) -> None:
    compiled = acl(*[{"pagination_limit": limit} if limit else {} for limit in limits])
    asked: list[Any] = [None, "", "0", 2, "3", "4", "-1", "abc", ["2", "9"]]
    allowed = [limit for limit in asked if passes(compiled, {} if limit is None else {"limit": limit}, operation)]
    assert allowed == [None, "", "0", 2, "3"]
    assert compiled.check(operation, "m", {}, None).limit == 3
    assert compiled.check(Operation.READ, "m", {}, None).limit == 0


def test_a_refusal_names_no_policy() -> None:
    decision = acl({"required_parameters": ["a"]}).check(Operation.UPDATE, "m", {}, None)
    assert (decision.allowed, decision.granting_policies) == (False, ())
