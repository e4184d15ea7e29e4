"""How the settings of auth methods are stored: as MessagePack, and not too large.

A role is read by each login that names it, which needs no token, and much of it goes into each token: so whoever may
write one mustn't be able to make it slow to read.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from engines.faults import InvalidRequest

MAX_RECORD_BYTES = 1024 * 1024
"""The most that one record takes, as in OpenBao, whose storage takes no larger entries."""


def encoded(record: Struct) -> bytes:
    """``record`` as it is stored. Raises ``InvalidRequest`` if it is too large."""
    value = msgspec.msgpack.encode(record)
    if len(value) > MAX_RECORD_BYTES:
        raise InvalidRequest(f"the settings take at most {MAX_RECORD_BYTES} bytes together")
    return value
