"""Functions of Python's own library that give defaults of fields and of command lines, and partial application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.values import (
    NOTHING,
    UNKNOWN,
    Array,
    Bound,
    Known,
    Table,
    Thing,
    Values,
    constants,
    known,
    union,
    weak_among,
)

_PARSER = "argparse.ArgumentParser"
_OPTIONS = "options"
"""The fact of a parser of command lines that is its namespace."""


def _partial(evaluator: Any, arguments: Arguments) -> Values:
    """``partial(f, a, b=c)``. A switch that it sets is told here: ``partial(requests.get, verify=False)``."""
    if not arguments.positional:
        return UNKNOWN
    function, *given = arguments.positional
    told = evaluator.tell_switches(function, Arguments(given, arguments.keywords))
    kept = {name: values for name, values in arguments.keywords.items() if name not in told}
    return (Bound(function, given, kept),)


def _field(evaluator: Any, arguments: Arguments) -> Values:
    """``field(default=1)``, ``field(default_factory=f)`` of dataclasses, attrs and pydantic."""
    names = ("default_factory", "factory")
    factories = next((arguments.keywords[name] for name in names if name in arguments.keywords), NOTHING)
    made = union(evaluator.invoke(each, Arguments([], {})) for each in factories)
    return made or _default(evaluator, arguments)


def _default(_evaluator: Any, arguments: Arguments) -> Values:
    """``typer.Option(1024, "--bits")``."""
    first = arguments.positional[0] if arguments.positional else UNKNOWN
    return arguments.keywords.get("default", first)


def _parser(_evaluator: Any, _arguments: Arguments) -> Values:
    return (Thing(_PARSER, {_OPTIONS: (Table({}, open=True),)}),)


def _namespace(arguments: Arguments) -> list[Table]:
    parsers = [value for value in arguments.receiver if type(value) is Thing]
    return [value for parser in parsers for value in parser.facts.get(_OPTIONS, NOTHING) if type(value) is Table]


def _option(evaluator: Any, arguments: Arguments) -> Values:
    """A parser's ``add_argument("--name", default=...)``: an attribute of what it parses."""
    flags = [str(flag) for values in arguments.positional for flag in constants(values)]
    longest = [flag for flag in flags if flag.startswith("--")] or flags
    names = constants(arguments.keywords.get("dest", NOTHING)) or longest[:1]
    switched = {"store_true": False, "store_false": True}
    action = next(iter(constants(arguments.keywords.get("action", NOTHING))), "")
    default = arguments.keywords.get("default", NOTHING)
    if not default and action in switched:
        default = known(switched[str(action)])
    for kind in arguments.keywords.get("type", NOTHING):
        if any(type(value) is Known and isinstance(value.value, str) for value in default):
            default = evaluator.invoke(kind, Arguments([default], {}))
    for table in _namespace(arguments):
        for name in names:
            table.entries[str(name).lstrip("-").replace("-", "_")] = union((default, UNKNOWN))
    return UNKNOWN


def _defaults(_evaluator: Any, arguments: Arguments) -> Values:
    for table in _namespace(arguments):
        table.entries.update((name, union((values, UNKNOWN))) for name, values in arguments.keywords.items())
    return UNKNOWN


def _same(_evaluator: Any, arguments: Arguments) -> Values:
    return arguments.receiver


def _parsed(_evaluator: Any, arguments: Arguments) -> Values:
    return tuple(_namespace(arguments)) or UNKNOWN


def _partly_parsed(_evaluator: Any, arguments: Arguments) -> Values:
    return (Array([tuple(_namespace(arguments)) or UNKNOWN, UNKNOWN]),)


def _entries(_evaluator: Any, arguments: Arguments) -> Values:
    """``vars(args)``."""
    tables = [value for values in arguments.positional for value in values if type(value) is Table]
    return tuple(tables) or UNKNOWN


def _written(_evaluator: Any, arguments: Arguments) -> Values:
    """``hex(number)``: what is made of a weak generator's data is as weak."""
    return weak_among(arguments.positional) or UNKNOWN


_FIELDS = ("dataclasses.field", "attr.ib", "attr.attrib", "attr.field", "attrs.field", "pydantic.Field")
_SHARING = ("add_argument_group", "add_mutually_exclusive_group", "add_subparsers", "add_parser")
"""Methods of a parser whose results fill the same namespace."""

PYTHON_FUNCTIONS: dict[str, Callable[[Any, Arguments], Values]] = {
    "functools.partial": _partial,
    **dict.fromkeys((*_FIELDS, "pydantic.fields.Field", "pydantic.v1.Field", "sqlmodel.Field"), _field),
    **dict.fromkeys(("typer.Option", "typer.Argument"), _default),
    _PARSER: _parser,
    f"{_PARSER}.add_argument": _option,
    f"{_PARSER}.set_defaults": _defaults,
    **{f"{_PARSER}.{name}": _same for name in _SHARING},
    **{f"{_PARSER}.{name}": _parsed for name in ("parse_args", "parse_intermixed_args")},
    f"{_PARSER}.parse_known_args": _partly_parsed,
    "vars": _entries,
    **dict.fromkeys(("hex", "oct", "bin", "chr", "repr", "format", "round", "abs"), _written),
}
"""By full name."""
