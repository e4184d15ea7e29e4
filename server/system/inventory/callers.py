"""``inventory/callers``: removes a caller, for requests of erasure by law."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from engines.base import Body, Call, Operation, Route, Row, Scope
from engines.keys.counting.use_records import USES, decode_use, forget_caller
from engines.worker_pools import SHORT_TURN_SECONDS, in_turns
from server.inventory.gone import forget_buried
from server.inventory.walking import READERS
from server.system.state import System
from server.tenants.tenant import Tenant
from storage.base import transact


class CallerBody(Body):
    """The id of an entity."""

    path_only: ClassVar[frozenset[str]] = frozenset({"entity_id"})

    entity_id: str = ""

    tells = {"entity_id": "The id of the entity."}


async def forget(system: System, call: Call, body: CallerBody) -> None:
    """Forget an entity among the callers of all keys of this namespace and those below; counts stay as they are."""
    unsealed = system.unsealed
    await unsealed.use_writer.flush_all()
    with READERS.taken(system.tenant.namespace.id):
        await _forget_in(system.tenant, body.entity_id)
        for entry in unsealed.namespaces.descendants(system.tenant.namespace.path):
            async with unsealed.tenants.visit(entry) as tenant:
                await _forget_in(tenant, body.entity_id)


async def _forget_in(tenant: Tenant, entity_id: str) -> None:
    await forget_buried(tenant.view, entity_id)
    for mounted in (await tenant.mounts.router()).mounts.values():
        if not mounted.type.algorithms:
            continue
        storage = tenant.view.within(mounted.entry.storage_prefix)
        async for key in in_turns(await storage.list(USES), SHORT_TURN_SECONDS):
            for version in await storage.list(USES + key):
                name = f"{USES}{key}{version}"
                value = await storage.get(name)
                if value is not None and entity_id in decode_use(value).callers:
                    await transact(storage, partial(forget_caller, name=name, entity_id=entity_id))


CALLER_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.DELETE, "inventory/callers/{entity_id:any}", forget, CallerBody,
          "Remove an entity from the callers of keys.", scope=Scope.EACH),
)  # fmt: skip
