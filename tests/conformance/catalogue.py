"""All scenarios, gathered from the modules of the folders here that hold them."""

from __future__ import annotations

from tests.conformance.access import (
    acl,
    acl_changes,
    approle,
    auth_methods,
    client_certificates,
    json_web_tokens,
    leases,
    namespace_tokens,
    namespaces,
    tenants,
    tokens,
    wrapping,
)
from tests.conformance.access.identity import entities, groups, logins
from tests.conformance.steps import Scenario
from tests.conformance.system import guards, http_wire, mounts, policies, server, shares
from tests.conformance.transit import (
    batches,
    details,
    encrypt,
    imports,
    key_validation,
    keys,
    mldsa,
    sign,
    tools,
    transfer,
)

SCENARIOS: tuple[Scenario, ...] = (
    *http_wire.SCENARIOS,
    *server.SCENARIOS,
    *shares.SCENARIOS,
    *guards.SCENARIOS,
    *mounts.SCENARIOS,
    *policies.SCENARIOS,
    *tokens.SCENARIOS,
    *acl.SCENARIOS,
    *acl_changes.SCENARIOS,
    *keys.SCENARIOS,
    *encrypt.SCENARIOS,
    *batches.SCENARIOS,
    *sign.SCENARIOS,
    *mldsa.SCENARIOS,
    *tools.SCENARIOS,
    *transfer.SCENARIOS,
    *imports.SCENARIOS,
    *details.SCENARIOS,
    *key_validation.SCENARIOS,
    *wrapping.SCENARIOS,
    *leases.SCENARIOS,
    *auth_methods.SCENARIOS,
    *approle.SCENARIOS,
    *client_certificates.SCENARIOS,
    *json_web_tokens.SCENARIOS,
    *namespaces.SCENARIOS,
    *namespace_tokens.SCENARIOS,
    *tenants.SCENARIOS,
    *entities.SCENARIOS,
    *groups.SCENARIOS,
    *logins.SCENARIOS,
)
