"""docs/api.md lists what the route tables have."""

from __future__ import annotations

from tests.house.documents.api_document import PATH, document


def test_the_list_of_paths_is_up_to_date() -> None:
    assert PATH.read_text(encoding="utf-8") == document(), "run `make docs`"
