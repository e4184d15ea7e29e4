"""The crypto policies of all namespaces: stored in the root's part of storage, kept compiled in memory.

They lie in one place, and not with each namespace's own entries, because a write must know of all that lie below, and a
gate of all above, whether or not those namespaces are at work in this process. Every write reads and advances one
index in its transaction, so each is decided on all that were before it. What is compiled is loaded anew when
the cache says that something has changed: before the next request of any process uses a key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias, TypeVar
from weakref import WeakSet

from engines.base import Clock
from engines.crypto_policy.gate import OPEN_GATE, Gate
from engines.faults import Failed, InvalidRequest
from engines.worker_pools import beside
from server.tenants.crypto_policies.expressions import AVAILABLE, MISSING
from server.tenants.crypto_policies.gate import PolicyGate
from server.tenants.crypto_policies.plans import NamedException, Plan
from server.tenants.crypto_policies.records import (
    EXCEPTIONS,
    INDEX,
    POLICIES,
    VERSIONS,
    Index,
    StoredException,
    StoredPolicy,
    decode_exception,
    decode_index,
    decode_policy,
    encode_index,
    exception_key,
    policy_key,
)
from server.tenants.crypto_policies.rules import MAX_REQUEST_RULES, CompiledPolicy, Source, compile_stored
from server.tenants.mounts.table import delete_below
from server.tenants.namespaces.names import ROOT_ID, above
from server.tenants.namespaces.table import NamespaceTable
from storage.base import Conflict, Damaged, Transaction
from storage.view import View

_ATTEMPTS = 100

T = TypeVar("T")

Edit: TypeAlias = Callable[[Transaction, Index], Awaitable[None]]
"""Changes entries and the index, which is a copy of its own."""


@dataclass(slots=True)
class _Namespace:
    """The policies and exceptions of one namespace."""

    policies: dict[str, CompiledPolicy] = field(default_factory=dict)
    exceptions: dict[str, StoredException] = field(default_factory=dict)


class CryptoPolicyTable:
    """The policies and exceptions below ``view``, of the namespaces in ``namespaces``.

    ``catch_up`` brings what is cached of storage up to date, and loads the namespaces. With ``enforced`` False nothing
    is ever checked.
    """

    def __init__(
        self,
        view: View,
        namespaces: NamespaceTable,
        clock: Clock,
        catch_up: Callable[[], Awaitable[None]],
        *,
        enforced: bool = True,
    ) -> None:
        self.view = view
        self.enforced = enforced
        self.generation = 0
        """How many writes there have been, as of the last ``load``; so are all answers that aren't awaited."""

        self.stale = True
        """Whether what is stored may have changed since the last ``load``."""

        self._namespaces = namespaces
        self._clock = clock
        self._catch_up = catch_up
        self._changes = 0
        self._loading = asyncio.Lock()
        self._records: dict[tuple[str, str], tuple[StoredPolicy, CompiledPolicy]] = {}
        self._of: dict[str, _Namespace] = {}
        self._index = Index()
        self._gates: WeakSet[PolicyGate] = WeakSet()
        view.watch(self._changed)

    def _changed(self) -> None:
        self._changes += 1
        self.stale = True

    async def load(self) -> None:
        """Take over what is stored, if it may have changed. Raises ``Failed`` where it can't be enforced."""
        if not self.stale:
            return
        async with self._loading:
            while self.stale:
                await self._load()

    async def _load(self) -> None:
        await self._catch_up()
        changes = self._changes
        index = await self.view.load(INDEX, decode_index) or Index()
        stored = await self._all(index.policies, policy_key, decode_policy)
        exceptions = await self._all(index.exceptions, exception_key, decode_exception)
        records = await self._compiled(stored)
        await self._catch_up()
        if changes == self._changes:  # Otherwise something was written while this was read.
            self._take(index, records, exceptions)

    async def _all(
        self, listed: Mapping[str, Iterable[str]], key: Callable[[str, str], str], decode: Callable[[bytes], T]
    ) -> dict[tuple[str, str], T]:
        """The entries that are ``listed``, by the id of their namespace and their name."""
        found = {}
        for namespace, names in listed.items():
            for name in names:
                entry = await self._entry(key(namespace, name), decode)
                if entry is not None:
                    found[namespace, name] = entry
        return found

    async def _entry(self, key: str, decode: Callable[[bytes], T]) -> T | None:
        try:
            return await self.view.load(key, decode)
        except Damaged:
            if self.enforced:
                raise
            return None  # It isn't enforced, so that it can be mended.

    async def _compiled(
        self, stored: Mapping[tuple[str, str], StoredPolicy]
    ) -> dict[tuple[str, str], tuple[StoredPolicy, CompiledPolicy]]:
        """``stored`` with what is compiled of it; beside the event loop, and only what is new."""
        if stored and self.enforced and not AVAILABLE:
            raise Failed(f"there are crypto policies, and {MISSING}", wrapped=False)
        known = {key: self._records[key] for key in stored.keys() & self._records.keys()}
        found = {key: entry for key, entry in known.items() if entry[0] == stored[key]}
        new = [(key, record) for key, record in stored.items() if key not in found]
        for key, record in new:
            path = self._path(key[0])
            if path is not None:
                source = Source(path, key[1], record.version)
                found[key] = record, await beside(partial(compile_stored, source, record.document))
        return found

    def _path(self, namespace_id: str) -> str | None:
        """The path of a namespace; None if it isn't there any more."""
        if namespace_id == ROOT_ID:
            return ""
        entry = self._namespaces.by_id.get(namespace_id)
        return None if entry is None else entry.path

    def _take(
        self,
        index: Index,
        records: dict[tuple[str, str], tuple[StoredPolicy, CompiledPolicy]],
        exceptions: Mapping[tuple[str, str], StoredException],
    ) -> None:
        self.generation = index.generation
        self._index = index
        self._records = records
        self._of = {}
        for (namespace, name), (_, policy) in sorted(records.items()):
            self._of.setdefault(namespace, _Namespace()).policies[name] = policy
        for (namespace, name), exception in sorted(exceptions.items()):
            self._of.setdefault(namespace, _Namespace()).exceptions[name] = exception
        self.stale = False
        for gate in self._gates:
            gate.refresh()

    def gate(self, namespace: str, mount: str, engine: str) -> Gate:
        """The gate for a mount of an engine of the type ``engine``; ``namespace`` and ``mount`` are paths."""
        if not self.enforced:
            return OPEN_GATE
        gate = PolicyGate(self, self._clock, namespace, mount, engine)
        self._gates.add(gate)
        return gate

    def policies(self, namespace_id: str) -> dict[str, CompiledPolicy]:
        """The policies of one namespace, by name."""
        found = self._of.get(namespace_id)
        return {} if found is None else found.policies

    def listed(self, namespace_id: str) -> Collection[str]:
        """The names of the policies of one namespace, those that can't be read included."""
        return self._index.policies.get(namespace_id, {})

    def stored(self, namespace_id: str, name: str) -> StoredPolicy | None:
        """The present version of a policy."""
        found = self._records.get((namespace_id, name))
        return None if found is None else found[0]

    def exceptions(self, namespace_id: str) -> dict[str, StoredException]:
        """The exceptions of one namespace, by id."""
        found = self._of.get(namespace_id)
        return {} if found is None else found.exceptions

    def chain(self, namespace: str) -> list[str]:
        """The ids of the namespaces from the root down to the one at ``namespace``."""
        paths = [*reversed(list(above(namespace))), namespace] if namespace else []
        entries = (self._namespaces.by_path.get(path) for path in paths)
        return [ROOT_ID, *(entry.id for entry in entries if entry is not None)]

    def reaching(self, namespace: str, instead: CompiledPolicy | None = None) -> list[CompiledPolicy]:
        """The policies that apply in the namespace at ``namespace``, from the root's down.

        ``instead`` takes the place of the one of the same name in its namespace.
        """
        found: list[CompiledPolicy] = []
        for namespace_id in self.chain(namespace):
            policies = self.policies(namespace_id)
            if instead is not None and self._path(namespace_id) == instead.source.namespace:
                policies = dict(sorted({**policies, instead.source.policy: instead}.items()))
            found += [policy for policy in policies.values() if policy.reaches(namespace)]
        return found

    def concerns(self, namespace: str, mount: str) -> bool:
        """As ``Policies.concerns``."""
        return any(
            policy.covers(namespace, mount) and (policy.rules or policy.profile) for policy in self.reaching(namespace)
        )

    def plan(self, namespace: str, mount: str, now: float, instead: CompiledPolicy | None = None) -> Plan:
        """As ``Policies.plan``; ``instead`` as for ``reaching``."""
        return Plan(self.reaching(namespace, instead), self.exceptions_of(namespace), namespace, mount, now)

    def exceptions_of(self, namespace: str) -> list[NamedException]:
        """The exceptions that may be for keys of the namespace at ``namespace``, from the root's down."""
        return [
            NamedException(exception_id, self._path(namespace_id) or "", stored.exception)
            for namespace_id in self.chain(namespace)
            for exception_id, stored in self.exceptions(namespace_id).items()
        ]

    def default(self, namespace: str, mount: str, engine: str, data_class: str) -> Mapping[str, Any]:
        """As ``Policies.default``: the namespace nearest to the root wins, and in one the first by name."""
        for policy in self.reaching(namespace):
            if not policy.covers(namespace, mount):
                continue
            fields = policy.document.defaults.get(data_class, {}).get(engine)
            if fields is not None:
                return fields
        return {}

    def check_request_rules(self, policy: CompiledPolicy) -> None:
        """Raise ``InvalidRequest`` if, with ``policy``, too many rules on the request apply in some namespace."""
        if not policy.request_rules:
            return
        for path in self.below(policy.source.namespace):
            if policy.reaches(path):
                number = sum(each.request_rules for each in self.reaching(path, policy))
                if number > MAX_REQUEST_RULES:
                    raise InvalidRequest(
                        f'in the namespace "{path}" there would be {number} rules on the request, of which there may '
                        f"be at most {MAX_REQUEST_RULES}"
                    )

    def below(self, namespace: str) -> list[str]:
        """The paths of the namespace at ``namespace`` and of all below it."""
        return [namespace, *(entry.path for entry in self._namespaces.descendants(namespace))]

    async def write(self, edit: Edit) -> int:
        """Run ``edit`` in a transaction with everything loaded as it is then; the new generation.

        ``edit`` may run several times, or raise a fault. All processes follow before their next use of a key.
        """
        for _ in range(_ATTEMPTS):
            await self.refresh()
            try:
                async with self.view.transaction() as transaction:
                    value = await transaction.get(INDEX)
                    index = Index() if value is None else decode_index(value)
                    if index.generation != self.generation:
                        continue
                    await edit(transaction, index)
                    index.generation += 1
                    transaction.put(INDEX, encode_index(index))
            except Conflict:
                continue
            await self.refresh()
            return index.generation
        raise Conflict("the crypto policies are being changed all the time")

    async def refresh(self) -> None:
        """Take over what has changed in storage by now."""
        await self._catch_up()
        await self.load()

    async def erase(self, namespace_ids: Iterable[str]) -> None:
        """Delete what deleted namespaces have left."""
        gone = [each for each in namespace_ids if each in self._index.policies or each in self._index.exceptions]

        async def forget(transaction: Transaction, index: Index) -> None:
            for namespace_id in gone:
                index.forget(namespace_id)

        if gone:
            await self.write(forget)
        for namespace_id in gone:
            for folder in (POLICIES, VERSIONS, EXCEPTIONS):
                await delete_below(self.view, f"{folder}{namespace_id}/")
