"""ML-KEM by the Rust code in ``pqcrypto``: keys are in expanded form, and no seed is given or taken.

Its authors say that it has had no audit. It is used because no other provider that is installed everywhere has
ML-KEM-512 or takes keys in expanded form.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from engines.algorithms.kem.mlkem_parameters import ML_KEM_512, ML_KEM_768, ML_KEM_1024, ParameterSet, PrivateKey

_MODULES = {
    ML_KEM_512.name: "ml_kem_512",
    ML_KEM_768.name: "ml_kem_768",
    ML_KEM_1024.name: "ml_kem_1024",
}


class PqcryptoMlKem:
    """As ``providers.MlKemProvider``."""

    name = "pqcrypto"
    takes_seeds = False
    takes_expanded = True

    def __init__(self, modules: dict[str, Any]) -> None:
        self._modules = modules

    def has(self, parameters: ParameterSet) -> bool:
        """As ``MlKemProvider.has``."""
        return parameters.name in self._modules

    def generate(self, parameters: ParameterSet) -> PrivateKey:
        """As ``MlKemProvider.generate``: an expanded key."""
        _, expanded = self._modules[parameters.name].keygen()
        return PrivateKey(expanded=expanded)

    def public_of(self, parameters: ParameterSet, seed: bytes) -> bytes:
        """As ``MlKemProvider.public_of``: never called, since it takes no seeds."""
        raise AssertionError("pqcrypto takes no seeds")

    def expand(self, parameters: ParameterSet, seed: bytes) -> bytes | None:
        """As ``MlKemProvider.expand``: never."""
        return None

    def encapsulator(self, parameters: ParameterSet, public: bytes) -> Callable[[], tuple[bytes, bytes]]:
        """As ``MlKemProvider.encapsulator``."""
        encapsulate = self._modules[parameters.name].encaps
        encapsulate(public)  # Checks the key, which the library does only here.

        def make() -> tuple[bytes, bytes]:
            ciphertext, shared_secret = encapsulate(public)
            return shared_secret, ciphertext

        return make

    def decapsulator(self, parameters: ParameterSet, key: PrivateKey) -> Callable[[bytes], bytes]:
        """As ``MlKemProvider.decapsulator``."""
        decapsulate = self._modules[parameters.name].decaps
        expanded = key.expanded
        decapsulate(expanded, bytes(parameters.ciphertext_bytes))  # Checks the key.

        def open_(ciphertext: bytes) -> bytes:
            shared_secret: bytes = decapsulate(expanded, ciphertext)
            return shared_secret

        return open_


def load() -> PqcryptoMlKem | None:
    """The provider, or None if there is no build of it for this machine."""
    try:
        import_module("pqcrypto.kem")
    except ImportError:
        return None
    return PqcryptoMlKem({name: import_module(f"pqcrypto.kem.{module}") for name, module in _MODULES.items()})
