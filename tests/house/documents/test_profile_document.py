"""docs/profiles.md tells what the profiles' data has."""

from __future__ import annotations

from tests.house.documents.profile_document import PATH, document


def test_the_rules_of_profiles_are_up_to_date() -> None:
    assert PATH.read_text(encoding="utf-8") == document(), "run `make docs`"
