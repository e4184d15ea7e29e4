"""docs/crypto-policy.md has the variables, operations and functions of the code, and its bounds."""

from __future__ import annotations

import pytest

from server.tenants.crypto_policies import documents, exceptions, language, records, rules
from tests.house.documents.crypto_policy_document import _TABLES, PATH, document


def test_the_tables_are_up_to_date() -> None:
    text = PATH.read_text(encoding="utf-8")
    assert text == document(), "run `make docs`"
    assert all(f"<!-- table: {name} -->" in text for name in _TABLES)


@pytest.mark.parametrize(
    "bound",
    [
        f"{documents.MAX_RULES} rules",
        f"{documents.MAX_DOCUMENT_BYTES // 1024} KiB",
        f"{rules.MAX_REQUEST_RULES} rules on the request",
        f"{language.MAX_BYTES // 1024} KiB",
        f"{language.MAX_DEPTH} deep",
        f"{exceptions.MAX_DAYS} days",
        f"{records.MAX_VERSIONS} newest versions",
        f"{records.MAX_POLICIES} policies",
    ],
)
def test_the_bounds_are_told(bound: str) -> None:
    assert bound in PATH.read_text(encoding="utf-8")
