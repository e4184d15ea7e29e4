"""A worker's access to the shared state, which its supervisor keeps."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from server.processes.messages import Acquire, Follow, Followed, FromWorker, Granted, Release, Released, ToWorker
from server.seal.shared_state import Follow as Apply
from server.seal.shared_state import SharedState, StateRecord, state_of

_log = logging.getLogger(__name__)


class SharedStateClient:
    """Communicates with the supervisor by ``post`` and ``heard``. ``fail`` ends a worker that can't follow."""

    def __init__(self, post: Callable[[FromWorker], None], fail: Callable[[], None]) -> None:
        self._post = post
        self._fail = fail
        self._tickets = itertools.count(1)
        self._granted: dict[int, asyncio.Future[StateRecord]] = {}
        self._released: dict[int, asyncio.Future[None]] = {}
        self._apply: Apply | None = None
        self._following: set[asyncio.Task[None]] = set()
        self.state = SharedState()

    def follow(self, apply: Apply) -> None:
        """As ``SharedStateAccess.follow``."""
        self._apply = apply

    def changing(self) -> AbstractAsyncContextManager[SharedState]:
        """As ``SharedStateAccess.changing``."""
        return self._changing()

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[SharedState]:
        ticket = next(self._tickets)
        granted = self._granted[ticket] = asyncio.get_running_loop().create_future()
        self._post(Acquire(ticket))
        try:
            record = await granted
        except asyncio.CancelledError:
            # It may have been granted just now; if not, it will be, and ``heard`` then releases it.
            if self._granted.pop(ticket, None) is None:
                self._post(Release(ticket, None))
            raise
        self.state = state_of(record)
        try:
            yield self.state
        finally:
            # Even if the waiting task is cancelled, the others must learn of the change.
            await asyncio.shield(self._release(ticket, record))

    def _release(self, ticket: int, before: StateRecord) -> Awaitable[None]:
        after = self.state.record()
        released = self._released[ticket] = asyncio.get_running_loop().create_future()
        self._post(Release(ticket, None if after == before else after))
        return released

    def heard(self, message: ToWorker) -> None:
        """Handle a message of the supervisor; messages about other things are ignored."""
        if isinstance(message, Granted):
            granted = self._granted.pop(message.ticket, None)
            if granted is None or granted.done():
                self._post(Release(message.ticket, None))
            else:
                granted.set_result(message.state)
        elif isinstance(message, Released):
            released = self._released.pop(message.ticket, None)
            if released is not None and not released.done():
                released.set_result(None)
        elif isinstance(message, Follow):
            task = asyncio.create_task(self._follow(message))
            self._following.add(task)
            task.add_done_callback(self._following.discard)

    async def _follow(self, message: Follow) -> None:
        self.state = state_of(message.state)
        try:
            if self._apply is not None:
                await self._apply(self.state)
        except Exception:  # noqa: BLE001 - a worker that differs from the others must not serve
            _log.exception("this worker can't follow the others, and ends")
            self._fail()
            return
        self._post(Followed(message.round))
