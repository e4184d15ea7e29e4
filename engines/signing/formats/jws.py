"""JSON Web Signatures of any payload: compact, flattened, or detached over bare bytes (RFC 7515, RFC 7797)."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from engines.base import Body, Call, Reply
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import Uses
from engines.encoding import decode_base64, encode_base64, encode_base64_url
from engines.faults import InvalidRequest
from engines.keys.states import Use
from engines.signing import roles
from engines.signing.formats.jose import (
    MAX_TOKEN_CHARACTERS,
    Parts,
    check_typ,
    decode_exactly,
    open_header,
    open_signature,
    protected_header,
    split_compact,
)
from engines.signing.json_objects import BadJson, parse_object
from engines.signing.publication import signing_version
from engines.signing.roles import RoleInUse
from engines.signing.signatures import NotValid, make
from engines.signing.state import Signing

COMPACT, FLATTENED = "compact", "flattened"
SERIALIZATIONS = (COMPACT, FLATTENED)

_UNENCODED: dict[str, Any] = {"b64": False, "crit": ["b64"]}
_NOT_TO_BE_TRUSTED = frozenset({"alg", "b64", "crit", "typ"})
"""Headers with a meaning, which must be protected."""


class PayloadSigning(Body):
    """A payload to sign, in base64, and the serialization."""

    role: str = ""
    payload: str | UnsetType = UNSET
    serialization: str = COMPACT
    detached: bool = False

    tells = {
        "role": "The role.",
        "payload": "The payload in base64.",
        "serialization": "`compact` or `flattened` (JSON).",
        "detached": "Return the signature without the payload.",
    }


class PayloadVerification(Body):
    """A JWS to verify: a text, or an object; and its payload in base64 if detached."""

    role: str = ""
    jws: Any = UNSET
    payload: str | UnsetType = UNSET

    tells = {
        "role": "The role.",
        "jws": "The JWS: compact text, or the flattened form as an object or its JSON text.",
        "payload": "The detached payload in base64.",
    }


async def sign(engine: Signing, call: Call, body: PayloadSigning) -> Reply:
    """Sign ``payload``; a detached signature is over the payload's raw bytes."""
    if body.payload is UNSET:
        raise InvalidRequest("missing payload to sign")
    if body.serialization not in SERIALIZATIONS:
        raise InvalidRequest(f'unknown serialization "{body.serialization}"; must be "{COMPACT}" or "{FLATTENED}"')
    payload = decode_base64(body.payload)
    used, uses = await roles.use(engine, body.role, roles.JWS, Use.PROTECT, call, CryptoOperation.SIGN)
    version = signing_version(used.keyring, call.now)
    protected = protected_header(used, version, used.role.record.typ, _UNENCODED if body.detached else {})
    encoded = "" if body.detached else encode_base64_url(payload)
    signed = payload if body.detached else encoded.encode()
    signature = encode_base64_url(
        await make(used, uses, version, protected.encode() + b"." + signed, used.algorithm.options)
    )
    jws: Any
    if body.serialization == COMPACT:
        jws = f"{protected}.{encoded}.{signature}"
    else:
        jws = {"protected": protected, "signature": signature}
        if not body.detached:
            jws["payload"] = encoded
    return Reply({"jws": jws, "kid": used.key_id(version.number), "key_version": version.number})


async def verify(engine: Signing, call: Call, body: PayloadVerification) -> Reply:
    """Check whether a JWS is one of the role's key, and return its payload and header."""
    if body.jws is UNSET or not body.jws:
        raise InvalidRequest("missing jws to verify")
    detached = None if body.payload is UNSET else decode_base64(body.payload)
    used, uses = await roles.use(engine, body.role, roles.JWS, Use.PROCESS, call, CryptoOperation.VERIFY)
    try:
        answer = await _open(used, uses, body.jws, detached)
    except NotValid as reason:
        answer = {"valid": False, "error": str(reason)}
    uses.complete(used.keyring.algorithm.name, 1, failed=False)
    return Reply(answer)


async def _open(used: RoleInUse, uses: Uses, jws: Any, detached: bytes | None) -> dict[str, Any]:
    parts, unprotected = _split(jws)
    header = open_header(used, parts.protected)
    encoded = _is_encoded(header)
    if encoded:
        if detached is not None and not parts.payload:
            parts = Parts(parts.protected, encode_base64_url(detached), parts.signature)
        payload = decode_exactly(parts.payload)
        if detached is not None and payload != detached:
            raise NotValid("its payload is another one")
    elif parts.payload or detached is None:
        raise NotValid("its payload must be given beside it")
    else:
        payload = detached
    version = await open_signature(used, uses, header, parts, None if encoded else payload, unprotected.get("kid"))
    if used.role.record.typ:
        check_typ(header, used.role.record.typ)
    return {"valid": True, "payload": encode_base64(payload), "header": header, "key_version": version.number}


def _split(jws: Any) -> tuple[Parts, dict[str, Any]]:
    """The parts of a compact or flattened serialization, and the unprotected header."""
    if isinstance(jws, str) and not jws.startswith("{"):
        return split_compact(jws), {}
    if isinstance(jws, str):
        if len(jws) > MAX_TOKEN_CHARACTERS:
            raise NotValid(f"it is longer than {MAX_TOKEN_CHARACTERS} characters")
        try:
            jws = parse_object(jws.encode("utf-8", "surrogatepass"))
        except BadJson:
            raise NotValid("it is not a JSON object") from None
    if not isinstance(jws, dict) or "signatures" in jws:
        raise NotValid("it is neither a compact nor a flattened serialization")
    texts = [jws.get(name, "") for name in ("protected", "payload", "signature")]
    unprotected = jws.get("header", {})
    if not all(isinstance(text, str) for text in texts) or not isinstance(unprotected, dict):
        raise NotValid("it is neither a compact nor a flattened serialization")
    if sum(map(len, texts)) > MAX_TOKEN_CHARACTERS:
        raise NotValid(f"it is longer than {MAX_TOKEN_CHARACTERS} characters")
    if _NOT_TO_BE_TRUSTED & unprotected.keys():
        raise NotValid("a part of its header is not protected")
    return Parts(*texts), unprotected


def _is_encoded(header: dict[str, Any]) -> bool:
    """Whether the payload was signed in base64url, the default of ``b64``. Raises ``NotValid``."""
    if "b64" not in header and "crit" not in header:
        return True
    if header.get("crit") != ["b64"] or not isinstance(header.get("b64"), bool):
        raise NotValid("its header demands what is not understood")
    return bool(header["b64"])
