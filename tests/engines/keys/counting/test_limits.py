"""Keys at their limit of encryptions: rotation, refusal and warnings."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.base import Operation
from engines.faults import InvalidRequest
from engines.keys.encryption_count import LARGEST_BLOCK
from engines.keys.records import VersionTotal, encode_totals
from storage.base import put
from tests.engines.driver import Driver, message_of
from tests.engines.keys.counting.crowd import ENTRY, HELLO, Crowd, _warned, encryptions, settled, stored


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
