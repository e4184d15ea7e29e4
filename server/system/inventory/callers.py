"""``inventory/callers``: forgets a caller, where the law gives people a right to that."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from engines.base import Body, Call, Operation, Route, Row, Scope
from engines.keys.counting.use_records import USES, forget_caller
from server.system.state import System
from server.tenants.tenant import Tenant
from storage.base import transact


class CallerBody(Body):
    """The id of an entity."""

    path_only: ClassVar[frozenset[str]] = frozenset({"entity_id"})

    entity_id: str = ""

    tells = {"entity_id": "The entity, by its id."}


async def forget(system: System, call: Call, body: CallerBody) -> None:
    """Forget an entity among the callers of all keys of this namespace and those below; counts stay as they are."""
    unsealed = system.unsealed
    await unsealed.use_writer.flush_all()
    await _forget_in(system.tenant, body.entity_id)
    for entry in unsealed.namespaces.descendants(system.tenant.namespace.path):
        async with unsealed.tenants.visit(entry) as tenant:
            await _forget_in(tenant, body.entity_id)


async def _forget_in(tenant: Tenant, entity_id: str) -> None:
    for mounted in (await tenant.mounts.router()).mounts.values():
        if not mounted.type.algorithms:
            continue
        storage = tenant.view.within(mounted.entry.storage_prefix)
        for key in await storage.list(USES):
            for version in await storage.list(USES + key):
                await transact(storage, partial(forget_caller, name=f"{USES}{key}{version}", entity_id=entity_id))


CALLER_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.DELETE, "inventory/callers/{entity_id:any}", forget, CallerBody,
          "Forget an entity among the callers of keys.", scope=Scope.EACH),
)  # fmt: skip
