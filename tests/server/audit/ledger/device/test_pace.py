"""The pace of an integrator, as its shared page tells."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from server.audit.ledger.device.directory import LedgerDirectory, SharedPage
from server.audit.ledger.device.pace import Pace, pace_of
from server.audit.ledger.leading import child

_SECOND = 1_000_000_000


def _pace(path: Path, *, segment: int, written: bytes, read: tuple[int, int], size: int, missing: int = 0) -> Pace:
    """The pace where the segment that is written to has these bytes, and the journal is read up to ``read``."""
    directory = LedgerDirectory(path)
    directory.make()
    directory.add_segment(segment)
    directory.segment(segment).write_bytes(written)
    page = directory.page()
    page.words[SharedPage.SEGMENT] = segment
    page.words[SharedPage.READ_SEGMENT], page.words[SharedPage.READ_OFFSET] = read
    page.words[SharedPage.SIZE] = size
    page.words[SharedPage.CAUGHT_UP_NANOSECONDS] = time.monotonic_ns() - 3 * _SECOND
    page.words[SharedPage.QUORUM_MISSING_NANOSECONDS] = missing
    page.close()
    found = pace_of(directory)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("segment", "written", "read", "lags"),
    [
        (0, b"", (0, 0), False),
        (0, b"entries", (0, 7), False),
        (0, b"entries", (0, 3), True),
        (70_000, b"", (0, 900), False),
        (70_000, b"entries", (0, 900), True),
        (60_000, b"", (0, 900), True),
    ],
)
def test_what_is_written_and_not_read_lags(
    tmp_path: Path, segment: int, written: bytes, read: tuple[int, int], lags: bool
) -> None:
    lag = _pace(tmp_path, segment=segment, written=written, read=read, size=70_000).lag_seconds
    assert 3 <= lag < 30 if lags else lag == 0


def test_a_quorum_is_missing_since_a_time(tmp_path: Path) -> None:
    state: dict[str, Any] = {"segment": 0, "written": b"", "read": (0, 0), "size": 0}
    assert _pace(tmp_path, **state).quorum_missing_seconds == 0
    assert 2 <= _pace(tmp_path, **state, missing=time.time_ns() - 2 * _SECOND).quorum_missing_seconds < 30


@pytest.mark.parametrize(
    ("count", "seconds", "pause"),
    [(0, 0.04, 0.04), (1, 0.04, 0.04), (200, 0.04, 0.02), (1000, 0.04, 0.004), (40_000, 2.0, 0.005), (100, 0.01, 0.01)],
)
def test_the_journal_is_read_more_often_where_more_comes(count: int, seconds: float, pause: float) -> None:
    assert child.pause_for(count, seconds) == pytest.approx(pause)
