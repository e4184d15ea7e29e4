"""State of the identity engine, built in at ``identity/``: entities and groups, independent of auth methods.

It is part of the core because logins, tokens and policies depend on it. ``effective_identity`` computes its effect on
callers; logins create entities (``logins``), and ``routes`` has its API.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from engines.faults import InvalidRequest
from server.tenants.identity.effective_identity import EffectiveIdentities
from server.tenants.identity.records import note_change
from server.tenants.identity.views import MountsByAccessor
from server.tenants.mounts.table import MountEntry, Mounts
from storage.base import Transaction, transact
from storage.view import View

T = TypeVar("T")


class Identity:
    """``identity/`` of the namespace ``namespace_id``; ``identities`` computes the effect of its entities."""

    def __init__(self, identities: EffectiveIdentities, namespace_id: str, mounts: Mounts) -> None:
        self.identities = identities
        self.namespace_id = namespace_id
        self._mounts = mounts

    @property
    def view(self) -> View:
        """The storage of entities and groups."""
        return self.identities.view

    async def mounts(self) -> MountsByAccessor:
        """The mounts by their accessors."""
        return {entry.accessor: entry for entry in await self._mounts.entries()}

    async def mount(self, accessor: str) -> MountEntry:
        """The mount with this accessor. Raises ``InvalidRequest`` if there is none."""
        entry = (await self.mounts()).get(accessor)
        if entry is None:
            raise InvalidRequest(f'invalid mount accessor "{accessor}"')
        return entry

    async def change(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Do ``work`` in a transaction that invalidates every cache of callers' rights."""

        async def noted(transaction: Transaction) -> T:
            result = await work(transaction)
            note_change(transaction)
            return result

        return await transact(self.view, noted)
