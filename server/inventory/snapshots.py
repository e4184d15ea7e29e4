"""Snapshots of the inventory.

A snapshot has the state of each key version, without use and verdicts, which change by themselves. It is stored in the
namespace that made it: an entry that describes it, and its rows in parts.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from engines.worker_pools import SHORT_TURN_SECONDS, in_turns
from server.tenants.mounts.table import delete_below
from storage.base import Damaged, Transaction, transact
from storage.view import View

SNAPSHOTS = "sys/inventory/snapshots/"
_PARTS = "sys/inventory/parts/"
_PART_ROWS = 1000
_ABANDONED_SECONDS = 86_400
_ID = re.compile(r"[0-9]{11}-[0-9a-f]{8}")


class Snapshot(Struct, frozen=True):
    """A snapshot's description."""

    id: str
    created: float
    """In seconds since the epoch."""

    sha256: str
    """Of the canonical JSON (RFC 8785) of the list of rows."""

    versions: int
    parts: int


_decode = msgspec.msgpack.Decoder(Snapshot).decode
_decode_rows = msgspec.json.Decoder(list[dict[str, Any]]).decode


def canonical(row: Mapping[str, Any]) -> bytes:
    """A row as canonical JSON (RFC 8785): it has texts, whole numbers, booleans and objects of texts."""
    ordered = dict(sorted(row.items()))
    if isinstance(ordered.get("labels"), dict):
        # By UTF-16, as the standard wants it; the other names are ASCII.
        ordered["labels"] = dict(sorted(ordered["labels"].items(), key=lambda item: item[0].encode("utf-16-be")))
    return msgspec.json.encode(ordered)


async def take_snapshot(view: View, rows: AsyncIterable[Mapping[str, Any]], now: float, most: int) -> Snapshot:
    """Store ``rows`` as a snapshot, and remove the oldest beyond ``most``. ``view`` is the namespace's storage.

    Nothing stays of a snapshot that isn't completed, except by a crash: its parts are removed after a day.
    """
    await _remove_abandoned(view, now)
    id_ = f"{int(now):011d}-{secrets.token_hex(4)}"
    try:
        snapshot = await _store(view, id_, rows, now)
    except BaseException:  # A request that takes too long is cancelled.
        await delete_below(view, f"{_PARTS}{id_}/")
        raise
    for old in (await view.list(SNAPSHOTS))[:-most]:
        await delete_snapshot(view, old)
    return snapshot


async def _store(view: View, id_: str, rows: AsyncIterable[Mapping[str, Any]], now: float) -> Snapshot:
    digest = hashlib.sha256(b"[")
    part: list[bytes] = []
    versions = parts = 0
    async for row in rows:
        text = canonical(row)
        digest.update(b"," + text if versions else text)
        part.append(text)
        versions += 1
        if len(part) == _PART_ROWS:
            await _put(view, f"{_PARTS}{id_}/{parts:06d}", b"[" + b",".join(part) + b"]")
            part, parts = [], parts + 1
    if part:
        await _put(view, f"{_PARTS}{id_}/{parts:06d}", b"[" + b",".join(part) + b"]")
        parts += 1
    digest.update(b"]")
    snapshot = Snapshot(id_, now, digest.hexdigest(), versions, parts)
    await _put(view, SNAPSHOTS + id_, msgspec.msgpack.encode(snapshot))
    return snapshot


async def _remove_abandoned(view: View, now: float) -> None:
    """Remove the parts of snapshots that a crash has left without a description."""
    complete = {f"{name}/" for name in await view.list(SNAPSHOTS)}
    latest = f"{max(0, int(now) - _ABANDONED_SECONDS):011d}"
    for folder in await view.list(_PARTS):
        if folder not in complete and folder < latest:
            await delete_below(view, _PARTS + folder)


async def list_snapshots(view: View) -> list[Snapshot]:
    """All snapshots of the namespace, the oldest first."""
    found = [await find_snapshot(view, name) for name in await view.list(SNAPSHOTS)]
    return [snapshot for snapshot in found if snapshot is not None]


async def find_snapshot(view: View, id_: str) -> Snapshot | None:
    """The snapshot with this id; None also for what can't be an id."""
    value = await view.get(SNAPSHOTS + id_) if _ID.fullmatch(id_) else None
    try:
        return None if value is None else _decode(value)
    except msgspec.MsgspecError:
        raise Damaged("a snapshot of the inventory can't be decoded") from None


async def rows_of(view: View, snapshot: Snapshot) -> AsyncGenerator[dict[str, Any], None]:
    """The rows of a snapshot, in their order. Raises ``Damaged`` if any are missing."""
    for part in range(snapshot.parts):
        async for row in in_turns(_decode_rows(await _part(view, snapshot, part)), SHORT_TURN_SECONDS):
            yield row


async def snapshot_parts(view: View, snapshot: Snapshot) -> AsyncGenerator[bytes, None]:
    """The list of all rows of a snapshot as JSON. Raises ``Damaged`` if any are missing."""
    separator = b"["
    for part in range(snapshot.parts):
        value = await _part(view, snapshot, part)
        yield separator + value[1:-1]
        separator = b","
    yield b"]" if snapshot.parts else b"[]"


async def _part(view: View, snapshot: Snapshot, part: int) -> bytes:
    value = await view.get(f"{_PARTS}{snapshot.id}/{part:06d}")
    if value is None:
        raise Damaged("a part of a snapshot of the inventory is missing")
    return value


async def delete_snapshot(view: View, id_: str) -> bool:
    """Remove a snapshot; whether there was one."""
    snapshot = await find_snapshot(view, id_)
    if snapshot is None:
        return False
    parts = [f"{_PARTS}{id_}/{part:06d}" for part in range(snapshot.parts)]

    async def remove(transaction: Transaction) -> None:
        transaction.delete(SNAPSHOTS + id_)
        for part in parts:
            transaction.delete(part)

    await transact(view, remove)
    return True


async def _put(view: View, key: str, value: bytes) -> None:
    async def write(transaction: Transaction) -> None:
        transaction.put(key, value)

    await transact(view, write)
