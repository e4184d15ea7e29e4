"""New entities, groups and aliases, with ids and names of their own."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Awaitable, Callable

from server.tenants.identity.records import ENTITY, GROUP, Alias, Entity, Group
from storage.base import Reader


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
