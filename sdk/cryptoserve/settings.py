"""The settings of a client: arguments first, then the environment, then the file of Vault's commands."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpcore2

PREFIXES = ("CRYPTOSERVE", "BAO", "VAULT")
"""In this order, the first variable that isn't empty counts."""

DEFAULT_ADDRESS = "http://127.0.0.1:8200"
LONGEST_TOKEN = 16 * 1024
"""In characters: tokens in the form of signed JSON are long."""

_VISIBLE = re.compile(r"[!-~]+")
_VISIBLE_WITH_SPACES = re.compile(r"[ -~]*")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")


@dataclass(frozen=True, slots=True)
class Address:
    """A server's address, read."""

    secure: bool
    host: str
    """Without the brackets of IPv6."""
    port: int
    path: str
    """What lies before ``/v1/``; mostly empty."""

    @property
    def authority(self) -> str:
        """Host and port as the header ``Host`` wants them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Settings:
    """The server's address, and the token and namespace to ask with."""

    address: Address
    token: str = field(repr=False)
    """``""`` for none: behind an agent that adds one, none is needed."""
    namespace: str
    tls: ssl.SSLContext | None
    """None for plain HTTP."""


def resolved(
    addr: str | None,
    token: str | None,
    namespace: str | None,
    cacert: str | os.PathLike[str] | None,
    *,
    signs_in: bool,
    certificate: tuple[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """The settings of a client. ``signs_in``: a login brings the token, and none is looked for.

    ``certificate`` is the files of a client certificate and its key. Raises ``ValueError``, or ``OSError`` for a file
    that can't be read.
    """
    known = os.environ if environment is None else environment
    address = parsed_address(addr or _variable(known, "ADDR") or DEFAULT_ADDRESS)
    found = "" if signs_in else token or _variable(known, "TOKEN") or _stored_token(known)
    given = namespace if namespace is not None else _variable(known, "NAMESPACE")
    authorities = cacert or _variable(known, "CACERT") or None
    if certificate is not None and not address.secure:
        raise ValueError("a login by client certificate needs an https address")
    return Settings(
        address=address,
        token=checked_token(found) if found else "",
        namespace=_checked_namespace(given),
        tls=_tls(authorities, certificate) if address.secure else None,
    )


def parsed_address(text: str) -> Address:
    """``http://HOST:PORT/PATH`` or ``https://...``; the ports are 80 and 443 unless told. Raises ``ValueError``."""
    malformed = f"address {text[:200]!r}: expected http://HOST:PORT or https://HOST:PORT"
    if "@" in text:
        # It may hold a password.
        raise ValueError("the address must not hold a user's name")
    if not text.isascii() or _VISIBLE.fullmatch(text) is None or "?" in text or "#" in text or "\\" in text:
        raise ValueError(malformed)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(malformed) from None
    if parts.scheme not in ("http", "https") or _HOST.fullmatch(host) is None or port == 0:
        raise ValueError(malformed)
    secure = parts.scheme == "https"
    return Address(secure, host, port or (443 if secure else 80), parts.path.rstrip("/").removesuffix("/v1"))


def checked_token(text: str) -> str:
    """A token without the line break that files end with. Raises ``ValueError``, which doesn't show it."""
    token = text.strip()
    if len(token) > LONGEST_TOKEN or _VISIBLE.fullmatch(token) is None:
        raise ValueError(f"the token is not 1 to {LONGEST_TOKEN} visible ASCII characters")
    return token


def _variable(environment: Mapping[str, str], name: str) -> str:
    return next((text for prefix in PREFIXES if (text := environment.get(f"{prefix}_{name}", ""))), "")


def _stored_token(environment: Mapping[str, str]) -> str:
    """What ``bao login`` and development servers have left in the home directory; ``""`` if there is nothing."""
    home = environment.get("HOME") or os.path.expanduser("~")
    try:
        with (Path(home) / ".vault-token").open(encoding="ascii", errors="replace") as file:
            return file.read(LONGEST_TOKEN + 2).strip()
    except OSError:
        return ""


def _checked_namespace(text: str) -> str:
    namespace = text.strip("/")
    if _VISIBLE_WITH_SPACES.fullmatch(namespace) is None:
        raise ValueError("the namespace is not printable ASCII")
    return namespace


def _tls(authorities: str | os.PathLike[str] | None, certificate: tuple[str, str] | None) -> ssl.SSLContext:
    """As the system trusts, or by one file of certificates alone."""
    context = httpcore2.default_ssl_context() if authorities is None else ssl.create_default_context(cafile=authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        context.load_cert_chain(*certificate)
    return context
