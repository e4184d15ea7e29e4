"""Every algorithm that keys can be of, one row each; nothing outside this folder knows their names.

A new algorithm is a row in its family's file, or a new file listed here; the API, the documentation, the crypto policy
and the CBOM read these rows.
"""

from __future__ import annotations

from engines.algorithms import aead, cbc, cmac, ecdsa, ed25519, mac, mldsa, rsa, xts
from engines.algorithms.base import Algorithm

_FAMILIES = (aead, cbc, xts, ed25519, ecdsa, mldsa, rsa, mac, cmac)

ALGORITHMS: dict[str, Algorithm] = {row.name: row for family in _FAMILIES for row in family.ALGORITHMS}
"""Every row by its name."""

ALGORITHMS_BY_NUMBER: dict[int, Algorithm] = {
    algorithm.number: algorithm for algorithm in ALGORITHMS.values() if algorithm.number is not None
}
"""Those that backups have a number for."""

ALGORITHMS_BY_VAULT_NUMBER: dict[int, Algorithm] = {
    algorithm.vault_number: algorithm for algorithm in ALGORITHMS.values() if algorithm.vault_number is not None
}
"""Those that HashiCorp Vault's backups have a number for."""

DEFAULT_ALGORITHM = aead.AES256_GCM
"""What a key is of unless its maker says otherwise."""
