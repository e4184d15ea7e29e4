"""Lingering close: reads and discards the rest of a request after an early answer.

Closing a connection while its client still sends resets it, and the client's system may then discard the answer unread;
most clients read nothing before they have sent everything. Time and bytes are bounded, so that a client can't occupy a
connection for long.
"""

from __future__ import annotations

import asyncio

from server.listeners.asgi import Receive

SECONDS = 5.0
"""The seconds for which a client may go on sending."""

MOST_BYTES = 64 * 1024 * 1024
"""The most bytes read meanwhile: twice the largest body that OpenBao accepts by default."""


PAUSE_SECONDS = 0.5
"""The seconds for which an HTTP/2 client may pause: it may have stopped, and wait for the end of the answer."""


async def linger(receive: Receive, pause_seconds: float = SECONDS) -> None:
    """Read the rest of a request's body within the bounds, until the client has gone or pauses for so long."""
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
