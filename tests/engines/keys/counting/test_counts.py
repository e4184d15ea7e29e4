"""How often keys have encrypted: never counted too low, cheap, and what happens at the limit."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.base import Operation
from engines.faults import Fault
from engines.keys.counting.reservation import LimitReached
from engines.keys.encryption_count import FIRST_BLOCK
from engines.keys.records import VersionTotal
from engines.transit.routes import TRANSIT
from storage.base import Damaged, Unavailable, put
from storage.view import View
from tests.engines.driver import Driver
from tests.engines.keys.counting.crowd import ENTRY, HELLO, Crowd, _counts, encryptions, settled, stored


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
