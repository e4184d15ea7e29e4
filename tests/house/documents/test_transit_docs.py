"""docs/transit-reference.md documents every path and parameter of transit, and nothing that isn't there."""

from __future__ import annotations

import pytest

from engines.algorithms.row import Algorithm, Fips
from engines.algorithms.types import KEY_TYPES
from engines.batches import items as batch_items
from engines.transit.routes import ROUTES
from tests.house.documents.reference_page import Page, cells

PAGE = Page("docs/transit-reference.md", ROUTES)
GUIDE = Page("docs/transit.md", ())
_ITEMS = {
    "Items of encrypt": batch_items.EncryptItem,
    "Items of decrypt": batch_items.DecryptItem,
    "Items of rewrap": batch_items.RewrapItem,
    "Items of hmac, cmac, sign and verify": batch_items.InputItem,
}


def algorithm_rows() -> list[tuple[str, ...]]:
    """What the document tells of each key type."""
    fips = {Fips.APPROVED: "approved", Fips.NOT_APPROVED: "not approved", Fips.LEGACY: "legacy"}
    return [
        (
            f"`{key_type}`",
            _standards(rows),
            *("yes" if able else "" for able in (row.encrypts, row.signs, row.usage.derivable, row.usage.convergent)),
            fips[row.strength.fips],
        )
        for key_type, rows in KEY_TYPES.items()
        for row in rows[:1]
    ]


def _standards(rows: list[Algorithm]) -> str:
    """The standards of all rows of a key type."""
    if len(rows) == 1:
        return rows[0].standard
    return ", ".join(dict.fromkeys(standard for row in rows for standard in row.standard.split(", ")))


def test_every_path_is_documented_once() -> None:
    PAGE.check_paths()


@pytest.mark.parametrize("title", PAGE.sections)
def test_every_parameter_is_documented(title: str) -> None:
    PAGE.check_parameters(title)


@pytest.mark.parametrize("title", _ITEMS)
def test_every_field_of_a_batch_is_documented(title: str) -> None:
    PAGE.check_items(title, _ITEMS[title])


def test_every_key_type_is_documented() -> None:
    assert [tuple(row) for row in cells(GUIDE.parts("##")["Key types"], "type")] == algorithm_rows()


def test_documented_errors_are_in_the_code() -> None:
    PAGE.check_errors(at_least=100)
