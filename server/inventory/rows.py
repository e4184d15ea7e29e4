"""Rows of the inventory: one for each version of each key, destroyed ones included.

A row is made from the storage of the key's mount, and not from loaded keys, so that a walk over all keys leaves the
cache as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from msgspec.structs import replace as replaced_struct

from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Primitive
from engines.crypto_policy.facts import KeyFacts, Place
from engines.durations import SECOND, format_time, format_time_nanoseconds
from engines.keys.counting.use_records import VersionUse, read_use_of
from engines.keys.facts import facts_of_version
from engines.keys.records import (
    GONE,
    KeyringRecord,
    Tombstone,
    VersionRecord,
    decode_archive,
    decode_record,
    decode_tombstones,
    origin_of,
    replaced_at,
)
from engines.keys.states import State, state_of
from engines.keys.store import ARCHIVES, KEYS
from storage.secret import Secret
from storage.view import View

_ID_CHARACTERS = 32
_CONFIDENTIAL = frozenset({Primitive.PUBLIC_KEY_ENCRYPTION, Primitive.KEY_ENCAPSULATION})
_LAST_YEAR = 9999


@dataclass(frozen=True, slots=True)
class Row:
    """One version of a key. Times are in nanoseconds since the epoch, 0 for none."""

    id: str
    facts: KeyFacts
    state: State
    created: int
    not_before: int
    not_after: int
    replaced: int
    destroyed: int
    compromised: int
    origin: str
    public: bytes
    use: VersionUse | None
    """None if it wasn't asked for."""

    @property
    def sort_key(self) -> tuple[str, str, str, int, int]:
        """Its place in the order of rows."""
        facts = self.facts
        return facts.namespace, facts.mount, facts.name, facts.version, self.created

    @property
    def breakable(self) -> bool:
        """Whether a quantum computer breaks it."""
        return not self.facts.quantum_category

    @property
    def confidential(self) -> bool:
        """Whether what it protects can be recorded now and read by a later quantum computer."""
        return self.breakable and ALGORITHMS[self.facts.algorithm].primitive in _CONFIDENTIAL

    @property
    def exposed_until(self) -> float:
        """The time until which data must stay secret that it protects, in seconds since the epoch.

        0 for keys that only sign, and where it isn't known for how long.
        """
        last = 0.0 if self.use is None else self.use.protect.last_used
        years = self.facts.shelf_life_years
        return _years_later(last, years) if self.confidential and last and years else 0.0


async def rows_of_key(
    storage: View, mount_id: str, place: Place, name: str, now: float, since: float, *, use: bool
) -> list[Row]:
    """The rows of the key called ``name`` and of its predecessors under this name, by version.

    Those that were destroyed before ``since`` are left out.

    ``storage`` is that of the mount at ``place``. The states are those at ``now``, in seconds since the epoch.
    """
    found: list[Row] = []
    present: set[tuple[int, int]] = set()
    value = await storage.get(KEYS + name)
    if value is not None:
        record = decode_record(value)
        versions = record.versions
        if record.min_decryption_version > 1:
            archived = await storage.get(ARCHIVES + name)
            versions = {**({} if archived is None else decode_archive(archived).versions), **versions}
        for number, version in sorted(versions.items()):
            present.add((number, version.created))
            facts = facts_of_version(replaced_struct(record, versions={number: version}), number, version, place)
            facts = replace(facts, is_latest=number == record.latest_version)
            state = state_of(record, number, now)
            found.append(_row(mount_id, facts, record, number, version, state, replaced_at(versions, number)))
    gone = await storage.get(GONE + name)
    for tombstone in () if gone is None else decode_tombstones(gone):
        if (tombstone.number, tombstone.created) not in present and tombstone.destroyed >= since * SECOND:
            found.append(row_of_tombstone(mount_id, tombstone, place))
    if use:
        found = [replace(row, use=await read_use_of(storage, name, row.facts.version, row.created)) for row in found]
    return sorted(found, key=lambda row: row.sort_key)


def _row(
    mount_id: str,
    facts: KeyFacts,
    record: KeyringRecord,
    number: int,
    version: VersionRecord,
    state: State,
    replaced: int,
) -> Row:
    mark = record.compromised.get(number)
    return Row(
        id=_id(mount_id, record.name, number, version.created),
        facts=facts,
        state=state,
        created=version.created,
        not_before=record.not_before,
        not_after=record.not_after,
        replaced=replaced,
        destroyed=0,
        compromised=0 if mark is None else mark.time,
        origin=origin_of(record, number, version),
        public=b"" if record.derived else version.public,
        use=None,
    )


def row_of_tombstone(mount_id: str, tombstone: Tombstone, place: Place, use: VersionUse | None = None) -> Row:
    """The row of a destroyed version of a key of the mount at ``place``."""
    number, secret = tombstone.number, Secret(bytes(tombstone.private_bytes))
    version = VersionRecord(
        private=secret, public=tombstone.public, mac_key=Secret(b""), created=tombstone.created
    )  # Its length is all that is known of the key.
    record = replaced_struct(tombstone.key, versions={number: version})
    facts = replace(facts_of_version(record, number, version, place), is_latest=False)
    row = _row(mount_id, facts, record, number, version, State.DESTROYED, tombstone.replaced)
    return replace(row, destroyed=tombstone.destroyed, origin=tombstone.origin, use=use)


def _id(mount_id: str, name: str, number: int, created: int) -> str:
    """An id that no other version has, also not one of a later key under the same name."""
    return hashlib.sha256(f"{mount_id}/{name}/{number}-{created}".encode()).hexdigest()[:_ID_CHARACTERS]


def _years_later(seconds: float, years: int) -> float:
    moment = datetime.fromtimestamp(seconds, UTC)
    year = min(moment.year + years, _LAST_YEAR)
    day = 28 if (moment.month, moment.day) == (2, 29) else moment.day
    return moment.replace(year=year, day=day).timestamp()


def time_or_none(nanoseconds: int) -> str | None:
    """A time in RFC 3339, UTC; None for 0."""
    return format_time_nanoseconds(nanoseconds) if nanoseconds else None


def describe_vulnerability(row: Row) -> Mapping[str, object] | None:
    """The exposure of a version to quantum computers; None if it has none."""
    if not row.breakable:
        return None
    since = 0.0 if row.use is None else row.use.protect.first_used
    return {
        "since": format_time(since) if since else None,
        "confidentiality": row.confidential,
        "shelf_life_years": row.facts.shelf_life_years,
        "exposed_until": format_time(row.exposed_until) if row.exposed_until else None,
    }


def merged(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """The names in either list, in byte order, without those that have others below them."""
    return sorted(name for name in {*first, *second} if not name.endswith("/"))
