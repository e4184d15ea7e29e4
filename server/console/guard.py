"""Protection of the console against cross-site requests: their origin, and a token in each form.

A browser tells with ``Sec-Fetch-Site`` (W3C Fetch Metadata) where a request comes from. ``SameSite=Strict`` alone
doesn't suffice: another port of the same host is the same site, and gets the cookie.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from enum import Enum

SESSION_COOKIE = "__Host-session"
LOGIN_PATH = "/ui/login"
LOGIN_COOKIE = "__Host-login"

_READS = ("GET", "HEAD")
_LOGIN_BYTES = 32
_MAX_LOGIN_CHARACTERS = 4096
"""Most of it is the path of a namespace."""


class Origin(Enum):
    """The treatment of a request because of where it comes from."""

    OURS = "ours"
    ELSEWHERE = "elsewhere"
    """A link from another site: it has no session cookie, and gets it by loading the page once more."""

    REFUSED = "refused"


def judge_origin(method: str, headers: Mapping[str, str], external_address: str, *, has_session: bool) -> Origin:
    """Where a request comes from, by its ``headers`` (names in lower case).

    ``external_address`` is the scheme and authority at which browsers reach the server. ``has_session``: whether it
    came with a session cookie.
    """
    reads = method in _READS
    site = headers.get("sec-fetch-site")
    if site is not None:
        if site == "same-origin" or (site == "none" and reads):
            return Origin.OURS
        return Origin.ELSEWHERE if reads and not has_session else Origin.REFUSED
    origin = headers.get("origin")
    if origin is None:
        return Origin.OURS if reads else Origin.REFUSED
    return Origin.OURS if hmac.compare_digest(origin.encode(), external_address.encode()) else Origin.REFUSED


def new_login_cookie() -> str:
    """A random value for ``LOGIN_COOKIE``."""
    return secrets.token_urlsafe(_LOGIN_BYTES)


def login_cookie_of(cookies: Mapping[str, str]) -> str:
    """The value of ``LOGIN_COOKIE``; empty if there is none that this server could have set."""
    value = cookies.get(LOGIN_COOKIE, "")
    allowed = value.isascii() and value.replace("-", "").replace("_", "").replace(".", "").isalnum()
    return value if allowed and _LOGIN_BYTES <= len(value) <= _MAX_LOGIN_CHARACTERS else ""


def login_token(login_cookie: str) -> str:
    """The form token of a browser without a session, which only the owner of the cookie can know."""
    return _derived("form", login_cookie)


def client_nonce(login_cookie: str) -> str:
    """The nonce that binds a login with a provider to the browser that began it."""
    return _derived("nonce", login_cookie)


def is_token(given: str, expected: str) -> bool:
    """Whether a form has sent back the ``expected`` token."""
    return bool(expected) and hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


def is_hexadecimal(text: str) -> bool:
    """Whether ``text`` is an id of the console's: hexadecimal digits in lower case, and nothing else."""
    return bool(text) and not text.strip("0123456789abcdef")


def set_cookie(name: str, value: str, same_site: str) -> tuple[bytes, bytes]:
    """The header that gives a browser the cookie; an empty ``value`` takes it away."""
    ends = "" if value else "; Max-Age=0"
    return b"set-cookie", f"{name}={value}; Path=/; Secure; HttpOnly; SameSite={same_site}{ends}".encode()


def _derived(purpose: str, login_cookie: str) -> str:
    secret = login_cookie.partition(".")[0]  # A namespace may stand behind it.
    return hashlib.sha256(f"cryptoserve console {purpose}\0{secret}".encode()).hexdigest()
