"""What a connection over TLS is first: once the handshake is done, it goes to the server of the protocol agreed on.

A client names its protocols in the handshake, and the context's order decides (ALPN, RFC 7301). One that names none
speaks HTTP/1.1.
"""

from __future__ import annotations

import asyncio
import logging
from typing import cast

from server.listeners.accept import Connect
from server.listeners.connection_budget import Slot
from server.listeners.tls import HTTP2, is_approved

_log = logging.getLogger(__name__)


class Negotiated(asyncio.Protocol):
    """A connection until its handshake is done; ``http1`` and ``http2`` make the protocol that takes its place.

    With ``approved_only``, it is closed unless its suite of ciphers is approved.
    """

    def __init__(self, place: Slot, http1: Connect, http2: Connect, *, approved_only: bool) -> None:
        self._place = place
        self._http1 = http1
        self._http2 = http2
        self._approved_only = approved_only

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake is done, and nothing has been read yet."""
        # uvloop's transports have the methods of asyncio's, and not its class.
        made = cast("asyncio.Transport", transport)
        if self._approved_only and not is_approved(made):
            _log.debug("a connection was closed: its suite of ciphers is not FIPS-approved")
            made.abort()
            return
        agreed = made.get_extra_info("ssl_object").selected_alpn_protocol()
        protocol = (self._http2 if agreed == HTTP2 else self._http1)(self._place)
        made.set_protocol(protocol)
        protocol.connection_made(made)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection was closed before it went to anybody."""
        self._place.close()
