"""Rotation of the barrier's encryption key when it is due.

Rotation adds a key for all later encryptions; older ones stay for what they have encrypted. AES with random 96-bit
nonces must not encrypt too often under one key (NIST SP 800-38D), hence the limit.
"""

from __future__ import annotations

import logging

import msgspec
from msgspec import Struct

from storage.barrier.barrier import Barrier
from storage.base import Reader
from storage.view import View

log = logging.getLogger(__name__)

RECORD = "sys/rotation"
"""The storage key of the rotation settings, in the root namespace."""

MOST_OPERATIONS = 3_865_470_566
"""The most encryptions under one key."""


class Rotation(Struct, frozen=True):
    """The settings of automatic rotation."""

    enabled: bool = True
    max_operations: int = MOST_OPERATIONS
    interval_seconds: int = 0
    """In seconds; 0 for no interval."""


async def rotate_when_due(barrier: Barrier, view: View, now: float) -> None:
    """Rotate if the newest key is too old or has encrypted too often."""
    rotation = await load_rotation(view)
    if not rotation.enabled:
        return
    status = await barrier.key_status()
    too_old = rotation.interval_seconds and now - status.installed >= rotation.interval_seconds
    if too_old or status.encryptions >= rotation.max_operations:
        term = await barrier.rotate()
        log.info("the barrier's key was due and has been rotated; term %d", term)


async def load_rotation(reader: Reader) -> Rotation:
    """The stored settings, or the defaults."""
    value = await reader.get(RECORD)
    return Rotation() if value is None else msgspec.msgpack.decode(value, type=Rotation)
