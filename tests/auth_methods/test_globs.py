"""Globs against Python's own, whose other wildcards are taken out."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_methods.names import matches_glob
from tests.support.costs import processor_seconds_below


@pytest.mark.parametrize(
    ("text", "glob", "fits"),
    [
        ("", "", True),
        ("", "*", True),
        ("a", "", False),
        ("app-1", "app-*", True),
        ("x-app", "*-app", True),
        ("a-b-c", "a*b*c", True),
        ("ab", "ab*b", False),
        ("aba", "ab*ba", False),
        ("a?c", "a?c", True),
        ("abc", "a?c", False),
        ("a\nb", "a*b", True),
        ("b", "[ab]", False),
    ],
)
def test_a_star_stands_for_any_text(text: str, glob: str, fits: bool) -> None:
    assert matches_glob(text, glob) is fits


@given(st.text("ab[?.\n", max_size=10), st.text("ab[?.\n*", max_size=10))
def test_globs_are_those_of_python(text: str, glob: str) -> None:
    assert matches_glob(text, glob) is fnmatchcase(text, glob.replace("[", "[[]").replace("?", "[?]"))


def test_many_stars_take_no_longer_than_few() -> None:
    with processor_seconds_below(1):
        assert not matches_glob("a" * 65_536, "*a" * 10_000 + "b" + "*a" * 10_000)
