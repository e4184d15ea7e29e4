"""Signing and verification for all formats, at the pace of the key's algorithm."""

from __future__ import annotations

from functools import partial

from engines.algorithms.base import BadSignature, NoPrivateKey, SignatureOptions
from engines.crypto_policy.gate import KeyUse
from engines.crypto_policy.requests import signature_facts
from engines.crypto_policy.uses import Uses
from engines.faults import Failed, InvalidRequest
from engines.keys.keyring import KeyVersion
from engines.signing.roles import NO_KEY_ID, RoleInUse
from engines.worker_pools import at_pace

MAX_TRIED_VERSIONS = 16
"""The most versions tried for a signature that doesn't name its version."""


class NotValid(Exception):
    """The input to verify is not valid; the text is the reason, for the caller."""


NOT_SIGNED = "the signature is not one of this role's key"


async def make(used: RoleInUse, uses: Uses, version: KeyVersion, message: bytes, options: SignatureOptions) -> bytes:
    """The signature of ``message`` by ``version``.

    Raises ``InvalidRequest`` without a private key or for a compromised version, ``RateLimited`` while too many others
    wait for slow ones, and ``PolicyRefused``.
    """
    use = _allowed(used, uses, used.keyring.protecting(version), message, options)
    try:
        signature = await at_pace(used.keyring.algorithm.pacing.signing, partial(_sign, version, message, options))
    except NoPrivateKey:
        raise InvalidRequest(f"version {version.number} of the key has no private part") from None
    use.made(len(message), len(signature))
    return signature


def _sign(version: KeyVersion, message: bytes, options: SignatureOptions) -> bytes:
    return version.signature(b"").sign(message, options)


async def check(
    used: RoleInUse,
    uses: Uses,
    version: KeyVersion,
    message: bytes,
    signature: bytes,
    options: SignatureOptions,
) -> None:
    """Raises ``NotValid`` unless ``signature`` is one of ``message`` by ``version``; ``RateLimited`` as ``make``.

    Raises ``PolicyRefused``.
    """
    use = _allowed(used, uses, version, message, options)
    if not await _is_signature(used, version, message, signature, options):
        use.made(len(message))
        raise NotValid(NOT_SIGNED)
    use.made(len(message))


def _allowed(used: RoleInUse, uses: Uses, version: KeyVersion, message: bytes, options: SignatureOptions) -> KeyUse:
    """A signature or its verification by ``version``, which begins. Raises ``PolicyRefused``."""
    request = signature_facts(used.keyring.algorithm, options)
    use = uses.allow(version.facts(uses.place), request, len(message))
    use.begin()
    return use


async def _is_signature(
    used: RoleInUse, version: KeyVersion, message: bytes, signature: bytes, options: SignatureOptions
) -> bool:
    verify = partial(_verify, version, message, signature, options)
    try:
        await at_pace(used.keyring.algorithm.pacing.verifying, verify)
    except (BadSignature, InvalidRequest, Failed):
        return False
    return True


def _verify(version: KeyVersion, message: bytes, signature: bytes, options: SignatureOptions) -> None:
    version.signature(b"").verify(message, signature, options)


async def find_signer(
    used: RoleInUse, uses: Uses, key_id: str | None, message: bytes, signature: bytes, options: SignatureOptions
) -> KeyVersion:
    """The version of the role's key that made ``signature``.

    ``key_id`` only narrows the search: the key is the role's in any case. Another issuer with the same key may use
    another key id. The crypto policy is asked for a version once its signature is valid, or before if there is only
    one.

    Raises ``NotValid``, ``RateLimited`` as ``make``, and ``PolicyRefused``.
    """
    versions = sorted(used.keyring.versions.values(), key=lambda version: version.number, reverse=True)
    if key_id is not None and used.role.record.kid != NO_KEY_ID:
        named = [version for version in versions if used.key_id(version.number) == key_id]
        versions = named or versions
    if len(versions) == 1:
        await check(used, uses, versions[0], message, signature, options)
        return versions[0]
    for version in versions[:MAX_TRIED_VERSIONS]:
        if await _is_signature(used, version, message, signature, options):
            _allowed(used, uses, version, message, options).made(len(message))
            return version
    raise NotValid(NOT_SIGNED)
