"""Known answers of key encapsulation, read from published vectors."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import cryptography_vectors

from engines.algorithms.kem.hybrid_kems import P384_MLKEM_1024, X25519_MLKEM_768
from engines.algorithms.kem.mlkem import MLKEM_512, MLKEM_768, MLKEM_1024
from engines.algorithms.kem.mlkem_parameters import PARAMETER_SETS, ParameterSet
from engines.algorithms.kem.providers import having
from tests.engines.algorithms.vectors import cases

VECTORS_READ = 100
ROWS = {row.label: row for row in (MLKEM_512, MLKEM_768, MLKEM_1024)}
PROVIDERS = [(parameters, provider) for parameters in PARAMETER_SETS for provider in having(parameters)]


def label(value: object) -> str:
    return str(getattr(value, "name", value))


def known_answers(parameters: ParameterSet) -> Iterator[dict[str, str]]:
    path = f"asymmetric/MLKEM/kat_{parameters.name.replace('-', '', 1).replace('-', '_')}.rsp"
    return itertools.islice(cases(path, "ss", first="count"), VECTORS_READ)


def hpke_vectors(kem: int) -> list[dict[str, Any]]:
    with cryptography_vectors.open_vector_file("HPKE/hpke-pq-test-vectors.json", "r") as file:
        return [case for case in json.load(file) if case["kem_id"] == kem and case["mode"] == 0]


def takes(row: Any) -> set[str]:
    """The forms of private keys that some installed provider takes for ``row``."""
    if row in (X25519_MLKEM_768, P384_MLKEM_1024):
        return {"seed"}
    parameters = next(parameters for parameters in PARAMETER_SETS if parameters.name == row.label)
    forms = [("seed", provider.takes_seeds) for provider in having(parameters)]
    forms += [("expanded", provider.takes_expanded) for provider in having(parameters)]
    return {form for form, taken in forms if taken}
