"""Prose of code and documentation: modules say what they are, in words that name the actor."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.house.reference_page import ROOT

SOURCES = sorted(
    path
    for folder in ("server", "engines", "storage", "auth_methods", "compat", "sdk", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
    if not {"build", ".venv"} & set(path.parts)
)
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
_VAGUE = re.compile(r"\b(?:whoever|nobody|somebody|anybody|everybody)\b", re.IGNORECASE)
"""Words that leave open who acts."""

_QUOTED = re.compile(r"`[^`\n]*`")
_NO_NOUN = re.compile(r"(?:Of|Those|Whose|What|Which|Who|Whom|How|Where|When|Why)\b")


def _vague(text: str) -> list[str]:
    return [f"{number}: {line.strip()}" for number, line in enumerate(text.splitlines(), 1) if _VAGUE.search(line)]


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _names(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_words_are_found_in_any_case() -> None:
    assert _vague("so that Nobody waits\nHowever, a caller does\nwhoever calls") == [
        "1: so that Nobody waits",
        "3: whoever calls",
    ]


@pytest.mark.parametrize("path", SOURCES, ids=_names)
def test_code_names_who_acts(path: Path) -> None:
    assert _vague(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=_names)
def test_documentation_names_who_acts(page: Path) -> None:
    """Words in backticks are quoted, not used."""
    assert _vague(_QUOTED.sub("", page.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", SOURCES, ids=_names)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(_tree(path)), f"{_names(path)} has no docstring"


@pytest.mark.parametrize("path", SOURCES, ids=_names)
def test_modules_and_classes_begin_with_a_noun(path: Path) -> None:
    found = [
        f"{getattr(node, 'lineno', 1)}: {text.splitlines()[0]}"
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Module | ast.ClassDef) and _NO_NOUN.match(text := ast.get_docstring(node) or "")
    ]
    assert found == []
