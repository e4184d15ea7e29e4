"""Grants of a provider, kept with the tokens of this server: a refresh token, and the claims of the login.

Sealed, so that only this mount can read them; each serves one renewal, after which a new one takes its place.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from auth_methods import sealing
from auth_methods.jwt.logins import used_ids
from storage.view import View

MAX_BYTES = 32 * 1024
"""The most bytes of a grant, which is part of the token's record; with more, most of its claims aren't kept."""

LEASE_SECONDS = 60.0
"""The time, in seconds, for which a renewal has a grant to itself."""

_LABEL = b"cryptoserve refresh token"
_PURPOSE = "renewal"


class Grant(Struct, frozen=True, array_like=True):
    """A refresh token, and the login that it is for."""

    refresh_token: str
    provider: bytes
    """The ``provider_id`` of the configuration that it is from: no other provider gets the refresh token."""

    claims: dict[str, Any]
    """The claims about the person, in place of those that a renewal doesn't tell anew."""

    def __repr__(self) -> str:
        return "Grant()"


async def seal_grant(view: View, grant: Grant, least: dict[str, Any]) -> bytes:
    """``grant``, sealed, with the claims ``least`` alone if all are too many; empty if there is no refresh token."""
    if not grant.refresh_token:
        return b""
    content = msgspec.msgpack.encode(grant)
    if len(content) > MAX_BYTES:
        content = msgspec.msgpack.encode(replace(grant, claims=least))
    return await sealing.seal(view, _LABEL, content)


async def seal_token(view: View, refresh_token: str, provider: bytes) -> bytes:
    """A grant of the refresh token alone, to end it; empty if there is none."""
    return await seal_grant(view, Grant(refresh_token, provider, {}), {})


async def unseal_grant(view: View, sealed: bytes) -> Grant | None:
    """The grant in ``sealed``; None if it wasn't sealed here."""
    content = await sealing.unseal(view, _LABEL, sealed)
    return None if content is None else msgspec.msgpack.decode(content, type=Grant)


async def take(view: View, sealed: bytes, now: float) -> bool:
    """Take a grant for a renewal; False if another one has it.

    Two renewals with one refresh token would look like a stolen one to a provider that gives a new one each time.
    """
    return await used_ids.take(view, _PURPOSE, _name(sealed), _until(now))


async def give_back(view: View, sealed: bytes, now: float) -> None:
    """Give a grant back that was taken at ``now`` and is still good."""
    await used_ids.give_back(view, _PURPOSE, _name(sealed), _until(now))


def _name(sealed: bytes) -> str:
    return hashlib.sha256(sealed).hexdigest()


def _until(now: float) -> float:
    return now + LEASE_SECONDS
