"""All scenarios, gathered from the modules of this folder that hold them."""

from __future__ import annotations

from tests.conformance import (
    acl,
    approle,
    auth_methods,
    client_certificates,
    http_wire,
    identity,
    json_web_tokens,
    leases,
    sys_guards,
    sys_mounts,
    sys_policies,
    sys_server,
    sys_shares,
    tenants,
    tokens,
    transit_encrypt,
    transit_keys,
    transit_mldsa,
    transit_sign,
    transit_tools,
    transit_transfer,
    wrapping,
)
from tests.conformance.steps import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *http_wire.SCENARIOS,
    *sys_server.SCENARIOS,
    *sys_shares.SCENARIOS,
    *sys_guards.SCENARIOS,
    *sys_mounts.SCENARIOS,
    *sys_policies.SCENARIOS,
    *tokens.SCENARIOS,
    *acl.SCENARIOS,
    *transit_keys.SCENARIOS,
    *transit_encrypt.SCENARIOS,
    *transit_sign.SCENARIOS,
    *transit_mldsa.SCENARIOS,
    *transit_tools.SCENARIOS,
    *transit_transfer.SCENARIOS,
    *wrapping.SCENARIOS,
    *leases.SCENARIOS,
    *auth_methods.SCENARIOS,
    *approle.SCENARIOS,
    *client_certificates.SCENARIOS,
    *json_web_tokens.SCENARIOS,
    *tenants.SCENARIOS,
    *identity.SCENARIOS,
)
