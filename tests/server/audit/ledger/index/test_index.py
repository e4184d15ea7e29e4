"""Indexes of a log: they find what a scan finds, however damaged, and are made again."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from server.audit.ledger.device.directory import PART_ENTRIES, LedgerDirectory
from server.audit.ledger.device.pruning import remove
from server.audit.ledger.index import part as part_module
from server.audit.ledger.index.file import IndexFile, index_path
from server.audit.ledger.index.making import make_index, make_missing, missing
from server.audit.ledger.index.part import PartBuilder, PartIndex
from server.audit.ledger.index.search import Indexes, find_indexed, find_request
from server.audit.ledger.leading.process import program, program_environment
from server.audit.ledger.log.tiles import WIDTH
from server.audit.ledger.offline.entries import Clock
from server.audit.ledger.offline.proven import NotProven, ProvenLog
from server.audit.ledger.offline.query import Query, members_of
from server.audit.ledger.offline.sources import DirectorySource
from tests.server.audit.ledger.ledgers import ORIGIN, SECOND, START, Ledger, line, timestamp

KEY = b"k" * 32
TAIL = 700
SIZE = PART_ENTRIES + TAIL
INDEX = index_path(0)
LONG = "p" * 300
_MANY = 1000


def _entry(number: int, choose: random.Random) -> bytes:
    """An entry as ours are, or now and then one that isn't."""
    if number % 1009 == 0:
        return choose.choice([b"no JSON", b"[1]", b'{"type":"ledger","time":"soon"}', b'{"request":{"path":{"a":1}}}'])
    namespace = choose.choice(["", "team/", "team/a/"])
    name = choose.choice(["k1", "k2", f"key-{number // 50}", "\u00e9"])
    path = choose.choice([f"transit/encrypt/{name}", f"transit/sign/{name}", "sys/mounts", f"{LONG}/{number}"])
    entry: dict[str, Any] = {
        "time": timestamp(number),
        "type": choose.choice(["request", "response"]),
        "auth": {"accessor": f"a-{choose.randrange(5)}", "entity_id": choose.choice(["", "e-1", "e-2"])},
        "request": {
            "id": f"id-{number // 2}",
            "operation": choose.choice(["update", "read", "list"]),
            "mount_point": choose.choice(["transit/", "sys/"]),
            "namespace": {"id": f"ns{len(namespace)}", "path": namespace} if namespace else {"id": "root"},
            "path": path,
        },
    }
    if choose.random() < 0.6:
        uses = [
            {"algorithm": choose.choice(["aes256-gcm96", "rsa-2048"]), "key_version": choose.randrange(1, 4)}
            for _ in range(choose.randrange(3))
        ]
        crypto = {"operation": "encrypt", "key": name, "uses": uses, "success": choose.random() < 0.5}
        entry |= {"crypto": crypto, "crypto_policy": {"verdict": choose.choice(["allow", "deny"])}}
    return line(entry)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A log of a part and a bit, with its index."""
    choose = random.Random(7)
    ledger = Ledger(tmp_path_factory.mktemp("index") / "log", journal=False)
    ledger.append([_entry(number, choose) for number in range(SIZE)])
    ledger.sign()
    LedgerDirectory(ledger.path).make()
    make_missing(LedgerDirectory(ledger.path), KEY)
    assert (ledger.path / INDEX).is_file()
    return ledger


Clocked: TypeAlias = tuple[dict[str, Any] | None, int | None]
"""What a scan sees of an entry: members and time."""


@pytest.fixture(scope="module")
def clocked(made: Ledger) -> list[Clocked]:
    clock = Clock()
    members = [members_of(entry) for entry in made.entries]
    return [(each, clock.nanoseconds(str((each or {}).get("time", "")))) for each in members]


@pytest.fixture
def log(made: Ledger, tmp_path: Path) -> Iterator[Path]:
    """The same log, whose index may be edited."""
    path = tmp_path / "log"
    shutil.copytree(made.path, path, copy_function=os.link)
    content = (path / INDEX).read_bytes()
    (path / INDEX).unlink()
    (path / INDEX).write_bytes(content)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def indexes(log: Path) -> Iterator[Indexes]:
    source = DirectorySource(log)
    yield Indexes(source, ProvenLog(source), KEY)
    source.close()


def _found(indexes: Indexes, query: Query, limit: int = 50) -> list[int]:
    """The hits of all pages. Each page says what is true of how far it looked."""
    hits: list[int] = []
    first = 0
    while first < indexes.proven.checkpoint.size:
        *_, answer = find_indexed(indexes, query, first, limit)
        assert len(answer.hits) == limit or answer.next_index == indexes.proven.checkpoint.size
        last = members_of(indexes.proven.entry(answer.next_index - 1)) or {}
        assert answer.time == str(last.get("time", ""))
        hits += [hit.index for hit in answer.hits]
        assert all(hit.entry == indexes.proven.entry(hit.index) for hit in answer.hits[:3])
        first = answer.next_index
    return hits


CRITERIA: dict[str, list[Any]] = {
    "request_id": ["id-32000", "id-32766"],
    "after": [(START + SIZE // 100 - 20) * SECOND],
    "before": [(START + 9) * SECOND + 5],
    "namespace": ["team", "ns5", "team/a/", "root"],
    "entity_id": ["e-1"],
    "accessor": ["a-1", "a-7"],
    "operation": ["list"],
    "mount": ["transit", "sys/"],
    "path_prefix": ["transit/sign/\u00e9", "s", f"{LONG}/1", "transit/encrypt/key-77"],
    "key": ["k1", "\u00e9", "key-77", 'a"b'],
    "key_version": [1, 9],
    "algorithm": ["rsa-2048"],
    "success": [True, False],
    "verdict": ["deny"],
    "crypto_operation": ["encrypt", "sign"],
}


def _queries() -> Iterator[Query]:
    """Each criterion alone, and some together."""
    choose = random.Random(8)
    for name, values in CRITERIA.items():
        yield Query(**{name: values[0]})
    for _ in range(5):
        yield Query(**{name: choose.choice(CRITERIA[name]) for name in choose.sample(sorted(CRITERIA), 3)})


@pytest.mark.parametrize("query", list(_queries()))
def test_queries_find_what_a_scan_finds(indexes: Indexes, clocked: list[Clocked], query: Query) -> None:
    expected = [index for index, (members, at) in enumerate(clocked) if members and query.matches(members, at)]
    if len(expected) > _MANY:
        *_, answer = find_indexed(indexes, query, 0, _MANY)
        assert [hit.index for hit in answer.hits] == expected[:_MANY]
    else:
        assert _found(indexes, query) == expected
    candidates = indexes.ask(0, 0, lambda index: index.candidates(query))
    assert candidates is not None and {index for index in expected if index < PART_ENTRIES} <= set(candidates)


def test_what_an_index_tells_is_little_more_than_what_fits(indexes: Indexes) -> None:
    for query in (
        Query(key="key-77"),
        Query(request_id="id-5"),
        Query(accessor="none"),
        Query(entity_id="e-1", key="k1"),
    ):
        candidates = indexes.ask(0, 0, partial(PartIndex.candidates, query=query))
        assert candidates is not None
        hits = [index for index in _found(indexes, query, 100_000) if index < PART_ENTRIES]
        # Beside what fits: entries of other types than ours have, and those whose values are too long.
        assert len(set(candidates) - set(hits)) < PART_ENTRIES // 500
        assert set(hits) <= set(candidates)


def _flip(at: int) -> Callable[[Path], object]:
    def edit(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[at] ^= 1
        path.write_bytes(content)

    return edit


def _cut(length: int) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(path.read_bytes()[:length])


def _linked(path: Path) -> None:
    content = path.read_bytes()
    path.unlink()
    (path.parent / "elsewhere").write_bytes(content)
    path.symlink_to("elsewhere")


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _other(path: Path, key: bytes, origin: str = ORIGIN, root: bytes | None = None) -> None:
    """An index that knows of no entry, as it would be of other ones."""
    builder = PartBuilder(0)
    for _ in range(PART_ENTRIES // WIDTH):
        builder.add([b"{}"] * WIDTH)
    path.write_bytes(builder.encode(key, origin, root or ProvenLog(DirectorySource(path.parents[1])).part_root(0)))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: path.unlink(),
    "empty": _cut(0),
    "cut in the header": _cut(300),
    "cut in a section": _cut(3000),
    "magic": _flip(3),
    "code": _flip(20),
    "length of the header": _flip(40),
    "header": _flip(60),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "without an end": lambda path: path.write_bytes(path.read_bytes()[:44] + b"\xff" * 2**20),
    "link": _linked,
    "pipe": _fifo,
    "made without the key": partial(_other, key=b"x" * 32),
    "of another log": partial(_other, key=KEY, origin="example.com/other"),
    "of other entries": partial(_other, key=KEY, root=b"r" * 32),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_index_costs_no_hits_and_is_dropped(log: Path, indexes: Indexes, damage: str) -> None:
    DAMAGE[damage](log / INDEX)
    query = Query(request_id="id-77", path_prefix="")
    *_, answer = find_indexed(indexes, query, 0, 2)
    assert [hit.index for hit in answer.hits] == [154, 155]
    assert not os.path.lexists(log / INDEX)
    assert missing(LedgerDirectory(log), SIZE, 0) == [0]


@pytest.mark.parametrize("name", ["times", "kind.values", "kind.codes", "caller.values", "path.codes", "key.values"])
def test_each_section_is_checked(log: Path, indexes: Indexes, name: str) -> None:
    descriptor = os.open(log / INDEX, os.O_RDONLY)
    file = IndexFile(descriptor, KEY, ORIGIN)
    section = file.section(name)
    os.close(descriptor)
    content = (log / INDEX).read_bytes()
    _flip(content.index(section) + len(section) // 2)(log / INDEX)
    query = Query(after=(START + 3) * SECOND, key="k1", accessor="a-1", operation="list", path_prefix="transit/sign/k1")
    candidates = indexes.ask(0, 0, lambda index: index.candidates(query))
    assert candidates is None
    assert not (log / INDEX).exists()


def test_requests_are_found_in_an_index_and_behind_it(indexes: Indexes) -> None:
    for number in (5, PART_ENTRIES // 2 - 3, SIZE // 2 - 3):
        *_, found = find_request(indexes, f"id-{number}", 0)
        assert {index for index, _, _ in found} <= {2 * number, 2 * number + 1}
        assert found


@pytest.mark.parametrize("ident", ["ID-5", "id-5 ", "id-", "", '"', "\\", "\u00e9", "id-5\0", "%69d-5", "x" * 128])
def test_odd_ids_find_nothing(indexes: Indexes, ident: str) -> None:
    *_, found = find_request(indexes, ident, 0)
    assert found == []


def test_what_is_pruned_is_neither_found_nor_indexed_again(log: Path) -> None:
    below = 3 * WIDTH
    remove(LedgerDirectory(log), 0, below)
    source = DirectorySource(log)
    for again in (False, True):
        indexes = Indexes(source, ProvenLog(source), KEY)
        *_, answer = find_indexed(indexes, Query(key="k1"), below, 100)
        assert answer.hits[0].index >= below
        *_, found = find_request(indexes, "id-7", below)
        assert found == []
        *_, found = find_request(indexes, "id-700", below)
        assert found
        if not again:
            # Made anew, it covers what is left.
            (log / INDEX).unlink()
            make_missing(LedgerDirectory(log), KEY)
    assert indexes.ask(0, below, lambda index: index.first) == below
    assert indexes.ask(0, 0, lambda index: index.first) is None
    assert (log / INDEX).exists()
    source.close()


def test_the_index_of_what_is_pruned_goes(log: Path) -> None:
    assert missing(LedgerDirectory(log), 3 * PART_ENTRIES + 1, PART_ENTRIES) == [2, 1]
    for path in (log / INDEX, log / index_path(1)):
        path.write_bytes(b"")
    remove(LedgerDirectory(log), PART_ENTRIES - WIDTH, PART_ENTRIES)
    assert not (log / INDEX).exists()
    assert (log / index_path(1)).exists()


def test_nothing_is_indexed_that_is_not_proven(log: Path) -> None:
    (log / INDEX).unlink()
    bundle = log / "tile/entries/007"
    content = bundle.read_bytes()
    bundle.unlink()
    bundle.write_bytes(content.replace(b"transit", b"transjt"))
    with pytest.raises(NotProven):
        make_missing(LedgerDirectory(log), KEY)
    assert not (log / INDEX).exists()


def test_a_process_that_is_killed_leaves_no_half_of_an_index(log: Path) -> None:
    (log / INDEX).unlink()
    task = json.dumps({"directory": str(log), "key": KEY.hex()}).encode() + b"\n"
    for seconds in (0.3, None):
        process = subprocess.Popen(
            program("server.audit.ledger.index.making"), stdin=subprocess.PIPE, env=program_environment(), cwd="/"
        )
        assert process.stdin is not None
        process.stdin.write(task)
        process.stdin.close()
        if seconds is None:
            assert process.wait(600) == 0
        else:
            time.sleep(seconds)
            process.kill()
            process.wait()
            assert not (log / INDEX).exists() or process.returncode == 0
    assert len((log / INDEX).read_bytes()) > PART_ENTRIES


def test_values_that_are_too_many_may_be_anything(made: Ledger, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part_module, "MAX_VALUES_BYTES", 5_000)
    source = DirectorySource(log)
    proven = ProvenLog(source)
    (log / INDEX).write_bytes(make_index(proven, 0, KEY, 0))
    indexes = Indexes(source, proven, KEY)
    expected = [
        index
        for index, entry in enumerate(made.entries)
        if b'"key":"key-900"' in entry or (b'"key":"k2"' in entry and index < 500)
    ]
    assert _found(indexes, Query(key="key-900")) == [index for index in expected if index > 500]
    *_, answer = find_indexed(indexes, Query(key="k2"), 0, 20)
    assert [hit.index for hit in answer.hits] == [index for index in expected if index < 500][:20]
    source.close()


def test_times_outside_of_64_bits_are_compared_too(tmp_path: Path) -> None:
    builder = PartBuilder(0)
    builder.add([b'{"time":"9999-01-01T00:00:00Z"}', b'{"time":"0001-01-01T00:00:00Z"}'] * (WIDTH // 2))
    for _ in range(PART_ENTRIES // WIDTH - 1):
        builder.add([b"{}"] * WIDTH)
    (tmp_path / "index").write_bytes(builder.encode(KEY, ORIGIN, b"r" * 32))
    descriptor = os.open(tmp_path / "index", os.O_RDONLY)
    index = PartIndex(IndexFile(descriptor, KEY, ORIGIN))
    far = 5_000 * 366 * 86_400 * SECOND
    assert far > 2**63
    assert index.candidates(Query(after=far)) == list(range(WIDTH))
    assert index.candidates(Query(before=-far)) == list(range(WIDTH))
    assert index.candidates(Query(before=1 - far, after=2**62)) == list(range(WIDTH))
    os.close(descriptor)
