"""JSON Web Tokens of this server, by which services prove their identity to others that don't ask this server.

A role of the token method with ``jwt_audiences`` issues them: ``sub`` is the role, so the right to call ``jwt/ROLE``
is the right to that identity. Verifiers use the published keys, and a mount of the JWT method with ``local_issuer``
accepts them for logins.

A token may be revoked by its bearer, with the token itself; by the token that created it, with its ``jti``; and by
callers with ``sudo`` on the path, or access to ``revoke-accessor``.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from auth_methods.jwt.keys import BadSignature
from auth_methods.records import JWT, TokenRecord
from auth_methods.token.authority import HeldToken, held
from auth_methods.token.creation import check_parent, parentage
from auth_methods.token.jwt_issuer import DAY_SECONDS
from auth_methods.token.records import Role
from auth_methods.token.roles import RoleName
from auth_methods.token.signing_keys import SIGNATURES, TooManyKeys
from auth_methods.token.state import TokenMethod
from engines.base import Body, Call, Nothing, Reply
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import begin
from engines.durations import format_time
from engines.faults import Denied, InvalidRequest
from engines.fields import CommaList, Duration
from engines.keys.facts import facts_of_issuer

WELL_KNOWN_KEYS = ".well-known/keys"
WELL_KNOWN_CONFIGURATION = ".well-known/openid-configuration"

_KEY = "jwt"
"""The name of the key that signs, for crypto policies and the audit."""

_PATH = "auth/token/jwt/"
_MAX_ISSUER_CHARACTERS = 1024
_MIN_ROTATION_SECONDS = 3600
_TOO_MANY = "so many keys are still needed for tokens that they have signed that there can't be another one yet"


class IssueBody(RoleName):
    """The audience and the TTL of the token; defaults come from the role."""

    audience: CommaList = []
    ttl: Duration = 0

    tells = {
        "audience": "Audiences of the token, among the role's. Default: all of the role's.",
        "ttl": "The lifetime, as a duration, at most the role's.",
    }


class JwtBody(Body):
    """A token, named by itself."""

    jwt: str = ""

    tells = {
        "jwt": "The signed token.",
    }


class RevokeBody(JwtBody):
    """A token, named by itself or by its id."""

    jti: str = ""

    tells = {
        "jti": "The id (`jti`) of the token, instead of `jwt`.",
    }


class ConfigBody(Body):
    """The issuer's settings; omitted ones are unchanged."""

    issuer: str | UnsetType = UNSET
    algorithm: str | UnsetType = UNSET
    rotation_period: Duration | UnsetType = UNSET

    tells = {
        "issuer": "The issuer, a URL. Empty for the server's address.",
        "algorithm": "`ES256`, `ES384`, `ES512` or `EdDSA`.",
        "rotation_period": "The time for which a key signs, as a duration; 0 for no rotation.",
    }


class RotateBody(Body):
    """The options of a rotation."""

    withdraw: bool = False

    tells = {
        "withdraw": "Withdraw all keys: earlier tokens no longer verify.",
    }


async def issue(method: TokenMethod, call: Call, body: IssueBody) -> Reply:
    """Issue a token that states that its bearer is the role."""
    check_parent(call)
    role = await method.role(body.role_name)
    if role is None:
        raise InvalidRequest(f"unknown role {body.role_name}")
    audiences = _audiences(role, body)
    record = _record(method, call, role, body)
    uses = begin(method, call, CryptoOperation.ISSUE_TOKEN, _KEY)
    algorithm, since = await method.issuer.signing_key(call.now)
    use = uses.allow(*facts_of_issuer(algorithm, _KEY, since, method.place))
    keys = await method.issuer.signer(record.ttl, call.now)
    issuer = await method.issuer.name(call.now)
    record = await method.authority.mint(replace(record, metadata={"audience": ",".join(audiences)}))
    issued_at = int(call.now)
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": role.name,
        "aud": audiences,
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + record.ttl,
        "jti": record.accessor,
    }
    if record.entity_id:
        claims["entity_id"] = record.entity_id
    use.begin()
    token = keys.sign(claims)
    use.made()
    data = {
        "expire_time": format_time(claims["exp"]),
        "jti": record.accessor,
        "jwt": token,
        "ttl": record.ttl,
    }
    return Reply(data, accessor=record.accessor)


def _audiences(role: Role, body: IssueBody) -> list[str]:
    if not role.jwt_audiences:
        raise InvalidRequest(f"role {role.name} gives out no JSON Web Tokens: it has no jwt_audiences")
    asked = list(dict.fromkeys(body.audience))
    if not set(asked) <= set(role.jwt_audiences):
        raise InvalidRequest("audience must be among the role's jwt_audiences")
    return asked or list(role.jwt_audiences)


def _record(method: TokenMethod, call: Call, role: Role, body: IssueBody) -> TokenRecord:
    """The half of the token that is stored."""
    caller = held(call)
    parent, parent_namespace = parentage(method, call, orphan=role.orphan)
    longest = role.jwt_ttl or DAY_SECONDS
    record = TokenRecord(
        type=JWT,
        policies=(),
        path=_PATH + role.name,
        display_name=f"jwt-{role.name}",
        creation_time=int(call.now),
        parent=parent,
        parent_namespace=parent_namespace,
        role=role.name,
        explicit_max_ttl=min(longest, role.explicit_max_ttl or longest),
        entity_id="" if parent_namespace else caller.record.entity_id,
        bound_cidrs=role.bound_cidrs,
    )
    granted = method.capped(body.ttl or longest, record, call)
    return replace(record, ttl=granted, last_ttl=granted, expire_time=record.creation_time + granted)


async def look_up(method: TokenMethod, call: Call, body: JwtBody) -> Reply:
    """Tell whether a token is one of this server's and valid, and if so its claims (compare RFC 7662)."""
    try:
        claims = await method.issuer.verified(_given(body), call.now)
    except BadSignature:
        return Reply({"active": False})
    if await method.issuer.find(claims.get("jti"), call.now) is None:
        return Reply({"active": False})
    return Reply({"active": True, **claims})


async def revoke(method: TokenMethod, call: Call, body: RevokeBody) -> None:
    """Revoke a token. The answer doesn't reveal whether another caller's token exists."""
    if bool(body.jwt) == bool(body.jti):
        raise InvalidRequest("exactly one of jwt and jti must be given")
    if body.jwt:
        try:
            claims = await method.issuer.verified(body.jwt, call.now)
        except BadSignature:
            raise InvalidRequest("not a JSON Web Token of this server") from None
        found = await method.issuer.find(claims.get("jti"), call.now)
    else:
        found = await method.issuer.find(body.jti, call.now)
        if not call.sudo and not _made_with(found, held(call)):
            raise Denied
    if found is not None:
        await method.authority.revoke(found.hash)


def _made_with(found: HeldToken | None, caller: HeldToken) -> bool:
    return found is not None and found.record.parent == caller.hash


def _given(body: JwtBody) -> str:
    if not body.jwt:
        raise InvalidRequest("missing jwt")
    return body.jwt


async def read_config(method: TokenMethod, call: Call, body: Nothing) -> Reply:
    """Show the issuer's settings."""
    config = await method.issuer.config()
    return Reply(
        {
            "algorithm": config.algorithm,
            "issuer": await method.issuer.name(call.now),
            "rotation_period": config.rotation_period,
        }
    )


async def write_config(method: TokenMethod, call: Call, body: ConfigBody) -> None:
    """Change the issuer's settings."""
    config = await method.issuer.config()
    changes = {name: given for name in body.__struct_fields__ if (given := getattr(body, name)) is not UNSET}
    config = replace(config, **changes)
    if config.algorithm not in SIGNATURES:
        raise InvalidRequest(f"algorithm must be one of {', '.join(SIGNATURES)}")
    if len(config.issuer) > _MAX_ISSUER_CHARACTERS or not config.issuer.isprintable():
        raise InvalidRequest(f"issuer must be at most {_MAX_ISSUER_CHARACTERS} printable characters")
    if 0 < config.rotation_period < _MIN_ROTATION_SECONDS:
        raise InvalidRequest(f"rotation_period must be 0 for never, or at least {_MIN_ROTATION_SECONDS} seconds")
    try:
        await method.issuer.configure(config, call.now)
    except TooManyKeys:
        raise InvalidRequest(_TOO_MANY) from None


async def rotate(method: TokenMethod, call: Call, body: RotateBody) -> Reply:
    """Sign with the next key from now on; with ``withdraw``, with a new one, and withdraw all earlier keys."""
    try:
        keys = await method.issuer.rotate(call.now, withdraw=body.withdraw)
    except TooManyKeys:
        raise InvalidRequest(_TOO_MANY) from None
    return Reply({"kid": keys.published[0]["kid"]})


async def read_keys(method: TokenMethod, call: Call, body: Nothing) -> Reply:
    """Publish the keys that verify this server's tokens (RFC 7517)."""
    return Reply({"keys": list((await method.issuer.keys(call.now)).published)})


async def read_discovery(method: TokenMethod, call: Call, body: Nothing) -> Reply:
    """Publish the URL of the keys (OpenID Connect Discovery 1.0)."""
    issuer = await method.issuer.name(call.now)
    keys = await method.issuer.keys(call.now)
    return Reply(
        {
            "issuer": issuer,
            "jwks_uri": f"{issuer.rstrip('/')}/{WELL_KNOWN_KEYS}",
            "id_token_signing_alg_values_supported": sorted({key["alg"] for key in keys.published}),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
        }
    )
