"""Automatic rotation of the keys that are due."""

from __future__ import annotations

import logging
from collections.abc import Collection

from engines.crypto_policy.fips import NotApproved
from engines.crypto_policy.gate import AutomaticWork, PolicyRefused
from engines.crypto_policy.operations import CryptoOperation
from engines.durations import SECOND
from engines.faults import Fault, InvalidRequest
from engines.keys.keyring import Keyring
from engines.keys.states import may_rotate_by_itself
from engines.keys.store import AUTO_ROTATED, KeyStore
from engines.worker_pools import in_turns

_log = logging.getLogger(__name__)
_PAGE = 1000


def is_due(keyring: Keyring, now: float) -> bool:
    """Whether the latest version is older than the period, and the key may rotate at all."""
    record = keyring.record
    if not record.auto_rotate_period_seconds or record.soft_deleted:
        return False
    if record.imported and not record.imported_rotation_allowed:
        return False
    if not may_rotate_by_itself(record, now):
        return False
    created = keyring.latest.record.created / SECOND
    return now >= created + record.auto_rotate_period_seconds


def is_blocked(keys: KeyStore, keyring: Keyring, now: float) -> bool:
    """Whether automatic rotation of the key is due, but refused by the crypto policy."""
    if not keyring.record.auto_rotate_period_seconds or not is_due(keyring, now):
        return False
    try:
        keys.gate.check(AutomaticWork(now), CryptoOperation.ROTATE, keyring.latest.facts(keys.place))
    except PolicyRefused:
        return True
    return False


async def blocked_rotations(keys: KeyStore, names: Collection[str], now: float) -> list[str]:
    """The keys among ``names`` whose automatic rotation is due, but refused by the crypto policy."""
    if not keys.gate.active:
        return []
    blocked: list[str] = []
    after = ""
    while page := await keys.storage.list(AUTO_ROTATED, after, _PAGE):
        after = page[-1]
        async for name in in_turns(sorted(set(names).intersection(page))):
            keyring = await keys.load(name)
            if keyring is not None and is_blocked(keys, keyring, now):
                blocked.append(name)
    return blocked


async def rotate_due(keys: KeyStore, now: float) -> None:
    """Rotate every key that is due at ``now``; a failure doesn't stop the others."""
    after = ""
    while names := await keys.storage.list(AUTO_ROTATED, after, _PAGE):
        after = names[-1]
        for name in names:
            keyring = await keys.load(name)
            if keyring is None or not is_due(keyring, now):
                keys.blocked.discard(name)
                continue
            try:
                await keys.rotate(name, now, missing=InvalidRequest("key not found"))
                keys.blocked.discard(name)
            except NotApproved:
                continue  # Logged only once, since it recurs every minute.
            except PolicyRefused as refused:
                if name not in keys.blocked:
                    keys.blocked.add(name)
                    _log.warning(
                        "key %r of %r is due for rotation, and was not rotated: %s",
                        name,
                        keys.storage.prefix,
                        refused.message,
                    )
            except Fault as fault:
                _log.warning("key %r of %r was not rotated: %s", name, keys.storage.prefix, fault.message)
