"""Entity of a login: created at the first, found by its alias at later ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from engines.faults import Denied
from server.tenants.identity.memberships import change, without
from server.tenants.identity.records import (
    ENTITIES,
    ENTITY,
    EXTERNAL,
    GROUP,
    Alias,
    Entity,
    Group,
    alias_key,
    new_alias,
    new_entity,
    note_change,
    write,
)
from storage.base import Reader, Transaction, transact
from storage.view import View

if TYPE_CHECKING:
    from server.tenants.tenant import Tenant


async def entity_at_login(
    tenant: Tenant,
    mount_accessor: str,
    name: str,
    now: float,
    metadata: Mapping[str, str] | None = None,
    groups: tuple[str, ...] | None = None,
) -> tuple[str, bool]:
    """The id of the entity that a mount knows as ``name``, and whether it was created now.

    ``metadata`` is stored with the alias. ``groups``, unless None, are the names of all groups that the mount reports
    for it: it joins or leaves external groups with such aliases. Of concurrent first logins, one creates the entity.
    Raises ``Denied`` if it is disabled.
    """
    view = tenant.identities.view
    told = dict(metadata) if metadata else None
    known = await _known(view, mount_accessor, name)
    if known is not None and groups is None:
        alias = known.alias_at(mount_accessor)
        if known.disabled:
            raise Denied(wrapped=False)
        if alias is not None and alias.metadata == told:
            return known.id, False

    async def find_or_create(transaction: Transaction) -> tuple[str, bool]:
        before = await ENTITY.with_alias(transaction, mount_accessor, name)
        if before is None:
            made = await new_entity(transaction, "", tenant.namespace.id, now)
            after = replace(made, aliases=(replace(new_alias(name, mount_accessor, now), metadata=told),))
        elif before.disabled:
            raise Denied(wrapped=False)
        else:
            after = _with_metadata(before, mount_accessor, told, now)
        if groups is not None:
            after = await _in_groups(transaction, after, mount_accessor, groups)
        write(transaction, before, after)
        if before is not None and after != before:
            note_change(transaction)
        return after.id, before is None

    return await transact(view, find_or_create)


async def _known(view: View, mount_accessor: str, name: str) -> Entity | None:
    """The entity in the cache; it may have lost the alias only to a concurrent change."""
    entity_id = await view.load(alias_key(mount_accessor, name), bytes.decode)
    return None if entity_id is None else await view.load(ENTITIES + entity_id, ENTITY.decode)


def _with_metadata(entity: Entity, mount_accessor: str, metadata: dict[str, str] | None, now: float) -> Entity:
    def told(alias: Alias) -> Alias:
        if alias.mount_accessor != mount_accessor or alias.metadata == metadata:
            return alias
        return replace(alias, metadata=metadata, updated=now)

    return replace(entity, aliases=tuple(told(alias) for alias in entity.aliases))


async def _in_groups(transaction: Transaction, entity: Entity, mount_accessor: str, names: tuple[str, ...]) -> Entity:
    """``entity``, yet to be written, in exactly the external groups of the mount in ``names``."""
    wanted: dict[str, Group] = {}
    for name in names:
        group = await GROUP.with_alias(transaction, mount_accessor, name)
        if group is not None:
            wanted[group.id] = group
    kept = []
    for group_id in entity.group_ids:
        if group_id not in wanted and (group := await _of_mount(transaction, group_id, mount_accessor)) is not None:
            change(transaction, group, member_entity_ids=without(group.member_entity_ids, entity.id))
        else:
            kept.append(group_id)
    for group_id, group in wanted.items():
        if group_id not in kept:
            change(transaction, group, member_entity_ids=(*group.member_entity_ids, entity.id))
            kept.append(group_id)
    return replace(entity, group_ids=tuple(kept))


async def _of_mount(reader: Reader, group_id: str, mount_accessor: str) -> Group | None:
    """The group with this id, if this mount determines its members."""
    group = await GROUP.read(reader, group_id)
    if group is None or group.type != EXTERNAL or group.alias is None:
        return None
    return group if group.alias.mount_accessor == mount_accessor else None
