"""How often anybody may fail to log in: a leaking bucket for each client address, in memory.

Only failures fill a bucket, so that many machines behind one address may log in as often as they like, as long as they
can. An IPv6 client is its /64. The number of buckets is bounded: the one that was filled longest ago is forgotten.
"""

from __future__ import annotations

import math
from collections import OrderedDict

from auth_methods.addresses import network_of

MAX_ADDRESSES = 50_000
"""How many addresses are remembered."""


class LoginLimits:
    """The failures of all addresses. Each may have ``per_minute`` at once and in a minute; 0 for any number."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Address -> how full its bucket was, and when."""

    def wait_seconds(self, address: str, now: float) -> int:
        """How long ``address`` has to wait before it may try again; 0 if it may now."""
        if not self._per_minute:
            return 0
        over = self._level(network_of(address), now) + 1 - self._per_minute
        return math.ceil(over * 60 / self._per_minute) if over > 0 else 0

    def failed(self, address: str, now: float) -> None:
        """Count a failed login from ``address``."""
        if not self._per_minute:
            return
        client = network_of(address)
        self._buckets[client] = (self._level(client, now) + 1, now)
        self._buckets.move_to_end(client)
        if len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)

    def _level(self, client: str, now: float) -> float:
        level, then = self._buckets.get(client, (0.0, now))
        return max(0.0, level - max(0.0, now - then) * self._per_minute / 60)
