"""Protocol selection of a TLS connection: after the handshake, it is passed to the server of the agreed protocol.

A client lists its protocols in the handshake, and the context's order decides (ALPN, RFC 7301). Without a list, it is
HTTP/1.1.
"""

from __future__ import annotations

import asyncio
import logging
from typing import cast

from server.listeners.accept import Connect
from server.listeners.connection_budget import Slot
from server.listeners.tls import HTTP2, is_approved

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""The first bytes of an HTTP/2 connection, before its first frame (RFC 9113, section 3.4)."""

_log = logging.getLogger(__name__)


class Negotiated(asyncio.Protocol):
    """A connection until the end of its handshake; ``http1`` and ``http2`` create the protocol that replaces it.

    With ``approved_only``, it is closed unless its cipher suite is approved.
    """

    def __init__(self, place: Slot, http1: Connect, http2: Connect, *, approved_only: bool) -> None:
        self._place = place
        self._http1 = http1
        self._http2 = http2
        self._approved_only = approved_only

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called after the handshake, before anything is read."""
        # uvloop's transports have the methods of asyncio's, but not its class.
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
        """The connection was closed before it was passed on."""
        self._place.close()
