"""The whole API of ``identity``, as one table."""

from __future__ import annotations

from engines.base import EngineType, Page, Route, Row
from engines.base.operations import DELETE, LIST, READ, UPDATE
from server.tenants.identity import aliases, entities, group_aliases, groups, merging
from server.tenants.identity.lookup import LookupBody, NameBody
from server.tenants.identity.state import Identity

# fmt: off
ROUTES: tuple[Row[Identity], ...] = (
    # Entities
    Route(UPDATE, "entity", entities.write_entity, entities.EntityBody, "Create or update an entity."),
    Route(LIST, "entity/id", entities.LOOKUP.list_ids, Page, "List the entities by their ids.", writes=False),
    Route(READ, "entity/id/{id:any}", entities.LOOKUP.read_by_id, NameBody, "Show an entity.", writes=False),
    Route(UPDATE, "entity/id/{id:any}", entities.write_entity, entities.EntityBody, "Change an entity."),
    Route(DELETE, "entity/id/{id:any}", entities.LOOKUP.delete_by_id, NameBody, "Delete an entity."),
    Route(LIST, "entity/name", entities.LOOKUP.list_names, Page, "List the entities by their names.", writes=False),
    Route(READ, "entity/name/{name:path}", entities.LOOKUP.read_by_name, NameBody, "Show an entity.",
          writes=False),
    Route(UPDATE, "entity/name/{name:path}", entities.write_entity, entities.EntityBody,
          "Create or update an entity."),
    Route(DELETE, "entity/name/{name:path}", entities.LOOKUP.delete_by_name, NameBody, "Delete an entity."),
    Route(UPDATE, "entity/batch-delete", entities.delete_many, entities.DeleteBody, "Delete entities."),
    Route(UPDATE, "entity/merge", merging.merge, merging.MergeBody, "Merge entities into another one."),
    # Aliases of entities
    Route(UPDATE, "entity-alias", aliases.write_alias, aliases.AliasBody, "Create or update an alias of an entity."),
    Route(LIST, "entity-alias/id", aliases.list_aliases, Page, "List the aliases of entities.", writes=False),
    Route(READ, "entity-alias/id/{id:any}", aliases.read_alias, aliases.AliasName, "Show an alias.", writes=False),
    Route(UPDATE, "entity-alias/id/{id:any}", aliases.write_alias, aliases.AliasBody, "Change an alias."),
    Route(DELETE, "entity-alias/id/{id:any}", aliases.delete_alias, aliases.AliasName, "Delete an alias."),
    # Groups
    Route(UPDATE, "group", groups.write_group, groups.GroupBody, "Create or update a group."),
    Route(LIST, "group/id", groups.LOOKUP.list_ids, Page, "List the groups by their ids.", writes=False),
    Route(READ, "group/id/{id:any}", groups.LOOKUP.read_by_id, NameBody, "Show a group.", writes=False),
    Route(UPDATE, "group/id/{id:any}", groups.write_group, groups.GroupBody, "Change a group."),
    Route(DELETE, "group/id/{id:any}", groups.LOOKUP.delete_by_id, NameBody, "Delete a group."),
    Route(LIST, "group/name", groups.LOOKUP.list_names, Page, "List the groups by their names.", writes=False),
    Route(READ, "group/name/{name:path}", groups.LOOKUP.read_by_name, NameBody, "Show a group.", writes=False),
    Route(UPDATE, "group/name/{name:path}", groups.write_group, groups.GroupBody, "Create or update a group."),
    Route(DELETE, "group/name/{name:path}", groups.LOOKUP.delete_by_name, NameBody, "Delete a group."),
    # Aliases of groups
    Route(UPDATE, "group-alias", group_aliases.write_group_alias, group_aliases.GroupAliasBody,
          "Create or update the alias of an external group."),
    Route(LIST, "group-alias/id", group_aliases.list_group_aliases, Page, "List the aliases of groups.",
          writes=False),
    Route(READ, "group-alias/id/{id:any}", group_aliases.read_group_alias, aliases.AliasName, "Show a group's alias.",
          writes=False),
    Route(UPDATE, "group-alias/id/{id:any}", group_aliases.write_group_alias, group_aliases.GroupAliasBody,
          "Change a group's alias."),
    Route(DELETE, "group-alias/id/{id:any}", group_aliases.delete_group_alias, aliases.AliasName,
          "Delete a group's alias."),
    # Finding
    Route(UPDATE, "lookup/entity", entities.LOOKUP.look_up, LookupBody, "Find an entity.", writes=False),
    Route(UPDATE, "lookup/group", groups.LOOKUP.look_up, LookupBody, "Find a group.", writes=False),
)
# fmt: on

IDENTITY = EngineType(
    type="identity",
    summary="Identities of callers: entities, their aliases at auth methods, and groups",
    routes=ROUTES,
    open=Identity,
)
