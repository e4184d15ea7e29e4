"""Members of a response's audit entry in the clear: the uses of keys, and the crypto policy's verdict."""

from __future__ import annotations

from time import perf_counter_ns

import msgspec
from msgspec import Struct

from engines.base import Call
from engines.crypto_policy.gate import KeyUse

_NANOSECONDS = 1000
_encode = msgspec.json.Encoder().encode


class AuditCrypto(Struct, frozen=True):
    """A request's uses of keys. ``mount`` ends in ``/``, ``latency_us`` is in microseconds."""

    operation: str
    key: str
    mount: str
    uses: list[KeyUse]
    latency_us: int
    success: bool


def crypto_members(call: Call, mount: str, began_ns: int, *, failed: bool) -> bytes:
    """``crypto`` and ``crypto_policy`` of ``call`` as members of a JSON object, each with a comma before it.

    Empty for a call without keys. ``mount`` is the path of its mount, ``began_ns`` its beginning by
    ``perf_counter_ns``; ``failed`` says that a fault was raised.
    """
    members = b""
    record = call.crypto
    if record is not None:
        uses = record.told() if record.beyond else record.uses
        for use in uses:
            if use.failed:
                failed = True
        latency_us = (perf_counter_ns() - began_ns) // _NANOSECONDS
        crypto = AuditCrypto(record.operation, record.key, record.mount or mount, uses, latency_us, not failed)
        members = b',"crypto":' + _encode(crypto)
    if call.crypto_policy is not None:
        members += b',"crypto_policy":' + _encode(call.crypto_policy)
    return members
