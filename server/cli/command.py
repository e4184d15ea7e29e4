"""What a command is. Each is an entry point of the group ``cryptoserve.commands``, ours like anybody else's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from server.config.flags import Flag, Flags


class CommandFailed(Exception):
    """A command can't do what it was asked to; the text is one line for who asked."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a command was called with."""

    flags: Flags
    environment: Mapping[str, str]


Run: TypeAlias = Callable[[Invocation], int]
"""Does the work and gives the exit status. Raises ``CommandFailed``, or ``UsageError`` for flags that don't fit."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command; the entry point's name is the command's."""

    help: str
    """One line for the list of commands."""

    run: Run
    flags: tuple[Flag, ...] = ()
    operands: tuple[str, ...] = ()
    """The names of what must stand beside the flags, such as ``FILE``."""

    more: str = ""
    """What its help says below the flags."""


CONFIG_FLAG = Flag(
    "config",
    "A configuration file, or a folder of .hcl and .json files. May be given several times.",
    environment=("BAO_CONFIG_PATH", "VAULT_CONFIG_PATH"),
)
