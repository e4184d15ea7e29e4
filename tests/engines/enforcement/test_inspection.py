"""Facts of keys that no request is for are those that a request for them is judged by."""

from __future__ import annotations

from typing import Any

import pytest

from engines.base import EngineType
from engines.crypto_policy.facts import RequestFacts
from engines.crypto_policy.inspection import KeepsFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.faults import InvalidRequest
from engines.pqc.routes import PQC
from engines.signing.routes import SIGNING
from engines.transit.routes import TRANSIT
from tests.engines.driver import Driver
from tests.engines.enforcement.gates import RecordingGate

HELLO = "aGVsbG8="


@pytest.mark.parametrize("engine", [TRANSIT, PQC, SIGNING], ids=lambda engine: engine.type)
async def test_all_versions_of_all_keys_are_told(engine: EngineType[Any, Any]) -> None:
    driver = Driver(engine)
    for name in ("b", "a"):
        await driver.write(f"keys/{name}")
    await driver.write("keys/a/rotate")
    await driver.cache.catch_up()
    assert isinstance(driver.engine, KeepsFacts)
    told = [facts async for facts in driver.engine.facts_of_all()]
    assert [(facts.name, facts.version, facts.is_latest) for facts in told] == [
        ("a", 1, False),
        ("a", 2, True),
        ("b", 1, True),
    ]
    assert {facts.mount for facts in told} == {"transit/"}


async def test_a_version_is_told_as_an_operation_uses_it() -> None:
    gate = RecordingGate()
    driver = Driver(TRANSIT, gate=gate)
    await driver.write("keys/k", type="rsa-2048")
    await driver.write("keys/k/rotate")
    await driver.cache.catch_up()
    await driver.write("hmac/k", input=HELLO)
    assert await driver.engine.facts_of("k", 0, CryptoOperation.HMAC) is gate.asked[-1].key
    await driver.write("sign/k", input=HELLO, key_version=1)
    assert await driver.engine.facts_of("k", 1, CryptoOperation.SIGN) is gate.asked[-1].key
    for name, version in (("k", 3), ("none", 0)):
        assert await driver.engine.facts_of(name, version, CryptoOperation.SIGN) is None


@pytest.mark.parametrize(
    ("engine", "given"),
    [
        (TRANSIT, {"type": "ml-dsa", "parameter_set": "65", "exportable": True}),
        (TRANSIT, {"type": "hmac", "key_size": 48}),
        (TRANSIT, {"derived": True, "convergent_encryption": True, "owner": "me", "labels": {"a": "b"}}),
        (PQC, {"exportable": True}),
        (SIGNING, {"shelf_life_years": 3}),
    ],
)
async def test_a_key_that_would_be_made_is_the_one_that_is_made(
    engine: EngineType[Any, Any], given: dict[str, Any]
) -> None:
    gate = RecordingGate()
    driver = Driver(engine, gate=gate)
    driver.rights = {"*"}
    told = driver.engine.facts_of_new({"name": "k", **given})
    await driver.write("keys/k", **given)
    asked = gate.asked[-1].key
    assert asked is not None
    for name in asked.__dataclass_fields__:
        if name != "verdicts":
            assert getattr(told, name) == getattr(asked, name), name


@pytest.mark.parametrize("given", [{"type": "none"}, {"derived": "perhaps"}, {"convergent_encryption": True}])
async def test_what_create_refuses_has_no_facts(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        Driver(TRANSIT).engine.facts_of_new({"name": "k", **given})


async def test_requests_have_their_defaults() -> None:
    driver = Driver(TRANSIT)
    await driver.write("keys/k", type="rsa-2048")
    key = await driver.engine.facts_of("k", 0, CryptoOperation.SIGN)
    asked = driver.engine.request_facts(key, CryptoOperation.SIGN, {"hash": "sha2-512"})
    assert asked == RequestFacts(hash="sha2-512", scheme="pss")
