"""The commands that are installed, of any distribution, by their entry points."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from cryptoserve_cli.command import Command, CommandFailed

GROUP = "cryptoserve.commands"


@cache
def _points() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def command_names() -> list[str]:
    """The names of all commands, sorted."""
    return sorted(_points())


def find_command(name: str) -> Command:
    """The command ``name``, one of ``command_names``. Raises ``CommandFailed`` if its package can't be used."""
    try:
        command = _points()[name].load()
    except Exception as error:
        raise CommandFailed(f"the command {name} can't be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(command, Command):
        raise CommandFailed(f"the command {name} can't be loaded: it is no Command")
    return command
