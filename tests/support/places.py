"""Storage and clocks for tests of the core's parts."""

from __future__ import annotations

from dataclasses import dataclass

from server.tenants.identity.effective_identity import EffectiveIdentities
from server.tenants.policies.store import PolicyStore
from server.tenants.tokens.store import Tokens
from storage.cache import ObjectCache
from storage.memory import MemoryStore
from storage.view import View


class MovableClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self.now += seconds


@dataclass(frozen=True, slots=True)
class Place:
    """A store in memory, a cache over it and a view of all of it."""

    store: MemoryStore
    cache: ObjectCache
    view: View
    clock: MovableClock


def new_place() -> Place:
    """An empty one."""
    store = MemoryStore()
    cache = ObjectCache(store)
    return Place(store, cache, View(store, "", cache), MovableClock())


async def new_tokens(place: Place) -> Tokens:
    """A token store in ``place``."""
    policies = PolicyStore(place.view.within("policy/"), place.clock)
    return await Tokens.open(place.view.within("token/"), policies, EffectiveIdentities(place.view.within("identity/")))
