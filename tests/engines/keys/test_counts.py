"""How often keys have encrypted: never counted too low, cheap, and what happens at the limit."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.base import Mount, Operation
from engines.faults import Fault, InvalidRequest
from engines.keys.counting.reservation import LimitReached
from engines.keys.encryption_count import FIRST_BLOCK, LARGEST_BLOCK, VersionCount
from engines.keys.records import VersionTotal, decode_totals, encode_totals
from engines.transit.routes import TRANSIT
from storage.base import Damaged, Unavailable, put
from storage.cache import ObjectCache
from storage.view import View
from tests.engines.driver import Driver, message_of

HELLO = "aGVsbG8="
ENTRY = "encryptions/k"


class Crowd:
    """Several processes over one store."""

    def __init__(self, size: int) -> None:
        self.first = Driver(TRANSIT)
        self.drivers = [self.first, *(self._another() for _ in range(size - 1))]

    def _another(self) -> Driver:
        driver = Driver(TRANSIT)
        driver.store, driver.clock = self.first.store, self.first.clock
        driver.cache = ObjectCache(driver.store)
        driver.storage = View(driver.store, "mount/", driver.cache)
        driver.engine = TRANSIT.open(Mount(driver.storage, driver.clock, "test_accessor", "transit/"))
        return driver

    def crash(self, index: int) -> None:
        """Replace a process by one that knows nothing."""
        self.drivers[index] = self._another()
        if index == 0:
            self.first = self.drivers[0]


async def encryptions(driver: Driver, name: str = "k") -> dict[str, int]:
    """The counts that reading a key tells; none are told of a key that hasn't encrypted."""
    return dict((await driver.read(f"keys/{name}")).get("encryptions", {}))


async def stored(driver: Driver) -> dict[int, VersionTotal]:
    """The totals of ``k`` in storage."""
    value = await driver.storage.get(ENTRY)
    return {} if value is None else decode_totals(value)


async def settled(driver: Driver) -> None:
    """Wait for the reservations in the background."""
    engine: Any = driver.engine
    await asyncio.gather(*engine.counts._renewals)


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("encrypt/k", {"plaintext": HELLO}),
        ("datakey/wrapped/k", {}),
        ("datakeys/wrapped/k", {"count": 2}),
        ("derivedkeys/wrapped/k", {"salt": HELLO, "key_index_from": 0, "key_index_to": 2}),
    ],
)
async def test_what_is_refused_is_not_counted(transit: Driver, path: str, more: dict[str, Any]) -> None:
    await transit.write("keys/k")
    with pytest.raises(Fault):
        await transit.write(path, associated_data="!", **more)
    assert await stored(transit) == {}
    await transit.write(path, associated_data=HELLO, **more)
    assert await stored(transit) != {}


async def test_every_way_of_encrypting_is_counted(transit: Driver) -> None:
    await transit.write("keys/k")
    assert await encryptions(transit) == {}
    ciphertext = (await transit.write("encrypt/k", plaintext=HELLO))["ciphertext"]
    assert await encryptions(transit) == {"1": 1}
    await transit.write("encrypt/k", batch_input=[{"plaintext": HELLO}] * 7)
    assert await encryptions(transit) == {"1": 8}
    await transit.write("encrypt/k", batch_input=[{"plaintext": HELLO}, {"plaintext": "!"}])
    assert await encryptions(transit) == {"1": 10}
    await transit.write("rewrap/k", ciphertext=ciphertext)
    await transit.write("rewrap/k", batch_input=[{"ciphertext": ciphertext}] * 2)
    await transit.write("datakey/wrapped/k")
    assert await encryptions(transit) == {"1": 14}
    await transit.write("datakeys/wrapped/k", count=3)
    await transit.write("derivedkeys/wrapped/k", salt="salt", key_index_from=4, key_index_to=9)
    assert await encryptions(transit) == {"1": 22}
    await transit.write("decrypt/k", ciphertext=ciphertext)
    await transit.write("hmac/k", input=HELLO)
    assert await encryptions(transit) == {"1": 22}


async def test_versions_are_counted_each_for_itself(transit: Driver) -> None:
    await transit.write("keys/k")
    await transit.write("encrypt/k", plaintext=HELLO)
    await transit.write("keys/k/rotate")
    await transit.write("encrypt/k", plaintext=HELLO)
    await transit.write("encrypt/k", plaintext=HELLO, key_version=1)
    await transit.write("encrypt/k", batch_input=[{"plaintext": HELLO, "key_version": 1}] * 3 + [{"plaintext": HELLO}])
    assert await encryptions(transit) == {"1": 5, "2": 2}
    sealed = (await transit.write("encrypt/k", plaintext=HELLO))["ciphertext"]
    batch = [{"ciphertext": sealed, "key_version": version} for version in (0, 1, 1, 2, -1, 9)]
    await transit.write("rewrap/k", batch_input=batch)
    assert await encryptions(transit) == {"1": 7, "2": 5}


async def test_what_signs_has_no_count(transit: Driver) -> None:
    await transit.write("keys/k", type="ed25519")
    assert "encryptions" not in await transit.read("keys/k")


async def test_contexts_are_counted_together(transit: Driver) -> None:
    await transit.write("keys/k", derived=True)
    for context in ("YQ==", "Yg==", "Yw=="):
        await transit.write("encrypt/k", plaintext=HELLO, context=context)
    assert await encryptions(transit) == {"1": 3}


async def test_public_key_encryption_is_counted_without_a_limit(transit: Driver) -> None:
    await transit.write("keys/k", type="rsa-2048")
    await transit.write("encrypt/k", plaintext=HELLO)
    assert await encryptions(transit) == {"1": 1}


async def test_few_writes_are_enough_for_many_encryptions(transit: Driver) -> None:
    await transit.write("keys/k")
    before = transit.store.revision
    for _ in range(3000):
        await transit.write("encrypt/k", plaintext=HELLO)
    await settled(transit)
    assert transit.store.revision - before < 12
    assert await encryptions(transit) == {"1": 3000}


async def test_blocks_grow_and_are_renewed_before_they_are_used_up(transit: Driver) -> None:
    await transit.write("keys/k")
    inline = 0
    for _ in range(FIRST_BLOCK * 20):
        engine: Any = transit.engine
        count = next(iter(engine.counts._counts.values()), None)
        inline += count is None or count.left == 0
        await transit.write("encrypt/k", plaintext=HELLO)
        await settled(transit)
    assert inline == 1
    assert (await stored(transit))[1].total >= FIRST_BLOCK * 20


async def test_a_crash_counts_too_high_and_never_too_low() -> None:
    crowd = Crowd(1)
    await crowd.first.write("keys/k")
    for round_ in range(1, 6):
        await crowd.first.write("encrypt/k", plaintext=HELLO)
        crowd.crash(0)
        counted = (await encryptions(crowd.first))["1"]
        assert round_ <= counted <= round_ * (FIRST_BLOCK + 1)


async def test_an_orderly_stop_counts_exactly() -> None:
    crowd = Crowd(2)
    await crowd.first.write("keys/k")
    await crowd.first.write("keys/other")
    for driver in crowd.drivers:
        for _ in range(100):
            await driver.write("encrypt/k", plaintext=HELLO)
        await driver.write("encrypt/other", plaintext=HELLO)
    for driver in crowd.drivers:
        engine: Any = driver.engine
        await engine.close()
    assert (await stored(crowd.first))[1].total == 200
    crowd.crash(0)
    assert await encryptions(crowd.first) == {"1": 200}
    assert await encryptions(crowd.first, "other") == {"1": 2}


@settings(max_examples=40, deadline=None)
@given(
    actions=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["one", "batch", "crash", "stop"]), st.integers(1, 90)),
        max_size=40,
    )
)
def test_several_processes_never_count_too_low(actions: list[tuple[int, str, int]]) -> None:
    async def run() -> None:
        crowd = Crowd(3)
        await crowd.first.write("keys/k")
        made = 0
        for index, action, size in actions:
            driver = crowd.drivers[index]
            engine: Any = driver.engine
            if action == "one":
                await driver.write("encrypt/k", plaintext=HELLO)
                made += 1
            elif action == "batch":
                await driver.write("encrypt/k", batch_input=[{"plaintext": ""}] * size)
                made += size
            else:
                if action == "stop":
                    await engine.close()
                crowd.crash(index)
            total = (await stored(crowd.first)).get(1, VersionTotal(0, 0)).total
            assert total >= made
            assert (await encryptions(crowd.drivers[0])).get("1", 0) >= made - sum(
                count.left for other in crowd.drivers[1:] for count in _counts(other)
            )
        for driver in crowd.drivers:
            engine = driver.engine
            await engine.close()

    asyncio.run(run())


def _counts(driver: Driver) -> list[VersionCount]:
    engine: Any = driver.engine
    return list(engine.counts._counts.values())


async def test_at_its_limit_a_key_rotates_by_itself(transit: Driver, caplog: pytest.LogCaptureFixture) -> None:
    await transit.write("keys/k", max_encryptions=5)
    versions = [(await transit.write("encrypt/k", plaintext=HELLO))["key_version"] for _ in range(12)]
    assert versions == [1] * 5 + [2] * 5 + [3] * 2
    assert await encryptions(transit) == {"1": 5, "2": 5, "3": 2}
    assert "was rotated" in caplog.text
    answer = await transit.write("encrypt/k", batch_input=[{"plaintext": HELLO}] * 4)
    assert {item["key_version"] for item in answer["batch_results"]} == {4}
    assert (await transit.write("datakey/wrapped/k"))["key_version"] == 4
    assert (await transit.write("datakey/wrapped/k"))["key_version"] == 5


async def test_rewrapping_rotates_too(transit: Driver) -> None:
    await transit.write("keys/k", max_encryptions=2)
    ciphertext = (await transit.write("encrypt/k", plaintext=HELLO))["ciphertext"]
    results = (await transit.write("rewrap/k", batch_input=[{"ciphertext": ciphertext}] * 2))["batch_results"]
    assert [item["key_version"] for item in results] == [2, 2]
    assert (await transit.write("rewrap/k", ciphertext=ciphertext))["key_version"] == 3


async def test_at_its_limit_a_key_refuses_if_it_is_to(transit: Driver, caplog: pytest.LogCaptureFixture) -> None:
    await transit.write("keys/k", max_encryptions=3, on_max_encryptions="refuse")
    ciphertext = (await transit.write("encrypt/k", batch_input=[{"plaintext": HELLO}] * 3))["batch_results"][0]
    text = "version 1 of key 'k' may not make 1 more of its 3 encryptions"
    for path in ("encrypt/k", "datakey/wrapped/k", "rewrap/k"):
        parameters = {"plaintext": HELLO, "ciphertext": ciphertext["ciphertext"]}
        assert await message_of(transit, Operation.UPDATE, path, **parameters) == (InvalidRequest, text)
    batch = [{"plaintext": HELLO}]
    assert await message_of(transit, Operation.UPDATE, "encrypt/k", batch_input=batch) == (InvalidRequest, text)
    assert text in caplog.text
    assert await transit.write("decrypt/k", ciphertext=ciphertext["ciphertext"]) == {"plaintext": HELLO}
    await transit.write("keys/k/rotate")
    assert (await transit.write("encrypt/k", plaintext=HELLO))["key_version"] == 2
    await transit.write("keys/k/config", max_encryptions=4)
    assert (await transit.write("encrypt/k", plaintext=HELLO, key_version=1))["key_version"] == 1
    assert await message_of(transit, Operation.UPDATE, "encrypt/k", plaintext=HELLO, key_version=1) == (
        InvalidRequest,
        "version 1 of key 'k' may not make 1 more of its 4 encryptions",
    )


async def test_a_version_that_is_asked_for_is_not_replaced(transit: Driver) -> None:
    await transit.write("keys/k", max_encryptions=1)
    await transit.write("encrypt/k", plaintext=HELLO, key_version=1)
    fault = await message_of(transit, Operation.UPDATE, "encrypt/k", plaintext=HELLO, key_version=1)
    assert fault == (InvalidRequest, "version 1 of key 'k' may not make 1 more of its 1 encryptions")
    assert (await transit.read("keys/k"))["latest_version"] == 1


async def test_a_batch_beyond_the_limit_is_refused(transit: Driver) -> None:
    await transit.write("keys/k", max_encryptions=3)
    for _ in range(2):
        fault = await message_of(transit, Operation.UPDATE, "encrypt/k", batch_input=[{"plaintext": ""}] * 4)
        assert fault == (InvalidRequest, "version 1 of key 'k' may not make 4 more of its 3 encryptions")
    # A new version could not have made them either, so there is none.
    assert (await transit.read("keys/k"))["latest_version"] == 1


async def test_a_key_that_may_not_rotate_refuses(transit: Driver) -> None:
    await transit.write("keys/base", type="ecdsa-p256")
    public = (await transit.read("keys/base"))["keys"]["1"]["public_key"]
    await transit.write("derive-key/k", base_key_name="base", peer_public_key=public)
    await transit.write("keys/k/config", max_encryptions=1)
    await transit.write("encrypt/k", plaintext=HELLO)
    fault = await message_of(transit, Operation.UPDATE, "encrypt/k", plaintext=HELLO)
    assert fault == (
        InvalidRequest,
        "version 1 of key 'k' may not make 1 more of its 1 encryptions, and the key was not rotated: "
        "imported key k does not allow rotation within Vault",
    )


async def test_many_at_the_limit_rotate_once() -> None:
    crowd = Crowd(3)
    await crowd.first.write("keys/k", max_encryptions=64)
    await asyncio.gather(*(crowd.drivers[i % 3].write("encrypt/k", plaintext=HELLO) for i in range(120)))
    # Each process may hold back one encryption of the first version.
    assert (await crowd.first.read("keys/k"))["latest_version"] == 2
    assert (await stored(crowd.first))[1].total <= 64


@settings(max_examples=25, deadline=None)
@given(limit=st.integers(1, 300), sizes=st.lists(st.integers(1, 40), max_size=30))
def test_no_version_makes_more_than_its_limit(limit: int, sizes: list[int]) -> None:
    async def run() -> None:
        crowd = Crowd(2)
        await crowd.first.write("keys/k", max_encryptions=limit)
        made: dict[int, int] = {}
        for index, size in enumerate(sizes):
            batch = [{"plaintext": ""}] * min(size, limit)
            results = (await crowd.drivers[index % 2].write("encrypt/k", batch_input=batch))["batch_results"]
            for item in results:
                made[item["key_version"]] = made.get(item["key_version"], 0) + 1
        assert all(count <= limit for count in made.values())
        for driver in crowd.drivers:
            await settled(driver)

    asyncio.run(run())


async def test_from_half_of_the_limit_callers_and_the_log_are_warned(
    transit: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    await transit.write("keys/k", max_encryptions=10, on_max_encryptions="refuse")
    warnings = [(await transit.invoke(Operation.UPDATE, "encrypt/k", plaintext=HELLO)).warnings for _ in range(10)]
    text = "version 1 of key 'k' has made half or more of the 10 encryptions that it may make: rotate the key"
    assert [bool(each) for each in warnings] == [False] * 4 + [True] * 6
    assert warnings[-1] == [text]
    assert caplog.text.count("has made half of the 10 encryptions") == 1


async def _warned(transit: Driver, **parameters: Any) -> list[str]:
    return (await transit.invoke(Operation.UPDATE, "encrypt/k", plaintext=HELLO, **parameters)).warnings


async def test_a_key_that_rotates_warns_on_the_answer_to_the_request_that_rotates_it(transit: Driver) -> None:
    await transit.write("keys/k", max_encryptions=4)
    warnings = [await _warned(transit) for _ in range(10)]
    text = "version {} of key 'k' may not make 1 more of its 4 encryptions: the key was rotated to version {}"
    assert warnings == [[], [], [], [], [text.format(1, 2)], [], [], [], [text.format(2, 3)], []]
    # Who asks for a version will be refused when it is full.
    half = "version 3 of key 'k' has made half or more of the 4 encryptions that it may make: rotate the key"
    assert await _warned(transit, key_version=3) == [half]
    assert await _warned(transit) == []


async def test_a_key_that_can_not_rotate_warns_as_one_that_refuses(transit: Driver) -> None:
    await transit.write("keys/base", type="ecdsa-p256")
    public = (await transit.read("keys/base"))["keys"]["1"]["public_key"]
    await transit.write("derive-key/k", base_key_name="base", peer_public_key=public)
    await transit.write("keys/k/config", max_encryptions=4)
    warnings = [await _warned(transit) for _ in range(4)]
    assert [len(each) for each in warnings[::3]] == [0, 1]


async def test_of_many_at_the_limit_one_is_told_of_the_rotation(caplog: pytest.LogCaptureFixture) -> None:
    crowd = Crowd(3)
    await crowd.first.write("keys/k", max_encryptions=64)
    replies = await asyncio.gather(
        *(crowd.drivers[i % 3].invoke(Operation.UPDATE, "encrypt/k", plaintext=HELLO) for i in range(120))
    )
    assert sum(len(reply.warnings) for reply in replies) == 1
    assert caplog.text.count("was rotated") == 1


async def test_aes_gcm_keys_are_held_to_2_32_encryptions(transit: Driver) -> None:
    await transit.write("keys/k")
    await transit.write("encrypt/k", plaintext=HELLO)
    engine: Any = transit.engine
    await engine.close()
    totals = await stored(transit)

    async def pretend(total: int) -> None:
        await engine.close()
        value = encode_totals({1: VersionTotal(totals[1].created, total)})
        await put(transit.storage, ENTRY, value)
        transit.cache.clear()

    await pretend(2**31 - 2 * LARGEST_BLOCK)
    assert not await _warned(transit, key_version=1)
    await pretend(2**31)
    assert await _warned(transit, key_version=1)
    await pretend(2**32)
    assert (await transit.write("encrypt/k", plaintext=HELLO))["key_version"] == 2


async def test_a_limit_holds_from_the_next_encryption_on(transit: Driver) -> None:
    await transit.write("keys/k")
    for _ in range(10):
        await transit.write("encrypt/k", plaintext=HELLO)
    await transit.write("keys/k/config", max_encryptions=10, on_max_encryptions="refuse")
    fault = await message_of(transit, Operation.UPDATE, "encrypt/k", plaintext=HELLO)
    assert fault[1].endswith("1 more of its 10 encryptions")
    await transit.write("keys/k/config", max_encryptions=0)
    await transit.write("encrypt/k", plaintext=HELLO)


async def test_a_new_key_of_the_same_name_starts_at_zero(transit: Driver) -> None:
    await transit.write("keys/k")
    await transit.write("encrypt/k", plaintext=HELLO)
    await transit.write("keys/k/config", deletion_allowed=True)
    await transit.invoke(Operation.DELETE, "keys/k")
    assert await transit.storage.get(ENTRY) is None
    transit.clock.now += 1
    await transit.write("keys/k")
    assert await encryptions(transit) == {}
    await transit.write("encrypt/k", plaintext=HELLO)
    assert await encryptions(transit) == {"1": 1}


async def test_a_count_of_a_key_that_is_gone_is_not_written(transit: Driver) -> None:
    await transit.write("keys/k")
    await transit.write("keys/k/config", deletion_allowed=True)
    engine: Any = transit.engine
    keyring = await engine.keys.load("k")
    await transit.invoke(Operation.DELETE, "keys/k")
    await engine.counts.spend(engine.counts.of(keyring, keyring.latest), 1)
    assert await transit.storage.get(ENTRY) is None


async def test_trimming_drops_the_counts_of_what_is_gone(transit: Driver) -> None:
    await transit.write("keys/k")
    await transit.write("encrypt/k", plaintext=HELLO)
    await transit.write("keys/k/rotate")
    await transit.write("encrypt/k", plaintext=HELLO)
    await transit.write("keys/k/config", min_decryption_version=2, min_encryption_version=2)
    assert list(await encryptions(transit)) == ["2"]
    assert list(await stored(transit)) == [1, 2]
    await transit.write("keys/k/trim", min_available_version=2)
    assert list(await stored(transit)) == [2]


async def test_backups_carry_the_counts(transit: Driver) -> None:
    await transit.write("keys/k", exportable=True, allow_plaintext_backup=True)
    await transit.write("encrypt/k", batch_input=[{"plaintext": ""}] * 20)
    backup = (await transit.read("backup/k"))["backup"]
    other = Driver(TRANSIT)
    await other.write("restore", backup=backup)
    assert (await encryptions(other))["1"] >= 20
    await transit.write("encrypt/k", batch_input=[{"plaintext": ""}] * 500)
    await transit.write("restore", backup=backup, force=True)
    assert (await encryptions(transit))["1"] >= 500


async def test_a_damaged_count_is_an_error_not_a_low_count(transit: Driver) -> None:
    await transit.write("keys/k")
    await put(transit.storage, ENTRY, b"\xc1")
    with pytest.raises(Damaged):
        await transit.write("encrypt/k", plaintext=HELLO)
    with pytest.raises(Damaged):
        await transit.read("keys/k")


async def test_nothing_is_encrypted_that_can_not_be_counted(
    transit: Driver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await transit.write("keys/k")
    await transit.write("encrypt/k", plaintext=HELLO)
    engine: Any = transit.engine

    def refuse(self: View) -> Any:
        raise Unavailable("the disk is full")

    monkeypatch.setattr(View, "transaction", refuse)
    made = 0
    with pytest.raises(Unavailable):
        for _ in range(2 * FIRST_BLOCK):
            await transit.write("encrypt/k", plaintext=HELLO)
            await settled(transit)
            made += 1
    assert made == FIRST_BLOCK
    assert "were not reserved" in caplog.text
    await engine.close()


async def test_stopping_waits_for_nobody_who_can_not_be_reached(
    transit: Driver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await transit.write("keys/k")
    await transit.write("encrypt/k", plaintext=HELLO)

    def refuse(self: View) -> Any:
        raise Unavailable("the disk is full")

    monkeypatch.setattr(View, "transaction", refuse)
    engine: Any = transit.engine
    await engine.close()
    assert "stay counted" in caplog.text


async def test_reservations_are_bounded(transit: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.keys.counting.reservation.MAX_COUNTS", 3)
    for name in "abcde":
        await transit.write(f"keys/{name}")
        await transit.write(f"encrypt/{name}", plaintext=HELLO)
    assert len(_counts(transit)) == 3
    for name in "abcde":
        assert (await encryptions(transit, name))["1"] >= 1


async def test_a_reservation_is_never_beyond_the_limit(transit: Driver) -> None:
    await transit.write("keys/k", max_encryptions=100)
    engine: Any = transit.engine
    keyring = await engine.keys.load("k")
    count = engine.counts.of(keyring, keyring.latest)
    await engine.counts.spend(count, 100)
    assert (await stored(transit))[1].total == 100
    with pytest.raises(LimitReached):
        await engine.counts.spend(count, 1)
    assert (await stored(transit))[1].total == 100
