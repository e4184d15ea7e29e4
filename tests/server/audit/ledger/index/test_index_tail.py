"""Indexes in memory of the newest entries: they find what a scan finds, spare reading, and follow the log alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.audit.ledger.index import tail as tail_module
from server.audit.ledger.index.search import Indexes, find_indexed, find_request
from server.audit.ledger.index.tail import MAX_TAILS, Tails
from server.audit.ledger.log.tiles import WIDTH
from server.audit.ledger.offline.proven import ProvenLog
from server.audit.ledger.offline.query import Query, find
from server.audit.ledger.offline.sources import DirectorySource
from tests.server.audit.ledger.ledgers import Ledger, line, timestamp

SIZE = 20 * WIDTH + 100
NEWEST = 8
FEW = 4
"""Files of entries that a look-up may read once it is known where they are."""


def _entries(first: int, end: int, mark: str = "") -> list[bytes]:
    return [
        line(
            {
                "time": timestamp(number),
                "type": "response" if number % 2 else "request",
                "request": {"id": f"id{mark}-{number // 2}", "path": f"transit/encrypt/k{number % 2000}"},
            }
        )
        for number in range(first, end)
    ]


class Counted(DirectorySource):
    """Counts the bundles that are read."""

    bundles = 0

    def read(self, path: str, max_bytes: int) -> bytes | None:
        self.bundles += path.startswith("tile/entries/")
        return super().read(path, max_bytes)


class Asked:
    """Look-ups in a log by one process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tails = Tails()
        self.read = 0
        """The bundles that the last one has read."""

    def request(self, ident: str) -> list[int]:
        with _opened(self) as (indexes, source):
            *_, found = find_request(indexes, ident, 0)
            self.read = source.bundles
            return [index for index, _, _ in found]

    def query(self, query: Query, first: int = 0, limit: int = 1000) -> list[int]:
        with _opened(self) as (indexes, source):
            *_, answer = find_indexed(indexes, query, first, limit)
            self.read = source.bundles
            *_, expected = find(indexes.proven, query, first, limit)
            assert (answer.hits, answer.next_index, answer.time) == (expected.hits, expected.next_index, expected.time)
            return [hit.index for hit in answer.hits]


@contextmanager
def _opened(asked: Asked) -> Iterator[tuple[Indexes, Counted]]:
    source = Counted(asked.path)
    indexes = Indexes(source, ProvenLog(source), b"k" * 32, asked.tails)
    source.bundles = 0
    yield indexes, source
    source.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path / "log", journal=False).append(_entries(0, SIZE))
    ledger.sign()
    return ledger


@pytest.fixture
def asked(ledger: Ledger) -> Asked:
    return Asked(ledger.path)


def test_an_old_request_is_looked_for_once(asked: Asked) -> None:
    assert asked.request("id-300") == [600, 601]
    assert asked.read >= SIZE // WIDTH
    for ident, expected in (("id-300", [600, 601]), ("id-2", [4, 5]), ("id-none", []), ("id-2609", [5218, 5219])):
        assert asked.request(ident) == expected
        assert asked.read <= FEW


def test_a_new_request_is_found_among_the_newest(asked: Asked) -> None:
    assert asked.request("id-2600") == [5200, 5201]
    assert asked.read == 1


def test_queries_fill_it_and_read_only_what_fits(asked: Asked) -> None:
    query = Query(path_prefix="transit/encrypt/k19")
    expected = asked.query(query)
    assert asked.read > SIZE // WIDTH
    assert asked.query(query) == expected
    assert asked.query(Query(request_id="id-7")) == [14, 15]
    assert asked.read <= FEW
    assert asked.query(query, first=2000, limit=3) == [index for index in expected if index >= 2000][:3]
    assert asked.query(query, first=expected[-1] + 1) == []


def test_it_follows_a_log_that_grows(ledger: Ledger, asked: Asked) -> None:
    asked.query(Query(path_prefix="none"))
    ledger.append(_entries(SIZE, SIZE + 12 * WIDTH)).sign()
    assert asked.request("id-300") == [600, 601]
    assert NEWEST < asked.read <= NEWEST + 12 + FEW, "what is new is read, and some of it twice"
    assert asked.request(f"id-{SIZE // 2 + 1}") == [SIZE + 2, SIZE + 3]
    assert asked.read <= FEW
    assert asked.query(Query(request_id="id-300")) == [600, 601]


def test_another_log_in_its_place_is_read_anew(ledger: Ledger, asked: Asked, tmp_path: Path) -> None:
    asked.request("id-300")
    other = Ledger(tmp_path / "other", journal=False).append(_entries(0, SIZE, "x"))
    other.sign()
    (ledger.path).rename(tmp_path / "before")
    (tmp_path / "other").rename(ledger.path)
    assert asked.request("id-300") == []
    assert asked.request("idx-300") == [600, 601]


def test_it_goes_on_where_entries_were_pruned(ledger: Ledger, asked: Asked) -> None:
    asked.query(Query(request_id="id-9"), first=3 * WIDTH)
    assert asked.query(Query(request_id="id-9"), first=WIDTH) == []
    assert asked.query(Query(request_id="id-9")) == [18, 19], "what lies before it was asked for since"


def test_only_a_few_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tails = Tails()
    for number in range(MAX_TAILS + 2):
        ledger = Ledger(tmp_path / str(number), journal=False).append(_entries(0, 300))
        ledger.sign()
        asked = Asked(ledger.path)
        asked.tails = tails
        assert asked.request("id-3") == [6, 7]
        assert len(tails._tails) == min(number + 1, MAX_TAILS)


def test_values_beyond_its_bound_may_be_anything(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_module, "MAX_VALUES_BYTES", 1000)
    for _ in range(2):
        assert asked.query(Query(path_prefix="transit/encrypt/k1999")) == [1999, 3999]
