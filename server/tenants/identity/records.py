"""Stored records of identity: entities with their aliases, groups, and their storage keys.

An entity is a person or machine that calls, by any login; an alias is the name under which one auth mount knows it.
Layout below the view of the identity store:

    entity/<id>              the entity, with its aliases and the ids of the groups that it is directly in
    entity-name/<name>       the entity's id; names are told apart in lower case
    alias/<id>               the id of the entity that has the alias
    alias-key/<digest>       likewise, by the mount's accessor and the alias's name in lower case
    merged/<id>              the id of the entity that this one has become part of
    group/<id>               the group, with its members, its alias and the groups that it is in
    group-name/<name>        the group's id
    group-alias/<id>         the id of the group that has the alias
    group-alias-key/<digest> likewise
    changed/mark             written by any change of callers' rights, see
    ``server.tenants.identity.effective_identity``

Every record is found by a direct key. Both ends of a membership are stored, so that neither needs a search.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from storage.base import Reader, Transaction

INTERNAL, EXTERNAL = "internal", "external"
"""The types of groups: internal ones list their members here, those of external ones come from auth methods."""

MAX_NAME_BYTES = 512
"""The longest name of an entity, a group or an alias, in bytes of UTF-8."""

ENTITIES = "entity/"
ENTITY_NAMES = "entity-name/"
ALIASES = "alias/"
ALIAS_KEYS = "alias-key/"
MERGED = "merged/"
GROUPS = "group/"
GROUP_NAMES = "group-name/"
GROUP_ALIASES = "group-alias/"
GROUP_ALIAS_KEYS = "group-alias-key/"
CHANGED = "changed/"

_ID = re.compile(r"[0-9a-f-]{36}", re.ASCII)


class Alias(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The name by which a mount knows an entity, or a group. Times are in seconds since the epoch."""

    id: str
    name: str
    mount_accessor: str
    created: float
    updated: float
    metadata: dict[str, str] | None = None
    """The metadata from the auth method at the latest login."""

    custom_metadata: dict[str, str] | None = None
    merged_from: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its unique key: the mount and the name."""
        return alias_digest(self.mount_accessor, self.name)


class Entity(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A caller: a person or a machine."""

    id: str
    name: str
    created: float
    updated: float
    metadata: dict[str, str] | None = None
    policies: tuple[str, ...] = ()
    disabled: bool = False
    aliases: tuple[Alias, ...] = ()
    group_ids: tuple[str, ...] = ()
    """The groups that it is a direct member of."""

    merged_ids: tuple[str, ...] = ()

    def alias_at(self, mount_accessor: str) -> Alias | None:
        """Its alias at a mount; there is one at most."""
        return next((alias for alias in self.aliases if alias.mount_accessor == mount_accessor), None)

    def entries(self) -> dict[str, bytes]:
        """All its stored entries, by key."""
        identifier = self.id.encode()
        found = {ENTITIES + self.id: msgspec.msgpack.encode(self), ENTITY_NAMES + name_key(self.name): identifier}
        for alias in self.aliases:
            found[ALIASES + alias.id] = identifier
            found[ALIAS_KEYS + alias.key] = identifier
        for merged in self.merged_ids:
            found[MERGED + merged] = identifier
        return found


class Group(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A group of entities and other groups."""

    id: str
    name: str
    created: float
    updated: float
    type: str = INTERNAL
    metadata: dict[str, str] | None = None
    policies: tuple[str, ...] | None = None
    member_entity_ids: tuple[str, ...] = ()
    member_group_ids: tuple[str, ...] = ()
    parent_group_ids: tuple[str, ...] = ()
    alias: Alias | None = None
    modify_index: int = 1
    """Counts its changes."""

    def entries(self) -> dict[str, bytes]:
        """All its stored entries, by key."""
        identifier = self.id.encode()
        found = {GROUPS + self.id: msgspec.msgpack.encode(self), GROUP_NAMES + name_key(self.name): identifier}
        if self.alias is not None:
            found[GROUP_ALIASES + self.alias.id] = identifier
            found[GROUP_ALIAS_KEYS + self.alias.key] = identifier
        return found


R = TypeVar("R", Entity, Group)


def write(transaction: Transaction, before: Entity | Group | None, after: Entity | Group | None) -> None:
    """Replace the stored entries of ``before`` by those of ``after``; None if there are none.

    To move an alias within a transaction, remove it from one owner before giving it to the other.
    """
    old = {} if before is None else before.entries()
    new = {} if after is None else after.entries()
    for key in old.keys() - new.keys():
        transaction.delete(key)
    for key, value in new.items():
        if old.get(key) != value:
            transaction.put(key, value)


def note_change(transaction: Transaction) -> None:
    """Invalidate every cache of callers' rights."""
    transaction.put(CHANGED + "mark", b"")


def merged_key(entity_id: str) -> str | None:
    """The storage key of the entity that this one was merged into; None for an invalid id."""
    return MERGED + entity_id if _ID.fullmatch(entity_id) else None


def alias_key(mount_accessor: str, name: str) -> str:
    """The storage key of the entity's id, by mount and alias name."""
    return ALIAS_KEYS + alias_digest(mount_accessor, name)


def alias_digest(mount_accessor: str, name: str) -> str:
    """A digest of a mount and a name in lower case, as one segment of a key."""
    return hashlib.sha256(f"{mount_accessor}\0{name.lower()}".encode()).hexdigest()


def name_key(name: str) -> str:
    """A name in lower case, encoded as one segment of a key."""
    return quote(name.lower(), safe="")


def storable(name: str) -> bool:
    """Whether a name can be stored."""
    return bool(name) and len(name.encode()) <= MAX_NAME_BYTES


def _decode_entity(value: bytes) -> Entity:
    return msgspec.msgpack.decode(value, type=Entity)


def _decode_group(value: bytes) -> Group:
    return msgspec.msgpack.decode(value, type=Group)


@dataclass(frozen=True, slots=True)
class Kind(Generic[R]):
    """Storage and look-up of the records of one kind. Methods return None if there is none."""

    word: str
    ids: str
    names: str
    alias_ids: str
    alias_keys: str
    decode: Callable[[bytes], R]

    async def read(self, reader: Reader, identifier: str) -> R | None:
        """The record with this id."""
        value = await reader.get(self.ids + identifier) if _ID.fullmatch(identifier) else None
        return None if value is None else self.decode(value)

    async def at(self, reader: Reader, key: str) -> R | None:
        """The record whose id is stored at ``key``."""
        found = await reader.get(key)
        return None if found is None else await self.read(reader, found.decode())

    async def named(self, reader: Reader, name: str) -> R | None:
        """The record of this name, in any case of letters."""
        return await self.at(reader, self.names + name_key(name)) if storable(name) else None

    async def with_alias(self, reader: Reader, mount_accessor: str, name: str) -> R | None:
        """The record that the mount knows by this name."""
        return await self.at(reader, self.alias_keys + alias_digest(mount_accessor, name))

    async def with_alias_id(self, reader: Reader, alias_id: str) -> R | None:
        """The record that has the alias with this id."""
        return await self.at(reader, self.alias_ids + alias_id) if _ID.fullmatch(alias_id) else None


ENTITY: Kind[Entity] = Kind("entity", ENTITIES, ENTITY_NAMES, ALIASES, ALIAS_KEYS, _decode_entity)
GROUP: Kind[Group] = Kind("group", GROUPS, GROUP_NAMES, GROUP_ALIASES, GROUP_ALIAS_KEYS, _decode_group)


def new_id() -> str:
    """A random id."""
    return str(uuid.uuid4())


def new_alias(name: str, mount_accessor: str, now: float) -> Alias:
    """A new alias."""
    return Alias(id=new_id(), name=name, mount_accessor=mount_accessor, created=now, updated=now)


async def new_entity(reader: Reader, name: str, namespace_id: str, now: float) -> Entity:
    """A new entity, not yet written; an empty ``name`` is replaced by an unused one."""
    name = name or await _free_name(reader, "entity", namespace_id, ENTITY.named)
    return Entity(id=new_id(), name=name, created=now, updated=now)


async def new_group(reader: Reader, name: str, namespace_id: str, now: float, type: str) -> Group:
    """A new group, not yet written; an empty ``name`` is replaced by an unused one."""
    name = name or await _free_name(reader, "group", namespace_id, GROUP.named)
    return Group(id=new_id(), name=name, created=now, updated=now, type=type)


async def _free_name(
    reader: Reader, what: str, namespace_id: str, named: Callable[[Reader, str], Awaitable[object]]
) -> str:
    while True:
        name = f"{what}_{secrets.token_hex(4)}.{namespace_id}"
        if await named(reader, name) is None:
            return name
