"""Trees of tokens: whatever their size, they end at once, and what they leave is cleared away in small steps."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from auth_methods.records import TokenRecord
from engines.faults import InvalidRequest
from server.tenants.tokens.revocation import STEP
from server.tenants.tokens.store import Tokens
from storage.base import Conflict
from tests.server.tenants.tokens.test_tokens import entries, record
from tests.support.places import Place, new_place, new_tokens

MANY = 12 * STEP
"""More than a revocation clears away by itself."""


async def _family(tokens: Tokens, size: int, **fields: Any) -> tuple[str, list[TokenRecord]]:
    """The hash of a parent, and its children."""
    parent = tokens.hash((await tokens.mint(record())).id)
    return parent, [await tokens.mint(record(parent=parent, **fields)) for _ in range(size)]


async def _used(place: Place, tokens: Tokens, *minted: TokenRecord) -> None:
    """Use tokens, so that they are at hand in the cache."""
    await place.cache.catch_up()
    for token in minted:
        assert await tokens.authenticate(token.id, place.clock()) is not None


async def _cleared(place: Place, tokens: Tokens) -> None:
    for _ in range(10_000):
        if not await tokens.sweep(place.clock()):
            return
        await place.cache.catch_up()
    raise AssertionError("it never ends")


async def test_a_large_tree_ends_at_once_and_is_cleared_away_later() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    parent, children = await _family(tokens, MANY)
    grandchild = await tokens.mint(record(parent=tokens.hash(children[-1].id)))
    await _used(place, tokens, *children, grandchild)
    assert await tokens.revoke(parent)
    await place.cache.catch_up()
    assert len(await place.view.list("token/id/")) > 0, "not all is cleared away yet"
    assert await tokens.accessors(0) == []
    for token in (*children, grandchild):
        assert await tokens.authenticate(token.id, 0) is None
        assert await tokens.by_accessor(token.accessor, 0) is None
    await _cleared(place, tokens)
    assert await entries(place) == set()


async def test_clearing_away_goes_on_after_a_restart_and_in_any_process() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    parent, children = await _family(tokens, MANY)
    await _used(place, tokens, children[-1])
    await tokens.revoke(parent)
    again = await new_tokens(place)
    await place.cache.catch_up()
    assert await again.authenticate(children[-1].id, 0) is None
    await _cleared(place, again)
    assert await entries(place) == set()


async def test_a_long_chain_ends_with_its_first() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    first = await tokens.mint(record())
    last = first
    for _ in range(3 * STEP):
        last = await tokens.mint(record(parent=tokens.hash(last.id)))
    await _used(place, tokens, last)
    await tokens.revoke(tokens.hash(first.id))
    await place.cache.catch_up()
    assert await tokens.authenticate(last.id, 0) is None
    await _cleared(place, tokens)
    assert await entries(place) == set()


async def test_many_orphans_live_on() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    parent, children = await _family(tokens, 2 * STEP + 1)
    await _used(place, tokens, *children)
    assert await tokens.revoke_orphaning(parent)
    await place.cache.catch_up()
    for child in children:
        found = await tokens.authenticate(child.id, 0)
        assert found is not None
        assert found.record.parent == ""
    assert await tokens.by_hash(parent, 0) is None
    assert await place.view.list("token/tree/") == []


async def test_revoking_with_children_being_born_leaves_none_alive() -> None:
    """A regression test: of a race between them, no child comes away."""
    place = new_place()
    tokens = await new_tokens(place)
    parent = tokens.hash((await tokens.mint(record())).id)
    born: list[TokenRecord] = []

    async def give_birth(of: str, depth: int) -> None:
        try:
            child = await tokens.mint(record(parent=of))
        except (InvalidRequest, Conflict):
            return
        born.append(child)
        await asyncio.sleep(0)
        if depth:
            await asyncio.gather(*(give_birth(tokens.hash(child.id), depth - 1) for _ in range(2)))

    births = asyncio.gather(*(give_birth(parent, 3) for _ in range(20)))
    await asyncio.sleep(0)
    assert await tokens.revoke(parent)
    await births
    await place.cache.catch_up()
    assert born
    for child in born:
        assert await tokens.authenticate(child.id, 0) is None
    await _cleared(place, tokens)
    assert await entries(place) == set()


async def test_children_that_are_born_all_the_time_do_not_keep_their_parent_alive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = new_place()
    tokens = await new_tokens(place)
    parent, children = await _family(tokens, 1)
    await _used(place, tokens, *children)
    looks = 0

    async def always_another(transaction: object, hashed: str) -> object:
        nonlocal looks
        looks += 1
        raise Conflict("another child was born")

    with monkeypatch.context() as patched:
        patched.setattr("server.tenants.tokens.revocation.holdings_of", always_another)
        patched.setattr("storage.base._LONGEST_PAUSE_SECONDS", 0)
        assert await tokens.revoke(parent)
    assert looks > 1
    assert await place.view.list("token/tree/doomed/") == [parent], "its children are left for later"
    await place.cache.catch_up()
    assert await tokens.by_hash(parent, 0) is None
    assert await tokens.authenticate(children[0].id, 0) is None
    await _cleared(place, tokens)
    assert await entries(place) == set()


async def test_a_child_ends_when_its_parent_does_though_its_own_time_is_longer() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    parent = await tokens.mint(record(expire_time=place.clock() + 60))
    child = await tokens.mint(record(parent=tokens.hash(parent.id), expire_time=place.clock() + 600))
    await _used(place, tokens, child)
    place.clock.advance(59)
    await tokens.renew(tokens.hash(parent.id), 60, place.clock())
    await place.cache.catch_up()
    place.clock.advance(59)
    assert await tokens.authenticate(child.id, place.clock()) is not None, "its parent was renewed"
    place.clock.advance(1)
    assert await tokens.authenticate(child.id, place.clock()) is None


async def test_a_child_ends_with_a_parent_whose_time_was_cut_short() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    parent = await tokens.mint(record(expire_time=place.clock() + 6000))
    child = await tokens.mint(record(parent=tokens.hash(parent.id)))
    await _used(place, tokens, child)
    await tokens.renew(tokens.hash(parent.id), 60, place.clock())
    await place.cache.catch_up()
    place.clock.advance(60)
    assert await tokens.authenticate(child.id, place.clock()) is None


async def test_a_sweep_does_a_bounded_part() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    for index in range(2 * STEP + 1):
        await tokens.mint(record(expire_time=place.clock() + 60 + index / STEP))
    living = await tokens.mint(record(expire_time=place.clock() + 6000))
    place.clock.advance(120)
    assert await tokens.sweep(place.clock()) <= STEP + 1
    await _cleared(place, tokens)
    assert await place.view.list("token/id/") == [tokens.hash(living.id)]


async def test_tidying_removes_what_belongs_to_no_token() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    stray = await tokens.mint(record(expire_time=place.clock() + 60, wrapped_bytes=100))
    kept = await tokens.mint(record(expire_time=place.clock() + 60, wrapped_bytes=100))
    async with place.view.transaction() as transaction:
        transaction.delete("token/id/" + tokens.hash(stray.id))
    assert tokens.tidy()
    assert not tokens.tidy(), "it is under way"
    while not tokens.tidy():
        await asyncio.sleep(0)
    await tokens.close()
    assert len(await entries(place)) == 5
    assert await tokens.accessors(0) == [kept.accessor]
