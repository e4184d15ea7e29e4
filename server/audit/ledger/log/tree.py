"""A tree that is read from its tiles: hashes, roots and proofs of any of its states.

Only the sizes of files are trusted. For certainty, compare ``root()`` with that of a signed checkpoint, and verify
proofs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from server.audit.ledger.log.hashes import HASH_BYTES, root_of, root_of_edge
from server.audit.ledger.log.proofs import consistency_proof, inclusion_proof, range_root
from server.audit.ledger.log.tiles import ENTRIES, BadTile, Tile, decode_bundle, edge_of, tile_in

Read: TypeAlias = Callable[[str, int], bytes | None]
"""The file at a path of the log, None if it isn't there. Raises ``BadFile`` if it is longer than so many bytes."""

_CACHED_TILES = 64


class MissingTile(LookupError):
    """A tile or bundle that the tree's size calls for isn't there; ``tile`` is which."""

    def __init__(self, tile: Tile) -> None:
        super().__init__(f"{tile.path} is missing")
        self.tile = tile


def read_tile(read: Read, tile: Tile) -> bytes:
    """The hashes of ``tile``, from its own file or the full one. Raises ``MissingTile``, ``BadTile``."""
    length = tile.width * HASH_BYTES
    for place in dict.fromkeys((tile, tile.full)):
        content = read(place.path, place.width * HASH_BYTES)
        if content is not None:
            if len(content) != place.width * HASH_BYTES:
                raise BadTile(f"{place.path} has {len(content)} bytes, expected {place.width * HASH_BYTES}")
            return content[:length]
    raise MissingTile(tile)


def read_entries(read: Read, tile: Tile) -> list[bytes]:
    """The entries of the bundle ``tile``, likewise. Raises ``MissingTile``, ``BadTile``."""
    for place in dict.fromkeys((tile, tile.full)):
        content = read(place.path, place.width * (2 + 65_535))
        if content is not None:
            return decode_bundle(content, place.width)[: tile.width]
    raise MissingTile(tile)


class TreeReader:
    """The tree of ``size`` leaves whose tiles ``read`` gives. All methods raise ``MissingTile`` and ``BadTile``."""

    def __init__(self, read: Read, size: int) -> None:
        self.size = size
        self._read = read
        self._tile = lru_cache(_CACHED_TILES)(self._load)

    def root(self, size: int | None = None) -> bytes:
        """The root of the first ``size`` leaves, of all by default."""
        size = self.size if size is None else size
        return range_root(self.hash_at, 0, size)

    def edge(self) -> list[bytes]:
        """The contents of the partial tiles, level 0 first, ``b""`` where there is none: for ``TreeWriter``."""
        return [b"" if tile is None else read_tile(self._read, tile) for tile in edge_of(self.size)]

    def edge_root(self) -> bytes:
        """The root by the partial tiles alone: a few reads, whatever the size."""
        return root_of_edge(self.edge())

    def leaf(self, index: int) -> bytes:
        """The hash of a leaf."""
        return self.hash_at(0, index)

    def entry(self, index: int) -> bytes:
        """The entry at ``index``, unchecked."""
        return read_entries(self._read, tile_in(ENTRIES, index >> 8, self.size))[index & 255]

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The proof that leaf ``index`` is in the tree of the first ``size`` leaves."""
        return inclusion_proof(self.hash_at, index, self.size if size is None else size)

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """The proof that the tree of ``new`` leaves extends that of ``old``."""
        return consistency_proof(self.hash_at, old, self.size if new is None else new)

    def hash_at(self, height: int, index: int) -> bytes:
        """The root of a complete subtree, see ``HashAt``."""
        level, within = divmod(height, 8)
        first = (index << within) * HASH_BYTES
        place, offset = divmod(first, 256 * HASH_BYTES)
        return root_of(self._tile(level, place)[offset : offset + (HASH_BYTES << within)])

    def _load(self, level: int, index: int) -> bytes:
        return read_tile(self._read, tile_in(level, index, self.size))
