"""Ids of single-use tokens that have been used, kept until the tokens end.

Layout below the view:

    jti/<SHA-256 of issuer and id>     when the token ends
    jti-expiry/<minute>/<the same>     the minute since the epoch, as 10 hexadecimal digits
"""

from __future__ import annotations

import hashlib

import msgspec

from storage.base import Transaction, transact
from storage.view import View

_SWEPT_AT_ONCE = 500
_LATEST = 16**10 - 1


async def take(view: View, issuer: str, token_id: str, ends_at: float) -> bool:
    """Use the id of a token that ends at ``ends_at`` (seconds since the epoch); False if it was used before."""
    hashed = _hashed(issuer, token_id)

    async def record_use(transaction: Transaction) -> bool:
        if await transaction.get(f"jti/{hashed}") is not None:
            return False
        transaction.put(f"jti/{hashed}", msgspec.msgpack.encode(ends_at))
        transaction.put(f"jti-expiry/{_minute(ends_at)}/{hashed}", b"")
        return True

    return await transact(view, record_use)


async def give_back(view: View, issuer: str, token_id: str, ends_at: float) -> None:
    """Undo ``take`` with the same arguments."""
    hashed = _hashed(issuer, token_id)

    async def forget_use(transaction: Transaction) -> None:
        transaction.delete(f"jti/{hashed}")
        transaction.delete(f"jti-expiry/{_minute(ends_at)}/{hashed}")

    await transact(view, forget_use)


async def sweep(view: View, now: float) -> None:
    """Forget the ids of tokens that have ended."""
    for folder in await view.list("jti-expiry/"):
        if int(folder.rstrip("/"), 16) * 60 > now:
            return
        while names := await view.list(f"jti-expiry/{folder}", limit=_SWEPT_AT_ONCE):

            async def forget_ended(transaction: Transaction, prefix: str = folder, ended: list[str] = names) -> None:
                for hashed in ended:
                    transaction.delete(f"jti/{hashed}")
                    transaction.delete(f"jti-expiry/{prefix}{hashed}")

            await transact(view, forget_ended)


def _hashed(issuer: str, token_id: str) -> str:
    return hashlib.sha256(f"{len(issuer)}:{issuer}{token_id}".encode()).hexdigest()


def _minute(ends_at: float) -> str:
    """The first full minute at which the token has ended; tokens may end absurdly late."""
    return f"{int(min(max(ends_at, 0), _LATEST)) // 60 + 1:010x}"
