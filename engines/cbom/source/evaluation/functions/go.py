"""Go's functions whose results follow from their arguments, and that rules can't tell: defaults of options."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from engines.cbom.source.evaluation import operators
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.values import CONSTANT, UNKNOWN, Data, Values, is_static, sole, union, weak_among

_VERB = re.compile(r"%([-+0 #]{0,4})(\d{0,3})(?:\.\d{1,3})?([a-zA-Z%])")
_TEXTS, _NUMBERS = frozenset("svq"), frozenset("dxX")

_KINDS = ("String", "Int", "Int64", "Uint", "Uint64", "Bool", "Duration")


_FORMS = frozenset({"String", "Text", "Bytes", "FillBytes", "Append", "Format", "Int64", "Uint64", "Unix", "UnixNano"})
"""Methods of ``big.Int`` and ``time.Time`` that give them in another form."""


def is_form(method: str, language: str) -> bool:
    """Whether a method may give the data that have it in another form. Go's texts, numbers and buffers have no methods:
    what has other ones is an object that a random number chose."""
    return language != "go" or method in _FORMS


def _default(_evaluator: Any, arguments: Arguments) -> Values:
    """``flag.String(name, default, help)``: the default, or what the user gives."""
    return union((arguments.positional[1], UNKNOWN)) if len(arguments.positional) > 1 else UNKNOWN


def _sprintf(_evaluator: Any, arguments: Arguments) -> Values:
    """``fmt.Sprintf``: the text of constants; a template that is one place gives what fills it."""
    given = arguments.positional
    if weak := weak_among(given):
        return weak
    template = sole(given[0]) if given and not arguments.incomplete else None
    if not isinstance(template, str) or len(template) > operators.MAX_TEMPLATE:
        return UNKNOWN
    verbs = list(_VERB.finditer(template))
    places = [verb for verb in verbs if verb[3] != "%"]
    if len(places) != len(given) - 1 or len(verbs) != template.replace("%%", "%").count("%"):
        return UNKNOWN
    if len(places) == 1 and places[0][0] == template and not isinstance(sole(given[1]), int):
        return given[1]
    if not all(values and all(is_static(value) for value in values) for values in given[1:]):
        return UNKNOWN
    fillings = iter(given[1:])
    filled = [_filled(verb, next(fillings)) if verb[3] != "%" else "%" for verb in verbs]
    if any(each is None for each in filled):
        return (Data(CONSTANT),)
    texts = iter(filled)
    return operators.bounded(_VERB.sub(lambda _: str(next(texts)), template))


def _filled(verb: re.Match[str], values: Values) -> str | None:
    """A constant as the verb ``%[flags][width]`` writes it; None if that isn't followed."""
    flags, width, letter = verb.groups()
    value = sole(values)
    if type(value) is int and letter in _NUMBERS | {"v"}:
        text = format(value, "d" if letter == "v" else letter)
    elif isinstance(value, str) and letter in _TEXTS - {"q"}:
        text = value
    else:
        return None
    if not width:
        return text
    return text.ljust(int(width)) if "-" in flags else text.rjust(int(width), "0" if "0" in flags else " ")


GO_FUNCTIONS: dict[str, Callable[[Any, Arguments], Values]] = {
    **{f"{package}.{kind}": _default for package in ("flag", "github.com/spf13/pflag") for kind in _KINDS},
    "fmt.Sprintf": _sprintf,
}
"""By full name."""
