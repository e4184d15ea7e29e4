"""Providers of algorithms that several installed libraries have, and the configured choice among them.

Providers are tried in the order of ``PREFERENCE``: OpenSSL is audited and fastest, liboqs is the reference, and
pqcrypto is always installed but has had no audit. A pin fixes the provider of a row; no other is used then, even if a
key can't be used with it: a pin with silent exceptions would be none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

from engines.algorithms.kem import mlkem_liboqs, mlkem_openssl, mlkem_pqcrypto
from engines.algorithms.kem.mlkem_parameters import ParameterSet, PrivateKey
from engines.algorithms.row import LIBSODIUM, OPENSSL, PYCRYPTODOME
from engines.faults import InvalidRequest

LIBOQS = "liboqs"
PQCRYPTO = "pqcrypto"
PREFERENCE = (OPENSSL, LIBOQS, PQCRYPTO)

Encapsulate = Callable[[], tuple[bytes, bytes]]
Decapsulate = Callable[[bytes], bytes]


class NoProvider(InvalidRequest):
    """No provider that is installed, and allowed by a pin, supports the operation."""


class MlKemProvider(Protocol):
    """One library's ML-KEM. Wrong keys raise ``ValueError``; lengths of ciphertexts have been checked by the caller."""

    name: str
    takes_seeds: bool
    takes_expanded: bool

    def has(self, parameters: ParameterSet) -> bool:
        """Whether the library has these parameters."""

    def generate(self, parameters: ParameterSet) -> PrivateKey:
        """A new key, in the forms that the library gives."""

    def public_of(self, parameters: ParameterSet, seed: bytes) -> bytes:
        """The public key of ``seed``; only if ``takes_seeds``."""

    def expand(self, parameters: ParameterSet, seed: bytes) -> bytes | None:
        """The expanded form of ``seed``, or None if the library doesn't return it."""

    def encapsulator(self, parameters: ParameterSet, public: bytes) -> Encapsulate:
        """The function that makes a shared secret and its ciphertext for ``public``."""

    def decapsulator(self, parameters: ParameterSet, key: PrivateKey) -> Decapsulate:
        """The function that returns the shared secret of a ciphertext; a modified one gives another secret."""


@cache
def installed() -> Mapping[str, MlKemProvider]:
    """The installed providers by name, in the order of preference."""
    made: dict[str, MlKemProvider | None] = {
        OPENSSL: mlkem_openssl.load(),
        LIBOQS: mlkem_liboqs.load(),
        PQCRYPTO: mlkem_pqcrypto.load(),
    }
    return {name: provider for name in PREFERENCE if (provider := made[name]) is not None}


_pins: dict[str, str] = {}


def pin(pins: Mapping[str, str]) -> None:
    """Fix the providers of rows by ``pins``, replacing earlier pins."""
    _pins.clear()
    _pins.update(pins)


def having(parameters: ParameterSet) -> list[MlKemProvider]:
    """The installed providers that have ``parameters``, by preference."""
    return [provider for provider in installed().values() if provider.has(parameters)]


def able(row: str, parameters: ParameterSet) -> list[MlKemProvider]:
    """The providers that may serve ``row``, by preference."""
    pinned = _pins.get(row)
    return [provider for provider in having(parameters) if pinned in (None, provider.name)]


def choose(row: str, parameters: ParameterSet, key: PrivateKey | None = None) -> MlKemProvider:
    """The provider for ``row``: for a private ``key``, the first that can take it. Raises ``NoProvider``."""
    for provider in able(row, parameters):
        if key is None or (key.seed and provider.takes_seeds) or (key.expanded and provider.takes_expanded):
            return provider
    form = "" if key is None else f", for keys in {'seed' if key.seed else 'expanded'} form"
    raise NoProvider(f"no provider that is installed and allowed serves {row}{form}")


@cache
def versions() -> dict[str, str]:
    """A description of each installed provider, with its version."""
    described = {
        OPENSSL: f"cryptography {version('cryptography')}, {mlkem_openssl.library_version()}",
        LIBSODIUM: f"PyNaCl {version('pynacl')}",
        PYCRYPTODOME: f"PyCryptodome {version('pycryptodomex')}",
    }
    for name, package in ((LIBOQS, "liboqs-python"), (PQCRYPTO, "pqcrypto")):
        if name in installed():
            try:
                described[name] = f"{package} {version(package)}"
            except PackageNotFoundError:
                described[name] = package
    return described
