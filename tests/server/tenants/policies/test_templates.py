"""Templated paths of policies: what a caller's values may, and may not, lead to."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat.policies.parser import parse_policy
from compat.policies.rules import Policy
from engines.faults import InvalidRequest
from server.tenants.policies.acl import Acl, compile_acl
from server.tenants.policies.templates import _parts
from tests.support.costs import processor_seconds_below

NAME = "{{identity.entity.name}}"


def compiled(value: str | None, *paths: str, slashes: bool = False, wildcards: bool = False) -> Acl:
    """The ACL of a caller of this name; each of ``paths`` may be read."""
    text = "".join(f'path "{path}" {{ capabilities = ["read"] }}\n' for path in paths)
    policy = replace(parse_policy(text, "templated"), slashes_in_templates=slashes, wildcards_in_templates=wildcards)
    return compile_acl([policy], 0, lambda name: value if name == "identity.entity.name" else None)


def may(acl: Acl, *paths: str) -> list[str]:
    """Those of ``paths`` that may be read."""
    return [path for path in paths if acl.capabilities(path) == ["read"]]


def test_values_stand_where_they_are_asked_for() -> None:
    acl = compiled("bob", f"kv/{NAME}", "kv/{{ identity.entity.name }}/*", f"kv/x-{NAME}-{NAME}/+/y")
    assert may(acl, "kv/bob", "kv/bob/a/b", "kv/x-bob-bob/z/y") == ["kv/bob", "kv/bob/a/b", "kv/x-bob-bob/z/y"]
    assert may(acl, "kv/eve", "kv/eve/a", "kv/x-bob-eve/z/y", f"kv/{NAME}") == []


def test_a_rule_without_a_value_speaks_of_nothing() -> None:
    acl = compiled(None, f"kv/{NAME}*", "kv/{{}}*", "kv/{{time.now}}*", "kv/open")
    assert may(acl, "kv/", "kv/a", "kv/open") == ["kv/open"]


@pytest.mark.parametrize("value", ["*", "a*", "+", "a+b", "a/b", "/", "../x", ""])
@pytest.mark.parametrize("path", [f"kv/{NAME}", f"kv/{NAME}/*", f"kv/{NAME}*", f"kv/+/{NAME}"])
def test_a_caller_whose_value_could_mislead_is_refused(value: str, path: str) -> None:
    with pytest.raises(InvalidRequest, match=r"\AForbidden\Z"):
        compiled(value, path)


def test_a_star_in_a_name_is_no_wildcard() -> None:
    acl = compiled("*", f"kv/{NAME}", f"own/{NAME}/*", f"x/a{NAME}", wildcards=True)
    assert may(acl, "kv/*", "own/*/z", "x/a*") == ["kv/*", "own/*/z", "x/a*"]
    assert may(acl, "kv/", "kv/a", "kv/a/b", "own/bob/z", "own/", "x/a", "x/abc") == []


def test_a_plus_in_a_name_is_no_wildcard() -> None:
    acl = compiled("+", f"kv/{NAME}", f"own/{NAME}/*", f"x/{NAME}/y", wildcards=True)
    assert may(acl, "kv/+", "own/+/z", "x/+/y") == ["kv/+", "own/+/z", "x/+/y"]
    assert may(acl, "kv/a", "own/bob/z", "x/bob/y") == []


def test_a_plus_in_a_name_is_no_wildcard_beside_one_either() -> None:
    with pytest.raises(InvalidRequest):
        compiled("+", f"kv/+/{NAME}", wildcards=True)
    assert may(compiled("a+b", f"kv/+/{NAME}", wildcards=True), "kv/x/a+b", "kv/x/aab") == ["kv/x/a+b"]


def test_a_literal_plus_of_one_policy_is_no_wildcard_of_another() -> None:
    literal = replace(parse_policy(f'path "kv/{NAME}" {{ capabilities = ["read"] }}', "a"), wildcards_in_templates=True)
    wildcard = parse_policy('path "kv/+" { capabilities = ["list"] }', "b")
    for policies in ([literal, wildcard], [wildcard, literal]):
        acl = compile_acl(policies, 0, lambda name: "+")
        assert acl.capabilities("kv/+") == ["read"]
        assert acl.capabilities("kv/bob") == ["list"]


def test_a_slash_in_a_name_leads_deeper_only_where_that_is_allowed() -> None:
    acl = compiled("a/b", f"kv/{NAME}", f"own/{NAME}/*", slashes=True)
    assert may(acl, "kv/a/b", "own/a/b/c", "kv/a", "own/a/c") == ["kv/a/b", "own/a/b/c"]


def test_wildcards_that_are_allowed_allow_no_slashes() -> None:
    with pytest.raises(InvalidRequest):
        compiled("a/b", f"kv/{NAME}", wildcards=True)
    with pytest.raises(InvalidRequest):
        compiled("a*", f"kv/{NAME}", slashes=True)


def test_a_value_is_not_looked_at_for_templates() -> None:
    acl = compiled(NAME, f"kv/{NAME}")
    assert may(acl, f"kv/{NAME}", "kv/bob") == [f"kv/{NAME}"]


def test_a_template_that_looks_like_a_wildcard_is_none() -> None:
    policy = parse_policy('path "kv/{{identity.entity.metadata.a/+/b}}" { capabilities = ["read"] }', "t")
    acl = compile_acl([policy], 0, lambda name: "v")
    assert may(acl, "kv/v", "kv/a/x/b") == ["kv/v"]


def test_a_denial_holds_for_whom_it_is_meant() -> None:
    policies: list[Policy] = [
        parse_policy('path "kv/*" { capabilities = ["read"] }', "all"),
        parse_policy(f'path "kv/{NAME}/*" {{ capabilities = ["deny"] }}', "own"),
    ]
    acl = compile_acl(policies, 0, lambda name: "bob")
    assert may(acl, "kv/bob/a", "kv/eve/a") == ["kv/eve/a"]
    with pytest.raises(InvalidRequest):
        compile_acl(policies, 0, lambda name: "b*")


@pytest.mark.parametrize("text", ["{{", "}}", "{{}}", "{{ x", "{"])
def test_braces_without_end_are_read_once(text: str) -> None:
    with processor_seconds_below(1):
        parts = list(_parts(text * 200_000))
        assert "".join(part for part, _ in parts).count("{") <= len(text) * 200_000


@given(st.text("{}a/ \n", max_size=12))
def test_the_parts_of_a_path_are_those_between_the_first_braces_that_close(text: str) -> None:
    expected: list[tuple[str, str | None]] = []
    position = 0
    for found in re.finditer(r"\{\{(.*?)\}\}", text, re.DOTALL):
        expected.append((text[position : found.start()], found[1].strip()))
        position = found.end()
    assert list(_parts(text)) == [*expected, (text[position:], None)]
