"""The client's address behind a proxy: ``X-Forwarded-For``, accepted only from configured proxies.

Each proxy appends the address of its peer, so the last entries are trustworthy: ``hop_skips`` of them belong to further
proxies of the operator, and the one before those is the client.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from server.config import Listener
from server.listeners.asgi import Application, Receive, Scope, Send, answer_error

_HEADER = b"x-forwarded-for"
_MAX_HOPS = 100
_MISSING = "missing x-forwarded-for header and configured to reject when not present"
_STRANGER = "client address not authorized for x-forwarded-for and configured to reject connection"
_NOT_AN_ADDRESS = "malformed x-forwarded-for header: not an IP address"


class ForwardedFor:
    """Sets the scope's ``client`` to the forwarded address, or refuses the request with 400."""

    def __init__(self, application: Application, listener: Listener) -> None:
        self._application = application
        self._authorized = listener.x_forwarded_for_authorized_addrs
        self._hop_skips = listener.x_forwarded_for_hop_skips
        self._reject_not_present = listener.x_forwarded_for_reject_not_present
        self._reject_not_authorized = listener.x_forwarded_for_reject_not_authorized

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            refusal = self._apply(scope)
            if refusal is not None:
                await answer_error(scope, send, 400, refusal)
                return
        await self._application(scope, receive, send)

    def _apply(self, scope: Scope) -> str | None:
        """Set the scope's client, or return the reason of a refusal."""
        values = [value for name, value in scope["headers"] if name == _HEADER]
        if not values:
            return _MISSING if self._reject_not_present else None
        client = scope.get("client")
        peer = _address(client[0]) if client else None
        if peer is None or not any(peer in network for network in self._authorized):
            return _STRANGER if self._reject_not_authorized else None
        hops = [hop.strip() for value in values for hop in value.decode("latin-1").split(",", _MAX_HOPS)]
        index = len(hops) - 1 - self._hop_skips
        if index < 0:
            return (
                "malformed x-forwarded-for configuration or request, "
                f"hops to skip ({self._hop_skips}) would skip before earliest chain link (chain length {len(hops)})"
            )
        forwarded = _address(hops[index])
        if forwarded is None:
            return _NOT_AN_ADDRESS
        scope["client"] = (str(forwarded), client[1] if client else 0)
        return None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # A socket for both families shows IPv4 peers as ::ffff:a.b.c.d, which no IPv4 network contains.
    return getattr(address, "ipv4_mapped", None) or address
