"""CBOR as COSE reads it: one meaning, and no more objects than a message has a use for."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.signing.formats.cbor import MAX_ITEMS, NotCbor, decode, encode
from tests.support.costs import processor_seconds_below

TAG = 18
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=40) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.integers(-100, 2**40), inner, max_size=5),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_is_read(value: Any) -> None:
    assert decode(encode(value), TAG) == value


@given(st.binary(max_size=60))
def test_bytes_are_read_or_refused(data: bytes) -> None:
    _read_or_refused(data)


def _read_or_refused(data: bytes) -> None:
    """What is read can be written, in the one canonical form."""
    try:
        value = decode(data, TAG)
    except NotCbor:
        return
    written = encode(value)
    assert encode(decode(written, TAG)) == written


@given(VALUES, st.data())
def test_damaged_items_are_read_or_refused(value: Any, data: st.DataObject) -> None:
    damaged = bytearray(encode(value))
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    _read_or_refused(bytes(damaged))


@pytest.mark.parametrize("kind", ["list", "map", "nested", "tags"])
def test_items_are_counted_before_they_are_read(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values: dict[str, Any] = {
        "list": [0] * MAX_ITEMS,
        "map": dict.fromkeys(range(MAX_ITEMS // 2), 0),
        "nested": [[0] * (MAX_ITEMS // 2), [0] * (MAX_ITEMS // 2)],
        "tags": [cbor2.CBORTag(TAG, 0)] * (MAX_ITEMS // 2),
    }
    monkeypatch.setattr(cbor2, "CBORDecoder", None)
    with pytest.raises(NotCbor, match="more than 1024 items"):
        decode(cbor2.dumps(values[kind]), TAG)


def test_as_many_as_there_may_be_are_read() -> None:
    assert decode(encode([0] * (MAX_ITEMS - 1)), TAG) == [0] * (MAX_ITEMS - 1)
    assert decode(encode(bytes(100_000)), TAG) == bytes(100_000)


SLOW = {
    "empty lists": b"\x9a\x00\x0f\x42\x40" + b"\x80" * 1_000_000,
    "a map of numbers": b"\xba\x00\x02\x00\x00"
    + b"".join(b"\x1a%b\x00" % at.to_bytes(4, "big") for at in range(131_072)),
    "lengths that are none": b"\x9b" + b"\xff" * 8,
    "a text that ends early": b"\x7b" + b"\x7f" * 8 + b"a" * 1_000_000,
    "lists in lists": b"\x81" * 1_000_000,
    "tags in tags": b"\xd2" * 1_000_000,
}  # fmt: skip


@pytest.mark.parametrize("name", SLOW)
def test_a_megabyte_of_nonsense_is_refused_in_no_time(name: str) -> None:
    with processor_seconds_below(0.3):
        with pytest.raises(NotCbor):
            decode(SLOW[name], TAG)
