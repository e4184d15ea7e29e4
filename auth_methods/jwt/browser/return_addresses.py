"""Addresses that a browser may come back to, with the provider's answer."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl, urlencode, urlsplit

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def may_return_to(given: str, allowed: Collection[str]) -> bool:
    """Whether ``given`` is one of ``allowed`` exactly; a loopback address at any port (RFC 8252, 7.3)."""
    if given in allowed:
        return True
    own = _without_port(given)
    return own is not None and any(own == _without_port(one) for one in allowed)


def split_namespace(given: str) -> tuple[str, str]:
    """``given`` without the parameter ``namespace`` of its query, and that namespace, which goes into the state.

    So a provider knows one address for all namespaces. Parameters that are left are sorted by name, as OpenBao does.
    """
    try:
        parts = urlsplit(given)
        parameters = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return given, ""
    namespace = next((value for name, value in parameters if name == "namespace"), "")
    if not namespace:
        return given, ""
    others = [(name, value) for name, value in parameters if name != "namespace"]
    return parts._replace(query=urlencode(sorted(others, key=lambda other: other[0]))).geturl(), namespace


def _without_port(text: str) -> tuple[str, str, str] | None:
    """Host, path and query of a plain HTTP loopback address, else None."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme != "http" or host not in _LOOPBACK or "@" in parts.netloc or parts.fragment:
        return None
    return host, parts.path, parts.query
