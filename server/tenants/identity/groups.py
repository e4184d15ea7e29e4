"""API of groups: writing and finding them."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from engines.base import Body, Call, Reply
from engines.faults import InvalidRequest
from engines.fields import READING, CommaList, FoldedName, KeyValues, same_words
from server.tenants.identity.lookup import Lookup
from server.tenants.identity.memberships import delete_group, set_entities, set_groups
from server.tenants.identity.records import EXTERNAL, GROUP, INTERNAL, Group, new_group, write
from server.tenants.identity.rules import checked_metadata, checked_name, checked_policies
from server.tenants.identity.state import Identity
from server.tenants.identity.views import group_data, listed_group
from storage.base import Reader, Transaction


class GroupBody(Body):
    """A group, by id or name, and its changes; omitted fields are unchanged."""

    id: str = ""
    name: FoldedName = ""
    type: Annotated[str, Meta(extra={READING: same_words({"": INTERNAL})})] = ""
    metadata: KeyValues | UnsetType = UNSET
    policies: CommaList | UnsetType = UNSET
    member_entity_ids: CommaList | UnsetType = UNSET
    member_group_ids: CommaList | UnsetType = UNSET

    tells = {
        "id": "The id of the group to update. Default: a new one.",
        "name": "The name. Default: a generated one.",
        "type": "`internal` for members set here, or `external` for members set by logins; unchangeable.",
        "metadata": "Metadata: an object of texts.",
        "policies": "Policies that its members get besides their own.",
        "member_entity_ids": "The ids of the entities in it.",
        "member_group_ids": "The ids of the groups in it.",
    }


async def write_group(identity: Identity, call: Call, body: GroupBody) -> Reply | None:
    """Create a group, or change the one named by its id or name."""

    async def store_group(transaction: Transaction) -> Group | None:
        before = await _find(transaction, body)
        _check_type(body, before)
        type = (body.type or INTERNAL) if before is None else before.type
        changes = _changes(body, type)
        group = before or await new_group(transaction, body.name, identity.namespace_id, call.now, type)
        after = replace(group, updated=call.now, **changes)
        if before is not None:
            after = replace(after, modify_index=before.modify_index + 1)
        if body.member_entity_ids is not UNSET:
            after = await set_entities(transaction, after, body.member_entity_ids)
        if body.member_group_ids is not UNSET:
            after = await set_groups(transaction, after, body.member_group_ids)
        write(transaction, before, after)
        return after if before is None else None

    made = await identity.change(store_group)
    return None if made is None else Reply({"id": made.id, "name": made.name})


async def _find(reader: Reader, body: GroupBody) -> Group | None:
    """The group to change; None if it is to be created."""
    named = await GROUP.named(reader, body.name) if body.name else None
    if not body.id:
        return named
    group = await GROUP.read(reader, body.id)
    if group is None:
        raise InvalidRequest("invalid group ID")
    if named is not None and named.id != group.id:
        raise InvalidRequest("group name is already in use")
    return group


def _check_type(body: GroupBody, before: Group | None) -> None:
    if before is not None and body.type not in ("", before.type):
        raise InvalidRequest("group type cannot be changed")
    if body.type not in ("", INTERNAL, EXTERNAL):
        raise InvalidRequest(f'invalid group type "{body.type}"')


def _changes(body: GroupBody, type: str) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if body.policies is not UNSET:
        changes["policies"] = checked_policies(body.policies)
    if body.name:
        changes["name"] = checked_name(body.name)
    if type == EXTERNAL and body.member_entity_ids is not UNSET:
        raise InvalidRequest("member entities can't be set manually for external groups")
    if type == EXTERNAL and body.member_group_ids is not UNSET:
        raise InvalidRequest("member groups can't be set for external groups")
    if body.metadata is not UNSET:
        changes["metadata"] = checked_metadata(body.metadata, "group metadata")
    return changes


async def _show(identity: Identity, group: Group) -> dict[str, Any]:
    return group_data(group, identity.namespace_id, await identity.mounts())


LOOKUP = Lookup(GROUP, _show, listed_group, delete_group)
"""The handlers for groups; the members of a deleted one stay."""
