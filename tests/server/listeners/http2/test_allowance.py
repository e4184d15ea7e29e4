"""The allowance of an HTTP/2 connection for frames that ask for nothing, and bounds of its headers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from itertools import pairwise

import hpack
import pytest
from h2.errors import ErrorCodes
from hypothesis import given
from hypothesis import strategies as st

from server.listeners.head_limits import MAX_HEAD_BYTES
from server.listeners.http2.codec import (
    MAX_DECODED_FIELDS,
    MAX_STREAMS,
    MAX_TABLE_BYTES,
    MAX_TABLE_UPDATES,
    BoundedDecoder,
    BoundedEncoder,
)
from server.listeners.http2.frames import (
    ALLOWANCE,
    MAX_FRAME_BYTES,
    REGAINED_PER_ANSWER,
    REGAINED_PER_SECOND,
    RESET_COST,
    SETTINGS_COST,
    UNPACKED_BYTES,
    FrameMeter,
)
from tests.server.listeners.http2.client import connected, frame, turns
from tests.server.listeners.http2.sent_frames import END, END_HEADERS, HEAD, PREFACE, begun, reset, settings

FREE = 10_000
"""More of a frame than any allowance has."""


# Frames


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def meter(streams: Iterable[int] = (), clock: Callable[[], float] | None = None) -> FrameMeter:
    made = FrameMeter(set(streams), clock or Clock())
    assert made.fault(PREFACE) is None
    return made


def admitted(made: FrameMeter, one: bytes, most: int = FREE) -> int:
    """How many times ``one`` is taken, up to ``most``."""
    for number in range(most):
        if made.fault(one) is not None:
            return number
    return most


@pytest.mark.parametrize(
    ("one", "cost"),
    [
        (frame(2, 0, 1, bytes(5)), 1),  # PRIORITY
        (reset(1), RESET_COST),
        (settings(), SETTINGS_COST),
        (frame(4, 1, 0), SETTINGS_COST),  # SETTINGS that acknowledge
        (frame(5, 4, 1, bytes(4)), 1),  # PUSH_PROMISE
        (frame(6, 0, 0, bytes(8)), 1),  # PING
        (frame(6, 1, 0, bytes(8)), 1),
        (frame(7, 0, 0, bytes(8)), 1),  # GOAWAY
        (frame(8, 0, 0, (1).to_bytes(4)), 1),  # WINDOW_UPDATE
        (frame(8, 0, 1, (1).to_bytes(4)), 1),
        (frame(9, 0, 1), 1),  # CONTINUATION
        (frame(16, 0, 0, bytes(4)), 1),  # PRIORITY_UPDATE
        (frame(200, 0, 0, bytes(1000)), 1),
        (frame(0, 0, 1), 1),  # Empty DATA of a request under way
        (frame(0, END, 1), 1),  # A request has one of these, and earns it back.
        (frame(0, 0, 1, b"x"), 15 / 16),
        (frame(0, 0, 3), 1),  # DATA of none
        (frame(0, 0, 3, bytes(512)), 1 / 2),
    ],
)
def test_frames_that_ask_for_nothing_are_taken_from_the_allowance(one: bytes, cost: float) -> None:
    assert admitted(meter([1]), one) == int(ALLOWANCE / cost)
    assert meter([1]).fault(one * FREE) is ErrorCodes.ENHANCE_YOUR_CALM


@pytest.mark.parametrize("one", [begun(1), frame(0, 0, 1, bytes(16)), frame(0, 0, 3, bytes(1024))])
def test_what_a_client_needs_is_free(one: bytes) -> None:
    assert admitted(meter([1]), one) == FREE


def test_a_body_in_pieces_of_some_size_is_free_whatever_stands_between_them() -> None:
    assert admitted(meter([1]), frame(0, 0, 1, bytes(100)) + frame(0, 0, 1, b"\n")) == FREE


def test_a_long_body_pays_for_nothing_but_its_short_pieces() -> None:
    made = meter([1])
    assert admitted(made, reset(3), ALLOWANCE // RESET_COST) == ALLOWANCE // RESET_COST
    assert admitted(made, frame(0, 0, 1, bytes(16_000)), 100) == 100
    assert admitted(made, frame(0, 0, 1)) == 100
    assert made.fault(frame(6, 0, 0, bytes(8))) is ErrorCodes.ENHANCE_YOUR_CALM


def test_the_allowance_grows_back_with_time_and_answers() -> None:
    clock = Clock()
    made = meter(clock=clock)
    ping = frame(6, 0, 0, bytes(8))
    assert admitted(made, ping, ALLOWANCE) == ALLOWANCE
    for _ in range(100):
        clock.now += 1.001 / REGAINED_PER_SECOND
        assert made.fault(ping) is None
    made.earn(REGAINED_PER_ANSWER)
    assert admitted(made, ping) in (REGAINED_PER_ANSWER - 1, REGAINED_PER_ANSWER)
    clock.now += 1e6
    made.earn(1e6)
    assert made.fault(b"") is None
    made = meter(clock=clock)
    clock.now += 1e6
    assert admitted(made, ping) == ALLOWANCE


def test_a_client_that_takes_back_every_other_request_may_go_on() -> None:
    assert REGAINED_PER_ANSWER >= RESET_COST


def test_frames_that_are_too_long_are_not_waited_for() -> None:
    assert meter().fault(frame(0, 0, 1, bytes(MAX_FRAME_BYTES))) is None
    for length in (MAX_FRAME_BYTES + 1, 2**24 - 1):
        head = length.to_bytes(3) + bytes([0, 0]) + (1).to_bytes(4)
        assert meter().fault(head) is ErrorCodes.FRAME_SIZE_ERROR


def test_a_block_of_headers_is_bounded_over_all_its_frames() -> None:
    made = meter()
    assert made.fault(frame(1, 0, 1, bytes(16_000))) is None
    assert admitted(made, frame(9, 0, 1, bytes(1_000))) == (MAX_HEAD_BYTES - 16_000) // 1_000
    made = meter()
    for _ in range(50):  # Each block is counted for itself.
        assert made.fault(frame(1, 0, 1, bytes(16_000)) + frame(9, END_HEADERS, 1, bytes(16_000))) is None


FRAMES = st.sampled_from(
    [begun(1), frame(0, 0, 1, b"abc"), frame(6, 0, 0, bytes(8)), reset(1), settings((3, 5)), frame(9, 0, 1, bytes(40))]
)


@given(frames=st.lists(FRAMES, max_size=30), cuts=st.lists(st.integers(0, 600), max_size=8))
def test_frames_are_read_alike_however_they_are_cut(frames: list[bytes], cuts: list[int]) -> None:
    stream = PREFACE + b"".join(frames)
    places = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    whole, pieces = FrameMeter({1}, Clock()), FrameMeter({1}, Clock())
    assert whole.fault(stream) is None
    for start, end in pairwise(places):
        assert pieces.fault(stream[start:end]) is None
    assert pieces._allowance == whole._allowance
    assert pieces._skipped == whole._skipped == 0


# Headers and settings


def test_fields_are_counted_before_they_are_decoded() -> None:
    decoder = BoundedDecoder(lambda size: True)
    for one in (b"\x82", b"\x00\x01a\x01b", b"\x40\x01a\x01b", b"\x01\x01b"):
        assert len(list(decoder.decode(one * MAX_DECODED_FIELDS))) == MAX_DECODED_FIELDS
        with pytest.raises(hpack.OversizedHeaderListError):
            decoder.decode(one * (MAX_DECODED_FIELDS + 1))


def test_the_table_changes_its_size_only_so_often() -> None:
    decoder = BoundedDecoder(lambda size: True)
    for _ in range(3):
        assert len(list(decoder.decode(b"\x20" * MAX_TABLE_UPDATES + b"\x82"))) == 1
    with pytest.raises(hpack.HPACKDecodingError):
        decoder.decode(b"\x20" * (MAX_TABLE_UPDATES + 1) + b"\x82")


def test_answers_are_written_without_huffman_s_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes quadratic time in hpack, and an answer repeats what the client wants: 16 KB took 20 ms."""

    def encode(coder: object, text: bytes) -> bytes:
        raise AssertionError(f"{len(text)} bytes in Huffman's code")

    monkeypatch.setattr("hpack.huffman.HuffmanEncoder.encode", encode)
    fields = [(b":status", b"200"), (b"x-vault-namespace", b"a=b," * 4000)]
    for huffman in (True, False):
        block = BoundedEncoder().encode(fields, huffman)
        assert list(hpack.Decoder(10**6).decode(block, raw=True)) == fields


def test_clients_do_not_choose_how_much_of_the_answers_is_remembered() -> None:
    encoder = BoundedEncoder()
    for asked, granted in ((2**32 - 1, MAX_TABLE_BYTES), (100, 100), (0, 0), (2**20, MAX_TABLE_BYTES)):
        encoder.header_table_size = asked
        assert encoder.header_table_size == granted
    for number in range(1_000):
        encoder.encode([(b"x-vault-namespace", b"%0200d" % number)])
    assert encoder.header_table._current_size <= MAX_TABLE_BYTES


FROM_TABLE = HEAD + b"\x40\x01a\x7f\xb9\x16" + b"b" * 3_000
"""A field of 3,000 bytes that goes into the table; ``0xbe`` is that field again."""


async def test_headers_that_grow_out_of_the_table_are_taken_from_the_allowance() -> None:
    async with connected() as client:
        client.gate = asyncio.Event()  # Nothing is earned back meanwhile.
        await client.send(frame(1, END | END_HEADERS, 1, FROM_TABLE))
        for number in range(1, MAX_STREAMS):
            await client.send(frame(1, END | END_HEADERS, 2 * number + 1, HEAD + b"\xbe" * 16), turn=2)
        assert client.goaway == ErrorCodes.ENHANCE_YOUR_CALM
        assert len(client.scopes) == 1 + ALLOWANCE * UNPACKED_BYTES // (16 * 3_001 - 16)


@pytest.mark.parametrize("block", [HEAD + b"\xbe" * 3, HEAD + (b"\x00\x01c\x7f\xb9\x16" + b"d" * 3_000) * 16])
async def test_what_is_sent_in_full_is_free_as_is_what_usual_clients_have_in_the_table(block: bytes) -> None:
    async with connected() as client:
        client._read = lambda data: None  # type: ignore[method-assign]  # h2 knows nothing of these streams.
        await client.send(frame(1, END | END_HEADERS, 1, FROM_TABLE))
        for number in range(1, 500):
            parts = [block[start : start + 16_000] for start in range(0, len(block), 16_000)]
            stream_id = 2 * number + 1
            await client.send(frame(1, END | (0 if parts[1:] else END_HEADERS), stream_id, parts[0]), turn=0)
            for part in parts[1:]:
                await client.send(frame(9, 0 if part is not parts[-1] else END_HEADERS, stream_id, part), turn=0)
            await turns()
            assert not client.closed
        assert len(client.scopes) == 500
