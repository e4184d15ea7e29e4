"""Limits on encryptions: counting before encrypting, and the treatment of a used-up version.

Every handler that encrypts calls ``counted`` first and encrypts with the key that it returns, or has
``count_then_make`` do both.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from engines.base import Call
from engines.crypto_policy.gate import PolicyRefused
from engines.faults import Fault, InvalidRequest
from engines.keys.counting.reservation import EncryptionCounts, LimitReached
from engines.keys.keyring import Keyring, KeyVersion
from engines.keys.rotation import is_blocked
from engines.keys.store import KeyStore

ROTATE = "rotate"
REFUSE = "refuse"

MadeT = TypeVar("MadeT")

_log = logging.getLogger(__name__)


class Counts(Protocol):
    """An engine whose keys' encryptions are counted."""

    keys: KeyStore
    counts: EncryptionCounts


async def counted(engine: Counts, call: Call, keyring: Keyring, requested_version: int = 0, wanted: int = 1) -> Keyring:
    """Count ``wanted`` encryptions with the version of ``keyring`` and return the key to make them with.

    That is the same key with a new version if the old one is used up and the key is set to rotate. Raises
    ``InvalidRequest`` if it is set to refuse, or can't rotate. Other reasons against encrypting aren't checked here.
    """
    latest = keyring.latest
    if engine.keys.gate.active and is_blocked(engine.keys, keyring, call.now):
        _warn_once(call, f"key {keyring.record.name!r} is due for rotation, which the crypto policy refuses")
    count = latest.count
    if count is None or requested_version or not count.spend(wanted):
        return await _counted_slowly(engine, call, keyring, requested_version, wanted)
    if count.half_made:
        _warn(call, keyring, latest, requested_version)
    return keyring


async def count_then_make(
    engine: Counts,
    call: Call,
    keyring: Keyring,
    requested_version: int,
    prepare: Callable[[Keyring], Callable[[], MadeT]],
) -> MadeT:
    """The result of one encryption by the key, counted before it is made.

    ``prepare`` does the checks and returns the function that encrypts: a request refused by then counts nothing, and so
    changes nothing. Raises what ``prepare`` raises, and as ``counted``.
    """
    make = prepare(keyring)
    allowed = await counted(engine, call, keyring, requested_version)
    return make() if allowed is keyring else prepare(allowed)()


async def counted_items(engine: Counts, call: Call, keyring: Keyring, versions: Iterable[int]) -> Keyring:
    """As ``counted``, for a batch whose items ask for ``versions``.

    Explicit versions come first, since counting for the latest may rotate the key.
    """
    for version, wanted in sorted(Counter(versions).items(), reverse=True):
        keyring = await counted(engine, call, keyring, version, wanted)
    return keyring


async def _counted_slowly(engine: Counts, call: Call, keyring: Keyring, requested_version: int, wanted: int) -> Keyring:
    record = keyring.record
    if record.soft_deleted or not keyring.algorithm.counted:
        return keyring
    try:
        version = keyring.version_to_encrypt(requested_version)
    except InvalidRequest:
        return keyring
    try:
        await _spend(engine, call, keyring, version, wanted, requested_version)
        return keyring
    except LimitReached:
        pass
    fault = InvalidRequest(
        f"version {version.number} of key {record.name!r} may not make {wanted} more of its "
        f"{keyring.max_encryptions} encryptions"
    )
    # If no version can ever encrypt as much, a new one wouldn't help.
    if requested_version or record.refuses_at_max or wanted > keyring.max_encryptions:
        _log.warning("%s (mount %r)", fault.message, engine.keys.storage.prefix)
        raise fault
    try:
        rotated, here = await engine.keys.rotate_from(record.name, version.number, call.now, missing=fault)
    except PolicyRefused:
        _log.warning(
            "%s, and the crypto policy refuses to rotate it (mount %r)", fault.message, engine.keys.storage.prefix
        )
        raise
    except Fault as refusal:
        raise InvalidRequest(f"{fault.message}, and the key was not rotated: {refusal.message}") from None
    if here:
        _log.warning("key %r of %r was rotated: %s", record.name, engine.keys.storage.prefix, fault.message)
        call.warn(f"{fault.message}: the key was rotated to version {rotated.latest.number}")
    try:
        await _spend(engine, call, rotated, rotated.latest, wanted, requested_version)
    except LimitReached:
        raise fault from None  # Concurrent requests used it up, or the limit was lowered.
    return rotated


async def _spend(
    engine: Counts, call: Call, keyring: Keyring, version: KeyVersion, wanted: int, requested_version: int
) -> None:
    count = engine.counts.of(keyring, version)
    if not count.spend(wanted):
        await engine.counts.spend(count, wanted)
    if count.half_made:
        _warn(call, keyring, version, requested_version)


def _warn(call: Call, keyring: Keyring, version: KeyVersion, requested_version: int) -> None:
    """Warn of a limit at which encryption will be refused, which doesn't happen if the key rotates."""
    record = keyring.record
    fixed = record.imported and not record.imported_rotation_allowed
    if not (requested_version or record.refuses_at_max or fixed):
        return
    text = (
        f"version {version.number} of key {keyring.record.name!r} has made half or more of the "
        f"{keyring.max_encryptions} encryptions that it may make: rotate the key"
    )
    _warn_once(call, text)


def _warn_once(call: Call, text: str) -> None:
    # Called for each group of a stream, and each version of a batch.
    if text not in call.warnings:
        call.warn(text)
