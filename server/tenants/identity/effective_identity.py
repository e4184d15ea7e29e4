"""Effective identity: policies of an entity and its groups, and values for templates.

It is computed once per entity, and stays valid until a relevant change; such changes write below ``changed/`` in the
same commit, which is watched. Even then the object is kept, with all that was prepared for it, if the entity and its
groups are unchanged: so a busy token costs a comparison, and a change to another entity a few cache look-ups.
"""

from __future__ import annotations

from typing import Protocol

from auth_methods.records import TokenRecord
from server.audit.entry import AuditToken
from server.tenants.identity.records import CHANGED, ENTITIES, ENTITY, GROUP, GROUPS, Alias, Entity, Group, merged_key
from storage.view import View

MAX_PERSONAS = 10_000
"""The most cached identities; at that number the cache is emptied."""


class EffectiveIdentity:
    """An entity with all groups that it is in, directly or through other groups."""

    __slots__ = ("entity", "generation", "groups", "policies")

    def __init__(self, entity: Entity, groups: tuple[Group, ...]) -> None:
        self.entity = entity
        self.groups = groups
        """Those that it is directly in come first."""

        inherited = {name for group in groups for name in group.policies or ()}
        self.policies = (*entity.policies, *sorted(inherited))
        """The policies that it adds to those of a token; the entity's own come first."""

        self.generation: object = None
        """The state of the store for which it was found to be right."""

    def value(self, name: str) -> str | None:
        """The value of ``identity.entity.name`` and the like in a policy; None if there is none."""
        subject, _, rest = name.partition(".")
        kind, _, rest = rest.partition(".")
        if subject != "identity":
            return None
        if kind == "entity":
            return self._entity_value(rest)
        if kind == "groups":
            by, _, rest = rest.partition(".")
            return self._group_value(by, rest)
        return None

    def _entity_value(self, name: str) -> str | None:
        what, _, rest = name.partition(".")
        if what == "aliases":
            accessor, _, field = rest.partition(".")
            alias = self.entity.alias_at(accessor)
            return None if alias is None else _alias_value(alias, field)
        return _value(self.entity, name)

    def _group_value(self, by: str, name: str) -> str | None:
        # Names of groups may hold dots, but fields and keys of metadata don't.
        which, _, field = name.rpartition(".")
        if which.endswith(".metadata"):
            which, field = which.removesuffix(".metadata"), "metadata." + field
        for group in self.groups:
            if which == {"ids": group.id, "names": group.name}.get(by):
                return _value(group, field)
        return None


class HasIdentity(Protocol):
    """A token, as far as its entity is concerned."""

    identity: EffectiveIdentity | None
    audit: AuditToken | None

    @property
    def record(self) -> TokenRecord:
        """The token's record."""


class EffectiveIdentities:
    """The effective identities of the entities below ``view``."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._known: dict[str, EffectiveIdentity] = {}
        self._generation = object()
        view.within(CHANGED).watch(self._changed)

    async def of(self, entity_id: str) -> EffectiveIdentity | None:
        """The identity of the entity with this id, or of the one it was merged into; None if there is neither."""
        known, generation = self._known.get(entity_id), self._generation
        if known is not None and known.generation is generation:
            return known
        entity = await self._entity(entity_id)
        if entity is None:
            self._known.pop(entity_id, None)
            return None
        groups = await self.groups_of(entity)
        if known is None or known.entity != entity or not _same(known.groups, groups):
            if len(self._known) >= MAX_PERSONAS:
                self._known.clear()
            known = self._known[entity_id] = EffectiveIdentity(entity, groups)
        known.generation = generation
        return known

    async def is_valid(self, token: HasIdentity) -> bool:
        """Whether the entity of a token, if it has one, is there and not disabled; this sets the token's identity."""
        if not token.record.entity_id:
            return True
        identity = token.identity
        if identity is None or identity.generation is not self._generation:
            found = await self.of(token.record.entity_id)
            if found is not identity:
                token.identity, token.audit = found, None
            identity = found
        return identity is not None and not identity.entity.disabled

    def is_current(self, token: HasIdentity) -> bool:
        """Whether the result of ``is_valid`` for a token still holds; False means unknown."""
        identity = token.identity
        return identity is None or identity.generation is self._generation

    async def policies(self, entity_id: str) -> tuple[str, ...]:
        """The policies that an entity adds to those of its tokens; none if there is no such entity."""
        identity = await self.of(entity_id) if entity_id else None
        return () if identity is None else identity.policies

    async def groups_of(self, entity: Entity) -> tuple[Group, ...]:
        """The groups of an entity: direct ones first, then indirect ones; each part by id."""
        direct = await self._groups(sorted(entity.group_ids))
        found = {group.id: group for group in direct}
        inherited: dict[str, Group] = {}
        above = direct
        while above:
            parents = {parent for group in above for parent in group.parent_group_ids} - found.keys()
            above = await self._groups(sorted(parents))
            for group in above:
                found[group.id] = inherited[group.id] = group
        return (*direct, *(inherited[group_id] for group_id in sorted(inherited)))

    async def _groups(self, ids: list[str]) -> list[Group]:
        groups = [await self.view.load(GROUPS + group_id, GROUP.decode) for group_id in ids]
        return [group for group in groups if group is not None]

    async def _entity(self, entity_id: str) -> Entity | None:
        merged = merged_key(entity_id)
        if merged is None:
            return None
        entity = await self.view.load(ENTITIES + entity_id, ENTITY.decode)
        if entity is None:
            target = await self.view.load(merged, bytes.decode)
            entity = None if target is None else await self.view.load(ENTITIES + target, ENTITY.decode)
        return entity

    def _changed(self) -> None:
        self._generation = object()


def _same(some: tuple[Group, ...], others: tuple[Group, ...]) -> bool:
    """Whether two lists of groups have the same effect; other members don't matter."""
    return [_matters(group) for group in some] == [_matters(group) for group in others]


def _matters(group: Group) -> tuple[object, ...]:
    return group.id, group.name, group.policies, group.metadata


def _value(of: Entity | Group, name: str) -> str | None:
    what, _, key = name.partition(".")
    if what == "metadata":
        return (of.metadata or {}).get(key)
    return {"id": of.id, "name": of.name}.get(name)


def _alias_value(alias: Alias, name: str) -> str | None:
    what, _, key = name.partition(".")
    if what == "metadata":
        return (alias.metadata or {}).get(key)
    if what == "custom_metadata":
        return (alias.custom_metadata or {}).get(key)
    return {"id": alias.id, "name": alias.name}.get(name)
