"""Positions in configuration files, and the error for an invalid configuration.

ConfigError     the configuration is invalid; names the position and what was expected
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A position: a file, and a line and column that count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Place("(built in)", 0, 0)
"""The position of values from no file: defaults, flags and development mode."""


class ConfigError(Exception):
    """The configuration is invalid. ``str()`` is one line for the operator, and quotes no secret."""

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(f"{place}: {message}" if place is not None and place is not NOWHERE else message)
