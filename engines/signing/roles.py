"""Roles: keys, formats and claims of signatures; and a role with its key, prepared for use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Struct

from engines.algorithms.formats.jws import JwsAlgorithm, jws_algorithms
from engines.base import Call
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import Uses, begin
from engines.faults import InvalidRequest
from engines.keys.keyring import Keyring
from engines.keys.states import Use
from engines.signing.json_objects import BadJson, encode_object, parse_object
from engines.signing.keys import load
from engines.signing.state import Signing
from storage.base import Damaged

ROLES = "roles/"

JWT, JWS, COSE, CMS = "jwt", "jws", "cose", "cms"
FORMATS = (JWT, JWS, COSE, CMS)

THUMBPRINT, VERSION, NO_KEY_ID = "thumbprint", "version", "none"
KEY_IDS = (THUMBPRINT, VERSION, NO_KEY_ID)
"""The key ids of signatures: RFC 7638's thumbprint, the key's name with the version, or none."""

ANY_CLAIM = "*"
SERVER_CLAIMS = frozenset({"iat", "nbf", "exp", "jti"})
"""Claims set by the server alone."""

MAX_CLAIMS_BYTES = 64 * 1024
"""The most bytes of the JSON of a role's claims, and of a token's."""


class RoleRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stored role; ``claims`` is the JSON of an object."""

    key: str
    formats: list[str]
    algorithm: str
    issuer: str = ""
    audiences: list[str] = []
    claims: bytes = b"{}"
    allowed_claims: list[str] = []
    required_claims: list[str] = []
    forbidden_claims: list[str] = []
    ttl_seconds: int
    max_ttl_seconds: int
    nbf_skew_seconds: int = 0
    jti: bool = True
    typ: str = ""
    kid: str = THUMBPRINT
    x5c: bool = False
    leeway_seconds: int = 0
    max_age_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Role:
    """A role, prepared for use; shared, and never changed."""

    name: str
    record: RoleRecord
    claims: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class RoleInUse:
    """A role with its key, and its algorithm."""

    role: Role
    keyring: Keyring
    algorithm: JwsAlgorithm

    def key_id(self, number: int) -> str:
        """The key id of version ``number`` in this role's signatures; "" for none."""
        kind = self.role.record.kid
        if kind == THUMBPRINT:
            return self.keyring.versions[number].jwk["kid"]
        return f"{self.keyring.record.name}-v{number}" if kind == VERSION else ""


_decode = msgspec.msgpack.Decoder(RoleRecord).decode


def _decode_role(value: bytes) -> tuple[RoleRecord, dict[str, Any]]:
    try:
        record = _decode(value)
        return record, parse_object(record.claims)
    except (msgspec.MsgspecError, UnicodeDecodeError, BadJson):
        raise Damaged("the entry of a role can't be decoded") from None


async def find(engine: Signing, name: str) -> Role | None:
    """The role called ``name``."""
    found = await engine.storage.load(ROLES + name, _decode_role)
    return None if found is None else Role(name, *found)


async def use(
    engine: Signing, name: str, form: str, purpose: Use, call: Call, operation: CryptoOperation
) -> tuple[RoleInUse, Uses]:
    """The role called ``name`` with its key, to be used so for ``form``, and what counts such uses.

    Raises ``InvalidRequest``.
    """
    role = await find(engine, name)
    if role is None:
        raise InvalidRequest(f'there is no role "{name}"')
    uses = begin(engine.keys, call, operation, role.record.key)
    if form not in role.record.formats:
        raise InvalidRequest(f'role "{name}" does not allow the format "{form}"')
    keyring = await load(engine, role.record.key, purpose, call)
    return in_use(role, keyring), uses


def in_use(role: Role, keyring: Keyring) -> RoleInUse:
    """``role`` with ``keyring``. Raises ``InvalidRequest`` if the key was replaced by one of another type."""
    for algorithm in jws_algorithms(keyring.algorithm):
        if algorithm.name == role.record.algorithm:
            return RoleInUse(role, keyring, algorithm)
    raise InvalidRequest(f"keys of type {keyring.algorithm.name} do not sign by {role.record.algorithm}")


def read_claims(given: Any) -> dict[str, Any]:
    """The claims in a parameter: an object, or the JSON of one, as sent by command lines. Raises ``InvalidRequest``."""
    if given is None or given == "":
        return {}
    try:
        text = given.encode() if isinstance(given, str) else encode_object(given) if isinstance(given, dict) else b""
        if len(text) > MAX_CLAIMS_BYTES:
            raise InvalidRequest(f"claims take more than {MAX_CLAIMS_BYTES} bytes")
        return parse_object(text)
    except (BadJson, UnicodeEncodeError):
        raise InvalidRequest("claims must be a JSON object, without members of the same name") from None
