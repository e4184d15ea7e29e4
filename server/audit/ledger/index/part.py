"""Index of one part of a log: the request, the facts and the time of each of its 65,536 entries.

Facts are numbered: ``kind``, ``caller``, ``path`` and ``key`` of an entry (see ``Facts``) have a list of their distinct
values, and a number for each entry. Queries are asked of the values, by the code that asks entries themselves. Number 0
stands for values that are too long or too many to be kept: those entries may fit anything, and are read. In its place
in the list stands how many they are.

Requests stand in 16 sections, by the first digit of the SHA-256 of their id: four bytes of the hash, and the place of
the entry. Times are kept as bounds for each bundle.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Sequence
from hashlib import sha256
from struct import Struct
from typing import Any, NamedTuple

import msgspec
import orjson

from server.audit.ledger.device.directory import PART_ENTRIES
from server.audit.ledger.index.file import Header, IndexFile, encode_index
from server.audit.ledger.log.tiles import WIDTH
from server.audit.ledger.offline.entries import Clock
from server.audit.ledger.offline.query import CALLER, KEY, KIND, PATH, Query, facts_of, members_of

MAX_VALUE_BYTES = 256
"""The longest value that is kept, as JSON."""

MAX_VALUES_BYTES = 4 * 1024 * 1024
"""The most bytes of the values of a column."""

_MAX_VALUES = 65_535
_BUCKETS = 16
_TIMES, _REQUESTS = "times", "requests"
_HASH_BYTES = 4
_RECORD = Struct(">4sH")
_BOUNDS = Struct(">qq")
_MAX_TIME_CHARACTERS = 64
_FAR = 2**63 - 1
"""Times beyond this are taken for it."""

_NONE_UNKNOWN = (b"[0,", b"[0]")
_ALL, _NONE = b"\1", b"\0"


class _Column(NamedTuple):
    name: str
    criteria: tuple[str, ...]
    fits: Callable[[Query, Any], bool]


_COLUMNS = (
    _Column("kind", KIND, Query.fits_kind),
    _Column("caller", CALLER, Query.fits_caller),
    _Column("path", PATH, Query.fits_path),
    _Column("key", KEY, Query.fits_key),
)


class PartBuilder:
    """The index of the entries that are added, in their order, from ``first`` on. ``first`` is that of a bundle.

    It may be asked as it is (``PartIndex``), while nothing is added.
    """

    def __init__(self, first: int, max_values_bytes: int = MAX_VALUES_BYTES) -> None:
        """``max_values_bytes``: the most bytes of the values of a column."""
        self.first = first
        self._next = first
        self._clock = Clock()
        self._columns = {column.name: _Numbers(max_values_bytes) for column in _COLUMNS}
        self._requests: list[list[bytes]] = [[] for _ in range(_BUCKETS)]
        self._bounds: list[bytes] = []
        self._earliest, self._latest = _FAR, -_FAR
        self._last_time = ""

    def add(self, entries: Sequence[bytes]) -> None:
        """Add the entries of the next bundle."""
        earliest, latest = _FAR, -_FAR
        for entry in entries:
            members = members_of(entry)
            text = "" if members is None else str(members.get("time", ""))
            self._last_time = text if len(text) <= _MAX_TIME_CHARACTERS else ""
            time = self._clock.nanoseconds(text)
            if time is not None:
                earliest, latest = min(earliest, time), max(latest, time)
            if members is None:
                for column in self._columns.values():
                    column.codes.append(0)
            else:
                request_id, *values = facts_of(members)
                for column, value in zip(self._columns.values(), values, strict=True):
                    column.add(value)
                if isinstance(request_id, str):
                    digest = _digest(request_id)
                    self._requests[digest[0] >> 4].append(_RECORD.pack(digest, self._next % PART_ENTRIES))
            self._next += 1
        earliest, latest = max(-_FAR, earliest), min(_FAR, latest)
        self._bounds.append(_BOUNDS.pack(earliest, latest))
        self._earliest, self._latest = min(self._earliest, earliest), max(self._latest, latest)

    @property
    def end(self) -> int:
        """The entry behind the last one."""
        return self._next

    @property
    def header(self) -> Header:
        """The bounds of what was added; the root is for ``encode`` to state."""
        return Header(self.first, self._next, b"", self._earliest, self._latest, self._last_time, {})

    def section(self, name: str) -> bytes:
        """As ``IndexFile.section``."""
        if name == _TIMES:
            return b"".join(self._bounds)
        column, _, content = name.partition(".")
        if column == _REQUESTS:
            return b"".join(sorted(self._requests[int(content, 16)]))
        numbers = self._columns[column]
        return numbers.encoded_values() if content == "values" else numbers.encoded_codes()

    def encode(self, key: bytes, origin: str, root: bytes) -> bytes:
        """The index's file; ``root`` is that of the part."""
        names = [_TIMES, *(f"{column.name}.{content}" for column in _COLUMNS for content in ("values", "codes"))]
        names += map(_bucket_name, range(_BUCKETS))
        sections = {name: self.section(name) for name in names}
        return encode_index(key, origin, msgspec.structs.replace(self.header, root=root), sections)


class _Numbers:
    """The values of a column, and the number of each entry's."""

    def __init__(self, max_values_bytes: int) -> None:
        self._max_values_bytes = max_values_bytes
        self.codes = array("H")
        self._known: dict[Any, int] = {}
        # One array, since bytes that orjson makes hold on to a kibibyte each.
        self._values = bytearray()

    def add(self, value: Any) -> None:
        try:
            code = self._known.get(value)
        except TypeError:
            code = 0  # It has members of other types than ours have.
        if code is None:
            code = self._number(value)
        self.codes.append(code)

    def encoded_values(self) -> bytes:
        return b"[%d" % self.codes.count(0) + self._values + b"]"

    def encoded_codes(self) -> bytes:
        if len(self._known) < WIDTH:
            return bytes(self.codes.tolist())
        return _little_endian(self.codes).tobytes()

    def _number(self, value: Any) -> int:
        text = orjson.dumps(value)
        size = len(self._values) + len(text)
        if len(text) > MAX_VALUE_BYTES or size > self._max_values_bytes or len(self._known) == _MAX_VALUES:
            return 0
        self._values += b"," + text
        self._known[value] = code = len(self._known) + 1
        return code


class PartIndex:
    """The answers of an index about its part. Methods raise ``BadIndex`` and ``OSError``."""

    def __init__(self, file: IndexFile | PartBuilder) -> None:
        self._file = file
        self.first, self.end = file.header.first, file.header.end
        self.root, self.last_time = file.header.root, file.header.last_time

    def of_request(self, request_id: str) -> list[int]:
        """The indices of the entries that may be of a request."""
        digest = _digest(request_id)
        records = self._file.section(_bucket_name(digest[0] >> 4))
        found = []
        at = records.find(digest)
        while at >= 0:
            if at % _RECORD.size == 0:
                place = int.from_bytes(records[at + _HASH_BYTES : at + _RECORD.size], "big")
                found.append(self.first // PART_ENTRIES * PART_ENTRIES + place)
            at = records.find(digest, at + 1)
        return found

    def candidates(self, query: Query) -> list[int]:
        """The indices, in their order, of the entries that may fit: all that do, and few others."""
        if query.request_id is not None:
            found = sorted(self.of_request(query.request_id))
            mask = self._mask(query) if found else b""
            return [index for index in found if mask[index - self.first]]
        mask = self._mask(query)
        found, at = [], mask.find(_ALL)
        while at >= 0:
            found.append(self.first + at)
            at = mask.find(_ALL, at + 1)
        return found

    def _mask(self, query: Query) -> bytes:
        """A byte for each entry: 1 if it may fit."""
        count = self.end - self.first
        masks = [self._times(query)]
        for column in _COLUMNS:
            if query.asks(column.criteria) and masks[-1]:
                masks.append(self._column(query, column))
        if not all(masks):
            return _NONE * count
        both = -1
        for mask in masks:
            both &= int.from_bytes(mask, "big")
        return both.to_bytes(count, "big")

    def _times(self, query: Query) -> bytes:
        """The mask by time; ``b""`` if nothing fits."""
        after = -_FAR if query.after is None else min(_FAR, query.after)
        before = _FAR if query.before is None else max(1 - _FAR, query.before)
        count = self.end - self.first
        header = self._file.header
        if header.latest < after or header.earliest > before:
            return b""
        if header.earliest >= after and header.latest < before:
            return _ALL * count
        return b"".join(
            (_ALL if latest >= after and earliest <= before else _NONE) * WIDTH
            for earliest, latest in _BOUNDS.iter_unpack(self._file.section(_TIMES))
        )

    def _column(self, query: Query, column: _Column) -> bytes:
        """The mask by a column; ``b""`` if nothing fits."""
        text = self._file.section(f"{column.name}.values")
        if text.startswith(_NONE_UNKNOWN) and any(needle not in text for needle in query.needles(column.criteria)):
            return b""
        unknown, *values = orjson.loads(text)
        fitting = bytes((unknown > 0, *(column.fits(query, value) for value in values)))
        if 1 not in fitting:
            return b""
        codes = self._file.section(f"{column.name}.codes")
        if len(fitting) <= WIDTH:
            return codes.translate(fitting.ljust(WIDTH, _NONE))
        return bytes(map(fitting.__getitem__, _little_endian(array("H", codes))))


def _little_endian(numbers: array[int]) -> array[int]:
    """Numbers to or from the byte order of the file."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _digest(request_id: str) -> bytes:
    return sha256(request_id.encode(errors="surrogatepass")).digest()[:_HASH_BYTES]


def _bucket_name(bucket: int) -> str:
    return f"{_REQUESTS}.{bucket:x}"
