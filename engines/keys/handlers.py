"""Handlers common to the named keys of every engine: listing them, and deleting one."""

from __future__ import annotations

from engines.base import Call, Page, Reply
from engines.faults import NotFound
from engines.keys.rotation import blocked_rotations
from engines.keys.settings import KeyName
from engines.keys.store import KeepsKeys


async def list_keys(engine: KeepsKeys, call: Call, body: Page) -> Reply:
    """List the names of the keys."""
    names = await engine.keys.list(body.after, body.limit if body.limit > 0 else None)
    if not names:
        raise NotFound
    blocked = await blocked_rotations(engine.keys, names, call.now)
    return Reply({"keys": names, "blocked_rotations": blocked} if blocked else {"keys": names})


async def delete(engine: KeepsKeys, call: Call, body: KeyName) -> None:
    """Delete a key for which that is allowed."""
    await engine.keys.delete(body.name, call)
