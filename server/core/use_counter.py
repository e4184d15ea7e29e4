"""Use of key versions by requests: counted by one process until ``server.core.use_writer`` stores it, and audited.

A request costs a look into a dictionary and four additions for each kind of use. A cell has what one entity did with
one version by one operation and algorithm. What follows from cells, such as the class of an operation, is derived when
they are stored, every few seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from time import perf_counter_ns
from typing import TypeAlias

import msgspec
from msgspec import Struct

from engines.base import Call
from engines.crypto_policy.gate import CryptoRecord, KeyUse
from engines.crypto_policy.operations import CLASS_OF, CryptoOperation, OperationClass
from engines.keys.counting.use_records import DAY_SECONDS, PendingUse, UsePart, microseconds_of
from server.runtime.log_limits import LimitedLog
from server.tenants.mounts.table import Mounted

log = logging.getLogger(__name__)
_losses = LimitedLog(log)

MAX_WAITING = 100_000
"""The most parts of uses that wait while storage refuses writes; further ones are lost, which is logged."""

Place: TypeAlias = tuple[str, str]
"""The ids of a namespace and of a mount, where use is stored."""

Pending: TypeAlias = dict[Place, dict[str, PendingUse]]
"""What isn't stored yet, by place, and there by the name of the entry."""

Seen: TypeAlias = dict[int, tuple[int, int, int]]
"""Operations, bytes and failures of a stream that were counted already, by the identity of the use's record."""

_CLASSES = (OperationClass.PROTECT, OperationClass.PROCESS)
_COUNTED = {
    operation.value: operation
    for operation, class_ in CLASS_OF.items()
    if class_ in _CLASSES and operation is not CryptoOperation.HASH
}
_ENCRYPT, _DECRYPT = CryptoOperation.ENCRYPT.value, CryptoOperation.DECRYPT.value
_OF_DATA_KEYS = (CryptoOperation.DATAKEY.value, CryptoOperation.DERIVED_KEYS.value)
"""Operations whose input is made by the server, and so no data of a caller's."""

_NOTHING = (0, 0, 0)
_MICROSECOND_NS = 1000
_encode = msgspec.json.Encoder().encode


class _Cell(Struct):
    namespace_id: str
    display_name: str
    first: float = 0.0
    last: float = 0.0
    operations: int = 0
    bytes: int = 0
    failures: int = 0


_Key: TypeAlias = tuple[str, str, int, float, str, str, str]
"""The mount's id, key, version, its creation, algorithm, operation, the entity's id."""


class UseCounter:
    """The uses of keys by one process; ``active`` is False where they aren't counted."""

    def __init__(self, *, active: bool) -> None:
        self.active = active
        self._cells: dict[_Key, _Cell] = {}
        self._waiting: Pending = {}
        self._midnight = 0.0
        """When the day ends that the cells are of: later use has cells of its own."""

    def count(
        self, mounted: Mounted, namespace_id: str, call: Call, record: CryptoRecord, seen: Seen | None = None
    ) -> None:
        """Count the uses in ``record``, which ``call`` made of keys at ``mounted``.

        A stream's ``seen`` has what was counted before, and remembers what is counted now.
        """
        operation, now, caller = record.operation, call.now, call.caller
        entity_id = "" if caller is None else caller.entity_id
        if now >= self._midnight:
            self._begin_day(now)
        for number, use in enumerate(record.uses):
            if not use.count or not use.key_version:
                continue
            if record.decrypting:
                operation = _DECRYPT if number < record.decrypting else _ENCRYPT
            created = record.created.get(use.key_version, 0.0)
            key = (mounted.entry.uuid, record.key, use.key_version, created, use.algorithm, operation, entity_id)
            cell = self._cells.get(key)
            if cell is None:
                if operation not in _COUNTED or not mounted.type.algorithms:
                    return
                cell = self._cells[key] = _Cell(namespace_id, "" if caller is None else caller.display_name)
            operations, size, failures = use.count - use.failed, use.input_bytes, use.failed
            if record.refused:
                failures -= sum(refused is use for refused in record.refused)
            if seen is not None:
                before = seen.get(id(use), _NOTHING)
                seen[id(use)] = operations, size, failures
                operations, size, failures = operations - before[0], size - before[1], failures - before[2]
            if operations:
                cell.operations += operations
                cell.bytes += size
                cell.last = now
                if not cell.first:
                    cell.first = now
            cell.failures += failures
        if record.beyond:
            self._count_beyond(mounted, namespace_id, call, record, seen)

    def _count_beyond(
        self, mounted: Mounted, namespace_id: str, call: Call, record: CryptoRecord, seen: Seen | None
    ) -> None:
        """Count the uses for which the record has no room: of one request with many versions."""
        encrypting = _ENCRYPT if record.decrypting else record.operation
        for operation, leading in ((_DECRYPT, True), (encrypting, False)):
            uses = [use for use, decrypts in record.beyond if decrypts is leading]
            if uses:
                part = CryptoRecord(operation=operation, key=record.key, uses=uses, created=record.created)
                part.refused = record.refused
                self.count(mounted, namespace_id, call, part, seen)

    def take(self) -> Pending:
        """All that isn't stored; it is no longer kept here."""
        self._set_aside()
        taken, self._waiting = self._waiting, {}
        return taken

    def give_back(self, place: Place, uses: Iterable[PendingUse]) -> None:
        """Keep what could not be stored, for a later time."""
        kept = sum(len(use.parts) for uses in self._waiting.values() for use in uses.values())
        if kept > MAX_WAITING:
            _losses.error("storage has refused uses of keys for too long; some of them are not counted")
            return
        waiting = self._waiting.setdefault(place, {})
        for use in uses:
            waiting.setdefault(use.entry, PendingUse(use.key, use.version, use.created_microseconds)).parts.extend(
                use.parts
            )

    def _begin_day(self, now: float) -> None:
        self._set_aside()
        self._midnight = (now // DAY_SECONDS + 1) * DAY_SECONDS

    def _set_aside(self) -> None:
        cells, self._cells = self._cells, {}
        for (mount_id, name, version, created, algorithm, operation, entity_id), cell in cells.items():
            if not cell.operations and not cell.failures:
                continue
            use = PendingUse(name, version, microseconds_of(created))
            use = self._waiting.setdefault((cell.namespace_id, mount_id), {}).setdefault(use.entry, use)
            use.parts.append(
                UsePart(
                    operation=_COUNTED[operation],
                    algorithm=algorithm,
                    entity_id=entity_id,
                    display_name=cell.display_name,
                    operations=cell.operations,
                    bytes=0 if operation in _OF_DATA_KEYS else cell.bytes,
                    failures=cell.failures,
                    first=cell.first,
                    last=cell.last,
                )
            )


class AuditCrypto(Struct, frozen=True):
    """A request's uses of keys. ``mount`` ends in ``/``, ``latency_us`` is in microseconds."""

    operation: str
    key: str
    mount: str
    uses: list[KeyUse]
    latency_us: int
    success: bool


def crypto_members(call: Call, mount: str, began_ns: int, *, failed: bool) -> bytes:
    """``crypto`` and ``crypto_policy`` of ``call`` as members of a JSON object, each with a comma before it.

    Empty for a call without keys. ``mount`` is the path of its mount, ``began_ns`` its beginning by
    ``perf_counter_ns``; ``failed`` says that a fault was raised.
    """
    members = b""
    record = call.crypto
    if record is not None:
        uses = record.told() if record.beyond else record.uses
        for use in uses:
            if use.failed:
                failed = True
        latency_us = (perf_counter_ns() - began_ns) // _MICROSECOND_NS
        crypto = AuditCrypto(record.operation, record.key, record.mount or mount, uses, latency_us, not failed)
        members = b',"crypto":' + _encode(crypto)
    if call.crypto_policy is not None:
        members += b',"crypto_policy":' + _encode(call.crypto_policy)
    return members
