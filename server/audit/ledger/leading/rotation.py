"""Rotation of a log's keys: an entry of the log, under the old keys, names the new ones; both sign for an overlap."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from msgspec.structs import replace

from engines.durations import SECOND
from engines.faults import InvalidRequest
from server.audit.devices.base import DeviceFault
from server.audit.ledger.device.state import LogKeys, new_keys

Note = Callable[[str, dict[str, object]], "asyncio.Future[Exception | None]"]
"""Writes an entry of the server's own, and gives the exception if that fails."""

ChangeKeys = Callable[[Callable[[LogKeys], LogKeys]], Awaitable[LogKeys]]
"""Replaces the stored keys of a log by what a function makes of them."""

MAX_OLDER_KEYS = 8
"""The most older pairs of keys that sign beside the present ones."""


async def rotate(
    change_keys: ChangeKeys, origin: str, overlap_seconds: int, note: Note, more: Mapping[str, object]
) -> LogKeys:
    """Give the log ``origin`` new keys; those before are destroyed after ``overlap_seconds``.

    ``more`` are further members of the entry. Raises ``InvalidRequest``, and ``DeviceFault`` if that isn't taken.
    """
    new = new_keys()

    def begin(keys: LogKeys) -> LogKeys:
        if keys.next is not None:
            return keys  # A change that was cut off goes on.
        if len(keys.older) >= MAX_OLDER_KEYS:
            raise InvalidRequest(f"{MAX_OLDER_KEYS} older keys sign the audit ledger; wait until one is destroyed")
        return replace(keys, next=new, overlap_seconds=overlap_seconds)

    keys = await change_keys(begin)
    try:
        return await rotate_to_next(change_keys, origin, keys, note, more)
    except DeviceFault:
        await change_keys(lambda keys: replace(keys, next=None))
        raise


async def rotate_to_next(
    change_keys: ChangeKeys,
    origin: str,
    keys: LogKeys,
    note: Note,
    more: Mapping[str, object],
) -> LogKeys:
    """Write the entry that names the next keys, and have them sign. Raises what the device does."""
    assert keys.next is not None
    until = time.time_ns() + keys.overlap_seconds * SECOND
    members: dict[str, object] = {
        **more,
        "old": keys.present.verifiers(origin),
        "new": keys.next.verifiers(origin),
        "overlap_seconds": keys.overlap_seconds,
    }
    error = await note("rotated", members)
    if error is not None:
        raise error
    chosen = keys.next
    return await change_keys(lambda keys: keys.promoted(until) if keys.next == chosen else keys)
