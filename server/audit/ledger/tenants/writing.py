"""Writing of tenants' logs, in the integrating process: the server's new entries, each into its tenant's tiles.

It reads the server's bundles again, a part at a time, and has one tenant's tree in memory at once: neither memory nor
open files grow with the number of tenants. Files may be ahead of what is remembered, and are written again alike then.

A log whose tiles aren't those that are remembered is made again from the server's entries, beside the others that are
damaged; one for which that doesn't lead to the remembered root, because entries were pruned, is lost until its files
are put back or a loss is accepted.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from server.audit.ledger.device.directory import CHECKPOINT, LOST, LedgerDirectory, SharedPage, make_folders
from server.audit.ledger.log.checkpoints import parse_checkpoint
from server.audit.ledger.log.hashes import EMPTY_ROOT
from server.audit.ledger.log.notes import MAX_NOTE_BYTES, BadNote
from server.audit.ledger.log.tiles import ENTRIES, WIDTH, BadTile, tile_in
from server.audit.ledger.log.tree import MissingTile, read_entries
from server.audit.ledger.log.writer import TreeWriter
from server.audit.ledger.tenants.projection import project, tenant_folder, tenant_of
from server.audit.ledger.tenants.sizes import Known, Round, Size

PART_ENTRIES, PART_BYTES, PART_TENANTS = 4096, 16 * 1024 * 1024, 256
"""The most entries, bytes of them, and tenants in one part of a round."""

_NONE = Size()


@dataclass(slots=True)
class _Part:
    """Entries of tenants, by their namespaces, and the first entry of the server's behind them."""

    end: int
    entries: dict[str, list[bytes]] = field(default_factory=dict)


@dataclass(slots=True)
class _Mending:
    """Damaged logs that are made again, and how far that is."""

    sizes: dict[str, Size]
    position: int = 0


class TenantWriter:
    """The tenants' logs in ``directory``, as they are remembered. Methods raise ``OSError``."""

    def __init__(self, directory: LedgerDirectory, known: Known) -> None:
        self._directory = directory
        self._position = known.position
        self._sizes = known.sizes
        self._lost = set(known.lost)
        self._suspect = known.suspect
        self._mending: _Mending | None = None
        self._told_from: int | None = None
        """The index from which on the shared page tells of entries of tenants before they are written."""

    def caught_up(self, size: int) -> None:
        """Tell that all that was in the journal when this was made is below the entry ``size``.

        Earlier releases, and a page that was lost with the machine's power, don't tell of entries. Those of processes
        that run now are told of, so where no process has, all entries from ``size`` on are the root's.
        """
        if self._told_from is None:
            self._told_from = size

    def advance(self, end: int) -> Round:
        """Write a part of the entries below ``end``, the size of the server's log, whose files hold them."""
        if self._mending is not None:
            return self._mend(self._mending)
        if self._suspect:
            return self._look_at_some()
        if self._told_from is not None and self._position >= self._told_from and not self._may_have_entries():
            self._position = end
            return Round(end, {}, [])
        part = self._read(self._position, end, None)
        if part.end == self._position < end:
            return Round(self._position, {}, [], error=f"entry {part.end} of the server's log can't be read")
        grown: dict[str, Size] = {}
        damaged: list[str] = []
        for name, entries in part.entries.items():
            size = self._append(name, self._sizes.get(name, _NONE), entries)
            if size is None:
                damaged.append(name)
            else:
                grown[name] = size
        if damaged:
            self._begin_mending(damaged)
            return Round(self._position, {}, [], True)
        self._position = part.end
        self._sizes.update(grown)
        return Round(self._position, grown, [], part.end < end)

    def _may_have_entries(self) -> bool:
        page = self._directory.page()
        try:
            return bool(page.words[SharedPage.NAMESPACES])
        finally:
            page.close()

    def _read(self, first: int, end: int, only: dict[str, Size] | None) -> _Part:
        """The entries from ``first`` on, up to ``end`` or as many as make a part, of tenants, or of ``only`` some."""
        part = _Part(first)
        size = 0
        for index, entry in self._entries(first, min(end, first + PART_ENTRIES), end):
            name = tenant_of(entry)
            if name is not None and name not in self._lost and (only is None or name in only):
                if size and (size > PART_BYTES or (name not in part.entries and len(part.entries) == PART_TENANTS)):
                    return part
                part.entries.setdefault(name, []).append(entry)
                size += len(entry)
            part.end = index + 1
        return part

    def _entries(self, first: int, last: int, size: int) -> Iterator[tuple[int, bytes]]:
        """The server's entries from ``first`` up to ``last``; none from one on that isn't there."""
        for number in range(first // WIDTH, -(-last // WIDTH)):
            start = number * WIDTH
            try:
                entries = read_entries(self._directory.read, tile_in(ENTRIES, number, size))
            except (MissingTile, BadTile):
                return
            yield from enumerate(entries[max(first - start, 0) : last - start], max(first, start))

    def _append(self, name: str, known: Size, entries: list[bytes]) -> Size | None:
        """Append the server's ``entries`` to a tenant's log; None if its files aren't those of ``known``."""
        own = tenant_directory(self._directory, name)
        tree = _tree(own, known)
        if tree is None:
            return None
        for n, entry in enumerate(entries, known.size):
            made = project(entry, name, n, self._directory.read)
            if made.body is not None:
                own.write(f"large/{made.name}", made.body)
            tree.append([made.entry])
        for tile, content in tree.flush():
            own.write_tile(tile, content)
        self._drop_bundles(own, tree.size)
        return Size(tree.size, tree.root())

    def _drop_bundles(self, own: LedgerDirectory, size: int) -> None:
        """Take away the partial bundles, of the present number, of sizes before the one that is signed.

        They would take a hundred times the space of a log that grows slowly; the tiles of earlier sizes stay.
        """
        signed = signed_size(own)
        if size % WIDTH and signed // WIDTH == size // WIDTH:
            folder = own.path / f"{tile_in(ENTRIES, size // WIDTH, size).full.path}.p"
            for width in os.listdir(folder):
                if width.isdecimal() and int(width) < signed % WIDTH:
                    os.unlink(folder / width)

    def _look_at_some(self) -> Round:
        """Look whether the files of some logs are those that are remembered."""
        names, self._suspect = self._suspect[:PART_TENANTS], self._suspect[PART_TENANTS:]
        damaged = [name for name in names if _tree(tenant_directory(self._directory, name), self._sizes[name]) is None]
        if damaged:
            self._begin_mending(damaged)
        return Round(self._position, {}, [], True)

    def _begin_mending(self, names: list[str]) -> None:
        """Put the tiles of damaged logs aside, and make them again from the first entry on."""
        stamp = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}"
        for name in names:
            put_tenant_aside(self._directory, name, stamp, only="tile")
        self._mending = _Mending(dict.fromkeys(names, _NONE))

    def _mend(self, mending: _Mending) -> Round:
        part = self._read(mending.position, self._position, mending.sizes)
        for name, entries in part.entries.items():
            size = self._append(name, mending.sizes[name], entries)
            if size is not None:
                mending.sizes[name] = size
        if part.end > mending.position and part.end < self._position:
            mending.position = part.end
            return Round(self._position, {}, [], True)
        self._mending = None
        lost = [name for name, size in mending.sizes.items() if size != self._sizes.get(name, _NONE)]
        self._lost.update(lost)
        return Round(self._position, {}, lost, True)


def tenant_directory(directory: LedgerDirectory, namespace_id: str) -> LedgerDirectory:
    """The files of a tenant's log below the server's."""
    return LedgerDirectory(directory.path / tenant_folder(namespace_id), directory.temporary)


def put_tenant_aside(directory: LedgerDirectory, namespace_id: str, stamp: str, only: str = "") -> None:
    """Move the files of a tenant's log, or those of one folder in it, below ``lost/STAMP``. Raises ``OSError``."""
    target = directory.path / LOST / stamp / tenant_folder(namespace_id) / only
    make_folders(target.parent)
    with contextlib.suppress(FileNotFoundError):
        os.rename(directory.path / tenant_folder(namespace_id) / only, target)


def signed_size(own: LedgerDirectory) -> int:
    """The size that the checkpoint of a log states, whose signatures aren't looked at; 0 without one."""
    try:
        return parse_checkpoint(own.read(CHECKPOINT, MAX_NOTE_BYTES) or b"")[0].size
    except BadNote:
        return 0


def _tree(own: LedgerDirectory, known: Size) -> TreeWriter | None:
    """The tree of a log; None if its files aren't those of ``known``."""
    if not known.size:
        return TreeWriter() if known.root == EMPTY_ROOT else None
    try:
        tree = TreeWriter.resume(own.read, known.size)
    except (MissingTile, BadTile):
        return None
    return tree if tree.root() == known.root else None
