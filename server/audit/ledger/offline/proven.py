"""Reads entries of a log and proves each against its checkpoint, and finds how two logs differ."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import sha256

from server.audit.ledger.log.checkpoints import Checkpoint, parse_checkpoint
from server.audit.ledger.log.hashes import HASH_BYTES, root_of, root_of_edge
from server.audit.ledger.log.notes import MAX_NOTE_BYTES, BadNote, Note
from server.audit.ledger.log.policy import Policy
from server.audit.ledger.log.tiles import ENTRIES, WIDTH, BadTile, tile_in
from server.audit.ledger.log.tree import MissingTile, TreeReader, read_entries, read_tile
from server.audit.ledger.offline.signatures import log_signatures
from server.audit.ledger.offline.sources import BadFile, Source, Unreadable

_CACHED_TILES = 32


class NotProven(Exception):
    """The data read contradicts the checkpoint; the text has the location."""


class ProvenLog:
    """A log whose entries are proven as they are read, by the tiles between them and the checkpoint's root.

    All methods raise ``NotProven`` for what isn't so or is missing, and ``Unreadable``.
    """

    def __init__(self, source: Source, policy: Policy | None = None) -> None:
        """With a policy, the log's signatures and the quorum have to be there."""
        self.source = source
        self._policy = policy
        self.checkpoint, self.note = self._read()
        self.tree = TreeReader(source.read, self.checkpoint.size)
        self._tile = lru_cache(_CACHED_TILES)(self._prove)
        self._edge = self._read_edge()

    def refresh(self) -> bool:
        """Read the checkpoint anew; whether the log has grown. A log that doesn't extend this one isn't taken."""
        newer = ProvenLog(self.source, self._policy)
        if newer.checkpoint.origin != self.checkpoint.origin or newer.checkpoint.size < self.checkpoint.size:
            raise NotProven("the log isn't what it was: it is shorter, or another one")
        if newer.root_at(self.checkpoint.size) != self.checkpoint.root:
            raise NotProven("the log doesn't extend what it was")
        grown = newer.checkpoint.size > self.checkpoint.size
        self.checkpoint, self.note, self.tree = newer.checkpoint, newer.note, newer.tree
        self._edge, self._tile = newer._edge, newer._tile
        return grown

    def bundles(self, first: int, end: int | None = None) -> Iterator[tuple[int, list[bytes]]]:
        """The entries from ``first`` on, in parts of a bundle, each with the index of its first entry.

        ``end`` is a multiple of 256, or the log's size.
        """
        for number in range(first // WIDTH, -(-(self.checkpoint.size if end is None else end) // WIDTH)):
            start = max(first, number * WIDTH)
            yield start, self.bundle(number)[start - number * WIDTH :]

    def bundle(self, number: int) -> list[bytes]:
        """The entries of one bundle."""
        entries = self._read_bundle(number)
        hashes = self._tile(0, number)
        if b"".join([sha256(b"\0" + entry).digest() for entry in entries]) != hashes:
            raise NotProven(f"{tile_in(ENTRIES, number, self.checkpoint.size).path} isn't what was signed")
        return entries

    def chosen(self, number: int, places: Sequence[int]) -> list[bytes]:
        """The entries at these places of a bundle; only they are proven, which takes less than all of it."""
        entries = self._read_bundle(number)
        hashes = self._tile(0, number)
        found = [entries[place] for place in places]
        if any(
            sha256(b"\0" + entry).digest() != hashes[place * HASH_BYTES : (place + 1) * HASH_BYTES]
            for place, entry in zip(places, found, strict=True)
        ):
            raise NotProven(f"{tile_in(ENTRIES, number, self.checkpoint.size).path} isn't what was signed")
        return found

    def part_root(self, number: int) -> bytes:
        """The root of the 65,536 entries below a full tile of level 1."""
        above = self._tile(2, number // WIDTH)
        at = number % WIDTH * HASH_BYTES
        return above[at : at + HASH_BYTES]

    def _read_bundle(self, number: int) -> list[bytes]:
        try:
            return read_entries(self.source.read, tile_in(ENTRIES, number, self.checkpoint.size))
        except (MissingTile, BadTile, BadFile) as error:
            raise NotProven(str(error)) from error

    def first_entry(self) -> int:
        """The first entry that is there, where those before it were pruned."""
        bundles = range(-(-self.checkpoint.size // WIDTH))
        # Usually nothing was pruned.
        first = 0 if not bundles or self._has_bundle(0) else bisect_left(bundles, True, key=self._has_bundle)
        return min(first * WIDTH, self.checkpoint.size)

    def _has_bundle(self, number: int) -> bool:
        try:
            read_entries(self.source.read, tile_in(ENTRIES, number, self.checkpoint.size))
        except MissingTile:
            return False
        except (BadTile, BadFile):
            return True
        return True

    def entry(self, index: int) -> bytes:
        """One entry."""
        return self.bundle(index // WIDTH)[index % WIDTH]

    def root_at(self, size: int) -> bytes:
        """The root of the first ``size`` entries."""
        try:
            return self.checkpoint.root if size == self.checkpoint.size else self.tree.root(size)
        except (MissingTile, BadTile, BadFile) as error:
            raise NotProven(str(error)) from error

    def _read(self) -> tuple[Checkpoint, Note]:
        try:
            content = self.source.read("checkpoint", MAX_NOTE_BYTES)
            if content is None:
                raise Unreadable(f"{self.source.name('checkpoint')} is missing")
            checkpoint, note = parse_checkpoint(content)
        except (BadFile, BadNote) as error:
            raise NotProven(f"the checkpoint can't be read: {error}") from error
        if self._policy is not None:
            check_note(note, self._policy, checkpoint.origin)
        return checkpoint, note

    def _read_edge(self) -> list[bytes]:
        try:
            edge = self.tree.edge()
        except (MissingTile, BadTile, BadFile) as error:
            raise NotProven(str(error)) from error
        if root_of_edge(edge) != self.checkpoint.root:
            raise NotProven("the tiles don't have the root that the checkpoint states")
        return edge

    def _prove(self, level: int, number: int) -> bytes:
        """The hashes of a tile, compared with the tile above. Those of the edge are proven already."""
        tile = tile_in(level, number, self.checkpoint.size)
        if tile.width < WIDTH:
            return self._edge[level]
        try:
            hashes = read_tile(self.source.read, tile)
        except (MissingTile, BadTile, BadFile) as error:
            raise NotProven(str(error)) from error
        above = self._tile(level + 1, number // WIDTH)
        at = number % WIDTH * HASH_BYTES
        if root_of(hashes) != above[at : at + HASH_BYTES]:
            raise NotProven(f"{tile.path} isn't what was signed")
        return hashes


def check_note(note: Note, policy: Policy, origin: str) -> None:
    """Check the signatures of a checkpoint against a policy, quorum included. Raises ``NotProven``."""
    signed, wrong, witnesses = log_signatures(note, policy, origin)
    if wrong:
        raise NotProven("a signature of the checkpoint isn't good")
    if not signed and policy.logs:
        raise NotProven(f"no key that the policy has for {origin} has signed the checkpoint")
    if not policy.is_met(witnesses):
        raise NotProven(f"the quorum {policy.quorum} of witnesses hasn't signed the checkpoint")


def first_difference(one: ProvenLog, other: ProvenLog) -> int | None:
    """The first index, below the smaller size, at which two logs differ; None if the smaller is part of the larger.

    Raises ``NotProven`` where tiles are missing.
    """
    size = min(one.checkpoint.size, other.checkpoint.size)
    try:
        if one.tree.root(size) == other.tree.root(size):
            return None
        start = 0
        for height in reversed(range(size.bit_length())):
            # The subtrees of a tree, the largest first, are those of its size's binary digits.
            while (
                start + (1 << height) <= size
                and start % (1 << height) == 0
                and one.tree.hash_at(height, start >> height) == other.tree.hash_at(height, start >> height)
            ):
                start += 1 << height
    except (MissingTile, BadTile, BadFile) as error:
        raise NotProven(str(error)) from error
    return start
