"""Reports of calls of libraries: where a call stands, what it is seen with, and whether it is harmless."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace

from engines.cbom.source import program
from engines.cbom.source.evaluation import rules
from engines.cbom.source.evaluation.evidence import secrets
from engines.cbom.source.evaluation.evidence.own_libraries import KEYED, own_library
from engines.cbom.source.evaluation.expressions import Expressions
from engines.cbom.source.evaluation.functions.surroundings import is_choice, is_own_mode
from engines.cbom.source.evaluation.lifetimes.mentions import by_place, tell_mention
from engines.cbom.source.evaluation.lifetimes.nonces import Nonces
from engines.cbom.source.evaluation.sightings import (
    ASSURANCES,
    IN_FUNCTIONS,
    MAC,
    OF_OBJECTS,
    TAG,
    VERIFIED_HERE,
    Place,
    Sighting,
)
from engines.cbom.source.knowledge.model import Rule
from engines.cbom.source.values import NOTHING, Array, Data, Instance, Known, Ref, Thing, Values, constants

LATER = frozenset({"key_bits", "curve"})
"""Facts that an object may get after it was made."""

_LISTS = ("algorithm", "suites")
"""Facts that may be lists of which each element is told where it is written."""

_TOLD_ONCE = LATER | {"key", "password"}
"""Facts of an object that are told where it is made, and not again where it is given to a call."""

MEASURED = "measure"
"""What a call is for of whose result only a size is asked."""

_OF_FILES = frozenset({"certificate-check", "nonce"})
"""What other functions of a file of C may assure: callbacks look at results, setters give contexts their nonces."""


class Reporting(Expressions):
    """The part of the evaluator that reports calls of libraries."""

    calls = 0
    """The number of calls that were run."""

    loops = 0
    """The number of loops around this point of the program."""

    nonces: Nonces
    """The nonces that were used."""

    expansion: Place | None = None
    """Where the outermost macro is used that is being expanded."""

    called_mention = False
    """Whether the function that is called is written elsewhere, where its algorithm is told."""

    assures_nothing: dict[program.Function, int]
    """Functions that assured nothing when so many assurances were known."""

    telling: set[object]
    """The functions and classes in which a library is used."""

    keyed = ""
    """What the call is for whose arguments are evaluated: ``key`` for a MAC or a KDF, ``question``, or else."""

    dropped: program.Expression | None = None
    """The expression that is a statement: nothing gets its value."""

    assigned: tuple[program.Call, list[Sighting]] | None = None
    """The call whose result a variable gets, with what was seen at it of the object that it makes."""

    @abstractmethod
    def within(self) -> frozenset[object]:
        """The functions and classes of the program that are running, or the file if none is."""

    @abstractmethod
    def is_probe(self, node: program.Call) -> bool:
        """Whether a call only tries whether there is such an object."""

    @abstractmethod
    def running(self) -> program.Function | None:
        """The innermost function of the program that is running."""

    @abstractmethod
    def tests_others(self) -> bool:
        """Whether a test is running code that is none: what it gives to it says nothing of it."""

    @abstractmethod
    def in_test(self) -> bool:
        """Whether a marked test is running."""

    def mentioned(self, node: program.Mentioned) -> Values:
        values = self.evaluate(node.value)
        if len(values) != 1:
            return values
        value, place = values[0], node.place
        if type(value) is Known:
            return (Known(value.value, Place(self.scope.source.path, *place)),)
        if type(value) is Ref and value.path in self.knowledge.calls and not self.tests_others():
            at = Place(self.scope.source.path, *place)
            if tell_mention(self.knowledge, value.path, at, self.witness, self.scope.source, weak=not node.assigned):
                self.telling |= self.within()
                return values if node.assigned else (Ref(value.path, at),)
        return values

    def _place(self, node: program.Call, keyword: str = "") -> Place:
        """The place of a call, or of one of its keywords where the front-end has that."""
        own = node.line, node.column, node.end_line, node.end_column
        site = self.expansion or self._site_of_type(node.callee)
        return site or Place(self.scope.source.path, *node.places.get(keyword, own))

    def _site_of_type(self, callee: program.Expression) -> Place | None:
        """Where the type was given that is made, or whose function is called (``D::new()``); else None."""
        of = callee.base if type(callee) is program.Member else callee
        while type(of) is program.Member:  # A type of its, as in Self::Hash::new().
            of = of.base
        scope = self.scope.find(of.name) if type(of) is program.Name else None
        if type(of) is not program.Name or scope is None or scope.site is None:
            return None
        values = scope.names[of.name]
        given = any(name.startswith(rules.TYPES) and scope.names[name] is values for name in scope.names)
        return scope.site if given else None

    def _sight(
        self,
        rule: Rule,
        names: dict[str, Values],
        told: dict[str, Values],
        facts: dict[str, Values],
        place: Place,
        node: program.Call,
    ) -> Sighting | None:
        """Report a call with what the rule tells of it, and return that; None if it tells nothing.

        ``told`` are the facts that this call tells, ``facts`` also those that its object had.
        """
        ignored = bool(rule.dropped) and node is self.dropped
        if not (rule.primitive or told or rule.findings or rule.assures or ignored or secrets.CONTENT in rule.sets):
            return None
        findings = [*rule.findings, *(rule.dropped if ignored else ())]
        nonces = facts.get("iv", NOTHING) if "iv" in rule.facts or "iv" in rule.keeps else NOTHING
        kept = bool(nonces) and self._is_kept(rule, nonces, node)
        if nonces and self.nonces.is_reused(self.scope, facts, self.loops, self.calls, kept=kept):
            findings.append("nonce-reuse")
        if secrets.hashes_password(rule, node) and not self._is_asked_for(rule):
            findings.append("weak-kdf")
        fresh = frozenset(word for word in told if word not in _TOLD_ONCE or not rules.was_told(rule, word, names))
        fresh -= {"algorithm"} if self.called_mention else set()
        harmless = self._is_harmless(rule, names, told, node)
        judged = replace(rule, findings=tuple(findings)) if len(findings) > len(rule.findings) else rule
        judged = self._as_called(judged)
        within = self._within(rule, names, place)
        library = own_library(self.scope.source.path, self.running()) if rule.primitive in KEYED else ""
        sighting = Sighting(place, judged, facts, fresh, harmless, within, self.chosen, library=library)
        for each in self._elements(sighting, names):
            self._sighted(each, node)
        return sighting

    def _as_called(self, rule: Rule) -> Rule:
        """The rule with the library that the file imports in place of the rule's, if it is another one."""
        for beginning, name in self.scope.source.called.items():
            if rule.name == beginning or rule.name.startswith(f"{beginning}."):
                return replace(rule, library=replace(rule.library, name=name))
        return rule

    def _is_harmless(self, rule: Rule, names: dict[str, Values], told: dict[str, Values], node: program.Call) -> bool:
        """Whether there is nothing to object to the call, whatever it is called with."""
        return (
            rules.harmless(rule, names)
            or self._is_sound_here(rule)
            or is_own_mode(rule.unless_within, node, self.running(), self.within())
            or secrets.proves_work(rule, [rules.argument_of(rule, word, node) for word in ("password", "salt")])
            or (bool(rule.result) and self.is_probe(node))
            or (rule.choice and is_choice(told.get("algorithm", NOTHING), node, self.running()))
        )

    def _is_asked_for(self, rule: Rule) -> bool:
        """Whether a protocol asks for the hash of a password, by the words of the file."""
        source = self.scope.source
        return source.asks_of_leaks or (source.answers_challenges and secrets.CONTENT in rule.sets)

    def _is_sound_here(self, rule: Rule) -> bool:
        """Whether there is nothing to object to an algorithm because of the call that takes it."""
        asked = self.keyed == MEASURED or (rule.naming and self.keyed == "question")
        return asked or (rule.sound_keyed and self.keyed == "key")

    def _tell_birth(self, place: Place, facts: dict[str, Values], names: dict[str, Values]) -> None:
        """Tell where an object was made what it gets now: ``generator.init(256)``, a builder's algorithm."""
        for value in names.get("self", NOTHING):
            made = value.made if type(value) is Thing else None
            if type(made) is not Sighting or made.place == place or made.rule.primitive in ("", "protocol"):
                continue
            later = {word: facts[word] for word in ("algorithm", *LATER) if word in facts and word not in made.facts}
            if later:
                rule = replace(made.rule, findings=())
                self.witness.see(replace(made, rule=rule, facts={**made.facts, **later}, fresh=frozenset()))

    def _elements(self, sighting: Sighting, names: dict[str, Values]) -> Iterator[Sighting]:
        """A sighting, or one for each place of the list's elements that it is about (``CipherSuites``)."""
        word = next((word for word in _LISTS if word in sighting.fresh), "")
        given = rules.of_term(sighting.rule.facts[word], names) if word else NOTHING
        if not any(type(value) is Array for value in given):
            yield sighting
            return
        for place, values in by_place(sighting.facts[word]).items():
            yield replace(sighting, place=place or sighting.place, facts={**sighting.facts, word: values})

    def _within(self, rule: Rule, names: dict[str, Values], place: Place) -> frozenset[object]:
        """Where a sighting is. Callbacks of C look at the results of handshakes elsewhere in their file.

        What is assured of an object whose making is known holds for it alone: there, it is the place that made it, with
        what ran then. Another caller of that may leave its own object unassured.
        """
        things = [value.made if type(value) is Thing else None for value in names.get("self", NOTHING)]
        made = [each for each in things if type(each) is Sighting]
        if TAG in (rule.assures, rule.unless):
            return frozenset(each.place for each in made)
        if rule.assures in OF_OBJECTS and things and len(made) == len(things):
            return frozenset(_making(each.place, each.within) for each in made)
        within = self.within()
        source = self.scope.source
        if source.parts or (self.open_names and not _OF_FILES.isdisjoint((rule.assures, rule.unless))):
            within |= {source}
        return within | {_making(place, within)} if rule.unless in OF_OBJECTS else within

    def take_assurances(self, function: program.Function) -> None:
        """Note that what a function assures holds for all that call it."""
        assured = self.witness.assured
        if self.assures_nothing.get(function) == len(assured):
            return
        assurances = [assurance for assurance in ASSURANCES if (assurance, function) in assured]
        if assurances:
            assured.update([(assurance, each) for assurance in assurances for each in self.within()])
        else:
            self.assures_nothing[function] = len(assured)

    def _is_kept(self, rule: Rule, nonces: Values, node: program.Call) -> bool:
        """Whether a call's nonce is older than the functions that run, and a field or a file's variable has it."""
        if not any(type(value) is Data and self.nonces.is_older(value) for value in nonces):
            return False
        given = rules.argument_of(rule, "iv", node)
        parts = given.args if isinstance(given, program.Call) and given.creates else [given]
        return any(self._is_field(part) for part in parts)

    def _is_field(self, node: program.Expression | None) -> bool:
        """Whether an object or a file has what a call gets, or the whole of which it is a part."""
        while isinstance(node, program.Index):
            node = node.base
        if isinstance(node, program.Member):
            return any(isinstance(value, Instance) for value in self.evaluate(node.base))
        scope = self.scope.find(node.name) if isinstance(node, program.Name) else None
        return scope is not None and not scope.is_function

    def _is_snippet(self) -> bool:
        """Whether statements run that stand in no function, as in a part of a file of Java."""
        return self.methods_apart and self.running() is None

    def _sighted(self, sighting: Sighting, node: program.Call) -> None:
        assured = MAC if _is_mac(sighting) else sighting.rule.assures
        if assured:
            apart = assured in IN_FUNCTIONS and not self._is_snippet()
            within = (each for each in sighting.within if not apart or type(each) is program.Function)
            here = (self.running(),) if assured == VERIFIED_HERE else within
            self.witness.assured.update((assured, each) for each in here)
            if assured == MAC and sighting.library:
                self.witness.assured.add((MAC, sighting.library))
        self.telling |= sighting.within
        if sighting.rule.unless_taken or sighting.rule.unless_decrypts or self.tests_others():
            return
        if self.assigned is None or self.assigned[0] is not node or not sighting.rule.only_makes:
            self.witness.see(sighting)
        else:
            self.assigned[1].append(sighting)


def _making(place: Place, within: frozenset[object]) -> tuple[object, ...]:
    """What tells one making of an object from others: where it is, and the functions that run."""
    return place, frozenset(each for each in within if type(each) is program.Function)


def _is_mac(sighting: Sighting) -> bool:
    """Whether a MAC is computed or verified, be it by a function for signatures too (WebCrypto's ``sign``)."""
    if sighting.rule.primitive != "algorithm" or "operation" in sighting.facts:
        return sighting.rule.primitive == "mac"
    return "HMAC" in constants(sighting.facts.get("algorithm", NOTHING))
