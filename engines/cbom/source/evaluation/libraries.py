"""Calls of library functions with rules: their facts, and their results."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace

from engines.cbom.source import program
from engines.cbom.source.evaluation import rules, secrets
from engines.cbom.source.evaluation.expressions import Expressions
from engines.cbom.source.evaluation.functions.c_family.c import OF_C, may_set, of_c
from engines.cbom.source.evaluation.functions.callbacks import returned_key
from engines.cbom.source.evaluation.functions.surroundings import is_choice, is_counted, is_own_mode
from engines.cbom.source.evaluation.lifetimes.mentions import by_place, note_taken, tell_mention
from engines.cbom.source.evaluation.lifetimes.nonces import Nonces
from engines.cbom.source.evaluation.lifetimes.parameters import as_it_is, take_parameters
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.evaluation.sightings import IN_FUNCTIONS, LABEL, MAC, Place, Sighting
from engines.cbom.source.knowledge.model import Rule
from engines.cbom.source.values import (
    CONSTANT,
    NOTHING,
    RANDOM,
    UNKNOWN,
    WEAK_RANDOM,
    Array,
    Closure,
    Data,
    Instance,
    Known,
    Ref,
    Thing,
    Value,
    Values,
    constants,
    is_static,
    known,
    union,
    weak_among,
)

_LATER = frozenset({"key_bits", "curve"})
"""Facts that an object may get after it was made."""

_LISTS = ("algorithm", "suites")
"""Facts that may be lists of which each element is told where it is written."""

_TOLD_ONCE = _LATER | {"key", "password"}
"""Facts of an object that are told where it is made, and not again where it is given to a call."""

_NO_RESULT: Values = (UNKNOWN[0],)
"""The result of a call whose rule tells which buffers it fills, but nothing of what it returns."""

MEASURED = "measure"
"""What a call is for of whose result only a size is asked."""

_CERTIFICATE_CHECK = "certificate-check"

_CALLBACKS: dict[str, tuple[int, ...]] = {"callback": (True, 1), "error_callback": (0,)}
"""The facts that are functions that verify, with the results by which they accept."""

_MOST_RESULTS = 2
"""The most results that a callback gets of one call: both keys of a pair."""

_REQUESTS = frozenset({"req", "request", "ctx"})
"""Names of parameters that are the request which a server answers."""

TYPES = ("type", rules.OF_OWNER)
"""How the keywords begin that are type arguments of a function, or of the type whose function it is (Rust)."""

CHOOSING = frozenset({"rust"})
"""Languages in which calls choose an algorithm, a use where they stand: ``Cipher::aes_256_gcm()``."""

ERROR_FIRST = frozenset({"javascript", "typescript", "tsx", "vue"})
"""Languages whose libraries give a result to a last argument that is a function of an error and it."""


class Libraries(Expressions):
    """The part of the evaluator for calls of libraries."""

    calls = 0
    """The number of calls that were run."""

    loops = 0
    """The number of loops around this point of the program."""

    expansion: Place | None = None
    """Where the outermost macro is used that is being expanded."""

    nonces: Nonces
    """The nonces that were used."""

    called_mention = False
    """Whether the function that is called is written elsewhere, where its algorithm is told."""

    seeded: dict[str, Sighting | None]
    """What is to be reported of the seeds of libraries' own generators, by the library's name."""

    taken: set[Place]
    """Where objects are made that a call takes in one run at least: what is weak of them is told there."""

    untaken: list[Thing]
    """Objects that are reported if no call of a library takes them."""

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
    def assign(self, target: program.Expression, values: Values, *, local: bool = False) -> None:
        """Give ``target`` these values."""

    @abstractmethod
    def run(self, closure: Closure, arguments: Arguments) -> Values: ...

    def mentioned(self, node: program.Mentioned) -> Values:
        values = self.evaluate(node.value)
        if len(values) != 1:
            return values
        value, place = values[0], node.place
        if type(value) is Known:
            return (Known(value.value, Place(self.scope.source.path, *place)),)
        if type(value) is Ref and value.path in self.knowledge.calls and not self.tests_others():
            at = Place(self.scope.source.path, *place)
            if tell_mention(self.knowledge, value.path, at, self.witness, weak=not node.assigned):
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
        given = any(name.startswith(TYPES) and scope.names[name] is values for name in scope.names)
        return scope.site if given else None

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
            if rules.applies(rule, arguments, names, node) and not (rule.answering and not self._answers()):
                applied = True
                result = self._applied(rule, names, node) or result
                terms = (*rule.facts.values(), *rule.keeps.values(), rule.fills)
                read.update(id(value) for term in terms for value in rules.of_term(term, names))
        if not result and not node.creates:
            arguments.may_fill(read)
            may_set(self, node, arguments)
        if result and arguments.positional and self.scope.source.language in ERROR_FIRST:
            for value in arguments.positional[-1]:
                parameters = len(value.function.parameters) if type(value) is Closure else 0
                if type(value) is Closure and parameters > 1:
                    self.run(value, Arguments([known(None), *[result] * min(parameters - 1, _MOST_RESULTS)], {}))
        return result or (_NO_RESULT if applied else UNKNOWN)

    def _applied(self, rule: Rule, names: dict[str, Values], node: program.Call) -> Values:
        told = rules.facts(rule.facts, names)
        if "key" in told:
            told["key"] = returned_key(self, told["key"])
        if "iv" in told:
            nonce = rules.argument_of(rule, "iv", node)
            if secrets.is_key(nonce):
                told["iv"] = (Data(CONSTANT),)
            elif any(map(is_static, told["iv"])) and is_counted(nonce, self.running(), self.within()):
                told["iv"] = UNKNOWN
        for word in told.keys() & _CALLBACKS.keys():
            accepting, given = _CALLBACKS[word], told.pop(word)
            told["callback"] = union(known(False) if self._accepts(each, accepting) else (each,) for each in given)
        for made in weak_among([told[word] for word in told.keys() & rules.DATA_FACTS]):
            if made.made is not None:
                self.witness.see(made.made)
        everything = rules.facts(rule.keeps, names) | told
        for value in names.get("self", NOTHING):
            if type(value) is Thing:
                everything = {**value.facts, **everything}
                for word, values in rules.facts(rule.sets, names).items():
                    more = word == secrets.CONTENT and word in value.facts
                    if word == secrets.MATERIAL and value.made and secrets.is_key_material(node.args[:1]):
                        self.witness.assured.add((LABEL, value.made.place))
                    value.facts[word] = union((value.facts[word], values)) if more else values
        if self.scope.source.language in OF_C:
            everything |= of_c(self, rule, told, everything, node)
        place = self._place(node, rule.parameters[0] if rule.parameters else "")
        sighting: Sighting | None = None
        ignored = bool(rule.dropped) and node is self.dropped
        if rule.primitive or told or rule.findings or rule.assures or ignored or secrets.CONTENT in rule.sets:
            harmless = rules.harmless(rule, names) or self._is_sound_here(rule)
            harmless = harmless or is_own_mode(rule.unless_within, node, self.running(), self.within())
            harmless |= bool(rule.result) and self.is_probe(node)
            harmless = harmless or (rule.choice and is_choice(told.get("algorithm", NOTHING), node, self.running()))
            if ignored:
                rule = replace(rule, findings=(*rule.findings, *rule.dropped))
            nonces = everything.get("iv", NOTHING) if "iv" in rule.facts or "iv" in rule.keeps else NOTHING
            kept = bool(nonces) and self._is_kept(rule, nonces, node)
            if nonces and self.nonces.is_reused(self.scope, everything, self.loops, self.calls, kept=kept):
                rule = replace(rule, findings=(*rule.findings, "nonce-reuse"))
            if secrets.hashes_password(rule, node) and not self.scope.source.asks_of_leaks:
                rule = replace(rule, findings=(*rule.findings, "weak-kdf"))
            fresh = frozenset(word for word in told if word not in _TOLD_ONCE or not rules.was_told(rule, word, names))
            fresh -= {"algorithm"} if self.called_mention else set()
            sighting = Sighting(place, rule, everything, fresh, harmless, self._within(rule))
            for each in self._elements(sighting, names):
                self._sighted(each, node)
        if not _LATER.isdisjoint(rule.keeps.keys() | rule.facts.keys()) or "algorithm" in rule.sets:
            self._tell_birth(place, everything, names)
        if rule.fills is not None:
            self._fill(rule, names, place, node)
        result = rules.returned(rule, names, everything)
        if rule.origin == WEAK_RANDOM and rule.fills is None:
            result = (self._data(rule, names, place),)
        if rule.origin == RANDOM:
            for value in (*result, *rules.of_term(rule.fills, names)):
                if isinstance(value, Data):
                    self.nonces.renew(self.scope, value, self.loops)
        if sighting is not None and rule.result and isinstance(result[0], Thing):
            result[0].made = sighting
        if rule.seeds:
            self._seed(rule, everything, names, place, result)
        if rule.into is not None:
            self._put(rule, result, node)
        if (rule.unless_taken or rule.unless_decrypts) and isinstance(result[0], Thing):
            result[0].untaken = sighting and as_it_is(sighting)
            self.untaken.append(result[0])
        return result

    def _answers(self) -> bool:
        """Whether a function that runs gets a request, by the names of its parameters."""
        return any(
            type(each) is program.Function and not _REQUESTS.isdisjoint(one.name for one in each.parameters)
            for each in self.within()
        )

    def _tell_birth(self, place: Place, facts: dict[str, Values], names: dict[str, Values]) -> None:
        """Tell where an object was made what it gets now: ``generator.init(256)``, a builder's algorithm."""
        for value in names.get("self", NOTHING):
            made = value.made if type(value) is Thing else None
            if type(made) is not Sighting or made.place == place or not made.rule.primitive:
                continue
            later = {word: facts[word] for word in ("algorithm", *_LATER) if word in facts and word not in made.facts}
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

    def _accepts(self, callback: Value, accepting: tuple[int, ...]) -> bool:
        """Whether a function that verifies has an ``accepting`` result whatever it is called with."""
        if type(callback) is not Closure:
            return False
        results = self.run(callback, Arguments([], {}, incomplete=True))
        return all(type(each) is Known and each.value in accepting for each in results)

    def _is_sound_here(self, rule: Rule) -> bool:
        """Whether there is nothing to object to an algorithm because of the call that takes it."""
        asked = self.keyed == MEASURED or (rule.naming and self.keyed == "question")
        return asked or (rule.sound_keyed and self.keyed == "key")

    def _within(self, rule: Rule) -> frozenset[object]:
        """Where a sighting is. Callbacks of C look at the results of handshakes elsewhere in their file."""
        within = self.within()
        checks = self.open_names and _CERTIFICATE_CHECK in (rule.assures, rule.unless)
        return within | {self.scope.source} if checks else within

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

    def option(self, name: str, values: Values, line: int) -> None:
        self.told_by(self.knowledge.options[name], values, line)

    def told_by(self, found: list[Rule], values: Values, line: int) -> None:
        """Tell what rules say of the value that stands in ``line``."""
        place = program.Call(program.Name(found[0].name), [], {}, line, 1, line, 1)
        self._known(found, Arguments([values] if values else [], {}), place)

    def _sighted(self, sighting: Sighting, node: program.Call) -> None:
        assured = MAC if _is_mac(sighting) else sighting.rule.assures
        if assured:
            apart = assured in IN_FUNCTIONS
            within = (each for each in sighting.within if not apart or type(each) is program.Function)
            self.witness.assured.update((assured, each) for each in within)
        self.telling |= sighting.within
        if sighting.rule.unless_taken or sighting.rule.unless_decrypts or self.tests_others():
            return
        if self.assigned is None or self.assigned[0] is not node or not sighting.rule.only_makes:
            self.witness.see(sighting)
        else:
            self.assigned[1].append(sighting)

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


def _is_mac(sighting: Sighting) -> bool:
    """Whether a MAC is computed or verified, be it by a function for signatures too (WebCrypto's ``sign``)."""
    if sighting.rule.primitive != "algorithm" or "operation" in sighting.facts:
        return sighting.rule.primitive == "mac"
    return "HMAC" in constants(sighting.facts.get("algorithm", NOTHING))
