"""Finds the command of a command line, and runs it.

A mistake is reported in one line, with the nearest correct word; ``-h`` prints help. An unknown command exits with
status 2, other errors with the command's own, mostly 1.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import takewhile

from cryptoserve_cli.command import Command, CommandFailed, Invocation
from cryptoserve_cli.flags import UsageError, parse_flags, usage
from cryptoserve_cli.hangups import release_hangups
from cryptoserve_cli.installed import command_names, find_command

UNKNOWN_STATUS = 2

_HELP = frozenset({"-h", "-help", "--help", "help"})
_OTHER_NAMES = {"-version": "version", "--version": "version", "-v": "version"}


def run_command(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run ``arguments`` (without the program's name), and return the exit status."""
    name = arguments[0] if arguments else ""
    name = _OTHER_NAMES.get(name, name)
    if name in _HELP:
        name = arguments[1] if len(arguments) > 1 else ""
        if not name:
            sys.stdout.write(overview())
            return 0
        arguments = [*arguments[1:], "-h"]
    if name not in command_names():
        return _complain(_unknown(name, command_names()), UNKNOWN_STATUS)
    try:
        command = find_command(name)
    except CommandFailed as error:
        return _complain(str(error))
    return run(name, command, arguments[1:], environment)


def run(name: str, command: Command, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run ``command`` with the ``arguments`` behind its name, and return the exit status."""
    if command.subcommands and arguments and arguments[0] in command.subcommands:
        subcommand = command.subcommands[arguments[0]]
        return run(f"{name} {arguments[0]}", subcommand, arguments[1:], environment)
    if _HELP & set(takewhile(lambda argument: argument != "--", arguments)):
        sys.stdout.write(help_text(name, command))
        return 0
    if command.subcommands:
        return _complain(_unknown(arguments[0] if arguments else "", command.subcommands, name), UNKNOWN_STATUS)
    try:
        flags = parse_flags(arguments, command.flags, environment, command.operands)
        if not command.reloads:
            release_hangups()
        return command.run(Invocation(flags, environment))
    except UsageError as error:
        line = str(error)
        told = line if line.endswith("?") else f"{line}; cryptoserve {name} -h tells more"
        return _complain(told, command.failed_status if command.usage_status is None else command.usage_status)
    except CommandFailed as error:
        return _complain(str(error), command.failed_status)


def overview() -> str:
    """The help of the program: all commands."""
    lines = []
    for name in command_names():
        try:
            told = find_command(name).help
        except CommandFailed:
            told = "(can't be loaded)"
        lines.append(f"  {name:<12}{told}\n")
    return (
        "Usage: cryptoserve <command> [flags]\n\nCommands:\n"
        f"{''.join(lines)}\n"
        "cryptoserve <command> -h tells of its flags. Everything else is done by the stock bao and vault clients.\n"
    )


def help_text(name: str, command: Command) -> str:
    """The help of one command."""
    operands = "".join(f" {operand}" for operand in command.operands)
    parts = [f"Usage: cryptoserve {name}{' [flags]' if command.flags else ''}{operands}\n\n{command.help}.\n"]
    if command.subcommands:
        width = max(map(len, command.subcommands)) + 2
        lines = [f"  {name:<{width}}{one.help}\n" for name, one in command.subcommands.items()]
        parts.append(f"\nCommands:\n{''.join(lines)}")
    if command.flags:
        parts.append(f"\nFlags:\n{usage(command.flags)}\n")
    if command.more:
        parts.append(f"\n{command.more}\n")
    return "".join(parts)


def _unknown(name: str, known: Iterable[str], group: str = "") -> str:
    program = f"cryptoserve {group}".rstrip()
    if not name:
        return f"a command is missing; {program} -h lists them"
    nearest = get_close_matches(name, known, n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else f"{program} -h lists the commands"
    return f"unknown command: {f'{group} {name}'.strip()}; {hint}"


def _complain(line: str, status: int = 1) -> int:
    sys.stderr.write(f"{line}\n")
    return status
