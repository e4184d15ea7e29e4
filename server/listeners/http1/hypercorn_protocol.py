"""hypercorn's HTTP/1.1, for its own listeners: without upgrades to HTTP/2, and with bounds on short chunks.

h11 takes as much time for a chunk of one byte as for a hundred bytes within one.
"""

from __future__ import annotations

from typing import Any

import h11
from hypercorn.protocol.h11 import H11Protocol

from server.runtime.identifiers import new_request_id

_FREE_CHUNK_BYTES = 16
"""The average size in bytes of a body's chunks, at least."""

MAX_SHORT_CHUNKS = 1_000
"""The most one-byte chunks before longer ones have paid for them."""

_REGAINED_PER_REQUEST = 100


class _Connection(h11.Connection):
    """h11's connection; refuses a body in too many short chunks."""

    _credit: float = MAX_SHORT_CHUNKS

    def next_event(self) -> Any:
        """As h11's."""
        event = super().next_event()
        if isinstance(event, h11.Data) and event.chunk_start:
            self._earn(len(event.data) / _FREE_CHUNK_BYTES - 1)
            if self._credit < 0:
                raise h11.RemoteProtocolError("the chunks of the body are too short", error_status_hint=400)
        elif isinstance(event, h11.Request):
            self._earn(_REGAINED_PER_REQUEST)
        return event

    def _earn(self, units: float) -> None:
        self._credit = min(self._credit + units, MAX_SHORT_CHUNKS)


class Http1(H11Protocol):
    """One connection. ``Upgrade: h2c``, which hypercorn would accept, is ignored."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.connection = _Connection(h11.SERVER, max_incomplete_event_size=self.config.h11_max_incomplete_size)

    async def _check_protocol(self, request: h11.Request) -> None:
        """Change to no other protocol."""

    async def _send_error_response(self, status_code: int) -> None:
        """As hypercorn's, with the id of a request, as all answers have."""
        headers = [
            (b"content-length", b"0"),
            (b"connection", b"close"),
            (b"x-vault-request-id", new_request_id().encode()),
            *self.config.response_headers("h11"),
        ]
        await self._send_h11_event(h11.Response(status_code=status_code, headers=headers))
        await self._send_h11_event(h11.EndOfMessage())
