"""NDJSON connection of a stream: ASGI messages to whole lines and back, with bounds on memory and on every wait.

Memory holds one piece of the body, an incomplete line, and the answers to one group of items. While a client doesn't
accept answers, nothing is read from it: a client must read while it sends.

A stream may take any time while it makes progress. The client has ``http_read_timeout`` to complete the next line, and
``max_request_duration`` to accept what is sent. If a stream ends early, its last line is Vault's error,
``{"errors": [...]}``; if nothing was sent yet, it is an ordinary answer with its status instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress

from compat.envelope import errors_body
from compat.requests import LINES_TYPE
from engines.faults import TooLarge
from server.config import Listener
from server.listeners.asgi import Hold, Receive, Send
from server.pipeline.linger import linger
from server.pipeline.response import Answer, GoneError
from server.pipeline.stream import Stream

_STARTED = Answer(200, b"", ((b"content-type", LINES_TYPE),))
_TOO_SLOW = Answer(408, errors_body(["the next line of the stream was not received in time"]))


class StalledError(Exception):
    """The client doesn't complete its line in time."""


class NdjsonConnection:
    """One stream on its connection; ``headers`` are those of every answer."""

    def __init__(
        self,
        listener: Listener,
        receive: Receive,
        send: Send,
        hold: Hold,
        headers: Sequence[tuple[bytes, bytes]],
    ) -> None:
        self._listener = listener
        self._receive = receive
        self._send = send
        self._hold = hold
        self._headers = headers
        self._rest = bytearray()
        self._more = True
        self._started = False

    async def serve(self, stream: Stream) -> None:
        """Answer line by line, to the end of the stream, whichever side ends it."""
        try:
            while (lines := await self._next_lines()) is not None:
                async with aclosing(stream.answers(lines)) as groups:
                    async for written in groups:
                        await self._write(written)
                        await asyncio.sleep(0)  # Lets other tasks run.
            await stream.close()
            await self._write(b"", more=False)
        except GoneError as error:
            await _end(stream, error)
        except StalledError as error:
            await _end(stream, error)
            await self.refuse(_TOO_SLOW)
        except Exception as error:  # noqa: BLE001 - told to the client, and counted, as for any other request
            await self.refuse(stream.failure(await _end(stream, error) or error))
        finally:
            await _end(stream, asyncio.CancelledError())  # If not ended yet, the server's shutdown has ended it.

    async def refuse(self, answer: Answer) -> None:
        """End with ``answer``, and let the client finish sending for a while, so that it reads the answer."""
        with suppress(GoneError):
            if not self._started:
                length = (b"content-length", b"%d" % len(answer.body))
                await self._start(Answer(answer.status, answer.body, (*answer.headers, length)))
            await self._write(answer.body)
            if self._more:
                await linger(self._receive)
            await self._write(b"", more=False)

    async def _next_lines(self) -> bytes | None:
        """The whole lines that have arrived; the rest at the end counts as one. None at the end."""
        try:
            async with asyncio.timeout(self._listener.http_read_timeout_seconds):
                while self._more:
                    lines = self._whole(await self._next_piece())
                    if lines:
                        return lines
        except TimeoutError:
            raise StalledError from None
        lines, self._rest = bytes(self._rest), bytearray()
        return lines or None

    async def _next_piece(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise GoneError
        self._more = message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        return piece

    def _whole(self, piece: bytes) -> bytes:
        """The lines that ``piece`` completes."""
        end = piece.rfind(b"\n") + 1
        first = piece.find(b"\n") + 1 if end else len(piece)
        if len(self._rest) + first > self._listener.max_request_size_bytes:
            most = self._listener.max_request_size_bytes
            raise TooLarge(f"a line of the stream is too large: max_request_size is {most} bytes")
        if not end:
            self._rest += piece
            lines = b""
        else:
            lines = bytes(self._rest) + piece[:end]
            self._rest = bytearray(piece[end:])
        self._hold(len(self._rest))
        return lines

    async def _start(self, answer: Answer) -> None:
        self._started = True
        headers = [*self._headers, *answer.headers]
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})

    async def _write(self, body: bytes, *, more: bool = True) -> None:
        try:
            async with asyncio.timeout(self._listener.max_request_duration_seconds):
                if not self._started:
                    await self._start(_STARTED)
                await self._send({"type": "http.response.body", "body": body, "more_body": more})
        except TimeoutError:
            raise GoneError from None


async def _end(stream: Stream, error: BaseException) -> Exception | None:
    """Audit the end of ``stream`` by ``error``; returns an exception of that."""
    try:
        await stream.close(error)
    except Exception as another:  # noqa: BLE001 - it goes the way of ``error``
        return another
    return None
