"""The security headers that every response has, whoever makes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Headers: TypeAlias = list[tuple[bytes, bytes]]

SECURITY: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
)
"""On plain HTTP, where browsers ignore the last; it is there because OpenBao sends it."""

SECURITY_UNDER_TLS: tuple[tuple[bytes, bytes], ...] = (
    *SECURITY[:-1],
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains; preload"),
)
"""Under TLS, where HSTS means something."""


def header_lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """``headers`` as they stand in the head of HTTP/1.1, without the empty line behind them."""
    return b"".join([b"%s: %s\r\n" % header for header in headers])


def with_security(security: tuple[tuple[bytes, bytes], ...], own: tuple[tuple[bytes, bytes], ...]) -> Headers:
    """The headers of an answer, ``own`` in place of those of the same name in ``security``."""
    if len(own) < 2:  # The type of the content, which is no header of security: so it is with nearly all answers.
        return [*security, *own]
    names = {name for name, _ in own}
    return [*(header for header in security if header[0] not in names), *own]


def security_headers(scheme: str) -> tuple[tuple[bytes, bytes], ...]:
    """Those for ``http`` or ``https``, as an ASGI scope names it."""
    return SECURITY_UNDER_TLS if scheme == "https" else SECURITY
