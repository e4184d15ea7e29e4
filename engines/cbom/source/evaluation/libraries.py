"""Calls of library functions with rules: their facts, and their results."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace

from engines.cbom.source import program
from engines.cbom.source.evaluation import rules
from engines.cbom.source.evaluation.evidence import secrets
from engines.cbom.source.evaluation.evidence.offered import is_offered
from engines.cbom.source.evaluation.functions.c_family.c import OF_C, may_set, of_c
from engines.cbom.source.evaluation.functions.callbacks import made_hash, returned_key
from engines.cbom.source.evaluation.functions.surroundings import is_counted, is_of_key, reads
from engines.cbom.source.evaluation.lifetimes.mentions import note_taken
from engines.cbom.source.evaluation.lifetimes.parameters import as_it_is, take_parameters
from engines.cbom.source.evaluation.lifetimes.settings import Settings
from engines.cbom.source.evaluation.reporting import LATER, Reporting
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.evaluation.sightings import LABEL, Place, Sighting
from engines.cbom.source.knowledge.model import Rule
from engines.cbom.source.values import (
    CONSTANT,
    NOTHING,
    RANDOM,
    UNKNOWN,
    WEAK_RANDOM,
    Closure,
    Data,
    Instance,
    Known,
    Ref,
    Thing,
    Value,
    Values,
    is_static,
    known,
    union,
    weak_among,
)

_NO_RESULT: Values = (UNKNOWN[0],)
"""The result of a call whose rule tells which buffers it fills, but nothing of what it returns."""

_CALLBACKS: dict[str, tuple[int, ...]] = {"callback": (True, 1), "error_callback": (0,)}
"""The facts that are functions that verify, with the results by which they accept."""

_MOST_RESULTS = 2
"""The most results that a callback gets of one call: both keys of a pair."""

_REQUESTS = frozenset({"req", "request", "ctx"})
"""Names of parameters that are the request which a server answers."""

CHOOSING = frozenset({"rust"})
"""Languages in which calls choose an algorithm, a use where they stand: ``Cipher::aes_256_gcm()``."""

ERROR_FIRST = frozenset({"javascript", "typescript", "tsx", "vue"})
"""Languages whose libraries give a result to a last argument that is a function of an error and it."""


class Libraries(Reporting):
    """The part of the evaluator for calls of libraries."""

    seeded: dict[str, Sighting | None]
    """What is to be reported of the seeds of libraries' own generators, by the library's name."""

    settings: Settings
    """What the arms that run set of objects."""

    taken: set[Place]
    """Where objects are made that a call takes in one run at least: what is weak of them is told there."""

    untaken: list[Thing]
    """Objects that are reported if no call of a library takes them."""

    @abstractmethod
    def assign(self, target: program.Expression, values: Values, *, local: bool = False) -> None:
        """Give ``target`` these values."""

    @abstractmethod
    def run(self, closure: Closure, arguments: Arguments) -> Values: ...

    def _known(self, found: list[Rule], arguments: Arguments, node: program.Call) -> Values:
        result: Values = NOTHING
        read: set[int] = set()
        applied = False
        self.taken.update(take_parameters(found, arguments, self.witness))
        for sighting in arguments.take():
            if self.scope.source.language in CHOOSING:
                self.taken.add(sighting.place)
            if self.scope.source.language in CHOOSING and not node.line <= sighting.place.line <= node.end_line:
                self.witness.see(replace(sighting, harmless=True))  # Chosen elsewhere, as in an arm of a match.
        note_taken([*arguments.positional, *arguments.keywords.values()], self.witness, node.line)
        each = ((rule, names) for rule in found for names in rules.apart(rule, rules.bound(rule, arguments)))
        for rule, names in each:
            if rules.applies(rule, arguments, names, node) and self._is_placed(rule):
                applied = True
                result = self._applied(rule, names, node) or result
                terms = (*rule.facts.values(), *rule.keeps.values(), rule.fills)
                read.update(id(value) for term in terms for value in rules.of_term(term, names))
        if not result and not node.creates:
            arguments.may_fill(read)
            may_set(self, node, arguments)
        if result and arguments.positional and self.scope.source.language in ERROR_FIRST:
            for value in arguments.positional[-1]:
                if type(value) is Closure:
                    given = [known(None), *[result] * _MOST_RESULTS]
                    self.nonces.single = True
                    self.run(value, Arguments(given[: len(value.function.parameters)], {}))
                    self.nonces.single = False
        return result or (_NO_RESULT if applied else UNKNOWN)

    def _applied(self, rule: Rule, names: dict[str, Values], node: program.Call) -> Values:
        told = self._told(rule, names, node)
        facts = self._facts(rule, names, told, node)
        whole = _begun(node) if rule.primitive == "random" else node
        place = self._place(whole, rule.parameters[0] if rule.parameters else "")
        sighting = self._sight(rule, names, told, facts, place, node)
        if not LATER.isdisjoint(rule.keeps.keys() | rule.facts.keys()) or "algorithm" in rule.sets:
            self._tell_birth(place, facts, names)
        if rule.fills is not None:
            self._fill(rule, names, place, node)
        result = self._result(rule, names, facts, place)
        if sighting is not None and rule.result and isinstance(result[0], Thing):
            result[0].made = sighting
        if rule.seeds:
            self._seed(rule, facts, names, place, result)
        if rule.into is not None:
            self._put(rule, result, node)
        if (rule.unless_taken or rule.unless_decrypts) and isinstance(result[0], Thing):
            result[0].untaken = sighting and as_it_is(sighting)
            self.untaken.append(result[0])
        return result

    def _told(self, rule: Rule, names: dict[str, Values], node: program.Call) -> dict[str, Values]:
        """The facts that a call tells; what makes its data weak is reported."""
        told = rules.facts(rule.facts, names)
        if "key" in told:
            told["key"] = returned_key(self, told["key"])
        if "hash" in told and self.scope.source.language == "go":
            told["hash"] = made_hash(self, told["hash"])
        if "iv" in told:
            nonce = rules.argument_of(rule, "iv", node)
            if secrets.is_key(nonce) or is_of_key(nonce, rules.positional_of(rule, "key", node), self.running()):
                told["iv"] = (Data(CONSTANT),)
            elif any(map(is_static, told["iv"])) and is_counted(nonce, self.running(), self.within()):
                told["iv"] = UNKNOWN
        for word in told.keys() & _CALLBACKS.keys():
            accepting, given = _CALLBACKS[word], told.pop(word)
            told["callback"] = union(known(False) if self._accepts(each, accepting) else (each,) for each in given)
        for made in weak_among([told[word] for word in told.keys() & rules.DATA_FACTS]):
            if made.made is not None:
                self.witness.see(made.made)
        return told

    def _facts(
        self, rule: Rule, names: dict[str, Values], told: dict[str, Values], node: program.Call
    ) -> dict[str, Values]:
        """What the call tells, with the facts that it keeps and those of its object, which gets the new ones."""
        facts = rules.facts(rule.keeps, names) | told
        for value in names.get("self", NOTHING):
            if type(value) is Thing:
                facts = {**value.facts, **facts}
                for word, values in rules.facts(rule.sets, names).items():
                    more = word == secrets.CONTENT and word in value.facts
                    if word == secrets.MATERIAL and value.made and secrets.is_key_material(node.args[:1]):
                        self.witness.assured.add((LABEL, value.made.place))
                    if more:
                        value.facts[word] = union((value.facts[word], values))
                    else:
                        self.settings.set(value, word, values)
        if self.scope.source.language in OF_C:
            facts |= of_c(self, rule, told, facts, node)
        if rule.primitive == "cipher" and is_offered(node, self.running()):
            facts["operation"] = known("offered")
        return facts

    def _result(self, rule: Rule, names: dict[str, Values], facts: dict[str, Values], place: Place) -> Values:
        """What a call returns; random data count as new wherever they are."""
        result = rules.returned(rule, names, facts)
        if rule.origin == WEAK_RANDOM and rule.fills is None:
            result = (self._data(rule, names, place),)
        if rule.origin == RANDOM:
            for value in (*result, *rules.of_term(rule.fills, names)):
                if isinstance(value, Data):
                    self.nonces.renew(self.scope, value, self.loops)
        return result

    def _is_placed(self, rule: Rule) -> bool:
        """Whether the functions that run are those that a rule is for."""
        return (not rule.answering or self._answers()) and (not rule.reads or reads(rule.reads, self.running()))

    def _answers(self) -> bool:
        """Whether a function that runs gets a request, by the names of its parameters."""
        return any(
            type(each) is program.Function and not _REQUESTS.isdisjoint(one.name for one in each.parameters)
            for each in self.within()
        )

    def _accepts(self, callback: Value, accepting: tuple[int, ...]) -> bool:
        """Whether a function that verifies has an ``accepting`` result whatever it is called with."""
        if type(callback) is not Closure:
            return False
        results = self.run(callback, Arguments([], {}, incomplete=True))
        return all(type(each) is Known and each.value in accepting for each in results)

    def option(self, name: str, values: Values, line: int, of: Values = NOTHING) -> None:
        """Tell what an option says that a call of ``of`` gets, or an object."""
        found = self.knowledge.options[name]
        if len(of) == 1 and type(of[0]) is Ref:
            package = of[0].path.partition(".")[0]
            found = [replace(rule, library=replace(rule.library, name=package)) for rule in found]
        self.told_by(found, values, line)

    def _tell_fields(self, types: Values, arguments: Arguments, node: program.Call) -> None:
        """Tell what the fields say that an object of a library's type has from its making: ``{.verify = NONE}``."""
        for name, values in arguments.keywords.items():
            for each in types:
                fields = self.knowledge.attributes.get(f"{each.path}.{name}") if type(each) is Ref else None
                if fields:
                    self.told_by(fields, values, node.places.get(name, (node.line,))[0])

    def told_by(self, found: list[Rule], values: Values, line: int) -> None:
        """Tell what rules say of the value that stands in ``line``."""
        place = program.Call(program.Name(found[0].name), [], {}, line, 1, line, 1)
        self._known(found, Arguments([values] if values else [], {}), place)

    def _fill(self, rule: Rule, names: dict[str, Values], place: Place, node: program.Call) -> None:
        """A buffer gets new data; a variable that had other data has these now."""
        made = self._data(rule, names, place)
        buffers = rules.of_term(rule.fills, names)
        given = rules.positional_of(rule, str(rule.fills)[1:], node)
        wiped = made.origin == CONSTANT and all(type(each) is Data and each.origin != CONSTANT for each in buffers)
        for buffer in buffers if not wiped else ():  # Only on this path: most wipe a secret before they leave.
            if isinstance(buffer, Data) and (made.origin != CONSTANT or type(given) is not program.Index):
                buffer.origin, buffer.made = made.origin, made.made
        if isinstance(given, program.Name | program.Member) and made.origin == WEAK_RANDOM:
            self.tell_secret(given.name, (made,), buffer=True)
        if given is not None and (wiped or not any(isinstance(each, Data | Instance | Thing) for each in buffers)):
            self.nonces.renew(self.scope, made, self.loops)
            self.assign(given, (made,))

    def _data(self, rule: Rule, names: dict[str, Values], place: Place) -> Data:
        made = rules.made(rule, names)
        if made.origin == WEAK_RANDOM and made.made is None:
            own = [value.seeded for value in names.get("self", NOTHING) if type(value) is Thing]
            seed = own[0] if own else self.seeded.get(rule.library.name)
            made.made = secrets.weakness(rule, place, seed, self.within())
        return made

    def _seed(self, rule: Rule, facts: dict[str, Values], names: dict[str, Values], place: Place, made: Values) -> None:
        """Note the seed of a generator: of the one made, of the call's object, or of the library's own."""
        given = [value.seeded for values in names.values() for value in values if type(value) is Thing]
        seed = next(filter(None, given), None) or secrets.static_seed(rule, place, facts.get("seed", NOTHING))
        generators = [value for value in made or names.get("self", NOTHING) if type(value) is Thing]
        for each in generators:
            each.seeded = seed
        if not generators:
            self.seeded[rule.library.name] = seed

    def _put(self, rule: Rule, result: Values, node: program.Call) -> None:
        """The result becomes the value of the variable that is the argument ``into``, with ``&`` or without."""
        position = rule.parameters.index(str(rule.into)[1:])
        if position < len(node.args) and result:
            self.assign(node.args[position], result)


def _begun(node: program.Call) -> program.Call:
    """The call in whose result's method a call ends, where that stands in an earlier line: ``rand::rng()`` does."""
    base = node.callee.base if type(node.callee) is program.Member else None
    return base if type(base) is program.Call and base.line < node.line else node
