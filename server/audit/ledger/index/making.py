"""Makes the indexes that a log lacks: a program, run by ``keeper`` in a process of its own at the lowest priority.

It reads one line from its input, ``{"directory", "key"}``: the log's directory, and the indexes' key in hexadecimal
digits. It ends when there is nothing left to make, or with its parent; if something couldn't be made, it says why.

Each entry is proven against the checkpoint before it is indexed. An index is written whole and renamed to its place, so
one that is being made when the process ends isn't there.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

from server.audit.ledger.device.directory import CHECKPOINT, INDEX, PART_ENTRIES, LedgerDirectory
from server.audit.ledger.index.file import index_path
from server.audit.ledger.index.part import PartBuilder
from server.audit.ledger.leading.child import end_with_parent
from server.audit.ledger.log.frames import segment_name
from server.audit.ledger.log.notes import MAX_NOTE_BYTES
from server.audit.ledger.log.tiles import WIDTH
from server.audit.ledger.offline.proven import NotProven, ProvenLog
from server.audit.ledger.offline.sources import BadFile, DirectorySource, Unreadable

_NICENESS = 19


def main() -> int:
    """Make what the log named at standard input lacks."""
    end_with_parent()
    os.nice(_NICENESS)
    line = sys.stdin.buffer.readline()
    if not line:
        return 0
    task = json.loads(line)
    try:
        make_missing(LedgerDirectory(Path(task["directory"])), bytes.fromhex(task["key"]))
    except (NotProven, Unreadable, BadFile, OSError) as error:
        words = error.strerror if isinstance(error, OSError) else str(error)
        sys.stdout.write(words or type(error).__name__)
        return 1
    return 0


def missing(directory: LedgerDirectory, size: int, first: int) -> list[int]:
    """The parts of a log of ``size`` entries that have no index, but for those wholly below ``first``, newest first.

    Raises ``OSError``.
    """
    parts = range(size // PART_ENTRIES - 1, first // PART_ENTRIES - 1, -1)
    present = set()
    with suppress(FileNotFoundError):
        present = set(os.listdir(directory.path / INDEX)) if parts else set()
    return [part for part in parts if segment_name(part * PART_ENTRIES) not in present]


def make_missing(directory: LedgerDirectory, key: bytes) -> None:
    """Make the indexes that are missing. Raises ``NotProven``, ``Unreadable``, ``BadFile``, ``OSError``."""
    source = DirectorySource(directory.path)
    try:
        if source.read(CHECKPOINT, MAX_NOTE_BYTES) is None:
            return
        proven = ProvenLog(source)
        first = proven.first_entry()
        failure = None
        for part in missing(directory, proven.checkpoint.size, first):
            try:
                directory.write(index_path(part), make_index(proven, part, key, first))
            except NotProven as error:
                failure = error  # Other parts may be as they were signed.
        if failure is not None:
            raise failure
    finally:
        source.close()


def make_index(proven: ProvenLog, part: int, key: bytes, first: int) -> bytes:
    """The index of a part, of its entries from ``first`` on. Raises ``NotProven``, ``Unreadable``."""
    end = (part + 1) * PART_ENTRIES
    builder = PartBuilder(max(part * PART_ENTRIES, first // WIDTH * WIDTH))
    for _, entries in proven.bundles(builder.first, end):
        builder.add(entries)
    return builder.encode(key, proven.checkpoint.origin, proven.part_root(part))


if __name__ == "__main__":
    sys.exit(main())
