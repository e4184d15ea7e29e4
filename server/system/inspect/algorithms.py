"""``algorithms``: the rows of the registry with their facts, their planned end, and their providers."""

from __future__ import annotations

from typing import Any

from engines.algorithms.kem.providers import versions
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Algorithm
from engines.base import Body, Call, Nothing, Reply
from engines.faults import NotFound
from server.runtime import plugins
from server.system.state import System


class AlgorithmBody(Body):
    """The name of an algorithm."""

    name: str = ""

    tells = {
        "name": "The name of the algorithm.",
    }


async def read_algorithms(system: System, call: Call, body: Nothing) -> Reply:
    """Show every row of the registry by its name, and the providers that are installed."""
    return Reply({"algorithms": _rows(), "providers": versions()})


async def list_algorithms(system: System, call: Call, body: Nothing) -> Reply:
    """List the names of all rows of the registry, with their facts."""
    rows = _rows()
    return Reply({"keys": list(rows), "key_info": rows})


async def read_algorithm(system: System, call: Call, body: AlgorithmBody) -> Reply:
    """Show one row of the registry. Raises ``NotFound``."""
    algorithm = ALGORITHMS.get(body.name)
    if algorithm is None:
        raise NotFound
    return Reply(_describe(algorithm))


def _rows() -> dict[str, Any]:
    return {name: _describe(algorithm) for name, algorithm in sorted(ALGORITHMS.items())}


def _describe(algorithm: Algorithm) -> dict[str, Any]:
    transition, chosen = algorithm.transition, algorithm.sizes.key_bytes_chosen
    could_serve = (algorithm.provider,) if algorithm.could_serve is None else algorithm.could_serve()
    return {
        "name": algorithm.name,
        "key_type": algorithm.key_type,
        "key_type_parameters": dict(algorithm.type_parameters),
        "standard": algorithm.standard,
        "family": algorithm.family,
        "primitive": algorithm.primitive.value,
        "operations": list(algorithm.operations),
        "engines": [engine.type for engine in plugins.engine_types() if algorithm.name in engine.algorithms],
        "parameter_set": algorithm.parameter_set,
        "parameter_set_name": algorithm.parameter_set_name,
        "size_bits": algorithm.size_bits,
        "object_identifier": algorithm.object_identifier,
        "key_bytes": algorithm.sizes.key_bytes,
        "key_bytes_chosen": None if chosen is None else [chosen[0], chosen[-1]],
        "public_key_bytes": algorithm.sizes.public_key_bytes,
        "nonce_bytes": algorithm.sizes.nonce_bytes,
        "tag_bytes": algorithm.sizes.tag_bytes,
        "signature_bytes": algorithm.sizes.signature_bytes,
        "ciphertext_bytes": algorithm.sizes.ciphertext_bytes,
        "shared_secret_bytes": algorithm.sizes.shared_secret_bytes,
        "classical_security_bits": algorithm.strength.classical_bits,
        "nist_quantum_category": algorithm.strength.quantum_category,
        "fips": algorithm.strength.fips.value,
        "hpke_suite": "" if algorithm.capabilities.hpke is None else algorithm.capabilities.hpke.name,
        "provider": algorithm.served_by,
        "available_providers": list(could_serve),
        "nist_ir_8547_deprecated_after": transition.deprecated_after,
        "nist_ir_8547_disallowed_after": transition.disallowed_after,
        "cnsa_2_0": transition.cnsa_2,
        "cnsa_2_0_disallowed_after": transition.cnsa_disallowed_after,
    }
