"""Shamir's sharing against vectors from elsewhere, the seals, and what of them is stored."""

from __future__ import annotations

import base64
import random
from itertools import combinations, permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.base import AlreadyInitialized, Damaged, NotInitialized, Store, Unavailable, put, transact
from storage.memory import MemoryStore
from storage.seals.base import InvalidKey, InvalidSealConfig, Seal, SealConfig, SealFault
from storage.seals.progress import ShareProgress
from storage.seals.shamir import ShamirSeal, combine, split
from storage.seals.static import StaticSeal, open_static
from storage.seals.stored import (
    CONFIG_PATH,
    RECOVERY_CONFIG_PATH,
    RECOVERY_KEY_PATH,
    ROOT_KEY_PATH,
    NewShares,
    StoredSeal,
    join,
    new_shares,
)

ROOT_KEY = bytes(range(32))
KEY_1, KEY_2 = b"1" * 32, b"2" * 32

# Unseal keys as a real OpenBao 2.7.2 gave them out, `bao operator init -key-shares=4 -key-threshold=3`.
OPENBAO_SHARES = [
    bytes.fromhex(share)
    for share in (
        "f6315d69f87a72d121df7b9ca46dbf026100f21bc6a1405b4d8c9ad67ce2f87d11",
        "82d6a6a80c92b02e2c62c2eba8a819a76dbec7ed0dcfb0514b9f4221860e62e9bf",
        "3f9558eea94146baa80eeb8467d4aa5767ff5ed42989d18394aaa21625fd977f3f",
        "5379c3d9083fa1d189b5eee8be0a0bac937c677553f3375f7330ff0dbc22b67922",
    )
]


# Sharing.


def test_the_example_of_the_internet_draft() -> None:
    """draft-mcgrew-tss-03, section 9: the secret "test" and a zero byte, with the points in front there."""
    shares = [bytes.fromhex("b9fa07e185") + b"\x01", bytes.fromhex("f5409b4511") + b"\x02"]
    assert combine(shares) == combine(shares[::-1]) == b"test\x00"


def test_shares_of_openbao_combine() -> None:
    """Any three of them give one secret: only so in the same field and format."""
    secrets = {combine(chosen) for chosen in permutations(OPENBAO_SHARES, 3)}
    assert len(secrets) == 1
    assert combine(OPENBAO_SHARES) in secrets
    assert combine(OPENBAO_SHARES[:2]) not in secrets


@given(secret=st.binary(min_size=1, max_size=40), data=st.data())
def test_any_threshold_of_shares_gives_the_secret_back(secret: bytes, data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 12))
    threshold = data.draw(st.integers(2, count))
    shares = split(secret, count, threshold)
    assert len(shares) == len({share[-1] for share in shares}) == count
    assert all(len(share) == len(secret) + 1 and share[-1] != 0 for share in shares)
    chosen = data.draw(st.permutations(shares))[: data.draw(st.integers(threshold, count))]
    assert combine(chosen) == secret


def test_every_pair_of_a_large_split() -> None:
    shares = split(ROOT_KEY, 255, 2)
    assert all(combine(pair) == ROOT_KEY for pair in random.Random(1).sample(list(combinations(shares, 2)), 300))


def test_the_largest_split() -> None:
    assert combine(split(ROOT_KEY, 255, 255)) == ROOT_KEY


def test_too_few_shares_tell_nothing() -> None:
    """With one share missing, every secret is still possible, and equally likely: so the shares look uniform."""
    seen = {combine(split(b"\x00", 3, 3)[:2]) for _ in range(3000)}
    assert len(seen) > 250


def test_a_single_share_is_the_key() -> None:
    assert split(ROOT_KEY, 1, 1) == [ROOT_KEY]
    assert join(SealConfig("shamir", 1, 1), [ROOT_KEY]) == ROOT_KEY
    with pytest.raises(InvalidKey):
        join(SealConfig("shamir", 1, 1), [ROOT_KEY, ROOT_KEY])


@pytest.mark.parametrize(
    ("shares", "threshold", "text"),
    [
        (0, 0, "shares must be at least one"),
        (-1, 1, "shares must be at least one"),
        (1, 0, "threshold must be at least one"),
        (2, 1, "threshold must be greater than one for multiple shares"),
        (2, 3, "threshold cannot be larger than shares"),
        (1, 2, "threshold cannot be larger than shares"),
        (256, 2, "shares must be less than 256"),
    ],
)
def test_wrong_configurations(shares: int, threshold: int, text: str) -> None:
    for attempt in (lambda: split(ROOT_KEY, shares, threshold), lambda: new_shares(shares, threshold)):
        with pytest.raises(InvalidSealConfig) as raised:
            attempt()
        assert str(raised.value) == text


@pytest.mark.parametrize(
    ("shares", "text"),
    [
        ([], "less than two parts cannot be used to reconstruct the secret"),
        ([b"ab\x01"], "less than two parts cannot be used to reconstruct the secret"),
        ([b"\x01", b"\x02"], "parts must be at least two bytes"),
        ([b"", b""], "parts must be at least two bytes"),
        ([b"ab\x01", b"abc\x02"], "all parts must be the same length"),
        ([b"ab\x01", b"cd\x01"], "duplicate part detected"),
    ],
)
def test_what_cannot_be_shares(shares: list[bytes], text: str) -> None:
    with pytest.raises(InvalidKey) as raised:
        combine(shares)
    assert str(raised.value) == f"failed to compute combined key: {text}"


def test_progress() -> None:
    progress = ShareProgress(3)
    assert (progress.progress, progress.nonce, progress.complete) == (0, "", False)
    assert progress.add(OPENBAO_SHARES[0])
    nonce = progress.nonce
    assert len(nonce) == 36
    assert not progress.add(OPENBAO_SHARES[0])
    assert (progress.progress, progress.nonce) == (1, nonce)
    for length, text in [(15, "key is shorter than minimum 16 bytes"), (34, "key is longer than maximum 33 bytes")]:
        with pytest.raises(InvalidKey) as raised:
            progress.add(bytes(length))
        assert str(raised.value) == text
    assert progress.add(OPENBAO_SHARES[1])
    assert progress.add(OPENBAO_SHARES[2])
    assert progress.complete
    with pytest.raises(ValueError, match="taken or reset"):
        progress.add(OPENBAO_SHARES[3])
    assert progress.take() == OPENBAO_SHARES[:3]
    assert (progress.progress, progress.nonce, progress.complete) == (0, "", False)
    progress.add(OPENBAO_SHARES[0])
    assert progress.nonce != nonce
    progress.reset()
    assert (progress.progress, progress.nonce) == (0, "")


# Seals.


def shamir_seal() -> ShamirSeal:
    seal = ShamirSeal()
    seal.use(KEY_1)
    return seal


SEALS = [shamir_seal, lambda: StaticSeal(("k1", KEY_1))]


@pytest.mark.parametrize("make", SEALS)
async def test_seals_wrap_for_one_path(make: object) -> None:
    assert callable(make)
    seal: Seal = make()
    wrapped = await seal.wrap("a/b", ROOT_KEY)
    assert ROOT_KEY not in wrapped
    assert await seal.wrap("a/b", ROOT_KEY) != wrapped
    assert await seal.unwrap("a/b", wrapped) == ROOT_KEY
    assert not seal.outdated(wrapped)
    with pytest.raises(SealFault):
        await seal.unwrap("a/c", wrapped)
    for position in range(len(wrapped)):
        damaged = bytearray(wrapped)
        damaged[position] ^= 0x10
        with pytest.raises((SealFault, Damaged)):
            await seal.unwrap("a/b", bytes(damaged))
        with pytest.raises((SealFault, Damaged)):
            await seal.unwrap("a/b", wrapped[:position])


async def test_a_shamir_seal_needs_its_key() -> None:
    seal = shamir_seal()
    wrapped = await seal.wrap("a", ROOT_KEY)
    seal.use(KEY_2)
    with pytest.raises(InvalidKey, match="cipher: message authentication failed"):
        await seal.unwrap("a", wrapped)
    seal.close()
    seal.close()
    for attempt in (seal.wrap("a", ROOT_KEY), seal.unwrap("a", wrapped)):
        with pytest.raises(InvalidKey):
            await attempt
    with pytest.raises(InvalidKey):
        seal.use(b"short")
    with pytest.raises(ValueError, match="no setting"):
        ShamirSeal({"a": "b"})


async def test_a_static_seal_opens_what_its_previous_key_wrapped() -> None:
    wrapped = await StaticSeal(("k1", KEY_1)).wrap("a", ROOT_KEY)
    rotated = StaticSeal(("k2", KEY_2), ("k1", KEY_1))
    assert rotated.outdated(wrapped)
    assert await rotated.unwrap("a", wrapped) == ROOT_KEY
    with pytest.raises(InvalidKey, match="'k1', which is not configured"):
        await StaticSeal(("k2", KEY_2)).unwrap("a", wrapped)
    with pytest.raises(InvalidKey):
        await StaticSeal(("k1", KEY_2)).unwrap("a", wrapped)


RAW = bytes(range(224, 256))


@pytest.mark.parametrize(
    "text",
    [RAW.hex(), RAW.hex().upper(), base64.b64encode(RAW).decode(), base64.urlsafe_b64encode(RAW).decode().rstrip("=")],
)
async def test_keys_of_a_static_seal_come_in_any_form(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrapped = await StaticSeal(("k", RAW)).wrap("a", ROOT_KEY)
    file = tmp_path / "key"
    file.write_text(text + "\n")
    monkeypatch.setenv("KEY_FOR_TEST", text)
    for given_key in (text, f"file://{file}", "env://KEY_FOR_TEST"):
        assert await open_static({"current_key_id": "k", "current_key": given_key}).unwrap("a", wrapped) == ROOT_KEY
    file.write_bytes(RAW)
    seal = open_static({"current_key_id": "k", "current_key": f"file://{file}"})
    assert await seal.unwrap("a", wrapped) == ROOT_KEY
    monkeypatch.setenv("BAO_STATIC_SEAL_CURRENT_KEY", text)
    seal = open_static({"current_key_id": "k", "current_key": "0" * 64})
    assert await seal.unwrap("a", wrapped) == ROOT_KEY


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, "needs both 'current_key' and 'current_key_id'"),
        ({"current_key": "0" * 64}, "needs both"),
        ({"current_key_id": "a"}, "needs both"),
        ({"current_key_id": "a", "current_key": "env://NO_SUCH_VARIABLE"}, "needs both"),
        ({"current_key_id": "a", "current_key": "short"}, "current_key must be 32 bytes"),
        ({"current_key_id": "a", "current_key": "z" * 64}, "current_key must be 32 bytes"),
        ({"current_key_id": "a", "current_key": "-" * 44}, "current_key must be 32 bytes"),
        ({"current_key_id": "a" * 256, "current_key": "0" * 64}, "1 to 255 bytes"),
        ({"current_key_id": "a", "current_key": "0" * 64, "previous_key_id": "b"}, "together"),
        ({"current_key_id": "a", "current_key": "0" * 64, "previous_key": "1" * 64}, "together"),
        (
            {"current_key_id": "a", "current_key": "0" * 64, "previous_key_id": "b", "previous_key": "0" * 64},
            "different ids",
        ),
        (
            {"current_key_id": "a", "current_key": "0" * 64, "previous_key_id": "a", "previous_key": "1" * 64},
            "different ids",
        ),
        ({"current_keyid": "a"}, "no setting 'current_keyid'"),
    ],
)
def test_wrong_settings_of_a_static_seal(settings: dict[str, str], text: str) -> None:
    with pytest.raises(ValueError, match=text) as raised:
        open_static(settings)
    assert "z" * 64 not in str(raised.value)


def test_a_missing_key_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="No such file"):
        open_static({"current_key_id": "a", "current_key": f"file://{tmp_path}/none"})


# What is stored.


async def create(stored: StoredSeal, store: Store, new: NewShares | None, root_key: bytes = ROOT_KEY) -> None:
    await transact(store, lambda transaction: stored.create(transaction, root_key, new))
    if new is not None:
        stored.adopt(new)


async def test_a_shamir_seal_from_creation_to_new_shares(store: Store) -> None:
    stored = StoredSeal(store, ShamirSeal())
    assert await stored.config() is None
    with pytest.raises(NotInitialized):
        await stored.unlock(OPENBAO_SHARES)
    old = new_shares(5, 3)
    await create(stored, store, old)
    with pytest.raises(AlreadyInitialized):
        await create(stored, store, old)
    assert await stored.config() == SealConfig("shamir", 5, 3)
    assert await stored.recovery_config() is None

    fresh = StoredSeal(store, ShamirSeal())
    with pytest.raises(InvalidKey):
        await fresh.unlock(old.shares[:2])
    with pytest.raises(InvalidKey, match="failed to decrypt keys from storage"):
        await fresh.unlock([bytes([*share[:-1], share[-1] ^ 1]) for share in old.shares[:3]])
    assert (await fresh.unlock(old.shares[2:])).reveal() == ROOT_KEY
    await fresh.verify(old.shares[:3])

    # A wrong attempt doesn't make it forget the right key.
    with pytest.raises(InvalidKey):
        await fresh.verify(OPENBAO_SHARES)
    await transact(store, lambda transaction: fresh.store_root_key(transaction, bytes(32)))
    assert (await fresh.unlock(old.shares[2:])).reveal() == bytes(32)

    new = new_shares(1, 1)
    await transact(store, lambda transaction: fresh.replace_shares(transaction, ROOT_KEY, new))
    fresh.adopt(new)
    assert await fresh.config() == SealConfig("shamir", 1, 1)
    with pytest.raises(InvalidKey):
        await fresh.unlock(old.shares[:3])
    assert (await fresh.unlock(new.shares)).reveal() == ROOT_KEY
    assert not await fresh.upgrade()
    assert repr(new.shares[0]) not in repr(new)


async def test_shares_that_were_not_committed_change_nothing() -> None:
    store = MemoryStore()
    stored, old = StoredSeal(store, ShamirSeal()), new_shares(3, 2)
    await create(stored, store, old)
    with pytest.raises(KeyError):
        async with store.transaction() as transaction:
            await stored.replace_shares(transaction, ROOT_KEY, new_shares(3, 2))
            raise KeyError
    await transact(store, lambda transaction: stored.store_root_key(transaction, ROOT_KEY))
    assert (await stored.unlock(old.shares[:2])).reveal() == ROOT_KEY


async def test_a_static_seal_with_recovery_shares(store: Store) -> None:
    stored = StoredSeal(store, StaticSeal(("k1", KEY_1)))
    recovery = new_shares(3, 2)
    await create(stored, store, recovery)
    assert await stored.config() == SealConfig("static", 1, 1)
    assert await stored.recovery_config() == SealConfig("shamir", 3, 2)
    assert (await stored.unlock()).reveal() == ROOT_KEY
    await stored.verify(recovery.shares[1:])
    with pytest.raises(InvalidKey, match="does not match"):
        await stored.verify(OPENBAO_SHARES)

    rotated = StoredSeal(store, StaticSeal(("k2", KEY_2), ("k1", KEY_1)))
    assert await rotated.upgrade()
    assert not await rotated.upgrade()
    last = StoredSeal(store, StaticSeal(("k2", KEY_2)))
    assert (await last.unlock()).reveal() == ROOT_KEY
    await last.verify(recovery.shares[:2])
    new = new_shares(1, 1)
    await transact(store, lambda transaction: last.replace_shares(transaction, ROOT_KEY, new))
    await last.verify(new.shares)
    assert (await last.unlock()).reveal() == ROOT_KEY


async def test_a_static_seal_without_recovery_shares() -> None:
    store = MemoryStore()
    stored = StoredSeal(store, StaticSeal(("k1", KEY_1)))
    await create(stored, store, None)
    assert await stored.recovery_config() is None
    assert (await stored.unlock()).reveal() == ROOT_KEY
    with pytest.raises(InvalidKey, match="no recovery key"):
        await stored.verify([ROOT_KEY])


async def test_another_type_of_seal_is_told() -> None:
    store = MemoryStore()
    await create(StoredSeal(store, StaticSeal(("k1", KEY_1))), store, None)
    with pytest.raises(SealFault, match="set up as 'static', but is configured as 'shamir'"):
        await StoredSeal(store, ShamirSeal()).unlock(OPENBAO_SHARES)


async def test_a_shamir_seal_is_not_created_without_shares() -> None:
    store = MemoryStore()
    with pytest.raises(ValueError, match="without shares"):
        await create(StoredSeal(store, ShamirSeal()), store, None)
    assert await store.list("") == []


async def test_damaged_entries_are_named() -> None:
    store = MemoryStore()
    stored = StoredSeal(store, StaticSeal(("k1", KEY_1)))
    await create(stored, store, new_shares(3, 2))
    for path, read in [(CONFIG_PATH, stored.config), (RECOVERY_CONFIG_PATH, stored.recovery_config)]:
        entry = await store.get(path)
        assert entry is not None
        for position in range(len(entry)):
            await put(store, path, entry[:position] + bytes([entry[position] ^ 1]) + entry[position + 1 :])
            with pytest.raises(Damaged, match=path):
                await read()
        await put(store, path, entry)
    for path in (ROOT_KEY_PATH, RECOVERY_KEY_PATH):
        await put(store, path, b"")
        with pytest.raises(Damaged, match=path):
            await (stored.unlock() if path == ROOT_KEY_PATH else stored.verify(OPENBAO_SHARES))
        await put(store, ROOT_KEY_PATH, await stored.seal.wrap(ROOT_KEY_PATH, ROOT_KEY))
