"""Leases, by the path that issued them. All leases are tokens.

A lease has no record of its own: its id is the path of the request that created the token, followed by the token's
hash, and all else is the token's. So leases need no restoring and can't disagree with tokens, and listing or revoking
by prefix uses an ordered index (see ``server.tenants.tokens.entries``).

A token without an end has a lease too, by which it can be found and revoked; batch tokens have none.
"""

from __future__ import annotations

from server.tenants.tokens.entries import LEASES, hash_in_lease, lease_path
from server.tenants.tokens.revocation import STEP
from server.tenants.tokens.store import Token, Tokens
from storage.view import View


class Leases:
    """The leases of one namespace; ``view`` is that of the token store."""

    def __init__(self, view: View, tokens: Tokens) -> None:
        self._view = view
        self._tokens = tokens
        self._suffix = tokens.namespace.suffix

    async def find(self, lease_id: str, now: float) -> Token | None:
        """The token with this lease, if its time isn't over."""
        path, _, name = lease_id.rpartition("/")
        hashed = hash_in_lease(name.removesuffix(self._suffix)) if name.endswith(self._suffix) else None
        token = None if hashed is None else await self._tokens.by_hash(hashed, now)
        if token is None or not token.record.leased or lease_path(token.record.path) != path:
            return None
        return token

    async def names(self, prefix: str) -> list[str]:
        """The names directly below ``prefix``: of leases, and of folders, which end in ``/``."""
        path = lease_path(prefix)
        names = await self._view.list(LEASES + f"{path}/" if path else LEASES)
        return [name if name.endswith("/") else name + self._suffix for name in names]

    async def revoke(self, lease_id: str, now: float) -> None:
        """Revoke a lease; no error if there is none with this id."""
        token = await self.find(lease_id, now)
        if token is not None:
            await self._tokens.revoke(token.hash)

    async def revoke_prefix(self, prefix: str) -> int:
        """Revoke all leases issued by paths at or below ``prefix``, and return their number.

        Leases issued meanwhile may be revoked or stay.
        """
        path = lease_path(prefix)
        if path is None:
            return 0
        ended, folders = 0, [f"{LEASES}{path}/"]
        while folders:
            folder, after = folders.pop(), ""
            while names := await self._view.list(folder, after, STEP):
                after = names[-1]
                folders.extend(folder + name for name in names if name.endswith("/"))
                hashes = [hashed for name in names if (hashed := hash_in_lease(name)) is not None]
                ended += await self._tokens.revoke_all(hashes)
        return ended
