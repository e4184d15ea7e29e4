"""Connection budget of a process: its share of the server's connections, and of the requests under way.

The processes of a server accept from the same sockets. The kernel alone would often give one of them most of a burst of
connections, which clients keep open: its core would be busy while others idle. So each process counts its connections
in shared memory, and leaves new ones to processes with fewer.
"""

from __future__ import annotations

from server.config import schema as words
from storage.shared_memory import SharedSlots

ABSENT = 2**63
"""The count of a process that isn't serving at present, to which no connection is left."""


class ConnectionBudget:
    """The budget of the process with ``slot`` of ``slots``.

    All processes together may have ``limit`` connections, and this one ``most_requests`` requests on each listener.
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
        """The connections of this process."""
        return self._slots[self._slot]

    @property
    def full(self) -> bool:
        """Whether the limit is reached."""
        counts = (self._slots[slot] for slot in range(len(self._slots)))
        return sum(count for count in counts if count != ABSENT) >= self._limit

    @property
    def excess(self) -> int:
        """The number of connections above the process with the fewest; up to a sixteenth more doesn't count."""
        fewest = self._slots.lowest()
        return max(0, self.connections - fewest - (fewest >> 4))

    def begin(self) -> None:
        """Start serving, with no connections yet."""
        self._slots[self._slot] = 0

    def take(self) -> Slot:
        """Count a new connection."""
        self._slots[self._slot] += 1
        return Slot(self)

    def give_back(self) -> None:
        """Count the end of a connection."""
        self._slots[self._slot] -= 1


class Slot:
    """One connection, counted until ``close``."""

    __slots__ = ("_share",)

    def __init__(self, share: ConnectionBudget) -> None:
        self._share: ConnectionBudget | None = share

    def close(self) -> None:
        """Count the connection's end; further calls have no effect."""
        share, self._share = self._share, None
        if share is not None:
            share.give_back()
