"""The vocabulary of results: kinds of findings and of primitives, which are part of the command's interface."""

from __future__ import annotations

USE = "use"
"""The finding that isn't one: a place where cryptography is used."""

FINDINGS = frozenset(
    {
        "weak-hash", "weak-cipher", "ecb-mode", "static-iv", "nonce-reuse", "static-salt", "static-seed",
        "weak-key-size", "hardcoded-key", "weak-random", "weak-kdf", "low-kdf-iterations", "weak-padding",
        "unauthenticated-mode", "unverified-signature", "disabled-certificate-check", "weak-protocol",
        "quantum-vulnerable", "vulnerable-dependency",
    }
)  # fmt: skip
"""The classes of weaknesses."""

PRIMITIVES = frozenset(
    {
        "hash", "cipher", "mac", "signature", "kem", "kdf", "key-agreement", "random", "protocol", "certificate",
    }
)  # fmt: skip
"""The kinds of uses."""
