"""API representations of entities, groups and aliases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engines.durations import format_time
from server.tenants.identity.effective_identity import EffectiveIdentities
from server.tenants.identity.records import Alias, Entity, Group
from server.tenants.mounts.table import MountEntry

MountsByAccessor = Mapping[str, MountEntry]
"""The mounts of a namespace by their accessors."""


async def entity_data(
    identities: EffectiveIdentities, entity: Entity, namespace_id: str, mounts: MountsByAccessor
) -> dict[str, Any]:
    """An entity as ``entity/id`` shows it."""
    direct = sorted(entity.group_ids)
    groups = [group.id for group in await identities.groups_of(entity)]
    return {
        "aliases": [alias_data(alias, entity.id, mounts) for alias in entity.aliases],
        "creation_time": format_time(entity.created),
        "direct_group_ids": direct,
        "disabled": entity.disabled,
        "group_ids": groups,
        "id": entity.id,
        "inherited_group_ids": [group_id for group_id in groups if group_id not in entity.group_ids],
        "last_update_time": format_time(entity.updated),
        "merged_entity_ids": list(entity.merged_ids) or None,
        "metadata": entity.metadata,
        "name": entity.name,
        "namespace_id": namespace_id,
        "policies": list(entity.policies),
    }


def group_data(group: Group, namespace_id: str, mounts: MountsByAccessor) -> dict[str, Any]:
    """A group as ``group/id`` shows it."""
    alias: dict[str, Any] = {}
    if group.alias is not None:
        alias = alias_data(group.alias, group.id, mounts)
        del alias["custom_metadata"], alias["local"]
    return {
        "alias": alias,
        "creation_time": format_time(group.created),
        "id": group.id,
        "last_update_time": format_time(group.updated),
        "member_entity_ids": list(group.member_entity_ids) or None,
        "member_group_ids": list(group.member_group_ids) or None,
        "metadata": group.metadata,
        "modify_index": group.modify_index,
        "name": group.name,
        "namespace_id": namespace_id,
        "parent_group_ids": list(group.parent_group_ids) or None,
        "policies": None if group.policies is None else list(group.policies),
        "type": group.type,
    }


def alias_data(alias: Alias, canonical_id: str, mounts: MountsByAccessor) -> dict[str, Any]:
    """An alias of the entity or group with the id ``canonical_id``."""
    return {
        "canonical_id": canonical_id,
        "creation_time": format_time(alias.created),
        "custom_metadata": alias.custom_metadata,
        "id": alias.id,
        "last_update_time": format_time(alias.updated),
        "merged_from_canonical_ids": list(alias.merged_from) or None,
        "metadata": alias.metadata,
        "name": alias.name,
        **_mount(alias, mounts),
    }


def listed_entity(entity: Entity, mounts: MountsByAccessor) -> dict[str, Any]:
    """An entity as lists show it."""
    aliases = [_short(alias, mounts) for alias in entity.aliases]
    return {"name": entity.name, **({"aliases": aliases} if aliases else {})}


def listed_group(group: Group, mounts: MountsByAccessor) -> dict[str, Any]:
    """A group as lists show it."""
    return {
        "name": group.name,
        "num_member_entities": len(group.member_entity_ids),
        "num_parent_groups": len(group.parent_group_ids),
        **({} if group.alias is None else {"alias": _short(group.alias, mounts)}),
    }


def listed_alias(alias: Alias, canonical_id: str, mounts: MountsByAccessor) -> dict[str, Any]:
    """An alias as lists show it."""
    shown = alias_data(alias, canonical_id, mounts)
    for key in ("creation_time", "id", "last_update_time", "merged_from_canonical_ids"):
        del shown[key]
    return shown


def _short(alias: Alias, mounts: MountsByAccessor) -> dict[str, Any]:
    shown = {"id": alias.id, "name": alias.name, **_mount(alias, mounts)}
    del shown["local"]
    return shown


def _mount(alias: Alias, mounts: MountsByAccessor) -> dict[str, Any]:
    """The fields of the alias's mount, which may have been disabled."""
    entry = mounts.get(alias.mount_accessor)
    return {
        "local": entry is not None and entry.local,
        "mount_accessor": alias.mount_accessor,
        "mount_path": "" if entry is None else entry.path,
        "mount_type": "" if entry is None else entry.type,
    }
