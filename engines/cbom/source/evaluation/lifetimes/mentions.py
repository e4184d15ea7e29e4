"""Mentions: functions of libraries that stand for themselves, as ``return sha1.New`` and ``{"md5": md5.New}``.

A mention is a use where it is written. It is weak there too, unless a call of a library takes it: HMAC with SHA-1 isn't
weak. Where it is called is a use again, but no second weakness.
"""

from __future__ import annotations

from dataclasses import replace

from engines.cbom.source.evaluation.lifetimes.scopes import Source
from engines.cbom.source.evaluation.sightings import Place, Sighting, Witness
from engines.cbom.source.knowledge.model import Knowledge, Rule
from engines.cbom.source.values import Known, Ref, Values, known

_TAKEN = "taken"
"""The assurance that a call of a library took what is mentioned at a place."""

_GIVEN = "given"
"""The assurance that it is mentioned in that call: ``hmac.New(sha1.New, key)``."""


def tell_mention(
    knowledge: Knowledge, path: str, place: Place, witness: Witness, source: Source, *, weak: bool
) -> bool:
    """Report that the library's function ``path`` is mentioned in ``source``; whether knowledge says what it is for.

    A function that a variable gets is ``weak`` where that is called, not where it is mentioned.
    """
    sighting = _sighting(knowledge, path, place)
    if sighting is None:
        return False
    within = frozenset((place, source))
    witness.see(replace(sighting, rule=replace(sighting.rule, unless=_GIVEN), harmless=True, within=within))
    if weak:
        witness.see(replace(sighting, rule=replace(sighting.rule, primitive="", unless=_TAKEN), within=within))
    return True


def tell_called(knowledge: Knowledge, mention: Ref, witness: Witness) -> None:
    """Report that a mentioned function is called: whatever else takes it, it is used as it is."""
    sighting = _sighting(knowledge, mention.path, mention.place)
    if sighting is not None:
        witness.see(sighting)


def note_taken(arguments: list[Values], witness: Witness, line: int = 0) -> None:
    """Note that a call takes mentions: it tells what they are for, and in its own ``line`` there is one use."""
    for values in arguments:
        for value in values:
            if type(value) is Ref and value.place is not None:
                witness.assured.add((_TAKEN, value.place))
                if value.place.line == line:
                    witness.assured.add((_GIVEN, value.place))


def _sighting(knowledge: Knowledge, path: str, place: Place) -> Sighting | None:
    rule = next((rule for rule in knowledge.calls.get(path, ()) if _is_plain(rule)), None)
    if rule is None:
        return None
    facts = {word: known(term) for word, term in rule.facts.items() if isinstance(term, str) and term[:1] != "$"}
    return Sighting(place, replace(rule, findings=()), facts, frozenset(facts), harmless=False)


def _is_plain(rule: Rule) -> bool:
    """Whether a rule says what is used whatever the arguments are."""
    algorithm = rule.facts.get("algorithm")
    return bool(rule.primitive) and not rule.when and isinstance(algorithm, str) and not algorithm.startswith("$")


def by_place(values: Values) -> dict[Place | None, Values]:
    """Elements of a list by the places where they are written; None for those that aren't written as elements."""
    found: dict[Place | None, Values] = {}
    for value in values:
        place = value.place if type(value) is Known else None
        found[place] = (*found.get(place, ()), value)
    return found
