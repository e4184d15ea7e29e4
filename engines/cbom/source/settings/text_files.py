"""Files of settings that people write: environments (``.env``), INI, YAML and TOML."""

from __future__ import annotations

import configparser
import re
from typing import Any

from engines.cbom.source.settings.json_files import MAX_BYTES, value_of
from engines.cbom.source.values import NOTHING, Values
from engines.cbom.toml_text import parse_toml

_QUOTES = ("'", '"', "`")
_MAX_DEFAULTS = 100_000
_NUMBER = re.compile(r"-?\d{1,18}")
_TRUTHS = {"true": True, "false": False}

_MAX_DEPTH = 12
_MAX_EVENTS = 50_000


def read_environment(content: bytes) -> dict[str, str]:
    """The variables of an environment's file by name. Those that refer to others or to commands are left out."""
    if len(content) > MAX_BYTES:
        return {}
    found = {}
    for line in content.decode("utf-8", "replace").splitlines():
        name, equals, text = line.strip().removeprefix("export ").partition("=")
        value = _unquoted(text.strip())
        if equals and name.strip().isidentifier() and "$" not in value:
            found[name.strip()] = value
    return found


def _unquoted(text: str) -> str:
    """A value without its quotes, or without the comment behind it."""
    if text.startswith(_QUOTES):
        return text[1:].partition(text[0])[0]
    return text.partition(" #")[0].strip()


def read_ini(content: bytes) -> Values:
    """The sections of an INI file, each a table of texts, names in lower case; NOTHING if it is none."""
    if len(content) > MAX_BYTES:
        return NOTHING
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(content.decode("utf-8", "replace"))
    except (configparser.Error, ValueError, AttributeError):
        return NOTHING
    if len(parser.defaults()) * len(parser.sections()) > _MAX_DEFAULTS:  # Each section gets them all.
        return NOTHING
    return value_of({name: dict(parser.items(name)) for name in parser.sections()})


def read_toml(content: bytes) -> Values:
    """The value of a TOML file; NOTHING if it is too long or none."""
    if len(content) > MAX_BYTES:
        return NOTHING
    try:
        return value_of(parse_toml(content.decode("utf-8", "replace")))
    except ValueError:
        return NOTHING


def read_yaml(content: bytes) -> Values:
    """The first document of a YAML file; NOTHING if it is too long, nested too deeply, has aliases, or is none.

    It is read from the parser's events: an alias is how a small document grows without bound. Without PyYAML, which
    comes with the extra ``[scan]``, it is NOTHING.
    """
    try:
        import yaml
    except ImportError:
        return NOTHING
    if len(content) > MAX_BYTES:
        return NOTHING
    try:
        events = yaml.parse(content.decode("utf-8", "replace"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return value_of(_document(events))
    except (yaml.YAMLError, ValueError):
        return NOTHING


def _document(events: Any) -> Any:
    """The value of the first document. Raises ``ValueError`` for what is too large or has an alias."""
    stack: list[list[Any]] = [[]]
    for number, event in enumerate(events):
        if number > _MAX_EVENTS or len(stack) > _MAX_DEPTH:
            raise ValueError("too large")
        kind = type(event).__name__
        if kind == "AliasEvent":
            raise ValueError("an alias")
        if kind == "ScalarEvent":
            stack[-1].append(_scalar(event.value) if event.implicit[0] else event.value)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            stack.append([])
        elif kind == "SequenceEndEvent":
            items = stack.pop()
            stack[-1].append(items)
        elif kind == "MappingEndEvent":
            parts = stack.pop()
            pairs = zip(parts[::2], parts[1::2], strict=True)
            stack[-1].append({str(key): value for key, value in pairs if not isinstance(key, list | dict)})
        elif kind == "DocumentEndEvent":
            break
    return stack[0][0] if stack[0] else None


def _scalar(text: str) -> str | int | bool:
    return int(text) if _NUMBER.fullmatch(text) else _TRUTHS.get(text, text)
