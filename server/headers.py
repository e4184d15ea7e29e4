"""The security headers that every response has, whoever makes it."""

from __future__ import annotations

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


def security_headers(scheme: str) -> tuple[tuple[bytes, bytes], ...]:
    """Those for ``http`` or ``https``, as an ASGI scope names it."""
    return SECURITY_UNDER_TLS if scheme == "https" else SECURITY
