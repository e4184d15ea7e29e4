"""``keys/{name}/usage``: counts and times of use of each key version, and whether old ones may be trimmed.

Data at rest can't be seen: that a version hasn't been used for long doesn't prove that nothing is encrypted by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engines.base import Call, Reply
from engines.durations import SECOND, format_time
from engines.faults import InvalidRequest, NotFound
from engines.fields import Duration
from engines.keys.counting.use_records import Tally, VersionUse, read_uses
from engines.keys.records import KeyringRecord, VersionRecord, decode_archive, decode_record
from engines.keys.settings import KeyName
from engines.keys.states import state_of
from engines.keys.store import ARCHIVES, KEYS, KeepsKeys

IDLE_SECONDS = 90 * 24 * 3600


class Usage(KeyName):
    """The key, and the version below which others may be trimmed."""

    below: int = 0
    idle: Duration = IDLE_SECONDS

    tells = {
        "below": "Report whether versions below this one can be trimmed; at most the latest. Default: the latest.",
        "idle": "The time since a version last decrypted or verified, from which on it can be trimmed, as a duration.",
    }


async def read(engine: KeepsKeys, call: Call, body: Usage) -> Reply:
    """Tell what the versions of a key were used for, and which of them are still needed."""
    keys = engine.keys
    await keys.use_counts.flush()
    value = await keys.storage.get(KEYS + body.name)
    if value is None:
        raise NotFound
    record = decode_record(value)
    archived = await keys.storage.get(ARCHIVES + body.name)
    versions = {**({} if archived is None else decode_archive(archived).versions), **record.versions}
    if not 0 <= body.below <= record.latest_version:
        raise InvalidRequest(f"below must be between 1 and the latest version, {record.latest_version}")
    below = body.below or record.latest_version
    uses = await read_uses(keys.storage, body.name, versions)
    blockers = [
        blocker
        for number, version in sorted(versions.items())
        if number < below
        for blocker in _blockers(record, number, _Counted(version, uses[number], keys.use_counts.since), call.now, body)
    ]
    return Reply(
        {
            "name": body.name,
            "latest_version": record.latest_version,
            "versions": {
                str(number): {"state": state_of(record, number, call.now).value, "use": describe_use(use)}
                for number, use in uses.items()
            },
            "below": below,
            "trimmable": not blockers,
            "blockers": blockers,
        }
    )


class _Counted:
    """A version with its use, and the time from which uses are counted."""

    def __init__(self, version: VersionRecord, use: VersionUse, since: float) -> None:
        self.use = use
        self.created = version.created / SECOND
        self.since = since


def _blockers(
    record: KeyringRecord, number: int, counted: _Counted, now: float, body: Usage
) -> Iterator[Mapping[str, Any]]:
    """Each reason why version ``number`` may not be trimmed."""
    for name in ("min_decryption_version", "min_encryption_version"):
        if number >= getattr(record, name):
            yield {"version": number, "reason": name, "last_used": None}
    processed = counted.use.process.last_used
    if processed and now - processed < body.idle:
        yield {"version": number, "reason": "processed", "last_used": format_time(processed)}
    here_since, came_in = counted.created, record.imported
    if record.restore_info is not None and number <= record.restore_info.version:
        here_since, came_in = max(here_since, record.restore_info.time / SECOND), True
    never_protected = not came_in and counted.since <= counted.created and not counted.use.protect.operations
    if now - max(counted.since, here_since) < body.idle and not never_protected:
        yield {"version": number, "reason": "not-counted-long-enough", "last_used": _time(processed)}


def describe_use(use: VersionUse) -> dict[str, Any]:
    """``use`` as answers have it, the callers with the newest use first."""
    callers = sorted(use.callers.items(), key=lambda item: (-item[1].last_used, item[0]))
    return {
        "protect": _describe_tally(use.protect),
        "process": _describe_tally(use.process),
        "by_algorithm": {
            name: {"protect": protected, "process": processed}
            for name, (protected, processed) in sorted(use.algorithms.items())
        },
        "callers": [
            {
                "entity_id": entity_id,
                "display_name": caller.display_name,
                "operations": caller.operations,
                "last_used": _time(caller.last_used),
            }
            for entity_id, caller in callers
        ],
        "other_callers": use.other_callers,
    }


def _describe_tally(tally: Tally) -> dict[str, Any]:
    return {
        "operations": tally.operations,
        "bytes": tally.bytes,
        "failures": tally.failures,
        "first_used": _time(tally.first_used),
        "last_used": _time(tally.last_used),
    }


def _time(seconds: float) -> str | None:
    return format_time(seconds) if seconds else None
