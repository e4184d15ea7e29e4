"""The members of a response's entry that tell what was done with keys and what the crypto policy said, in the clear."""

from __future__ import annotations

from time import perf_counter_ns

import msgspec
from msgspec import Struct

from engines.base import Call
from engines.crypto_policy.gate import KeyUse, PolicyRecord

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


class CryptoEntry(Struct, frozen=True):
    """Both members."""

    crypto: AuditCrypto | None
    policy: PolicyRecord | None

    def members(self) -> bytes:
        """Them as members of a JSON object, each with a comma before it."""
        crypto = b"" if self.crypto is None else b',"crypto":' + _encode(self.crypto)
        return crypto if self.policy is None else crypto + b',"crypto_policy":' + _encode(self.policy)


def crypto_entry(call: Call, mount: str, began_ns: int, *, failed: bool) -> CryptoEntry | None:
    """The record of ``call`` that is still to be written; None if there is none.

    ``mount`` is the path of its mount, ``began_ns`` when it began by ``perf_counter_ns``; ``failed`` says that a fault
    was raised.
    """
    record = call.crypto
    if record is None:
        return None if call.crypto_policy is None else CryptoEntry(None, call.crypto_policy)
    for use in record.uses:
        if use.failed:
            failed = True
    latency_us = (perf_counter_ns() - began_ns) // _NANOSECONDS
    crypto = AuditCrypto(record.operation, record.key, mount, record.uses, latency_us, not failed)
    return CryptoEntry(crypto, call.crypto_policy)
