"""ML-KEM-768 and ML-KEM-1024 by OpenSSL, through ``cryptography``: keys are seeds only."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.backends.openssl.backend import backend
from cryptography.hazmat.primitives.asymmetric.mlkem import (
    MLKEM768PrivateKey,
    MLKEM768PublicKey,
    MLKEM1024PrivateKey,
    MLKEM1024PublicKey,
)

from engines.algorithms.kem.mlkem_parameters import ML_KEM_768, ML_KEM_1024, ParameterSet, PrivateKey
from engines.algorithms.row import OPENSSL

_PRIVATE: dict[str, type[MLKEM768PrivateKey] | type[MLKEM1024PrivateKey]] = {
    ML_KEM_768.name: MLKEM768PrivateKey,
    ML_KEM_1024.name: MLKEM1024PrivateKey,
}
_PUBLIC: dict[str, type[MLKEM768PublicKey] | type[MLKEM1024PublicKey]] = {
    ML_KEM_768.name: MLKEM768PublicKey,
    ML_KEM_1024.name: MLKEM1024PublicKey,
}


class OpenSslMlKem:
    """As ``providers.MlKemProvider``."""

    name = OPENSSL
    takes_seeds = True
    takes_expanded = False

    def has(self, parameters: ParameterSet) -> bool:
        """As ``MlKemProvider.has``."""
        return parameters.name in _PRIVATE

    def generate(self, parameters: ParameterSet) -> PrivateKey:
        """As ``MlKemProvider.generate``: a seed."""
        return PrivateKey(seed=_PRIVATE[parameters.name].generate().private_bytes_raw())

    def public_of(self, parameters: ParameterSet, seed: bytes) -> bytes:
        """As ``MlKemProvider.public_of``."""
        return _PRIVATE[parameters.name].from_seed_bytes(seed).public_key().public_bytes_raw()

    def expand(self, parameters: ParameterSet, seed: bytes) -> bytes | None:
        """As ``MlKemProvider.expand``: never."""
        return None

    def encapsulator(self, parameters: ParameterSet, public: bytes) -> Callable[[], tuple[bytes, bytes]]:
        """As ``MlKemProvider.encapsulator``."""
        return _PUBLIC[parameters.name].from_public_bytes(public).encapsulate

    def decapsulator(self, parameters: ParameterSet, key: PrivateKey) -> Callable[[bytes], bytes]:
        """As ``MlKemProvider.decapsulator``."""
        return _PRIVATE[parameters.name].from_seed_bytes(key.seed).decapsulate


def load() -> OpenSslMlKem | None:
    """The provider, or None if OpenSSL is too old."""
    try:
        MLKEM768PrivateKey.generate()
    except UnsupportedAlgorithm:
        return None
    return OpenSslMlKem()


def library_version() -> str:
    """OpenSSL's version text."""
    return backend.openssl_version_text()
