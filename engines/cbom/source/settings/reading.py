"""Forms of settings files, by suffix, and the value of each file."""

from __future__ import annotations

import re
from collections.abc import Callable

from engines.cbom.source.settings.json_files import SUFFIX as JSON
from engines.cbom.source.settings.json_files import read_json
from engines.cbom.source.settings.property_files import SUFFIX as PROPERTIES
from engines.cbom.source.settings.text_files import read_ini, read_toml, read_yaml
from engines.cbom.source.values import NOTHING, Values

_READERS: dict[str, Callable[[bytes], Values]] = {
    JSON: read_json,
    ".ini": read_ini,
    ".cfg": read_ini,
    ".conf": read_ini,
    ".toml": read_toml,
    ".yaml": read_yaml,
    ".yml": read_yaml,
}
_ENVIRONMENT = re.compile(r"(?:^|/)\.env(?:\.(?:local|dev|development|prod|production|staging|defaults?))?$")
"""Environments that a program is run with; ``.env.example`` tells only what may be in one."""

_SUFFIXES = (PROPERTIES, *_READERS)


def is_environment(path: str) -> bool:
    """Whether a file sets variables of the environment."""
    return _ENVIRONMENT.search(path) is not None


def is_settings(path: str) -> bool:
    """Whether a file may hold settings of a program; it is read where a program asks for it."""
    return path.endswith(_SUFFIXES) or is_environment(path)


def read_settings(path: str, content: bytes) -> Values:
    """The value of the file at ``path``; NOTHING if it is none of a form that is known."""
    reader = _READERS.get(f".{path.rpartition('.')[2]}")
    return NOTHING if reader is None else reader(content)
