"""Go's base64, down to the byte at which it gives up, and its times."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.durations import format_time_nanoseconds
from engines.encoding import (
    NotBase64,
    decode_base64,
    decode_base64_url,
    encode_base64,
    encode_base64_url,
    parse_rfc3339,
)
from tests.support.costs import processor_seconds_below

LONG = "YWJj" * 200
"""Long enough for the decoder that works on many characters at a time."""


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        ("", b""),
        ("\n", b""),
        ("YQ==", b"a"),
        ("YR==", b"a"),
        ("YWI=", b"ab"),
        ("YWJj", b"abc"),
        ("YWJjYQ==", b"abca"),
        ("YQ==\n", b"a"),
        ("Y\nQ==", b"a"),
        ("YQ\n==", b"a"),
        ("YQ=\n=", b"a"),
        ("YWJj\r\nYQ==\r\n", b"abca"),
        ("Y\r\n\r\nWJj", b"abc"),
    ],
)
def test_decodes_what_go_decodes(text: str, decoded: bytes) -> None:
    assert decode_base64(text) == decoded
    assert decode_base64(LONG + text) == base64.b64decode(LONG) + decoded


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("Y", 0),
        ("YQ", 0),
        ("YWI", 0),
        ("YWJjY", 4),
        ("YWJj\nY", 5),
        ("YWJj\nYQ\n", 6),
        ("Y\nQ\n", 2),
        ("=", 0),
        ("====", 0),
        ("Y===", 1),
        ("\n\n=", 2),
        ("YQ=", 3),
        ("YQ=\n", 4),
        ("YQ=\nx", 3),
        ("YQ=x", 2),
        ("YQ==\n\nx", 6),
        ("YQ==YQ==", 4),
        ("YWJj=", 4),
        ("YWJj====", 4),
        ("YWJ==", 4),
        ("YWJ=x", 4),
        ("YWéj", 2),
        ("YWJjé", 4),
        ("Y Q=", 1),
        ("-_--", 0),
        ("YWJ\0", 3),
        ("\ud800", 0),
    ],
)
def test_gives_up_where_go_gives_up(text: str, offset: int) -> None:
    with pytest.raises(NotBase64) as caught:
        decode_base64(text)
    assert caught.value.offset == offset
    assert caught.value.message == f"illegal base64 data at input byte {offset}"
    with pytest.raises(NotBase64) as caught:
        decode_base64(LONG + text)
    assert caught.value.offset == len(LONG) + offset


@given(st.one_of(st.binary(max_size=200), st.binary(min_size=300, max_size=3000)))
def test_encoding_is_undone(data: bytes) -> None:
    assert encode_base64(data) == base64.b64encode(data).decode()
    assert decode_base64(encode_base64(data)) == data
    assert encode_base64_url(data) == base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert decode_base64_url(encode_base64_url(data)) == data


@given(st.text(alphabet="AQYw9+/=\r\n-é", max_size=24))
def test_what_decodes_is_base64_but_for_line_breaks_and_unused_bits(text: str) -> None:
    try:
        decoded = decode_base64(text)
    except NotBase64 as error:
        assert 0 <= error.offset <= len(text.encode())
        return
    bare = text.replace("\r", "").replace("\n", "")
    assert len(bare) % 4 == 0
    again = encode_base64(decoded)
    # All but the last character before the padding, whose unused bits are free, is the same.
    significant = len(again.rstrip("="))
    assert len(again) == len(bare)
    assert again[: significant - 1] == bare[: significant - 1]
    assert again[significant:] == bare[significant:]


def test_a_long_text_that_is_wrong_at_its_end_is_refused_at_once() -> None:
    text = "YWJj" * 2_000_000
    assert len(decode_base64(text + "\n")) == 6_000_000
    with pytest.raises(NotBase64) as caught:
        decode_base64(text + "!")
    assert caught.value.offset == len(text)


@pytest.mark.parametrize("text", ["YQ==", "Y", "YQ+_", "YQ/_", "YQ.."])
def test_base64url_takes_neither_padding_nor_the_other_alphabet(text: str) -> None:
    with pytest.raises(NotBase64):
        decode_base64_url(text)


@pytest.mark.parametrize(
    ("text", "decode"),
    [
        ("YQ=" + "\n" * 5_000_000, decode_base64),
        ("YQ=" + "\r\n" * 2_500_000 + "=!", decode_base64),
        ("YWI=" + "\n" * 5_000_000 + "!", decode_base64),
        ("a" * 5_000_000 + "=", decode_base64_url),
        ("a" * 4_999_999 + "\n" * 10, decode_base64_url),
    ],
)
def test_long_texts_that_are_wrong_are_refused_without_a_loop(text: str, decode: Callable[[str], bytes]) -> None:
    with processor_seconds_below(0.3), suppress(NotBase64):
        decode(text)


def test_base64url_says_where_it_gave_up() -> None:
    for text, offset in (("YQ+_", 2), ("YWI=", 3), ("/", 0)):
        with pytest.raises(NotBase64) as caught:
            decode_base64_url(text)
        assert caught.value.offset == offset


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_795_565_442_958_932_094, "2026-11-25T00:10:42.958932094Z"),
        (1_795_565_442_500_000_000, "2026-11-25T00:10:42.5Z"),
        (1_795_565_442_000_000_001, "2026-11-25T00:10:42.000000001Z"),
    ],
)
def test_times_are_written_and_read_as_go_does_it(nanoseconds: int, text: str) -> None:
    assert format_time_nanoseconds(nanoseconds) == text
    assert parse_rfc3339(text) == nanoseconds


@pytest.mark.parametrize(
    "text", ["", "x", "2026-11-25", "2026-13-25T00:10:42Z", "2026-11-25T00:10:42", "2026-11-25T00:10:42.Z"]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_rfc3339(text) is None


def test_times_may_have_another_zone() -> None:
    assert parse_rfc3339("1970-01-01T01:00:00.25+01:00") == 250_000_000
