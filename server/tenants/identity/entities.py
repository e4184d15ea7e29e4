"""Entities through the API."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from engines.base import Body, Call, Reply
from engines.faults import InvalidRequest, NotFound
from engines.fields import CommaList, FoldedName, KeyValues
from server.tenants.identity.factories import new_entity
from server.tenants.identity.listing import ListBody, listed
from server.tenants.identity.memberships import delete_entity
from server.tenants.identity.records import (
    ENTITIES,
    ENTITY_NAMES,
    Entity,
    entity_at,
    entity_named,
    name_key,
    read_entity,
    write,
)
from server.tenants.identity.rules import checked_metadata, checked_name, checked_policies
from server.tenants.identity.state import Identity
from server.tenants.identity.views import entity_data, listed_entity
from storage.base import Reader, Transaction

MAX_DELETED = 10_000
"""How many entities one request may delete."""

_DELETED_AT_ONCE = 100


class EntityBody(Body):
    """Names an entity, and what to change about it; what is absent stays as it is."""

    id: str = ""
    name: FoldedName = ""
    metadata: KeyValues | UnsetType = UNSET
    policies: CommaList | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET

    tells = {
        "id": "The entity to change; a new one without it.",
        "name": "Its name; a made-up one without it.",
        "metadata": "Text by name.",
        "policies": "Policies that its tokens have besides their own.",
        "disabled": "Whether its tokens and logins are refused.",
    }


class EntityName(Body):
    """Names an entity, by its id or its name."""

    id: str = ""
    name: FoldedName = ""

    tells = {
        "id": "The entity, by its id.",
        "name": "The entity, by its name.",
    }


class DeleteBody(Body):
    """Names entities."""

    entity_ids: CommaList = []

    tells = {
        "entity_ids": "The entities to delete.",
    }


async def write_entity(identity: Identity, call: Call, body: EntityBody) -> Reply | None:
    """Make an entity, or change one that is named by its id or its name."""
    changes = _changes(body)

    async def work(transaction: Transaction) -> Entity | None:
        before = await _find(transaction, body)
        entity = before or await new_entity(transaction, body.name, identity.namespace_id, call.now)
        write(transaction, before, replace(entity, updated=call.now, **changes))
        return entity if before is None else None

    made = await identity.change(work)
    return None if made is None else Reply({"aliases": None, "id": made.id, "name": made.name})


def _changes(body: EntityBody) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if body.name:
        changes["name"] = checked_name(body.name)
    if body.policies is not UNSET:
        changes["policies"] = checked_policies(body.policies)
    if body.disabled is not UNSET:
        changes["disabled"] = body.disabled
    if body.metadata is not UNSET:
        changes["metadata"] = checked_metadata(body.metadata, "entity metadata")
    return changes


async def _find(reader: Reader, body: EntityBody) -> Entity | None:
    """The entity to change; None if one is to be made."""
    named = await entity_named(reader, body.name) if body.name else None
    if not body.id:
        return named
    entity = await read_entity(reader, body.id)
    if entity is None:
        raise InvalidRequest("entity not found from id")
    if named is not None and named.id != entity.id:
        raise InvalidRequest("entity name is already in use")
    return entity


async def read_by_id(identity: Identity, call: Call, body: EntityName) -> Reply | None:
    """Show an entity."""
    return await show(identity, await read_entity(identity.view, body.id))


async def read_by_name(identity: Identity, call: Call, body: EntityName) -> Reply | None:
    """Show an entity."""
    return await show(identity, await entity_named(identity.view, body.name))


async def show(identity: Identity, entity: Entity | None) -> Reply | None:
    """The answer that shows ``entity``; None if there is none."""
    if entity is None:
        return None
    return Reply(await entity_data(identity.identities, entity, identity.namespace_id, await identity.mounts()))


async def delete_by_id(identity: Identity, call: Call, body: EntityName) -> None:
    """Delete an entity; its tokens are refused from then on."""
    await _delete(identity, [body.id])


async def delete_by_name(identity: Identity, call: Call, body: EntityName) -> None:
    """Delete an entity; its tokens are refused from then on."""

    async def work(transaction: Transaction) -> None:
        entity = await entity_named(transaction, body.name)
        if entity is not None:
            await delete_entity(transaction, entity)

    await identity.change(work)


async def delete_many(identity: Identity, call: Call, body: DeleteBody) -> None:
    """Delete entities; ids that nobody has are passed over."""
    if not body.entity_ids:
        raise InvalidRequest("missing entity ids to delete")
    if len(body.entity_ids) > MAX_DELETED:
        raise InvalidRequest(f"at most {MAX_DELETED} entities can be deleted at once")
    await _delete(identity, body.entity_ids)


async def _delete(identity: Identity, ids: list[str]) -> None:
    for start in range(0, len(ids), _DELETED_AT_ONCE):
        some = ids[start : start + _DELETED_AT_ONCE]

        async def work(transaction: Transaction, some: list[str] = some) -> None:
            for entity_id in some:
                entity = await read_entity(transaction, entity_id)
                if entity is not None:
                    await delete_entity(transaction, entity)

        await identity.change(work)


async def list_ids(identity: Identity, call: Call, body: ListBody) -> Reply:
    """List the entities by their ids."""
    mounts = await identity.mounts()
    found = await listed(
        identity.view,
        ENTITIES,
        body.after,
        body.limit,
        lambda entity_id: read_entity(identity.view, entity_id),
        lambda entity_id, entity: (entity_id, listed_entity(entity, mounts)),
    )
    if not found:
        raise NotFound
    return Reply({"keys": [entity_id for entity_id, _ in found], "key_info": dict(found)})


async def list_names(identity: Identity, call: Call, body: ListBody) -> Reply:
    """List the entities by their names."""
    found = await listed(
        identity.view,
        ENTITY_NAMES,
        name_key(body.after),
        body.limit,
        lambda key: entity_at(identity.view, ENTITY_NAMES + key),
        lambda key, entity: (entity.name, None),
    )
    return Reply({"keys": [name for name, _ in found]})
