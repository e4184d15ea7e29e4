"""The compiled index against the plainest reading of the rules: look at all of them, and sort."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from compat.policies import CAPABILITIES, Policy, Rule, read_path
from engines.base import Operation
from server.tenants.policies.acl import compile_acl

SEGMENTS = ("a", "b", "ab", "+", "a+", "é")
Written = tuple[str, frozenset[str]]


def model(rules: Sequence[Written], operation: Operation, path: str) -> bool:
    """Whether ``operation`` on ``path`` is allowed by ``rules``, which are looked at one by one."""
    listing = operation in (Operation.LIST, Operation.SCAN)
    attempts = [path]
    if listing:
        bare = path.removesuffix("/")
        attempts = [bare + "/", bare]
    for exact in (True, False):
        for attempt in attempts:
            matching = [text for text, _ in rules if is_exact(text) is exact and matches(text, attempt)]
            if matching:
                best = max(matching, key=specificity)
                granted = [capabilities for text, capabilities in rules if text == best]
                if any("deny" in capabilities for capabilities in granted):
                    return False
                return any(operation.value in capabilities for capabilities in granted)
    return False


def is_exact(text: str) -> bool:
    return not text.endswith("*") and "+" not in text.split("/")


def matches(text: str, path: str) -> bool:
    pattern = "/".join(
        "[^/]*" if segment == "+" else re.escape(segment) for segment in text.removesuffix("*").split("/")
    )
    return re.fullmatch(pattern + (".*" if text.endswith("*") else ""), path, re.DOTALL) is not None


def specificity(text: str) -> tuple[int, bool, int, int, str]:
    literal = text.removesuffix("*")
    segments = literal.split("/")
    first = len(literal)
    if "+" in segments:
        first = literal.index("+")
    return first, not text.endswith("*"), -segments.count("+"), len(literal), literal


paths = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=4).map("/".join)
endings = st.sampled_from(["", "", "/", "*", "/*"])
texts = st.builds("{}{}".format, paths, endings).filter(lambda text: "+*" not in text)
capabilities = st.one_of(
    st.just(frozenset({"deny"})), st.frozensets(st.sampled_from(sorted(CAPABILITIES - {"deny"})), min_size=1)
)
asked = st.builds("{}{}".format, paths, st.sampled_from(["", "/"]))


@given(
    policies=st.lists(st.lists(st.tuples(texts, capabilities), max_size=6), max_size=3),
    questions=st.lists(st.tuples(st.sampled_from([*Operation]), asked), max_size=8),
)
def test_agrees_with_the_model(policies: list[list[Written]], questions: list[tuple[Operation, str]]) -> None:
    compiled = compile_acl(
        [
            Policy(f"p{number}", tuple(Rule(*read_path(text), granted) for text, granted in rules))
            for number, rules in enumerate(policies)
        ],
        now=0,
    )
    rules = [rule for policy in policies for rule in policy]
    for operation, path in questions * 2:
        if operation is not Operation.HELP:
            assert compiled.check(operation, path, {}, None).allowed is model(rules, operation, path), (operation, path)
