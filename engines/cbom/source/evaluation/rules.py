"""Application of a knowledge rule to a call: terms, conditions, facts and results."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from engines.cbom.source.evaluation import operators
from engines.cbom.source.evaluation.evidence.acceptance import accepts_all, clears_errors, lets_errors_pass
from engines.cbom.source.evaluation.sightings import Place, Sighting
from engines.cbom.source.knowledge.model import Rule, Term
from engines.cbom.source.program import Call, Constant, Expression, Member, Name, Typed
from engines.cbom.source.values import (
    CONSTANT,
    NOTHING,
    TEXT,
    UNKNOWN,
    Array,
    Class,
    Closure,
    Data,
    Instance,
    Known,
    Partial,
    Ref,
    Table,
    Thing,
    Unknown,
    Value,
    Values,
    constants,
    is_static,
    known,
    union,
    weak_among,
)

_NAME_FACTS = frozenset({"algorithm", "hash", "mode", "padding", "curve", "protocol", "suites"})
DATA_FACTS = frozenset({"key", "iv", "salt", "seed", "password"})


OF_OWNER = "impl "
TYPES = ("type", OF_OWNER)
"""How the keywords begin that are type arguments of a function, or of the type whose function it is (Rust)."""

_OF_TYPES = (OF_OWNER, "typename ", "template")
"""How the keywords begin that are types: of the one whose function is called (Rust), of a template (C++)."""

_SENT = frozenset({"body", "query", "params", "headers", "cookies", "req", "request", "input", "args", "event"})
"""Names of what a client sent."""

_ANY = "?"
_ANY_TEXT = "any text"
"""What a condition allows where any constant text is meant."""

_VARIANT = re.compile(r"sha(?:256|512)\.New(\d[\d_]*)")
"""Go's functions for the shorter hashes of a package: ``sha512.New384``."""

_NOTHING_GIVEN = (("",), ("null", 0))
_HALF = 16
"""The bits of the lower half of a number with flags."""

_CHOICE = 3
"""How many values an element of a list has that a setting chooses."""

_LISTED = frozenset({"algorithm", "protocol", "mode", "curve", "suites"})
_VERIFYING = frozenset({"verify", "verify_host", "verify_signature", "callback"})


@dataclass(slots=True)
class Arguments:
    """The arguments of a call: those by position, those by name, and the object whose method it is."""

    positional: list[Values]
    keywords: dict[str, Values]
    receiver: Values = NOTHING
    incomplete: bool = False
    """Whether there may be more, from ``*args`` or ``**kwargs``."""

    site: Place | None = None
    """The place of a call that gives types to a generic function (Rust): what is done with them is told there."""

    def at(self, position: int) -> Values:
        """The argument at a position; NOTHING if there is none."""
        return self.positional[position] if position < len(self.positional) else NOTHING

    def count(self) -> int:
        """How many there are, without the types of the one whose function it is (Rust) and of a template (C++)."""
        return len(self.positional) + sum(not name.startswith(_OF_TYPES) for name in self.keywords)

    def take(self) -> list[Sighting]:
        """Note that a call of a library takes them: it tells what they are for. Returns what else would be told."""
        taken = []
        for values in (*self.positional, *self.keywords.values()):
            for value in values:
                if type(value) is Thing and value.untaken is not None and not value.untaken.rule.unless_decrypts:
                    taken.append(value.untaken)
                    value.untaken = None
        return taken

    def unfollowed(self) -> Values:
        """The result of a function that isn't run with them; it may fill its buffers."""
        self.may_fill()
        return UNKNOWN

    def may_fill(self, read: Collection[int] = ()) -> None:
        """Note that a call of which nothing is known may fill its buffers, but for those that it only reads."""
        for values in self.positional:
            for value in values:
                if type(value) is Data and value.origin == CONSTANT and id(value) not in read:
                    value.origin = ""


def bound(rule: Rule, arguments: Arguments) -> dict[str, Values]:
    """The arguments by the names of the rule's parameters."""
    found: dict[str, Values] = {"self": arguments.receiver} if arguments.receiver else {}
    for position, name in enumerate(rule.parameters):
        if name.startswith("*"):
            rest = arguments.positional[position:]
            if rest and name != "*":
                found[name[1:]] = (Array(rest),)
            break
        if position < len(arguments.positional):
            found[name] = arguments.positional[position]
    for name, values in arguments.keywords.items():
        found[name] = values
    return found


def apart(rule: Rule, names: dict[str, Values]) -> Iterator[dict[str, Values]]:
    """The arguments once for each options object that may be given: what one says doesn't hold for another."""
    for name in rule.dotted:
        values = names.get(name, NOTHING)
        if sum(type(value) is Table for value in values) > 1:
            yield from ({**names, name: (value,)} for value in values)
            return
    yield names


def applies(rule: Rule, arguments: Arguments, names: dict[str, Values], node: Call) -> bool:
    """Whether the rule is for a call, ``node``, with these arguments."""
    if rule.unless_field and node.args and _is_field(node.args[0], rule.unless_field):
        return False
    if rule.unless_of and _is_called(node.callee, rule.unless_of):
        return False
    if rule.arity and arguments.count() not in rule.arity:
        return False
    if not all(_holds(term, allowed, names) for term, allowed in rule.when):
        return False
    if any(_holds(term, allowed, names) for term, allowed in rule.not_when):
        return False
    return all(any(_is_of(value, kind) for value in of_term(term, names)) for term, kind in rule.typed)


def _is_called(callee: Expression, words: tuple[str, ...]) -> bool:
    """Whether the object whose method is called has one of these words in its name."""
    of = callee.base if isinstance(callee, Member) else None
    return isinstance(of, Name | Member) and any(word in of.name.lower() for word in words)


def _is_field(argument: Expression, names: tuple[str, ...]) -> bool:
    """Whether an argument is a field with one of these names, of an object that no client sent."""
    if isinstance(argument, Typed) and argument.value is not None:
        argument = argument.value
    if not isinstance(argument, Member) or argument.name not in names:
        return False
    of = argument.base
    return not isinstance(of, Name | Member) or of.name not in _SENT


def _is_of(value: Value, kind: str) -> bool:
    """Whether a value is an object of a type, a text, or a constant."""
    if isinstance(value, Thing):
        return value.type == kind
    if kind == "constant":
        return is_static(value) or (isinstance(value, Ref) and value.path.startswith("string."))
    return kind == "text" and isinstance(value, Known) and isinstance(value.value, str)


def harmless(rule: Rule, names: dict[str, Values]) -> bool:
    """Whether the rule says of such a call that there is nothing to object to."""
    return bool(rule.inventory) and all(_holds(term, allowed, names) for term, allowed in rule.inventory)


def _holds(term: Term, allowed: tuple[Constant, ...], names: dict[str, Values]) -> bool:
    values = of_term(term, names)
    if not values:
        return None in allowed
    if allowed in _NOTHING_GIVEN and len(values) > 1:
        return False  # It is what a variable has at first, or without a setting.
    return any(_is_one_of(value, allowed) for value in values)


def _is_one_of(value: Value, allowed: tuple[Constant, ...]) -> bool:
    if isinstance(value, Known):
        if value.value is None:
            return None in allowed or "null" in allowed
        if isinstance(value.value, str) and _ANY_TEXT in allowed:
            return True
        return any(value.value == one and type(value.value) is type(one) for one in allowed)
    if isinstance(value, Array):
        return any(_is_one_of(each, allowed) for item in value.items for each in item if type(each) is not Array)
    return (isinstance(value, Ref) and value.path in allowed) or (isinstance(value, Thing) and value.type in allowed)


def _is_unknown(value: Value) -> bool:
    """Whether nothing is known of a value, or of any element of a list."""
    if type(value) is Array:
        return bool(value.items) and all(type(each) is Unknown for item in value.items for each in item)
    return type(value) is Unknown or (type(value) is Known and value.value is None)


def of_term(term: Term, names: dict[str, Values]) -> Values:
    """The values that ``term`` names at a call; NOTHING if they aren't there."""
    if isinstance(term, tuple):
        found = NOTHING
        for each in term:
            if isinstance(each, str) and each.startswith(_ANY):
                return known(each.removeprefix(_ANY)) if each != _ANY else UNKNOWN
            if found and not (isinstance(each, str) and each.startswith("$")):
                continue  # A default holds where nothing is given.
            values = of_term(each, names)
            if values and not all(_is_unknown(value) for value in values):
                return values
            found = found or values
        return found
    if isinstance(term, str) and term.startswith("$"):
        name, *path = term[1:].split(".")
        values = names.get(name, NOTHING)
        for word in path:
            values = union(_part(value, word) for value in values)
        return values
    return NOTHING if term is None else known(term)


def _part(value: object, word: str) -> Values:
    if isinstance(value, Thing):
        return value.facts.get(word, UNKNOWN if value.type == TEXT else NOTHING)
    if isinstance(value, Table):
        return value.entries.get(word, UNKNOWN if value.open else NOTHING)
    if isinstance(value, Instance):
        return value.fields.get(word, NOTHING)
    if isinstance(value, Array) and word.isdigit():
        return value.items[int(word)] if int(word) < len(value.items) else NOTHING
    if isinstance(value, Partial) and word == "scheme" and value.beginning[:1] == "$":
        return known(value.beginning)
    if isinstance(value, Known):
        if word == "scheme" and isinstance(value.value, str):
            return known(value.value if value.value[:1] == "$" else "crypt") if value.value else NOTHING
        number = value.value >> _HALF if word == "high" and type(value.value) is int else 0
        return known(number) if number else NOTHING
    return UNKNOWN


def facts(terms: Mapping[str, Term], names: dict[str, Values]) -> dict[str, Values]:
    """The facts that ``terms`` are at the call."""
    found = {}
    for word, term in terms.items():
        values = fact_of(of_term(term, names), word)
        if values:
            found[word] = values
    return found


def fact_of(values: Values, word: str) -> Values:
    """Values as the fact ``word``: an object that has such a fact stands for it, a function for its name.

    An array stands for its elements. A function that is to verify is false where it lets everything pass.
    """
    if word in _LISTED and any(type(value) is Array for value in values):
        values = union(item for value in values for item in (_items(value) if type(value) is Array else [(value,)]))
    if word in _NAME_FACTS:
        values = tuple([_as_name(value) if type(value) is Known else value for value in values])
    if word in _VERIFYING:
        values = union(known(False) if _accepts(value) else (value,) for value in values)
    if any(isinstance(value, Thing | Ref) for value in values):
        return union(_as_fact(value, word) for value in values)
    return values


def _as_name(value: Known) -> Known:
    """A name that was decoded to bytes, as a text."""
    return Known(value.value.decode("latin-1")) if isinstance(value.value, bytes) else value


def _items(listed: Array) -> list[Values]:
    """The elements of a list, each with what it may be; one of several from a table is what a setting chooses."""
    return [item if len(item) < _CHOICE else UNKNOWN for item in listed.items]


def _as_fact(value: Value, word: str) -> Values:
    if isinstance(value, Thing):
        if value.type == TEXT:
            return UNKNOWN
        found = value.facts.get(word) or (value.facts.get("algorithm") if word == "hash" else None)
        return found or (UNKNOWN if word in DATA_FACTS else NOTHING)
    if isinstance(value, Ref) and word in _NAME_FACTS:
        last = value.path.rpartition("/")[2]
        name = last.rpartition(".")[2]
        variant = _VARIANT.fullmatch(last)
        if variant is not None:
            return known(f"sha{variant[1]}")
        return known(last if "/" in value.path and not name[:1].islower() else name)  # Go's are sha256.New.
    return (value,)


def _accepts(value: object) -> bool:
    if isinstance(value, Closure):
        function = value.function
        return accepts_all(function) or clears_errors(function) or lets_errors_pass(function)
    made = value.of if isinstance(value, Instance) else value
    return isinstance(made, Class) and made.accepts_all


def first_of(values: Values) -> Values:
    """What a function returns besides an error: Go's return an array of both."""
    return union(value.items[0] if type(value) is Array and len(value.items) == 2 else (value,) for value in values)


def argument_of(rule: Rule, word: str, node: Call) -> Expression | None:
    """The argument of a call that is its fact ``word``."""
    term = rule.facts.get(word, rule.keeps.get(word))
    name = term[1:].partition(".")[0] if isinstance(term, str) else ""
    given = positional_of(rule, name, node)
    return node.keywords.get(name) if given is None else given


def positional_of(rule: Rule, name: str, node: Call) -> Expression | None:
    """The argument of a call that is its parameter ``name``, given by position."""
    position = rule.parameters.index(name) if name in rule.parameters else len(node.args)
    return node.args[position] if position < len(node.args) else None


def was_told(rule: Rule, word: str, names: dict[str, Values]) -> bool:
    """Whether a fact is that of an object that the call gets, and was told where that was made."""
    values = of_term(rule.facts[word], names)
    made = [value.made if type(value) is Thing else None for value in values]
    return all(type(each) is Sighting and word in each.fresh for each in made)


def returned(rule: Rule, names: dict[str, Values], told: dict[str, Values]) -> Values:
    """The result of the call; NOTHING if the rule says nothing of it."""
    if rule.result:
        return (Thing(rule.result, dict(told)),)
    if rule.returns is not None:
        values = of_term(rule.returns, names)
        return (operators.decoded(values, rule.decode) if rule.decode else values) or UNKNOWN
    if rule.origin and rule.fills is None:
        return (made(rule, names),)
    return NOTHING


def made(rule: Rule, names: dict[str, Values]) -> Data:
    """Data of the rule's origin."""
    sizes = [] if rule.size is None else constants(of_term(rule.size, names))
    size = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], int) else None
    whole = NOTHING if rule.of is None else of_term(rule.of, names)
    if whole and all(is_static(value) for value in whole):
        return Data(CONSTANT, size)
    for weak in weak_among([whole]):
        return replace(weak, size=size)
    return Data(rule.origin or CONSTANT, size, in_bytes=isinstance(rule.size, str))
