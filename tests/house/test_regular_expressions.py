"""No regular expression of the product takes more than linear time, whatever text it meets.

Every pattern is found by itself, in the source and in the modules, so that a new one is tried too. One that is put
together at run time isn't found that way: it has to be declared, with examples of what comes out.
"""

from __future__ import annotations

import ast
import re

import pytest

from tests.house.backtracking import slow_text
from tests.house.regular_expressions import DYNAMIC, collected, uses_in
from tests.house.sources import MODULES, tree_of


def test_the_module_for_patterns_has_one_name() -> None:
    """Otherwise patterns would not be found."""
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            assert not (isinstance(node, ast.ImportFrom) and node.module in ("re", "fnmatch")), path
            if isinstance(node, ast.Import):
                assert not any(alias.name in ("regex", "fnmatch", "glob") for alias in node.names), path
                assert all(alias.asname is None for alias in node.names if alias.name == "re"), path


def test_patterns_that_are_put_together_are_declared() -> None:
    found = [use for path in MODULES for use in uses_in(path) if isinstance(use, str)]
    assert {place.partition(":")[0] for place in found} == DYNAMIC.keys(), found


def test_patterns_take_linear_time() -> None:
    uses = collected()
    assert len(uses) > 100
    slow = {f"{use.place}: {use.pattern.pattern!r}": slow_text(use.pattern, use.methods) for use in uses}
    assert {use: found for use, found in slow.items() if found} == {}


SLOW = {
    "a repeat in a repeat": (r"(?:a+)+b", "match"),
    "alternatives that overlap": (r"(?:a|aa|[ab])*c", "fullmatch"),
    "two repeats that overlap": (r"\d+\.?\d*x", "match"),
    "two that overlap in one character": (r"[a-f_]+[g-z_]+!", "match"),
    "a number with an optional point": (
        r"[+-]?(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9]+)?",
        "fullmatch",
    ),
    "a hexadecimal number": (r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+", "fullmatch"),
    "blanks before what may hold blanks": (
        r"-----BEGIN ([A-Z0-9 ]+)-----\s*([A-Za-z0-9+/=\s]*?)-----END \1-----[ \t]*\r?\n?",
        "search",
    ),
    "a search that begins anew": (r"\{\{(.*?)\}\}", "sub"),
    "a search for a string that doesn't end": (rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', "sub"),
    "a run at the end": (r"[ \t]+$", "search"),
    "three repeats": (r"\s*;?\s*,?\s*x", "match"),
    "bytes": (rb"=*[=a]*b", "match"),
    "a bounded repeat that is large": (r"(?:[0-9]{1,4096}){1,4096}x", "match"),
}


@pytest.mark.parametrize("name", SLOW)
def test_patterns_that_are_slow_are_found(name: str) -> None:
    """Those with names of their own were the product's once."""
    text, method = SLOW[name]
    assert slow_text(re.compile(text), {method})


FAST = (
    r"\w(?:[\w.-]*\w)?",
    r"[0-9]+(?:\.[0-9]*)?",
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+"',
    r"v?[+-]?[0-9]{1,18}",
    r"(?>.*?a).*b",
)


@pytest.mark.parametrize("text", FAST)
def test_patterns_that_are_not_slow_are_left_alone(text: str) -> None:
    assert not slow_text(re.compile(text), {"match", "fullmatch"})
