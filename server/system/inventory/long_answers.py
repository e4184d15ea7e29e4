"""Answers that may be long: whole while they are short, else their beginning and a generator of the rest."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import msgspec

from compat.envelope import success_body
from engines.base import Call, Raw, Reply

WHOLE_BYTES = 1024 * 1024
"""The longest answer that is given as a whole, in bytes."""

_PIECE_BYTES = 64 * 1024


async def in_pieces(parts: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The bytes of ``parts``, in pieces worth sending."""
    piece = bytearray()
    try:
        async for part in parts:
            piece += part
            if len(piece) >= _PIECE_BYTES:
                yield bytes(piece)
                piece.clear()
        yield bytes(piece)
    finally:
        await parts.aclose()


async def beginning_of(pieces: AsyncGenerator[bytes, None], most: int) -> tuple[bytes, bool]:
    """The beginning of ``pieces``, a little more than ``most`` bytes; and whether it is the whole."""
    beginning = bytearray()
    async for piece in pieces:
        beginning += piece
        if len(beginning) > most:
            return bytes(beginning), False
    return bytes(beginning), True


async def raw_reply(content_type: str, parts: AsyncGenerator[bytes, None]) -> Reply:
    """The answer that is what ``parts`` give."""
    pieces = in_pieces(parts)
    beginning, whole = await beginning_of(pieces, WHOLE_BYTES)
    return Reply(raw=Raw(content_type, beginning, None if whole else pieces))


async def data_reply(call: Call, parts: AsyncGenerator[bytes, None]) -> Reply:
    """The answer whose ``data`` is the JSON object that ``parts`` give."""
    pieces = in_pieces(parts)
    beginning, whole = await beginning_of(pieces, WHOLE_BYTES)
    if whole:
        return Reply(msgspec.json.decode(beginning))
    head, _, tail = success_body(call.request_id, {}).partition(b"{}")
    return Reply(raw=Raw("application/json", head + beginning, _followed(pieces, tail)))


async def _followed(pieces: AsyncGenerator[bytes, None], tail: bytes) -> AsyncGenerator[bytes, None]:
    try:
        async for piece in pieces:
            yield piece
        yield tail
    finally:
        await pieces.aclose()
