"""Options of command lines in JavaScript (commander, yargs, minimist, ``util.parseArgs``): defaults are values."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from engines.cbom.source.evaluation.functions.module_names import methods_of
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.values import NOTHING, UNKNOWN, Bound, Closure, Ref, Table, Thing, Values, constants

_COMMAND, _OPTION, _YARGS = "commander.Command", "commander.Option", "yargs.Parser"
_OPTIONS, _ARGUMENTS = "argv", "arguments"
_FLAG = re.compile(r"--(?:no-)?([A-Za-z][\w-]{0,60})")
_DASHED = re.compile(r"-(\w)")
_PLACE = re.compile(r"[<\[]")
_DEFAULT = 2
_MAX_PLACES = 8


def _text(values: Values) -> str:
    return next((each for each in constants(values) if isinstance(each, str)), "")


def _named(flags: str) -> str:
    """The name of the option with the flags ``-a, --key-size <bits>``: ``keySize``."""
    match = _FLAG.search(flags)
    return _DASHED.sub(lambda dash: dash[1].upper(), match[1]) if match is not None else ""


def _command(_evaluator: Any, _arguments: Arguments) -> Values:
    return (_new(_COMMAND),)


def _new(kind: str) -> Thing:
    return Thing(kind, {_OPTIONS: (Table({}, open=True),), _ARGUMENTS: NOTHING})


def _receivers(evaluator: Any, arguments: Arguments, kind: str) -> list[Thing]:
    """The objects whose method is called: of a library's own one, that of the file."""
    found = []
    for value in arguments.receiver or (Ref(kind),):
        if isinstance(value, Ref):
            key = evaluator.scope.source.path, kind
            found.append(evaluator.shared.setdefault(key, _new(kind)))
        elif isinstance(value, Thing) and _OPTIONS in value.facts:
            found.append(value)
    return found


def _set(things: list[Thing], name: str, values: Values) -> None:
    for table in [value for thing in things for value in thing.facts[_OPTIONS]]:
        if isinstance(table, Table) and name and values:
            table.entries[name] = values


def _option(evaluator: Any, arguments: Arguments) -> Values:
    """``program.option("-b, --bits <n>", "the size", "1024")``; a function before the default reads it."""
    commands = _receivers(evaluator, arguments, _COMMAND)
    given = arguments.positional[_DEFAULT:]
    values = next((each for each in given if not any(isinstance(value, Closure | Bound) for value in each)), NOTHING)
    _set(commands, _named(_text(arguments.at(0))), values)
    return tuple(commands)


def _made_option(_evaluator: Any, arguments: Arguments) -> Values:
    """``new Option("--bits <n>")``."""
    return (Thing(_OPTION, {"flags": arguments.at(0)}),)


def _option_default(_evaluator: Any, arguments: Arguments) -> Values:
    for value in arguments.receiver:
        if isinstance(value, Thing):
            value.facts["default"] = arguments.at(0)
    return arguments.receiver


def _add_option(evaluator: Any, arguments: Arguments) -> Values:
    commands = _receivers(evaluator, arguments, _COMMAND)
    for option in arguments.at(0):
        if isinstance(option, Thing):
            name = _named(_text(option.facts.get("flags", NOTHING)))
            _set(commands, name, option.facts.get("default", NOTHING))
    return tuple(commands)


def _subcommand(_evaluator: Any, arguments: Arguments) -> Values:
    """``program.command("name <file>")``."""
    made = _new(_COMMAND)
    places = len(_PLACE.findall(_text(arguments.at(0))))
    made.facts[_ARGUMENTS] = (UNKNOWN[0],) * min(places, _MAX_PLACES)
    return (made,)


def _place(evaluator: Any, arguments: Arguments) -> Values:
    """``program.argument("<file>")``."""
    commands = _receivers(evaluator, arguments, _COMMAND)
    for command in commands:
        command.facts[_ARGUMENTS] = (*command.facts[_ARGUMENTS], UNKNOWN[0])[:_MAX_PLACES]
    return tuple(commands)


def _action(evaluator: Any, arguments: Arguments) -> Values:
    """``program.action((file, options) => ...)``."""
    commands = _receivers(evaluator, arguments, _COMMAND)
    for command in commands:
        places = [UNKNOWN for _ in command.facts[_ARGUMENTS]]
        _invoke(evaluator, arguments.at(0), [*places, command.facts[_OPTIONS]])
    return tuple(commands)


def _invoke(evaluator: Any, functions: Values, given: list[Values]) -> None:
    for function in functions:
        if isinstance(function, Closure | Bound):
            evaluator.invoke(function, Arguments(list(given), {}))


def _same_command(evaluator: Any, arguments: Arguments) -> Values:
    return tuple(_receivers(evaluator, arguments, _COMMAND))


def _options(evaluator: Any, arguments: Arguments) -> Values:
    """``program.opts()``."""
    return _all_options(_receivers(evaluator, arguments, _COMMAND))


def _all_options(things: list[Thing]) -> Values:
    return tuple(value for thing in things for value in thing.facts[_OPTIONS]) or UNKNOWN


def _parser(_evaluator: Any, _arguments: Arguments) -> Values:
    """``yargs(process.argv)``."""
    return (_new(_YARGS),)


def _parser_option(evaluator: Any, arguments: Arguments) -> Values:
    """``yargs.option("bits", { default: 1024 })``, or an object of several."""
    parsers = _receivers(evaluator, arguments, _YARGS)
    _take(parsers, arguments.at(0), arguments.at(1))
    return tuple(parsers)


def _take(parsers: list[Thing], first: Values, second: Values) -> None:
    for table in first:
        for name, values in table.entries.items() if isinstance(table, Table) else ():
            _set(parsers, str(name), _default_in(values))
    if name := _text(first):
        _set(parsers, name, _default_in(second))


def _default_in(values: Values) -> Values:
    tables = [value for value in values if isinstance(value, Table)]
    return tables[0].entries.get("default", NOTHING) if tables else NOTHING


def _parser_default(evaluator: Any, arguments: Arguments) -> Values:
    """``yargs.default("bits", 1024)``."""
    parsers = _receivers(evaluator, arguments, _YARGS)
    _set(parsers, _text(arguments.at(0)), arguments.at(1))
    return tuple(parsers)


def _parser_command(evaluator: Any, arguments: Arguments) -> Values:
    """``yargs.command("name", "text", { bits: {...} }, handler)``; a function may build the options."""
    parsers = _receivers(evaluator, arguments, _YARGS)
    inner = _new(_YARGS)
    for values in arguments.positional[1:3]:
        _take([inner], tuple(value for value in values if isinstance(value, Table)), NOTHING)
    functions = [values for values in arguments.positional[1:] if any(isinstance(each, Closure) for each in values)]
    for function in functions[:-1]:
        _invoke(evaluator, function, [(inner,)])
    for function in functions[-1:]:
        _invoke(evaluator, function, [inner.facts[_OPTIONS]])
    return tuple(parsers)


def _parser_options(evaluator: Any, arguments: Arguments) -> Values:
    """``yargs.parse()``."""
    return _all_options(_receivers(evaluator, arguments, _YARGS))


def _same_parser(evaluator: Any, arguments: Arguments) -> Values:
    return tuple(_receivers(evaluator, arguments, _YARGS))


def _minimist(_evaluator: Any, arguments: Arguments) -> Values:
    """``minimist(process.argv, { default: {...} })``."""
    result = Table({}, open=True)
    for table in _default_in(arguments.at(1)):
        if isinstance(table, Table):
            result.entries.update(table.entries)
    return (result,)


def _parsed(_evaluator: Any, arguments: Arguments) -> Values:
    """``parseArgs({ options: { bits: { default: "1024" } } }).values``."""
    result = Table({}, open=True)
    for table in arguments.at(0):
        for options in table.entries.get("options", NOTHING) if isinstance(table, Table) else ():
            for name, values in options.entries.items() if isinstance(options, Table) else ():
                if default := _default_in(values):
                    result.entries[name] = default
    return (Table({"values": (result,)}, open=True),)


_PASSING = ("name", "description", "version", "usage", "alias", "allowUnknownOption", "addHelpText", "hook")
_PASSING_YARGS = ("usage", "help", "version", "alias", "demandOption", "strict", "scriptName", "epilogue", "wrap")
_COMMANDS = ("commander", "commander.program", _COMMAND)
_PARSERS = ("yargs", _YARGS)


COMMAND_LINE_FUNCTIONS: dict[str, Callable[[Any, Arguments], Values]] = {
    "commander.Command": _command,
    _OPTION: _made_option,
    f"{_OPTION}.default": _option_default,
    **dict.fromkeys(methods_of(_COMMANDS, "option", "requiredOption"), _option),
    **dict.fromkeys(methods_of(_COMMANDS, "addOption"), _add_option),
    **dict.fromkeys(methods_of(_COMMANDS, "command"), _subcommand),
    **dict.fromkeys(methods_of(_COMMANDS, "argument"), _place),
    **dict.fromkeys(methods_of(_COMMANDS, "action"), _action),
    **dict.fromkeys(methods_of(_COMMANDS, *_PASSING, "parse", "parseAsync"), _same_command),
    **dict.fromkeys(methods_of(_COMMANDS, "opts", "optsWithGlobals"), _options),
    "yargs": _parser,
    **dict.fromkeys(methods_of(_PARSERS, "option", "options", "positional"), _parser_option),
    **dict.fromkeys(methods_of(_PARSERS, "default"), _parser_default),
    **dict.fromkeys(methods_of(_PARSERS, "command"), _parser_command),
    **dict.fromkeys(methods_of(_PARSERS, *_PASSING_YARGS), _same_parser),
    **dict.fromkeys(methods_of(_PARSERS, "parse", "parseSync", "parseAsync"), _parser_options),
    "minimist": _minimist,
    "util.parseArgs": _parsed,
}
"""By full name."""
