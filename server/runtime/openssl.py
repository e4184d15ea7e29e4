"""The OpenSSL libraries in the process, and whether each is in FIPS mode.

There are two: ``cryptography``'s does everything with keys and data, Python's does TLS and some hashing. Neither has a
public name for its state in all versions, so each query tolerates failure, and an unknown state counts as not FIPS.
"""

from __future__ import annotations

import importlib
import ssl
from dataclasses import dataclass

from cryptography.hazmat.backends.openssl.backend import backend

from engines.crypto_policy.fips import FipsMode


@dataclass(frozen=True, slots=True)
class OpenSsl:
    """An OpenSSL library: its version text, and whether a FIPS provider serves all requests."""

    version: str
    fips_provider_active: bool


def of_cryptography() -> OpenSsl:
    """The library that encrypts, signs and makes keys."""
    return OpenSsl(backend.openssl_version_text(), bool(getattr(backend, "_fips_enabled", False)))


def of_python() -> OpenSsl:
    """The library that does TLS."""
    try:
        unsealed = bool(importlib.import_module("_hashlib").get_fips_mode())
    except (ImportError, AttributeError, ValueError):
        unsealed = False
    return OpenSsl(ssl.OPENSSL_VERSION, unsealed)


def warn_of_provider(mode: FipsMode) -> str:
    """The warning for an operator who has chosen ``mode``; ``""`` for none."""
    if mode is not FipsMode.ENABLED or (of_cryptography().fips_provider_active and of_python().fips_provider_active):
        return ""
    return (
        f'fips_mode is "{mode.value}", but OpenSSL uses no FIPS provider: what is not approved is refused, and what is '
        "approved is not done by a validated module"
    )
