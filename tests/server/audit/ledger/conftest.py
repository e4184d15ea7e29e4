"""Logs that several tests look at, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.audit.ledger.ledgers import Ledger, make


@pytest.fixture(scope="session")
def large_ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A log of 70,000 entries with a journal; copy it before changing it."""
    return make(tmp_path_factory.mktemp("large") / "log", 70_000, segment=30_000)


@pytest.fixture(scope="session")
def small_ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A log of 700 entries in three segments, with a checkpoint kept at 400; copy it before changing it."""
    ledger = Ledger(tmp_path_factory.mktemp("small") / "log")
    entries = make(tmp_path_factory.mktemp("entries") / "log", 700, journal=False).entries
    for start, end in ((0, 300), (300, 400), (400, 700)):
        ledger.append(entries[start:end], segment=True)
        ledger.sign(keep=end == 400)
    return ledger


@pytest.fixture
def ledger(small_ledger: Ledger, tmp_path: Path) -> Ledger:
    """A copy of the log of 700 entries."""
    return small_ledger.copy(tmp_path / "log")
