"""Handlers, and parts of handlers, of all engines with named keys: creating, listing and deleting keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Protocol, TypeAlias

from msgspec import Meta

from engines.algorithms.row import CLASSICAL_HALF, PARAMETER_SET, POST_QUANTUM_HALF, Algorithm
from engines.algorithms.signatures.slhdsa import MISPRINTED
from engines.algorithms.types import find_row
from engines.base import Call, Page, Reply
from engines.faults import NotFound
from engines.fields import READING, same_words
from engines.keys.rotation import blocked_rotations
from engines.keys.settings import KeyName
from engines.keys.store import KeepsKeys

ParameterSetName: TypeAlias = Annotated[str, Meta(extra={READING: same_words(MISPRINTED)})]
"""The name of a parameter set, of which one has two."""


class TypeParameters(Protocol):
    """The parameters that select among algorithms of one key type; ignored for other types."""

    parameter_set: str
    hybrid_key_type_pqc: str
    hybrid_key_type_ec: str


def find_algorithm(kept: Mapping[str, Algorithm], key_type: str, body: TypeParameters) -> Algorithm | None:
    """The algorithm among ``kept`` (by name) for ``key_type`` with the parameters in ``body``.

    None for an unknown type. Raises ``InvalidRequest`` for unfit parameters.
    """
    parameters = {
        PARAMETER_SET: body.parameter_set,
        POST_QUANTUM_HALF: body.hybrid_key_type_pqc,
        CLASSICAL_HALF: body.hybrid_key_type_ec,
    }
    row = find_row(key_type, parameters)
    return None if row is None else kept.get(row.name)


def warn_of_type(call: Call, algorithm: Algorithm) -> None:
    """Warn of a key type that isn't safe in every use."""
    if algorithm.capabilities.aead is not None and not algorithm.usage.authenticates:
        call.warn(f"keys of type {algorithm.key_type} don't notice that a ciphertext was changed")


async def list_keys(engine: KeepsKeys, call: Call, body: Page) -> Reply:
    """List the names of the keys."""
    names = await engine.keys.list(body.after, body.limit if body.limit > 0 else None)
    if not names:
        raise NotFound
    blocked = await blocked_rotations(engine.keys, names, call.now)
    return Reply({"keys": names, "blocked_rotations": blocked} if blocked else {"keys": names})


async def delete(engine: KeepsKeys, call: Call, body: KeyName) -> None:
    """Delete a key for which that is allowed."""
    await engine.keys.delete(body.name, call)
