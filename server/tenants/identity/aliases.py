"""API of entities' aliases: the names under which auth mounts know an entity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from engines.base import Body, Call, Page, Reply
from engines.faults import InvalidRequest, NotFound
from engines.fields import KeyValues
from server.tenants.identity.listing import listed
from server.tenants.identity.records import ALIASES, ENTITY, Alias, Entity, new_alias, new_entity, write
from server.tenants.identity.rules import checked_metadata, checked_name
from server.tenants.identity.state import Identity
from server.tenants.identity.views import alias_data, listed_alias
from storage.base import Reader, Transaction


class AliasBody(Body):
    """An alias, named by its id or by its mount and name, and its changes."""

    other_names: ClassVar[Mapping[str, str]] = {"entity_id": "canonical_id"}

    id: str = ""
    name: str = ""
    mount_accessor: str = ""
    canonical_id: str = ""
    entity_id: str = ""
    """The old name of ``canonical_id``."""

    metadata: Any = None
    """Accepted and ignored: only auth methods set this metadata."""

    custom_metadata: KeyValues | UnsetType = UNSET

    tells = {
        "id": "The id of the alias to update.",
        "name": "The name of the entity at the mount.",
        "mount_accessor": "The accessor of the auth method's mount.",
        "canonical_id": "The id of the entity of the alias.",
        "entity_id": "The old name of `canonical_id`.",
        "metadata": "Accepted and ignored: logins set it.",
        "custom_metadata": "Metadata of the user's own: an object of texts.",
    }


class AliasName(Body):
    """An alias, named by its id."""

    id: str = ""

    tells = {
        "id": "The id of the alias.",
    }


async def write_alias(identity: Identity, call: Call, body: AliasBody) -> Reply | None:
    """Create an entity's alias, or change one."""
    if not body.id and not (body.name and body.mount_accessor):
        raise InvalidRequest("'id' or 'mount_accessor' and 'name' must be provided")

    async def store_alias(transaction: Transaction) -> tuple[str, str] | None:
        owner = await _owner(transaction, body)
        if body.mount_accessor:
            await identity.mount(body.mount_accessor)
        if owner is None:
            return await _create(identity, transaction, call, body)
        alias = _the_alias(owner, body)
        return await _update(transaction, call, body, owner, alias)

    written = await identity.change(store_alias)
    return None if written is None else Reply({"canonical_id": written[0], "id": written[1]})


async def _owner(reader: Reader, body: AliasBody) -> Entity | None:
    """The owner of the alias to change; None if it is to be created."""
    if not body.id:
        return await ENTITY.with_alias(reader, body.mount_accessor, body.name)
    owner = await ENTITY.with_alias_id(reader, body.id)
    if owner is None:
        raise InvalidRequest("invalid alias ID provided")
    return owner


def _the_alias(owner: Entity, body: AliasBody) -> Alias:
    found = next((alias for alias in owner.aliases if alias.id == body.id), None) if body.id else None
    found = found or owner.alias_at(body.mount_accessor)
    assert found is not None, "an entity is found by its aliases"
    return found


async def _create(identity: Identity, transaction: Transaction, call: Call, body: AliasBody) -> tuple[str, str]:
    canonical_id = body.canonical_id or body.entity_id
    before = await ENTITY.read(transaction, canonical_id) if canonical_id else None
    if canonical_id and before is None:
        raise InvalidRequest("invalid canonical ID")
    if before is not None and before.alias_at(body.mount_accessor) is not None:
        raise InvalidRequest("Alias already exists for requested entity and mount accessor")
    alias = new_alias(checked_name(body.name), body.mount_accessor, call.now)
    alias = replace(alias, custom_metadata=_custom_metadata(call, body))
    entity = before or await new_entity(transaction, "", identity.namespace_id, call.now)
    write(transaction, before, replace(entity, aliases=(*entity.aliases, alias)))
    return entity.id, alias.id


async def _update(
    transaction: Transaction, call: Call, body: AliasBody, owner: Entity, before: Alias
) -> tuple[str, str] | None:
    """Change an alias, and its owner; None if nothing changes."""
    after = replace(
        before,
        name=checked_name(body.name) if body.name else before.name,
        mount_accessor=body.mount_accessor or before.mount_accessor,
    )
    if body.custom_metadata is not UNSET or not body.id:
        custom_metadata = _custom_metadata(call, body)
        if custom_metadata or before.custom_metadata:  # Replacing nothing by nothing is no change.
            after = replace(after, custom_metadata=custom_metadata)
    if after.key != before.key and await ENTITY.with_alias(transaction, after.mount_accessor, after.name) is not None:
        raise InvalidRequest("alias with combination of mount accessor and name already exists")
    target = await _target(transaction, body, owner)
    _check_room(target, owner, before, after)
    if after == before and target.id == owner.id:
        return None
    after = replace(after, updated=call.now)
    if target.id == owner.id:
        aliases = tuple(after if alias.id == before.id else alias for alias in owner.aliases)
        write(transaction, owner, replace(owner, aliases=aliases))
    else:
        write(transaction, owner, _without(owner, before.id))
        write(transaction, target, replace(target, aliases=(*target.aliases, after)))
    return target.id, after.id


def _check_room(target: Entity, owner: Entity, before: Alias, after: Alias) -> None:
    """An entity has one alias at a mount."""
    taken = target.alias_at(after.mount_accessor)
    if taken is None or taken.id == before.id:
        return
    if target.id != owner.id:
        raise InvalidRequest("Alias cannot be updated as the given entity already has an alias for this mount ")
    raise InvalidRequest("Alias cannot be updated as the entity already has an alias for the given 'mount_accessor' ")


async def _target(reader: Reader, body: AliasBody, owner: Entity) -> Entity:
    """The entity that is to own the alias."""
    canonical_id = body.canonical_id or body.entity_id
    if not canonical_id or canonical_id == owner.id:
        return owner
    target = await ENTITY.read(reader, canonical_id)
    if target is None:
        raise InvalidRequest("given 'canonical_id' is not associated with an entity")
    return target


def _without(owner: Entity, alias_id: str) -> Entity:
    return replace(owner, aliases=tuple(alias for alias in owner.aliases if alias.id != alias_id))


def _custom_metadata(call: Call, body: AliasBody) -> dict[str, str] | None:
    """The given metadata, which may be null; ``{}`` if none was given."""
    if call.given.get("custom_metadata", UNSET) is None:
        return None
    return {} if body.custom_metadata is UNSET else checked_metadata(body.custom_metadata, "custom alias metadata")


async def read_alias(identity: Identity, call: Call, body: AliasName) -> Reply | None:
    """Show an alias."""
    owner = await ENTITY.with_alias_id(identity.view, body.id)
    if owner is None:
        return None
    alias = next(alias for alias in owner.aliases if alias.id == body.id)
    shown = alias_data(alias, owner.id, await identity.mounts())
    return Reply({**shown, "namespace_id": identity.namespace_id})


async def delete_alias(identity: Identity, call: Call, body: AliasName) -> None:
    """Delete an alias; the next login by it creates a new entity."""

    async def remove_alias(transaction: Transaction) -> None:
        owner = await ENTITY.with_alias_id(transaction, body.id)
        if owner is not None:
            write(transaction, owner, _without(owner, body.id))

    await identity.change(remove_alias)


async def list_aliases(identity: Identity, call: Call, body: Page) -> Reply:
    """List the aliases of entities by their ids."""
    mounts = await identity.mounts()

    def show(alias_id: str, owner: Entity) -> tuple[str, Any]:
        alias = next(alias for alias in owner.aliases if alias.id == alias_id)
        return alias_id, listed_alias(alias, owner.id, mounts)

    found = await listed(
        identity.view,
        ALIASES,
        body.after,
        body.limit,
        lambda alias_id: ENTITY.with_alias_id(identity.view, alias_id),
        show,
    )
    if not found:
        raise NotFound
    return Reply({"keys": [alias_id for alias_id, _ in found], "key_info": dict(found)})
