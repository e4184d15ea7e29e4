"""Every algorithm that keys can be of, one row each; nothing outside this folder knows their names.

A new algorithm is a row in its family's file, or a new file listed here; the API, the documentation, the crypto policy
and the CBOM read these rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from engines.algorithms.formats.jws import jws_algorithms
from engines.algorithms.kem import hybrid_kems, mlkem
from engines.algorithms.row import Algorithm
from engines.algorithms.rsa import rsa
from engines.algorithms.signatures import ecdsa, ed25519, hybrid_signatures, mldsa, slhdsa
from engines.algorithms.symmetric import aead, cbc, cmac, mac, xts

_FAMILIES = (aead, cbc, xts, ed25519, ecdsa, mldsa, slhdsa, hybrid_signatures, rsa, mac, cmac, mlkem, hybrid_kems)

KeyT = TypeVar("KeyT")


def index_by(key: Callable[[Algorithm], KeyT | None], rows: Iterable[Algorithm]) -> dict[KeyT, Algorithm]:
    """``rows`` by their ``key``, those without one left out; no two may have the same."""
    found: dict[KeyT, Algorithm] = {}
    for row in rows:
        value = key(row)
        if value is not None:
            other = found.setdefault(value, row)
            assert other is row, f"{other.name} and {row.name} have the same key {value!r}"
    return found


ALGORITHMS = index_by(lambda row: row.name, (row for family in _FAMILIES for row in family.ALGORITHMS))
"""Every row by its name."""

ALGORITHMS_BY_NUMBER = index_by(lambda row: row.number, ALGORITHMS.values())
"""Those that backups have a number for."""

ALGORITHMS_BY_VAULT_NUMBER = index_by(lambda row: row.vault_number, ALGORITHMS.values())
"""Those that HashiCorp Vault's backups have a number for."""

VAULT_NUMBERS_UNPUBLISHED: dict[int, str] = {14: mldsa.KEY_TYPE, 15: hybrid_signatures.KEY_TYPE, 17: slhdsa.KEY_TYPE}
"""Key types that HashiCorp Vault's backups have a number for, while nothing published says how keys stand there."""

KEM_ALGORITHMS: dict[str, Algorithm] = {
    name: algorithm for name, algorithm in ALGORITHMS.items() if algorithm.capabilities.encapsulation is not None
}
"""Those whose keys encapsulate."""

TRANSIT_ALGORITHMS: dict[str, Algorithm] = {
    name: algorithm for name, algorithm in ALGORITHMS.items() if algorithm.capabilities.encapsulation is None
}
"""Those that transit has keys of: Vault's API has no words for encapsulating. See also ``key_types``."""

SIGNING_ALGORITHMS: dict[str, Algorithm] = {
    name: algorithm for name, algorithm in ALGORITHMS.items() if jws_algorithms(algorithm)
}
"""Those whose signatures have names in JOSE and COSE."""

DEFAULT_ALGORITHM = aead.AES256_GCM
"""What a key is of unless its maker says otherwise."""

DEFAULT_SIGNING_ALGORITHM = ecdsa.ECDSA_P256
"""What a key that signs tokens is of unless its maker says otherwise: what every library can verify."""

DEFAULT_KEM_ALGORITHM = hybrid_kems.X25519_MLKEM_768
"""What a key that encapsulates is of unless its maker says otherwise: a hybrid, which both halves protect."""

APPROVED_KEM_ALGORITHM = mlkem.MLKEM_768
"""The same where defaults are to be approved by FIPS 140-3."""

APPROVED_KEM_WRAPPING_ALGORITHM = mlkem.MLKEM_1024
"""As ``KEM_WRAPPING_ALGORITHM``, where that too is to be approved."""

KEM_WRAPPING_ALGORITHM = hybrid_kems.P384_MLKEM_1024
"""What the key is of to which imported keys that encapsulate are wrapped: as strong as any of them."""
