"""Signed CBOR: COSE_Sign1 (RFC 9052), with an embedded or detached payload, and optional external data.

It is written in the deterministic encoding of RFC 8949. Other encodings are accepted if unambiguous (see ``cbor``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cbor2
from msgspec import UNSET, UnsetType

from engines.base import Body, Call, Reply
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import Uses
from engines.encoding import decode_base64, encode_base64
from engines.faults import InvalidRequest
from engines.keys.keyring import KeyVersion
from engines.keys.states import Use
from engines.signing import roles
from engines.signing.formats.cbor import NotCbor, decode, encode
from engines.signing.formats.jose import certificates
from engines.signing.publication import signing_version
from engines.signing.roles import RoleInUse
from engines.signing.signatures import NotValid, find_signer, make
from engines.signing.state import Signing

MAX_MESSAGE_BYTES = 1024 * 1024
"""The longest message accepted, in bytes."""

_SIGN1 = 18
"""The tag of COSE_Sign1."""

_CONTEXT = "Signature1"
_ALGORITHM, _CRITICAL, _CONTENT_TYPE, _KEY_ID, _CERTIFICATES = 1, 2, 3, 4, 33


class MessageSigning(Body):
    """A payload to sign, in base64, and the external data to bind it to."""

    role: str = ""
    payload: str | UnsetType = UNSET
    external_aad: str = ""
    detached: bool = False
    tagged: bool = True

    tells = {
        "role": "The role.",
        "payload": "The payload in base64.",
        "external_aad": "Externally supplied data (`external_aad`) in base64. Verification needs the same.",
        "detached": "Return the signature without the payload.",
        "tagged": "Prefix the message with the tag of COSE_Sign1.",
    }


class MessageVerification(Body):
    """A message to verify, its payload if detached, and its external data; all in base64."""

    role: str = ""
    message: str = ""
    payload: str | UnsetType = UNSET
    external_aad: str = ""

    tells = {
        "role": "The role.",
        "message": "Base64 of a COSE_Sign1, with or without its tag.",
        "payload": "The detached payload in base64.",
        "external_aad": "Externally supplied data (`external_aad`) in base64. Verification needs the same.",
    }


async def sign(engine: Signing, call: Call, body: MessageSigning) -> Reply:
    """Sign ``payload`` as a COSE_Sign1."""
    if body.payload is UNSET:
        raise InvalidRequest("missing payload to sign")
    payload, external_aad = decode_base64(body.payload), decode_base64(body.external_aad)
    used, uses = await roles.use(engine, body.role, roles.COSE, Use.PROTECT, call, CryptoOperation.SIGN)
    version = signing_version(used.keyring, call.now)
    protected = encode(_protected(used))
    signature = await make(used, uses, version, _to_be_signed(protected, external_aad, payload), used.algorithm.options)
    parts = [protected, _unprotected(used, version), None if body.detached else payload, signature]
    message = encode(cbor2.CBORTag(_SIGN1, parts) if body.tagged else parts)
    data = {"message": encode_base64(message), "kid": used.key_id(version.number), "key_version": version.number}
    return Reply(data)


def _protected(used: RoleInUse) -> dict[int, Any]:
    headers: dict[int, Any] = {_ALGORITHM: used.algorithm.cose}
    if used.role.record.typ:
        headers[_CONTENT_TYPE] = used.role.record.typ
    return headers


def _unprotected(used: RoleInUse, version: KeyVersion) -> dict[int, Any]:
    """Hints at the signer, which need no protection: a wrong one only makes the signature invalid."""
    headers: dict[int, Any] = {}
    key_id = used.key_id(version.number)
    if key_id:
        headers[_KEY_ID] = key_id.encode()
    if used.role.record.x5c:
        chain = certificates(version)
        headers[_CERTIFICATES] = chain[0] if len(chain) == 1 else list(chain)
    return headers


async def verify(engine: Signing, call: Call, body: MessageVerification) -> Reply:
    """Check whether a COSE_Sign1 is one of the role's key, and return its payload."""
    if not body.message:
        raise InvalidRequest("missing message to verify")
    message, external_aad = decode_base64(body.message), decode_base64(body.external_aad)
    detached = None if body.payload is UNSET else decode_base64(body.payload)
    used, uses = await roles.use(engine, body.role, roles.COSE, Use.PROCESS, call, CryptoOperation.VERIFY)
    try:
        answer = await _open(used, uses, message, external_aad, detached)
    except NotValid as reason:
        answer = {"valid": False, "error": str(reason)}
    uses.complete(used.keyring.algorithm.name, 1, failed=False)
    return Reply(answer)


@dataclass(frozen=True, slots=True)
class _Parts:
    protected: bytes
    unprotected: Mapping[Any, Any]
    payload: bytes | None
    signature: bytes


async def _open(
    used: RoleInUse, uses: Uses, message: bytes, external_aad: bytes, detached: bytes | None
) -> dict[str, Any]:
    parts = _split(message)
    headers = _protected_headers(parts)
    algorithm = headers.get(_ALGORITHM)
    if type(algorithm) is not int or algorithm != used.algorithm.cose:
        raise NotValid(f"its algorithm is not {used.algorithm.name}")
    if used.role.record.typ and headers.get(_CONTENT_TYPE) != used.role.record.typ:
        raise NotValid("its content type is not the role's typ")
    if parts.payload is None and detached is None:
        raise NotValid("its payload must be given beside it")
    if parts.payload is not None and detached is not None and parts.payload != detached:
        raise NotValid("its payload is another one")
    payload = parts.payload if parts.payload is not None else detached or b""
    signed = _to_be_signed(parts.protected, external_aad, payload)
    key_id = _text_of(headers.get(_KEY_ID, parts.unprotected.get(_KEY_ID)))
    version = await find_signer(used, uses, key_id, signed, parts.signature, used.algorithm.options)
    return {"valid": True, "payload": encode_base64(payload), "key_version": version.number}


def _split(message: bytes) -> _Parts:
    """The four parts of a COSE_Sign1, tagged or not. Raises ``NotValid``."""
    if len(message) > MAX_MESSAGE_BYTES:
        raise NotValid(f"it is longer than {MAX_MESSAGE_BYTES} bytes")
    document = _decode(message)
    if isinstance(document, cbor2.CBORTag):
        if document.tag != _SIGN1:
            raise NotValid("it is not a COSE_Sign1")
        document = document.value
    match document:
        case [bytes() as protected, Mapping() as unprotected, bytes() | None as payload, bytes() as signature]:
            return _Parts(protected, unprotected, payload, signature)
    raise NotValid("it is not a COSE_Sign1")


def _protected_headers(parts: _Parts) -> Mapping[Any, Any]:
    """The protected headers, without unknown critical ones. Raises ``NotValid``."""
    headers = _decode(parts.protected) if parts.protected else {}
    if not isinstance(headers, Mapping):
        raise NotValid("its protected headers are malformed")
    if _CRITICAL in headers or _CRITICAL in parts.unprotected:
        raise NotValid("its headers demand what is not understood")
    if headers.keys() & parts.unprotected.keys():
        raise NotValid("a header is both protected and not")
    return headers


def _text_of(key_id: object) -> str | None:
    return key_id.decode("latin-1") if isinstance(key_id, bytes) else None


def _to_be_signed(protected: bytes, external_aad: bytes, payload: bytes) -> bytes:
    """The Sig_structure of RFC 9052, 4.4. Empty protected headers are signed as no bytes."""
    return encode([_CONTEXT, protected, external_aad, payload])


def _decode(data: bytes) -> Any:
    try:
        return decode(data, _SIGN1)
    except NotCbor as reason:
        raise NotValid(str(reason)) from None
