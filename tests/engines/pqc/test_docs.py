"""The documentation of the engine says what its tables say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from engines.algorithms.registry import DEFAULT_KEM_ALGORITHM, KEM_ALGORITHMS, KEM_WRAPPING_ALGORITHM
from engines.algorithms.row import Algorithm
from engines.base import Operation, Row
from engines.pqc import importing, messages
from engines.pqc.encapsulation import ForeignCiphertext
from engines.pqc.routes import PQC

TEXT = (Path(__file__).parents[3] / "docs/pqc.md").read_text()
VERBS = {Operation.READ: "GET", Operation.LIST: "LIST", Operation.UPDATE: "POST", Operation.DELETE: "DELETE"}
PROVIDERS = {
    "ml-kem-512": "liboqs, pqcrypto",
    "ml-kem-768": "openssl, liboqs, pqcrypto",
    "ml-kem-1024": "openssl, liboqs, pqcrypto",
    "x25519-ml-kem-768": "openssl, liboqs",
    "p384-ml-kem-1024": "openssl, liboqs",
}


def _rows(heading: str) -> list[str]:
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| `")]


def _route(route: Row[Any]) -> str:
    path = re.sub(r":\w+}", "}", route.path)
    return f"| `{VERBS[route.operation]} pqc/{path}` | {route.help} |"


def _algorithm(row: Algorithm) -> str:
    assert row.capabilities.hpke is not None
    cells = (
        f"`{row.name}`",
        row.standard,
        str(row.sizes.public_key_bytes),
        str(row.sizes.ciphertext_bytes),
        str(row.strength.quantum_category),
        row.capabilities.hpke.name,
        PROVIDERS[row.name],
    )
    return "| " + " | ".join(cells) + " |"


def test_every_route_is_documented() -> None:
    assert _rows("API") == [_route(route) for route in PQC.routes]


def test_every_type_is_documented() -> None:
    assert _rows("Types of keys") == [_algorithm(row) for row in KEM_ALGORITHMS.values()]
    for row in KEM_ALGORITHMS.values():
        assert row.could_serve is not None
        assert set(row.could_serve()) <= set(PROVIDERS[row.name].split(", "))


def test_what_others_must_know_is_documented() -> None:
    for fact in (
        f"The default is `{DEFAULT_KEM_ALGORITHM.name}`",
        f"of the type `{KEM_WRAPPING_ALGORITHM.name}`",
        f"`info` is `{messages.INFO.decode()}`",
        f"`{ForeignCiphertext().message}`",
    ):
        assert fact in " ".join(TEXT.split())
    assert importing.INFO != messages.INFO
    for row in KEM_ALGORITHMS.values():
        assert f"`{row.label}`" in TEXT
