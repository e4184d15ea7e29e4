"""A namespace of the unsealed server: mounts, policies, tokens, leases, identities."""

from __future__ import annotations

from dataclasses import dataclass

from auth_methods.token.jwt_issuer import JwtIssuer
from engines.base import NOT_COUNTED, UseCounts
from server.audit.entry import AuditNamespace
from server.tenants.crypto_policies.table import CryptoPolicyTable
from server.tenants.identity.effective_identity import EffectiveIdentities
from server.tenants.limits.lockouts import Lockouts
from server.tenants.mounts.table import Mounts
from server.tenants.namespaces.names import Namespace
from server.tenants.policies.store import PolicyStore
from server.tenants.tokens.leases import Leases
from server.tenants.tokens.store import Tokens
from server.tenants.tokens.wrapping import Wrapping
from storage.view import View


@dataclass(frozen=True, slots=True)
class Tenant:
    """One open namespace. ``view`` is all of its storage."""

    namespace: Namespace
    audit: AuditNamespace
    view: View
    mounts: Mounts
    policies: PolicyStore
    tokens: Tokens
    leases: Leases
    wrapping: Wrapping
    lockouts: Lockouts
    identities: EffectiveIdentities
    jwt_issuer: JwtIssuer
    crypto_policies: CryptoPolicyTable
    """The crypto policies of all namespaces."""

    use_counts: UseCounts = NOT_COUNTED
