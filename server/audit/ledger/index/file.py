"""Index files: named sections, each with its hash in a header, which is authenticated.

    8 bytes     magic
    32 bytes    HMAC-SHA256 of the origin's length, the origin and the header
    4 bytes     length of the header
    header      JSON, see ``Header``
    sections    one behind the other

A reader takes the header and only those sections that it needs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest, digest
from struct import Struct

import msgspec

from server.audit.ledger.device.directory import INDEX, PART_ENTRIES
from server.audit.ledger.log.frames import segment_name

MAGIC = b"CSLINDX1"
MAX_FILE_BYTES = 16 * 1024 * 1024
_MAX_HEADER_BYTES = 16 * 1024
_PREFIX = Struct(">8s32sI")


class BadIndex(Exception):
    """An index isn't what this server has made of these entries; the text says why."""


class Section(msgspec.Struct, frozen=True, array_like=True):
    """A section's place behind the header."""

    offset: int
    length: int
    sha256: bytes


class Header(msgspec.Struct, frozen=True):
    """The content of an index, its sections aside."""

    first: int
    """The first entry it covers: that of its part, unless entries were pruned before it was made."""

    end: int
    root: bytes
    """The root of the part's entries."""

    earliest: int
    latest: int
    """The bounds of the entries' times, in nanoseconds since 1970."""

    last_time: str
    """The time that the last entry states."""

    sections: dict[str, Section]


def index_path(part: int) -> str:
    """The path of the index of a part, below the log's directory."""
    return f"{INDEX}/{segment_name(part * PART_ENTRIES)}"


def encode_index(key: bytes, origin: str, header: Header, sections: Mapping[str, bytes]) -> bytes:
    """The file of these sections; ``header`` comes without them."""
    places = {}
    offset = 0
    for name, content in sections.items():
        places[name] = Section(offset, len(content), sha256(content).digest())
        offset += len(content)
    text = msgspec.json.encode(msgspec.structs.replace(header, sections=places))
    return b"".join((_PREFIX.pack(MAGIC, _code(key, origin, text), len(text)), text, *sections.values()))


class IndexFile:
    """An open index. Methods raise ``BadIndex`` and ``OSError``."""

    def __init__(self, descriptor: int, key: bytes | None, origin: str) -> None:
        """``descriptor`` stays the caller's. Without a ``key``, all of it may be made up."""
        self._descriptor = descriptor
        prefix = os.pread(descriptor, _PREFIX.size, 0)
        if len(prefix) != _PREFIX.size:
            raise BadIndex("it is cut off")
        magic, code, length = _PREFIX.unpack(prefix)
        if magic != MAGIC or length > _MAX_HEADER_BYTES:
            raise BadIndex("it has another format")
        text = os.pread(descriptor, length, _PREFIX.size)
        if key is not None and not compare_digest(code, _code(key, origin, text)):
            raise BadIndex("its header isn't authentic")
        self._start = _PREFIX.size + length
        try:
            self.header = msgspec.json.decode(text, type=Header)
        except msgspec.MsgspecError as error:
            raise BadIndex("its header can't be read") from error

    def section(self, name: str) -> bytes:
        """The content of a section."""
        place = self.header.sections.get(name)
        if place is None or place.offset < 0 or not 0 <= place.length <= MAX_FILE_BYTES:
            raise BadIndex(f"it has no section {name}")
        content = os.pread(self._descriptor, place.length, self._start + place.offset)
        if sha256(content).digest() != place.sha256:
            raise BadIndex(f"its section {name} isn't what was written")
        return content


def _code(key: bytes, origin: str, header: bytes) -> bytes:
    name = origin.encode()
    return digest(key, len(name).to_bytes(4, "big") + name + header, "sha256")
