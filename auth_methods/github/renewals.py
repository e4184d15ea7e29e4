"""Renewals that ask GitHub again, with the personal token of the login, as Vault does."""

from __future__ import annotations

from collections.abc import Mapping

from auth_methods import sealing
from auth_methods.base import Login
from auth_methods.github.login import GRANT_LABEL, login_of, owner
from auth_methods.github.state import GitHub
from engines.base import Call
from engines.faults import Failed


class RenewingGitHub(GitHub):
    """One mount of github, whose tokens keep the personal tokens of their logins, sealed."""

    async def login_again(self, grant: bytes, metadata: Mapping[str, str], call: Call) -> Login:
        """As ``KeepsGrants``."""
        config, token = await self.configuration(), await sealing.unseal(self.storage, GRANT_LABEL, grant)
        if config is None or token is None:
            raise Failed("failed to renew entry: the method isn't configured any longer")
        return await login_of(self, config, await owner(self, config, token.decode(), call), token.decode(), call)

    async def end_grant(self, grant: bytes) -> bool:
        """As ``KeepsGrants``: a personal token is its owner's, and stays."""
        return True
