"""docs/signing-reference.md documents every path and parameter, and every reason why something isn't valid."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from engines.algorithms.formats.jws import jws_algorithms
from engines.algorithms.registry import SIGNING_ALGORITHMS
from engines.algorithms.row import CLASSICAL_HALF, PARAMETER_SET
from engines.signing.formats import jwt
from engines.signing.routes import ROUTES
from engines.signing.signatures import NOT_SIGNED
from tests.house.documents.reference_page import Page, cells
from tests.house.sources import ROOT

PAGE = Page("docs/signing-reference.md", ROUTES)
GUIDE = Page("docs/signing.md", ())
_ITEMS = {"Items of signing tokens": jwt.TokenItem, "Items of verifying tokens": jwt.VerifiedItem}


def test_every_path_is_documented_once() -> None:
    PAGE.check_paths()


@pytest.mark.parametrize("title", PAGE.sections)
def test_every_parameter_is_documented(title: str) -> None:
    PAGE.check_parameters(title)


@pytest.mark.parametrize("title", _ITEMS)
def test_every_field_of_a_batch_is_documented(title: str) -> None:
    PAGE.check_items(title, _ITEMS[title])


def test_documented_errors_are_in_the_code() -> None:
    PAGE.check_errors(at_least=100)


def test_every_algorithm_is_documented() -> None:
    rows = []
    for row in SIGNING_ALGORITHMS.values():
        algorithms = jws_algorithms(row)
        told = [row.type_parameters.get(name, "") for name in (PARAMETER_SET, CLASSICAL_HALF)]
        names = ", ".join(f"`{algorithm.name}`" for algorithm in algorithms)
        numbers = ", ".join(str(algorithm.cose) for algorithm in algorithms)
        rows.append([f"`{row.key_type}`", *(f"`{text}`" if text else "" for text in told), names, numbers])
    assert list(cells(GUIDE.parts("##")["Keys and algorithms"], "type")) == rows


_REASONS = frozenset({"NotValid", "BadMessage", "NotCbor"})


def _reasons() -> Iterator[str]:
    """The texts that ``_REASONS`` are raised with, ``{...}`` for what varies."""
    for path in [*(ROOT / "engines/signing").rglob("*.py"), ROOT / "engines/algorithms/formats/cms.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(text))]) if name in _REASONS:
                    yield text
                case ast.Call(func=ast.Name(id=name), args=[ast.JoinedStr(values=values)]) if name in _REASONS:
                    yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{...}" for part in values)


def test_every_reason_is_documented() -> None:
    documented = [reason.strip("`") for reason, _ in cells(PAGE.parts("##")["What is not valid"], "reason")]
    assert sorted(documented) == sorted({NOT_SIGNED, *_reasons()})
