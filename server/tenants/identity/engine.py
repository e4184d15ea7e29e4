"""The identity engine, built in at ``identity/``: who calls, by whatever way they log in, and what they have in common.

It stands beside ``sys`` because logins, tokens and policies of the core lean on it. What callers come to by it is in
``personas``; entities are made at logins (``logins``), and looked after through the table in ``routes``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar, TypeVar

from engines.base import Route
from engines.faults import InvalidRequest
from server.tenants.identity.effective_identity import Personas
from server.tenants.identity.records import note_change
from server.tenants.identity.routes import ROUTES
from server.tenants.identity.views import Mounts
from server.tenants.mounts.table import MountEntry
from storage.base import Transaction, transact
from storage.view import View

if TYPE_CHECKING:
    from server.tenants.tenant import Tenant

T = TypeVar("T")


class Identity:
    """``identity/`` of ``tenant``."""

    type: ClassVar[str] = "identity"
    summary: ClassVar[str] = "Who calls: entities, their aliases at auth methods, and groups"
    routes: ClassVar[tuple[Route, ...]] = ROUTES

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    @property
    def personas(self) -> Personas:
        """What callers come to."""
        return self._tenant.personas

    @property
    def view(self) -> View:
        """Where entities and groups are kept."""
        return self._tenant.personas.view

    @property
    def namespace_id(self) -> str:
        """The namespace that all of them belong to."""
        return self._tenant.namespace.id

    async def mounts(self) -> Mounts:
        """The mounts by their accessors."""
        return {entry.accessor: entry for entry in await self._tenant.mounts.entries()}

    async def mount(self, accessor: str) -> MountEntry:
        """The mount with this accessor. Raises ``InvalidRequest`` if there is none."""
        entry = (await self.mounts()).get(accessor)
        if entry is None:
            raise InvalidRequest(f'invalid mount accessor "{accessor}"')
        return entry

    async def change(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Do ``work`` in a transaction that lets everybody forget what callers could do before it."""

        async def noted(transaction: Transaction) -> T:
            result = await work(transaction)
            note_change(transaction)
            return result

        return await transact(self.view, noted)
