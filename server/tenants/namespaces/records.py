"""Stored namespaces, all in one record; see ``server.tenants.namespaces.table``."""

from __future__ import annotations

import secrets
import uuid

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engines.faults import InvalidRequest
from server.runtime.identifiers import random_text
from server.tenants.namespaces.names import ROOT, Namespace
from storage.envelope import SALT_BYTES

MAX_METADATA_BYTES = 16 * 1024
"""The most metadata of one namespace, in bytes of names and values."""

_ID_LENGTH = 6


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A namespace. ``lock`` is the SHA-256 of the key that unlocks it, empty if it isn't locked."""

    id: str
    path: str
    uuid: str
    salt: bytes
    metadata: dict[str, str] = {}
    lock: bytes = b""

    @property
    def namespace(self) -> Namespace:
        """The namespace itself."""
        return Namespace(self.id, self.path)

    @property
    def name(self) -> str:
        """The last name of the path, with its slash."""
        return self.path[self.path.rstrip("/").rfind("/") + 1 :]

    @property
    def above(self) -> str:
        """The path of its parent namespace."""
        return self.path[: -len(self.name)]


class Record(Struct, frozen=True):
    """The stored record."""

    entries: tuple[Entry, ...] = ()
    leaving: dict[str, float] = {}
    """The ids of deleted namespaces whose entries are still in storage, with the time of deletion."""


def decode_record(value: bytes) -> Record:
    """The record in ``value``."""
    return msgspec.msgpack.decode(value, type=Record)


def new_entry(record: Record, path: str, metadata: dict[str, str]) -> Entry:
    """A new namespace, not yet in ``record``, with a fresh id and a fresh salt."""
    taken = {entry.id for entry in record.entries} | record.leaving.keys() | {ROOT.id}
    while (found := random_text()[:_ID_LENGTH]) in taken:
        pass
    salt = secrets.token_bytes(SALT_BYTES)
    return Entry(id=found, path=path, uuid=str(uuid.uuid4()), salt=salt, metadata=metadata)


def entry_at(record: Record, path: str) -> Entry | None:
    """The namespace at ``path``."""
    return next((entry for entry in record.entries if entry.path == path), None)


def with_entry(record: Record, changed: Entry) -> Record:
    """``record`` with ``changed`` replacing the entry with its id."""
    entries = tuple(changed if entry.id == changed.id else entry for entry in record.entries)
    return replace(record, entries=entries)


def check_metadata(metadata: dict[str, str]) -> None:
    """Raise ``InvalidRequest`` if the metadata is too large."""
    if sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items()) > MAX_METADATA_BYTES:
        raise InvalidRequest(f"custom_metadata is at most {MAX_METADATA_BYTES} bytes")
