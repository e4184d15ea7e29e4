"""The token store: what is minted is there whole, what is revoked is gone whole, and uses are counted exactly."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auth_methods.records import TokenRecord
from engines.faults import InvalidRequest
from server.tenants.tokens.store import MAX_RECORD_BYTES, Tokens
from storage.base import Conflict
from tests.support.places import Place, new_place, new_tokens


def record(**fields: Any) -> TokenRecord:
    """A token that is about to be minted."""
    defaults: dict[str, Any] = {
        "policies": ("default",),
        "path": "auth/token/create",
        "display_name": "token",
        "creation_time": 1_800_000_000.0,
    }
    return TokenRecord(**(defaults | fields))


async def entries(place: Place) -> set[str]:
    """All keys of the token store but its salt."""
    found = set()
    pending = ["token/"]
    while pending:
        folder = pending.pop()
        for name in await place.view.list(folder):
            if name.endswith("/"):
                pending.append(folder + name)
            elif folder + name not in ("token/salt", "token/batch-key"):
                found.add(folder + name)
    return found


async def test_a_minted_token_is_found_by_id_and_accessor() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    minted = await tokens.mint(record())
    assert minted.id.startswith("s.")
    assert len(minted.id) == 26
    found = await tokens.authenticate(minted.id, place.clock())
    assert found is not None
    assert found.record == minted
    by_accessor = await tokens.by_accessor(minted.accessor, place.clock())
    assert by_accessor is not None
    assert by_accessor.record == minted
    assert await tokens.authenticate(minted.id + "x", place.clock()) is None
    assert await tokens.by_accessor(minted.id, place.clock()) is None


async def test_no_key_and_no_repr_shows_a_token() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    minted = await tokens.mint(record())
    assert not any(minted.id in key or minted.accessor in key for key in await entries(place))
    assert minted.id not in repr(minted)


async def test_an_id_of_ones_own_is_taken_once() -> None:
    tokens = await new_tokens(new_place())
    await tokens.mint(record(id="mine"))
    with pytest.raises(InvalidRequest, match="duplicate ID"):
        await tokens.mint(record(id="mine"))


async def test_a_token_holds_only_so_much() -> None:
    """Each request with it reads its record, and writes its metadata to the audit."""
    place = new_place()
    tokens = await new_tokens(place)
    await tokens.mint(record(metadata={"a": "x" * (MAX_RECORD_BYTES - 1000)}))
    before = await entries(place)
    for fields in ({"metadata": {"a": "x" * MAX_RECORD_BYTES}}, {"display_name": "x" * MAX_RECORD_BYTES}):
        with pytest.raises(InvalidRequest, match="the token would be too large"):
            await tokens.mint(record(**fields))
    assert await entries(place) == before


async def test_an_expired_token_is_refused_at_once_and_swept_later() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    minted = await tokens.mint(record(expire_time=place.clock() + 60))
    child = await tokens.mint(record(parent=tokens.hash(minted.id)))
    assert await tokens.authenticate(child.id, place.clock()) is not None
    place.clock.advance(60)
    assert await tokens.authenticate(minted.id, place.clock()) is None
    assert await tokens.by_accessor(minted.accessor, place.clock()) is None
    assert await tokens.authenticate(child.id, place.clock()) is None, "it ends with its parent"
    place.clock.advance(1)
    while await tokens.sweep(place.clock()):
        await place.cache.catch_up()
    assert await entries(place) == set(), "the child goes with it"


async def test_renewing_moves_the_end() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    minted = await tokens.mint(record(expire_time=place.clock() + 60))
    place.clock.advance(30)
    renewed = await tokens.renew(tokens.hash(minted.id), 600, place.clock())
    assert renewed is not None
    assert renewed.expire_time == place.clock() + 600
    place.clock.advance(300)
    await place.cache.catch_up()
    assert await tokens.sweep(place.clock()) == 0
    assert await tokens.authenticate(minted.id, place.clock()) is not None
    assert await tokens.renew("0" * 64, 600, place.clock()) is None


async def test_revoking_takes_all_descendants_and_leaves_nothing() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    ids = [(await tokens.mint(record())).id]
    for _ in range(4):
        ids.extend([(await tokens.mint(record(parent=tokens.hash(parent)))).id for parent in ids[-2:]])
    bystander = await tokens.mint(record())
    assert await tokens.revoke(tokens.hash(ids[0]))
    await place.cache.catch_up()
    for token_id in ids:
        assert await tokens.authenticate(token_id, place.clock()) is None
    assert {key.split("/")[1] for key in await entries(place)} == {"id", "accessor", "lease"}
    assert len(await entries(place)) == 3, "only the bystander's"
    assert await tokens.authenticate(bystander.id, place.clock()) is not None
    assert not await tokens.revoke(tokens.hash(ids[0]))


async def test_orphaning_leaves_the_children() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    parent = await tokens.mint(record())
    child = await tokens.mint(record(parent=tokens.hash(parent.id)))
    grandchild = await tokens.mint(record(parent=tokens.hash(child.id)))
    assert await tokens.revoke_orphaning(tokens.hash(parent.id))
    await place.cache.catch_up()
    found = await tokens.authenticate(child.id, place.clock())
    assert found is not None
    assert found.record.parent == ""
    assert await tokens.authenticate(grandchild.id, place.clock()) is not None
    assert await tokens.authenticate(parent.id, place.clock()) is None


async def test_no_child_is_born_to_a_revoked_parent() -> None:
    tokens = await new_tokens(new_place())
    parent = await tokens.mint(record())
    hashed = tokens.hash(parent.id)

    async def give_birth() -> str | None:
        try:
            return (await tokens.mint(record(parent=hashed))).id
        except (InvalidRequest, Conflict):
            return None

    children, _ = await asyncio.gather(asyncio.gather(*(give_birth() for _ in range(10))), tokens.revoke(hashed))
    for child in children:
        assert child is None or await tokens.authenticate(child, 0) is None
    with pytest.raises(InvalidRequest):
        await tokens.mint(record(parent=hashed))


async def use_once(tokens: Tokens, token_id: str) -> int | None:
    """The uses that are left after one; None if the token has none, or is gone."""
    token = await tokens.authenticate(token_id, 0)
    if token is None:
        return None
    try:
        return (await tokens.use(token)).record.num_uses
    except LookupError:
        return None


async def _uses(tokens: Tokens, token_id: str, attempts: int) -> list[int]:
    made = await asyncio.gather(*(use_once(tokens, token_id) for _ in range(attempts)))
    return [left for left in made if left is not None]


@given(uses=st.integers(1, 6), attempts=st.integers(0, 12))
@settings(max_examples=20, deadline=None)
def test_uses_are_counted_exactly_in_a_race(uses: int, attempts: int) -> None:
    async def run() -> None:
        tokens = await new_tokens(new_place())
        minted = await tokens.mint(record(num_uses=uses))
        left = await _uses(tokens, minted.id, attempts)
        assert len(left) == min(uses, attempts)
        assert left.count(-1) == (1 if attempts >= uses else 0)

    asyncio.run(run())


async def test_the_list_of_accessors_is_complete() -> None:
    tokens = await new_tokens(new_place())
    minted = [await tokens.mint(record()) for _ in range(5)]
    assert sorted(await tokens.accessors(0)) == sorted(token.accessor for token in minted)
