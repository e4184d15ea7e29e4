"""Logs: one handler and one format for all loggers, without secrets.

``json`` is one object per line with the keys that OpenBao writes (``@timestamp``, ``@level``, ``@message``,
``@module``) and ``@pid``, the process, since workers share the log; ``standard`` is for people. Fields passed as
``extra={"fields": {...}}`` are added to the message.

Records of third-party loggers are rate-limited, since clients can cause them (``server.runtime.log_limits``).

Two rules keep secrets out. An exception is logged by its type and place alone, since its text may quote a client's
input. And third-party loggers log from ``warn`` upwards whatever ``log_level`` is, since on lower levels some log
headers and parameters.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

import orjson

from server.runtime.log_limits import UnauthenticatedLimit
from server.runtime.request_log import request_logging

TRACE = 5
"""The level below debug."""

LEVELS: Mapping[str, int] = {
    "trace": TRACE,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}
OWN_LOGGERS = ("server", "engines", "auth_methods", "storage", "compat")
"""The top-level loggers that ``log_level`` applies to: one for each of our packages."""

_NAMES = {level: name for name, level in LEVELS.items()}
_MAX_FRAMES = 50
_configured = {"level": "info"}


def configure_logs(level: str, form: str, stream: TextIO | None = None) -> None:
    """Log to ``stream`` (standard error unless given) from ``level`` upwards, as ``standard`` or ``json``."""
    logging.addLevelName(TRACE, "TRACE")
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.addFilter(UnauthenticatedLimit(OWN_LOGGERS))
    handler.setFormatter(JsonFormatter() if form == "json" else ReadableFormatter())
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old.formatter, (JsonFormatter, ReadableFormatter)):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    set_level(level)


def set_level(level: str) -> None:
    """Log from ``level`` upwards (a key of ``LEVELS``); for a reload."""
    _configured["level"] = level
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(LEVELS[level])
    request_logging.update()


def own_loggers() -> list[str]:
    """The names of our loggers: those of the packages, and of modules that have one."""
    names = {
        name
        for name, logger in logging.root.manager.loggerDict.items()
        if isinstance(logger, logging.Logger) and name.partition(".")[0] in OWN_LOGGERS
    }
    return sorted(names | set(OWN_LOGGERS))


def choose_levels(chosen: Mapping[str, str]) -> None:
    """Log from the level chosen for a logger's name upwards; other loggers follow the configuration."""
    for name in own_loggers():
        if name in chosen:
            level = LEVELS[chosen[name]]
        else:
            level = LEVELS[_configured["level"]] if name in OWN_LOGGERS else logging.NOTSET
        logging.getLogger(name).setLevel(level)
    request_logging.update()


class JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line for ``record``."""
        entry: dict[str, Any] = {str(name): value for name, value in _fields(record).items()}
        if record.exc_info and record.exc_info[0] is not None:
            entry["error"], entry["stacktrace"] = _exception(*record.exc_info)
        entry["@level"] = level_name(record.levelno)
        entry["@message"] = record.getMessage()
        entry["@module"] = record.name
        entry["@pid"] = record.process
        entry["@timestamp"] = _moment(record).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        try:
            return orjson.dumps(entry, default=str, option=orjson.OPT_SORT_KEYS).decode()
        except TypeError:  # It has lone surrogates, which orjson refuses.
            return json.dumps(entry, default=str, sort_keys=True, separators=(",", ":"))


class ReadableFormatter(logging.Formatter):
    """``2026-01-31T12:00:00.000Z [INFO]  server.core.lifecycle[417]: unsealed: shares=3``; one line per record."""

    def format(self, record: logging.LogRecord) -> str:
        """The line for ``record``."""
        moment = _moment(record)
        level = f"[{level_name(record.levelno).upper()}]"
        text = (
            f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z {level:<7} {record.name}[{record.process}]: "
        )
        text += record.getMessage()
        fields = dict(_fields(record))
        if record.exc_info and record.exc_info[0] is not None:
            fields["error"], fields["stacktrace"] = _exception(*record.exc_info)
        if fields:
            text += ": " + " ".join(f"{name}={_word(value)}" for name, value in fields.items())
        return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def level_name(level: int) -> str:
    """Vault's name for ``level``, or for the next lower level that has one."""
    return next((_NAMES[known] for known in sorted(_NAMES, reverse=True) if level >= known), "trace")


def _fields(record: logging.LogRecord) -> Mapping[str, Any]:
    fields = getattr(record, "fields", None)
    return fields if isinstance(fields, Mapping) else {}


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _word(value: object) -> str:
    text = str(value)
    return text if text and not any(character.isspace() or character in '"=' for character in text) else repr(text)


def _exception(
    kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
) -> tuple[str, str]:
    """The types of an exception and its causes, and where it was raised, without any of the texts."""
    names: list[str] = []
    while error is not None and len(names) < _MAX_FRAMES:
        names.append(type(error).__qualname__)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    frames = traceback.extract_tb(trace)[-_MAX_FRAMES:]
    places = " < ".join(f"{frame.filename}:{frame.lineno}:{frame.name}" for frame in reversed(frames))
    return " from ".join(names) or (kind.__qualname__ if kind else ""), places
