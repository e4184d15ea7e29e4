"""The compiled index against the plainest reading of the rules: look at all of them, and sort."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from compat.policies.rules import CAPABILITIES, Policy, Rule, read_path
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


@given(rules=st.lists(st.tuples(texts, capabilities), max_size=8), mounts=st.lists(paths, min_size=1, max_size=4))
def test_a_mount_is_touched_by_what_is_granted_in_it(rules: list[Written], mounts: list[str]) -> None:
    compiled = compile_acl([Policy("p", tuple(Rule(*read_path(text), granted) for text, granted in rules))], now=0)
    denied = {text for text, granted in rules if "deny" in granted}
    granting = [text for text, _ in rules if text not in denied]
    for mount in [f"{path}/" for path in mounts] * 2:
        below = any(text.removesuffix("*").startswith(mount) for text in granting if "+" not in text.split("/"))
        wild = any(_may_reach(text, mount) for text in granting if "+" in text.split("/"))
        spoken_for = compiled.capabilities(mount) != ["deny"]
        assert compiled.touches(mount) is (spoken_for or below or wild), mount


def _may_reach(text: str, mount: str) -> bool:
    """Whether some path at or below the mount matches a text with ``+``."""
    wanted, pattern = mount.rstrip("/").split("/"), text.removesuffix("*").split("/")
    for position, (segment, name) in enumerate(zip(pattern, wanted, strict=False)):
        last = text.endswith("*") and position == len(pattern) - 1
        if segment not in ("+", name) and not (last and name.startswith(segment)):
            return False
    return text.endswith("*") or len(pattern) > len(wanted)
