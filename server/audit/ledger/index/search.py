"""Search for queries and requests by a log's indexes, or by reading its entries where there is none.

An index that isn't this server's, or isn't of these entries, is dropped: the entries are read, and the index is made
again. What an index lets be found is read from the log and proven.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from typing import TypeVar

import orjson

from server.audit.ledger.device.directory import PART_ENTRIES
from server.audit.ledger.index.file import BadIndex, IndexFile, index_path
from server.audit.ledger.index.part import PartIndex
from server.audit.ledger.index.tail import Tail, Tails
from server.audit.ledger.log.tiles import WIDTH
from server.audit.ledger.offline.entries import Clock
from server.audit.ledger.offline.proven import ProvenLog
from server.audit.ledger.offline.query import Answer, Hit, Query, fits, members_of, scan, time_of
from server.audit.ledger.offline.sources import BadFile, DirectorySource, Unreadable
from server.runtime.log_limits import LimitedLog

T = TypeVar("T")

_NEWEST_BUNDLES = 8
"""The bundles that the search for a request reads before it makes known what is older."""

log = logging.getLogger(__name__)
_dropped = LimitedLog(log)


class Indexes:
    """The indexes of a log, in the directory of ``source``. ``key`` authenticates them."""

    def __init__(self, source: DirectorySource, proven: ProvenLog, key: bytes, tails: Tails | None = None) -> None:
        """``tails`` has what is known of entries without an index."""
        self.proven = proven
        self._tails = Tails() if tails is None else tails
        self._source = source
        self._key = key

    def ask(self, part: int, first: int, question: Callable[[PartIndex], T]) -> T | None:
        """The answer of the index of a part; None if there is none that covers its entries from ``first`` on."""
        if (part + 1) * PART_ENTRIES > self.proven.checkpoint.size:
            return None
        descriptor = None
        try:
            descriptor = self._source.open(index_path(part))
            if descriptor is None:
                return None
            index = PartIndex(IndexFile(descriptor, self._key, self.proven.checkpoint.origin))
            if index.end != (part + 1) * PART_ENTRIES or index.root != self.proven.part_root(part):
                raise BadIndex("it is that of other entries")
            return question(index) if index.first <= first else None
        except (BadIndex, BadFile, Unreadable, OSError) as error:
            _dropped.warning("the index of the audit ledger from entry %d on is made again: %s", first, error)
            with contextlib.suppress(OSError):
                os.unlink(self._source.root / index_path(part))
            return None
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def tail(self, part: int, first: int) -> Tail:
        """What is known of a part without an index, whose entries before ``first`` are pruned."""
        return self._tails.of(self._source.root, self.proven, part, first)


def find_indexed(indexes: Indexes, query: Query, first: int, limit: int) -> Iterator[Answer]:
    """As ``find`` of ``server.audit.ledger.offline.query``, with the indexes that there are."""
    answer = Answer([], first)
    size = indexes.proven.checkpoint.size
    while answer.next_index < size and len(answer.hits) < limit:
        part = answer.next_index // PART_ENTRIES
        end = min((part + 1) * PART_ENTRIES, size)
        found = indexes.ask(part, answer.next_index, lambda index: (index.candidates(query), index.last_time))
        if found is not None:
            yield from _look_at(indexes.proven, query, answer, limit, end, *found)
        else:
            yield from _look_at_tail(indexes, query, answer, limit, end)


def find_request(indexes: Indexes, request_id: str, first: int) -> Iterator[list[tuple[int, str, bytes]]]:
    """Index, type and text of the entries of a request, sought from the newest back to ``first``, that of a bundle.

    Gives what it has after each part or bundle, and ends at the entry of type ``request``: others come after it.
    """
    found: dict[int, tuple[str, bytes]] = {}
    for part in range((indexes.proven.checkpoint.size - 1) // PART_ENTRIES, first // PART_ENTRIES - 1, -1):
        start = max(first, part * PART_ENTRIES)
        places = indexes.ask(part, start, lambda index: index.of_request(request_id))
        for entries in (
            _of_request_in_tail(indexes, request_id, start, part)
            if places is None
            else _at(indexes.proven, [index for index in places if index >= start])
        ):
            found.update((index, (kind, entry)) for index, entry in entries if (kind := _type_of(entry, request_id)))
            yield [(index, kind, entry) for index, (kind, entry) in sorted(found.items())]
            if any(kind == "request" for kind, _ in found.values()):
                return


def between(indexes: Indexes, first: int, after: int | None, before: int | None) -> Iterator[list[bytes]]:
    """The entries from ``first`` on of about this time, in nanoseconds since 1970, in parts of a bundle.

    Where there are indexes, bundles of other times aren't read; where there are none, their entries are given too.
    """
    size = indexes.proven.checkpoint.size
    query = Query(after=after, before=before)
    for part in range(first // PART_ENTRIES, -(-size // PART_ENTRIES)):
        start, end = max(first, part * PART_ENTRIES), min((part + 1) * PART_ENTRIES, size)
        places = indexes.ask(part, start, lambda index: index.candidates(query))
        if places is None:
            for _, entries in indexes.proven.bundles(start, end):
                yield entries
        else:
            for found in _at(indexes.proven, [index for index in places if index >= start]):
                yield [entry for _, entry in found]


def is_of(entry: bytes, request_id: str) -> bool:
    """Whether an entry is of this request."""
    return bool(_type_of(entry, request_id))


def _look_at(
    proven: ProvenLog, query: Query, answer: Answer, limit: int, end: int, candidates: list[int], last_time: str
) -> Iterator[Answer]:
    """Read the candidates from ``answer.next_index`` up to ``end``, until ``limit`` entries fit."""
    clock = Clock()
    for entries in _at(proven, [index for index in candidates if index >= answer.next_index]):
        for index, entry in entries:
            answer.next_index = index + 1
            if fits(query, entry, clock):
                answer.hits.append(Hit(index, entry))
                if len(answer.hits) >= limit:
                    break
        answer.time = time_of(entry)
        yield answer
        if len(answer.hits) >= limit:
            return
    answer.next_index, answer.time = end, last_time
    yield answer


def _look_at_tail(indexes: Indexes, query: Query, answer: Answer, limit: int, end: int) -> Iterator[Answer]:
    """As ``_look_at``, in a part without an index, with what is known of it; what is read gets known so."""
    first = answer.next_index
    tail = indexes.tail(first // PART_ENTRIES, first)
    if tail.end > first:
        known = tail.ask(lambda index: (index.candidates(query), index.last_time))
        yield from _look_at(indexes.proven, query, answer, limit, tail.end, *known)
    if len(answer.hits) < limit:
        yield from scan(indexes.proven, query, answer, end, limit, partial(tail.add, indexes.proven))


def _of_request_in_tail(indexes: Indexes, request_id: str, first: int, part: int) -> Iterator[list[tuple[int, bytes]]]:
    """Entries among which are those of a request from ``first`` on, in a part without an index; some may come twice.

    A few of the newest are read, so that a request just made is found at once, whatever isn't known yet.
    """
    proven = indexes.proven
    tail = indexes.tail(part, first)
    end = min((part + 1) * PART_ENTRIES, proven.checkpoint.size)
    newest = range((end - 1) // WIDTH, tail.end // WIDTH - 1, -1)
    for number in newest[:_NEWEST_BUNDLES]:
        yield list(enumerate(proven.bundle(number), number * WIDTH))
    for _ in tail.fill(proven, end):
        yield []
    yield from _at(proven, [index for index in tail.ask(lambda index: index.of_request(request_id)) if index >= first])


def _at(proven: ProvenLog, indices: list[int]) -> Iterator[list[tuple[int, bytes]]]:
    """The entries at ``indices``, each with its index, in parts of a bundle."""
    for number, of_bundle in groupby(indices, lambda index: index // WIDTH):
        wanted = list(of_bundle)
        yield list(zip(wanted, proven.chosen(number, [index % WIDTH for index in wanted]), strict=True))


def _type_of(entry: bytes, request_id: str) -> str:
    """The type of an entry of this request; ``""`` if it is another's."""
    if orjson.dumps(request_id) not in entry:
        return ""
    members = members_of(entry) or {}
    request = members.get("request")
    return str(members.get("type")) if isinstance(request, dict) and request.get("id") == request_id else ""
