"""Functions of C whose results follow from their arguments, and that rules can't tell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from engines.cbom.source import program
from engines.cbom.source.evaluation.evidence.offered import is_alternative
from engines.cbom.source.evaluation.evidence.secrets import words_of
from engines.cbom.source.evaluation.functions.surroundings import is_listed
from engines.cbom.source.evaluation.operators import MAX_TEMPLATE, binary, conflated
from engines.cbom.source.evaluation.rules import DATA_FACTS, Arguments, argument_of
from engines.cbom.source.knowledge.model import Rule
from engines.cbom.source.values import (
    CONSTANT,
    NOTHING,
    UNKNOWN,
    Data,
    Known,
    Partial,
    Thing,
    Value,
    Values,
    constants,
    is_static,
    known,
    sole,
    weak_among,
)

_PLACE = re.compile(r"%[-+ #]{0,4}\d{0,4}(?:\.\d{1,4})?(?:hh|h|ll|l|z|j|t)?([a-zA-Z%])")
_WRITTEN: dict[str, Callable[[Any], str]] = {
    "s": str,
    "d": str,
    "i": str,
    "u": str,
    "x": lambda value: f"{value:x}",
    "X": lambda value: f"{value:X}",
}
"""How conversions write a constant."""

OF_C = frozenset({"c", "cpp"})

_LONGEST = 60

_DONE: Values = (UNKNOWN[0],)
"""The result of a function that is known, unlike one that may fill its arguments."""

_COMPOSED = frozenset(
    {"cmac", "omac", "xcbc", "pmac", "mac", "kw", "keywrap", "gcm", "ghash", "ccm", "eax", "siv", "drbg"}
)
"""Words of names of functions that make a MAC, or a mode that knows changes, of a block cipher."""

_MODES = frozenset(
    {"ctr", "ocb", "wrap", "unwrap", "cfb", "ofb", "xts", "cbc", "cts", "keystream", "hp", "mask", "counter"}
)
"""Words of names of functions that make other modes of single blocks."""

_SINGLE = ({"encrypt", "block"}, {"decrypt", "block"})
"""Words of names of functions that encrypt a block for them."""

_INPUTS = frozenset({"ctr", "counter", "nonce", "iv", "ivec", "icv", "tweak"})
"""Words of names of what modes encrypt as single blocks."""

_CHOICE = 3
"""How many ciphers a call may get that a caller or a setting chooses from."""

_OFF = frozenset({False, "none", "NONE"})
"""Values of switches by which certificates aren't checked."""

_SETTING = re.compile(r"\$[\w-]+\$(?:(?:\d+|rounds=\d+)\$)?")

_KEY = re.compile(r"\(\s*genkey\s*\(\s*([\w-]+)")
_BITS = re.compile(r"\(\s*nbits\s+(?:\d+:)?(\d+|%[du])")
_CURVE = re.compile(r"\(\s*curve\s+(?:\d+:)?(?:\"([^\"]+)\"|([\w.-]+|%s))")


def operated(evaluator: Any, operator: str, left: Values, right: Values, line: int) -> Values:
    """The values of an operation, which stands in ``line`` if it is a test of several parts.

    A test that takes errors of a library's check for well is told of: ``result == X509_V_OK || result == ...``.
    """
    if line and any(type(value) is Thing for value in left):
        rule = evaluator.knowledge.calls.get(f"{conflated(operator, left, right)}.conflated")
        if rule:
            evaluator.told_by(rule, NOTHING, line)
    return binary(operator, left, right)


def may_set(evaluator: Any, node: program.Call, arguments: Arguments) -> None:
    """Note that a call may set the variables of which it gets the addresses, but for those that it has just set.

    A parameter that points to nothing yet is such an address: ``*made = NULL; reads(file, made);``.
    """
    for position in node.addresses:
        values = arguments.at(position)
        if values and all(type(each) is Known and isinstance(each.value, int | None) for each in values):
            if evaluator.evaluate(node.args[position]) == values:
                evaluator.assign(node.args[position], UNKNOWN)
    function = evaluator.running() if evaluator.scope.source.language in OF_C else None
    if function is None:
        return
    for given, values in zip(node.args, arguments.positional, strict=False):
        if len(values) == 1 and type(given) is program.Name and _is_nothing(values[0]):
            if any(each.name == given.name for each in function.parameters):
                evaluator.assign(program.Pointed(given), UNKNOWN)


def _is_nothing(value: Value) -> bool:
    return type(value) is Known and value.value is None


def of_c(
    evaluator: Any, rule: Rule, told: dict[str, Values], everything: Mapping[str, Values], node: program.Call
) -> dict[str, Values]:
    """What is ``told`` at a call as it is meant in C and C++: facts that replace those of ``everything``."""
    if evaluator.scope.source.language == "c":  # C++ has constructors, which give fields their values.
        told |= {word: settled(word, told[word]) for word in told.keys() & DATA_FACTS}
    if "verify" in told and (
        _is_switched(told["verify"]) or is_alternative(node, argument_of(rule, "verify", node), evaluator.running())
    ):
        told["verify"] = UNKNOWN
    if rule.primitive == "protocol" and any(type(each) is Partial for each in told.get("algorithm", NOTHING)):
        told["algorithm"] = UNKNOWN  # A version that is counted from another one: ``TLS1_VERSION + minimum``.
    if rule.primitive == "cipher" and (
        len(constants(told.get("algorithm", NOTHING))) >= _CHOICE or is_listed(node, evaluator.running())
    ):
        return {**told, "operation": known("choice")}
    asked = rule.naming and evaluator.keyed == "key"
    primitive = rule.primitive or ("cipher" if "iv" in told else "")
    if asked or is_part(primitive, {**everything, **told}, evaluator.within(), node.args):
        return {**told, "operation": known("key"), "iv": NOTHING}
    return told


def _is_switched(values: Values) -> bool:
    """Whether a check may be on or off, which is the user's choice: ``verify ? 1L : 0L``."""
    off = [each in _OFF for each in constants(values) if each is not None]
    return any(off) and not all(off)


def is_part(
    primitive: str, facts: Mapping[str, Values], running: Iterable[Any], given: list[program.Expression]
) -> bool:
    """Whether a call that encrypts is a part of a mode or MAC of the program's own, which is judged by itself.

    ``running`` are the functions that run, ``given`` the arguments of the call.
    """
    stated = (each for word in ("mode", "algorithm") for each in constants(facts.get(word, NOTHING)))
    texts = [each.upper() for each in stated if isinstance(each, str)]
    if primitive != "cipher" or (texts and not any(each.endswith(("ECB", "CBC")) for each in texts)):
        return False
    names = [each.name for each in running if type(each) is program.Function]
    if any(not _COMPOSED.isdisjoint(_words(each)) for each in names):
        return True
    inputs = (each.name for each in given if isinstance(each, program.Name | program.Member))
    blocks = any(not _MODES.isdisjoint(words) or any(map(words.issuperset, _SINGLE)) for words in map(_words, names))
    blocks = blocks or any(not _INPUTS.isdisjoint(_words(each)) for each in inputs)
    return blocks and any(each.endswith("ECB") for each in texts)


def settled(word: str, values: Values) -> Values:
    """Data that a call gets as the fact ``word``, without what isn't the data yet.

    A buffer or field of zeros is filled later where it may have other data too, and a scheme alone is no salt.
    """
    if word == "salt":
        values = tuple(each for each in values if type(each) is not Known or not _is_scheme(each.value))
    if all(map(is_static, values)):
        return values
    return tuple(each for each in values if type(each) is not Data or each.origin != CONSTANT)


def _is_scheme(text: Any) -> bool:
    return isinstance(text, str) and _SETTING.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _words(name: str) -> frozenset[str]:
    return frozenset(words_of(name[:_LONGEST]))


def _printer(position: int) -> Callable[[Any, Arguments], Values]:
    """``snprintf`` and its like, whose template is the argument at ``position``: the first one gets the text."""

    def printed(evaluator: Any, arguments: Arguments) -> Values:
        site = evaluator.site()
        text = _printed(arguments, position)
        target = site.args[0] if site.args else None
        if isinstance(target, program.Name | program.Member):
            evaluator.assign(target, text)
        else:
            arguments.may_fill()
        return _DONE

    return printed


def _printed(arguments: Arguments, position: int) -> Values:
    """The text that a template gives, or the beginning that is known of it."""
    weak = weak_among(arguments.positional[position:])
    if weak:
        return weak
    template = sole(arguments.at(position))
    if not isinstance(template, str) or len(template) > MAX_TEMPLATE:
        return UNKNOWN
    parts: list[str] = []
    end, given = 0, position + 1
    for place in _PLACE.finditer(template):
        parts.append(template[end : place.start()])
        end = place.end()
        if place[1] == "%":
            parts.append("%")
            continue
        value, write = sole(arguments.at(given)), _WRITTEN.get(place[1])
        given += 1
        if write is None or not isinstance(value, int if place[1] != "s" else str):
            return (Partial("".join(parts)),) if parts[0] else UNKNOWN
        parts.append(write(value))
    return known("".join((*parts, template[end:])))


def _described(position: int) -> Callable[[Any, Arguments], Values]:
    """A function that reads an S-expression from the text at ``position`` (Libgcrypt): what it says of a new key."""

    def described(evaluator: Any, arguments: Arguments) -> Values:
        text = sole(arguments.at(position))
        site = evaluator.site()
        if not isinstance(text, str) or len(text) > MAX_TEMPLATE or not site.args:
            return _DONE
        kind = _KEY.search(text)
        if kind is None:
            return _DONE
        facts = {"algorithm": known(kind[1])}
        for word, match in (("key_bits", _BITS.search(text)), ("curve", _CURVE.search(text))):
            if match is not None:
                stated = next(filter(None, match.groups()))
                before = len(_PLACE.findall(text[: match.start()]))
                values = arguments.at(position + 1 + before) if stated.startswith("%") else known(stated)
                if values is not NOTHING:
                    facts[word] = values
        evaluator.assign(site.args[0], (Thing("gcry_sexp_t", facts),))
        return _DONE

    return described


def _concatenated(_evaluator: Any, arguments: Arguments) -> Values:
    """GLib's ``g_strdup_printf``."""
    return _printed(arguments, 0)


C_FUNCTIONS: dict[str, Callable[[Any, Arguments], Values]] = {
    **dict.fromkeys(("sprintf", "asprintf", "wsprintfA", "std.sprintf"), _printer(1)),
    **dict.fromkeys(("snprintf", "_snprintf", "g_snprintf", "std.snprintf", "sprintf_s"), _printer(2)),
    "g_strdup_printf": _concatenated,
    "gcry_sexp_build": _described(2),
    **dict.fromkeys(("gcry_sexp_new", "gcry_sexp_create"), _described(1)),
    "gcry_sexp_sscan": _described(2),
}
"""By name."""
