"""Durations: pairs observed on OpenBao 2.7.2 (``auth/approle/role/NAME``, ``secret_id_ttl``), and properties."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.durations import (
    MAX_CHARACTERS,
    SECOND,
    InvalidDuration,
    format_duration,
    format_go_duration,
    format_time,
    format_time_nanoseconds,
    parse_duration,
    parse_duration_nanoseconds,
)
from tests.support.costs import processor_seconds_below

OVERFLOW = "multiplication of durations resulted in overflow, one operand may be too large"

ACCEPTED: tuple[tuple[object, int], ...] = (
    (5, 5), ("5", 5), ("", 0), (None, 0), ("1h", 3600), ("1h30m", 5400), ("90m", 5400), ("30d", 2_592_000),
    ("-1d", -86400), (-5, -5), ("-5s", -5), ("-0.5s", 0), ("1.5h", 5400), ("0.5s", 0), ("1500ms", 1), ("1us", 0),
    ("1µs", 0), ("1μs", 0), (".5s", 0), ("1.s", 1), ("+5", 5), ("+5s", 5), ("0", 0), ("-0", 0),
    ("9223372036", 9_223_372_036), ("2562047h", 9_223_369_200), ("106751d", 9_223_286_400),
    ("0.000000000001s", 0), ("1.99999999999999999999999s", 2), ("1m0.9s", 60),
    ("-9223372036854775808ns", -9_223_372_036),
)  # fmt: skip

REFUSED: tuple[tuple[object, str], ...] = (
    ("1.5d", 'strconv.ParseInt: parsing "1.5": invalid syntax'),
    ("d", 'strconv.ParseInt: parsing "": invalid syntax'),
    ("1dd", 'strconv.ParseInt: parsing "1d": invalid syntax'),
    ("1d2h", 'time: unknown unit "d" in duration "1d2h"'),
    ("86400.0", 'time: missing unit in duration "86400.0"'),
    ("1e3", 'time: unknown unit "e" in duration "1e3"'),
    ("1.5", 'time: missing unit in duration "1.5"'),
    (".", 'time: invalid duration "."'),
    ("s", 'time: invalid duration "s"'),
    (" 5", 'time: invalid duration " 5"'),
    ("5 ", 'time: unknown unit " " in duration "5 "'),
    ("1h 2m", 'time: unknown unit "h " in duration "1h 2m"'),
    ("abc", 'time: invalid duration "abc"'),
    ("1h5", 'time: missing unit in duration "1h5"'),
    ("-", 'time: invalid duration "-"'),
    ("1_000", 'time: unknown unit "_" in duration "1_000"'),
    ("9223372037", OVERFLOW),
    (9223372037, OVERFLOW),
    ("106752d", OVERFLOW),
    ("9223372036854775808", 'time: missing unit in duration "9223372036854775808"'),
    ("2562048h", 'time: invalid duration "2562048h"'),
    ("1\u0000", 'time: unknown unit "\\x00" in duration "1\\x00"'),
    ("é", 'time: invalid duration "\\xc3\\xa9"'),
    ('"x', 'time: invalid duration "\\"x"'),
    ("1h-5m", 'time: unknown unit "h-" in duration "1h-5m"'),
    ("123456789012345678901234567890", 'time: invalid duration "123456789012345678901234567890"'),
    ("99999999999999999999s", 'time: invalid duration "99999999999999999999s"'),
    ("1.5.5s", 'time: missing unit in duration "1.5.5s"'),
    (True, "could not parse duration from input"),
    ([], "could not parse duration from input"),
    ({}, "could not parse duration from input"),
    (float("nan"), "could not parse duration from input"),
)


@pytest.mark.parametrize(("value", "seconds"), ACCEPTED)
def test_accepted(value: object, seconds: int) -> None:
    assert parse_duration(value) == seconds


@pytest.mark.parametrize(("value", "text"), REFUSED)
def test_refused(value: object, text: str) -> None:
    with pytest.raises(InvalidDuration) as caught:
        parse_duration(value)
    assert str(caught.value) == text


@pytest.mark.parametrize("text", ["1h" * 2_000_000, "9" * 5_000_000, "0." + "0" * 5_000_000 + "s", "é" * 2_000_000])
def test_what_is_longer_than_any_duration_is_refused_unread(text: str) -> None:
    with processor_seconds_below(0.05), pytest.raises(InvalidDuration) as caught:
        parse_duration(text)
    assert str(caught.value).endswith(f'...": longer than {MAX_CHARACTERS} characters')
    assert len(str(caught.value)) < 1000


def test_the_longest_duration() -> None:
    assert parse_duration("1s" * (MAX_CHARACTERS // 2)) == MAX_CHARACTERS // 2


@given(st.text() | st.text("0123456789.+-hmsdnuµ ", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        nanoseconds = parse_duration_nanoseconds(text)
    except InvalidDuration:
        return
    assert abs(nanoseconds) <= 2**63


@given(st.integers(-9_223_372_036, 9_223_372_036))
def test_whole_seconds_read_the_same_in_both_styles(seconds: int) -> None:
    assert parse_duration(format_go_duration(seconds)) == seconds
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.integers(0, 10**9 - 1))
def test_fractions_read_the_same(nanoseconds: int) -> None:
    assert parse_duration_nanoseconds(format_go_duration(nanoseconds / SECOND)) == nanoseconds


@pytest.mark.parametrize(
    ("seconds", "go", "short"),
    [
        (2_764_800, "768h0m0s", "768h"),
        (1_800, "30m0s", "30m"),
        (3_601, "1h0m1s", "1h0m1s"),
        (90, "1m30s", "1m30s"),
        (0, "0s", "0s"),
        (-60, "-1m0s", "-1m"),
        (1.5, "1.5s", "1.5s"),
        (0.5, "500ms", "500ms"),
        (0.0000015, "1.5µs", "1.5µs"),
        (0.000000001, "1ns", "1ns"),
    ],
)
def test_formats(seconds: float, go: str, short: str) -> None:
    assert (format_go_duration(seconds), format_duration(seconds)) == (go, short)


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_764_029_100_500_000_000, "2025-11-25T00:05:00.5Z"),
        (1_764_029_100_000_000_120, "2025-11-25T00:05:00.00000012Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
    ],
)
def test_times(nanoseconds: int, text: str) -> None:
    assert format_time_nanoseconds(nanoseconds) == text


@given(st.datetimes(datetime(1970, 1, 1), datetime(2400, 1, 1)))  # noqa: DTZ001 - the strategy wants naive bounds
def test_times_read_the_same(moment: datetime) -> None:
    written = format_time(moment.replace(tzinfo=UTC).timestamp())
    read = datetime.fromisoformat(written)
    assert abs((read - moment.replace(tzinfo=UTC)).total_seconds()) < 0.0001
