"""Connection of a long answer, which is made while it is sent.

The audit has the request and its answer before the first byte. What comes later can fail or take too long; then the
answer ends before its end: over HTTP/1.1 without the last chunk, over HTTP/2 by a reset, so a client notices. Nothing
is made for a client that has gone, or faster than it reads.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing

from server.config import Listener
from server.listeners.asgi import Hold, Receive, Send
from server.pipeline.response import Answer

log = logging.getLogger(__name__)


class PiecesConnection:
    """One answer in pieces on its connection; ``release`` ends the deadline of ordinary answers."""

    def __init__(self, listener: Listener, receive: Receive, send: Send, release: Callable[[], Hold]) -> None:
        self._seconds = listener.max_request_duration_seconds
        self._receive = receive
        self._send = send
        release()

    async def serve(self, answer: Answer, headers: Sequence[tuple[bytes, bytes]], *, amid: bool) -> None:
        """Send ``answer`` within ``max_request_duration``.

        ``amid``: the client is still sending, and its connection is closed afterwards.
        """
        assert answer.pieces is not None, "the caller knows"
        gone = asyncio.create_task(self._gone())
        try:
            async with asyncio.timeout(self._seconds), aclosing(answer.pieces) as pieces:
                closing = [(b"connection", b"close")] if amid else []
                await self._send(
                    {"type": "http.response.start", "status": answer.status, "headers": [*headers, *closing]}
                )
                await self._write(answer.body)
                async for piece in pieces:
                    if gone.done():
                        return
                    await self._write(piece)
                await self._write(b"", more=False)
        except TimeoutError:
            log.warning("request %s: the answer took longer than max_request_duration", answer.request_id)
        except Exception as error:  # noqa: BLE001 - the head is sent: what is left is to end, and to tell the operator
            log.error("request %s: the answer ended in %s", answer.request_id, type(error).__name__)
        finally:
            gone.cancel()

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _write(self, body: bytes, *, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})
