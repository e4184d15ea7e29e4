"""Durations and times in Go's and Vault's notation, with Go's errors.

Vault reads a bare number as seconds, ``90m`` and ``1h30m`` as Go does, and ``30d`` as days. All arithmetic is in whole
nanoseconds within 64 bits, like Go's, so that what overflows there is refused here.
"""

from __future__ import annotations

import re
import time
from functools import lru_cache

SECOND = 1_000_000_000
"""One second in nanoseconds."""

_MINUTE = 60 * SECOND
_HOUR = 60 * _MINUTE

MAX_CHARACTERS = 1024
"""The longest text that is read as a duration; Go accepts any, but a sum of megabytes takes seconds."""

_UNITS = {"ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": SECOND, "m": _MINUTE, "h": _HOUR}
_LARGEST = 2**63 - 1
_INTEGER = re.compile(r"[+-]?[0-9]+")
_MAX_INTEGER_CHARACTERS = 64
_SHOWN_CHARACTERS = 64
_PART = re.compile(r"([0-9]*)(\.?)([0-9]*)([^0-9.]*)")


class InvalidDuration(ValueError):
    """The input is no duration; the text is Go's."""


def parse_duration(value: object) -> int:
    """The whole seconds of ``value``, as Vault converts parameters and settings; fractions are truncated.

    ``value`` is a number of seconds, or text as ``"3600"``, ``"1h30m"``, ``"1.5s"`` or ``"30d"``; None and ``""`` are
    0. Negative values are durations too. Raises ``InvalidDuration`` for anything else, for more than 292 years, and for
    texts of more than ``MAX_CHARACTERS``.
    """
    nanoseconds = parse_duration_nanoseconds(value)
    return nanoseconds // SECOND if nanoseconds >= 0 else -(-nanoseconds // SECOND)


def parse_duration_nanoseconds(value: object) -> int:
    """As ``parse_duration``, to the nanosecond."""
    if isinstance(value, str):
        return _parse_text(value)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidDuration("could not parse duration from input")
    if isinstance(value, float) and not abs(value) < _LARGEST:
        raise InvalidDuration("could not parse duration from input")
    return _times(int(value), SECOND)


def _times(count: int, unit: int) -> int:
    product = count * unit
    if abs(product) > _LARGEST:
        raise InvalidDuration("multiplication of durations resulted in overflow, one operand may be too large")
    return product


def _parse_text(text: str) -> int:
    if not text:
        return 0
    _check_length(text)
    seconds = _integer(text)
    if seconds is not None:
        return _times(seconds, SECOND)
    if text.endswith("d"):
        days = _integer(text[:-1])
        if days is None:
            kind = "value out of range" if _INTEGER.fullmatch(text[:-1]) else "invalid syntax"
            raise InvalidDuration(f"strconv.ParseInt: parsing {_quoted(text[:-1])}: {kind}")
        return _times(days, 24 * _HOUR)
    return parse_go_duration(text)


def _check_length(text: str) -> None:
    """Raise ``InvalidDuration``, with only the beginning of ``text``, if it is longer than any duration."""
    if len(text) > MAX_CHARACTERS:
        shown = _quoted(text[:_SHOWN_CHARACTERS] + "...")
        raise InvalidDuration(f"time: invalid duration {shown}: longer than {MAX_CHARACTERS} characters")


def _integer(text: str) -> int | None:
    """``text`` as an integer of 64 bits, or None."""
    if len(text) > _MAX_INTEGER_CHARACTERS or not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if -_LARGEST - 1 <= number <= _LARGEST else None


def parse_go_duration(text: str) -> int:
    """The nanoseconds of ``text``, a sum of numbers with units as ``1h30m``. Raises ``InvalidDuration``."""
    start = 1 if text[:1] in ("+", "-") else 0
    if text[start:] == "0":
        return 0
    if start == len(text):
        raise _invalid(text)
    negative = text[0] == "-"
    total = 0
    while start < len(text):
        match = _PART.match(text, start)
        whole, dot, fraction, unit = match.groups() if match else ("", "", "", "")
        if match is None or not (whole or fraction) or _too_large(whole):
            raise _invalid(text)
        if not unit:
            raise InvalidDuration(f"time: missing unit in duration {_quoted(text)}")
        scale = _UNITS.get(unit)
        if scale is None:
            raise InvalidDuration(f"time: unknown unit {_quoted(unit)} in duration {_quoted(text)}")
        total += int(whole or "0") * scale + (_fraction(fraction, scale) if dot else 0)
        if total > _LARGEST + negative:
            raise _invalid(text)
        start = match.end()
    return -total if negative else total


def _too_large(digits: str) -> bool:
    significant = digits.lstrip("0")
    return len(significant) > 19 or int(significant or "0") > _LARGEST + 1


def _fraction(digits: str, unit: int) -> int:
    """The fraction, to Go's precision: the digits that fit 63 bits, scaled in floating point."""
    kept = digits[:19]
    if int(kept or "0") > _LARGEST:
        kept = digits[:18]
    return int(float(int(kept or "0")) * (float(unit) / 10.0 ** len(kept)))


def _invalid(text: str) -> InvalidDuration:
    return InvalidDuration(f"time: invalid duration {_quoted(text)}")


def _quoted(text: str) -> str:
    """``text`` as Go's package time quotes it: unprintable and non-ASCII characters by their bytes."""
    parts = []
    for character in text:
        if character in '"\\':
            parts.append("\\" + character)
        elif " " <= character < "\x80":
            parts.append(character)
        else:
            parts.extend(f"\\x{byte:02x}" for byte in character.encode("utf-8", "replace"))
    return f'"{"".join(parts)}"'


def format_go_duration(seconds: int | float) -> str:
    """``seconds`` as Go shows a duration: ``48h0m0s``, ``1m30s``, ``1.5s``, ``500ms``, ``0s``."""
    nanoseconds = seconds * SECOND if isinstance(seconds, int) else round(seconds * SECOND)
    sign, nanoseconds = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    if nanoseconds < SECOND:
        return sign + _below_second(nanoseconds)
    minutes, rest = divmod(nanoseconds, _MINUTE)
    text = f"{_decimal(rest, SECOND)}s"
    if minutes:
        hours, minutes = divmod(minutes, 60)
        text = f"{hours}h{minutes}m{text}" if hours else f"{minutes}m{text}"
    return sign + text


def _below_second(nanoseconds: int) -> str:
    if nanoseconds == 0:
        return "0s"
    for unit in ("ms", "µs"):
        if nanoseconds >= _UNITS[unit]:
            return _decimal(nanoseconds, _UNITS[unit]) + unit
    return f"{nanoseconds}ns"


def _decimal(value: int, one: int) -> str:
    """``value / one`` without trailing zeros; ``one`` is a power of ten."""
    whole, rest = divmod(value, one)
    if not rest:
        return str(whole)
    return f"{whole}.{str(rest).rjust(len(str(one)) - 1, '0').rstrip('0')}"


def format_duration(seconds: int | float) -> str:
    """As ``format_go_duration`` without the zero parts at its end, as in Vault's warnings: ``768h``, ``1h30m``."""
    text = format_go_duration(seconds)
    if text.endswith("m0s"):
        text = text[:-2]
    if text.endswith("h0m"):
        text = text[:-2]
    return text


def format_time(seconds: float) -> str:
    """The instant ``seconds`` after the epoch in RFC 3339, UTC, to the microsecond: ``2026-11-25T00:05:00.5Z``."""
    return format_time_nanoseconds(round(seconds * 1_000_000) * 1_000)


def format_time_nanoseconds(nanoseconds: int) -> str:
    """As ``format_time``, to the nanosecond. Zeros at its end are left out, as by Go's RFC3339Nano."""
    seconds, rest = divmod(nanoseconds, SECOND)
    return f"{_format_second(seconds)}.{rest:09d}".rstrip("0") + "Z" if rest else _format_second(seconds) + "Z"


@lru_cache(maxsize=64)
def _format_second(seconds: int) -> str:
    moment = time.gmtime(seconds)
    return (
        f"{moment.tm_year:04d}-{moment.tm_mon:02d}-{moment.tm_mday:02d}"
        f"T{moment.tm_hour:02d}:{moment.tm_min:02d}:{moment.tm_sec:02d}"
    )
