"""API of entities: writing, finding and deleting them."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from engines.base import Body, Call, Reply
from engines.faults import InvalidRequest
from engines.fields import CommaList, FoldedName, KeyValues
from server.tenants.identity.lookup import Lookup
from server.tenants.identity.memberships import delete_entity
from server.tenants.identity.records import ENTITY, Entity, new_entity, write
from server.tenants.identity.rules import checked_metadata, checked_name, checked_policies
from server.tenants.identity.state import Identity
from server.tenants.identity.views import entity_data, listed_entity
from storage.base import Reader, Transaction

MAX_DELETED = 10_000
"""The most entities that one request may delete."""

_DELETED_AT_ONCE = 100


class EntityBody(Body):
    """An entity, by id or name, and its changes; omitted fields are unchanged."""

    id: str = ""
    name: FoldedName = ""
    metadata: KeyValues | UnsetType = UNSET
    policies: CommaList | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET

    tells = {
        "id": "The id of the entity to update. Default: a new one.",
        "name": "The name. Default: a generated one.",
        "metadata": "Metadata: an object of texts.",
        "policies": "Policies that its tokens get besides their own.",
        "disabled": "Whether its tokens and logins are refused.",
    }


class DeleteBody(Body):
    """Entities to delete, by id."""

    entity_ids: CommaList = []

    tells = {
        "entity_ids": "The ids of the entities to delete.",
    }


async def write_entity(identity: Identity, call: Call, body: EntityBody) -> Reply | None:
    """Create an entity, or change the one named by its id or name."""
    changes = _changes(body)

    async def store_entity(transaction: Transaction) -> Entity | None:
        before = await _find(transaction, body)
        entity = before or await new_entity(transaction, body.name, identity.namespace_id, call.now)
        write(transaction, before, replace(entity, updated=call.now, **changes))
        return entity if before is None else None

    made = await identity.change(store_entity)
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
    """The entity to change; None if it is to be created."""
    named = await ENTITY.named(reader, body.name) if body.name else None
    if not body.id:
        return named
    entity = await ENTITY.read(reader, body.id)
    if entity is None:
        raise InvalidRequest("entity not found from id")
    if named is not None and named.id != entity.id:
        raise InvalidRequest("entity name is already in use")
    return entity


async def _show(identity: Identity, entity: Entity) -> dict[str, Any]:
    return await entity_data(identity.identities, entity, identity.namespace_id, await identity.mounts())


LOOKUP = Lookup(ENTITY, _show, listed_entity, delete_entity)
"""The handlers for entities; tokens of a deleted one are refused from then on."""


async def delete_many(identity: Identity, call: Call, body: DeleteBody) -> None:
    """Delete entities, in several transactions; unknown ids are ignored."""
    if not body.entity_ids:
        raise InvalidRequest("missing entity ids to delete")
    if len(body.entity_ids) > MAX_DELETED:
        raise InvalidRequest(f"at most {MAX_DELETED} entities can be deleted at once")
    for start in range(0, len(body.entity_ids), _DELETED_AT_ONCE):
        await LOOKUP.delete_ids(identity, body.entity_ids[start : start + _DELETED_AT_ONCE])
