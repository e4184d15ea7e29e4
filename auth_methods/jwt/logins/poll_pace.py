"""Pace of polls that ask the provider: each login once in a few seconds, in each process."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

SECONDS = 1.0
"""The shortest time between two questions about one login; providers ask for five."""

_MAX_LOGINS = 10_000


class PollPace:
    """The times of the latest questions about logins."""

    def __init__(self) -> None:
        self._asked: OrderedDict[bytes, float] = OrderedDict()

    def may_ask(self, login: str, now: float) -> bool:
        """Whether the provider may be asked about ``login`` again; if so, it counts as asked ``now``."""
        name = hashlib.sha256(login.encode()).digest()
        last = self._asked.get(name)
        if last is not None and 0 <= now - last < SECONDS:
            return False
        self._asked[name] = now
        self._asked.move_to_end(name)
        if len(self._asked) > _MAX_LOGINS:
            self._asked.popitem(last=False)
        return True
