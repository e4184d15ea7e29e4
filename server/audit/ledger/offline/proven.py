"""Reads entries of a log and proves each against its checkpoint, and finds how two logs differ."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, islice

from server.audit.ledger.log.checkpoints import Checkpoint, parse_checkpoint
from server.audit.ledger.log.hashes import HASH_BYTES, leaf_hash, leaf_hashes, root_of, root_of_edge
from server.audit.ledger.log.notes import MAX_NOTE_BYTES, BadNote, Note
from server.audit.ledger.log.policy import Policy, check_signatures
from server.audit.ledger.log.tiles import ENTRIES, WIDTH, BadTile, tile_in
from server.audit.ledger.log.tree import MissingTile, TreeReader, read_entries, read_tile
from server.audit.ledger.offline.entries import Clock
from server.audit.ledger.offline.rotations import (
    MAX_ROTATIONS,
    Events,
    extension_of,
    followed,
    own_checkpoints,
    rotated_event,
)
from server.audit.ledger.offline.signatures import judged, missing_types
from server.audit.ledger.offline.sources import BadFile, Source, Unreadable

_CACHED_TILES = 32


Progress = Callable[[int, int], None]
"""Told how many entries of how many were looked at."""


class NotProven(Exception):
    """The data read contradicts the checkpoint; the text has the location."""


class Weaker(NotProven):
    """A log that is as it was signed, with fewer signatures than the policy asks for."""


@dataclass(frozen=True, slots=True)
class Trust:
    """The keys that are believed for a log, and how far it is known already what its entries say of them."""

    policy: Policy
    kept: Sequence[bytes] = ()
    """Checkpoints that were kept elsewhere: they may show the way from the policy's keys to newer ones."""

    seen: int = 0
    """The entries before this one needn't be searched for ``rotated``: those are at the indices ``rotated``."""

    rotated: Sequence[int] = ()
    progress: Progress = lambda done, size: None


class ProvenLog:
    """A log whose entries are proven as they are read, by the tiles between them and the checkpoint's root.

    All methods raise ``NotProven`` for what isn't so or is missing, and ``Unreadable``.
    """

    def __init__(self, source: Source, trust: Trust | None = None) -> None:
        """With ``trust``, the log has to be signed by a key of the policy."""
        self.source = source
        self.weaker = ""
        """In words, what the policy asks for beyond the signatures that are there: the quorum, or the other type."""

        self.checkpoint, self.note = self._read()
        self.tree = TreeReader(source.read, self.checkpoint.size)
        self._tile = lru_cache(_CACHED_TILES)(self._prove)
        self._edge = self._read_edge()
        self.trust = None if trust is None else self._believed(trust)

    def refresh(self) -> bool:
        """Read the checkpoint anew; whether the log has grown. A log that doesn't extend this one isn't taken.

        Raises ``Weaker`` where signatures are missing, which may be on their way.
        """
        newer = ProvenLog(self.source, self.trust)
        if newer.checkpoint.origin != self.checkpoint.origin or newer.checkpoint.size < self.checkpoint.size:
            raise NotProven("the log isn't what it was: it is shorter, or another one")
        if newer.root_at(self.checkpoint.size) != self.checkpoint.root:
            raise NotProven("the log doesn't extend what it was")
        if newer.weaker:
            raise Weaker(newer.weaker)
        grown = newer.checkpoint.size > self.checkpoint.size
        self.checkpoint, self.note, self.tree, self.trust = newer.checkpoint, newer.note, newer.tree, newer.trust
        self._edge, self._tile = newer._edge, newer._tile
        return grown

    def bundles(self, first: int, end: int | None = None) -> Iterator[tuple[int, list[bytes]]]:
        """The entries from ``first`` on, in parts of a bundle, each with the index of its first entry.

        ``end`` is a multiple of 256, or the log's size.
        """
        end = self.checkpoint.size if end is None else end
        for number in range(first // WIDTH, -(-end // WIDTH) if first < end else 0):
            start = max(first, number * WIDTH)
            yield start, self.bundle(number)[start - number * WIDTH :]

    def bundle(self, number: int) -> list[bytes]:
        """The entries of one bundle."""
        entries = self._read_bundle(number)
        hashes = self._tile(0, number)
        if leaf_hashes(entries) != hashes:
            raise NotProven(f"{tile_in(ENTRIES, number, self.checkpoint.size).path} isn't what was signed")
        return entries

    def chosen(self, number: int, places: Sequence[int]) -> list[bytes]:
        """The entries at these places of a bundle; only they are proven, which takes less than all of it."""
        entries = self._read_bundle(number)
        hashes = self._tile(0, number)
        found = [entries[place] for place in places]
        if any(
            leaf_hash(entry) != hashes[place * HASH_BYTES : (place + 1) * HASH_BYTES]
            for place, entry in zip(places, found, strict=True)
        ):
            raise NotProven(f"{tile_in(ENTRIES, number, self.checkpoint.size).path} isn't what was signed")
        return found

    def part_root(self, number: int) -> bytes:
        """The root of the 65,536 entries below a full tile of level 1."""
        above = self._tile(2, number // WIDTH)
        at = number % WIDTH * HASH_BYTES
        return above[at : at + HASH_BYTES]

    def bundle_roots(self, part: int, end: int) -> bytes:
        """The roots of the bundles of a part of 65,536 entries, of those before ``end``, the first entry of one."""
        count = end // WIDTH - part * WIDTH
        return self._tile(1, part)[: count * HASH_BYTES] if count else b""

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

    def rotated(self, first: int, progress: Progress = lambda done, size: None) -> Iterator[int]:
        """The indices of the ``rotated`` entries from ``first`` on, as far as entries weren't pruned."""
        for start, entries in self.bundles(max(first, self.first_entry())):
            yield from (index for index, entry in enumerate(entries, start) if rotated_event(entry) is not None)
            progress(start + len(entries), self.checkpoint.size)

    def events(self, indices: Sequence[int]) -> Events:
        """The ``rotated`` entries at ``indices``, without those that were pruned."""
        first = self.first_entry() if indices else 0
        found = (
            (index, rotated_event(self.entry(index))) for index in indices if first <= index < self.checkpoint.size
        )
        return [(index, event) for index, event in found if event is not None]

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
        return checkpoint, note

    def _believed(self, trust: Trust) -> Trust:
        """Check the signatures, with what the log's entries say of its keys; what is known of these entries then."""
        new = self.rotated(trust.seen, trust.progress)
        indices = [*trust.rotated, *islice(new, MAX_ROTATIONS - len(trust.rotated))]
        events = self.events(indices)
        checkpoints = chain(trust.kept, own_checkpoints(self.source)) if events else ()
        extends = extension_of(self.tree, self.checkpoint)
        policy, _ = followed(trust.policy, self.checkpoint.origin, events, checkpoints, extends)
        try:
            check_note(self.checkpoint, self.note, policy, events, self._newest_time() if events else None)
        except Weaker as error:
            self.weaker = str(error)
        return replace(trust, seen=self.checkpoint.size, rotated=tuple(indices))

    def _newest_time(self) -> int | None:
        """The time of the newest entry that states one, in nanoseconds since 1970."""
        clock = Clock()
        for number in reversed(range(self.first_entry() // WIDTH, -(-self.checkpoint.size // WIDTH))):
            times = (clock.of(entry) for entry in reversed(self.bundle(number)))
            if (time := next((time for time in times if time is not None), None)) is not None:
                return time
        return None

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


def check_note(checkpoint: Checkpoint, note: Note, policy: Policy, events: Events, last_time: int | None) -> None:
    """Check the signatures of a checkpoint against a policy.

    Raises ``NotProven``, and ``Weaker`` if the quorum or a type of the log's keys is missing.

    A key that ``events`` have rotated away counts up to its entry, and until its overlap was over; ``last_time`` is
    that of an entry of the tree, in nanoseconds since 1970.
    """
    signatures = judged(checkpoint, check_signatures(note, policy), events, last_time)
    counted = [one for one, status in signatures if status == "valid"]
    if any(status == "invalid" for _, status in signatures):
        raise NotProven("a signature of the checkpoint isn't good")
    if policy.logs and not any(one.is_log for one in counted):
        gone = any(status == "rotated" for _, status in signatures)
        why = ": its key was rotated away, and the overlap was over" if gone else ""
        raise NotProven(f"no key that the policy has for {checkpoint.origin} has signed the checkpoint{why}")
    if not policy.is_met({one.witness for one in counted if one.witness is not None}):
        raise Weaker(f"the quorum {policy.quorum} of witnesses hasn't signed the checkpoint")
    if policy.logs and (missing := missing_types(checkpoint, policy, events, counted)):
        kinds = " and no ".join(kind.title for kind in missing)
        raise Weaker(f"the checkpoint has no {kinds} of the log, for which the policy has a key")


@dataclass(frozen=True, slots=True)
class Fork:
    """Two histories of one origin: from ``index`` on, None where missing tiles don't show the place."""

    index: int | None
    message: str


def fork_of(one: ProvenLog, other: ProvenLog) -> Fork | None:
    """How two logs differ, None if one is the beginning of the other. Raises ``NotProven`` if that can't be told."""
    smaller = min(one.checkpoint.size, other.checkpoint.size)
    try:
        index = first_difference(one, other)
    except NotProven as error:
        if one.root_at(smaller) == other.root_at(smaller):
            raise
        return Fork(None, f"the logs fork before entry {smaller}; where can't be said: {error}")
    return None if index is None else Fork(index, f"the logs fork: they differ from entry {index} on")


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
