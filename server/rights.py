"""What a token may do: by its own policies, and by those that its entity and that one's groups add."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.identity.personas import MAX_ACLS, Persona

if TYPE_CHECKING:
    from server.acl import Acl
    from server.tenants import Tenant
    from server.tokens import Token


async def rights(tenant: Tenant, token: Token) -> Acl:
    """The ACL of a token whose entity stands (``Personas.stands``), right until policies or identities change.

    Raises ``InvalidRequest`` if the entity's values can't be put into the policies, ``Damaged`` if one of these can't
    be read.
    """
    policies = tenant.policies
    persona: Persona | None = token.persona
    if persona is None:
        return await policies.acl(token.record.policies)
    own = token.record.policies
    kept = persona.acls.get(own)
    if kept is not None and policies.current(*kept):
        return kept[1]
    generation = policies.generation
    acl = await policies.acl(tuple(sorted({*own, *persona.policies})), persona.value)
    if len(persona.acls) >= MAX_ACLS:
        persona.acls.clear()
    persona.acls[own] = generation, acl
    return acl
