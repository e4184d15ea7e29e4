"""ML-KEM by liboqs, if its native library and ``liboqs-python`` are installed.

``liboqs-python`` downloads and builds liboqs on import if it can't load it. So it must be imported only after the
library was found, in the places where it looks, and loaded.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import io
import os
import secrets
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engines.algorithms.kem.mlkem_parameters import PARAMETER_SETS, SEED_BYTES, ParameterSet, PrivateKey


class LiboqsMlKem:
    """As ``providers.MlKemProvider``. A mechanism holds native memory, so none lives longer than one operation."""

    name = "liboqs"
    takes_seeds = True
    takes_expanded = True

    def __init__(self, library: Any) -> None:
        self._mechanism = library.KeyEncapsulation
        enabled = set(library.get_enabled_kem_mechanisms())
        self._names = {parameters.name for parameters in PARAMETER_SETS} & enabled

    def has(self, parameters: ParameterSet) -> bool:
        """As ``MlKemProvider.has``."""
        return parameters.name in self._names

    def generate(self, parameters: ParameterSet) -> PrivateKey:
        """As ``MlKemProvider.generate``: a seed and its expanded form."""
        seed = secrets.token_bytes(SEED_BYTES)
        return PrivateKey(seed, self.expand(parameters, seed))

    def public_of(self, parameters: ParameterSet, seed: bytes) -> bytes:
        """As ``MlKemProvider.public_of``."""
        return parameters.public_in(self.expand(parameters, seed))

    def expand(self, parameters: ParameterSet, seed: bytes) -> bytes:
        """As ``MlKemProvider.expand``."""
        with self._mechanism(parameters.name) as mechanism:
            mechanism.generate_keypair_seed(seed)
            expanded: bytes = mechanism.export_secret_key()
            return expanded

    def encapsulator(self, parameters: ParameterSet, public: bytes) -> Callable[[], tuple[bytes, bytes]]:
        """As ``MlKemProvider.encapsulator``."""
        if len(public) != parameters.public_bytes:
            raise ValueError(f"a public {parameters.name} key has {parameters.public_bytes} bytes")

        def make() -> tuple[bytes, bytes]:
            with self._mechanism(parameters.name) as mechanism:
                try:
                    ciphertext, shared_secret = mechanism.encap_secret(public)
                except RuntimeError:
                    raise ValueError(f"not a public {parameters.name} key") from None
            return shared_secret, ciphertext

        make()  # Checks the key.
        return make

    def decapsulator(self, parameters: ParameterSet, key: PrivateKey) -> Callable[[bytes], bytes]:
        """As ``MlKemProvider.decapsulator``."""
        expanded = key.expanded or self.expand(parameters, key.seed)

        def open_(ciphertext: bytes) -> bytes:
            with self._mechanism(parameters.name, expanded) as mechanism:
                try:
                    shared_secret: bytes = mechanism.decap_secret(ciphertext)
                except RuntimeError:
                    raise ValueError(f"not a private {parameters.name} key") from None
            return shared_secret

        return open_


def _library_loads() -> bool:
    """Whether the native library is installed, found as by ``liboqs-python``, and can be loaded."""
    home = Path(os.environ.get("OQS_INSTALL_PATH") or Path.home() / "_oqs")
    names = [home / folder / "liboqs.so" for folder in ("lib", "lib64")] + [home / "lib" / "liboqs.dylib"]
    found = ctypes.util.find_library("oqs")
    for path in [found, *(str(name) for name in names if name.is_file())]:
        if path:
            with contextlib.suppress(OSError):
                ctypes.CDLL(path)
                return True
    return False


def load() -> LiboqsMlKem | None:
    """The provider, or None if it isn't installed; nothing is ever downloaded for it."""
    if find_spec("oqs") is None or not _library_loads():
        return None
    # Its import logs to the standard output, and warns of other versions of liboqs, which work.
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            return LiboqsMlKem(import_module("oqs"))
        except (ImportError, AttributeError, RuntimeError, OSError, SystemExit):
            return None
