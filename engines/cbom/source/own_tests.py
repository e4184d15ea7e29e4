"""Test code in a program: arguments that it passes to other code don't count as findings there.

A test calls a function that derives keys with the password "secret". That is found in the test, but the function isn't
told to have a password in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from engines.cbom.source.evaluation.sightings import Sighting, Witness

_FOLDERS = r"(?:^|/)(?:tests?|testing|__tests__|specs?|unit_?tests?|test_?suites?|regress|fuzz(?:ing|ers?)?)/"
_FILES = r"(?:^|/)(?:test[-_][^/]*|tests?|[^/]*(?:[-_](?:unit_?)?tests?|Tests?|IT|\.test|\.spec))\.\w+$"
_TEST = re.compile(f"{_FOLDERS}|{_FILES}")


_EXAMPLES = re.compile(
    r"(?:^|/)(?:examples?|samples?|demos?|dev|bench(?:mark)?s?|playgrounds?|fixtures?|(?:__)?mocks?(?:__)?)/"
)


_OF_RUST = frozenset({"test", "tests", "test_util", "test_utils", "test_helpers"})
"""Names of Rust's modules for tests."""


def is_built_for_tests(path: str, paths: Collection[str]) -> bool:
    """Whether only builds of tests have a file among ``paths``: Go's ``_test.go``, Cargo's ``tests`` and ``benches``
    beside a manifest, and Rust's modules for tests."""
    if not path.endswith(".rs"):
        return path.endswith("_test.go")
    before, tests, _ = f"/{path}".partition("/benches/" if "/benches/" in path else "/tests/")
    _, _, modules = f"/{path.removesuffix('.rs')}".partition("/src/")
    return not _OF_RUST.isdisjoint(modules.split("/")) or (bool(tests) and f"{before}/Cargo.toml"[1:] in paths)


def is_caller(path: str) -> bool:
    """Whether a file only shows or tests what others do: the constants that it gives to them aren't theirs."""
    return is_test(path) or _EXAMPLES.search(path) is not None


def is_test(path: str) -> bool:
    """Whether a file is a test, by the customs of its language."""
    return _TEST.search(path) is not None


@dataclass(slots=True)
class Apart:
    """A witness that is told of other code only what other code does: ``path`` is the file that is just being run."""

    witness: Witness
    path: str = ""
    assured: set[tuple[str, object]] = field(init=False)

    def __post_init__(self) -> None:
        self.assured = self.witness.assured

    def see(self, sighting: Sighting) -> None:
        """Pass on a sighting, unless a test is running code that is none."""
        if not is_caller(self.path) or is_caller(sighting.place.path):
            self.witness.see(sighting)
