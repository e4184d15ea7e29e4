"""Registry: one row for each algorithm of keys; no module outside of this folder has their names.

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
    """``rows`` by ``key``, without those that have none; keys must be unique."""
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
"""Rows by their number in OpenBao's backups."""

ALGORITHMS_BY_VAULT_NUMBER = index_by(lambda row: row.vault_number, ALGORITHMS.values())
"""Rows by their number in HashiCorp Vault's backups."""

VAULT_NUMBERS_UNPUBLISHED: dict[int, str] = {14: mldsa.KEY_TYPE, 15: hybrid_signatures.KEY_TYPE, 17: slhdsa.KEY_TYPE}
"""Key types with a number in HashiCorp Vault's backups whose format isn't published."""

KEM_ALGORITHMS: dict[str, Algorithm] = {
    name: algorithm for name, algorithm in ALGORITHMS.items() if algorithm.capabilities.encapsulation is not None
}
"""Rows of KEM keys."""

TRANSIT_ALGORITHMS: dict[str, Algorithm] = {
    name: algorithm for name, algorithm in ALGORITHMS.items() if algorithm.capabilities.encapsulation is None
}
"""Rows of transit's keys: Vault's API has no key encapsulation. See also ``key_types``."""

SIGNING_ALGORITHMS: dict[str, Algorithm] = {
    name: algorithm for name, algorithm in ALGORITHMS.items() if jws_algorithms(algorithm)
}
"""Rows whose signatures have names in JOSE and COSE."""

DEFAULT_ALGORITHM = aead.AES256_GCM
"""The default of transit's keys."""

DEFAULT_SIGNING_ALGORITHM = ecdsa.ECDSA_P256
"""The default of keys that sign tokens: every library can verify it."""

DEFAULT_KEM_ALGORITHM = hybrid_kems.X25519_MLKEM_768
"""The default of KEM keys: a hybrid, protected by both halves."""

APPROVED_KEM_ALGORITHM = mlkem.MLKEM_768
"""The default of KEM keys that FIPS 140-3 approves."""

APPROVED_KEM_WRAPPING_ALGORITHM = mlkem.MLKEM_1024
"""As ``KEM_WRAPPING_ALGORITHM``, approved by FIPS 140-3."""

KEM_WRAPPING_ALGORITHM = hybrid_kems.P384_MLKEM_1024
"""The key to which imported KEM keys are wrapped: as strong as any of them."""
