"""Look-up of entities for the token method."""

from __future__ import annotations

from engines.base import Mount
from engines.faults import Denied
from server.tenants.identity.logins import entity_at_login
from server.tenants.tenant import Tenant


class EntityLookup:
    """The entities of one namespace; ``mount`` is the token method's."""

    def __init__(self, tenant: Tenant, mount: Mount) -> None:
        self._tenant = tenant
        self._mount = mount

    async def entity_called(self, alias: str, now: float) -> str:
        """The id of the entity with this alias at the token method, created if absent.

        Raises ``Denied`` if it is disabled.
        """
        try:
            entity_id, _ = await entity_at_login(self._tenant, self._mount.accessor, alias, now)
        except Denied:
            raise Denied("entity from given entity alias is disabled", wrapped=False) from None
        return entity_id

    async def policies(self, entity_id: str) -> tuple[str, ...]:
        """The policies that an entity adds to those of its tokens; none if there is no such entity."""
        return await self._tenant.identities.policies(entity_id)
