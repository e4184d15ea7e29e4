"""Log levels, set while the server runs, for all loggers or for one; lost when the server stops.

Vault's loggers are named for its parts; ours are the packages and modules of the code. Levels apply in all processes.
"""

from __future__ import annotations

import logging
from typing import Annotated

from msgspec import Meta

from engines.base import Body, Call, Nothing, Reply
from engines.faults import InvalidRequest
from engines.fields import READING
from server.runtime.logs import LEVELS, level_name, own_loggers
from server.system.state import System

_ALIASES = {"warning": "warn", "notice": "info", "err": "error"}


def _plain_level(text: str) -> str:
    """The canonical name of a level, in lower case."""
    return _ALIASES.get(text.lower(), text.lower())


class LoggerBody(Body):
    """The name of a logger."""

    name: str = ""

    tells = {
        "name": "The logger: a package or module of the server's code.",
    }


class LevelBody(LoggerBody):
    """The lowest level to log."""

    level: Annotated[str, Meta(extra={READING: _plain_level})] = ""

    tells = {
        "level": "`trace`, `debug`, `info`, `warn` or `error`.",
    }


async def read_loggers(system: System, call: Call, body: Nothing) -> Reply:
    """Show all loggers and their levels."""
    return Reply({name: _level(name) for name in own_loggers()})


async def read_logger(system: System, call: Call, body: LoggerBody) -> Reply:
    """Show the level of one logger, if there is one of that name."""
    return Reply({body.name: _level(body.name)} if body.name in own_loggers() else {})


async def write_loggers(system: System, call: Call, body: LevelBody) -> None:
    """Set the level of all loggers."""
    level = _checked(body.level)
    await system.core.set_log_levels({name: level for name in own_loggers()})


async def write_logger(system: System, call: Call, body: LevelBody) -> None:
    """Set the level of one logger."""
    level = _checked(body.level)
    _check_name(body.name)
    await system.core.set_log_levels({body.name: level})


async def reset_loggers(system: System, call: Call, body: Nothing) -> None:
    """Restore the configured level of all loggers."""
    await system.core.set_log_levels({name: "" for name in own_loggers()})


async def reset_logger(system: System, call: Call, body: LoggerBody) -> None:
    """Restore the configured level of one logger."""
    _check_name(body.name)
    await system.core.set_log_levels({body.name: ""})


def _level(name: str) -> str:
    return level_name(logging.getLogger(name).getEffectiveLevel())


def _checked(level: str) -> str:
    if not level:
        raise InvalidRequest("level is required")
    known = _plain_level(level)
    if known not in LEVELS:
        raise InvalidRequest(f"invalid level provided: unknown log level: {level}")
    return known


def _check_name(name: str) -> None:
    if name not in own_loggers():
        raise InvalidRequest(f'logger "{name}" not found')
