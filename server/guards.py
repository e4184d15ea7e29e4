"""What may stop or mark a request before it is looked at: cross-origin rules and quotas.

Most servers have neither. So there is one flag, ``on``, which is all that a request without them costs; it is raised as
soon as anything that is stored about them changes, and lowered when there turns out to be nothing.
"""

from __future__ import annotations

from server.cors import Cors
from server.quotas import Quotas
from server.rate_limits import RateCounts
from storage.view import View


class Guards:
    """The guards whose records lie below ``view``."""

    def __init__(self, view: View, counts: RateCounts) -> None:
        self.cors = Cors(view)
        self.quotas = Quotas(view, counts)
        self.on = True
        """Whether a request has to be shown to the guards, after ``load``."""

        self._stale = True
        view.watch(self._changed)

    def _changed(self) -> None:
        self.on = self._stale = True

    async def load(self) -> None:
        """Take over what is stored, if it may have changed."""
        if not self._stale:
            return
        self._stale = False
        try:
            await self.cors.load()
            await self.quotas.load()
        except BaseException:
            self._stale = True
            raise
        # Unless it changed meanwhile.
        self.on = self._stale or self.cors.enabled or self.quotas.any
