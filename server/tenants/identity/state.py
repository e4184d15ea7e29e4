"""The identity engine, built in at ``identity/``: who calls, by whatever way they log in, and what they have in common.

It stands beside ``sys`` because logins, tokens and policies of the core lean on it. What callers come to by it is in
``personas``; entities are made at logins (``logins``), and looked after through the table in ``routes``.
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
    """``identity/`` of the namespace with the id ``namespace_id``, whose entities are in ``personas``."""

    def __init__(self, identities: EffectiveIdentities, namespace_id: str, mounts: Mounts) -> None:
        self.identities = identities
        self.namespace_id = namespace_id
        self._mounts = mounts

    @property
    def view(self) -> View:
        """Where entities and groups are kept."""
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
        """Do ``work`` in a transaction that lets everybody forget what callers could do before it."""

        async def noted(transaction: Transaction) -> T:
            result = await work(transaction)
            note_change(transaction)
            return result

        return await transact(self.view, noted)
