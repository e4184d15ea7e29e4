"""Decoding and checks of URL paths, and redirects for unclean ones."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

_BAD_ESCAPE = re.compile(rb"%(?![0-9a-fA-F]{2})")
_KEPT = "/%:@!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True)
class Redirect:
    """The path is written in an unclean way; the client is sent to ``location`` with status 307."""

    location: str

    def body(self, method: str) -> bytes:
        """The HTML body of the redirect, for GET alone."""
        if method != "GET":
            return b""
        return f'<a href="{html.escape(self.location)}">Temporary Redirect</a>.\n\n'.encode()


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that needs no fault: for statuses that only the wire knows. No content type means no headers at all."""

    status: int
    body: bytes
    content_type: bytes | None = b"application/json"


def decode_path(raw: bytes) -> str | Refusal:
    """The text of an escaped path. What isn't UTF-8 becomes U+FFFD; unprintable characters are refused."""
    if b"%" in raw:
        if _BAD_ESCAPE.search(raw):
            return Refusal(400, b"400 Bad Request", b"text/plain; charset=utf-8")
        raw = unquote_to_bytes(raw)
    path = raw.decode("utf-8", "replace")
    return path if path.isprintable() else Refusal(400, b"", None)


def unclean(raw_path: bytes, query_string: bytes) -> Redirect | None:
    """The redirect for a path with empty, ``.`` or ``..`` segments, judged as written, not as decoded."""
    segments: list[bytes] = []
    for segment in raw_path.split(b"/"):
        if segment == b"..":
            del segments[-1:]
        elif segment not in (b"", b"."):
            segments.append(segment)
    clean = b"/" + b"/".join(segments)
    if (raw_path.endswith(b"/") and segments) or clean == b"/v1/sys":
        clean += b"/"
    if clean == raw_path:
        return None
    location = quote(clean, safe=_KEPT)
    return Redirect(f"{location}?{quote(query_string, safe=_KEPT + '?')}" if query_string else location)


def is_relative(path: str) -> bool:
    """Whether a decoded path holds ``.`` or ``..`` as a segment."""
    return "." in path and any(segment in (".", "..") for segment in path.split("/"))
