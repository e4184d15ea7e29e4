"""Frames of the journal: length, CRC-32 and entry; and how a reader goes on behind bytes that are no frame.

A writer appends whole frames with one ``write``. Where that came to less, or power was lost, bytes are left that belong
to no frame; the reader takes the next place at which one stands by its CRC, and says what it has skipped. JSON has no
zero bytes, of which every length of a frame has two: so no part of an entry is taken for a frame.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from struct import Struct
from typing import TypeAlias

from zlib_ng.zlib_ng import crc32

from server.audit.ledger.log.tiles import MAX_ENTRY_BYTES

HEADER_BYTES = 8
MAX_FRAME_BYTES = HEADER_BYTES + MAX_ENTRY_BYTES
SEGMENT_DIGITS = 16

_HEADER = Struct(">II")
frame_header = _HEADER.pack
"""The header of a frame, from the length and the CRC-32 of its entry."""

_read_header = _HEADER.unpack_from

_CHUNK_BYTES = 1024 * 1024
_SEARCH_FACTOR = 64
"""The most bytes that a search for the next frame reads for each byte passed, since the data may be hostile."""

_CANDIDATE = re.compile(rb"(?=\0\0(?!\0\0))", re.DOTALL)
_SEGMENT = re.compile(r"\d{16}", re.ASCII)

ReadAt: TypeAlias = Callable[[int, int], bytes]
"""At most so many bytes of a segment (first) from an offset (second) on, ``b""`` at its end."""


@dataclass(frozen=True, slots=True)
class Frames:
    """Whole frames that follow each other. ``offset`` is where the first begins, ``end`` lies behind the last."""

    offset: int
    end: int
    entries: list[bytes]


@dataclass(frozen=True, slots=True)
class Skip:
    """Bytes that are part of no frame, as a ``recovered`` entry states them."""

    offset: int
    skipped_bytes: int
    sha256: str
    """In hexadecimal digits."""


def encode_frame(entry: bytes) -> bytes:
    """The frame of one entry of 1 to 65,535 bytes."""
    return encode_frames((entry,))


def encode_frames(entries: Iterable[bytes]) -> bytes:
    """The frames of several, for one ``write``."""
    parts: list[bytes] = []
    for entry in entries:
        assert 0 < len(entry) <= MAX_ENTRY_BYTES
        parts += (frame_header(len(entry), crc32(entry)), entry)
    return b"".join(parts)


def segment_name(first_index: int) -> str:
    """The name of the segment that begins with this entry of the log."""
    return f"{first_index:0{SEGMENT_DIGITS}}"


def first_index(name: str) -> int | None:
    """The index of a segment's first entry by its name, None if that is no segment's."""
    return int(name) if _SEGMENT.fullmatch(name) else None


def take_frames(buffer: bytes, at: int) -> tuple[list[bytes], int]:
    """The entries of the whole frames that follow each other from ``at`` on, and where the last of them ends."""
    entries = []
    size = len(buffer)
    while at + HEADER_BYTES < size:
        length, code = _read_header(buffer, at)
        start = at + HEADER_BYTES
        end = start + length
        entry = buffer[start:end]
        if not start < end <= size or length > MAX_ENTRY_BYTES or crc32(entry) != code:
            break
        entries.append(entry)
        at = end
    return entries, at


class SegmentReader:
    """Reads one segment from ``offset`` on.

    While it isn't ``sealed``, bytes at its end may be a frame that is being written, and are left alone.
    """

    def __init__(self, read_at: ReadAt, offset: int = 0, *, sealed: bool) -> None:
        self.offset = offset
        self.sealed = sealed
        self._read_at = read_at

    def read(self) -> Frames | Skip | None:
        """The next frames, about a mebibyte of them, or what had to be skipped; None if there is no more for now."""
        start = self.offset
        frames = self._frames(start)
        if frames is not None or not self._read_at(1, start):
            return frames
        found = self._next_frame(start + 1)
        if found is None and not self.sealed:
            return None
        # What was being written at first is whole by now, if something stands behind it.
        frames = self._frames(start)
        if frames is not None:
            return frames
        self.offset = self._end(start) if found is None else found
        return Skip(start, self.offset - start, self._digest(start, self.offset))

    def _frames(self, start: int) -> Frames | None:
        """The frames that stand at ``start``, which are behind the reader then."""
        entries, end = take_frames(self._read_at(_CHUNK_BYTES, start), 0)
        if not entries:
            return None
        self.offset = start + end
        return Frames(start, self.offset, entries)

    def _next_frame(self, at: int) -> int | None:
        """The offset of the next frame at or behind ``at``, if there is one."""
        spent, first = 0, at
        while True:
            buffer = self._read_at(_CHUNK_BYTES, at)
            if len(buffer) <= HEADER_BYTES:
                return None
            # All candidates of this part are whole in it or in what is read anew from them.
            for match in _CANDIDATE.finditer(buffer):
                place = at + match.start()
                if spent > _SEARCH_FACTOR * (place - first + MAX_FRAME_BYTES):
                    return None
                frame = buffer[match.start() : match.start() + MAX_FRAME_BYTES]
                if len(frame) < MAX_FRAME_BYTES:
                    frame = self._read_at(MAX_FRAME_BYTES, place)
                length = int.from_bytes(frame[:4], "big")
                spent += length
                if take_frames(frame[: HEADER_BYTES + length], 0)[0]:
                    return place
            # A candidate's first bytes may lie across the border.
            at += len(buffer) - 3

    def _end(self, at: int) -> int:
        while buffer := self._read_at(_CHUNK_BYTES, at):
            at += len(buffer)
        return at

    def _digest(self, start: int, end: int) -> str:
        digest = sha256()
        while start < end:
            buffer = self._read_at(min(_CHUNK_BYTES, end - start), start)
            if not buffer:
                break
            digest.update(buffer)
            start += len(buffer)
        return digest.hexdigest()
