"""Keys of disabled mounts and deleted namespaces: tombstones in the storage of the namespace that stayed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import msgspec
from msgspec import Struct

from engines.crypto_policy.facts import Place
from engines.keys.counting.use_records import VersionUse
from engines.keys.records import decode_tombstones
from server.inventory.rows import Row, row_of_tombstone
from storage.base import Damaged, Transaction, transact
from storage.view import View

GONE = "sys/inventory/gone/"
"""The entries, whose names begin with the time of the removal, in seconds since the epoch."""


class Buried(Struct, frozen=True):
    """The tombstone of a version, with its place and its use."""

    namespace: str
    namespace_id: str
    mount: str
    mount_id: str
    tombstone: bytes
    use: VersionUse

    def row(self) -> Row:
        """The row of the inventory."""
        (tombstone,) = decode_tombstones(self.tombstone)
        place = Place(self.mount, self.namespace)
        return row_of_tombstone(self.mount_id, tombstone, place, self.use)


_decode = msgspec.msgpack.Decoder(list[Buried]).decode


def decode_buried(value: bytes) -> list[Buried]:
    """The tombstones in an entry. Raises ``Damaged``."""
    try:
        return _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Damaged("tombstones of the inventory can't be decoded") from None


def removed_at(name: str) -> float:
    """The time in the name of an entry."""
    return float(name.partition("-")[0])


async def forget_buried(view: View, entity_id: str) -> None:
    """Forget an entity among the callers of keys that are gone."""

    async def forget(transaction: Transaction, name: str) -> None:
        value = await transaction.get(GONE + name)
        found = [] if value is None else decode_buried(value)
        if sum(buried.use.forget(entity_id) for buried in found):
            transaction.put(GONE + name, msgspec.msgpack.encode(found))

    for name in await view.list(GONE):
        await transact(view, partial(forget, name=name))


async def gone_rows(view: View, present: Iterable[str], since: float) -> dict[str, list[Row]]:
    """The rows of what was removed after ``since``, by the path of their namespace, in order.

    ``view`` is the storage of the namespace that stayed. Keys of mounts and namespaces whose ids are in ``present`` are
    left out: they are still there.
    """
    there = frozenset(present)
    found: dict[str, Row] = {}
    for name in await view.list(GONE):
        value = None if removed_at(name) < since else await view.get(GONE + name)
        for buried in () if value is None else decode_buried(value):
            if not {buried.mount_id, buried.namespace_id} & there:
                row = buried.row()
                found[row.id] = row
    by_namespace: dict[str, list[Row]] = {}
    for row in sorted(found.values(), key=lambda each: each.sort_key):
        by_namespace.setdefault(row.facts.namespace, []).append(row)
    return by_namespace
