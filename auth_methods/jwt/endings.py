"""Ends of grants at the provider (RFC 7009): of tokens that have ended, and of logins that were refused."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from auth_methods.fetching.client import FetchFailed, fetching
from auth_methods.fetching.failures import report
from auth_methods.jwt.logins import finished, grants
from auth_methods.jwt.logins.finished import Finished
from auth_methods.jwt.providers.tokens import authenticated
from auth_methods.jwt.state import Jwt

_REVOKED = frozenset({200, 400})
"""Answers of a revocation endpoint that end the matter: done, or a token that the provider doesn't know."""

_NAME_BYTES = 16


async def end_grant(method: Jwt, grant: bytes) -> bool:
    """End the sealed ``grant`` at the provider; False if it doesn't answer."""
    config, kept = await method.configuration(), await grants.unseal_grant(method.mount.storage, grant)
    if config is None or kept is None or kept.provider != config.provider_id:
        return True
    form = {"token": kept.refresh_token, "token_type_hint": "refresh_token"}
    try:
        endpoints = await method.endpoints(config)
        if endpoints.revocation:
            async with fetching(config.oidc_discovery_ca_pem) as fetcher:
                await fetcher.deliver(endpoints.revocation, authenticated(endpoints, config.client, form), _REVOKED)
    except FetchFailed as error:
        report("a refresh token can't be revoked now: %s", error, mount=method.mount.path)
        return False
    return True


@asynccontextmanager
async def ended_if_refused(method: Jwt, grant: bytes, now: float) -> AsyncIterator[None]:
    """A step of a login, with whose failure the sealed ``grant`` ends.

    It is entered among the logins that no client has fetched before the provider is asked, so that it is ended later
    if the provider doesn't answer, or this process ends.
    """
    passed = False
    try:
        yield
        passed = True
    finally:
        if grant and not passed:
            view, name = method.mount.storage, secrets.token_hex(_NAME_BYTES)
            await finished.keep(view, name, Finished(now, {}, grant))
            if await end_grant(method, grant):
                await finished.forget(view, name)
