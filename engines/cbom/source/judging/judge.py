"""The judge: turns sightings into results, and merges those of one place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from engines.cbom.source.evaluation.sightings import LABEL, MAC, NAMED, VERIFIED, VERIFIED_HERE, Place, Sighting
from engines.cbom.source.judging.checks import CHECKS, Weakness
from engines.cbom.source.judging.conditions import Condition, Conditions, Undecided, running_of
from engines.cbom.source.judging.names import algorithm_named, read_name
from engines.cbom.source.judging.results import Result, kinds
from engines.cbom.source.judging.soundness import has_mac, is_sound
from engines.cbom.source.judging.subject import Subject, subjects, unnamed
from engines.cbom.source.program import Function
from engines.cbom.source.values import UNKNOWN, Class, Known, Partial, Unknown, Values
from engines.cbom.source.words import USE

_BEFORE_TLS = "SSL"
"""How versions of the protocol are called that are no TLS yet."""

_OF_ANY_NAME = frozenset({"hash", "mac", "cipher"})
"""Kinds of uses that a call is whatever the algorithm is called."""

_OF_TOKENS = frozenset({VERIFIED, VERIFIED_HERE})
"""What excuses a token that is read unverified, but not the key that it is verified with."""

_FROM_CALLERS = frozenset({MAC, VERIFIED_HERE})
"""What holds for a function if all that call it assure it."""


class Judge:
    """Collector of results, and the ``Witness`` of evaluators."""

    def __init__(self) -> None:
        self.assured: set[tuple[str, object]] = set()
        self._results: dict[tuple[str, int, str], list[Result]] = {}
        self._unnamed: list[Sighting] = []
        self._general: list[Result] = []
        self._conditions: list[Condition] = []

    def see(self, sighting: Sighting) -> None:
        """Judge one sighting."""
        if sighting.beside is not None:
            self.see(sighting.beside)
        rule = sighting.rule
        found: list[Subject | None] = [*subjects(_told(sighting))]
        if not found and _is_chosen_elsewhere(sighting):
            self._unnamed.append(sighting)
        for subject in found or [unnamed(rule.primitive)]:
            primitive = rule.primitive
            if primitive == "hash" and subject is not None and subject.hash is not None:
                subject = Subject(subject.hash)  # OpenSSL's RSA-SHA256 is also a name of the hash.
            if primitive in ("", "algorithm") or (primitive == "signature" and subject and subject.is_hash):
                primitive = subject.algorithm.primitive if subject else ""
            if rule.primitive and subject is not None:
                self._add(sighting, subject, primitive, Weakness(USE, {}))
            if sighting.harmless:
                continue
            for weakness in _weaknesses(sighting, subject, primitive):
                if is_sound(weakness.finding, sighting, subject, primitive):
                    continue
                unnamed_use = subject is None or not primitive
                named = not unnamed_use or bool(rule.dropped)  # Signatures of any kind may be verified in vain.
                implied = None if named else algorithm_named(kinds()[weakness.finding].use)
                if weakness.finding in sighting.chosen:  # A setting turns it off: that is a use.
                    used = subject if implied is None else Subject(implied)
                    told = Weakness(USE, {}, chosen=kinds()[weakness.finding].chosen)
                    self._add(sighting, used, primitive if implied is None else implied.primitive, told)
                    continue
                if implied is not None:  # A call that turns off a check names no algorithm.
                    self._add(sighting, Subject(implied), implied.primitive, Weakness(USE, {}))
                    self._add(sighting, subject or Subject(implied), implied.primitive, weakness)
                    continue
                if subject is not None and not rule.primitive:  # A generator's size, the suites of a connection.
                    self._add(sighting, subject, primitive, Weakness(USE, {}))
                self._add(sighting, subject, primitive, weakness)

    def _add(self, sighting: Sighting, subject: Subject | None, primitive: str, weakness: Weakness) -> None:
        rule = sighting.rule
        name = weakness.algorithm or (subject.name if subject is not None else "")
        kind = kinds()[weakness.finding]
        words = {"subject": name, "bits": 0, "minimum": 0, "mode": "", "padding": "", **weakness.words}
        words["cited"] = f" ({weakness.words['source']})" if weakness.words.get("source") else ""
        result = Result(
            sighting.place,
            weakness.finding,
            "hash" if weakness.algorithm else primitive or kind.primitive,
            name,
            rule.library.name,
            subject.mode if subject else "",
            subject.padding if subject else "",
            subject.key_bits if subject else 0,
            subject.curve if subject else "",
            (kind.why.format(**words) if name or weakness.words else kind.why_in_general) + weakness.chosen,
            rule.library.replacements.get(weakness.finding, kind.instead) if weakness.finding != USE else "",
        )
        unless = MAC if weakness.finding == "unauthenticated-mode" else rule.unless
        within = sighting.within
        if weakness.finding == "hardcoded-key" and primitive == "mac":
            unless, within = LABEL, frozenset({sighting.place})
        elif weakness.finding == "hardcoded-key" and unless in _OF_TOKENS:
            unless = ""
        if rule.general and weakness.finding == USE:
            self._general.append(result)
        elif unless:
            self._conditions.append(Condition(result, unless, within, sighting.library if unless == MAC else ""))
        else:
            self.add(result)

    def add(self, result: Result) -> None:
        """Keep a result, unless one is there that tells as much of the same."""
        place = result.place
        found = self._results.setdefault((place.path, place.line, result.finding), [])
        for position, other in enumerate(found):
            if _compatible(other, result):
                found[position] = _joined(other, result)
                return
        found.append(result)

    def results(self) -> list[Result]:
        """The results in the order of their places, where a weak one has a use at its line, if only an unnamed one."""
        for result in self.conditions().remaining():
            self.add(result)
        for result in self._general:
            others = self._results.get((result.place.path, result.place.line, USE), ())
            if not any(result.algorithm in each.algorithm or each.algorithm[:3] == _BEFORE_TLS for each in others):
                self.add(result)
        self._general.clear()
        for sighting in self._unnamed:
            if (sighting.place.path, sighting.place.line, USE) not in self._results:
                self._add(sighting, None, sighting.rule.unnamed or sighting.rule.primitive, Weakness(USE, {}))
        self._unnamed.clear()
        for (path, line, finding), found in self._results.items():
            if finding != USE:
                uses = self._results.get((path, line, USE), [])
                found[:] = [each if each.algorithm else _named(each, uses) for each in found]
        for (path, line, finding), (weak, *_) in list(self._results.items()):
            if finding != USE and (path, line, USE) not in self._results:
                why = kinds()[USE].why_in_general
                self.add(replace(weak, finding=USE, algorithm="", reason=why, instead=""))
        return sorted((result for found in self._results.values() for result in found), key=order)

    def conditions(self) -> Conditions:
        """The results that another file may excuse, and what excuses such ones; others are decided, and kept or not."""
        found = Conditions(assuring={each for of, each in self.assured if of == MAC and isinstance(each, str)})
        held = [self._holds(each) for each in self._conditions]
        named = {
            each.result.place
            for each, holds in zip(self._conditions, held, strict=True)
            if holds and each.unless == NAMED
        }
        for each, holds in zip(self._conditions, held, strict=True):
            place = each.result.place
            if each.unless in _FROM_CALLERS and holds:
                found.excuse(place, running_of(each.within))
            elif each.unless in _FROM_CALLERS:
                found.undecided.append(Undecided(each.result, place, running_of(each.within), each.library))
            elif not holds and place not in named:
                self.add(each.result)
        self._conditions.clear()
        return found

    def _holds(self, condition: Condition) -> bool:
        """Whether what a result depends on was assured by what was running there, or beside it."""
        unless, within = condition.unless, condition.within
        if any((unless, each) in self.assured for each in within if unless != VERIFIED_HERE or not _is_whole(each)):
            return True
        return unless == MAC and any(type(each) is Class and has_mac(each) for each in within)


def _is_whole(running: object) -> bool:
    """Whether it is the whole program that runs: what one part of it verifies another one may not."""
    return isinstance(running, Function) and running.name == "main"


def _named(weak: Result, uses: list[Result]) -> Result:
    """A finding that names no algorithm, with that of the use at its place, if there is one only."""
    same = [each for each in uses if each.place == weak.place and each.library == weak.library and each.algorithm]
    if len(same) != 1:
        return weak
    return replace(same[0], finding=weak.finding, reason=weak.reason, instead=weak.instead)


def order(result: Result) -> tuple[Any, ...]:
    """The order of results."""
    place: Place = result.place
    return (place.path, place.line, place.column, result.finding != USE, result.finding, result.algorithm, result.mode)


def _is_chosen_elsewhere(sighting: Sighting) -> bool:
    """Whether a call is a use whose algorithm comes from a caller, from outside of the program, or isn't known."""
    given = sighting.facts.get("algorithm", ()) if "algorithm" in sighting.rule.facts else UNKNOWN
    named = sighting.rule.unnamed or sighting.rule.primitive not in ("", "algorithm")
    if not named or sighting.rule.asks:
        return False
    strange = sighting.rule.primitive in _OF_ANY_NAME
    return any(type(value) in (Unknown, Partial) or (strange and _is_strange(value)) for value in given)


def _is_strange(value: object) -> bool:
    """Whether a text names an algorithm that isn't known, such as one of a provider of the program's own."""
    return (
        type(value) is Known and isinstance(value.value, str) and value.value != "" and read_name(value.value) is None
    )


def _told(sighting: Sighting) -> Mapping[str, Values]:
    """The facts without what was told where an object got them: its suites, or the protocol of weak suites."""
    facts = sighting.facts
    if "suites" not in facts:
        return facts
    if "suites" not in sighting.fresh:
        return {word: values for word, values in facts.items() if word != "suites"}
    suites = {word: values for word, values in facts.items() if word != "algorithm"}
    return facts if "algorithm" in sighting.fresh or not subjects(suites) else suites


def _weaknesses(sighting: Sighting, subject: Subject | None, primitive: str) -> Iterator[Weakness]:
    """What is wrong with a use. Suites of which none is weak tell nothing of the protocol, which was told before."""
    fresh = sighting.fresh
    if "suites" in fresh and "algorithm" not in fresh and not subjects({"suites": sighting.facts["suites"]}):
        fresh -= {"suites"}
    for words, check in CHECKS:
        if words & fresh:
            yield from check(subject, primitive, sighting.facts)
    for finding in sighting.rule.findings:
        if finding != "nonce-reuse" or subject is None or subject.mode != "ECB":  # ECB has none.
            yield Weakness(finding, {})


_DETAILS = ("algorithm", "mode", "padding", "key_bits", "curve")


_ABOUT_SIZES = frozenset({USE, "weak-key-size"})
"""Findings that are told once for each size of a key."""


_ABOUT_CONNECTIONS = "disabled-certificate-check"


def _compatible(one: Result, other: Result) -> bool:
    if one.finding == _ABOUT_CONNECTIONS:  # It is wrong in whatever version of TLS.
        return True
    return all(
        not getattr(one, name) or not getattr(other, name) or getattr(one, name) == getattr(other, name)
        for name in _DETAILS
        if name != "key_bits" or one.finding in _ABOUT_SIZES
    )


def _joined(one: Result, other: Result) -> Result:
    base, second = (one, other) if one.algorithm else (other, one)
    if second.reason.startswith(base.reason):  # It says more.
        base = replace(base, reason=second.reason)
    return replace(base, **{name: getattr(one, name) or getattr(other, name) for name in _DETAILS})
