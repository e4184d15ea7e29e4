"""What callers come to by what is known of them: the policies of an entity and its groups, and values for templates.

It is worked out for an entity once, and holds until something changes that could matter; such changes write below
``changed/`` in the same commit, and that is watched. Even then a persona stays the same object, with all that was
prepared for it, as long as the entity and its groups do: so a busy token costs a comparison, and a change to somebody
else a few looks into the cache.
"""

from __future__ import annotations

from typing import Protocol

from auth_methods.records import TokenRecord
from server.audit.entry import AuditToken
from server.tenants.identity.records import CHANGED, ENTITIES, ENTITY, GROUP, GROUPS, Alias, Entity, Group, merged_key
from storage.view import View

MAX_PERSONAS = 10_000
"""How many are remembered; when that many are there, the store starts afresh."""


class EffectiveIdentity:
    """An entity with all groups that it is in, directly or by way of others."""

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
        """What ``identity.entity.name`` and the like stand for in a policy; None if it has no such value."""
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
        # Names of groups may hold dots, but neither the fields nor the keys of metadata do.
        which, _, field = name.rpartition(".")
        if which.endswith(".metadata"):
            which, field = which.removesuffix(".metadata"), "metadata." + field
        for group in self.groups:
            if which == {"ids": group.id, "names": group.name}.get(by):
                return _value(group, field)
        return None


class HasIdentity(Protocol):
    """A token, as far as it is known by its entity."""

    identity: EffectiveIdentity | None
    audit: AuditToken | None

    @property
    def record(self) -> TokenRecord:
        """What is kept of it."""


class EffectiveIdentities:
    """The personas of the entities below ``view``."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._known: dict[str, EffectiveIdentity] = {}
        self._generation = object()
        view.within(CHANGED).watch(self._changed)

    async def of(self, entity_id: str) -> EffectiveIdentity | None:
        """That of the entity with this id, or of the one that it has become part of; None if there is neither."""
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
        """Whether the entity of a token, if it has one, is there and not disabled; the token then knows its persona."""
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
        """Whether what ``stands`` has found of a token is so still; False means "not for sure"."""
        identity = token.identity
        return identity is None or identity.generation is self._generation

    async def policies(self, entity_id: str) -> tuple[str, ...]:
        """The policies that an entity adds to those of its tokens; none if there is no such entity."""
        identity = await self.of(entity_id) if entity_id else None
        return () if identity is None else identity.policies

    async def groups_of(self, entity: Entity) -> tuple[Group, ...]:
        """The groups that an entity is in: directly first, then by way of others; each part by id."""
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
    """Whether two lists of groups come to the same; who else is in them doesn't matter."""
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
