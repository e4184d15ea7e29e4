"""The barrier: nothing readable below it, nothing wrong above it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.barrier.barrier import OVERHEAD_BYTES, Barrier
from storage.barrier.encryption_count import BLOCK
from storage.barrier.keyring import KEYRING_PATH, MAX_TERMS, Keyring, new_keyring
from storage.base import (
    AlreadyInitialized,
    BarrierSealed,
    Damaged,
    NotInitialized,
    StorageFault,
    Store,
    Transaction,
    Unavailable,
    WrongRootKey,
    put,
    transact,
)
from storage.memory import MemoryStore
from tests.storage.conftest import ROOT_KEY, open_barrier, open_store

OTHER_ROOT_KEY = bytes(32)
SALT = b"s" * 32
KEY = "ns/root/a/b"


async def raw(store: Store, key: str) -> bytes:
    value = await store.get(key)
    assert value is not None
    return value


@given(value=st.binary(max_size=300), name=st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1))
@settings(max_examples=60, deadline=None)
async def test_what_goes_in_comes_out_and_is_not_seen_below(value: bytes, name: str) -> None:
    store = MemoryStore()
    barrier = await open_barrier(store)
    key = "ns/root/" + name.replace("/", "-")
    await put(barrier, key, value)
    assert await barrier.get(key) == value
    async with barrier.transaction() as transaction:
        assert await transaction.get(key) == value
    record = await raw(store, key)
    assert len(record) == len(value) + OVERHEAD_BYTES
    assert record[:5] == b"\x01\x00\x00\x00\x01"
    if len(value) > 3:
        assert value not in record


async def test_the_same_value_is_never_encrypted_the_same() -> None:
    store = MemoryStore()
    barrier = await open_barrier(store)
    records = set()
    for _ in range(20):
        await put(barrier, KEY, b"value")
        records.add(await raw(store, KEY))
    assert len({record[5:17] for record in records}) == 20


@given(data=st.data())
@settings(max_examples=150, deadline=None)
async def test_any_flipped_bit_or_cut_is_damage(data: st.DataObject) -> None:
    store = MemoryStore()
    barrier = await open_barrier(store)
    await barrier.rotate()
    await put(barrier, KEY, b"a value")
    record = bytearray(await raw(store, KEY))
    if data.draw(st.booleans()):
        bit = data.draw(st.integers(0, 8 * len(record) - 1))
        record[bit // 8] ^= 1 << bit % 8
    else:
        del record[data.draw(st.integers(0, len(record) - 1)) :]
    await put(store, KEY, bytes(record))
    with pytest.raises(Damaged, match=KEY):
        await barrier.get(KEY)


async def test_an_entry_that_was_moved_is_damage() -> None:
    store = MemoryStore()
    barrier = await open_barrier(store)
    await put(barrier, KEY, b"value")
    await put(store, "ns/root/a/c", await raw(store, KEY))
    with pytest.raises(Damaged, match="ns/root/a/c"):
        await barrier.get("ns/root/a/c")
    with pytest.raises(Damaged, match="ns/root/a/c"):
        async with barrier.transaction() as transaction:
            await transaction.get("ns/root/a/c")


async def test_one_namespace_cannot_open_what_is_anothers() -> None:
    store = MemoryStore()
    barrier = await open_barrier(store)
    barrier.add_namespace("tenant", SALT)
    await put(barrier, "ns/tenant/a", b"theirs")
    assert await barrier.get("ns/tenant/a") == b"theirs"
    await put(store, "ns/root/a", await raw(store, "ns/tenant/a"))
    with pytest.raises(Damaged):
        await barrier.get("ns/root/a")
    barrier.remove_namespace("tenant")
    barrier.add_namespace("tenant", b"t" * 32)
    with pytest.raises(Damaged):
        await barrier.get("ns/tenant/a")
    barrier.remove_namespace("tenant")
    barrier.add_namespace("tenant", SALT)
    barrier.add_namespace("tenant", SALT)
    assert await barrier.get("ns/tenant/a") == b"theirs"


@pytest.mark.parametrize(
    "key", ["core/keyring", "a", "ns", "ns/root", "ns/other/a", "ns//a", "nsx/root/a", "/ns/root/a"]
)
async def test_what_is_in_no_namespace_is_refused(key: str) -> None:
    barrier = await open_barrier(MemoryStore())
    with pytest.raises(ValueError, match="no namespace"):
        await barrier.get(key)
    with pytest.raises(ValueError, match="no namespace"):
        await put(barrier, key, b"")
    with pytest.raises(ValueError, match="no namespace"):
        async with barrier.transaction() as transaction:
            transaction.delete(key)
    for prefix in ("", "ns/", "core/", key + "/" if key != "ns/root" else ""):
        with pytest.raises(ValueError, match="no namespace"):
            await barrier.list(prefix)
        with pytest.raises(ValueError, match="no namespace"):
            async with barrier.transaction() as transaction:
                await transaction.list(prefix)


async def test_namespaces_are_checked() -> None:
    barrier = await open_barrier(MemoryStore())
    for identifier, salt in [("", SALT), ("a/b", SALT), ("a", b"short"), ("root", SALT)]:
        with pytest.raises(ValueError):
            barrier.add_namespace(identifier, salt)
    with pytest.raises(ValueError):
        barrier.remove_namespace("root")
    barrier.remove_namespace("unknown")


# Sealing.


async def test_life_of_a_barrier(store: Store) -> None:
    barrier = Barrier(store)
    assert barrier.sealed
    assert not await barrier.initialized()
    with pytest.raises(NotInitialized):
        await barrier.unseal(ROOT_KEY)
    await barrier.initialize(ROOT_KEY)
    assert barrier.sealed
    assert await barrier.initialized()
    with pytest.raises(AlreadyInitialized):
        await barrier.initialize(OTHER_ROOT_KEY)
    with pytest.raises(WrongRootKey):
        await barrier.unseal(OTHER_ROOT_KEY)
    assert barrier.sealed
    await barrier.unseal(ROOT_KEY)
    assert not barrier.sealed
    await put(barrier, KEY, b"value")
    barrier.seal()
    barrier.seal()
    assert barrier.sealed
    await barrier.unseal(ROOT_KEY)
    assert await barrier.get(KEY) == b"value"


async def test_a_sealed_barrier_does_nothing() -> None:
    barrier = await open_barrier(MemoryStore())
    await put(barrier, KEY, b"value")
    barrier.seal()
    with pytest.raises(BarrierSealed):
        await barrier.get(KEY)
    with pytest.raises(BarrierSealed):
        await barrier.list("ns/root/")
    with pytest.raises(BarrierSealed):
        async with barrier.transaction():
            pass
    with pytest.raises(BarrierSealed):
        barrier.add_namespace("a", SALT)
    for action in (barrier.rotate, barrier.reload, barrier.key_status):
        with pytest.raises(BarrierSealed):
            await action()
    with pytest.raises(BarrierSealed):
        await barrier.rekey(OTHER_ROOT_KEY)


async def test_sealing_zeroes_and_forgets() -> None:
    barrier = await open_barrier(MemoryStore())
    await put(barrier, KEY, b"value")
    keys = barrier._keys
    assert keys is not None
    held = [keys.root_key._bytes, *(term.key._bytes for term in keys.keyring.terms.values())]
    assert all(any(secret) for secret in held)
    barrier.seal()
    assert not any(any(secret) for secret in held)
    assert not keys._ciphers


async def test_a_transaction_does_not_outlive_the_seal(store: Store) -> None:
    barrier = await open_barrier(store)
    with pytest.raises(BarrierSealed):
        async with barrier.transaction() as transaction:
            transaction.put(KEY, b"value")
            barrier.seal()
            await barrier.unseal(ROOT_KEY)
    assert await barrier.get(KEY) is None


async def test_sealing_while_keys_are_changed_is_told(tmp_path: Path) -> None:
    async with open_store("sqlite", tmp_path) as store:
        barrier = await open_barrier(store)
        actions = (barrier.rotate(), barrier.rekey(OTHER_ROOT_KEY), barrier.reload())
        changing = [asyncio.ensure_future(action) for action in actions]
        await asyncio.sleep(0)  # The first waits for its read of the keyring, the others for the first.
        barrier.seal()
        results = await asyncio.gather(*changing, return_exceptions=True)
        assert [type(result) for result in results] == [BarrierSealed] * 3
        await barrier.unseal(ROOT_KEY)
        assert (await barrier.key_status()).term == 1


@pytest.mark.parametrize("key", [b"", b"short", bytes(33)])
async def test_root_keys_have_32_bytes(key: bytes) -> None:
    barrier = Barrier(MemoryStore())
    for action in (barrier.initialize, barrier.unseal, barrier.rekey):
        with pytest.raises(ValueError, match="32 bytes"):
            await action(key)


async def test_what_is_written_with_the_keyring_shares_its_fate(store: Store) -> None:
    async def also(transaction: Transaction) -> None:
        transaction.put("core/other", b"with it")

    async def fails(transaction: Transaction) -> None:
        transaction.put("core/other", b"without it")
        raise KeyError

    barrier = Barrier(store)
    with pytest.raises(KeyError):
        await barrier.initialize(ROOT_KEY, fails)
    assert not await barrier.initialized()
    await barrier.initialize(ROOT_KEY, also)
    await barrier.unseal(ROOT_KEY)
    with pytest.raises(KeyError):
        await barrier.rekey(OTHER_ROOT_KEY, fails)
    assert await store.get("core/other") == b"with it"
    barrier.seal()
    await barrier.unseal(ROOT_KEY)


# Keyring.


@given(bit=st.integers(0, 8 * 128))
@settings(max_examples=150, deadline=None)
async def test_a_damaged_keyring_never_opens_wrong(bit: int) -> None:
    store = MemoryStore()
    barrier = await open_barrier(store)
    entry = bytearray(await raw(store, KEYRING_PATH))
    entry[bit // 8] ^= 1 << bit % 8
    await put(store, KEYRING_PATH, bytes(entry))
    other = Barrier(store)
    if bit < 8 * 32:
        # Only the check is damaged: the key is right all the same, and opens it.
        await other.unseal(ROOT_KEY)
    else:
        with pytest.raises(Damaged, match=KEYRING_PATH):
            await other.unseal(ROOT_KEY)
    with pytest.raises(StorageFault):
        await other.unseal(OTHER_ROOT_KEY)
    assert barrier.sealed is False


async def test_an_empty_keyring_entry_is_an_error() -> None:
    store = MemoryStore()
    await open_barrier(store)
    await put(store, KEYRING_PATH, b"")
    with pytest.raises(WrongRootKey):
        await Barrier(store).unseal(ROOT_KEY)


async def test_rotation_keeps_old_entries_readable(store: Store) -> None:
    barrier = await open_barrier(store)
    barrier.add_namespace("tenant", SALT)
    for term in range(1, 5):
        for namespace in ("root", "tenant"):
            await put(barrier, f"ns/{namespace}/{term}", str(term).encode())
        assert (await raw(store, f"ns/root/{term}"))[1:5] == term.to_bytes(4, "big")
        assert await barrier.rotate() == term + 1
    barrier.seal()
    await barrier.unseal(ROOT_KEY)
    barrier.add_namespace("tenant", SALT)
    for term in range(1, 5):
        for namespace in ("root", "tenant"):
            assert await barrier.get(f"ns/{namespace}/{term}") == str(term).encode()
    await put(barrier, "ns/root/1", b"again")
    assert (await raw(store, "ns/root/1"))[1:5] == (5).to_bytes(4, "big")


async def test_rotations_at_once_each_add_a_term(store: Store) -> None:
    barrier, other = await open_barrier(store), Barrier(store)
    await other.unseal(ROOT_KEY)
    terms = await asyncio.gather(*(one.rotate() for one in (barrier, other) * 3))
    assert sorted(terms) == [2, 3, 4, 5, 6, 7]
    await put(barrier, KEY, b"value")
    assert await other.get(KEY) == b"value"


async def test_a_term_of_another_process_is_looked_up() -> None:
    store = MemoryStore()
    barrier, other = await open_barrier(store), Barrier(store)
    await other.unseal(ROOT_KEY)
    await barrier.rotate()
    await put(barrier, KEY, b"value")
    assert await other.get(KEY) == b"value"
    assert (await other.key_status()).term == 2


async def test_rekey_changes_the_root_key_and_nothing_else(store: Store) -> None:
    barrier = await open_barrier(store)
    await put(barrier, KEY, b"value")
    await barrier.rekey(OTHER_ROOT_KEY)
    await barrier.rotate()
    assert await barrier.get(KEY) == b"value"
    other = Barrier(store)
    with pytest.raises(WrongRootKey):
        await other.unseal(ROOT_KEY)
    await other.unseal(OTHER_ROOT_KEY)
    assert await other.get(KEY) == b"value"


async def test_cancelling_a_rekey_leaves_no_half_of_it(tmp_path: Path) -> None:
    async with open_store("sqlite", tmp_path) as store:
        barrier = await open_barrier(store)
        committing, committed = asyncio.Event(), asyncio.Event()

        async def also(transaction: Transaction) -> None:
            committing.set()
            await committed.wait()

        rekeying = asyncio.create_task(barrier.rekey(OTHER_ROOT_KEY, also))
        await committing.wait()
        rekeying.cancel()
        assert isinstance((await asyncio.gather(rekeying, return_exceptions=True))[0], asyncio.CancelledError)
        committed.set()
        assert await barrier.rotate() == 2
        await Barrier(store).unseal(OTHER_ROOT_KEY)


async def test_an_unsealed_barrier_takes_a_new_root_key() -> None:
    store = MemoryStore()
    barrier, other = await open_barrier(store), Barrier(store)
    await other.unseal(ROOT_KEY)
    other.add_namespace("tenant", SALT)
    await barrier.rekey(OTHER_ROOT_KEY)
    with pytest.raises(WrongRootKey):
        await other.rotate()
    with pytest.raises(WrongRootKey):
        await other.unseal(ROOT_KEY)
    await other.unseal(OTHER_ROOT_KEY)
    assert await other.rotate() == 2
    await put(other, "ns/tenant/a", b"value")
    assert await other.get("ns/tenant/a") == b"value"


def test_a_full_keyring_refuses() -> None:
    keyring = new_keyring(0)
    full = Keyring(keyring.root_salt, dict.fromkeys(range(1, MAX_TERMS + 1), keyring.newest))
    with pytest.raises(Unavailable):
        full.rotated(1)


# Counting.


async def test_encryptions_are_counted() -> None:
    now = 1000.0
    barrier = Barrier(MemoryStore(), lambda: now)
    await barrier.initialize(ROOT_KEY)
    await barrier.unseal(ROOT_KEY)
    status = await barrier.key_status()
    assert (status.term, status.installed, status.encryptions) == (1, 1000.0, 0)
    for _ in range(5):
        await put(barrier, KEY, b"value")
    assert (await barrier.key_status()).encryptions == 5
    now = 2000.0
    await barrier.rotate()
    status = await barrier.key_status()
    assert (status.term, status.installed, status.encryptions) == (2, 2000.0, 0)


async def test_a_restart_never_counts_too_low(store: Store) -> None:
    barrier = await open_barrier(store)
    done = 0
    for _ in range(3):
        for _ in range(4):
            await put(barrier, KEY, b"value")
            done += 1
            assert (await barrier.key_status()).encryptions >= done
        barrier = Barrier(store)
        await barrier.unseal(ROOT_KEY)
    assert (await barrier.key_status()).encryptions == 3 * BLOCK


async def test_processes_count_together() -> None:
    store = MemoryStore()
    barrier, other = await open_barrier(store), Barrier(store)
    await other.unseal(ROOT_KEY)
    await asyncio.gather(*(put(one, f"ns/root/{n}", b"") for n in range(5) for one in (barrier, other)))
    assert (await barrier.key_status()).encryptions == BLOCK + 5
    assert (await other.key_status()).encryptions == BLOCK + 5


async def test_most_writes_write_nothing_else(store: Store) -> None:
    barrier = await open_barrier(store)
    await put(barrier, KEY, b"value")
    revision = store.revision
    for _ in range(10):
        await put(barrier, KEY, b"value")
    assert store.revision == revision + 10


async def test_a_transaction_larger_than_a_block_is_covered() -> None:
    store = MemoryStore()
    barrier = await open_barrier(store)
    async with barrier.transaction() as transaction:
        for number in range(BLOCK + 5):
            transaction.put(f"ns/root/{number}", b"")
    other = Barrier(store)
    await other.unseal(ROOT_KEY)
    assert (await other.key_status()).encryptions == 2 * BLOCK


async def test_a_damaged_count_is_an_error_not_a_low_count() -> None:
    store = MemoryStore()
    barrier = await open_barrier(store)
    await put(barrier, KEY, b"value")
    record = bytearray(await raw(store, "core/encryptions/1"))
    record[-1] ^= 1
    await put(store, "core/encryptions/1", bytes(record))
    with pytest.raises(Damaged, match="core/encryptions/1"):
        await barrier.key_status()


async def test_transact_through_the_barrier() -> None:
    store = MemoryStore()
    barrier = await open_barrier(store)

    async def run(letter: bytes) -> None:
        async def work(transaction: Transaction) -> None:
            transaction.put(KEY, (await transaction.get(KEY) or b"") + letter)

        await transact(barrier, work)

    await asyncio.gather(*(run(bytes([letter])) for letter in b"abcdef"))
    assert sorted(await barrier.get(KEY) or b"") == list(b"abcdef")
