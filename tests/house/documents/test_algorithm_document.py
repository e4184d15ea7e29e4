"""docs/algorithms.md tells what the registry has."""

from __future__ import annotations

from tests.house.documents.algorithm_document import PATH, document


def test_the_facts_of_algorithms_are_up_to_date() -> None:
    assert PATH.read_text(encoding="utf-8") == document(), "run `make docs`"
