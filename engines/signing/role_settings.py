"""Settings of roles: writing, reading, listing and deleting roles, and their validation.

A write replaces the whole role: omitted settings take their defaults. It fixes the algorithm, so that neither a token
to verify nor a change of the key's type can introduce another one.
"""

from __future__ import annotations

from typing import Any

import msgspec

from engines.algorithms.formats.jws import jws_algorithms
from engines.base import Body, Call, Page, Reply
from engines.faults import InvalidRequest, NotFound
from engines.fields import CommaList, Duration
from engines.keys.keyring import Keyring
from engines.keys.settings import KeyName
from engines.keys.store import NAME
from engines.signing.json_objects import encode_object, parse_object
from engines.signing.keys import NoSuchKey
from engines.signing.roles import (
    CMS,
    FORMATS,
    JWS,
    JWT,
    KEY_IDS,
    ROLES,
    SERVER_CLAIMS,
    THUMBPRINT,
    Role,
    RoleRecord,
    find,
    read_claims,
)
from engines.signing.state import Signing
from engines.signing.templates import check_templates
from storage.base import delete as remove
from storage.base import put

MAX_NAMES = 256
"""The most names in one list of a role."""

MAX_NAME_CHARACTERS = 1024

MAX_COMPARED_ROLES = 1000
"""The most roles that a new one is compared with."""

DEFAULT_TTL_SECONDS = 15 * 60
DEFAULT_MAX_TTL_SECONDS = 60 * 60
DEFAULT_LEEWAY_SECONDS = 30
MAX_LEEWAY_SECONDS = 24 * 60 * 60


class RoleWriting(Body):
    """The settings of a role."""

    name: str = ""
    key: str = ""
    formats: CommaList = []
    algorithm: str = ""
    issuer: str = ""
    audiences: CommaList = []
    claims: Any = {}
    allowed_claims: CommaList = []
    required_claims: CommaList = []
    forbidden_claims: CommaList = []
    ttl: Duration = DEFAULT_TTL_SECONDS
    max_ttl: Duration = DEFAULT_MAX_TTL_SECONDS
    nbf_skew: Duration = 0
    jti: bool = True
    typ: str = ""
    kid: str = THUMBPRINT
    x5c: bool = False
    leeway: Duration = DEFAULT_LEEWAY_SECONDS
    max_age: Duration = 0

    tells = {
        "name": "The name of the role: letters, digits and `_`, with `-` and `.` inside.",
        "key": "The key to sign with.",
        "formats": "The formats that may be signed: `jwt`, `jws`, `cose`, `cms`. Default: `jwt`.",
        "algorithm": "The signature algorithm. Default: the first one of the key.",
        "issuer": "The claim `iss` of all tokens. If empty, the rules for other claims apply to it.",
        "audiences": (
            "The allowed values of the claim `aud`. A single value is also its default. If empty, the rules for "
            "other claims apply to it."
        ),
        "claims": "Claims of all tokens: an object, or its JSON text. Texts may contain [templates].",
        "allowed_claims": "Claims that callers may set; `*` for any.",
        "required_claims": "Claims that a token must have.",
        "forbidden_claims": "Claims that callers may not set, where `allowed_claims` is `*`.",
        "ttl": "The default validity of tokens, as a duration.",
        "max_ttl": "The longest validity that a caller may request, as a duration.",
        "nbf_skew": (
            "The time by which the claim `nbf` precedes the signing, for verifiers with slow clocks: a duration "
            "of at most a day."
        ),
        "jti": "Add a unique id to each token, in the claim `jti`.",
        "typ": "The header `typ`. Default: `JWT` in tokens, none in JWS. In COSE, the content type.",
        "kid": "The form of the key id in signatures: `thumbprint` (RFC 7638), `version` (`NAME-v1`) or `none`.",
        "x5c": "Include the key's certificates in the header `x5c`.",
        "leeway": "The tolerance when times are verified: a duration of at most a day.",
        "max_age": "The greatest age of tokens at verification, by their `iat`: a duration; 0 for no limit.",
    }


async def write(engine: Signing, call: Call, body: RoleWriting) -> Reply:
    """Create a role, or replace it as a whole."""
    if not body.key:
        raise InvalidRequest("missing key")
    keyring = await engine.keys.load(body.key) if NAME.fullmatch(body.key) else None
    if keyring is None:
        raise NoSuchKey(body.key)
    record = RoleRecord(
        key=body.key,
        formats=_formats(keyring, body.formats),
        algorithm=_algorithm(keyring, body.algorithm),
        issuer=_short("issuer", body.issuer),
        audiences=_names("audiences", body.audiences),
        claims=_claims(body),
        allowed_claims=_names("allowed_claims", body.allowed_claims),
        required_claims=_names("required_claims", body.required_claims),
        forbidden_claims=_names("forbidden_claims", body.forbidden_claims),
        ttl_seconds=body.ttl,
        max_ttl_seconds=body.max_ttl,
        nbf_skew_seconds=body.nbf_skew,
        jti=body.jti,
        typ=_short("typ", body.typ),
        kid=body.kid,
        x5c=body.x5c,
        leeway_seconds=body.leeway,
        max_age_seconds=body.max_age,
    )
    _check_rules(record)
    _warn_of_publication(call, record, keyring)
    await _warn_of_other_formats(engine, call, body.name, record)
    await put(engine.storage, ROLES + body.name, msgspec.msgpack.encode(record))
    return Reply(_describe(Role(body.name, record, parse_object(record.claims))))


class RoleName(KeyName):
    """The name of a role."""

    tells = {
        "name": "The name of the role: letters, digits and `_`, with `-` and `.` inside.",
    }


async def read(engine: Signing, call: Call, body: RoleName) -> Reply:
    """Show a role."""
    role = await find(engine, body.name)
    if role is None:
        raise NotFound
    return Reply(_describe(role))


async def list_roles(engine: Signing, call: Call, body: Page) -> Reply:
    """List the names of the roles."""
    names = await engine.storage.list(ROLES, body.after, body.limit if body.limit > 0 else None)
    if not names:
        raise NotFound
    return Reply({"keys": names})


async def delete(engine: Signing, call: Call, body: RoleName) -> None:
    """Delete a role; no error if there is none."""
    await remove(engine.storage, ROLES + body.name)


def _formats(keyring: Keyring, given: list[str]) -> list[str]:
    for form in given:
        if form not in FORMATS:
            raise InvalidRequest(f'unknown format "{form}"; must be one of {", ".join(FORMATS)}')
    if CMS in given and not keyring.algorithm.object_identifier:
        raise InvalidRequest(f'there are no certificates for keys of type {keyring.algorithm.name}, and so no "{CMS}"')
    return [form for form in FORMATS if form in given] or [JWT]


def _algorithm(keyring: Keyring, given: str) -> str:
    names = [algorithm.name for algorithm in jws_algorithms(keyring.algorithm)]
    if given and given not in names:
        raise InvalidRequest(f"keys of type {keyring.algorithm.name} sign by {', '.join(names)}, not by {given}")
    return given or names[0]


def _short(name: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidRequest(f"{name} is not Unicode") from None
    if len(text) > MAX_NAME_CHARACTERS:
        raise InvalidRequest(f"{name} is longer than {MAX_NAME_CHARACTERS} characters")
    return text


def _names(name: str, given: list[str]) -> list[str]:
    if len(given) > MAX_NAMES:
        raise InvalidRequest(f"{name} has more than {MAX_NAMES} entries")
    return [_short(name, text) for text in given if text]


def _claims(body: RoleWriting) -> bytes:
    claims = read_claims(body.claims)
    check_templates(claims)
    return encode_object(claims)


def _check_rules(record: RoleRecord) -> None:
    """Raises ``InvalidRequest`` for contradictory rules."""
    if not 0 < record.ttl_seconds <= record.max_ttl_seconds:
        raise InvalidRequest("ttl must be at least a second and not greater than max_ttl")
    if max(record.nbf_skew_seconds, record.leeway_seconds) > MAX_LEEWAY_SECONDS:
        raise InvalidRequest(f"nbf_skew and leeway must not be greater than {MAX_LEEWAY_SECONDS} seconds")
    if record.kid not in KEY_IDS:
        raise InvalidRequest(f'unknown kid "{record.kid}"; must be one of {", ".join(KEY_IDS)}')
    fixed = parse_object(record.claims)
    made = set(SERVER_CLAIMS)
    if record.issuer:
        made.add("iss")
    if record.audiences:
        made.add("aud")
    for name in sorted(made & {*fixed, *record.allowed_claims}):
        raise InvalidRequest(f'claim "{name}" is made by the role itself and can be neither in claims nor allowed')
    for name in sorted(set(record.allowed_claims) & fixed.keys()):
        raise InvalidRequest(f'claim "{name}" is both in claims and allowed')
    for name in sorted(set(record.forbidden_claims) & {*fixed, *record.required_claims, *record.allowed_claims}):
        raise InvalidRequest(f'claim "{name}" is forbidden, and in claims, allowed or required')


def _warn_of_publication(call: Call, record: RoleRecord, keyring: Keyring) -> None:
    keep = keyring.record.keep_published_seconds
    if JWT in record.formats and 0 < keep < record.max_ttl_seconds + record.leeway_seconds:
        call.warn(
            f"tokens may be valid for {record.max_ttl_seconds} seconds, longer than key {record.key!r} keeps its old "
            f"versions published ({keep} seconds)"
        )


async def _warn_of_other_formats(engine: Signing, call: Call, name: str, record: RoleRecord) -> None:
    """Warn if the key signs both tokens and JWS, by this role or another among a bounded number."""
    formats = dict.fromkeys(record.formats, name)
    for other in await engine.storage.list(ROLES, "", MAX_COMPARED_ROLES):
        role = None if other == name else await find(engine, other)
        if role is not None and role.record.key == record.key:
            formats = {**dict.fromkeys(role.record.formats, other), **formats}
    if {JWT, JWS} <= formats.keys() and name in (formats[JWT], formats[JWS]):
        call.warn(
            f'signers of JWS by role "{formats[JWS]}" can make any token that role "{formats[JWT]}" makes, since '
            "both have the same key; use a key for each format"
        )


def _describe(role: Role) -> dict[str, Any]:
    record = role.record
    return {
        "name": role.name,
        "key": record.key,
        "formats": record.formats,
        "algorithm": record.algorithm,
        "issuer": record.issuer,
        "audiences": record.audiences,
        "claims": role.claims,
        "allowed_claims": record.allowed_claims,
        "required_claims": record.required_claims,
        "forbidden_claims": record.forbidden_claims,
        "ttl": record.ttl_seconds,
        "max_ttl": record.max_ttl_seconds,
        "nbf_skew": record.nbf_skew_seconds,
        "jti": record.jti,
        "typ": record.typ,
        "kid": record.kid,
        "x5c": record.x5c,
        "leeway": record.leeway_seconds,
        "max_age": record.max_age_seconds,
    }
