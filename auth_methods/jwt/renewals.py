"""Renewals that ask the provider again, where it has granted a refresh token (OpenID Connect Core 1.0, 12).

A token without a refresh token is renewed as its role says. With one, the provider has to confirm the login: a person
who has been locked out there gets no further, and groups are those that the person has now. When the token ends, by
revocation or by itself, the refresh token is revoked at the provider (RFC 7009).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auth_methods.base import Login
from auth_methods.fetching.client import FetchFailed
from auth_methods.fetching.failures import report
from auth_methods.jwt import endings
from auth_methods.jwt.browser.proofs import bounded, id_claims, least_claims, user_info
from auth_methods.jwt.claims import InvalidClaims, text_claim
from auth_methods.jwt.keys import BadSignature
from auth_methods.jwt.login import completed, login_of
from auth_methods.jwt.logins import finished, grants
from auth_methods.jwt.logins.grants import Grant, seal_grant, seal_token
from auth_methods.jwt.providers.tokens import TokenRefused, Tokens, request_tokens
from auth_methods.jwt.records import Config, Role
from auth_methods.jwt.state import Jwt
from engines.base import Call
from engines.faults import Denied, Failed, Unavailable


class RenewingJwt(Jwt):
    """One mount of jwt, whose tokens may have refresh tokens of the provider."""

    async def login_again(self, grant: bytes, metadata: Mapping[str, str], call: Call) -> Login:
        """As ``KeepsGrants``."""
        config, kept = await self.configuration(), await grants.unseal_grant(self.mount.storage, grant)
        name = metadata.get("role", "")
        role = await self.role(name)
        if config is None or kept is None or role is None or kept.provider != config.provider_id:
            raise Failed("failed to renew entry: the provider that the login was at is no longer configured")
        if not await grants.take(self.mount.storage, grant, call.now):
            raise Unavailable("the token is being renewed")
        try:
            return await self._confirmed(config, role, name, kept, call)
        except (BadSignature, InvalidClaims) as error:
            raise Denied(f"failed to renew entry: {error}", wrapped=False) from None
        except TokenRefused as error:
            raise Denied(f"failed to renew entry: the provider says {error.code}", wrapped=False) from None
        except FetchFailed as error:
            await grants.give_back(self.mount.storage, grant, call.now)
            report("a token can't be renewed: %s", error, mount=self.mount.path, request=call.request_id)
            raise Unavailable("the provider can't be asked whether the token may be renewed") from None

    async def _confirmed(self, config: Config, role: Role, name: str, kept: Grant, call: Call) -> Login:
        """The login by a refresh token. Raises ``FetchFailed``, ``BadSignature`` or ``InvalidClaims``."""
        form = {"grant_type": "refresh_token", "refresh_token": kept.refresh_token}
        endpoints = await self.endpoints(config)
        granted = await request_tokens(endpoints, config.client, config.oidc_discovery_ca_pem, form)
        renewed = "" if granted.refresh_token == kept.refresh_token else granted.refresh_token
        storage = self.mount.storage
        async with endings.ended_if_refused(self, await seal_token(storage, renewed, config.provider_id), call.now):
            found = await self._told(config, role, kept, granted, call)
            claims = bounded(await completed(self, config, role, {**kept.claims, **found}, granted, call))
            login = login_of(config, role, name, claims, call)
            if login.alias != text_claim(kept.claims, role.user_claim, pointer=role.user_claim_json_pointer):
                raise InvalidClaims("the provider's answer is on another user")
        following = Grant(renewed or kept.refresh_token, kept.provider, claims)
        login.grant = await seal_grant(storage, following, least_claims(claims, role))
        return login

    async def _told(self, config: Config, role: Role, kept: Grant, granted: Tokens, call: Call) -> dict[str, Any]:
        """What the provider tells of the person anew: in an ID token, if there is one, and beyond it."""
        if config.github is not None:
            return {}
        found = await id_claims(self, config, role, granted, call) if granted.id_token else {}
        if found and found.get("sub") != kept.claims.get("sub"):
            raise InvalidClaims("the provider's answer is on another user")
        return {**await user_info(self, config, granted, {**kept.claims, **found}), **found}

    async def end_grant(self, grant: bytes) -> bool:
        """As ``KeepsGrants``."""
        return await endings.end_grant(self, grant)

    async def tick(self, now: float) -> None:
        """As ``Periodic``; logins that no client has fetched end, with their grants."""
        await super().tick(now)
        await finished.sweep(self.mount.storage, now, self.end_grant)
