"""Group memberships: both ends of each are stored, and changed together here."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from engines.faults import Failed, InvalidRequest
from server.tenants.identity.records import ENTITY, GROUP, Entity, Group, write
from storage.base import Reader, Transaction

MAX_MEMBERS = 10_000
"""The most entities, and the most groups, in one group."""


async def set_entities(transaction: Transaction, group: Group, ids: Iterable[str]) -> Group:
    """``group``, yet to be written, with exactly these entities as members. Raises ``Failed`` if one doesn't exist."""
    wanted = _bounded(ids)
    for entity_id in wanted:
        if entity_id not in group.member_entity_ids:
            entity = await ENTITY.read(transaction, entity_id)
            if entity is None:
                raise Failed(f'invalid entity ID "{entity_id}"')
            write(transaction, entity, replace(entity, group_ids=(*entity.group_ids, group.id)))
    for entity_id in group.member_entity_ids:
        if entity_id not in wanted:
            await _entity_leaves(transaction, entity_id, group.id)
    return replace(group, member_entity_ids=tuple(wanted))


async def set_groups(transaction: Transaction, group: Group, ids: Iterable[str]) -> Group:
    """``group``, yet to be written, with exactly these groups as members.

    Raises ``Failed`` if one doesn't exist or is the group itself, ``InvalidRequest`` if the group is in one of them.
    """
    wanted = _bounded(ids)
    above = await _ancestors(transaction, group)
    for child_id in wanted:
        if child_id == group.id:
            raise Failed(f'member group ID "{child_id}" is same as the ID of the group')
        if child_id in above:
            raise InvalidRequest(f'cyclic relationship detected for member group ID "{child_id}"')
        if child_id not in group.member_group_ids:
            child = await GROUP.read(transaction, child_id)
            if child is None:
                raise Failed(f'invalid member group ID "{child_id}"')
            change(transaction, child, parent_group_ids=(*child.parent_group_ids, group.id))
    for child_id in group.member_group_ids:
        if child_id not in wanted:
            await _group_leaves(transaction, child_id, group.id)
    return replace(group, member_group_ids=tuple(wanted))


def change(transaction: Transaction, group: Group, **changes: object) -> Group:
    """Write ``group`` with ``changes``, and count the modification."""
    after = replace(group, modify_index=group.modify_index + 1, **changes)
    write(transaction, group, after)
    return after


async def delete_entity(transaction: Transaction, entity: Entity) -> None:
    """Delete an entity, and its memberships."""
    for group_id in entity.group_ids:
        group = await GROUP.read(transaction, group_id)
        if group is not None:
            change(transaction, group, member_entity_ids=without(group.member_entity_ids, entity.id))
    write(transaction, entity, None)


async def delete_group(transaction: Transaction, group: Group) -> None:
    """Delete a group, and its memberships and members' entries."""
    for entity_id in group.member_entity_ids:
        await _entity_leaves(transaction, entity_id, group.id)
    for child_id in group.member_group_ids:
        await _group_leaves(transaction, child_id, group.id)
    for parent_id in group.parent_group_ids:
        parent = await GROUP.read(transaction, parent_id)
        if parent is not None:
            write(transaction, parent, replace(parent, member_group_ids=without(parent.member_group_ids, group.id)))
    write(transaction, group, None)


def without(ids: tuple[str, ...], one: str) -> tuple[str, ...]:
    """``ids`` without one."""
    return tuple(other for other in ids if other != one)


async def _entity_leaves(transaction: Transaction, entity_id: str, group_id: str) -> None:
    entity = await ENTITY.read(transaction, entity_id)
    if entity is not None:
        write(transaction, entity, replace(entity, group_ids=without(entity.group_ids, group_id)))


async def _group_leaves(transaction: Transaction, child_id: str, group_id: str) -> None:
    child = await GROUP.read(transaction, child_id)
    if child is not None:
        change(transaction, child, parent_group_ids=without(child.parent_group_ids, group_id))


async def _ancestors(reader: Reader, group: Group) -> set[str]:
    """The ids of all groups that ``group`` is in, directly or through other groups."""
    found: set[str] = set()
    waiting = list(group.parent_group_ids)
    while waiting:
        parent = await GROUP.read(reader, waiting.pop())
        if parent is not None and parent.id not in found:
            found.add(parent.id)
            waiting.extend(parent.parent_group_ids)
    return found


def _bounded(ids: Iterable[str]) -> dict[str, None]:
    """The ids in order, each once, without empty ones; bounded in number."""
    wanted = dict.fromkeys(filter(None, ids))
    if len(wanted) > MAX_MEMBERS:
        raise InvalidRequest(f"a group has at most {MAX_MEMBERS} members of a kind")
    return wanted
