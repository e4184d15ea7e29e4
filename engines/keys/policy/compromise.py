"""Compromise of a key's version: a mark that ends its use for anything new, and stays.

A compromised version still decrypts and verifies, so that data can be moved to another one. It isn't in JWK sets any
more: verifiers elsewhere would accept what others sign with it. A mark takes rights away and gives none, so the crypto
policy isn't asked. Backups bring marks, and a backup from before doesn't remove one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from engines.base import Call, Reply
from engines.durations import format_time_nanoseconds
from engines.encoding import nanoseconds_of, parse_rfc3339
from engines.faults import InvalidRequest, NotFound
from engines.keys.records import (
    GONE,
    Compromise,
    KeyringRecord,
    VersionRecord,
    decode_record,
    decode_tombstones,
)
from engines.keys.settings import KeyName
from engines.keys.store import KEYS, KeepsKeys, KeyStore
from storage.base import Transaction

MAX_REASON_BYTES = 512


class CompromiseBody(KeyName):
    """The version that is compromised."""

    version: int | UnsetType = UNSET
    reason: str = ""

    tells = {
        "version": "Required. The version whose private or secret key may have been disclosed.",
        "reason": f"The reason, shown when the key is read; at most {MAX_REASON_BYTES} bytes.",
    }


class StoredMark(Struct):
    """A mark in a backup."""

    time: str = ""
    reason: str = ""


async def mark(engine: KeepsKeys, call: Call, body: CompromiseBody) -> Reply:
    """Mark a version of a key as compromised; one that is marked keeps its time and gets the new reason."""
    number = body.version
    if number is UNSET:
        raise InvalidRequest("missing version")
    _check_reason(body.reason)

    def edit(record: KeyringRecord) -> KeyringRecord:
        if not max(record.min_available_version, 1) <= number <= record.latest_version:
            raise InvalidRequest("no such key version")
        before = record.compromised.get(number)
        marked = Compromise(nanoseconds_of(call.now) if before is None else before.time, body.reason)
        return replace(record, compromised=dict(sorted({**record.compromised, number: marked}.items())))

    changed = await engine.keys.classify(body.name, NotFound(), edit)
    return Reply({"name": body.name, **describe_marks(changed.record)})


def describe_marks(record: KeyringRecord) -> dict[str, Any]:
    """The marks, by version; {} if there are none."""
    if not record.compromised:
        return {}
    return {
        "compromised_versions": {
            str(number): {"time": format_time_nanoseconds(mark.time), "reason": mark.reason}
            for number, mark in record.compromised.items()
        }
    }


def with_marks(record: KeyringRecord, stored: Mapping[str, StoredMark]) -> KeyringRecord:
    """``record`` with the marks of its backup. Raises ``InvalidRequest``."""
    if not stored:
        return record
    marks: dict[int, Compromise] = {}
    for number in range(max(record.min_available_version, 1), record.latest_version + 1):
        found = stored.get(str(number))
        if found is not None:
            time = parse_rfc3339(found.time)
            if time is None:
                raise InvalidRequest("the time of a compromised version is not in RFC 3339")
            _check_reason(found.reason)
            marks[number] = Compromise(time, found.reason)
    return replace(record, compromised=marks)


async def with_known_marks(
    keys: KeyStore, transaction: Transaction, record: KeyringRecord, versions: Mapping[int, VersionRecord]
) -> KeyringRecord:
    """``record``, which is restored with ``versions``, and the marks that these have here already.

    They are recognised by their number and the time of their creation, also if they were destroyed.
    """
    known: dict[tuple[int, int], Compromise] = {}
    gone = await transaction.get(GONE + record.name)
    for tombstone in () if gone is None else decode_tombstones(gone):
        if tombstone.number in tombstone.key.compromised:
            known[tombstone.number, tombstone.created] = tombstone.key.compromised[tombstone.number]
    value = await transaction.get(KEYS + record.name)
    if value is not None:
        there = decode_record(value)
        present = {**await keys.archived(transaction, record.name), **there.versions}
        known |= {(n, present[n].created): found for n, found in there.compromised.items() if n in present}
    marks = {n: known[n, each.created] for n, each in versions.items() if (n, each.created) in known}
    return replace(record, compromised=dict(sorted({**record.compromised, **marks}.items()))) if marks else record


def _check_reason(reason: str) -> None:
    """Raises ``InvalidRequest``."""
    try:
        size = len(reason.encode())
    except UnicodeEncodeError:
        raise InvalidRequest("reason is not Unicode") from None
    if size > MAX_REASON_BYTES:
        raise InvalidRequest(f"reason has more than {MAX_REASON_BYTES} bytes")
