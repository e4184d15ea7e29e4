"""Proofs of a login through a browser: the provider's tokens about the person, checked."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import msgspec

from auth_methods.fetching.client import FetchFailed
from auth_methods.jwt import claims as claim_checks
from auth_methods.jwt.browser.pending import Pending
from auth_methods.jwt.claims import InvalidClaims
from auth_methods.jwt.endings import ended_if_refused
from auth_methods.jwt.keys import BadSignature, read_header, verified_claims
from auth_methods.jwt.login import completed
from auth_methods.jwt.logins.grants import Grant, seal_grant, seal_token
from auth_methods.jwt.providers.tokens import Tokens, request_tokens
from auth_methods.jwt.records import DEVICE, Config, Role
from auth_methods.jwt.state import Jwt
from engines.base import Call

MAX_CLAIMS_BYTES = 512 * 1024
"""The most bytes of the claims about a person: the groups, for the most part."""

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def grant_of_code(code: str, pending: Pending) -> dict[str, str]:
    """The grant for an authorization code (RFC 6749, 4.1.3, with RFC 7636)."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": pending.redirect_uri,
        "code_verifier": pending.verifier,
    }


def grant_of_device(pending: Pending, config: Config) -> dict[str, str]:
    """The grant for the code of a device (RFC 8628, 3.4)."""
    return {"grant_type": _DEVICE_GRANT, "device_code": pending.device_code, "client_id": config.oidc_client_id}


async def prove(
    method: Jwt, config: Config, role: Role, pending: Pending, grant: Mapping[str, str], call: Call
) -> tuple[dict[str, Any], bytes]:
    """The claims about the person for ``grant``, and what to keep with the token (``logins.grants``), perhaps nothing.

    Raises ``FetchFailed`` (of these ``TokenRefused``), ``BadSignature``, ``InvalidClaims``, or ``Unavailable`` if the
    groups can't be fetched; then a refresh token that was granted ends.
    """
    granted = await request_tokens(await method.endpoints(config), config.client, config.oidc_discovery_ca_pem, grant)
    storage = method.mount.storage
    unproved = await seal_token(storage, granted.refresh_token, config.provider_id)
    async with ended_if_refused(method, unproved, call.now):
        claims = bounded(await _proved_claims(method, config, role, pending, granted, call))
    kept = Grant(granted.refresh_token, config.provider_id, claims)
    return claims, await seal_grant(storage, kept, least_claims(claims, role))


async def _proved_claims(
    method: Jwt, config: Config, role: Role, pending: Pending, granted: Tokens, call: Call
) -> dict[str, Any]:
    """All claims about the person that ``granted`` is for. Raises as ``prove`` does."""
    if config.github is not None:
        if not granted.access_token:
            raise FetchFailed("the provider's answer has no access token")
        return await completed(method, config, role, {}, granted, call)
    found = await id_claims(method, config, role, granted, call)
    _check_login(found, config, role, pending, call.now)
    found = {**await user_info(method, config, granted, found), **found}
    return await completed(method, config, role, found, granted, call)


def bounded(claims: dict[str, Any]) -> dict[str, Any]:
    """``claims``, if they can be kept. Raises ``InvalidClaims``."""
    try:
        size = len(msgspec.msgpack.encode(claims))
    except RecursionError:
        raise InvalidClaims("the claims are nested too deeply") from None
    if size > MAX_CLAIMS_BYTES:
        raise InvalidClaims("the claims are too large")
    return claims


def least_claims(claims: Mapping[str, Any], role: Role) -> dict[str, Any]:
    """Of ``claims``, those that say who the person is."""
    name, pointer = role.user_claim, role.user_claim_json_pointer
    user = claim_checks.claim(claims, name, pointer=pointer)
    return {"sub": claims.get("sub"), **(claim_checks.nested(name, user) if pointer else {name: user})}


async def id_claims(method: Jwt, config: Config, role: Role, granted: Tokens, call: Call) -> dict[str, Any]:
    """The claims of a verified ID token, which is for this client and valid now (OpenID Connect Core 1.0, 3.1.3.7).

    Raises ``FetchFailed``, ``BadSignature`` or ``InvalidClaims``.
    """
    if not granted.id_token:
        raise FetchFailed("the provider's answer has no id_token")
    header = read_header(granted.id_token)
    if config.jwt_supported_algs and header.algorithm not in config.jwt_supported_algs:
        raise BadSignature("id_token signed with unexpected algorithm")
    found = verified_claims(granted.id_token, header, await method.keys(config, header.key_id, call.request_id))
    claim_checks.check_registered(found, role.expected(config.issuer, (config.oidc_client_id,)), call.now)
    audiences = claim_checks.audiences(found)
    if len(audiences) > 1 and found.get("azp") != config.oidc_client_id:
        raise InvalidClaims("invalid authorized party (azp) claim")
    if role.bound_audiences and not set(audiences) & set(role.bound_audiences):
        raise InvalidClaims("invalid audience (aud) claim: audience claim does not match any expected audience")
    return found


def _check_login(found: Mapping[str, Any], config: Config, role: Role, pending: Pending, now: float) -> None:
    """Check that the token belongs to this login, and that the person has logged in recently enough."""
    nonce = found.get("nonce")
    if pending.mode != DEVICE and (
        not isinstance(nonce, str) or not secrets.compare_digest(nonce.encode(), pending.nonce.encode())
    ):
        raise InvalidClaims("invalid id_token nonce")
    if role.max_age > 0:
        at, skew = found.get("auth_time"), role.expected(config.issuer).skew
        if isinstance(at, bool) or not isinstance(at, int | float) or at + role.max_age + skew < now:
            raise InvalidClaims("the user has logged in at the provider too long ago")


async def user_info(method: Jwt, config: Config, granted: Tokens, found: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the provider tells of the person in ``found`` beyond the token.

    Raises ``FetchFailed`` or ``InvalidClaims``.
    """
    more = await method.provider(config).user_info(granted)
    if more and more.get("sub") != found.get("sub"):
        raise InvalidClaims("the provider's information is on another user")  # OpenID Connect Core 1.0, 5.3.2.
    return more
