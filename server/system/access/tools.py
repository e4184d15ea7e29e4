"""Hashing under ``sys/tools``, by transit's functions, which also serve random bytes."""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from engines.base import Call, Reply
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import begin
from engines.transit.signature import hash as transit_hash
from server.system.state import System


async def hash_input(system: System, call: Call, body: transit_hash.Hashing) -> Reply:
    """Hash data. Without any, this hashes the empty text, where transit raises an error."""
    if body.input is UNSET:
        body = replace(body, input="")
    return transit_hash.hashed(begin(system.gated, call, CryptoOperation.HASH, ""), body)
