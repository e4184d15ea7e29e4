"""Position of an export: the next index, and the tree that it has seen, so that no other log is taken for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

_MAX_BYTES = 64 * 1024


class BadCursor(Exception):
    """A file is no cursor, or one of another log."""


class _Stored(msgspec.Struct, omit_defaults=True):
    origin: str
    index: int
    size: int
    root: bytes
    """In base64 in the file."""

    rotated: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The next entry to export, and size and root of the tree that was read last."""

    origin: str
    index: int
    size: int
    root: bytes
    rotated: tuple[int, ...] | None = None
    """The ``rotated`` entries of this tree; None if they weren't looked for."""


def read_cursor(path: Path) -> Cursor | None:
    """The cursor in a file, None if there is no such file. Raises ``BadCursor`` and ``OSError``."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    try:
        stored = msgspec.json.decode(content, type=_Stored)
    except msgspec.DecodeError:
        raise BadCursor(f"{path} is no cursor of an export") from None
    if not 0 <= stored.index <= stored.size or len(stored.root) != 32:
        raise BadCursor(f"{path} is no cursor of an export")
    return Cursor(stored.origin, stored.index, stored.size, stored.root, stored.rotated)


def write_cursor(path: Path, cursor: Cursor) -> None:
    """Put a cursor into a file, whole or not at all, also when power is lost. Raises ``OSError``."""
    stored = _Stored(cursor.origin, cursor.index, cursor.size, cursor.root, cursor.rotated)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        file.write(msgspec.json.encode(stored) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Bring the names in a folder to the disk. Raises ``OSError``."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
