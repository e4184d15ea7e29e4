"""What is the same for the named keys of every engine: to list them, and to destroy one."""

from __future__ import annotations

from engines.base import Call, Page, Reply
from engines.faults import NotFound
from engines.keys.rotation import blocked_rotations
from engines.keys.settings import KeyName
from engines.keys.store import KeepsKeys


async def list_keys(engine: KeepsKeys, call: Call, body: Page) -> Reply:
    """Name the keys there are."""
    names = await engine.keys.list(body.after, body.limit if body.limit > 0 else None)
    if not names:
        raise NotFound
    blocked = await blocked_rotations(engine.keys, names, call.now)
    return Reply({"keys": names, "blocked_rotations": blocked} if blocked else {"keys": names})


async def delete(engine: KeepsKeys, call: Call, body: KeyName) -> None:
    """Destroy a key for which that is allowed."""
    await engine.keys.delete(body.name, call)
