"""The token store against a model of it: whatever is done in whatever order, the same tokens are good."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.faults import InvalidRequest
from server.tenants.tokens import revocation
from server.tenants.tokens.store import Tokens
from tests.server.tenants.tokens.test_tokens import entries, record
from tests.support.places import Place, new_place, new_tokens

Action = tuple[str, int, int]
"""What is done, to which of the tokens so far, and a number of seconds."""

ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["mint", "mint", "mint", "batch", "renew", "revoke", "orphan", "wait", "sweep", "restart"]),
        st.integers(0, 15),
        st.sampled_from([0, 1, 10, 60]),
    ),
    max_size=40,
)


@dataclass
class Known:
    """A token as the model has it."""

    id: str
    parent: Known | None
    end: float
    batch: bool = False
    revoked: bool = False
    children: list[Known] = field(default_factory=list)

    def good(self, now: float) -> bool:
        ended = self.revoked or (self.end != 0 and self.end <= now)
        return not ended and (self.parent is None or self.parent.good(now))


class World:
    """The store and the model."""

    def __init__(self, place: Place, tokens: Tokens) -> None:
        self.place = place
        self.tokens = tokens
        self.known: list[Known] = []

    async def do(self, action: Action) -> None:
        what, which, seconds = action
        now = self.place.clock()
        await self.place.cache.catch_up()
        chosen = self.known[which % len(self.known)] if self.known else None
        if what in ("mint", "batch"):
            await self._mint(chosen, seconds, batch=what == "batch")
        elif what == "wait":
            self.place.clock.advance(seconds)
        elif what == "sweep":
            while await self.tokens.sweep(now):
                pass
        elif what == "restart":
            self.tokens = await new_tokens(self.place)
        elif chosen is not None and not chosen.batch and chosen.good(now):
            hashed = self.tokens.hash(chosen.id)
            if what == "renew":
                chosen.end = now + 1 + seconds
                assert await self.tokens.renew(hashed, 1 + seconds, now) is not None
            elif what == "revoke":
                chosen.revoked = True
                assert await self.tokens.revoke(hashed)
            elif what == "orphan":
                assert await self.tokens.revoke_orphaning(hashed)
                chosen.revoked = True
                for child in chosen.children:
                    if not child.batch:
                        child.parent = None

    async def _mint(self, parent: Known | None, seconds: int, *, batch: bool) -> None:
        now = int(self.place.clock())
        if parent is not None and (parent.batch or not parent.good(now)):
            parent = None
        end = now + seconds if seconds or batch else 0
        try:
            token = await self.tokens.mint(
                record(
                    type="batch" if batch else "service",
                    creation_time=now,
                    ttl=seconds,
                    expire_time=end,
                    parent="" if parent is None else self.tokens.hash(parent.id),
                )
            )
        except InvalidRequest:
            raise AssertionError("a good token may have children") from None
        made = Known(token.id, parent, end, batch)
        self.known.append(made)
        if parent is not None:
            parent.children.append(made)

    async def check(self) -> None:
        await self.place.cache.catch_up()
        now = self.place.clock()
        for token in self.known:
            found = await self.tokens.authenticate(token.id, now)
            assert (found is not None) == token.good(now)


@pytest.mark.parametrize("steps_at_once", [0, 10])
@given(actions=ACTIONS)
@settings(max_examples=40, deadline=None)
def test_the_same_tokens_are_good_as_in_the_model(steps_at_once: int, actions: list[Action]) -> None:
    """Whether trees are cleared away at once, or left for later."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(revocation, "STEP", 2)
        patched.setattr(revocation, "_STEPS_AT_ONCE", steps_at_once)
        _compare(actions)


def _compare(actions: list[Action]) -> None:
    async def run() -> None:
        place = new_place()
        world = World(place, await new_tokens(place))
        for action in actions:
            await world.do(action)
            await world.check()
        living = {world.tokens.hash(token.id) for token in world.known if token.good(place.clock()) and not token.batch}
        while await world.tokens.sweep(place.clock() + 1):
            pass
        left = {key.rpartition("/")[2] for key in await entries(place) if key.startswith("token/id/")}
        soon = {world.tokens.hash(token.id) for token in world.known if token.good(place.clock() + 1)}
        assert left <= living
        assert left >= soon & living

    asyncio.run(run())
