"""Text encodings of bytes and times, exactly as in the Vault API.

Vault's base64 is that of Go: the standard alphabet with padding required, line breaks ignored anywhere, and the unused
bits of the last character ignored. Errors have the offset at which Go's decoder stops, and clients show that text to
people, so the slow path computes the same offset. The fast path is one call into C.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from datetime import UTC, datetime
from typing import Any

import pybase64

from engines.durations import SECOND
from engines.faults import InvalidRequest

_OTHER = re.compile(rb"[^A-Za-z0-9+/\r\n]")
_URL = re.compile("[^=+/]*")
_BREAKS = re.compile(rb"[\r\n]*")
_TO_URL = str.maketrans("+/", "-_")
_FROM_URL = str.maketrans("-_", "+/")
_LONG = 128
"""The length in bytes from which the vectorised decoder pays off."""

_NEWLINES = b"\r\n"
_PAD = ord("=")
_MAX_NANOSECONDS = 2**63
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})", re.ASCII)


class NotBase64(InvalidRequest):
    """The text is not base64; ``offset`` is the byte at which Go's decoder would have stopped."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"illegal base64 data at input byte {offset}")
        self.offset = offset


def decode_base64(text: str) -> bytes:
    """The bytes of base64 ``text`` (RFC 4648 section 4, as Go's ``StdEncoding``). Raises ``NotBase64``."""
    try:
        if len(text) >= _LONG:
            return pybase64.b64decode(text, None, True)  # By position: keywords would double the cost.
        decoded = a2b_base64(text, strict_mode=True)
    except ValueError:
        return _decode_slowly(text)
    # The C decoder accepts surplus padding: a whole quantum's worth of it, or a length that is no multiple of four.
    length = len(text)
    if length & 3 or 4 * len(decoded) <= 3 * length - 12:
        return _decode_slowly(text)
    return decoded


def encode_base64(data: bytes) -> str:
    """``data`` as base64 (RFC 4648 section 4), padded and on one line."""
    if len(data) >= _LONG:
        return pybase64.b64encode_as_string(data)
    return b2a_base64(data, newline=False).decode("ascii")


def encode_base64_url(data: bytes) -> str:
    """``data`` as base64url without padding (RFC 4648 section 5), as JWS has it."""
    return b2a_base64(data, newline=False).decode("ascii").rstrip("=").translate(_TO_URL)


def decode_base64_url(text: str) -> bytes:
    """The bytes of unpadded base64url ``text``. Raises ``NotBase64``; its offset is that of padded text."""
    if "=" in text or "+" in text or "/" in text:
        raise NotBase64(len(_URL.match(text)[0]))  # type: ignore[index]  # It matches any text.
    characters = len(text) - text.count("\r") - text.count("\n")
    return decode_base64(text.translate(_FROM_URL) + "=" * (-characters % 4))


def _decode_slowly(text: str) -> bytes:
    """Find the first error, or decode what the fast path doesn't take: text with line breaks.

    Linear and without a loop over characters, since an attacker may send much invalid text.
    """
    source = text.encode("utf-8", "surrogatepass")
    other = _OTHER.search(source)
    end = other.start() if other else len(source)
    characters = source[:end].translate(None, _NEWLINES)
    surplus = len(characters) % 4
    if other is None:
        if surplus:
            raise NotBase64(end - surplus)
    elif source[end] == _PAD:
        _check_padding(source, end + 1, surplus)
    else:
        raise NotBase64(end)
    return a2b_base64(characters + b"=" * (-surplus % 4))


def _check_padding(source: bytes, position: int, sextets: int) -> None:
    """Check what follows the first ``=``, which ends at ``position`` in a quantum that holds ``sextets`` characters."""
    end = len(source)
    if sextets < 2:
        raise NotBase64(position - 1)
    if sextets == 2:
        position = _behind_breaks(source, position)
        if position == end:
            raise NotBase64(end)
        if source[position] != _PAD:
            raise NotBase64(position - 1)
        position += 1
    position = _behind_breaks(source, position)
    if position < end:
        raise NotBase64(position)


def _behind_breaks(source: bytes, position: int) -> int:
    match = _BREAKS.match(source, position)
    return position if match is None else match.end()


def nanoseconds_of(seconds: float) -> int:
    """``seconds`` in whole nanoseconds; one multiplication would lose the last digits."""
    return int(seconds) * SECOND + int(seconds % 1 * SECOND)


def parse_rfc3339(text: str) -> int | None:
    """The nanoseconds since the epoch of a time in RFC 3339, from 1970 on, with at most nine decimals; else None."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    try:
        whole = datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00"))
    except ValueError:
        return None
    nanoseconds = int((whole - _EPOCH).total_seconds()) * SECOND + int((match[2] or "").ljust(9, "0"))
    return nanoseconds if 0 <= nanoseconds < _MAX_NANOSECONDS else None


def nests_deeper(document: dict[str, Any] | list[Any], levels: int) -> bool:
    """Whether objects and lists of a parsed JSON ``document``, itself included, are nested in more than ``levels``."""
    level: list[Any] = [document]
    for _ in range(levels):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
