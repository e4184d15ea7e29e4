"""Long work in pieces: a batch of slow operations leaves its turn to other requests every now and then.

Everything a process answers is answered by one thread, so ten thousand signatures by RSA in a row would keep all other
clients waiting for half a minute, and the supervisor might take the process for dead.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from time import monotonic
from typing import TypeVar

TURN_SECONDS = 0.01
"""How long one batch goes on before others get their turn."""

Piece = TypeVar("Piece")


async def in_turns(pieces: Iterable[Piece]) -> AsyncIterator[Piece]:
    """Each of ``pieces``; before one of them others get their turn, if those before it have taken long."""
    began = monotonic()
    for piece in pieces:
        if monotonic() - began > TURN_SECONDS:
            await asyncio.sleep(0)
            began = monotonic()
        yield piece
