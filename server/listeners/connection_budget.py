"""A process's share of the connections to the server, and of the requests under way.

The processes of a server accept from the same sockets. Left to the kernel, one of them would often get most of a burst
of connections, and keep them, since clients keep connections open: its core would be full while others idle. So each
counts its connections where all can see it, and leaves a new one to those who have fewer.
"""

from __future__ import annotations

from server.config import schema as words
from storage.shared_memory import SharedSlots

ABSENT = 2**63
"""The count of a process that isn't serving at present: nobody leaves it anything."""


class ConnectionBudget:
    """The share of the process with ``slot`` of ``slots``.

    All processes together may have ``limit`` connections, and this one ``most_requests`` under way on each listener.
    """

    def __init__(
        self,
        slots: SharedSlots | None = None,
        slot: int = 0,
        limit: int = words.MAX_CONNECTIONS,
        most_requests: int = words.MAX_CONCURRENT_REQUESTS,
    ) -> None:
        self._slots = SharedSlots(1) if slots is None else slots
        self._slot = slot
        self._limit = limit
        self.most_requests = most_requests

    @property
    def connections(self) -> int:
        """How many this process has now."""
        return self._slots[self._slot]

    @property
    def full(self) -> bool:
        """Whether there may not be any more."""
        counts = (self._slots[slot] for slot in range(len(self._slots)))
        return sum(count for count in counts if count != ABSENT) >= self._limit

    @property
    def excess(self) -> int:
        """By how many this process has more than the one with the fewest; a sixteenth more doesn't count."""
        fewest = self._slots.lowest()
        return max(0, self.connections - fewest - (fewest >> 4))

    def begin(self) -> None:
        """This process serves from now on, and has no connections yet."""
        self._slots[self._slot] = 0

    def take(self) -> Slot:
        """Count one more connection."""
        self._slots[self._slot] += 1
        return Slot(self)

    def give_back(self) -> None:
        """Count one less."""
        self._slots[self._slot] -= 1


class Slot:
    """One connection, counted until ``close``."""

    __slots__ = ("_share",)

    def __init__(self, share: ConnectionBudget) -> None:
        self._share: ConnectionBudget | None = share

    def close(self) -> None:
        """The connection is over; to say so twice does no harm."""
        share, self._share = self._share, None
        if share is not None:
            share.give_back()
