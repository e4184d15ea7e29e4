"""Claims of tokens: those that a role allows a caller to set, and those that it requires of a valid token."""

from __future__ import annotations

import secrets
from typing import Any

from engines.base import Caller
from engines.encoding import encode_base64_url
from engines.faults import InvalidRequest
from engines.signing.roles import ANY_CLAIM, SERVER_CLAIMS, Role, RoleRecord
from engines.signing.signatures import NotValid
from engines.signing.templates import filled

_JTI_BYTES = 16


def claims_of_token(role: Role, caller: Caller, given: dict[str, Any], ttl_seconds: int, now: float) -> dict[str, Any]:
    """The claims of a new token, from the role and those ``given``. Raises ``InvalidRequest`` by the role's rules."""
    record = role.record
    for name in given:
        _check_given(role, name)
    claims: dict[str, Any] = {**given, **filled(role.claims, caller)}
    if record.issuer:
        claims["iss"] = record.issuer
    if record.audiences:
        claims["aud"] = _audience(record, given.get("aud"))
    issued = int(now)
    claims["iat"] = issued
    claims["nbf"] = issued - record.nbf_skew_seconds
    claims["exp"] = issued + _ttl(record, ttl_seconds)
    if record.jti:
        claims["jti"] = encode_base64_url(secrets.token_bytes(_JTI_BYTES))
    for name in record.required_claims:
        if name not in claims:
            raise InvalidRequest(f'claim "{name}" is required')
    return claims


def _check_given(role: Role, name: str) -> None:
    record = role.record
    if name in SERVER_CLAIMS or name in role.claims or (name == "iss" and record.issuer):
        raise InvalidRequest(f'claim "{name}" is made by the role')
    if name in record.forbidden_claims:
        raise InvalidRequest(f'claim "{name}" is forbidden')
    if name == "aud" and record.audiences:
        return
    if ANY_CLAIM not in record.allowed_claims and name not in record.allowed_claims:
        raise InvalidRequest(f'claim "{name}" is not allowed')


def _audience(record: RoleRecord, wanted: Any) -> Any:
    """The requested audience if it is allowed, else the only one that the role has."""
    if wanted is None:
        if len(record.audiences) != 1:
            raise InvalidRequest('claim "aud" is required, since the role allows several audiences')
        return record.audiences[0]
    chosen = wanted if isinstance(wanted, list) else [wanted]
    if not chosen or not all(isinstance(audience, str) and audience in record.audiences for audience in chosen):
        raise InvalidRequest('claim "aud" names an audience that the role does not allow')
    return wanted


def _ttl(record: RoleRecord, wanted: int) -> int:
    if wanted > record.max_ttl_seconds:
        raise InvalidRequest(f"ttl is greater than the role's max_ttl of {record.max_ttl_seconds} seconds")
    return wanted or record.ttl_seconds


def check_claims(record: RoleRecord, claims: dict[str, Any], audience: str, now: float) -> None:
    """Raises ``NotValid`` unless a token with ``claims`` is valid at ``now`` by a role's rules.

    ``audience`` is the verifier, "" if not given.
    """
    if record.issuer and claims.get("iss") != record.issuer:
        raise NotValid("its issuer is not the role's")
    _check_audience(record, claims, audience)
    _check_times(record, claims, now)
    for name in record.required_claims:
        if name not in claims:
            raise NotValid(f'it lacks the claim "{name}"')


def _check_audience(record: RoleRecord, claims: dict[str, Any], audience: str) -> None:
    named = claims.get("aud")
    audiences = named if isinstance(named, list) else [] if named is None else [named]
    if not all(isinstance(each, str) for each in audiences):
        raise NotValid("its audience is malformed")
    if audience and audience not in audiences:
        raise NotValid("it is not for this audience")
    if record.audiences and not set(audiences) & set(record.audiences):
        raise NotValid("it is for none of the role's audiences")


def _check_times(record: RoleRecord, claims: dict[str, Any], now: float) -> None:
    leeway = record.leeway_seconds
    expires = _time(claims, "exp")
    if expires is None:
        raise NotValid("it never expires")
    if now >= expires + leeway:
        raise NotValid("it has expired")
    begins = _time(claims, "nbf")
    if begins is not None and now < begins - leeway:
        raise NotValid("it is not valid yet")
    issued = _time(claims, "iat")
    if issued is not None and now < issued - leeway:
        raise NotValid("it was issued in the future")
    if record.max_age_seconds and (issued is None or now > issued + record.max_age_seconds + leeway):
        raise NotValid("it is older than the role allows")


def _time(claims: dict[str, Any], name: str) -> int | float | None:
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise NotValid(f"its {name} is not a number")
    return value
