"""Grants of tokens that have ended, which their auth methods end at the providers.

A grant is entered by the transaction that removes its token, whatever removes it, so none is forgotten. A provider that
doesn't answer is asked again, ever more rarely, for about a day.
"""

from __future__ import annotations

import hashlib
import logging

import msgspec

from auth_methods.base import KeepsGrants
from server.runtime.log_limits import LimitedLog
from server.tenants.tenant import Tenant
from server.tenants.tokens.entries import ENDED, TOKENS, EndedGrant
from storage.base import Transaction, put, transact

_log = LimitedLog(logging.getLogger(__name__))

AT_ONCE = 50
"""The most grants of a namespace looked at in one round."""

MAX_TRIES = 12
FIRST_PAUSE_SECONDS = 15.0
"""The pause before the second try; each further one is twice as long."""


async def enter_grant(tenant: Tenant, path: str, grant: bytes) -> None:
    """Enter the grant of a login at ``path`` that no token keeps, to be ended in the next round."""
    name = hashlib.sha256(grant).hexdigest()
    await put(tenant.view.within(TOKENS), ENDED + name, msgspec.msgpack.encode(EndedGrant(path, grant)))


async def end_grants(tenant: Tenant, now: float) -> int:
    """End grants of ``tenant`` that are due at ``now``; returns how many providers were asked."""
    view = tenant.view.within(TOKENS)
    asked = 0
    for name in await view.list(ENDED, limit=AT_ONCE):
        value = await view.get(ENDED + name)
        ended = None if value is None else msgspec.msgpack.decode(value, type=EndedGrant)
        if ended is None or ended.due > now:
            continue
        asked += 1
        left = None if await _ended(tenant, ended) else _later(ended, now)

        async def store_outcome(transaction: Transaction, key: str = ENDED + name, after: bytes | None = left) -> None:
            if after is None:
                transaction.delete(key)
            else:
                transaction.put(key, after)

        await transact(view, store_outcome)
    return asked


async def _ended(tenant: Tenant, ended: EndedGrant) -> bool:
    """Whether nothing is left to do for the grant: it has been ended, or its mount is gone."""
    match = (await tenant.mounts.router()).find(ended.path)
    if match is None or not isinstance(match.mounted.engine, KeepsGrants):
        return True
    return await match.mounted.engine.end_grant(ended.grant)


def _later(ended: EndedGrant, now: float) -> bytes | None:
    """The entry for the next try; None if there were enough."""
    tries = ended.tries + 1
    if tries >= MAX_TRIES:
        _log.warning("a grant of a token that has ended can't be ended at its provider", path=ended.path)
        return None
    due = now + FIRST_PAUSE_SECONDS * 2 ** (tries - 1)
    return msgspec.msgpack.encode(EndedGrant(ended.path, ended.grant, tries, due))
