"""Parameters of ciphers that are objects of their own, such as Java's ``IvParameterSpec``.

A constant one is a weakness of the call that makes it, unless all that takes it decrypts: then the sender chose it. So
its sighting waits until a call takes the object, or until the file's functions have run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engines.cbom.source.evaluation import rules
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.evaluation.sightings import Place, Sighting, Witness
from engines.cbom.source.knowledge.model import Rule
from engines.cbom.source.values import NOTHING, Data, Thing, Values, constants, union

DECRYPTING = (["decrypt"], [False])
"""The constants of a ``direction`` that is decryption; false is that of a switch for encryption."""

_OF_CIPHERS = ("algorithm", "mode")
"""What a cipher tells of its parameters."""


def as_it_is(sighting: Sighting | None) -> Sighting | None:
    """A sighting whose buffers keep their content of now: they may be filled before it is told."""
    if sighting is None:
        return None
    facts = {
        word: tuple(replace(value) if type(value) is Data else value for value in values)
        for word, values in sighting.facts.items()
    }
    return replace(sighting, facts=facts)


def take_parameters(found: list[Rule], arguments: Arguments, witness: Witness) -> Iterator[Place]:
    """Tell of the parameters that a call takes, for which there are the rules ``found``.

    Yields the places of those that it decrypts with.
    """
    for values in arguments.positional:
        for value in values:
            waiting: Sighting | None = value.untaken if type(value) is Thing else None
            if type(value) is not Thing or waiting is None or not waiting.rule.unless_decrypts:
                continue
            if any(_decrypts(rule, arguments) for rule in found):
                yield waiting.place
            else:
                witness.see(_of_cipher(waiting, arguments.receiver))
                value.untaken = None


def _of_cipher(waiting: Sighting, ciphers: Values) -> Sighting:
    """The sighting of a parameter with the algorithm of the cipher that takes it, if that has only one."""
    given = {word: values for word in _OF_CIPHERS if (values := _told_of(ciphers, word))}
    if "algorithm" in waiting.facts or len(constants(given.get("algorithm", NOTHING))) != 1:
        return waiting
    return replace(waiting, facts={**given, **waiting.facts})


def _told_of(ciphers: Values, word: str) -> Values:
    """What is known of all the objects by the name of a fact."""
    return union(value.facts.get(word, NOTHING) for value in ciphers if type(value) is Thing)


def _decrypts(rule: Rule, arguments: Arguments) -> bool:
    """Whether the rule says of a call that it only decrypts."""
    if "direction" not in rule.facts:
        return False
    given = rules.of_term(rule.facts["direction"], rules.bound(rule, arguments))
    return len(given) == 1 and constants(given)[:1] in DECRYPTING
