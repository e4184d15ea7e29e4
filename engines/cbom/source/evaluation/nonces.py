"""Nonces: random data that are the nonce of more than one encryption.

That a nonce was used is noted in the scope under a name of its own, so that the arms of a branch don't know of each
other's. In a loop, a nonce that was made before it is used again.
"""

from __future__ import annotations

from collections.abc import Mapping

from engines.cbom.source.evaluation.scopes import Scope
from engines.cbom.source.values import NOTHING, RANDOM, Data, Values, constants, known


def is_reused(scope: Scope, facts: Mapping[str, Values], loops: int) -> bool:
    """Note the use of a call's nonces, if it encrypts; whether one of them was used before, or will be again.

    ``loops`` is the number of loops around the call.
    """
    if constants(facts.get("direction", NOTHING)) != ["encrypt"]:
        return False
    reused = False
    for value in facts.get("iv", NOTHING):
        if isinstance(value, Data) and value.origin == RANDOM:
            name = _note(value)
            reused |= True in constants(scope.names.get(name, NOTHING)) or loops > value.loops
            scope.set(name, known(True))
    return reused


def renew(scope: Scope, value: Data, loops: int) -> None:
    """Note that data are new at this point of the program, inside ``loops`` loops."""
    value.loops = loops
    if _note(value) in scope.names:
        scope.set(_note(value), known(False))


def _note(value: Data) -> str:
    return f"\0nonce {id(value)}"
