"""Random bytes and hashes for those who have no engine to ask; the work is transit's."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from engines.base import Call, Reply
from engines.transit import hash as transit_hash
from engines.transit import random as transit_random

_FOLDER = "tools/"


async def random(system: Any, call: Call, body: transit_random.Random) -> Reply:
    """Give random bytes; the path says from where and how many, else the body says how many."""
    # Transit's handler looks at the path below its mount. The copy shares the list of warnings.
    return await transit_random.random(system, replace(call, path=call.path.removeprefix(_FOLDER)), body)


async def hash_input(system: Any, call: Call, body: transit_hash.Hashing) -> Reply:
    """Hash some data. Without any, this hashes nothing at all, where transit would complain."""
    if body.input is UNSET:
        body = replace(body, input="")
    return await transit_hash.hash_data(system, call, body)
