"""Login with a JSON Web Token.

1  the role, and whether it allows the client's address
2  the signature, by the mount's keys or this server's own   (``keys``, ``LocalIssuer``)
3  issuer, subject, audience and times                       (``claims``)
4  name, metadata and groups, and the claims that the role requires
5  the token's id, if the role allows each only once
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from auth_methods.base import InvalidCredentials, Login
from auth_methods.fetching.client import FetchFailed
from auth_methods.fetching.failures import report
from auth_methods.jwt import claims as tokens
from auth_methods.jwt.claims import InvalidClaims
from auth_methods.jwt.keys import BadSignature, read_header, verified_claims
from auth_methods.jwt.logins import used_ids
from auth_methods.jwt.policy_templates import MissingClaim, parse, render
from auth_methods.jwt.providers.base import Person
from auth_methods.jwt.providers.tokens import Tokens
from auth_methods.jwt.records import Config, Role
from auth_methods.jwt.state import Jwt
from engines.base import Body, Call
from engines.faults import Failed, InvalidRequest, Unavailable

_MAX_ID_CHARACTERS = 1024


class LoginBody(Body):
    """A role and the token that proves the right to it."""

    jwt: str = ""
    role: str = ""

    tells = {
        "jwt": "The JSON Web Token.",
        "role": "The role. Default: the mount's `default_role`.",
    }


async def log_in(method: Jwt, call: Call, body: LoginBody) -> Login:
    """Give a token for a JSON Web Token that a role accepts."""
    config = await method.configuration()
    if config is None:
        raise InvalidRequest("could not load configuration")
    name = (body.role or config.default_role).lower()
    if not name:
        raise InvalidRequest("missing role")
    role = await method.role(name)
    if role is None:
        raise InvalidRequest(f'role "{name}" could not be found')
    if role.role_type != "jwt":
        raise InvalidRequest("role with oidc role_type is not allowed")
    if not body.jwt:
        raise InvalidRequest("missing token")
    role.token.check_address(call)
    try:
        claims, ends_at = await _validated(method, config, role, body.jwt, call)
    except (BadSignature, InvalidClaims) as error:
        raise InvalidCredentials(f"error validating token: {error}") from None
    try:
        if tokens.audiences(claims) and not role.bound_audiences:
            raise InvalidClaims("audience claim found in JWT but no audiences bound to the role")
        claims = await completed(method, config, role, claims, Tokens(), call)
        login = login_of(config, role, name, claims, call)
    except InvalidClaims as error:
        raise InvalidCredentials(str(error)) from None
    await _check_id(method, role, claims, ends_at)
    return login


async def _validated(method: Jwt, config: Config, role: Role, token: str, call: Call) -> tuple[dict[str, Any], float]:
    """The claims of a token that is signed and valid, and when it ends."""
    header = read_header(token)
    if config.jwt_supported_algs and header.algorithm not in config.jwt_supported_algs:
        raise BadSignature("invalid algorithm (alg) header parameter: token signed with unexpected algorithm")
    if config.local_issuer:
        return await _validated_here(method, config, role, token, call)
    try:
        keys = await method.keys(config, header.key_id, call.request_id)
    except FetchFailed as error:
        # The reason is for the operator, in the log.
        report("keys can't be fetched for a login: %s", error, mount=method.mount.path, request=call.request_id)
        raise BadSignature("error verifying token signature: the keys can't be fetched") from None
    claims = verified_claims(token, header, keys)
    return claims, tokens.check_registered(claims, role.expected(config.issuer), call.now)


async def _validated_here(
    method: Jwt, config: Config, role: Role, token: str, call: Call
) -> tuple[dict[str, Any], float]:
    """As ``_validated``, for this server's own token, whose revocation is checked."""
    issuer = method.local_issuer
    assert issuer is not None, "the core hands it in"
    claims = await issuer.verified(token, call.now)
    ends_at = tokens.check_registered(claims, role.expected(config.issuer), call.now)
    if not await issuer.is_valid(claims.get("jti"), call.remote_address, call.now):
        raise InvalidClaims("invalid ID (jti) claim: the token has ended, or may not be shown from here")
    return claims, ends_at


async def completed(
    method: Jwt, config: Config, role: Role, claims: dict[str, Any], granted: Tokens, call: Call
) -> dict[str, Any]:
    """Verified ``claims``, with those that the provider in ``provider_config`` is asked for.

    Raises ``InvalidClaims``, and ``Unavailable`` if the provider doesn't answer: no login has fewer groups than the
    person.
    """
    custom = config.custom
    if custom is None:
        return claims
    user = tokens.claim(claims, role.user_claim, pointer=role.user_claim_json_pointer)
    person = Person(
        claims=claims,
        user=user if isinstance(user, str) else "",
        groups_claim=role.groups_claim,
        access_token=granted.access_token,
        scope=" ".join(config.scopes(role)) if granted.scope is None else granted.scope,
        ca_pem=config.oidc_discovery_ca_pem,
    )
    try:
        return {**claims, **await custom.claims(person)}
    except FetchFailed as error:
        report(
            "a login is refused, since its groups can't be fetched: %s",
            error,
            mount=method.mount.path,
            request=call.request_id,
        )
        raise Unavailable("the groups of the user can't be fetched from the provider") from None


def login_of(config: Config, role: Role, name: str, claims: dict[str, Any], call: Call) -> Login:
    """The login that a role gives for verified claims. Raises ``InvalidClaims``, or ``Failed``."""
    user = tokens.text_claim(claims, role.user_claim, pointer=role.user_claim_json_pointer)
    mappings = role.claim_mappings or {}
    custom = config.custom
    metadata = {} if custom is None else tokens.mapped(claims, custom.metadata)
    metadata |= tokens.mapped(claims, mappings)
    groups = tokens.groups(claims, role.groups_claim) if role.groups_claim else None
    try:
        tokens.check_bound(claims, role.bound_claims or {}, glob=role.bound_claims_type == "glob")
    except InvalidClaims as error:
        raise InvalidClaims(f"error validating claims: {error}") from None
    if not user:
        raise Failed("missing name in alias")
    metadata["role"] = name
    token = role.token
    if role.token_policies_template_claims:
        token = replace(token, policies=_named_policies(token.policies, claims))
    return token.login(call, alias=user, metadata=metadata, display_name=user, alias_metadata=metadata, groups=groups)


def _named_policies(templates: Sequence[str], claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The policies that a role's templates name. Raises ``InvalidClaims`` if a claim is missing."""
    named = []
    for index, template in enumerate(templates):
        try:
            named.append(render(parse(template), claims))
        except MissingClaim as error:
            raise InvalidClaims(f"failed to template policy [{index}]: {error}") from None
    return tuple(named)


async def _check_id(method: Jwt, role: Role, claims: dict[str, Any], ends_at: float) -> None:
    if not (role.jti_required or role.jti_single_use):
        return
    token_id, issuer = claims.get("jti"), claims.get("iss", "")
    if not isinstance(token_id, str) or not 0 < len(token_id) <= _MAX_ID_CHARACTERS:
        raise InvalidCredentials("error validating token: invalid ID (jti) claim: the role requires one")
    if role.jti_single_use and not await used_ids.take(method.mount.storage, str(issuer), token_id, ends_at):
        raise InvalidCredentials("error validating token: invalid ID (jti) claim: the token was used before")
