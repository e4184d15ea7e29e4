"""The rotation of the barrier's encryption key: when it is due, and that it is done then.

Rotation adds a key under which everything is encrypted from then on; older ones stay for what they have encrypted. AES
with random nonces of 96 bits should not encrypt too often under one key (NIST SP 800-38D), hence the limit.
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
"""Where it is kept, in the root namespace, when the key is due."""

MOST_OPERATIONS = 3_865_470_566
"""How often one key may encrypt."""


class Rotation(Struct, frozen=True):
    """When the key is due."""

    enabled: bool = True
    max_operations: int = MOST_OPERATIONS
    interval_seconds: int = 0
    """0 for no interval."""


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
    """When it is due, as it was set."""
    value = await reader.get(RECORD)
    return Rotation() if value is None else msgspec.msgpack.decode(value, type=Rotation)
