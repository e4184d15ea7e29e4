"""Command-line flags in Go's style: ``-name``, ``--name``, ``-name=value`` and ``-name value``.

``argparse`` can't do it: it has no ``-dev=true``, and accepts abbreviated flags.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


class UsageError(Exception):
    """The command line is invalid; the text is for the user."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag. Those with ``takes_value`` may be repeated; the last counts if one value is wanted."""

    name: str
    help: str
    takes_value: bool = True
    environment: tuple[str, ...] = ()
    """Environment variables used if the flag is absent, the strongest first."""


@dataclass(frozen=True, slots=True)
class Flags:
    """The parsed command line."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    switches: frozenset[str] = frozenset()
    operands: tuple[str, ...] = ()
    """The operands: as many as the command takes."""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of the flag ``name``."""
        return self.values.get(name, ())

    def last(self, name: str, default: str = "") -> str:
        """The last value of the flag ``name``."""
        return self.all(name)[-1] if self.all(name) else default

    def has(self, name: str) -> bool:
        """Whether the switch ``name`` is on."""
        return name in self.switches


def parse_flags(
    arguments: Sequence[str], known: Sequence[Flag], environment: Mapping[str, str], operands: Sequence[str] = ()
) -> Flags:
    """Parse ``arguments``: flags of ``known``, and among them as many operands as ``operands`` names.

    The last of ``operands`` may end in ``...``: it stands for one or more. Those in brackets may be left out. What
    follows ``--`` is operands.

    Raises ``UsageError``.
    """
    by_name = {flag.name: flag for flag in known}
    values: dict[str, list[str]] = {}
    switches: dict[str, bool] = {}
    others: list[str] = []
    left = list(arguments)
    ended = False
    while left:
        argument = left.pop(0)
        if argument == "--" and not ended:
            ended = True
            continue
        name, equals, text = argument.lstrip("-").partition("=")
        flag = by_name.get(name)
        if ended or not argument.startswith("-") or argument == "-":
            if len(others) == len(operands) and not _repeats(operands):
                raise UsageError(f"unexpected argument: {argument}")
            others.append(argument)
            continue
        if flag is None:
            nearest = get_close_matches(name, by_name, n=1)
            raise UsageError(
                f"flag provided but not defined: -{name}{f'; did you mean -{nearest[0]}?' if nearest else ''}"
            )
        if not flag.takes_value:
            switches[name] = _switch(name, text) if equals else True
            continue
        if not equals:
            if not left:
                raise UsageError(f"flag needs an argument: -{name}")
            text = left.pop(0)
        values.setdefault(name, []).append(text)
    if len(others) < len(operands) and not operands[len(others)].startswith("["):
        raise UsageError(f"an argument is missing: {operands[len(others)]}")
    for flag in known:
        _from_environment(flag, environment, values, switches)
    given = {name: tuple(texts) for name, texts in values.items()}
    return Flags(given, frozenset(name for name, on in switches.items() if on), tuple(others))


def _repeats(operands: Sequence[str]) -> bool:
    return bool(operands) and operands[-1].endswith("...")


def usage(known: Sequence[Flag]) -> str:
    """A help text for ``known``."""
    lines = []
    for flag in known:
        lines.append(f"  -{flag.name}{'=<value>' if flag.takes_value else ''}")
        lines.append(f"      {flag.help}")
        if flag.environment:
            lines.append(f"      Environment: {', '.join(flag.environment)}")
    return "\n".join(lines)


def _from_environment(
    flag: Flag, environment: Mapping[str, str], values: dict[str, list[str]], switches: dict[str, bool]
) -> None:
    if flag.name in values or flag.name in switches:
        return
    for variable in flag.environment:
        if text := environment.get(variable):
            if flag.takes_value:
                values[flag.name] = [text]
            else:
                switches[flag.name] = _switch(variable, text)
            return


def _switch(name: str, text: str) -> bool:
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise UsageError(f"invalid boolean value {text!r} for {name}: expected true or false")
