"""Facts of keys that no request is for are those that a request for them is judged by."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest

from engines.algorithms.registry import KEM_ALGORITHMS, TRANSIT_ALGORITHMS
from engines.algorithms.row import Algorithm, Pace
from engines.base import EngineType
from engines.crypto_policy.facts import RequestFacts
from engines.crypto_policy.inspection import KeepsFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.faults import InvalidRequest
from engines.keys.facts import facts_of_type
from engines.pqc.routes import PQC
from engines.signing.routes import SIGNING
from engines.transit.routes import TRANSIT
from tests.engines.driver import Driver, make_keys
from tests.engines.enforcement.gates import RecordingGate
from tests.engines.signing.conftest import ALICE, ROWS

HELLO = "aGVsbG8="
BLOCK = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


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


async def test_looking_at_all_keys_caches_none_of_them() -> None:
    driver = Driver(TRANSIT)
    await driver.write("keys/a")
    await driver.cache.catch_up()
    assert [facts.name async for facts in driver.engine.facts_of_all()] == ["a"]
    assert driver.storage.ready("policy/a") is None
    await driver.write("encrypt/a", plaintext=HELLO)
    kept = driver.storage.ready("policy/a").latest.facts(driver.engine.keys.place)
    assert await anext(driver.engine.facts_of_all()) is kept


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


async def asked_as_told(driver: Driver, gate: RecordingGate, operation: str, call: Awaitable[Any]) -> Any:
    """The answer of ``call``, whose one question to the gate for ``operation`` was told beforehand."""
    gate.asked.clear()
    answer = await call
    (asked,) = [one for one in gate.asked if one.operation.value == operation]
    told = await driver.engine.facts_of("k", 1, asked.operation)
    assert asked.key is told
    request = driver.engine.request_facts(told, asked.operation, {"input_bytes": asked.request.input_bytes})
    assert asked.request == request
    return answer


TRANSIT_ROWS = [
    row
    for row in TRANSIT_ALGORITHMS.values()
    if row.pacing.signing is not Pace.LONG or row.parameter_set.endswith("f") or not row.signs
]


@pytest.mark.parametrize("row", TRANSIT_ROWS, ids=lambda row: row.name)
async def test_what_is_told_of_an_operation_is_what_it_executes(row: Algorithm) -> None:
    gate = RecordingGate()
    driver = Driver(TRANSIT, gate=gate)
    size = {"key_size": 64} if row.sizes.key_bytes_chosen is not None else {}
    await make_keys(driver, {"k": {"type": row.key_type, **row.type_parameters, **size, "exportable": True}})
    await driver.cache.catch_up()
    if row.encrypts:
        made = await asked_as_told(driver, gate, "encrypt", driver.write("encrypt/k", plaintext=BLOCK))
        opened = driver.write("decrypt/k", ciphertext=made["ciphertext"])
        await asked_as_told(driver, gate, "decrypt", opened)
        await asked_as_told(driver, gate, "datakey", driver.write("datakey/wrapped/k"))
    if row.signs:
        made = await asked_as_told(driver, gate, "sign", driver.write("sign/k", input=HELLO))
        checked = driver.write("verify/k", input=HELLO, signature=made["signature"])
        await asked_as_told(driver, gate, "verify", checked)
    if row.capabilities.cmac is not None:
        await asked_as_told(driver, gate, "cmac", driver.write("cmac/k", input=HELLO))
    made = await asked_as_told(driver, gate, "hmac", driver.write("hmac/k", input=HELLO))
    if not row.signs and row.capabilities.cmac is None:
        await asked_as_told(driver, gate, "verify", driver.write("verify/k", input=HELLO, hmac=made["hmac"]))
    if row.encrypts:
        await asked_as_told(driver, gate, "export", driver.read("export/encryption-key/k"))


@pytest.mark.parametrize("name", KEM_ALGORITHMS)
async def test_what_is_told_of_secrets_is_what_is_executed(name: str) -> None:
    gate = RecordingGate()
    driver = Driver(PQC, gate=gate)
    await driver.write("keys/k", type=name)
    await driver.cache.catch_up()
    made = await asked_as_told(driver, gate, "encapsulate", driver.write("encapsulate/k"))
    opened = driver.write("decapsulate/k", ciphertext=made["ciphertext"])
    await asked_as_told(driver, gate, "decapsulate", opened)
    made = await asked_as_told(driver, gate, "encrypt", driver.write("encrypt/k", plaintext=HELLO))
    await asked_as_told(driver, gate, "decrypt", driver.write("decrypt/k", ciphertext=made["ciphertext"]))


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.name)
async def test_what_is_told_of_tokens_is_what_is_executed(row: Algorithm) -> None:
    gate = RecordingGate()
    driver = Driver(SIGNING, gate=gate)
    driver.caller = ALICE
    await make_keys(driver, {"k": {"type": row.key_type, **row.type_parameters}})
    await driver.write("roles/r", key="k", formats=["jwt", "jws"])
    await driver.cache.catch_up()
    made = await asked_as_told(driver, gate, "issue-token", driver.write("jwt/sign/r"))
    await asked_as_told(driver, gate, "verify", driver.write("jwt/verify/r", token=made["token"]))
    await asked_as_told(driver, gate, "sign", driver.write("jws/sign/r", payload=HELLO))


def test_an_import_is_one_unless_it_is_said_otherwise() -> None:
    assert facts_of_type("aes256-gcm96", CryptoOperation.IMPORT, {}).imported
    assert not facts_of_type("aes256-gcm96", CryptoOperation.IMPORT, {"imported": False}).imported
    assert facts_of_type("aes256-gcm96", CryptoOperation.VERIFY, {}).algorithm == "hmac"


@pytest.mark.parametrize("engine", [TRANSIT, SIGNING, PQC], ids=lambda engine: engine.type)
async def test_which_versions_were_made_elsewhere_outlasts_rotation_and_backups(engine: EngineType[Any, Any]) -> None:
    driver = Driver(engine)
    key_type = "ml-kem-768" if engine is PQC else "ecdsa-p256"
    await driver.write("keys/source", type=key_type)
    public = (await driver.read("keys/source"))["keys"]["1"]["public_key"]
    options = {"exportable": True, "allow_plaintext_backup": True, "allow_rotation": True}
    await driver.write("keys/k/import", type=key_type, public_key=public, **options)
    assert await origins(driver, "k") == {1: True}
    await driver.write("keys/k/rotate")
    assert await origins(driver, "k") == {1: True, 2: False}
    backup = (await driver.read("backup/k"))["backup"]
    await driver.write("restore/back", backup=backup)
    assert await origins(driver, "back") == {1: True, 2: False}
    assert await origins(driver, "source") == {1: False}


async def test_what_both_sides_come_to_is_made_elsewhere(transit_key_pair: str) -> None:
    driver = Driver(TRANSIT)
    await driver.write("keys/ec", type="ecdsa-p256")
    await driver.write("keys/k")
    await driver.write("derive-key/k", base_key_name="ec", peer_public_key=transit_key_pair)
    assert await origins(driver, "k") == {1: False, 2: True}


@pytest.fixture
async def transit_key_pair() -> str:
    """The public key of a pair that another server has."""
    driver = Driver(TRANSIT)
    await driver.write("keys/k", type="ecdsa-p256")
    public = (await driver.read("keys/k"))["keys"]["1"]["public_key"]
    assert isinstance(public, str)
    return public


async def origins(driver: Driver, name: str) -> dict[int, bool]:
    """Which versions of a key were made elsewhere."""
    await driver.cache.catch_up()
    told = [facts async for facts in driver.engine.facts_of_all() if facts.name == name]
    return {facts.version: facts.imported for facts in told}
