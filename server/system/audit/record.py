"""The record of past requests for replays: the audit's ledger, or else the first file of the audit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from math import isinf
from pathlib import Path
from typing import TypeAlias

from engines.durations import SECOND
from engines.faults import InvalidRequest
from server.audit.ledger.lookup import opened_record
from server.system.state import System

SLICE_SECONDS = 0.02
"""The seconds for which lines are read beside the event loop before other work has its turn there."""

_FILE = "file"
_SLACK_NANOSECONDS = 1_000_000
"""More than a time loses as a floating-point number of seconds."""

Record: TypeAlias = Iterator[Iterable[bytes]]
"""The lines of the audit, a part at a time."""


async def record_of(system: System, start: float, until: float) -> AbstractContextManager[Record]:
    """The record of this time, in seconds since the epoch; lines of other times may be among it.

    To be opened and read beside the event loop. Raises ``InvalidRequest`` if there is none.
    """
    return await _ledger(system, start, until) or _file(system)


async def _ledger(system: System, start: float, until: float) -> AbstractContextManager[Record] | None:
    host = system.unsealed.audit.ledger
    if host.device is None:
        return None
    first = await host.ledgers.pruned(host.device.settings.origin)
    after = None if isinf(start) else int(start * SECOND) - _SLACK_NANOSECONDS
    before = None if isinf(until) else int(until * SECOND) + _SLACK_NANOSECONDS
    return opened_record(host.device.directory.path, await host.ledgers.index_key(), first, after, before)


def _file(system: System) -> AbstractContextManager[Record]:
    for device in system.unsealed.audit.devices().values():
        path = Path(device["options"].get("file_path", ""))
        if device["type"] == _FILE and path.is_absolute() and path.is_file():
            return _opened(path)
    raise InvalidRequest("there is no audit ledger, and no audit device of the type file whose file could be read")


@contextmanager
def _opened(path: Path) -> Iterator[Record]:
    with path.open("rb") as file:
        yield ((line,) for line in file)
