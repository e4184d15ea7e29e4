"""The contract of commands. Each is an entry point of the group ``cryptoserve.commands``, ours like third parties'."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from cryptoserve_cli.flags import Flag, Flags


class CommandFailed(Exception):
    """A command failed; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """The arguments and environment of a command."""

    flags: Flags
    environment: Mapping[str, str]


Run: TypeAlias = Callable[[Invocation], int]
"""Runs the command and returns the exit status. Raises ``CommandFailed``, or ``UsageError`` for wrong flags."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command; the entry point's name is the command's."""

    help: str
    """One line for the list of commands."""

    run: Run
    flags: tuple[Flag, ...] = ()
    operands: tuple[str, ...] = ()
    """The names of its operands, such as ``FILE``."""

    more: str = ""
    """Its help text below the flags."""

    failed_status: int = 1
    """The exit status after ``CommandFailed``."""

    usage_status: int | None = None
    """The exit status after ``UsageError``, if it is another one."""

    subcommands: Mapping[str, Command] = field(default_factory=dict)
    """The commands of a group, whose own ``run`` is never called."""

    reloads: bool = False
    """Whether SIGHUP asks it to reload: it takes one that came while it was loaded from ``hangups``."""


def group(help_line: str, subcommands: Mapping[str, Command], failed_status: int = 1) -> Command:
    """Commands under a common name, such as ``audit verify`` and ``audit query``."""

    def run(_invocation: Invocation) -> int:
        raise AssertionError("a group is no command")

    return Command(help_line, run, operands=("COMMAND",), failed_status=failed_status, subcommands=subcommands)
