"""Entries with any members in any place: no command may fail on what a log of others, or a forger, has in it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.audit.ledger.offline.exports.formats import FORMATS
from server.audit.ledger.offline.exports.parquet import row_of
from server.audit.ledger.offline.exports.records import Record
from server.audit.ledger.offline.findings import TAMPERED, WEAKER
from server.audit.ledger.offline.proven import ProvenLog
from server.audit.ledger.offline.query import Query, find
from server.audit.ledger.offline.sources import DirectorySource
from server.audit.ledger.offline.verify import Request, verify_directory
from tests.server.audit.ledger.ledgers import ORIGIN, Ledger

WORDS = (
    "time", "type", "event", "ledger", "worker", "run", "n", "mono_ns", "request", "response", "auth", "crypto",
    "data", "large", "sha256", "size", "root", "heads", "namespace", "old", "new", "overlap_seconds", "below",
    "segment", "offset", "skipped_bytes", "uses", "key", "key_version", "algorithm", "success", "crypto_policy",
    "verdict", "error", "id", "path", "mount_point", "remote_address", "remote_port", "operation", "entity_id",
    "accessor",
)  # fmt: skip
EVENTS = ("opened", "recovered", "rotated", "pruned", "head")
TEXTS = ("0" * 64, "2027-01-15T08:00:00.5Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "AAAA")
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from([*EVENTS, *TEXTS]),
)


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(WORDS), inner, max_size=4))


VALUES = st.recursive(LEAVES, _nested, max_leaves=12)
ENTRIES = st.one_of(
    st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=8),
    st.builds(
        lambda event, members: {"type": "ledger", **members, "event": event},
        st.sampled_from(EVENTS),
        st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=6),
    ),
    VALUES,
)


@given(st.lists(ENTRIES, min_size=1, max_size=5))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_verifying_and_querying_come_to_an_end(tmp_path: Path, found: list[Any]) -> None:
    shutil.rmtree(tmp_path / "log", ignore_errors=True)
    ledger = Ledger(tmp_path / "log").append([orjson.dumps(entry) for entry in found])
    ledger.append([b"{}"], segment=True)
    ledger.sign()
    report = verify_directory(ledger.path, Request())
    assert report.status() in (TAMPERED, WEAKER)
    assert orjson.loads(orjson.dumps(report.as_json()))["size"] == len(found) + 1
    source = DirectorySource(ledger.path)
    queries = [Query(), Query(after=0, namespace="a", key_version=1), Query(success=True, mount="m", path_prefix="p")]
    for query in queries:
        for answer in find(ProvenLog(source), query, 0, 10):
            assert len(answer.hits) <= len(found) + 1
    source.close()


@given(ENTRIES)
def test_every_format_takes_any_entry(entry: Any) -> None:
    record = Record(ORIGIN, 2**62, orjson.dumps(entry))
    for form in FORMATS.values():
        (message,) = form.encode([record])
        assert b"\n" not in message
    used = Record(ORIGIN, 1, orjson.dumps({"crypto": {"uses": [{"key_version": entry, "algorithm": entry}]}}))
    assert row_of(used)["key_version"] in (None, entry)
    row = row_of(record)
    assert all(-(2**63) <= value < 2**63 for value in row.values() if isinstance(value, int))
    assert row["entry"] == record.entry
