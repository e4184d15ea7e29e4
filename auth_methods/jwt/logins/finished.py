"""Finished logins of the mode ``direct``, kept until the client asks for them, for minutes at most.

Only a login that the provider has confirmed is kept, so unfinished ones don't add up.

Layout below the view: ``finished/<SHA-256 of the login's nonce>``, a record with the claims about the person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import Struct

from storage.base import Transaction, delete, put, transact
from storage.view import View

_FOLDER = "finished/"
_SWEPT_AT_ONCE = 500
_TRIED_SECONDS = 86_400.0

EndGrant = Callable[[bytes], Awaitable[bool]]
"""Ends a grant at the provider; False if it doesn't answer."""


class Finished(Struct, frozen=True):
    """The claims about a person who has logged in."""

    ends_at: float
    """The end of the time to ask for it, in seconds since the epoch."""

    claims: dict[str, Any]
    grant: bytes = b""
    """The grant of the provider, see ``grants``."""

    def __repr__(self) -> str:
        return "Finished()"


async def keep(view: View, nonce: str, finished: Finished) -> None:
    """Keep the result of the login with this nonce."""
    await put(view, _key(nonce), msgspec.msgpack.encode(finished))


async def take(view: View, nonce: str) -> Finished | None:
    """The result that the login with this nonce ended with, once; None if it hasn't ended."""

    async def take_out(transaction: Transaction) -> Finished | None:
        value = await transaction.get(_key(nonce))
        if value is None:
            return None
        transaction.delete(_key(nonce))
        return _decode(value)

    return await transact(view, take_out)


async def forget(view: View, nonce: str) -> None:
    """Forget the result of the login with this nonce."""
    await delete(view, _key(nonce))


async def sweep(view: View, now: float, end_grant: EndGrant) -> None:
    """Forget the logins that no client has asked for in time, and end their grants at the provider.

    Once a provider doesn't answer, the others that have grants wait for the next round, for a day at most.
    """
    answers = True
    after = ""
    while names := await view.list(_FOLDER, after, _SWEPT_AT_ONCE):
        after = names[-1]
        for name in names:
            value = await view.get(_FOLDER + name)
            found = None if value is None else _decode(value)
            if found is None or found.ends_at > now:
                continue
            if found.grant and now < found.ends_at + _TRIED_SECONDS:
                answers = answers and await end_grant(found.grant)
                if not answers:
                    continue
            await delete(view, _FOLDER + name)


def _key(nonce: str) -> str:
    return _FOLDER + hashlib.sha256(nonce.encode()).hexdigest()


def _decode(value: bytes) -> Finished:
    return msgspec.msgpack.decode(value, type=Finished)
