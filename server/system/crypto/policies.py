"""Crypto policies through the API: documents, their versions and their tests."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from engines.base import Access, Body, Call, Nothing, Operation, Reply, Route, Row, Scope
from engines.durations import format_time
from engines.faults import NotFound
from server.system.crypto.questions import questions_about
from server.system.state import System
from server.tenants.crypto_policies.documents import SHOWN_BESIDE, Document, check_policy_name, parse_document
from server.tenants.crypto_policies.records import StoredPolicy
from server.tenants.crypto_policies.trials import needs_of
from server.tenants.crypto_policies.writes import NamespacePolicies

NOT_ENFORCED = 'crypto policies are not enforced: the configuration says crypto_policies = "off"'
_BESIDE_THE_DOCUMENT = SHOWN_BESIDE | {"cas"}


class PolicyNameBody(Body):
    """Names a policy."""

    path_only: ClassVar[frozenset[str]] = frozenset({"name"})

    name: str = ""

    tells = {
        "name": "The policy.",
    }


class ReadBody(PolicyNameBody):
    """Names a version of a policy."""

    version: int = 0

    tells = {
        "version": "The version. Default: the newest.",
    }


class DocumentBody(PolicyNameBody):
    """The fields of a document."""

    description: Any = UNSET
    mode: Any = UNSET
    profile: Any = UNSET
    profile_parameters: Any = UNSET
    scope: Any = UNSET
    rules: Any = UNSET
    tests: Any = UNSET
    defaults: Any = UNSET

    tells = {
        "description": "A description of the policy.",
        "mode": "The mode of rules without one: `enforce`, `warn` or `audit`. Default: `enforce`.",
        "profile": "The id of a profile of `sys/crypto-profiles`. Without its date: the newest edition at the "
        "time of the write.",
        "profile_parameters": "The parameters of the profile.",
        "scope": "The scope of the policy: `namespaces`, `mounts` and `keys`.",
        "rules": "The rules: `name`, `operations`, `when`, `require`, `mode`, `from`, `until`, `message`.",
        "tests": "Tests of the policy: `name`, `given` facts, and the verdict to `expect`.",
        "defaults": "Fields for the creation of keys without a type, by data class and type of engine.",
    }


class WriteBody(DocumentBody):
    """A document, and the version that it is to replace."""

    cas: int | UnsetType = UNSET

    tells = {
        "cas": "Check-and-set: the present version; 0 if the policy must not exist.",
    }


class RestoreBody(PolicyNameBody):
    """Names the version that is to be the newest again."""

    version: int = 0
    cas: int | UnsetType = UNSET

    tells = {
        "version": "The version.",
        "cas": "Check-and-set: the present version.",
    }


def policies_of(system: System) -> NamespacePolicies:
    """The policies of the namespace that is looked after."""
    return NamespacePolicies(
        system.unsealed.crypto_policies,
        system.tenant.namespace,
        system.core.runtime.clock,
        partial(questions_about, system),
    )


def entity_of(call: Call) -> str:
    """The id of the caller's entity."""
    return "" if call.caller is None else call.caller.entity_id


def document_of(given: Mapping[str, Any]) -> Document:
    """The document among the parameters of a request. Raises ``InvalidRequest``."""
    return parse_document({name: value for name, value in given.items() if name not in _BESIDE_THE_DOCUMENT})


async def list_policies(system: System, call: Call, body: Nothing) -> Reply:
    """List the policies of this namespace, and tell whether they are enforced."""
    table = system.unsealed.crypto_policies
    if not table.enforced:
        call.warn(NOT_ENFORCED)
    return Reply({"keys": list(table.policies(system.tenant.namespace.id)), "enforced": table.enforced})


async def read_policy(system: System, call: Call, body: ReadBody) -> Reply | None:
    """Show a policy, or an earlier version of it."""
    policies = policies_of(system)
    if body.version:
        stored = await policies.version(body.name, body.version)
    else:
        stored = policies.table.stored(system.tenant.namespace.id, body.name)
    return None if stored is None else Reply(_shown(body.name, stored))


def _shown(name: str, stored: StoredPolicy) -> dict[str, Any]:
    document = msgspec.to_builtins(stored.document)
    return {
        "description": "",
        "mode": stored.document.mode.value,
        **document,
        "name": name,
        "version": stored.version,
        "modified": format_time(stored.created_time),
    }


async def write_policy(system: System, call: Call, body: WriteBody) -> Reply:
    """Write a policy; all workers enforce it before this is answered."""
    policies = policies_of(system)
    check_policy_name(body.name)
    cas = None if body.cas is UNSET else body.cas
    version, generation = await policies.put(body.name, document_of(call.given), cas, entity_of(call))
    return Reply({"name": body.name, "version": version, "generation": generation})


async def delete_policy(system: System, call: Call, body: PolicyNameBody) -> None:
    """Delete a policy; its exceptions stay, as orphans."""
    await policies_of(system).delete(body.name)


async def list_versions(system: System, call: Call, body: PolicyNameBody) -> Reply | None:
    """Show when and by whom the versions were written that are kept."""
    found = await policies_of(system).versions(body.name)
    if not found:
        return None
    versions = {
        str(number): {"created_time": format_time(stored.created_time), "entity_id": stored.entity_id}
        for number, stored in found.items()
    }
    return Reply({"current_version": max(found), "versions": versions})


async def restore_policy(system: System, call: Call, body: RestoreBody) -> Reply:
    """Write an earlier version as the newest one."""
    cas = None if body.cas is UNSET else body.cas
    version, generation = await policies_of(system).restore(body.name, body.version, cas, entity_of(call))
    return Reply({"name": body.name, "version": version, "generation": generation})


async def check_policy(system: System, call: Call, body: DocumentBody) -> Reply:
    """Compile a document, or the policy that is stored, and run its tests; nothing is stored."""
    policies = policies_of(system)
    check_policy_name(body.name)
    if call.given.keys() <= _BESIDE_THE_DOCUMENT:
        stored = policies.table.stored(system.tenant.namespace.id, body.name)
        if stored is None:
            raise NotFound
        document = stored.document
    else:
        document = document_of(call.given)
    policy = await policies.compiled(body.name, document)
    return Reply({"tests": await policies.tests(policy), "rules": needs_of(policy)})


POLICY_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.LIST, "crypto-policies", list_policies, Nothing, "List the crypto policies.", writes=False,
          scope=Scope.EACH),
    Route(Operation.READ, "crypto-policies/{name}", read_policy, ReadBody, "Show a crypto policy.", writes=False,
          scope=Scope.EACH),
    Route(Operation.UPDATE, "crypto-policies/{name}", write_policy, WriteBody, "Write a crypto policy.", Access.SUDO,
          scope=Scope.EACH),
    Route(Operation.DELETE, "crypto-policies/{name}", delete_policy, PolicyNameBody, "Delete a crypto policy.",
          Access.SUDO, scope=Scope.EACH),
    Route(Operation.READ, "crypto-policies/{name}/versions", list_versions, PolicyNameBody,
          "Show the versions of a crypto policy.", writes=False, scope=Scope.EACH),
    Route(Operation.UPDATE, "crypto-policies/{name}/restore", restore_policy, RestoreBody,
          "Restore an earlier version of a crypto policy, as a new version.", Access.SUDO, scope=Scope.EACH),
    Route(Operation.UPDATE, "crypto-policies/{name}/check", check_policy, DocumentBody,
          "Compile a crypto policy and run its tests, without storing it.", writes=False, scope=Scope.EACH),
)  # fmt: skip
