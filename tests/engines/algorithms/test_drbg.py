"""HMAC_DRBG against NIST's vectors and OpenSSL, and what the API makes of it."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.algorithms.symmetric.drbg import MAX_BYTES_AT_ONCE, SEED_BYTES, HmacDrbg
from engines.base import Operation
from engines.faults import InvalidRequest
from engines.transit.random import MAX_BYTES, MAX_DRBG_BYTES
from tests.engines.driver import Driver, message_of


def test_the_vector_of_nist() -> None:
    """CAVS 14.3, drbgvectors_no_reseed, HMAC_DRBG.rsp, SHA-512, the first: the second of two outputs counts."""
    entropy = "35049f389a33c0ecb1293238fd951f8ffd517dfde06041d32945b3e26914ba15"
    nonce = "f7328760be6168e6aa9fb54784989a11"
    expected = (
        "e76491b0260aacfded01ad39fbf1a66a88284caa5123368a2ad9330ee48335e3c9c9ba90e6cbc9429962d60c1a6661ed"
        "cfaa31d972b8264b9d4562cf18494128a092c17a8da6f3113e8a7edfcd4427082bd390675e9662408144971717303d8d"
        "c352c9e8b95e7f35fa2ac9f549b292bc7c4bc7f01ee0a577859ef6e82d79ef23892d167c140d22aac32b64ccdfeee273"
        "0528a38763b24227f91ac3ffe47fb11538e435307e77481802b0f613f370ffb0dbeab774fe1efbb1a80d01154a9459e7"
        "3ad361108bbc86b0914f095136cbe634555ce0bb263618dc5c367291ce0825518987154fe9ecb052b3f0a256fcc30cc1"
        "4572531c9628973639beda456f2bddf6"
    )
    generator = HmacDrbg(bytes.fromhex(entropy + nonce))
    generator.generate(256)
    assert generator.generate(256).hex() == expected


@pytest.mark.parametrize("count", [1, 63, 64, 65, 1000, MAX_BYTES_AT_ONCE])
def test_openssl_agrees(count: int) -> None:
    command = shutil.which("openssl")
    if command is None:
        pytest.skip("there is no openssl command")
    entropy, nonce = os.urandom(32), os.urandom(16)
    options = ["digest:SHA512", f"hexentropy:{entropy.hex()}", f"hexnonce:{nonce.hex()}"]
    words = [word for option in options for word in ("-kdfopt", option)]
    asked = [command, "kdf", "-binary", "-keylen", str(count), *words, "HMAC-DRBG-KDF"]
    theirs = subprocess.run(asked, capture_output=True, check=False)
    if b"unsupported" in theirs.stderr or b"nvalid KDF" in theirs.stderr:
        pytest.skip("HMAC-DRBG-KDF needs openssl 3.2")
    assert theirs.returncode == 0, theirs.stderr
    assert HmacDrbg(entropy + nonce).generate(count) == theirs.stdout


@given(st.lists(st.integers(0, 300), max_size=6))
def test_each_call_gives_other_bytes(counts: list[int]) -> None:
    seed = bytes(range(SEED_BYTES))
    first, second = HmacDrbg(seed), HmacDrbg(seed)
    outputs = [first.generate(count) for count in counts]
    assert [len(output) for output in outputs] == counts
    assert outputs == [second.generate(count) for count in counts]
    telling = [output[:16] for output in outputs if len(output) >= 16]
    assert len(set(telling)) == len(telling)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: HmacDrbg(bytes(SEED_BYTES - 1)),
        lambda: HmacDrbg.seeded().generate(MAX_BYTES_AT_ONCE + 1),
        lambda: HmacDrbg.seeded().generate(-1),
    ],
)
def test_what_the_standard_forbids_is_our_own_mistake(ask: Callable[[], object]) -> None:
    with pytest.raises(AssertionError):
        ask()


@pytest.mark.parametrize("path", ["random", "random/100", "random/all", "random/seal/100"])
@pytest.mark.parametrize("name", ["auto", "hmacdrbg"])
async def test_every_path_takes_a_generator(
    transit: Driver, monkeypatch: pytest.MonkeyPatch, path: str, name: str
) -> None:
    monkeypatch.setattr("engines.algorithms.symmetric.drbg.os.urandom", lambda count: bytes(count))
    answer = await transit.write(path, drbg=name, bytes=100)
    assert base64.b64decode(answer["random_bytes"]) == HmacDrbg(bytes(SEED_BYTES)).generate(100)


async def test_many_bytes_come_in_one_answer_and_never_twice(transit: Driver) -> None:
    count = 3 * MAX_BYTES_AT_ONCE + 1
    made = [(await transit.write("random", drbg="auto", bytes=count, format="hex"))["random_bytes"] for _ in range(2)]
    assert [len(given) for given in made] == [2 * count] * 2
    blocks = {given[start : start + 128] for given in made for start in range(0, 2 * count - 128, 128)}
    assert len(blocks) == 2 * (count // 64)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"drbg": "ctrdrbg"}, 'unsupported drbg "ctrdrbg"; must be "auto" or "hmacdrbg"'),
        ({"drbg": "AUTO"}, 'unsupported drbg "AUTO"; must be "auto" or "hmacdrbg"'),
        ({"drbg": "auto", "bytes": MAX_DRBG_BYTES + 1}, f"'bytes' should be less than {MAX_DRBG_BYTES}"),
        ({"drbg": "", "bytes": MAX_BYTES + 1}, f"'bytes' should be less than {MAX_BYTES}"),
        ({"drbg": "auto", "bytes": 0}, "'bytes' cannot be less than 1"),
    ],
)
async def test_what_is_refused(transit: Driver, parameters: dict[str, Any], message: str) -> None:
    assert await message_of(transit, Operation.UPDATE, "random", **parameters) == (InvalidRequest, message)
