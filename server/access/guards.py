"""What may stop or mark a request before it is looked at: cross-origin rules and quotas.

Most servers have neither. So there is one flag, ``on``, which is all that a request without them costs; it is raised as
soon as anything that is stored about them changes, and lowered when there turns out to be nothing.
"""

from __future__ import annotations

import asyncio

from server.access.cors import Cors
from server.access.quotas import Quotas
from server.tenants.limits.rate_limits import RateCounts
from storage.view import View


class Guards:
    """The guards whose records lie below ``view``."""

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
        """Take over what is stored, if it may have changed. Whoever comes while it is being read waits for it too."""
        if not self._stale:
            return
        async with self._loading:
            while self._stale:
                changes = self._changes
                await self.cors.load()
                await self.quotas.load()
                if changes != self._changes:
                    continue  # It has changed while it was being read.
                self._stale = False
                self.on = self.cors.enabled or self.quotas.any
