"""CMAC (SP 800-38B): message authentication by AES, with Vault's names of such keys."""

from __future__ import annotations

import secrets

from cryptography.hazmat.primitives import cmac
from cryptography.hazmat.primitives.ciphers import algorithms

from engines.algorithms.base import Material
from engines.algorithms.encodings.interchange import RawKeys
from engines.algorithms.row import Algorithm, Capabilities, Fips, Primitive, Sizes, Strength

CODE_BYTES = 16
"""The length of a full code in bytes: one block."""

MIN_CODE_BYTES = 4
"""The shortest truncated code, in bytes. Below 8 bytes, the number of an attacker's guesses must be considered (SP
800-38B, A.2)."""


class AesCmac:
    """One key; its state is made once and copied for each message."""

    __slots__ = ("_keyed",)

    def __init__(self, key: bytes) -> None:
        self._keyed = cmac.CMAC(algorithms.AES(key))

    def digest(self, data: bytes) -> bytes:
        """As ``Cmac.digest``."""
        context = self._keyed.copy()
        context.update(data)
        return context.finalize()


def _row(bits: int, number: int, vault_number: int, quantum_category: int) -> Algorithm:
    def generate(_: int) -> Material:
        return Material(secrets.token_bytes(bits // 8))

    return Algorithm(
        name=f"aes{bits}-cmac",
        number=number,
        vault_number=vault_number,
        standard="FIPS 197, SP 800-38B",
        family="CMAC",
        primitive=Primitive.MAC,
        size_bits=bits,
        parameter_set=str(bits),
        sizes=Sizes(key_bytes=bits // 8),
        strength=Strength(
            classical_bits=128, quantum_category=quantum_category, fips=Fips.APPROVED, cnsa_2=bits == 256
        ),
        object_identifier="",
        generate=generate,
        interchange=RawKeys(f"aes{bits}-cmac", (bits // 8,)),
        capabilities=Capabilities(cmac=AesCmac),
    )


AES128_CMAC = _row(128, 1006, 12, 1)
AES192_CMAC = _row(192, 1007, 16, 3)
AES256_CMAC = _row(256, 1008, 13, 5)

ALGORITHMS = (AES128_CMAC, AES192_CMAC, AES256_CMAC)
