"""Prose of code and documentation: modules say what they are, in words that name the actor."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house.sources import ROOT, place, sources_below, tree_of

SOURCES = [
    path
    for path in sources_below("server", "engines", "storage", "auth_methods", "compat", "sdk", "benchmarks")
    if not {"build", ".venv"} & set(path.parts)
]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
_VAGUE = re.compile(r"\b(?:whoever|nobody|somebody|anybody|everybody)\b", re.IGNORECASE)
"""Words that leave open who acts."""

_QUOTED = re.compile(r"`[^`\n]*`")
_NO_NOUN = re.compile(r"(?:Of|Those|Whose|What|Which|Who|Whom|How|Where|When|Why)\b")


def _vague(text: str) -> list[str]:
    return [f"{number}: {line.strip()}" for number, line in enumerate(text.splitlines(), 1) if _VAGUE.search(line)]


def test_the_words_are_found_in_any_case() -> None:
    assert _vague("so that Nobody waits\nHowever, a caller does\nwhoever calls") == [
        "1: so that Nobody waits",
        "3: whoever calls",
    ]


def test_code_names_who_acts() -> None:
    found = {place(path): _vague(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize("page", PAGES, ids=place)
def test_documentation_names_who_acts(page: Path) -> None:
    """Words in backticks are quoted, not used."""
    assert _vague(_QUOTED.sub("", page.read_text(encoding="utf-8"))) == []


def test_every_module_says_what_it_is() -> None:
    assert [place(path) for path in SOURCES if not ast.get_docstring(tree_of(path))] == []


def test_modules_and_classes_begin_with_a_noun() -> None:
    found = [
        f"{place(path)}:{getattr(node, 'lineno', 1)}: {text.splitlines()[0]}"
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Module | ast.ClassDef) and _NO_NOUN.match(text := ast.get_docstring(node) or "")
    ]
    assert found == []
