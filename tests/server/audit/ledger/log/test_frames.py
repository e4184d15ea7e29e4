"""Frames of a journal: what is whole is read, what is torn is skipped and stated."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.audit.ledger.log import frames
from server.audit.ledger.log.frames import (
    Frames,
    SegmentReader,
    Skip,
    encode_frame,
    encode_frames,
    first_index,
    segment_name,
)

ENTRIES = [b'{"n":%d,"t":"%s"}' % (number, b"x" * (number * 7 % 50)) for number in range(40)]


def reader(content: bytes, *, sealed: bool = True) -> SegmentReader:
    return SegmentReader(lambda length, offset: content[offset : offset + length], sealed=sealed)


def read_all(segment: SegmentReader) -> list[Frames | Skip]:
    found = []
    while (part := segment.read()) is not None:
        found.append(part)
    return found


def test_whole_frames() -> None:
    content = encode_frames(ENTRIES)
    (part,) = read_all(reader(content))
    assert part == Frames(0, len(content), ENTRIES)
    assert content[:8] == (len(ENTRIES[0])).to_bytes(4, "big") + content[4:8]


@given(st.integers(0, 39), st.integers(1, 200), st.booleans())
def test_a_torn_frame_is_skipped(number: int, kept: int, sealed: bool) -> None:
    before, torn = encode_frames(ENTRIES[:number]), encode_frame(ENTRIES[number])
    torn = torn[: min(kept, len(torn) - 1)]
    after = encode_frames(ENTRIES[number + 1 :])
    found = read_all(reader(before + torn + after, sealed=sealed))
    skip = Skip(len(before), len(torn), sha256(torn).hexdigest())
    expected: list[Frames | Skip] = []
    if before:
        expected.append(Frames(0, len(before), ENTRIES[:number]))
    if after or sealed:
        expected.append(skip)
    if after:
        start = len(before) + len(torn)
        expected.append(Frames(start, start + len(after), ENTRIES[number + 1 :]))
    assert found == expected


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_bytes_are_accounted_for(before: bytes, after: bytes) -> None:
    content = before + encode_frame(b"{}") + after
    end = 0
    entries = []
    for part in read_all(reader(content)):
        assert part.offset == end
        if isinstance(part, Skip):
            end += part.skipped_bytes
            assert part.sha256 == sha256(content[part.offset : end]).hexdigest()
        else:
            end = part.end
            entries += part.entries
            assert encode_frames(part.entries) == content[part.offset : part.end]
    assert end == len(content)


def test_a_frame_that_is_being_written_is_waited_for() -> None:
    whole = encode_frames(ENTRIES[:2])
    content = whole[:-3]
    segment = SegmentReader(lambda length, offset: content[offset : offset + length], sealed=False)
    first = segment.read()
    assert isinstance(first, Frames) and first.entries == ENTRIES[:1]
    assert segment.read() is None
    content = whole
    second = segment.read()
    assert isinstance(second, Frames) and second.entries == ENTRIES[1:2]
    assert segment.read() is None


def test_a_frame_that_becomes_whole_during_the_search_is_not_skipped() -> None:
    """Between two reads, its writer has gone on, and another one has written behind it."""
    whole = encode_frames(ENTRIES)
    seen = [len(encode_frame(ENTRIES[0])) - 3]

    def read_at(length: int, offset: int) -> bytes:
        visible = whole[: seen.pop()] if seen else whole
        return visible[offset : offset + length]

    assert SegmentReader(read_at, sealed=False).read() == Frames(0, len(whole), ENTRIES)


def test_holes_are_no_frames() -> None:
    content = bytes(5000) + encode_frame(b"{}")
    assert read_all(reader(content)) == [
        Skip(0, 5000, sha256(bytes(5000)).hexdigest()),
        Frames(5000, len(content), [b"{}"]),
    ]


def test_frames_across_parts_of_a_long_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "_CHUNK_BYTES", 64)
    for garbage in range(1, 200, 7):
        content = encode_frames(ENTRIES[:1]) + b"\1" * garbage + encode_frames(ENTRIES[1:3])
        parts = read_all(reader(content))
        assert [part.skipped_bytes for part in parts if isinstance(part, Skip)] == [garbage]
        assert [entry for part in parts if isinstance(part, Frames) for entry in part.entries] == ENTRIES[:3]


def test_a_search_through_hostile_bytes_ends() -> None:
    """Each fourth byte claims a frame of 65,535 bytes: the search looks at a bounded multiple of what is there."""
    content = b"\0\0\xff\xff" * 100_000
    assert read_all(reader(content)) == [Skip(0, 400_000, sha256(content).hexdigest())]


def test_names_of_segments() -> None:
    assert segment_name(65_536) == "0000000000065536"
    assert first_index("0000000000065536") == 65_536
    for name in ("65536", "000000000006553x", "0000000000065536.tmp", "\u0660" * 16, ""):
        assert first_index(name) is None
