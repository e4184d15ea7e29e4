"""Pruning: the oldest entries go from the directory to an archive. The tree, and every proof above them, stays.

A tile or bundle goes if all of its leaves do; tiles higher up keep its root. A segment of the journal goes as a whole,
so entries may stay in the journal until later ones are pruned.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from server.audit.ledger.device.directory import (
    CHECKPOINT,
    DIRECTORY_MODE,
    FILE_MODE,
    INDEX,
    LOCK,
    PART_ENTRIES,
    POLICY,
    LedgerDirectory,
    SharedPage,
)
from server.audit.ledger.device.entries import large_references
from server.audit.ledger.device.syncing import sync_file_system, sync_folder
from server.audit.ledger.log.frames import segment_name
from server.audit.ledger.log.tiles import ENTRIES, MAX_BUNDLE_BYTES, WIDTH, BadTile, Tile, decode_bundle, leaves_of

_LARGE = b'"large":{'


def archive(directory: LedgerDirectory, first: int, below: int, target: Path) -> None:
    """Copy what pruning from ``first`` to ``below`` takes away to ``target``, durably, with checkpoint and policy.

    Raises ``OSError``, also if a file of the log is missing: an entry that it was pruned would hide that.
    """
    copy = LedgerDirectory(target)
    copy.make()
    for path in (CHECKPOINT, POLICY, *_paths(directory, first, below)):
        os.makedirs((target / path).parent, DIRECTORY_MODE, exist_ok=True)
        try:
            shutil.copyfile(directory.path / path, target / path, follow_symlinks=False)
        except FileNotFoundError as error:
            raise FileNotFoundError(error.errno, f"{path} is missing") from error
        os.chmod(target / path, FILE_MODE)
    sync_file_system(target)
    sync_folder(target)


def remove(directory: LedgerDirectory, first: int, below: int) -> None:
    """Take away what was archived. Raises ``OSError``."""
    # Bundles last: they say which large bodies are theirs.
    for path in sorted(_paths(directory, first, below), key=lambda path: path.startswith("tile/entries/")):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(directory.path / path)
    for part in range(first // PART_ENTRIES, below // PART_ENTRIES):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(directory.path / INDEX / segment_name(part * PART_ENTRIES))


def _paths(directory: LedgerDirectory, first: int, below: int) -> Iterator[str]:
    """Tiles, bundles, large bodies and segments all of whose entries lie between ``first`` and ``below``."""
    for number in range(first // WIDTH, below // WIDTH):
        bundle = Tile(ENTRIES, number).path
        content = directory.read(bundle, MAX_BUNDLE_BYTES)
        if content is not None:
            yield from _bodies(content)
        yield bundle
    level = 0
    while below // leaves_of(level):
        # A tile may have begun before ``first``, and have waited for its last leaves.
        for number in range(first // leaves_of(level), below // leaves_of(level)):
            yield Tile(level, number).path
        level += 1
    yield from _segments(directory, below)


def _bodies(bundle: bytes) -> Iterator[str]:
    """The large bodies of the entries in a bundle; none of one that is damaged."""
    if _LARGE in bundle:
        with contextlib.suppress(BadTile):
            for entry in decode_bundle(bundle, WIDTH):
                if _LARGE in entry:
                    yield from (f"large/{name}" for name, _ in large_references(entry))


def _segments(directory: LedgerDirectory, below: int) -> Iterator[str]:
    """The segments of the journal all of whose entries lie before ``below``; the log of a namespace has none."""
    if not (directory.path / LOCK).exists():
        return
    segments = directory.segments()
    page = directory.page()
    try:
        present = page.words[SharedPage.SEGMENT]
    finally:
        page.close()
    for segment, following in itertools.pairwise(segments):
        if following <= below and segment < present:
            yield f"journal/{segment_name(segment)}"
