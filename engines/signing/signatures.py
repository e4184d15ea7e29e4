"""Making and checking signatures, the one place where all formats meet a key; both may take their time."""

from __future__ import annotations

from engines.algorithms.base import BadSignature, NoPrivateKey, SignatureOptions
from engines.faults import Failed, InvalidRequest
from engines.keyring import KeyVersion
from engines.signing.roles import NO_KEY_ID, RoleInUse

MAX_TRIED_VERSIONS = 16
"""How many versions of a key a signature is checked by that doesn't say which one made it."""


class NotValid(Exception):
    """What was given to be verified is not valid; the text says why, for the caller."""


NOT_SIGNED = "the signature is not one of this role's key"


async def make(version: KeyVersion, message: bytes, options: SignatureOptions) -> bytes:
    """The signature of ``message`` by ``version``. Raises ``InvalidRequest`` without a private key."""
    try:
        return version.signature(b"").sign(message, options)
    except NoPrivateKey:
        raise InvalidRequest(f"version {version.number} of the key has no private part") from None


async def check(version: KeyVersion, message: bytes, signature: bytes, options: SignatureOptions) -> None:
    """Raises ``NotValid`` unless ``signature`` is one of ``message`` by ``version``."""
    try:
        version.signature(b"").verify(message, signature, options)
    except (BadSignature, InvalidRequest, Failed):
        raise NotValid(NOT_SIGNED) from None


async def find_signer(
    used: RoleInUse, key_id: str | None, message: bytes, signature: bytes, options: SignatureOptions
) -> KeyVersion:
    """The version of the role's key that made ``signature``. Raises ``NotValid``.

    ``key_id`` only narrows the search: the key is the role's in any case. An issuer elsewhere that has the same key may
    have another name for it.
    """
    versions = sorted(used.keyring.versions.values(), key=lambda version: version.number, reverse=True)
    if key_id is not None and used.role.record.kid != NO_KEY_ID:
        named = [version for version in versions if used.key_id(version.number) == key_id]
        versions = named or versions
    for version in versions[:MAX_TRIED_VERSIONS]:
        try:
            await check(version, message, signature, options)
        except NotValid:
            continue
        return version
    raise NotValid(NOT_SIGNED)
