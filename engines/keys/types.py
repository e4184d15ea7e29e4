"""Choosing the algorithm of a new key as a request names it: a type, and what tells apart the rows that share it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Protocol, TypeAlias

from msgspec import Meta

from engines.algorithms.row import CLASSICAL_HALF, PARAMETER_SET, POST_QUANTUM_HALF, Algorithm
from engines.algorithms.signatures.slhdsa import MISPRINTED
from engines.algorithms.types import find_row
from engines.base import Call
from engines.fields import READING, same_words

ParameterSetName: TypeAlias = Annotated[str, Meta(extra={READING: same_words(MISPRINTED)})]
"""The name of a parameter set, of which one has two."""


class TypeParameters(Protocol):
    """What tells apart the algorithms that share a key type; of no meaning to other types."""

    parameter_set: str
    hybrid_key_type_pqc: str
    hybrid_key_type_ec: str


def find_algorithm(kept: Mapping[str, Algorithm], key_type: str, body: TypeParameters) -> Algorithm | None:
    """The one of ``kept``, algorithms by their names, that ``key_type`` stands for with the parameters in ``body``.

    None for a type that isn't among them. Raises ``InvalidRequest`` for unfit parameters.
    """
    parameters = {
        PARAMETER_SET: body.parameter_set,
        POST_QUANTUM_HALF: body.hybrid_key_type_pqc,
        CLASSICAL_HALF: body.hybrid_key_type_ec,
    }
    row = find_row(key_type, parameters)
    return None if row is None else kept.get(row.name)


def warn_of_type(call: Call, algorithm: Algorithm) -> None:
    """Warn of a type of keys that isn't safe in every use."""
    if algorithm.capabilities.aead is not None and not algorithm.usage.authenticates:
        call.warn(f"keys of type {algorithm.key_type} don't notice that a ciphertext was changed")
