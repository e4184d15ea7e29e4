"""Partial tiles and bundles of earlier sizes, which may stay until the full one is there: each begins the tile."""

from __future__ import annotations

from server.audit.ledger.log.hashes import HASH_BYTES, leaf_hash
from server.audit.ledger.log.tiles import (
    ENTRIES,
    MAX_BUNDLE_BYTES,
    MAX_TILE_BYTES,
    BadTile,
    Tile,
    decode_bundle,
    edge_of,
)
from server.audit.ledger.log.tree import MissingTile, read_tile
from server.audit.ledger.offline.findings import Kind, Report
from server.audit.ledger.offline.sources import BadFile, Listing


def check_partials(source: Listing, size: int, report: Report) -> None:
    """Compare the files of earlier sizes with the partial tiles of ``size``, which are known to be authentic.

    Raises ``Unreadable``.
    """
    for level, tile in enumerate(edge_of(size)):
        if tile is None:
            continue
        try:
            hashes = read_tile(source.read, tile)
        except (MissingTile, BadTile, BadFile):
            continue
        _check(source, tile, hashes, report)
        if level == 0:
            _check(source, Tile(ENTRIES, tile.number, tile.width), hashes, report)


def _check(source: Listing, present: Tile, hashes: bytes, report: Report) -> None:
    try:
        names = source.names(f"{present.full.path}.p")
    except BadFile:
        return
    for name in names:
        if not (name.isascii() and name.isdigit() and len(name) <= 3 and 0 < int(name) < present.width):
            continue
        earlier = Tile(present.level, present.number, int(name))
        found: bytes | None
        try:
            found = _hashes(source, earlier)
        except (BadTile, BadFile):
            found = b""
        # A server at work has put the full one in its place meanwhile.
        if found is not None and found != hashes[: earlier.width * HASH_BYTES]:
            kind = Kind.ENTRY if present.level == ENTRIES else Kind.TILE
            message = "the file of an earlier size isn't the beginning of the present one"
            report.add(kind, message, index=earlier.first_leaf, file=earlier.path)


def _hashes(source: Listing, tile: Tile) -> bytes | None:
    """The hashes of a tile's own file, or of the entries in a bundle's; None if it isn't there any more.

    Raises ``BadTile`` and ``BadFile``.
    """
    content = source.read(tile.path, MAX_BUNDLE_BYTES if tile.level == ENTRIES else MAX_TILE_BYTES)
    if content is None or tile.level != ENTRIES:
        return content
    return b"".join(map(leaf_hash, decode_bundle(content, tile.width)))
