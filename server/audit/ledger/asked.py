"""The log that serves a request: the server's or a namespace's, with the number of entries not yet in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from server.audit.ledger.device.directory import LedgerDirectory
from server.audit.ledger.device.state import Ledgers, LedgerState, LogKeys
from server.audit.ledger.log.frames import Frames, SegmentReader
from server.audit.ledger.log.tiles import ENTRIES, WIDTH, BadTile, tile_in
from server.audit.ledger.log.tree import MissingTile, Read, read_entries
from server.audit.ledger.tenants.projection import tenant_folder, tenant_of, tenant_origin
from server.audit.ledger.tenants.state import TenantLogs

MAX_PENDING_ENTRIES = 1_000_000
"""From how many on entries that aren't in the server's log yet are no longer looked at."""


@dataclass(frozen=True, slots=True)
class AskedLog:
    """A log, and what is remembered of it."""

    path: Path
    state: LedgerState
    """Its own: for a namespace's without a place in the journal."""

    keys: LogKeys | None
    """None where it has no entry yet."""

    pruned: int
    lost: bool
    """Whether its files can't be brought to its state."""

    pending: Callable[[], Iterator[list[bytes]]]
    """The server's entries that are, or will be, in this log, and weren't when it was remembered."""

    @property
    def begun(self) -> bool:
        """Whether it has files."""
        return self.keys is not None

    def behind(self, read: Read, size: int) -> Iterator[list[bytes]]:
        """The entries behind the first ``size``, which a checkpoint covers: those in its files, read by ``read``."""
        for number in range(size // WIDTH, -(-self.state.size // WIDTH)):
            with suppress(MissingTile, BadTile):
                yield read_entries(read, tile_in(ENTRIES, number, self.state.size))
        yield from self.pending()


async def asked_server(path: Path, state: LedgerState, ledgers: Ledgers) -> AskedLog:
    """The server's log at ``path``."""
    keys, pruned = await ledgers.keys(state.origin), await ledgers.pruned(state.origin)
    return AskedLog(path, state, keys, pruned, False, lambda: _journal(LedgerDirectory(path), state))


async def asked_tenant(
    path: Path, server: LedgerState, ledgers: Ledgers, logs: TenantLogs, namespace_id: str
) -> AskedLog:
    """The log of a namespace, of the ledger at ``path``, whose remembered state is ``server``."""
    position = await logs.position()
    log = await logs.get(namespace_id)
    origin = tenant_origin(server.origin, namespace_id)
    state = LedgerState(origin) if log is None else LedgerState(origin, log.size, log.root, time=log.time)

    def pending() -> Iterator[list[bytes]]:
        directory = LedgerDirectory(path)
        for entries in chain(_bundles(directory, server, position, server.size), _journal(directory, server)):
            yield [entry for entry in entries if tenant_of(entry) == namespace_id]

    own = path / tenant_folder(namespace_id)
    if log is None:
        return AskedLog(own, state, None, 0, False, pending)
    return AskedLog(own, state, log.keys, await ledgers.pruned(origin), log.lost, pending)


def any_of_tenants(path: Path, server: LedgerState, first: int, below: int) -> bool:
    """Whether a namespace's log has one of the entries of the server's from ``first`` up to ``below``."""
    parts = _bundles(LedgerDirectory(path), server, first, below)
    return any(tenant_of(entry) is not None for entries in parts for entry in entries)


def _bundles(directory: LedgerDirectory, state: LedgerState, first: int, below: int) -> Iterator[list[bytes]]:
    """The entries of the log from ``first`` up to ``below``, as far as they are there."""
    for number in range(first // WIDTH, -(-below // WIDTH)):
        start = number * WIDTH
        with suppress(MissingTile, BadTile):
            entries = read_entries(directory.read, tile_in(ENTRIES, number, state.size))
            yield entries[max(first - start, 0) : below - start]


def _journal(directory: LedgerDirectory, state: LedgerState) -> Iterator[list[bytes]]:
    """The entries of the journal behind ``state``, up to ``MAX_PENDING_ENTRIES`` or so."""
    offset, count = state.offset, 0
    for segment in directory.segments():
        if segment < state.segment:
            continue
        descriptor = os.open(directory.segment(segment), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            reader = SegmentReader(_read_at(descriptor), offset, sealed=False)
            while count < MAX_PENDING_ENTRIES and (part := reader.read()) is not None:
                if isinstance(part, Frames):
                    count += len(part.entries)
                    yield part.entries
        finally:
            os.close(descriptor)
        offset = 0


def _read_at(descriptor: int) -> Callable[[int, int], bytes]:
    return lambda size, at: os.pread(descriptor, size, at)
