"""API of external groups' aliases: the names under which auth mounts know a group."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from engines.base import Body, Call, Page, Reply
from engines.faults import InvalidRequest, NotFound
from server.tenants.identity.aliases import AliasName
from server.tenants.identity.listing import listed
from server.tenants.identity.memberships import change
from server.tenants.identity.records import EXTERNAL, GROUP, GROUP_ALIASES, Alias, Group, new_alias, new_group, write
from server.tenants.identity.rules import checked_name
from server.tenants.identity.state import Identity
from server.tenants.identity.views import alias_data, listed_alias
from storage.base import Transaction


class GroupAliasBody(Body):
    """An alias, named by its id, and its new values."""

    id: str = ""
    name: str = ""
    mount_accessor: str = ""
    canonical_id: str = ""

    tells = {
        "id": "The id of the alias to update.",
        "name": "The name of the group at the mount.",
        "mount_accessor": "The accessor of the auth method's mount.",
        "canonical_id": "The id of the external group of the alias.",
    }


async def write_group_alias(identity: Identity, call: Call, body: GroupAliasBody) -> Reply | None:
    """Give an external group an alias, replacing its present one, or change one."""

    async def store_alias(transaction: Transaction) -> tuple[str, str] | None:
        owner = await GROUP.with_alias_id(transaction, body.id) if body.id else None
        if body.id and owner is None:
            raise InvalidRequest("invalid group alias ID")
        await _check(identity, body)
        target = await _target(transaction, body, owner)
        other = await GROUP.with_alias(transaction, body.mount_accessor, body.name)
        if other is not None and (owner is None or other.id != owner.id):
            raise InvalidRequest("combination of mount and group alias name is already in use")
        if owner is None:
            alias = new_alias(body.name, body.mount_accessor, call.now)
        else:
            assert owner.alias is not None, "a group is found by its alias"
            alias = replace(owner.alias, name=body.name, mount_accessor=body.mount_accessor)
            if alias == owner.alias and target is not None and target.id == owner.id:
                return None
            alias = replace(alias, updated=call.now)
        return await _give(identity, transaction, call, alias, owner, target)

    written = await identity.change(store_alias)
    return None if written is None else Reply({"canonical_id": written[0], "id": written[1]})


async def _check(identity: Identity, body: GroupAliasBody) -> None:
    if not body.name:
        raise InvalidRequest("missing alias name")
    checked_name(body.name)
    if not body.mount_accessor:
        raise InvalidRequest("missing mount_accessor")
    if (await identity.mount(body.mount_accessor)).local:
        raise InvalidRequest(f'mount accessor "{body.mount_accessor}" is a local mount')


async def _target(transaction: Transaction, body: GroupAliasBody, owner: Group | None) -> Group | None:
    """The group that is to have the alias; None if it is to be created."""
    if not body.canonical_id:
        return owner
    group = await GROUP.read(transaction, body.canonical_id)
    if group is None:
        raise InvalidRequest("invalid group ID given in 'canonical_id'")
    if group.type != EXTERNAL:
        raise InvalidRequest("alias can't be set on an internal group")
    return group


async def _give(
    identity: Identity, transaction: Transaction, call: Call, alias: Alias, owner: Group | None, target: Group | None
) -> tuple[str, str]:
    """Move the alias from ``owner``, if any, to ``target``, or to a new group."""
    if owner is not None and (target is None or target.id != owner.id):
        change(transaction, owner, alias=None)
    if target is None:
        target = replace(await new_group(transaction, "", identity.namespace_id, call.now, EXTERNAL), alias=alias)
        write(transaction, None, target)
    else:
        change(transaction, target, alias=alias, updated=call.now)
    return target.id, alias.id


async def read_group_alias(identity: Identity, call: Call, body: AliasName) -> Reply | None:
    """Show a group's alias."""
    owner = await GROUP.with_alias_id(identity.view, body.id)
    if owner is None or owner.alias is None:
        return None
    shown = alias_data(owner.alias, owner.id, await identity.mounts())
    return Reply({**shown, "namespace_id": identity.namespace_id})


async def delete_group_alias(identity: Identity, call: Call, body: AliasName) -> None:
    """Delete a group's alias."""

    async def remove_alias(transaction: Transaction) -> None:
        owner = await GROUP.with_alias_id(transaction, body.id)
        if owner is not None:
            change(transaction, owner, alias=None, updated=call.now)

    await identity.change(remove_alias)


async def list_group_aliases(identity: Identity, call: Call, body: Page) -> Reply:
    """List the aliases of groups by their ids."""
    mounts = await identity.mounts()

    def show(alias_id: str, owner: Group) -> tuple[str, Any]:
        assert owner.alias is not None, "a group is found by its alias"
        return alias_id, listed_alias(owner.alias, owner.id, mounts)

    found = await listed(
        identity.view,
        GROUP_ALIASES,
        body.after,
        body.limit,
        lambda alias_id: GROUP.with_alias_id(identity.view, alias_id),
        show,
    )
    if not found:
        raise NotFound
    return Reply({"keys": [alias_id for alias_id, _ in found], "key_info": dict(found)})
