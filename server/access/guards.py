"""Guards that may refuse or mark a request before any other step: cross-origin rules and quotas.

Most servers have neither, so one flag, ``on``, is their whole cost to a request; it is raised when a stored record of
theirs changes, and lowered if there turns out to be none.
"""

from __future__ import annotations

import asyncio

from server.access.cors import Cors
from server.access.quotas import Quotas
from server.tenants.limits.rate_limits import RateCounts
from storage.view import View


class Guards:
    """The guards with records below ``view``."""

    def __init__(self, view: View, counts: RateCounts) -> None:
        self.cors = Cors(view)
        self.quotas = Quotas(view, counts)
        self.on = True
        """Whether a request has to be shown to the guards, after ``load``."""

        self._loading = asyncio.Lock()
        self._changes = 0
        self._stale = True
        view.watch(self._changed)

    def _changed(self) -> None:
        self._changes += 1
        self.on = self._stale = True

    async def load(self) -> None:
        """Load the stored records, if they may have changed; concurrent callers wait for it too."""
        if not self._stale:
            return
        async with self._loading:
            while self._stale:
                changes = self._changes
                await self.cors.load()
                await self.quotas.load()
                if changes != self._changes:
                    continue  # It has changed during the read.
                self._stale = False
                self.on = self.cors.enabled or self.quotas.any
