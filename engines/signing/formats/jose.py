"""JSON Web Signatures as bytes (RFC 7515, RFC 7797): encoding and decoding.

They are composed here, not by a library, because no JOSE library supports all key types, and the registry signs. Only
unambiguous encodings are accepted: base64url without padding, spare bits or line breaks, headers without duplicate
members, and no unknown ``crit``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engines.crypto_policy.uses import Uses
from engines.encoding import NotBase64, decode_base64_url, encode_base64, encode_base64_url
from engines.faults import InvalidRequest
from engines.keys.keyring import KeyVersion
from engines.signing.json_objects import BadJson, encode_object, parse_object
from engines.signing.roles import RoleInUse
from engines.signing.signatures import NotValid, find_signer, make

MAX_TOKEN_CHARACTERS = 1024 * 1024
"""The longest JWS accepted, in characters."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a JWS, still encoded."""

    protected: str
    payload: str
    signature: str


def protected_header(used: RoleInUse, version: KeyVersion, typ: str, extra: dict[str, Any]) -> str:
    """The header of signatures by ``version``, in base64url. Raises ``InvalidRequest`` if it lacks certificates."""
    header: dict[str, Any] = {"alg": used.algorithm.name, **extra}
    if typ:
        header["typ"] = typ
    key_id = used.key_id(version.number)
    if key_id:
        header["kid"] = key_id
    if used.role.record.x5c:
        header["x5c"] = [encode_base64(der) for der in certificates(version)]
    return encode_base64_url(encode_object(header))


def certificates(version: KeyVersion) -> tuple[bytes, ...]:
    """The chain of ``version``, the leaf first, in DER. Raises ``InvalidRequest`` if it has none."""
    chain = version.record.certificate_chain
    if not chain:
        raise InvalidRequest(f"version {version.number} of the key has no certificate")
    return chain


async def sign_compact(used: RoleInUse, uses: Uses, version: KeyVersion, protected: str, payload: bytes) -> str:
    """The compact serialization of ``payload`` under the header ``protected``."""
    signing_input = f"{protected}.{encode_base64_url(payload)}"
    signature = await make(used, uses, version, signing_input.encode(), used.algorithm.options)
    return f"{signing_input}.{encode_base64_url(signature)}"


def split_compact(text: str) -> Parts:
    """The parts of a compact serialization. Raises ``NotValid``."""
    if len(text) > MAX_TOKEN_CHARACTERS:
        raise NotValid(f"it is longer than {MAX_TOKEN_CHARACTERS} characters")
    parts = text.split(".", 3)
    if len(parts) != 3:
        raise NotValid("it does not have three parts")
    return Parts(*parts)


def open_header(used: RoleInUse, protected: str) -> dict[str, Any]:
    """The protected header, which must have the role's algorithm. Raises ``NotValid``."""
    try:
        header = parse_object(decode_exactly(protected))
    except BadJson:
        raise NotValid("its header is not a JSON object") from None
    if header.get("alg") != used.algorithm.name:
        raise NotValid(f"its algorithm is not {used.algorithm.name}")
    return header


async def open_signature(
    used: RoleInUse, uses: Uses, header: dict[str, Any], parts: Parts, payload: bytes | None, key_id: object = None
) -> KeyVersion:
    """The version that signed ``parts``, or ``payload`` as it is if that isn't None. Raises ``NotValid``."""
    signature = decode_exactly(parts.signature)
    named = header.get("kid", key_id)
    body = parts.payload.encode("utf-8", "surrogatepass") if payload is None else payload
    message = parts.protected.encode() + b"." + body
    return await find_signer(
        used, uses, named if isinstance(named, str) else None, message, signature, used.algorithm.options
    )


def check_typ(header: dict[str, Any], expected: str) -> None:
    """Raises ``NotValid`` for another ``typ`` than ``expected``; case and ``application/`` don't count (RFC 7515)."""
    given = header.get("typ")
    if not isinstance(given, str) or _media_type(given) != _media_type(expected):
        raise NotValid("its typ is not the role's")


def _media_type(text: str) -> str:
    return text.lower().removeprefix("application/")


def decode_exactly(text: str) -> bytes:
    """The bytes of ``text``, which must be canonical base64url. Raises ``NotValid``."""
    try:
        decoded = decode_base64_url(text)
    except NotBase64:
        raise NotValid("a part of it is not base64url") from None
    if encode_base64_url(decoded) != text:
        raise NotValid("a part of it is not base64url")
    return decoded
