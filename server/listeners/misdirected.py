"""Clients that speak to the wrong port: TLS to a plain one, or plain HTTP to one with TLS; the log names them."""

from __future__ import annotations

import logging
import socket

from server.runtime.log_limits import LimitedLog

_limited = LimitedLog(logging.getLogger(__name__))

_HANDSHAKE = b"\x16\x03"
"""How a TLS handshake begins: the type of the record, and the higher byte of its version (RFC 8446, 5.1)."""


def begins_tls(data: bytes) -> bool:
    """Whether ``data``, the first that a client has sent to a plain port, begins a TLS handshake."""
    return data.startswith(_HANDSHAKE)


def note_tls(address: str) -> None:
    """Log that the client at ``address`` speaks TLS to a plain port."""
    _limited.warning("a client speaks TLS to a port without TLS", address=address)


def note_plain(connection: socket.socket) -> None:
    """Log that a client speaks plain HTTP to a port with TLS."""
    try:
        peer = connection.getpeername()
    except OSError:  # It has gone.
        return
    _limited.warning("a client speaks HTTP without TLS to a port with TLS", address=peer[0])
