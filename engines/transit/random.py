"""Random bytes, from the operating system's generator, or from a DRBG seeded by it."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping
from typing import ClassVar

from msgspec import UNSET, UnsetType

from engines.algorithms.symmetric.drbg import DRBGS, MAX_BYTES_AT_ONCE, HmacDrbg
from engines.base import Body, Call, Reply
from engines.encoding import encode_base64
from engines.faults import InvalidRequest
from engines.fields import IntegerSegment

MAX_BYTES = 131072
"""The most bytes in one request."""

MAX_DRBG_BYTES = 10 * 2**20
"""The same with a deterministic generator."""

_SOURCES = ("platform", "seal", "all")
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_INT64 = range(-(2**63), 2**63)


class Random(Body):
    """The number of bytes and their format; ``source`` and ``urlbytes`` are parts of the path."""

    other_names: ClassVar[Mapping[str, str]] = {"urlbytes": "bytes", "segment": "bytes"}

    path_only: ClassVar[frozenset[str]] = frozenset({"source", "urlbytes"})

    source: str = ""
    urlbytes: IntegerSegment | UnsetType = UNSET
    bytes: int = 32
    format: str = "base64"
    drbg: str = ""

    tells = {
        "source": "`platform`, `seal` or `all`, in the path only. Each is the operating system's generator.",
        "urlbytes": "As `bytes`, in the path; takes precedence over it.",
        "bytes": "The number of bytes: 1 to 131072, with `drbg` 1 to 10485760.",
        "format": "`base64` or `hex`.",
        "drbg": "`auto` or `hmacdrbg`: use HMAC_DRBG (NIST SP 800-90A), seeded by the source.",
    }


class RandomBySegment(Random):
    """As ``Random``, for a path with one segment that is a source or a number of bytes."""

    segment: IntegerSegment = ""

    tells = {
        "segment": "A source, or a number of bytes.",
    }


async def random(engine: object, call: Call, body: Random) -> Reply:
    """Return random bytes; the path may have their source and number, else the body has the number."""
    return await _random(call, body.source, body)


async def random_by_segment(engine: object, call: Call, body: RandomBySegment) -> Reply:
    """As ``random``, for a path of one segment."""
    if body.segment in _SOURCES:
        return await _random(call, body.segment, body)
    return await _random(call, "", body, body.segment)


async def _random(call: Call, source: str, body: Random, segment: str | None = None) -> Reply:
    text = segment if segment is not None else None if body.urlbytes is UNSET else body.urlbytes
    count = body.bytes if text is None else _parse_count(text)
    if count < 1:
        raise InvalidRequest("'bytes' cannot be less than 1")
    most = MAX_DRBG_BYTES if body.drbg else MAX_BYTES
    if count > most:
        raise InvalidRequest(f"'bytes' should be less than {most}")
    if body.format not in ("hex", "base64"):
        raise InvalidRequest(f'unsupported encoding format "{body.format}"; must be "hex" or "base64"')
    if source and source not in _SOURCES:
        raise InvalidRequest(f'unsupported entropy source "{source}"; must be "platform" or "seal", or "all"')
    if body.drbg and body.drbg not in DRBGS:
        raise InvalidRequest(f'unsupported drbg "{body.drbg}"; must be "auto" or "hmacdrbg"')
    if source == "seal":
        call.warn("no seal/entropy augmentation available, using platform entropy source")
    data = await _generate(count) if body.drbg else secrets.token_bytes(count)
    return Reply({"random_bytes": data.hex() if body.format == "hex" else encode_base64(data)})


async def _generate(count: int) -> bytes:
    """``count`` bytes of a new generator; other tasks run in between."""
    generator = HmacDrbg.seeded()
    parts = []
    for given in range(0, count, MAX_BYTES_AT_ONCE):
        parts.append(generator.generate(min(MAX_BYTES_AT_ONCE, count - given)))
        await asyncio.sleep(0)
    return b"".join(parts)


def _parse_count(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise InvalidRequest(f'error parsing url-set byte count: strconv.Atoi: parsing "{text}": invalid syntax')
    count = int(text) if len(text) < 64 else 2**63
    if count not in _INT64:
        raise InvalidRequest(f'error parsing url-set byte count: strconv.Atoi: parsing "{text}": value out of range')
    return count
