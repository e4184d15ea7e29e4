"""Files of the configuration, parsed into trees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from compat.hcl.reader import Body, HclError, parse
from server.config.source import ConfigError, Place

MAX_FILE_BYTES = 1024 * 1024
MAX_FILES = 1000
_SUFFIXES = frozenset({".hcl", ".json"})


def read_files(paths: Sequence[str]) -> list[tuple[str, Body]]:
    """The tree of each file, by its name, in the order in which they are merged.

    A folder stands for its ``.hcl`` and ``.json`` files, sorted by name. Raises ``ConfigError``.
    """
    found = [file for path in paths for file in _files(path)]
    if len(found) > MAX_FILES:
        raise ConfigError(f"more than {MAX_FILES} configuration files")
    return [(str(file), _read(file)) for file in found]


def _files(path: str) -> list[Path]:
    given = Path(path)
    try:
        if not given.is_dir():
            return [given]
        files = sorted(file for file in given.iterdir() if file.suffix in _SUFFIXES and not file.is_dir())
    except OSError as error:
        raise ConfigError(f"can't read {path}: {error.strerror}") from None
    if not files:
        raise ConfigError(f"no .hcl or .json file in {path}")
    return files


def _read(file: Path) -> Body:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"can't read {file}: {error.strerror}") from None
    if len(content) > MAX_FILE_BYTES:
        raise ConfigError(f"{file} is larger than {MAX_FILE_BYTES} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{file} is not UTF-8 text") from None
    try:
        return parse(text)
    except HclError as error:
        raise ConfigError(error.message, Place(str(file), error.line, error.column)) from None
