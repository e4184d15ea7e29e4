"""Security headers of every response, from the application or from a listener."""

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
"""The headers on plain HTTP; browsers ignore the last one there, which OpenBao sends too."""

SECURITY_UNDER_TLS: tuple[tuple[bytes, bytes], ...] = (
    *SECURITY[:-1],
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains; preload"),
)
"""The headers under TLS, with HSTS."""


def header_lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """``headers`` as lines of an HTTP/1.1 head, without the final empty line."""
    return b"".join([b"%s: %s\r\n" % header for header in headers])


def with_security(security: tuple[tuple[bytes, bytes], ...], own: tuple[tuple[bytes, bytes], ...]) -> Headers:
    """The headers of an answer: ``security`` with ``own`` replacing those of the same name."""
    if len(own) < 2:  # Just the content type, which isn't among them: nearly all answers.
        return [*security, *own]
    names = {name for name, _ in own}
    return [*(header for header in security if header[0] not in names), *own]


def security_headers(scheme: str) -> tuple[tuple[bytes, bytes], ...]:
    """The security headers for ``http`` or ``https``, the scheme in an ASGI scope."""
    return SECURITY_UNDER_TLS if scheme == "https" else SECURITY
