"""What belongs to one namespace while the server is unsealed: mounts, policies, tokens, leases, identities."""

from __future__ import annotations

from dataclasses import dataclass

from auth_methods.token.jwt_issuer import JwtIssuer
from server.audit.entry import AuditNamespace
from server.identity.personas import Personas
from server.leases import Leases
from server.lockouts import Lockouts
from server.mounts import Mounts
from server.namespaces import Namespace
from server.policies import PolicyStore
from server.tokens import Tokens
from server.wrapping import Wrapping
from storage.view import View


@dataclass(frozen=True, slots=True)
class Tenant:
    """One namespace at work. ``view`` is all of its storage."""

    namespace: Namespace
    audit: AuditNamespace
    view: View
    mounts: Mounts
    policies: PolicyStore
    tokens: Tokens
    leases: Leases
    wrapping: Wrapping
    lockouts: Lockouts
    personas: Personas
    jwt_issuer: JwtIssuer
