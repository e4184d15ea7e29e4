"""Hashes of data, without a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from msgspec import UNSET, UnsetType

from engines.algorithms.hashes import DEFAULT_HASH, PLAIN_HASHES
from engines.base import Body, Call, Reply
from engines.crypto_policy.facts import RequestFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import Uses, begin
from engines.encoding import NotBase64, decode_base64, encode_base64
from engines.faults import InvalidRequest
from engines.transit.state import Transit


class Hashing(Body):
    """Data to hash, and the hash function; ``urlalgorithm`` in the path overrides ``algorithm``."""

    other_names: ClassVar[Mapping[str, str]] = {"urlalgorithm": "algorithm"}

    path_only: ClassVar[frozenset[str]] = frozenset({"urlalgorithm"})

    urlalgorithm: str = ""
    algorithm: str = DEFAULT_HASH.name
    input: str | UnsetType = UNSET
    format: str = "hex"

    tells = {
        "urlalgorithm": "The hash, in the path; takes precedence over the parameters.",
        "algorithm": "The hash, see [Hashes].",
        "input": "Base64 of the data.",
        "format": "`hex` or `base64`.",
    }


def decode_input(text: str) -> bytes:
    """The bytes of an ``input``. Raises ``InvalidRequest``."""
    try:
        return decode_base64(text)
    except NotBase64 as error:
        raise InvalidRequest(f"unable to decode input as base64: {error.message}") from None


async def hash_data(engine: Transit, call: Call, body: Hashing) -> Reply:
    """Return the hash of ``input``."""
    return hashed(begin(engine.keys, call, CryptoOperation.HASH, ""), body)


def hashed(uses: Uses, body: Hashing) -> Reply:
    """The hash that ``body`` asks for, if ``uses`` allow it. Raises ``InvalidRequest`` or ``PolicyRefused``."""
    if body.input is UNSET:
        raise InvalidRequest("input missing")
    data = decode_input(body.input)
    if body.format not in ("hex", "base64"):
        raise InvalidRequest(f'unsupported encoding format {body.format}; must be "hex" or "base64"')
    name = body.urlalgorithm or body.algorithm
    hash_ = PLAIN_HASHES.get(name)
    if hash_ is None:
        raise InvalidRequest(f"unsupported algorithm {name}")
    use = uses.allow(None, RequestFacts(hash=hash_.name), len(data))
    use.begin()
    digest = hash_.digest(data)
    use.made(len(data), len(digest))
    return Reply({"sum": digest.hex() if body.format == "hex" else encode_base64(digest)})
