"""Detached signatures in CMS (RFC 5652), as used for code, documents and mail.

They need a certificate for the role's key, by which the signature identifies its signer. A signature is valid here if
it was made over the payload's digest by a version of the key, with the certificate stored with it; trust, revocation
and validity period of the certificate are for the verifier to check.
"""

from __future__ import annotations

from datetime import UTC
from hmac import compare_digest
from itertools import islice
from typing import Any

from msgspec import UNSET, UnsetType

from engines.algorithms.encodings.pem import blocks, pem
from engines.algorithms.formats import cms as messages
from engines.base import Body, Call, Reply
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import Uses
from engines.durations import format_time_nanoseconds
from engines.encoding import decode_base64, encode_base64, nanoseconds_of
from engines.faults import InvalidRequest
from engines.keys.keyring import KeyVersion
from engines.keys.states import Use
from engines.signing import roles
from engines.signing.formats.jose import certificates
from engines.signing.publication import signing_version
from engines.signing.roles import RoleInUse
from engines.signing.signatures import NotValid, check, make
from engines.signing.state import Signing

MAX_MESSAGE_BYTES = 1024 * 1024
"""The longest message accepted, in bytes."""

DER, PEM = "der", "pem"
_LABELS = frozenset({"CMS", "PKCS7"})


class ContentSigning(Body):
    """A payload to sign, in base64, and the signature's encoding."""

    role: str = ""
    payload: str | UnsetType = UNSET
    format: str = DER

    tells = {
        "role": "The role.",
        "payload": "The payload in base64.",
        "format": "`der` (in base64) or `pem`.",
    }


class ContentVerification(Body):
    """A signature to verify, as base64 of DER or as PEM, and its payload."""

    role: str = ""
    cms: str = ""
    payload: str | UnsetType = UNSET

    tells = {
        "role": "The role.",
        "cms": "Base64 of a signature in DER, or PEM (`CMS` or `PKCS7`).",
        "payload": "The signed payload in base64.",
    }


async def sign(engine: Signing, call: Call, body: ContentSigning) -> Reply:
    """Sign ``payload``; the answer includes the key's certificates, not the payload."""
    if body.payload is UNSET:
        raise InvalidRequest("missing payload to sign")
    if body.format not in (DER, PEM):
        raise InvalidRequest(f'unknown format "{body.format}"; must be "{DER}" or "{PEM}"')
    payload = decode_base64(body.payload)
    used, uses = await roles.use(engine, body.role, roles.CMS, Use.PROTECT, call, CryptoOperation.SIGN)
    version = signing_version(used.keyring, call.now)
    chain = certificates(version)
    if not messages.is_in_force(chain[0], call.now):
        raise InvalidRequest(f"the certificate of version {version.number} of the key is not in force")
    attributes = messages.attributes_of(payload, used.algorithm, call.now)
    signature = await make(used, uses, version, attributes.to_be_signed(), used.algorithm.der)
    message = messages.message(used.keyring.algorithm, used.algorithm, attributes, signature, chain)
    text = pem("CMS", message) if body.format == PEM else encode_base64(message)
    return Reply({"cms": text, "key_version": version.number})


async def verify(engine: Signing, call: Call, body: ContentVerification) -> Reply:
    """Check whether a detached signature is one of the role's key over ``payload``."""
    if not body.cms:
        raise InvalidRequest("missing cms to verify")
    if body.payload is UNSET:
        raise InvalidRequest("missing payload to verify")
    payload, message = decode_base64(body.payload), _read(body.cms)
    used, uses = await roles.use(engine, body.role, roles.CMS, Use.PROCESS, call, CryptoOperation.VERIFY)
    try:
        answer = await _open(used, uses, message, payload)
    except NotValid as reason:
        answer = {"valid": False, "error": str(reason)}
    uses.complete(used.keyring.algorithm.name, 1, failed=False)
    return Reply(answer)


def _read(text: str) -> bytes:
    """The DER in ``text``. Raises ``InvalidRequest`` if it is neither base64 nor PEM."""
    if "-----BEGIN" not in text:
        return decode_base64(text)
    try:
        found = list(islice(blocks(text), 2))
    except ValueError:
        found = []
    if len(found) != 1 or found[0][0] not in _LABELS:
        raise InvalidRequest("cms is not one block of PEM")
    return found[0][1]


async def _open(used: RoleInUse, uses: Uses, der: bytes, payload: bytes) -> dict[str, Any]:
    if len(der) > MAX_MESSAGE_BYTES:
        raise NotValid(f"it is longer than {MAX_MESSAGE_BYTES} bytes")
    try:
        message = messages.parse(der)
    except messages.BadMessage as reason:
        raise NotValid(str(reason)) from None
    version = _signer(used, message)
    hash_ = used.algorithm.content_hash
    if message.signature_algorithm not in messages.signature_identifiers(used.keyring.algorithm, used.algorithm):
        raise NotValid(f"its algorithm is not {used.algorithm.name}")
    if message.digest_algorithm != hash_.object_identifier:
        raise NotValid(f"its digest is not by {hash_.name}")
    await check(used, uses, version, message.attributes.to_be_signed(), message.signature, used.algorithm.der)
    if not compare_digest(message.digest, hash_.digest(payload)):
        raise NotValid("it signs another payload")
    answer: dict[str, Any] = {"valid": True, "key_version": version.number}
    if message.signing_time is not None:
        seconds = message.signing_time.replace(tzinfo=UTC).timestamp()
        answer["signing_time"] = format_time_nanoseconds(nanoseconds_of(seconds))
    return answer


def _signer(used: RoleInUse, message: messages.Message) -> KeyVersion:
    """The version of the role's key whose certificate the message names. Raises ``NotValid``."""
    for version in used.keyring.versions.values():
        chain = version.record.certificate_chain
        if chain and messages.names(message.signer, chain[0]):
            return version
    raise NotValid("its signer is not a certificate of this role's key")
