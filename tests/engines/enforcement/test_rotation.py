"""Rotation that a policy refuses: the key stays, and the log, the list of keys and encryption say so."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from engines.base import EngineType, Operation
from engines.batches.items import EncryptItem
from engines.crypto_policy.gate import PolicyRefused
from engines.crypto_policy.operations import CryptoOperation
from engines.pqc.routes import PQC
from engines.signing.routes import SIGNING
from engines.transit.routes import TRANSIT
from tests.engines.driver import Driver
from tests.engines.enforcement.gates import REFUSED, RecordingGate, everything

HELLO = "aGVsbG8="
ROTATE = CryptoOperation.ROTATE
WARNING = "key 'due' is due for rotation, which the crypto policy refuses"


@pytest.fixture
def gate() -> RecordingGate:
    return RecordingGate()


async def due(engine: EngineType[Any, Any], gate: RecordingGate) -> Driver:
    """An engine with a key that is due to rotate by itself, and one that isn't."""
    driver = Driver(engine, gate=gate)
    await driver.write("keys/due", auto_rotate_period=3600)
    await driver.write("keys/later", auto_rotate_period=36000)
    driver.clock.now += 7200
    await driver.cache.catch_up()
    gate.refuse(ROTATE)
    return driver


@pytest.mark.parametrize("engine", [TRANSIT, PQC, SIGNING], ids=lambda engine: engine.type)
async def test_a_refused_key_stays_and_is_listed(
    engine: EngineType[Any, Any], gate: RecordingGate, caplog: pytest.LogCaptureFixture
) -> None:
    driver = await due(engine, gate)
    before = await everything(driver.store)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            await driver.engine.tick(driver.clock())
    said = [record.getMessage() for record in caplog.records if "rotat" in record.getMessage()]
    assert said == [f"key 'due' of 'mount/' is due for rotation, and was not rotated: {REFUSED}"]
    assert await everything(driver.store) == before
    listed = await driver.invoke(Operation.LIST, "keys")
    assert listed.data == {"keys": ["due", "later"], "blocked_rotations": ["due"]}
    assert (await driver.invoke(Operation.LIST, "keys", after="due")).data == {"keys": ["later"]}
    gate.refuses = lambda asked: False
    assert (await driver.invoke(Operation.LIST, "keys")).data == {"keys": ["due", "later"]}
    await driver.engine.tick(driver.clock())
    assert (await driver.read("keys/due"))["latest_version"] == 2
    automatic = gate.asked[-1].key
    assert automatic is not None and (automatic.name, automatic.version) == ("due", 1)


async def test_refused_rotation_by_a_caller_is_denied(gate: RecordingGate) -> None:
    driver = await due(TRANSIT, gate)
    with pytest.raises(PolicyRefused):
        await driver.write("keys/later/rotate")
    assert driver.call is not None and driver.call.crypto is not None
    assert [(use.key_version, use.count) for use in driver.call.crypto.uses] == [(1, 0)]


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("encrypt/due", {"plaintext": HELLO}),
        ("encrypt/due", {"batch_input": [{"plaintext": HELLO}] * 3}),
        ("datakey/wrapped/due", {}),
        ("datakeys/wrapped/due", {"count": 2}),
    ],
)
async def test_encryption_with_a_key_that_may_not_rotate_warns(
    gate: RecordingGate, path: str, parameters: dict[str, Any]
) -> None:
    driver = await due(TRANSIT, gate)
    answer = await driver.invoke(Operation.UPDATE, path, **parameters)
    assert answer.warnings == [WARNING]
    other = await driver.invoke(Operation.UPDATE, path.replace("due", "later"), **parameters)
    assert not other.warnings
    gate.active = False
    assert not (await driver.invoke(Operation.UPDATE, path, **parameters)).warnings


async def test_encapsulation_warns_too(gate: RecordingGate) -> None:
    driver = await due(PQC, gate)
    assert (await driver.invoke(Operation.UPDATE, "encapsulate/due")).warnings == [WARNING]


async def test_a_stream_goes_on(gate: RecordingGate) -> None:
    driver = await due(TRANSIT, gate)
    answer = await driver.invoke(Operation.UPDATE, "stream/encrypt/due")
    assert answer.each is not None
    results = await answer.each([EncryptItem(plaintext=HELLO)])
    assert results[0]["key_version"] == 1


@pytest.mark.parametrize("batch", [True, False])
async def test_a_version_at_its_limit_is_refused_where_the_key_may_not_rotate(
    gate: RecordingGate, batch: bool, caplog: pytest.LogCaptureFixture
) -> None:
    driver = Driver(TRANSIT, gate=gate)
    await driver.write("keys/k", max_encryptions=2)
    items = {"batch_input": [{"plaintext": HELLO}] * 2}
    await driver.write("encrypt/k", **items)
    gate.refuse(ROTATE)
    with pytest.raises(PolicyRefused), caplog.at_level(logging.WARNING):
        await driver.write("encrypt/k", **(items if batch else {"plaintext": HELLO}))
    assert "the crypto policy refuses to rotate it" in caplog.text
    assert (await driver.read("keys/k"))["latest_version"] == 1
    gate.refuses = lambda asked: False
    assert (await driver.write("encrypt/k", plaintext=HELLO))["key_version"] == 2
