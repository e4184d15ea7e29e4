"""Stored audit devices: one entry for each, under its path, with the salt of its hashes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

import msgspec

from engines.faults import InvalidRequest
from server.audit.hashing import new_salt
from storage.base import Damaged, Transaction, transact
from storage.view import View

MAX_DEVICES = 100


@dataclass(frozen=True, slots=True)
class DeclaredDevice:
    """A device of the configuration: ``audit "TYPE" "PATH" { description, options, local }``."""

    path: str
    type: str
    description: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    local: bool = False


class StoredDevice(msgspec.Struct, frozen=True):
    """An enabled device; ``declared`` if it comes from the configuration."""

    type: str
    description: str
    options: dict[str, str]
    local: bool
    salt: bytes
    declared: bool

    def __repr__(self) -> str:
        return f"StoredDevice({self.type!r})"


class StoredDevices:
    """The devices below ``view``, by their canonical paths."""

    def __init__(self, view: View) -> None:
        self._view = view

    async def all(self) -> dict[str, StoredDevice]:
        """Every device. Raises ``Damaged`` if one can't be decoded: no device may be missed."""
        found = {}
        for name in await self._view.list("", limit=MAX_DEVICES):
            value = await self._view.get(name)
            if value is not None:
                found[unquote(name)] = _decode(name, value)
        return found

    async def add(self, path: str, device: StoredDevice) -> None:
        """Store a new device. Raises ``InvalidRequest`` if its path, one above or one below it is taken."""

        async def add_device(transaction: Transaction) -> None:
            names = await transaction.list("")
            if overlaps(path, map(unquote, names)):
                raise InvalidRequest("path already in use")
            if len(names) >= MAX_DEVICES:
                raise InvalidRequest(f"there may be at most {MAX_DEVICES} audit devices")
            transaction.put(_key(path), msgspec.msgpack.encode(device))

        await transact(self._view, add_device)

    async def remove(self, path: str) -> None:
        """Remove a device, if it is there."""
        async with self._view.transaction() as transaction:
            transaction.delete(_key(path))

    async def unsettled(self, declared: Mapping[str, DeclaredDevice]) -> list[DeclaredDevice]:
        """The devices in ``declared`` that aren't stored, or are stored differently."""
        stored = await self.all()
        return [device for path, device in declared.items() if to_store(device, stored.get(path)) != stored.get(path)]

    async def reconcile(self, declared: Mapping[str, DeclaredDevice]) -> None:
        """Store what the configuration declares, and remove what it no longer does.

        A declared device replaces one enabled through the API, and keeps its salt.
        """

        async def replace_declared(transaction: Transaction) -> None:
            for name in await transaction.list(""):
                value = await transaction.get(name)
                if value is not None and _decode(name, value).declared and unquote(name) not in declared:
                    transaction.delete(name)
            for path, device in declared.items():
                value = await transaction.get(_key(path))
                present = None if value is None else _decode(path, value)
                wanted = to_store(device, present)
                if wanted != present:
                    transaction.put(_key(path), msgspec.msgpack.encode(wanted))

        await transact(self._view, replace_declared)


def to_store(device: DeclaredDevice, present: StoredDevice | None = None) -> StoredDevice:
    """The record of ``device``: with a new salt, or that of ``present``."""
    return StoredDevice(
        type=device.type,
        description=device.description,
        options=dict(device.options),
        local=device.local,
        salt=new_salt() if present is None else present.salt,
        declared=True,
    )


def canonical(path: str) -> str:
    """A device's path in canonical form: without a leading and with a trailing slash."""
    path = path.strip("/")
    if not path:
        raise InvalidRequest("the path of an audit device is empty")
    return path + "/"


def overlaps(path: str, taken: Iterable[str]) -> bool:
    """Whether one of the paths ``taken`` is ``path``, or lies above or below it."""
    return any(other.startswith(path) or path.startswith(other) for other in taken)


def _key(path: str) -> str:
    return quote(path, safe="")


def _decode(name: str, value: bytes) -> StoredDevice:
    try:
        return msgspec.msgpack.decode(value, type=StoredDevice)
    except msgspec.MsgspecError as error:
        raise Damaged(f"audit device {unquote(name)!r} can't be decoded") from error
