"""Lingering: reading on, and forgetting what is read, behind an answer that came before the end of the request.

A connection that is closed while its client still sends is reset, and the client's system may then throw the answer
away before it is read; most clients read nothing before they have sent everything. Time and bytes are bounded, so that
nobody can keep a connection busy for nothing.
"""

from __future__ import annotations

import asyncio

from server.listeners.asgi import Receive

SECONDS = 5.0
"""How long a client may go on sending, unheard."""

MOST_BYTES = 64 * 1024 * 1024
"""How much it may send meanwhile: twice the largest body that OpenBao takes by default."""


PAUSE_SECONDS = 0.5
"""How long a client of HTTP/2 may send nothing: it may have stopped, and wait for the end of the answer."""


async def linger(receive: Receive, pause_seconds: float = SECONDS) -> None:
    """Read the rest of a request's body within the bounds, until the client is gone or pauses for so long."""
    left = MOST_BYTES
    try:
        async with asyncio.timeout(SECONDS):
            while left > 0:
                async with asyncio.timeout(pause_seconds):
                    message = await receive()
                if not message.get("more_body", False):
                    return
                left -= len(message.get("body", b""))
    except TimeoutError:
        return
