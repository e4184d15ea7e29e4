"""The supervisor's copy of the shared state, and the queue of its writers.

One party at a time holds the state. When it releases a changed state, all others are sent it and must follow; then the
writer is told, and the next has its turn. A party that leaves while holding the state has changed nothing; one that
leaves while it should follow is no longer waited for: its replacement starts from the new state.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

from server.processes.messages import Follow, Granted, Released, ToWorker
from server.seal.shared_state import StateRecord


class Participant(Protocol):
    """A party to the shared state."""

    def tell(self, message: ToWorker) -> None:
        """Send a message; never fails, since an unreachable party is about to leave."""


class SharedStateServer:
    """The parties from ``join`` to ``leave``, and the state."""

    def __init__(self) -> None:
        self.state = StateRecord()
        self._parties: set[Participant] = set()
        self._waiting: deque[tuple[Participant, int]] = deque()
        self._holder: tuple[Participant, int] | None = None
        self._following: set[Participant] = set()
        self._round = 0

    @property
    def following(self) -> frozenset[Participant]:
        """The parties that were sent a new state and haven't followed yet."""
        return frozenset(self._following)

    def join(self, party: Participant) -> None:
        """Add a party; it has no state before it asks."""
        self._parties.add(party)

    def leave(self, party: Participant) -> None:
        """Remove a party, and stop waiting for it."""
        self._parties.discard(party)
        self._waiting = deque(item for item in self._waiting if item[0] is not party)
        if party in self._following:
            self._following.discard(party)
            self._followed_by_all()
        elif self._holder is not None and self._holder[0] is party and not self._following:
            self._holder = None
            self._next()

    def acquire(self, party: Participant, ticket: int) -> None:
        """Queue ``party`` for the state."""
        self._waiting.append((party, ticket))
        self._next()

    def release(self, party: Participant, ticket: int, state: StateRecord | None) -> None:
        """Take the state back, changed or not (None)."""
        if self._holder != (party, ticket) or self._following:
            return
        if state is not None and state != self.state:
            self.state = state
            self._round += 1
            self._following = self._parties - {party}
            for other in list(self._following):
                other.tell(Follow(self._round, state))
        self._followed_by_all()

    def followed(self, party: Participant, number: int) -> None:
        """Record that ``party`` has followed round ``number``."""
        if number == self._round and party in self._following:
            self._following.discard(party)
            self._followed_by_all()

    def _followed_by_all(self) -> None:
        if self._following or self._holder is None:
            return
        (holder, ticket), self._holder = self._holder, None
        if holder in self._parties:
            holder.tell(Released(ticket))
        self._next()

    def _next(self) -> None:
        if self._holder is None and self._waiting:
            self._holder = self._waiting.popleft()
            party, ticket = self._holder
            party.tell(Granted(ticket, self.state))
