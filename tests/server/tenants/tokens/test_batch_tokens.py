"""Batch tokens: what is sealed is opened again whole, and by nobody else."""

from __future__ import annotations

import base64
import secrets
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_methods.records import BATCH, TokenRecord
from server.tenants.tokens.batch import MAX_CHARACTERS, MAX_KEPT_CHARACTERS, PREFIX, BatchTokens
from tests.support.places import new_place, new_tokens
from tests.support.systems import Server

KEY = secrets.token_bytes(32)


def record(**fields: Any) -> TokenRecord:
    """A batch token that is about to be sealed."""
    defaults: dict[str, Any] = {
        "type": BATCH,
        "policies": ("a", "default"),
        "path": "auth/token/create",
        "display_name": "token",
        "creation_time": 1_800_000_000.75,
        "ttl": 3600,
    }
    return TokenRecord(**(defaults | fields))


def sealed(**fields: Any) -> TokenRecord:
    """A sealed one."""
    token = BatchTokens(KEY, "ns/root/").seal(record(**fields))
    assert token is not None
    return token


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    policies=st.lists(names, max_size=5).map(tuple),
    metadata=st.none() | st.dictionaries(names, names, max_size=3),
    parent=st.sampled_from(["", "ab" * 32]),
    ttl=st.integers(1, 2**40),
)
def test_what_is_sealed_opens_again(
    policies: tuple[str, ...], metadata: dict[str, str] | None, parent: str, ttl: int
) -> None:
    token = sealed(policies=policies, metadata=metadata, parent=parent, ttl=ttl)
    assert token.id.startswith(PREFIX)
    assert (token.accessor, token.renewable, token.type) == ("", False, BATCH)
    assert token.expire_time == 1_800_000_000 + ttl
    assert BatchTokens(KEY, "ns/root/").open(token.id) == token


def test_no_two_are_alike() -> None:
    assert len({sealed().id for _ in range(50)}) == 50


def test_another_key_or_namespace_opens_nothing() -> None:
    token = sealed()
    assert BatchTokens(secrets.token_bytes(32), "ns/root/").open(token.id) is None
    assert BatchTokens(KEY, "ns/other/").open(token.id) is None


def test_a_flipped_bit_anywhere_opens_nothing() -> None:
    batch = BatchTokens(KEY, "ns/root/")
    text = sealed().id.removeprefix(PREFIX)
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 1
        assert batch.open(PREFIX + base64.urlsafe_b64encode(bytes(changed)).rstrip(b"=").decode()) is None


@given(st.text(max_size=200))
def test_nonsense_opens_nothing(text: str) -> None:
    assert BatchTokens(KEY, "ns/root/").open(PREFIX + text) is None


def test_a_token_has_one_spelling() -> None:
    token = next(token for token in (sealed(display_name="x" * size) for size in range(3)) if len(token.id[2:]) % 4)
    batch = BatchTokens(KEY, "ns/root/")
    assert batch.open(token.id) is not None
    assert batch.open(token.id + "=") is None
    last = token.id[-1]
    others = [letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" if letter != last]
    assert all(batch.open(token.id[:-1] + letter) is None for letter in others)


def test_what_is_too_large_is_not_sealed() -> None:
    assert BatchTokens(KEY, "ns/root/").seal(record(metadata={"a": "x" * MAX_CHARACTERS})) is None


def test_a_closed_store_seals_nothing() -> None:
    batch = BatchTokens(KEY, "ns/root/")
    batch.close()
    with pytest.raises(ValueError, match="closed"):
        batch.seal(record())


async def test_nothing_is_stored_and_it_works_after_a_restart() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    revision = place.store.revision
    token = await tokens.mint(record(creation_time=place.clock()))
    assert place.store.revision == revision
    again = await new_tokens(place)
    found = await again.authenticate(token.id, place.clock())
    assert found is not None
    assert found.record == token
    place.clock.advance(3600)
    assert await again.authenticate(token.id, place.clock()) is None


async def test_it_ends_with_its_parent_and_with_that_of_its_parent() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    grandparent = await tokens.mint(record(type="service", creation_time=place.clock()))
    parent = await tokens.mint(record(type="service", creation_time=place.clock(), parent=tokens.hash(grandparent.id)))
    first = await tokens.mint(record(creation_time=place.clock(), parent=tokens.hash(grandparent.id)))
    second = await tokens.mint(record(creation_time=place.clock(), parent=tokens.hash(parent.id)))
    for token in (first, second):
        assert await tokens.authenticate(token.id, place.clock()) is not None
    await tokens.revoke(tokens.hash(grandparent.id))
    await place.cache.catch_up()
    for token in (first, second):
        assert await tokens.authenticate(token.id, place.clock()) is None


async def test_it_ends_when_a_parent_without_other_children_is_revoked(server: Server) -> None:
    parent, _ = await server.token_for('path "auth/token/create" { capabilities = ["update"] }')
    status, answer = await server.ask("POST", "auth/token/create", {"type": "batch"}, token=parent)
    assert status == 200
    child = answer["auth"]["client_token"]
    assert (await server.ask("GET", "auth/token/lookup-self", token=child))[0] == 200
    assert (await server.ask("POST", "auth/token/revoke", {"token": parent}))[0] == 204
    assert (await server.ask("GET", "auth/token/lookup-self", token=child))[0] == 403


@pytest.mark.parametrize(
    ("mount", "user", "made"),
    [
        ("default-service", "", "service"),
        ("default-service", "batch", "batch"),
        ("default-batch", "", "batch"),
        ("default-batch", "service", "service"),
        ("batch", "service", "batch"),
        ("service", "batch", "service"),
    ],
)
async def test_a_login_gets_the_kind_that_mount_and_user_say(mount: str, user: str, made: str) -> None:
    server = await Server().unsealed()
    assert (await server.ask("POST", "sys/auth/u", {"type": "userpass", "config": {"token_type": mount}}))[0] == 204
    await server.ask("POST", "auth/u/users/a", {"password": "x", "token_type": user, "token_policies": ["p"]})
    status, answer = await server.ask("POST", "auth/u/login/a", {"password": "x"}, token="")
    assert (status, answer["auth"]["token_type"]) == (200, made)
    assert answer["auth"]["renewable"] == (made == "service")
    token = answer["auth"]["client_token"]
    status, answer = await server.ask("GET", "auth/token/lookup-self", token=token)
    assert (status, answer["data"]["type"], answer["data"]["path"]) == (200, made, "auth/u/login/a")
    await server.core.stop()


async def test_uses_of_a_batch_token_can_t_be_counted_so_none_is_made() -> None:
    server = await Server().unsealed()
    await server.ask("POST", "sys/auth/u", {"type": "userpass", "config": {"token_type": "batch"}})
    await server.ask("POST", "auth/u/users/a", {"password": "x", "token_num_uses": 2})
    refused = (400, {"errors": ['batch tokens cannot have "num_uses" set']})
    assert await server.ask("POST", "auth/u/login/a", {"password": "x"}, token="") == refused
    await server.core.stop()


async def test_long_tokens_are_not_kept_opened() -> None:
    """They hold their record, so twenty thousand of them would be much."""
    tokens = await new_tokens(new_place())
    for characters, kept in ((100, 1), (MAX_KEPT_CHARACTERS, 1)):
        minted = await tokens.mint(record(metadata={"note": "x" * characters}, expire_time=2e9))
        assert len(minted.id) > characters
        for _ in range(2):
            found = await tokens.authenticate(minted.id, 1_800_000_001.0)
            assert found is not None and found.record == minted
        assert len(tokens._opened) == kept
