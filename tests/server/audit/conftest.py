"""Audit devices that keep their entries."""

from __future__ import annotations

import pytest

from tests.server.audit.audit_fixture import Held, ListDevice


@pytest.fixture(autouse=True)
def made() -> list[ListDevice]:
    """The list devices that the test has had made."""
    ListDevice.made.clear()
    return ListDevice.made


@pytest.fixture
def held() -> Held:
    return Held()
