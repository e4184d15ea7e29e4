"""Finding entities and groups by whatever is known of them."""

from __future__ import annotations

from engines.base import Body, Call, Reply
from engines.faults import InvalidRequest
from server.tenants.identity import entities, groups
from server.tenants.identity.records import (
    entity_named,
    entity_with_alias,
    entity_with_alias_id,
    group_named,
    group_with_alias,
    group_with_alias_id,
    read_entity,
    read_group,
)
from server.tenants.identity.state import Identity


class LookupBody(Body):
    """One of an id, a name, an alias's id, and an alias's name together with its mount."""

    id: str = ""
    name: str = ""
    alias_id: str = ""
    alias_name: str = ""
    alias_mount_accessor: str = ""

    tells = {
        "id": "The id of an entity or group.",
        "name": "Its name.",
        "alias_id": "The id of one of its aliases.",
        "alias_name": "The name of one of its aliases, with `alias_mount_accessor`.",
        "alias_mount_accessor": "The accessor of that alias's mount.",
    }


async def look_up_entity(identity: Identity, call: Call, body: LookupBody) -> Reply | None:
    """Show the entity that is meant, if there is one."""
    _check(body)
    view = identity.view
    if body.id:
        found = await read_entity(view, body.id)
    elif body.name:
        found = await entity_named(view, body.name)
    elif body.alias_id:
        found = await entity_with_alias_id(view, body.alias_id)
    else:
        found = await entity_with_alias(view, body.alias_mount_accessor, body.alias_name)
    return await entities.show(identity, found)


async def look_up_group(identity: Identity, call: Call, body: LookupBody) -> Reply | None:
    """Show the group that is meant, if there is one."""
    _check(body)
    view = identity.view
    if body.id:
        found = await read_group(view, body.id)
    elif body.name:
        found = await group_named(view, body.name)
    elif body.alias_id:
        found = await group_with_alias_id(view, body.alias_id)
    else:
        found = await group_with_alias(view, body.alias_mount_accessor, body.alias_name)
    return await groups.show(identity, found)


def _check(body: LookupBody) -> None:
    by_alias = bool(body.alias_name or body.alias_mount_accessor)
    ways = sum((bool(body.id), bool(body.name), bool(body.alias_id), by_alias))
    if ways == 0:
        raise InvalidRequest("query parameter not supplied")
    if ways > 1:
        raise InvalidRequest("query parameter conflict; please supply distinct set of query parameters")
    if by_alias and not (body.alias_name and body.alias_mount_accessor):
        raise InvalidRequest("both 'alias_name' and 'alias_mount_accessor' needs to be set")
