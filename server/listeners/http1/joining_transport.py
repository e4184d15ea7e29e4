"""Transport that joins the head and the body of an answer: one write, one packet, one wake-up of the client.

uvicorn writes them separately.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any


def _is_head(data: bytes) -> bool:
    """Whether ``data``, one write of uvicorn, is the head of a final answer, so that more will follow.

    An interim answer (100, 101) isn't, since the client waits for it. A body that looks like a head may be held back
    too, since the end of the answer sends it.
    """
    return data.startswith(b"HTTP/1.1 ") and data.endswith(b"\r\n\r\n") and not data.startswith(b"HTTP/1.1 1")


class JoiningTransport(asyncio.Transport):
    """A transport that holds the head of an answer back until something follows it, or ``flush``."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._head = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send ``data`` after held-back data, or hold it back if it looks like a head."""
        data = bytes(data)
        if _is_head(data):
            self.flush()
            self._head = data
        elif self._head:
            data, self._head = self._head + data, b""
            self._transport.write(data)
        else:
            self._transport.write(data)

    def write_whole(self, data: bytes) -> None:
        """Send a whole answer."""
        if self._head:
            self.flush()
        self._transport.write(data)

    def flush(self) -> None:
        """Send held-back data."""
        if self._head:
            data, self._head = self._head, b""
            self._transport.write(data)

    def end(self) -> None:
        """Send held-back data, and the end of the stream if the connection has half-close."""
        self.flush()
        with contextlib.suppress(NotImplementedError, OSError):  # TLS has none.
            self._transport.write_eof()

    def close(self) -> None:
        """Send held-back data, and close."""
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        """As the transport's."""
        self._transport.abort()

    def is_closing(self) -> bool:
        """As the transport's."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As the transport's."""
        return self._transport.get_extra_info(name, default)
