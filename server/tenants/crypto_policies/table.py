"""The crypto policies of all namespaces: stored in the root's part of storage, kept compiled in memory.

They lie in one place, and not with each namespace's own entries, because a write must know of all that lie below, and a
gate of all above, whether or not those namespaces are at work in this process. Every write reads and advances one
``generation`` in its transaction, so each is decided on all that were before it. What is compiled is loaded anew when
the cache says that something has changed: before the next request of any process uses a key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias, TypeVar
from weakref import WeakSet

import msgspec

from engines.base import Clock
from engines.crypto_policy.gate import OPEN_GATE, Gate
from engines.faults import Failed, InvalidRequest
from engines.worker_pools import beside
from server.tenants.crypto_policies.expressions import AVAILABLE, MISSING
from server.tenants.crypto_policies.gate import PolicyGate
from server.tenants.crypto_policies.plans import NamedException, Plan
from server.tenants.crypto_policies.records import (
    EXCEPTIONS,
    GENERATION,
    POLICIES,
    VERSIONS,
    StoredException,
    StoredPolicy,
    decode_exception,
    decode_generation,
    decode_policy,
)
from server.tenants.crypto_policies.rules import MAX_REQUEST_RULES, CompiledPolicy, Source, compile_stored
from server.tenants.mounts.table import delete_below
from server.tenants.namespaces.names import ROOT_ID, above
from server.tenants.namespaces.table import NamespaceTable
from storage.base import Conflict, Transaction
from storage.view import View

_ATTEMPTS = 100

T = TypeVar("T")

Edit: TypeAlias = Callable[[Transaction], Awaitable[None]]


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
        generation = decode_generation(await self.view.get(GENERATION))
        stored = await self._all(POLICIES, decode_policy)
        exceptions = await self._all(EXCEPTIONS, decode_exception)
        records = await self._compiled(stored)
        await self._catch_up()
        if changes == self._changes:  # Otherwise something was written while this was read.
            self._take(generation, records, exceptions)

    async def _all(self, folder: str, decode: Callable[[bytes], T]) -> dict[tuple[str, str], T]:
        """The entries of a folder, by the id of their namespace and their name."""
        found = {}
        for namespace in await self.view.list(folder):
            for name in await self.view.list(folder + namespace):
                entry = await self.view.load(f"{folder}{namespace}{name}", decode)
                if entry is not None:
                    found[namespace.removesuffix("/"), name] = entry
        return found

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
        generation: int,
        records: dict[tuple[str, str], tuple[StoredPolicy, CompiledPolicy]],
        exceptions: Mapping[tuple[str, str], StoredException],
    ) -> None:
        self.generation = generation
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

    def default(self, namespace: str, engine: str, data_class: str) -> Mapping[str, Any]:
        """As ``Policies.default``: the namespace nearest to the root wins, and in one the first by name."""
        for policy in self.reaching(namespace):
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
                    present = decode_generation(await transaction.get(GENERATION))
                    if present == self.generation:
                        await edit(transaction)
                        transaction.put(GENERATION, msgspec.msgpack.encode(present + 1))
                        generation = present + 1
                    else:
                        continue
            except Conflict:
                continue
            await self.refresh()
            return generation
        raise Conflict("the crypto policies are being changed all the time")

    async def refresh(self) -> None:
        """Take over what has changed in storage by now."""
        await self._catch_up()
        await self.load()

    async def erase(self, namespace_ids: Iterable[str]) -> None:
        """Delete what deleted namespaces have left."""
        for namespace_id in namespace_ids:
            for folder in (POLICIES, VERSIONS, EXCEPTIONS):
                await delete_below(self.view, f"{folder}{namespace_id}/")
