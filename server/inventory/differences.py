"""Differences between two states of the inventory, written as JSON while both are read.

Of the earlier state only a digest of each row is kept, so that a hundred thousand rows take about twenty megabytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any, TypeAlias

import msgspec

from server.inventory.snapshots import canonical

State: TypeAlias = Callable[[], AsyncGenerator[dict[str, Any], None]]
"""Gives the rows of a state, each time it is called."""

_DIGEST_BYTES = 16
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


async def difference(before: State, after: State) -> AsyncGenerator[bytes, None]:
    """An object with what was ``added``, ``removed`` and ``changed`` from ``before`` to ``after``, in pieces."""
    async with aclosing(before()) as rows:
        known = {_id(row): _digest(row) async for row in rows}
    changed: dict[bytes, bytes] = {}
    separator = b'{"added":['
    async with aclosing(after()) as rows:
        async for row in rows:
            id_ = _id(row)
            digest = known.pop(id_, None)
            if digest is None:
                yield separator + _encode(row)
                separator = b","
            elif digest != _digest(row):
                changed[id_] = canonical(row)
    yield b'],"removed":[' if separator == b"," else b'{"added":[],"removed":['
    separator, fields = b"", {}
    async with aclosing(before() if known or changed else _nothing()) as rows:
        async for row in rows:
            id_ = _id(row)
            if id_ in known:
                yield separator + _encode(row)
                separator = b","
            elif id_ in changed:
                fields[id_] = _changed_fields(row, _decode(changed[id_]))
    yield b'],"changed":['
    separator = b""
    for id_, value in changed.items():
        if fields.get(id_):
            row = _decode(value)
            told = {"id": row["id"], "name": row["name"], "version": row["version"], "fields": fields[id_]}
            yield separator + _encode(told)
            separator = b","
    yield b"]}"


async def _nothing() -> AsyncGenerator[dict[str, Any], None]:
    return
    yield {}


def _id(row: Mapping[str, Any]) -> bytes:
    return bytes.fromhex(row["id"])


def _digest(row: Mapping[str, Any]) -> bytes:
    """A digest of all members that have a value: a snapshot of an older release lacks newer ones."""
    told = {name: value for name, value in row.items() if value is not None}
    return hashlib.sha256(canonical(told)).digest()[:_DIGEST_BYTES]


def _changed_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    names = {*old, *new}
    return {
        name: {"from": old.get(name), "to": new.get(name)} for name in sorted(names) if old.get(name) != new.get(name)
    }
