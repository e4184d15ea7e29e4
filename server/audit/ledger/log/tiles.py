"""Tiles and entry bundles of tlog-tiles: their paths, sizes and contents.

A tile of level L holds up to 256 hashes; hash ``i`` of level 0 is a leaf, above it is the root of a full tile of the
level below. A bundle holds the entries of a tile of level 0, each behind its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from struct import Struct
from typing import NamedTuple

from server.audit.ledger.log.hashes import HASH_BYTES

WIDTH = 256
"""Hashes in a full tile, entries in a full bundle."""

ENTRIES = -1
"""Stands for the level of entry bundles."""

MAX_ENTRY_BYTES = 65_535
MAX_TILE_BYTES = WIDTH * HASH_BYTES
MAX_BUNDLE_BYTES = WIDTH * (2 + MAX_ENTRY_BYTES)
MAX_SIZE = 2**63 - 1
"""The most leaves of a tree: 256**8 would be more levels than any index needs."""

_length = Struct(">H").pack
_PATH = re.compile(r"tile/(entries|0|[1-9]\d?)/((?:x\d{3}/){0,6}\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII)


class BadTile(ValueError):
    """A tile, a bundle or a path of one isn't as tlog-tiles says."""


class Tile(NamedTuple):
    """A tile, or with the level ``ENTRIES`` a bundle."""

    level: int
    number: int
    """Its place in the level, from 0."""

    width: int = WIDTH
    """The number of hashes or entries; a tile below 256 is partial."""

    @property
    def path(self) -> str:
        """The path below the log's prefix."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        suffix = f".p/{self.width}" if self.width < WIDTH else ""
        return f"tile/{level}/{_digits(self.number)}{suffix}"

    @property
    def full(self) -> Tile:
        """The full tile in the same place."""
        return Tile(self.level, self.number)

    @property
    def first_leaf(self) -> int:
        """The index of the first leaf below it."""
        return self.number * leaves_of(self.level)

    @property
    def end_leaf(self) -> int:
        """The index behind the last leaf that the full tile in its place covers."""
        return (self.number + 1) * leaves_of(self.level)


def leaves_of(level: int) -> int:
    """The number of leaves under a full tile of ``level``, or in a full bundle."""
    return 1 << (8 * (max(level, 0) + 1))


def parse_tile_path(path: str) -> Tile:
    """The tile that ``path`` names, in the one form that it has. Raises ``BadTile``."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise BadTile("not the path of a tile")
    level, number, width = match.groups()
    tile = Tile(
        ENTRIES if level == "entries" else int(level),
        int(re.sub("[x/]", "", number)),
        WIDTH if width is None else int(width),
    )
    if tile.path != path or tile.level > 63 or (width is not None and tile.width >= WIDTH):
        raise BadTile("not the path of a tile")
    return tile


def level_count(size: int) -> int:
    """The number of levels of tiles of a tree of ``size`` leaves."""
    levels = 0
    while size:
        size >>= 8
        levels += 1
    return levels


def tiles_at(level: int, size: int) -> int:
    """The number of hashes in the tiles of ``level`` of a tree of ``size`` leaves."""
    return size >> (8 * level)


def tile_in(level: int, index: int, size: int) -> Tile:
    """The tile (or bundle) at this place in a tree of ``size`` leaves, full or partial. Raises ``BadTile``."""
    width = min(WIDTH, tiles_at(max(level, 0), size) - index * WIDTH)
    if index < 0 or width < 1:
        raise BadTile(f"a tree of {size} leaves has no such tile")
    return Tile(level, index, width)


def edge_of(size: int) -> Iterator[Tile | None]:
    """The partial tiles of a tree of ``size`` leaves, level 0 first; None for a level without one."""
    for level in range(level_count(size)):
        hashes = tiles_at(level, size)
        yield Tile(level, hashes // WIDTH, hashes % WIDTH) if hashes % WIDTH else None


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """The bundle, or part of one, that holds ``entries``, each of at most 65,535 bytes."""
    parts: list[bytes] = []
    for entry in entries:
        parts += (_length(len(entry)), entry)
    return b"".join(parts)


def decode_bundle(bundle: bytes, width: int) -> list[bytes]:
    """The ``width`` entries of a bundle. Raises ``BadTile`` if it doesn't hold just as many."""
    entries = []
    at, end = 0, len(bundle)
    while at < end:
        start = at + 2
        at = start + (bundle[at] << 8 | bundle[start - 1]) if start <= end else end + 1
        entries.append(bundle[start:at])
    if at != end or len(entries) != width:
        raise BadTile(f"the bundle doesn't hold {width} whole entries")
    return entries


def _digits(index: int) -> str:
    """``index`` in groups of three digits, all but the last behind an ``x``."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03}")
    return "/".join(reversed(groups))
