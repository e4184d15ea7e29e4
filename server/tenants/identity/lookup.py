"""API common to entities and groups: reading, deleting, listing and looking up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic

from engines.base import Body, Call, Page, Reply
from engines.faults import InvalidRequest, NotFound
from engines.fields import FoldedName
from server.tenants.identity.listing import listed
from server.tenants.identity.records import Kind, R, name_key
from server.tenants.identity.state import Identity
from server.tenants.identity.views import MountsByAccessor
from storage.base import Transaction


class NameBody(Body):
    """An entity or a group, named by its id or its name."""

    id: str = ""
    name: FoldedName = ""

    tells = {
        "id": "The id.",
        "name": "The name.",
    }


class LookupBody(Body):
    """One of an id, a name, an alias's id, and an alias's name together with its mount."""

    id: str = ""
    name: str = ""
    alias_id: str = ""
    alias_name: str = ""
    alias_mount_accessor: str = ""

    tells = {
        "id": "The id of an entity or group.",
        "name": "The name.",
        "alias_id": "The id of one of its aliases.",
        "alias_name": "The name of one of its aliases, with `alias_mount_accessor`.",
        "alias_mount_accessor": "The accessor of that alias's mount.",
    }


@dataclass(frozen=True, slots=True)
class Lookup(Generic[R]):
    """Handlers for the records of one kind."""

    kind: Kind[R]
    show: Callable[[Identity, R], Awaitable[dict[str, Any]]]
    summary: Callable[[R, MountsByAccessor], dict[str, Any]]
    """The summary of a record in lists."""

    delete: Callable[[Transaction, R], Awaitable[None]]

    async def read_by_id(self, identity: Identity, call: Call, body: NameBody) -> Reply | None:
        """Show the record with this id."""
        return await self._shown(identity, await self.kind.read(identity.view, body.id))

    async def read_by_name(self, identity: Identity, call: Call, body: NameBody) -> Reply | None:
        """Show the record of this name."""
        return await self._shown(identity, await self.kind.named(identity.view, body.name))

    async def look_up(self, identity: Identity, call: Call, body: LookupBody) -> Reply | None:
        """Show the record that ``body`` names in one of four ways."""
        _check(body)
        view = identity.view
        if body.id:
            found = await self.kind.read(view, body.id)
        elif body.name:
            found = await self.kind.named(view, body.name)
        elif body.alias_id:
            found = await self.kind.with_alias_id(view, body.alias_id)
        else:
            found = await self.kind.with_alias(view, body.alias_mount_accessor, body.alias_name)
        return await self._shown(identity, found)

    async def delete_by_id(self, identity: Identity, call: Call, body: NameBody) -> None:
        """Delete the record with this id, if there is one."""
        await self.delete_ids(identity, [body.id])

    async def delete_by_name(self, identity: Identity, call: Call, body: NameBody) -> None:
        """Delete the record of this name, if there is one."""

        async def delete_named(transaction: Transaction) -> None:
            found = await self.kind.named(transaction, body.name)
            if found is not None:
                await self.delete(transaction, found)

        await identity.change(delete_named)

    async def delete_ids(self, identity: Identity, ids: list[str]) -> None:
        """Delete the records with these ids in one transaction; unknown ids are ignored."""

        async def delete_found(transaction: Transaction) -> None:
            for identifier in ids:
                found = await self.kind.read(transaction, identifier)
                if found is not None:
                    await self.delete(transaction, found)

        await identity.change(delete_found)

    async def list_ids(self, identity: Identity, call: Call, body: Page) -> Reply:
        """List the ids, with a summary of each record."""
        mounts = await identity.mounts()
        found = await listed(
            identity.view,
            self.kind.ids,
            body.after,
            body.limit,
            lambda identifier: self.kind.read(identity.view, identifier),
            lambda identifier, record: (identifier, self.summary(record, mounts)),
        )
        if not found:
            raise NotFound
        return Reply({"keys": [identifier for identifier, _ in found], "key_info": dict(found)})

    async def list_names(self, identity: Identity, call: Call, body: Page) -> Reply:
        """List the names."""
        found = await listed(
            identity.view,
            self.kind.names,
            name_key(body.after),
            body.limit,
            lambda key: self.kind.at(identity.view, self.kind.names + key),
            lambda key, record: (record.name, None),
        )
        return Reply({"keys": [name for name, _ in found]})

    async def _shown(self, identity: Identity, found: R | None) -> Reply | None:
        return None if found is None else Reply(await self.show(identity, found))


def _check(body: LookupBody) -> None:
    by_alias = bool(body.alias_name or body.alias_mount_accessor)
    ways = sum((bool(body.id), bool(body.name), bool(body.alias_id), by_alias))
    if ways == 0:
        raise InvalidRequest("query parameter not supplied")
    if ways > 1:
        raise InvalidRequest("query parameter conflict; please supply distinct set of query parameters")
    if by_alias and not (body.alias_name and body.alias_mount_accessor):
        raise InvalidRequest("both 'alias_name' and 'alias_mount_accessor' needs to be set")
