"""JSON Web Tokens (RFC 7519): signed by a role, and verified by it, one or a batch of them."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import UNSET, Struct

from engines.base import Body, Call, Holds, Reply
from engines.batches.reading import read_items
from engines.crypto_policy.gate import PolicyRefused
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import Uses
from engines.faults import Fault, InvalidRequest
from engines.fields import Batch, Duration
from engines.keys.keyring import KeyVersion
from engines.keys.states import Use
from engines.signing import roles
from engines.signing.claims import check_claims, claims_of_token
from engines.signing.formats.jose import (
    check_typ,
    decode_exactly,
    open_header,
    open_signature,
    protected_header,
    sign_compact,
    split_compact,
)
from engines.signing.json_objects import BadJson, encode_object, parse_object
from engines.signing.publication import signing_version
from engines.signing.roles import MAX_CLAIMS_BYTES, RoleInUse, read_claims
from engines.signing.signatures import NotValid
from engines.signing.state import Signing
from engines.worker_pools import check_long_items, in_turns

DEFAULT_TYP = "JWT"


class TokenItem(Struct, kw_only=True):
    """A token of a batch to sign; ``ttl`` in seconds."""

    claims: Any = {}
    ttl: int = 0
    reference: str = ""

    tells = {
        "claims": "As outside of a batch.",
        "ttl": "As outside of a batch, in seconds.",
        "reference": "Given back with the item's result.",
    }


class VerifiedItem(Struct, kw_only=True):
    """A token of a batch to verify."""

    token: str = ""
    audience: str = ""
    reference: str = ""

    tells = {
        "token": "The token.",
        "audience": "As outside of a batch.",
        "reference": "Given back with the item's result.",
    }


class TokenSigning(Body):
    """Claims of a token to sign, and its TTL; ``ttl`` 0 takes the role's."""

    holds: ClassVar[Holds] = {"batch_input": TokenItem}

    role: str = ""
    claims: Any = {}
    ttl: Duration = 0
    batch_input: Batch = UNSET

    tells = {
        "role": "The role.",
        "claims": "The claims of the token: an object, or its JSON text; at most 64 KiB.",
        "ttl": "The validity, as a duration; 0 for the role's `ttl`.",
        "batch_input": "A batch of items. See [Batches].",
    }


class TokenVerification(Body):
    """Tokens to verify, and the verifier."""

    holds: ClassVar[Holds] = {"batch_input": VerifiedItem}

    role: str = ""
    token: str = ""
    audience: str = ""
    batch_input: Batch = UNSET

    tells = {
        "role": "The role.",
        "token": "The token.",
        "audience": "The audience that the token must be for.",
        "batch_input": "A batch of items. See [Batches].",
    }


async def sign(engine: Signing, call: Call, body: TokenSigning) -> Reply:
    """Sign a token, or one for every item of ``batch_input``; a batch always succeeds as a whole."""
    used, uses = await roles.use(engine, body.role, roles.JWT, Use.PROTECT, call, CryptoOperation.ISSUE_TOKEN)
    version = signing_version(used.keyring, call.now)
    header = protected_header(used, version, used.role.record.typ or DEFAULT_TYP, {})
    if body.batch_input is UNSET or body.batch_input is None:
        return Reply(await _sign(used, uses, version, header, call, body.claims, body.ttl))
    items = read_items(body.batch_input, TokenItem, engine.max_batch_items)
    check_long_items(used.keyring.algorithm.pacing.signing, len(items))
    uses.batch = True
    results: list[dict[str, Any]] = []
    async for item in in_turns(items):
        try:
            result = await _sign(used, uses, version, header, call, item.claims, item.ttl)
        except Fault as fault:
            result = {"error": fault.message}
        results.append({**result, "reference": item.reference})
    uses.complete(used.keyring.algorithm.name, len(items))
    return Reply({"batch_results": results})


async def _sign(
    used: RoleInUse, uses: Uses, version: KeyVersion, header: str, call: Call, given: Any, ttl_seconds: int
) -> dict[str, Any]:
    assert call.caller is not None, "the route takes a token"
    if ttl_seconds < 0:
        raise InvalidRequest("ttl must not be negative")
    claims = claims_of_token(used.role, call.caller, read_claims(given), ttl_seconds, call.now)
    try:
        payload = encode_object(claims)
    except BadJson:
        raise InvalidRequest("the claims can't be written as JSON") from None
    if len(payload) > MAX_CLAIMS_BYTES:
        raise InvalidRequest(f"claims take more than {MAX_CLAIMS_BYTES} bytes")
    return {
        "token": await sign_compact(used, uses, version, header, payload),
        "kid": used.key_id(version.number),
        "key_version": version.number,
        "expires": claims["exp"],
    }


async def verify(engine: Signing, call: Call, body: TokenVerification) -> Reply:
    """Check whether a token, or every one of ``batch_input``, is valid by a role's rules, and return its claims."""
    used, uses = await roles.use(engine, body.role, roles.JWT, Use.PROCESS, call, CryptoOperation.VERIFY)
    if body.batch_input is UNSET or body.batch_input is None:
        if not body.token:
            raise InvalidRequest("missing token to verify")
        verdict = await _verdict(used, uses, body.token, body.audience, call.now)
        uses.complete(used.keyring.algorithm.name, 1, failed=False)
        return Reply(verdict)
    items = read_items(body.batch_input, VerifiedItem, engine.max_batch_items)
    check_long_items(used.keyring.algorithm.pacing.verifying, len(items))
    uses.batch = True
    results: list[dict[str, Any]] = []
    async for item in in_turns(items):
        try:
            result = await _verdict(used, uses, item.token, item.audience, call.now)
        except PolicyRefused as refused:
            result = {"valid": False, "error": refused.message}
        results.append({**result, "reference": item.reference})
    uses.complete(used.keyring.algorithm.name, len(items), failed=False)
    return Reply({"batch_results": results})


async def _verdict(used: RoleInUse, uses: Uses, token: str, audience: str, now: float) -> dict[str, Any]:
    try:
        return await _open(used, uses, token, audience, now)
    except NotValid as reason:
        return {"valid": False, "error": str(reason)}


async def _open(used: RoleInUse, uses: Uses, token: str, audience: str, now: float) -> dict[str, Any]:
    """The claims of a valid token. Raises ``NotValid``; claims are examined only after the signature.

    The steps are those of RFC 7519, 7.2, with the algorithm and the key fixed beforehand (RFC 8725, 3.1).
    """
    parts = split_compact(token)
    header = open_header(used, parts.protected)
    if "crit" in header or "b64" in header:
        raise NotValid("its header demands what tokens don't have")
    version = await open_signature(used, uses, header, parts, None)
    # A role with its own ``typ`` accepts only tokens of that type (RFC 8725, 3.11).
    if used.role.record.typ or "typ" in header:
        check_typ(header, used.role.record.typ or DEFAULT_TYP)
    try:
        claims = parse_object(decode_exactly(parts.payload))
    except BadJson:
        raise NotValid("its claims are not a JSON object") from None
    check_claims(used.role.record, claims, audience, now)
    return {"valid": True, "claims": claims, "header": header, "key_version": version.number}
