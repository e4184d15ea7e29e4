"""Where a setting stands, and the one way in which a configuration is refused.

ConfigError     the configuration can't be used; names the place and says what was expected
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A file, and a line and column in it that count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Place("(built in)", 0, 0)
"""The place of what no file says: defaults, flags and development mode."""


class ConfigError(Exception):
    """The configuration can't be used. ``str()`` is one line for the operator, and quotes no secret."""

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(f"{place}: {message}" if place is not None and place is not NOWHERE else message)
