"""Key types of transit's API: each is one row of the registry, or several that parameters select.

The error texts are HashiCorp Vault's, whose API has these parameters.
"""

from __future__ import annotations

from collections.abc import Mapping

from engines.algorithms.registry import TRANSIT_ALGORITHMS
from engines.algorithms.row import CLASSICAL_HALF, PARAMETER_SET, POST_QUANTUM_HALF, Algorithm
from engines.algorithms.signatures.slhdsa import MISPRINTED
from engines.faults import InvalidRequest

KEY_TYPES: dict[str, list[Algorithm]] = {}
"""The rows of each key type."""

for _row in TRANSIT_ALGORITHMS.values():
    KEY_TYPES.setdefault(_row.key_type, []).append(_row)


def find_row(key_type: str, parameters: Mapping[str, str]) -> Algorithm | None:
    """The row of ``key_type`` with ``parameters``; None for an unknown type.

    Parameters that the type lacks are ignored. Raises ``InvalidRequest`` for unknown values.
    """
    rows = KEY_TYPES.get(key_type)
    if rows is None:
        return None
    parameter_set = parameters.get(PARAMETER_SET, "")
    if parameter_set in MISPRINTED:
        parameters = {**parameters, PARAMETER_SET: MISPRINTED[parameter_set]}
    for row in rows:
        if all(parameters.get(name) == value for name, value in row.type_parameters.items()):
            return row
    raise InvalidRequest(_misfit(key_type, rows, parameters))


def _misfit(key_type: str, rows: list[Algorithm], parameters: Mapping[str, str]) -> str:
    given = parameters.get(PARAMETER_SET, "")
    if POST_QUANTUM_HALF not in rows[0].type_parameters:
        return f"invalid parameter set {given} for key type {key_type}"

    def has(name: str) -> bool:
        return any(row.type_parameters[name] == parameters.get(name) for row in rows)

    if not has(POST_QUANTUM_HALF):
        reason = f"invalid PQC key type: {parameters.get(POST_QUANTUM_HALF, '')}"
    elif not has(PARAMETER_SET):
        reason = f"invalid parameter set {given} for key type {parameters[POST_QUANTUM_HALF]}"
    else:
        reason = f"invalid key type for hybrid key: {parameters.get(CLASSICAL_HALF, '')}"
    return f"invalid config for hybrid key: {reason}"
