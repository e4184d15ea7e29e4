"""The registry of algorithms, for whoever takes stock of them: facts, plans for their end, and who does the work."""

from __future__ import annotations

from typing import Any

from engines.algorithms.kem.providers import versions
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Algorithm
from engines.base import Call, Nothing, Reply
from server.system.state import System


async def read_algorithms(system: System, call: Call, body: Nothing) -> Reply:
    """Show every row of the registry by its name, and the providers that are installed."""
    rows = {name: _describe(algorithm) for name, algorithm in sorted(ALGORITHMS.items())}
    return Reply({"algorithms": rows, "providers": versions()})


def _describe(algorithm: Algorithm) -> dict[str, Any]:
    transition = algorithm.transition
    could_serve = (algorithm.provider,) if algorithm.could_serve is None else algorithm.could_serve()
    return {
        "key_type": algorithm.key_type,
        "key_type_parameters": dict(algorithm.type_parameters),
        "standard": algorithm.standard,
        "primitive": algorithm.primitive.value,
        "parameter_set": algorithm.parameter_set,
        "object_identifier": algorithm.object_identifier,
        "key_bytes": algorithm.sizes.key_bytes,
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
