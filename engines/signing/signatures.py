"""Making and checking signatures, the one place where all formats meet a key, at the pace of its algorithm."""

from __future__ import annotations

from functools import partial

from engines.algorithms.base import BadSignature, NoPrivateKey, SignatureOptions
from engines.faults import Failed, InvalidRequest
from engines.keys.keyring import KeyVersion
from engines.signing.roles import NO_KEY_ID, RoleInUse
from engines.worker_pools import at_pace

MAX_TRIED_VERSIONS = 16
"""How many versions of a key a signature is checked by that doesn't say which one made it."""


class NotValid(Exception):
    """What was given to be verified is not valid; the text says why, for the caller."""


NOT_SIGNED = "the signature is not one of this role's key"


async def make(used: RoleInUse, version: KeyVersion, message: bytes, options: SignatureOptions) -> bytes:
    """The signature of ``message`` by ``version``.

    Raises ``InvalidRequest`` without a private key, ``RateLimited`` while too many others wait for slow ones.
    """
    try:
        return await at_pace(used.keyring.algorithm.pacing.signing, partial(_sign, version, message, options))
    except NoPrivateKey:
        raise InvalidRequest(f"version {version.number} of the key has no private part") from None


def _sign(version: KeyVersion, message: bytes, options: SignatureOptions) -> bytes:
    return version.signature(b"").sign(message, options)


async def check(
    used: RoleInUse, version: KeyVersion, message: bytes, signature: bytes, options: SignatureOptions
) -> None:
    """Raises ``NotValid`` unless ``signature`` is one of ``message`` by ``version``, ``RateLimited`` as ``make``."""
    try:
        await at_pace(used.keyring.algorithm.pacing.verifying, partial(_verify, version, message, signature, options))
    except (BadSignature, InvalidRequest, Failed):
        raise NotValid(NOT_SIGNED) from None


def _verify(version: KeyVersion, message: bytes, signature: bytes, options: SignatureOptions) -> None:
    version.signature(b"").verify(message, signature, options)


async def find_signer(
    used: RoleInUse, key_id: str | None, message: bytes, signature: bytes, options: SignatureOptions
) -> KeyVersion:
    """The version of the role's key that made ``signature``. Raises ``NotValid``, and ``RateLimited`` as ``check``.

    ``key_id`` only narrows the search: the key is the role's in any case. An issuer elsewhere that has the same key may
    have another name for it.
    """
    versions = sorted(used.keyring.versions.values(), key=lambda version: version.number, reverse=True)
    if key_id is not None and used.role.record.kid != NO_KEY_ID:
        named = [version for version in versions if used.key_id(version.number) == key_id]
        versions = named or versions
    for version in versions[:MAX_TRIED_VERSIONS]:
        try:
            await check(used, version, message, signature, options)
        except NotValid:
            continue
        return version
    raise NotValid(NOT_SIGNED)
