"""Check of every tile and entry of a tree against a signed root, which locates wrong ones.

The partial tiles give the root; if it is the signed one they are authentic, and so is each hash in them: it is compared
with the tile below, and so on down to the entries. All hashes are also computed from the entries upwards. Where a tile
isn't what its authentic parent says, this tells whether the tile alone was changed or the entries below it were.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from server.audit.ledger.log.hashes import HASH_BYTES, leaf_hashes, root_of, root_of_edge
from server.audit.ledger.log.tiles import ENTRIES, WIDTH, BadTile, Tile, edge_of, level_count, tile_in
from server.audit.ledger.log.tree import MissingTile, Read, read_entries, read_tile
from server.audit.ledger.offline.findings import Kind, Report
from server.audit.ledger.offline.sources import BadFile

_MAX_MISSING = 100_000
"""Missing files that are kept until it is known what was pruned; any beyond are findings at once."""

_NOT_THE_PARENTS = "the tile and what is below it aren't what the tile above says"

Visit: TypeAlias = Callable[[int, list[bytes], bool], None]
"""Called with the index of the first, the entries of a bundle, and whether they are those that were signed."""


class TreeCheck:
    """One pass over a tree. Memory is bounded by a tile and a bundle for each level."""

    def __init__(self, read: Read, size: int, root: bytes, first: int, report: Report, visit: Visit) -> None:
        """``first`` is the first entry that must be there; tiles and bundles wholly before it aren't looked at."""
        self.missing: list[Tile] = []
        """Full tiles and bundles that aren't there: whether they were pruned is in the entries that are."""

        self.authentic = False
        """Whether the partial tiles have the signed root."""

        self._read = read
        self._size = size
        self._root = root
        self._first = first
        self._report = report
        self._visit = visit

    def run(self) -> None:
        """Check the tree, entries in their order."""
        edge = [None if tile is None else self._stored(tile) for tile in edge_of(self._size)]
        present = [b"" if tile is None else content for tile, content in zip(edge_of(self._size), edge, strict=True)]
        known = [content for content in present if content is not None]
        authentic = self.authentic = len(known) == len(present) and root_of_edge(known) == self._root
        computed = list(present)
        for level in reversed(range(level_count(self._size))):
            tile = self._edge_tile(level)
            if tile is not None:
                computed[level] = self._below(tile, edge[level], authentic=authentic)
        if not authentic:
            self._judge_edge(present, computed)

    def _edge_tile(self, level: int) -> Tile | None:
        return list(edge_of(self._size))[level]

    def _judge_edge(self, stored: list[bytes | None], computed: list[bytes | None]) -> None:
        """Say what is wrong where the partial tiles don't have the signed root."""
        found = [content for content in computed if content is not None]
        if len(found) < len(computed) or root_of_edge(found) != self._root:
            self._report.add(Kind.ROOT, "the tiles and entries don't have the root that the checkpoint states")
        for level, (content, right) in enumerate(zip(stored, computed, strict=True)):
            if content is not None and right is not None and content != right:
                self._differs(self._edge_tile(level), content, right)

    def _full(self, level: int, number: int, expected: bytes | None, *, trusted: bool) -> bytes | None:
        """Check a full tile and what is below; the root of its entries, None if some are missing.

        ``expected`` is what the tile above has for it, which is authentic if ``trusted``.
        """
        tile = Tile(level, number)
        if tile.end_leaf <= self._first:
            return expected
        stored = self._stored(tile)
        # A size that is made up must not lead through places where there is nothing.
        if stored is None and level:
            return expected
        fits = stored is not None and root_of(stored) == expected
        computed = self._below(tile, stored, authentic=fits and trusted)
        if computed is None:
            if stored is not None and expected is not None and trusted and not fits:
                self._report.add(Kind.TILE, _NOT_THE_PARENTS, index=tile.first_leaf, file=tile.path)
            return expected
        if fits and computed == stored:
            return expected
        root = root_of(computed)
        if expected is not None and trusted and not fits:
            self._judge(tile, stored, computed, root == expected)
        return root

    def _judge(self, tile: Tile, stored: bytes | None, computed: bytes, entries_are_signed: bool) -> None:
        """Say what is wrong with a tile that isn't what the authentic one above it says."""
        if entries_are_signed:
            if stored is not None:
                self._differs(tile, stored, computed)
        elif stored == computed:
            self._report.add(Kind.TILE, _NOT_THE_PARENTS, index=tile.first_leaf, file=tile.path)
        else:
            if stored is not None:
                self._differs(tile, stored, computed)
            self._report.add(
                Kind.ENTRY, "the entries from here on aren't those that were signed", index=tile.first_leaf,
                file=Tile(ENTRIES, tile.first_leaf // WIDTH).path,
            )  # fmt: skip

    def _below(self, tile: Tile, stored: bytes | None, *, authentic: bool) -> bytes | None:
        """The hashes of ``tile`` as what is below it gives them, None if too little is there."""
        if tile.level == 0:
            return self._leaves(tile, stored, authentic=authentic)
        hashes = []
        for at in range(tile.width):
            expected = None if stored is None else stored[at * HASH_BYTES : (at + 1) * HASH_BYTES]
            hashes.append(self._full(tile.level - 1, tile.number * WIDTH + at, expected, trusted=authentic))
        found = [hashed for hashed in hashes if hashed is not None]
        return b"".join(found) if len(found) == len(hashes) else None

    def _leaves(self, tile: Tile, stored: bytes | None, *, authentic: bool) -> bytes | None:
        """The hashes of a bundle's entries, each compared with the tile's."""
        bundle = tile_in(ENTRIES, tile.number, self._size)
        try:
            entries = read_entries(self._read, bundle)
        except MissingTile:
            self._absent(bundle)
            return stored if authentic else None
        except (BadTile, BadFile) as error:
            self._report.add(Kind.ENTRY, str(error), index=tile.first_leaf, file=bundle.path)
            return None
        computed = leaf_hashes(entries)
        if computed == stored:
            self._visit(tile.first_leaf, entries, authentic)
            return computed
        if not authentic or stored is None:
            self._visit(tile.first_leaf, entries, False)
            return computed
        # Nothing is concluded from what these entries say: they aren't the log's.
        for at in _differences(stored, computed):
            index = tile.first_leaf + at
            self._report.add(Kind.ENTRY, "the entry isn't the one that was signed", index=index, file=bundle.path)
        return computed

    def _stored(self, tile: Tile) -> bytes | None:
        try:
            return read_tile(self._read, tile)
        except MissingTile:
            self._absent(tile)
        except (BadTile, BadFile) as error:
            self._report.add(Kind.TILE, str(error), index=tile.first_leaf, file=tile.path)
        return None

    def _absent(self, tile: Tile) -> None:
        if tile.width == WIDTH and len(self.missing) < _MAX_MISSING:
            self.missing.append(tile)
        else:
            self.tell_missing(tile)

    def tell_missing(self, tile: Tile) -> None:
        """Make a finding of a missing file."""
        message = f"{tile.path} is missing"
        self._report.add(Kind.MISSING, message, index=tile.first_leaf, file=tile.path)

    def _differs(self, tile: Tile | None, stored: bytes, computed: bytes) -> None:
        """Make a finding of a tile that isn't what the entries below it give."""
        assert tile is not None
        first = next(iter(_differences(stored, computed)), 0)
        index = tile.first_leaf + first * (WIDTH**tile.level)
        self._report.add(Kind.TILE, f"hash {first} isn't that of the entries below it", index=index, file=tile.path)


def _differences(stored: bytes, computed: bytes) -> list[int]:
    """The places of hashes that differ."""
    places = range(max(len(stored), len(computed)) // HASH_BYTES)
    return [
        at
        for at in places
        if stored[at * HASH_BYTES : (at + 1) * HASH_BYTES] != computed[at * HASH_BYTES : (at + 1) * HASH_BYTES]
    ]
