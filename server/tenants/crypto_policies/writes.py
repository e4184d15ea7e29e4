"""Writes of policies and exceptions of one namespace: checked, versioned, and compared with all others."""

from __future__ import annotations

from functools import partial
from typing import Any

from engines.base import Clock
from engines.faults import Failed, InvalidRequest, NotFound
from engines.worker_pools import beside
from server.tenants.crypto_policies.documents import Document, check_name, check_policy_name
from server.tenants.crypto_policies.exceptions import PolicyException
from server.tenants.crypto_policies.expressions import AVAILABLE, MISSING
from server.tenants.crypto_policies.records import (
    MAX_EXCEPTIONS,
    MAX_NAMESPACE_BYTES,
    MAX_POLICIES,
    MAX_VERSIONS,
    Index,
    StoredException,
    StoredPolicy,
    decode_policy,
    encode,
    exception_key,
    policy_key,
    version_folder,
    version_key,
)
from server.tenants.crypto_policies.rules import CompiledPolicy, Source, compile_policy
from server.tenants.crypto_policies.table import CryptoPolicyTable
from server.tenants.crypto_policies.trials import Ask, run_tests
from server.tenants.namespaces.names import Namespace
from server.tenants.policies.stored import check_version
from storage.base import Transaction

_MOST_NAMED = 10
"""How many rules the error of a test names."""


class NamespacePolicies:
    """The policies and exceptions of ``namespace``, in ``table``."""

    def __init__(self, table: CryptoPolicyTable, namespace: Namespace, clock: Clock, ask: Ask) -> None:
        """``ask`` makes the questions of tests."""
        self.table = table
        self._ask = ask
        self.namespace = namespace
        self._clock = clock

    async def compiled(self, name: str, document: Document, version: int = 0) -> CompiledPolicy:
        """``document`` compiled beside the event loop. Raises ``InvalidRequest``, ``Failed`` without the library."""
        if not AVAILABLE:
            raise Failed(MISSING, wrapped=False)
        source = Source(self.namespace.path, name, version)
        return await beside(partial(compile_policy, source, document))

    async def put(self, name: str, document: Document, cas: int | None, entity_id: str) -> tuple[int, int]:
        """Write a policy, whose tests must pass; its version and the new generation.

        ``cas`` is the version that must be there (0 or -1: none). Raises ``InvalidRequest``.
        """
        check_policy_name(name)
        policy = await self.compiled(name, document)
        await self._check_tests(policy)
        written = 0

        async def store_policy(transaction: Transaction, index: Index) -> None:
            nonlocal written
            present = await self._present(transaction, name)
            check_version(0 if present is None else present.version, cas)
            if present is None and len(self.table.policies(self.namespace.id)) >= MAX_POLICIES:
                raise InvalidRequest(f"a namespace has at most {MAX_POLICIES} crypto policies")
            self.table.check_request_rules(policy)
            written = 1 if present is None else present.version + 1
            record = encode(StoredPolicy(document, written, self._clock(), entity_id))
            sizes = index.policies.setdefault(self.namespace.id, {})
            sizes[name] = len(record)
            if sum(sizes.values()) > MAX_NAMESPACE_BYTES:
                raise InvalidRequest(f"the crypto policies of a namespace take at most {MAX_NAMESPACE_BYTES} bytes")
            transaction.put(policy_key(self.namespace.id, name), record)
            transaction.put(version_key(self.namespace.id, name, written), record)
            if written > MAX_VERSIONS:
                transaction.delete(version_key(self.namespace.id, name, written - MAX_VERSIONS))

        generation = await self.table.write(store_policy)
        return written, generation

    async def _check_tests(self, policy: CompiledPolicy) -> None:
        """Raise ``InvalidRequest`` with the first test that fails."""
        for result in await self.tests(policy):
            if not result["passed"]:
                named = ", ".join(result["rules"][:_MOST_NAMED]) or "no rule"
                reason = result["error"] or f"the verdict is {result['verdict']}, by {named}"
                raise InvalidRequest(f'test "{result["name"]}" fails: {reason}')

    async def tests(self, policy: CompiledPolicy) -> list[dict[str, Any]]:
        """The results of a policy's own tests, in the form of ``check``."""
        return await run_tests(policy, self._clock(), self._ask)

    async def _present(self, transaction: Transaction, name: str) -> StoredPolicy | None:
        value = await transaction.get(policy_key(self.namespace.id, name))
        return None if value is None else decode_policy(value)

    async def delete(self, name: str) -> None:
        """Remove a policy with all its versions; to remove what isn't there is no error. Its exceptions stay."""

        async def remove_policy(transaction: Transaction, index: Index) -> None:
            index.policies.get(self.namespace.id, {}).pop(name, None)
            transaction.delete(policy_key(self.namespace.id, name))
            folder = version_folder(self.namespace.id, name)
            for version in await transaction.list(folder):
                transaction.delete(folder + version)

        if name in self.table.listed(self.namespace.id):
            await self.table.write(remove_policy)

    async def version(self, name: str, number: int) -> StoredPolicy | None:
        """A version of a policy, if it is kept."""
        present = self.table.stored(self.namespace.id, name)
        if present is None or not 0 < number <= present.version:
            return None
        return await self.table.view.load(version_key(self.namespace.id, name, number), decode_policy)

    async def versions(self, name: str) -> dict[int, StoredPolicy]:
        """The versions of a policy that are kept, by number; none if there is no such policy."""
        present = self.table.stored(self.namespace.id, name)
        last = 0 if present is None else present.version
        numbers = range(max(1, last - MAX_VERSIONS + 1), last + 1)
        return {number: found for number in numbers if (found := await self.version(name, number)) is not None}

    async def restore(self, name: str, number: int, cas: int | None, entity_id: str) -> tuple[int, int]:
        """Write an earlier version of a policy as its newest one; as ``put``. Raises ``NotFound`` without it."""
        found = await self.version(name, number)
        if found is None:
            raise NotFound(f"there is no version {number} of that crypto policy")
        return await self.put(name, found.document, cas, entity_id)

    async def put_exception(self, exception_id: str, exception: PolicyException, entity_id: str) -> int:
        """Write an exception; the new generation. Raises ``InvalidRequest``."""
        check_name(exception_id)

        async def store_exception(transaction: Transaction, index: Index) -> None:
            policy = self.table.policies(self.namespace.id).get(exception.policy)
            if policy is None:
                raise InvalidRequest(f'there is no crypto policy "{exception.policy}" in this namespace')
            if exception.rule not in policy.rule_names:
                raise InvalidRequest(f'crypto policy "{exception.policy}" has no rule "{exception.rule}"')
            present = self.table.exceptions(self.namespace.id)
            if exception_id not in present and len(present) >= MAX_EXCEPTIONS:
                raise InvalidRequest(f"a namespace has at most {MAX_EXCEPTIONS} exceptions")
            record = StoredException(exception, self._clock(), entity_id)
            listed = index.exceptions.setdefault(self.namespace.id, [])
            if exception_id not in listed:
                listed.append(exception_id)
            transaction.put(exception_key(self.namespace.id, exception_id), encode(record))

        return await self.table.write(store_exception)

    async def delete_exception(self, exception_id: str) -> None:
        """Remove an exception; to remove what isn't there is no error."""

        async def remove_exception(transaction: Transaction, index: Index) -> None:
            transaction.delete(exception_key(self.namespace.id, exception_id))
            listed = index.exceptions.get(self.namespace.id, [])
            if exception_id in listed:
                listed.remove(exception_id)

        if exception_id in self.table.exceptions(self.namespace.id):
            await self.table.write(remove_exception)
