"""Clients on the wrong port: TLS on a plain one, or plain HTTP on a TLS one; they are logged."""

from __future__ import annotations

import logging
import socket

from server.runtime.log_limits import LimitedLog

_limited = LimitedLog(logging.getLogger(__name__))

_HANDSHAKE = b"\x16\x03"
"""The first bytes of a TLS handshake: the record type, and the high byte of its version (RFC 8446, 5.1)."""


def begins_tls(data: bytes) -> bool:
    """Whether ``data``, a client's first bytes on a plain port, begins a TLS handshake."""
    return data.startswith(_HANDSHAKE)


def note_tls(address: str) -> None:
    """Log that the client at ``address`` speaks TLS on a plain port."""
    _limited.warning("a client speaks TLS to a port without TLS", address=address)


def note_plain(connection: socket.socket) -> None:
    """Log that a client speaks plain HTTP on a TLS port."""
    try:
        peer = connection.getpeername()
    except OSError:  # It has gone.
        return
    _limited.warning("a client speaks HTTP without TLS to a port with TLS", address=peer[0])
