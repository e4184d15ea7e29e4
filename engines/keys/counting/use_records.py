"""Stored use of key versions, as msgpack: one entry for each version, at ``use/<key>/<version>-<created>``.

The entry's name has the time of the version's creation, so that a new key under an old name begins at zero. Use is
protecting (new ciphertexts, signatures, codes, data keys) or processing (decrypting, verifying), see
``engines.crypto_policy.operations``. Failed operations are counted apart and move no date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from msgspec import Struct

from engines.crypto_policy.operations import CLASS_OF, CryptoOperation, OperationClass
from engines.durations import SECOND
from engines.keys.records import VersionRecord
from storage.base import Damaged, Transaction
from storage.view import View

USES = "use/"

MAX_CALLERS = 1000
"""The most callers kept for a version: those with the newest use. Others are a number."""

MAX_KINDS = 64
"""The most pairs of operation and algorithm kept for a version and a day; the versions of one key have few."""

DAYS_KEPT = 40
"""The number of days for which protecting operations are kept apart."""

DAY_SECONDS = 86_400
_MICROSECONDS = 1_000_000


class Tally(Struct, kw_only=True, omit_defaults=True):
    """Operations of one class. Times are in seconds since the epoch, 0 for never."""

    operations: int = 0
    bytes: int = 0
    """Decoded input."""

    failures: int = 0
    first_used: float = 0
    last_used: float = 0

    def add(self, operations: int, size: int, failures: int, first: float, last: float) -> None:
        """Add operations from ``first`` to ``last``."""
        self.operations += operations
        self.bytes += size
        self.failures += failures
        if operations:
            self.first_used = min(self.first_used or first, first)
            self.last_used = max(self.last_used, last)


class CallerUse(Struct, kw_only=True):
    """Operations by one entity, or, under the id ``""``, by all callers without one."""

    display_name: str
    operations: int = 0
    last_used: float = 0


class VersionUse(Struct, kw_only=True, omit_defaults=True):
    """The use of one version."""

    protect: Tally = msgspec.field(default_factory=Tally)
    process: Tally = msgspec.field(default_factory=Tally)
    algorithms: dict[str, tuple[int, int]] = {}
    """Protecting and processing operations by algorithm: an HMAC by a key of another type has its own."""

    callers: dict[str, CallerUse] = {}
    other_callers: int = 0
    """The number of callers that were dropped; one that comes back is counted again when it is dropped again."""

    days: dict[int, dict[str, int]] = {}
    """Protecting operations by day since the epoch, and by ``<operation> <algorithm>``."""

    def add(self, part: UsePart) -> None:
        """Add what was counted since the last time."""
        protects = CLASS_OF[part.operation] is OperationClass.PROTECT
        tally = self.protect if protects else self.process
        tally.add(part.operations, part.bytes, part.failures, part.first, part.last)
        if not part.operations:
            return
        protected, processed = self.algorithms.get(part.algorithm, (0, 0))
        if protects:
            self.algorithms[part.algorithm] = protected + part.operations, processed
            self._add_to_day(part)
        else:
            self.algorithms[part.algorithm] = protected, processed + part.operations
        caller = self.callers.get(part.entity_id)
        if caller is None:
            caller = self.callers[part.entity_id] = CallerUse(display_name=part.display_name)
        caller.operations += part.operations
        if part.last >= caller.last_used:
            caller.last_used, caller.display_name = part.last, part.display_name

    def forget(self, entity_id: str) -> bool:
        """Let a caller become one of the others; whether it was there."""
        found = self.callers.pop(entity_id, None) is not None
        self.other_callers += found
        return found

    def trim(self) -> None:
        """Drop what is beyond the bounds: the callers with the oldest use, and old days."""
        excess = len(self.callers) - MAX_CALLERS
        if excess > 0:
            for entity_id in sorted(self.callers, key=lambda each: self.callers[each].last_used)[:excess]:
                del self.callers[entity_id]
            self.other_callers += excess
        if self.days:
            newest = max(self.days)
            for day in [day for day in self.days if day <= newest - DAYS_KEPT]:
                del self.days[day]

    def _add_to_day(self, part: UsePart) -> None:
        kinds = self.days.setdefault(int(part.last // DAY_SECONDS), {})
        kind = f"{part.operation.value} {part.algorithm}"
        if kind in kinds or len(kinds) < MAX_KINDS:
            kinds[kind] = kinds.get(kind, 0) + part.operations


@dataclass(frozen=True, slots=True)
class UsePart:
    """Operations of one kind, by one caller, with one version, within one day."""

    operation: CryptoOperation
    algorithm: str
    entity_id: str
    display_name: str
    operations: int
    bytes: int
    failures: int
    first: float
    last: float


@dataclass(slots=True)
class PendingUse:
    """Uses of one version that aren't stored yet."""

    key: str
    version: int
    created_microseconds: int
    parts: list[UsePart] = field(default_factory=list)

    @property
    def entry(self) -> str:
        """The name of the version's entry in the storage of its mount."""
        return use_entry(self.key, self.version, self.created_microseconds)


def microseconds_of(created: float) -> int:
    """``created``, in seconds since the epoch as facts of keys have it, as names of entries have it."""
    return round(created * _MICROSECONDS)


def created_microseconds(version: VersionRecord) -> int:
    """When ``version`` was made, as names of entries have it."""
    return microseconds_of(version.created / SECOND)


def use_entry(key: str, version: int, created: int) -> str:
    """The name of the entry of a version; ``created`` is in microseconds since the epoch."""
    return f"{USES}{key}/{version}-{created}"


_decode = msgspec.msgpack.Decoder(VersionUse).decode
_encode = msgspec.msgpack.Encoder().encode


def decode_use(value: bytes) -> VersionUse:
    """The use in ``value``. Raises ``Damaged``."""
    try:
        return _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Damaged("the use of a key's version can't be decoded") from None


async def add_use(transaction: Transaction, pending: PendingUse) -> None:
    """Add what is pending to what is stored, in the storage of the key's mount."""
    value = await transaction.get(pending.entry)
    use = VersionUse() if value is None else decode_use(value)
    for part in pending.parts:
        use.add(part)
    use.trim()
    transaction.put(pending.entry, _encode(use))


async def forget_caller(transaction: Transaction, name: str, entity_id: str) -> None:
    """Forget an entity in the entry called ``name``: it becomes one of the other callers."""
    value = await transaction.get(name)
    use = VersionUse() if value is None else decode_use(value)
    if use.forget(entity_id):
        transaction.put(name, _encode(use))


async def forget_uses(transaction: Transaction, key: str, versions: Mapping[int, VersionRecord]) -> None:
    """Forget the use of ``versions`` of a key: they come from a backup, and begin at zero."""
    there = frozenset(await transaction.list(f"{USES}{key}/"))
    for number, version in versions.items():
        entry = use_entry(key, number, created_microseconds(version))
        if entry.rpartition("/")[2] in there:
            transaction.delete(entry)


async def read_use(storage: View, key: str, version: int, created: int) -> VersionUse:
    """The stored use of a version; none if there is no entry."""
    value = await storage.get(use_entry(key, version, created))
    return VersionUse() if value is None else decode_use(value)


async def read_use_of(storage: View, key: str, version: int, created: int) -> VersionUse:
    """As ``read_use``, of a version made at ``created`` in nanoseconds since the epoch."""
    return await read_use(storage, key, version, microseconds_of(created / SECOND))


async def read_uses(storage: View, key: str, versions: Mapping[int, VersionRecord]) -> dict[int, VersionUse]:
    """The stored use of ``versions`` of a key, by number."""
    return {
        number: await read_use(storage, key, number, created_microseconds(version))
        for number, version in sorted(versions.items())
    }
