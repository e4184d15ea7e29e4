"""The ``state`` of a login through a browser: a sealed record of all that the server needs when the browser returns.

So beginning a login stores nothing, however many are begun, and any worker can end it. The text passes through the
provider and the browser, which can neither read nor change it. ``used_ids`` records each state on return, so that it is
used once.
"""

from __future__ import annotations

import hashlib
import secrets

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from auth_methods import sealing
from auth_methods.jwt.records import CLIENT
from engines.encoding import NotBase64, decode_base64_url, encode_base64_url
from storage.view import View

PENDING_SECONDS = 300
"""The time, in seconds, that a person has to log in at the provider."""

MAX_CHARACTERS = 8192

_LABEL = b"cryptoserve oidc state"


class Pending(Struct, frozen=True, array_like=True):
    """A begun login."""

    role: str
    redirect_uri: str
    nonce: str
    """The nonce in the provider's token, which binds it to this login (OpenID Connect Core 1.0, 3.1.2.1)."""

    verifier: str
    """Proves to the provider that the code comes from the client that began the login (RFC 7636)."""

    client_nonce: bytes
    """The SHA-256 of the client's nonce, which it repeats at the end of the login; empty for none."""

    ends_at: int
    mode: str = CLIENT
    """The callback mode that it was begun in."""

    provider: bytes = b""
    """The ``provider_id`` of the configuration, so that no other provider gets the code."""

    address: str = ""
    """The address of the client, for the person to confirm."""

    device_code: str = ""
    """The device's code at the provider (RFC 8628)."""

    def for_device(self, device_code: str, ends_at: int) -> Pending:
        """The login of a device."""
        return replace(self, device_code=device_code, ends_at=ends_at)

    def __repr__(self) -> str:
        return f"Pending({self.role!r})"

    def matches_client(self, client_nonce: str) -> bool:
        """Whether the client repeats its nonce."""
        return not self.client_nonce or secrets.compare_digest(self.client_nonce, hashed(client_nonce))


def hashed(client_nonce: str) -> bytes:
    """The stored hash of a client's nonce."""
    return hashlib.sha256(client_nonce.encode()).digest() if client_nonce else b""


async def seal(view: View, pending: Pending) -> str:
    """The state for ``pending``."""
    return encode_base64_url(await sealing.seal(view, _LABEL, msgspec.msgpack.encode(pending)))


async def unseal(view: View, state: str, now: float) -> Pending | None:
    """The login that ``state`` belongs to; None if it wasn't begun here, or too long ago."""
    if len(state) > MAX_CHARACTERS:
        return None
    try:
        content = decode_base64_url(state)
    except NotBase64:
        return None
    if encode_base64_url(content) != state:
        return None  # Each state has one encoding.
    record = await sealing.unseal(view, _LABEL, content)
    pending = None if record is None else msgspec.msgpack.decode(record, type=Pending)
    return pending if pending is not None and pending.ends_at > now else None
