"""Merging of entities: aliases, groups and tokens of the others move to the one that stays."""

from __future__ import annotations

from msgspec.structs import replace

from engines.base import Body, Call
from engines.faults import InvalidRequest
from engines.fields import CommaList
from server.tenants.identity.memberships import change, without
from server.tenants.identity.records import ENTITY, GROUP, Alias, Entity, write
from server.tenants.identity.state import Identity
from storage.base import Transaction

MAX_MERGED = 1_000
"""The most entities merged in one request."""


class MergeBody(Body):
    """The entities to merge, and which of two aliases at one mount are kept."""

    from_entity_ids: CommaList = []
    to_entity_id: str = ""
    force: bool = False
    """About secrets for MFA, which this server doesn't have."""

    conflicting_alias_ids_to_keep: CommaList = []

    tells = {
        "from_entity_ids": "The ids of the entities to merge.",
        "to_entity_id": "The id of the entity that remains.",
        "force": "Accepted and ignored, for old clients.",
        "conflicting_alias_ids_to_keep": "The ids of the aliases to keep where several are at one mount.",
    }


async def merge(identity: Identity, call: Call, body: MergeBody) -> None:
    """Merge entities into another, which keeps its name, metadata and policies."""
    ids = list(dict.fromkeys(body.from_entity_ids))
    if not body.to_entity_id:
        raise InvalidRequest("missing entity id to merge to")
    if not ids:
        raise InvalidRequest("missing entity ids to merge from")
    if body.to_entity_id in ids:
        raise InvalidRequest("to_entity_id should not be present in from_entity_ids")
    if len(ids) > MAX_MERGED:
        raise InvalidRequest(f"at most {MAX_MERGED} entities can be merged at once")

    async def merge_entities(transaction: Transaction) -> None:
        target = await ENTITY.read(transaction, body.to_entity_id)
        if target is None:
            raise InvalidRequest("entity id to merge to is invalid")
        sources = [await ENTITY.read(transaction, entity_id) for entity_id in ids]
        found = [source for source in sources if source is not None]
        if len(found) < len(ids):
            raise InvalidRequest("entity id to merge from is invalid")
        await _merge(transaction, target, found, frozenset(body.conflicting_alias_ids_to_keep))

    await identity.change(merge_entities)


async def _merge(transaction: Transaction, target: Entity, sources: list[Entity], keep: frozenset[str]) -> None:
    after = target
    clashes: list[str] = []
    for source in sources:
        kept = list(after.aliases)
        for alias in source.aliases:
            other = after.alias_at(alias.mount_accessor)
            if other is None or (alias.id in keep and len(sources) == 1):
                kept = [present for present in kept if present is not other]
                kept.append(replace(alias, merged_from=(*alias.merged_from, source.id)))
            elif other.id not in keep or len(sources) != 1:
                clashes.append(_clash(target, other, source, alias))
        merged = (*after.merged_ids, *source.merged_ids, source.id)
        after = replace(after, aliases=tuple(kept), merged_ids=merged)
        after = replace(after, group_ids=await _take_over(transaction, after, source))
        write(transaction, source, None)
    if clashes:
        raise InvalidRequest(_clash_text(clashes))
    write(transaction, target, after)


async def _take_over(transaction: Transaction, target: Entity, source: Entity) -> tuple[str, ...]:
    """Replace ``source`` by ``target`` in all groups; return the groups that it is in then."""
    for group_id in source.group_ids:
        group = await GROUP.read(transaction, group_id)
        if group is not None:
            members = without(group.member_entity_ids, source.id)
            if target.id not in members:
                members = (*members, target.id)
            change(transaction, group, member_entity_ids=members)
    return tuple(dict.fromkeys((*target.group_ids, *source.group_ids)))


def _clash(target: Entity, other: Alias, source: Entity, alias: Alias) -> str:
    return (
        f"mountAccessor: {alias.mount_accessor}, toEntity ID: {target.id}, fromEntity ID: {source.id}, "
        f"conflicting toEntity alias ID: {other.id}, conflicting fromEntity alias ID: {alias.id}"
    )


def _clash_text(clashes: list[str]) -> str:
    lines = [
        "toEntity and at least one fromEntity have aliases with the same mount accessor, repeat the merge request "
        "specifying exactly one fromEntity, clashes: ",
        *clashes,
    ]
    return f"{len(lines)} errors occurred:" + "".join(f"\n\t* {line}" for line in lines) + "\n\n"
