"""Which OpenSSL does the work, and whether it is in FIPS mode.

There are two in one process: that which ``cryptography`` brings does everything with keys and data, and that which
Python was built with does TLS and some hashing. Neither offers its state through a public name in all versions, so
each is asked with care, and what can't be told is no.
"""

from __future__ import annotations

import importlib
import ssl
from dataclasses import dataclass

from cryptography.hazmat.backends.openssl.backend import backend

from engines.crypto_policy.fips import FipsMode


@dataclass(frozen=True, slots=True)
class OpenSsl:
    """One of them: what it calls itself, and whether a FIPS provider serves all that is asked of it."""

    version: str
    fips_provider_active: bool


def of_cryptography() -> OpenSsl:
    """The one that encrypts, signs and makes keys."""
    return OpenSsl(backend.openssl_version_text(), bool(getattr(backend, "_fips_enabled", False)))


def of_python() -> OpenSsl:
    """The one that does TLS."""
    try:
        unsealed = bool(importlib.import_module("_hashlib").get_fips_mode())
    except (ImportError, AttributeError, ValueError):
        unsealed = False
    return OpenSsl(ssl.OPENSSL_VERSION, unsealed)


def warn_of_provider(mode: FipsMode) -> str:
    """What an operator must know who has chosen ``mode``; "" for nothing."""
    if mode is not FipsMode.ENABLED or (of_cryptography().fips_provider_active and of_python().fips_provider_active):
        return ""
    return (
        f'fips_mode is "{mode.value}", but OpenSSL uses no FIPS provider: what is not approved is refused, and what is '
        "approved is not done by a validated module"
    )
