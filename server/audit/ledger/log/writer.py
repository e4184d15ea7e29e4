"""A tree that grows: which tiles and bundles its new entries make.

It keeps the right edge alone, the partial tiles and the partial bundle, so its memory doesn't grow with the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from server.audit.ledger.log.hashes import HASH_BYTES, leaf_hashes, root_of, root_of_edge
from server.audit.ledger.log.tiles import ENTRIES, MAX_ENTRY_BYTES, WIDTH, Tile, encode_bundle, tile_in
from server.audit.ledger.log.tree import Read, TreeReader, read_entries

_FULL = WIDTH * HASH_BYTES


class TileWrite(NamedTuple):
    """A file to write: a tile or bundle, and its whole content."""

    tile: Tile
    content: bytes


class TreeWriter:
    """Appends entries to the tree of ``size`` leaves with the right edge ``edge`` and the partial bundle ``bundle``.

    ``edge`` has the contents of the partial tiles, level 0 first, ``b""`` for a level without one.
    """

    def __init__(self, size: int = 0, edge: Sequence[bytes] = (), bundle: bytes = b"") -> None:
        self.size = size
        self._edge = list(edge)
        self._bundle = [bundle] if bundle else []
        self._full: list[TileWrite] = []
        self._flushed = size

    @classmethod
    def resume(cls, read: Read, size: int) -> TreeWriter:
        """The writer of a tree whose files ``read`` gives. Raises ``MissingTile``, ``BadTile``.

        Nothing is checked: compare ``root()`` with the one that is remembered.
        """
        bundle = encode_bundle(read_entries(read, tile_in(ENTRIES, size >> 8, size))) if size % WIDTH else b""
        return cls(size, TreeReader(read, size).edge(), bundle)

    def append(self, entries: Sequence[bytes]) -> None:
        """Add entries of at most 65,535 bytes each, in their order. Raises ``ValueError`` for a longer one."""
        if entries and max(map(len, entries)) > MAX_ENTRY_BYTES:
            raise ValueError(f"an entry has more than {MAX_ENTRY_BYTES} bytes")
        at = 0
        while at < len(entries):
            group = entries[at : at + WIDTH - self.size % WIDTH]
            at += len(group)
            self._add(group)

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        return root_of_edge(self._edge)

    def edge(self) -> list[bytes]:
        """The contents of the partial tiles, as the constructor takes them."""
        return list(self._edge)

    def flush(self) -> list[TileWrite]:
        """The files that have changed since the last time: what is full now, then the partial ones of this size.

        Written in this order and made durable, they hold every tree up to this size; earlier partial files of the same
        places may stay until the full one is there.
        """
        writes = self.full()
        if self._flushed != self.size:
            if self._bundle:
                writes.append(TileWrite(tile_in(ENTRIES, self.size >> 8, self.size), b"".join(self._bundle)))
            for level, hashes in enumerate(self._edge):
                if hashes and self._flushed >> (8 * level) != self.size >> (8 * level):
                    number = self.size >> (8 * level + 8)
                    writes.append(TileWrite(Tile(level, number, len(hashes) // HASH_BYTES), hashes))
        self._flushed = self.size
        return writes

    def full(self) -> list[TileWrite]:
        """The tiles that became full since the last call, to be written before the rest of ``flush``."""
        writes, self._full = self._full, []
        return writes

    def _add(self, group: Sequence[bytes]) -> None:
        """Add entries that all go into the present bundle."""
        self._bundle.append(encode_bundle(group))
        leaves = leaf_hashes(group)
        self.size += len(group)
        if self.size % WIDTH == 0:
            self._full.append(TileWrite(Tile(ENTRIES, (self.size >> 8) - 1), b"".join(self._bundle)))
            self._bundle = []
        self._extend(0, leaves)

    def _extend(self, level: int, hashes: bytes) -> None:
        """Add hashes to the partial tile of a level; if that makes it full, its root goes into the level above."""
        if level == len(self._edge):
            self._edge.append(b"")
        hashes = self._edge[level] + hashes
        if len(hashes) == _FULL:
            self._full.append(TileWrite(Tile(level, (self.size >> (8 * level + 8)) - 1), hashes))
            self._edge[level] = b""
            self._extend(level + 1, root_of(hashes))
        else:
            self._edge[level] = hashes
