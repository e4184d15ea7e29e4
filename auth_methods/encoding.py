"""Encoding of auth methods' stored settings: MessagePack, bounded in size.

A login needs no token and reads the role that it names, much of which goes into the token: so the author of a role must
not be able to make it slow to read.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from engines.faults import InvalidRequest

MAX_RECORD_BYTES = 1024 * 1024
"""The largest record in bytes, as in OpenBao, whose storage takes no larger entries."""


def encoded(record: Struct) -> bytes:
    """``record`` as it is stored. Raises ``InvalidRequest`` if it is too large."""
    value = msgspec.msgpack.encode(record)
    if len(value) > MAX_RECORD_BYTES:
        raise InvalidRequest(f"the settings take at most {MAX_RECORD_BYTES} bytes together")
    return value
