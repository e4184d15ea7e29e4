"""The classification of keys: who may set it, where it stays, and that the gate sees it."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

import pytest

from engines.base import Caller, EngineType, Operation
from engines.crypto_policy.operations import CryptoOperation
from engines.faults import Denied, InvalidRequest, NotFound
from engines.pqc.routes import PQC
from engines.signing.routes import SIGNING
from engines.transit.routes import TRANSIT
from tests.engines.driver import Driver
from tests.engines.enforcement.gates import RecordingGate

ENGINES: list[EngineType[Any, Any]] = [TRANSIT, PQC, SIGNING]
PHI = {"data_class": "phi", "labels": {"region": "eu"}, "owner": "cardiology", "shelf_life_years": 30}
NOTHING = {"data_class": "", "labels": {}, "owner": "", "shelf_life_years": 0}
OPEN = {"exportable": True, "allow_plaintext_backup": True}
HELLO = "aGVsbG8="


def driver_of(engine: EngineType[Any, Any], gate: RecordingGate | None = None, *, namespace: str = "") -> Driver:
    """The engine in a namespace, called by a token of the root that may do everything."""
    driver = Driver(engine, gate=gate or RecordingGate(), namespace=namespace)
    driver.caller = Caller("somebody", (), namespace=namespace)
    driver.rights = {"*"}
    return driver


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.type)
async def test_what_is_given_replaces_what_there_was(engine: EngineType[Any, Any]) -> None:
    driver = driver_of(engine)
    await driver.write("keys/k")
    assert await driver.read("keys/k/classification") == NOTHING
    assert not PHI.keys() & (await driver.read("keys/k")).keys()
    assert await driver.write("keys/k/classification", **PHI) == PHI
    changed = await driver.write("keys/k/classification", labels={"zone": "1"}, owner="")
    assert changed == {**PHI, "labels": {"zone": "1"}, "owner": ""}
    assert await driver.read("keys/k/classification") == changed
    shown = await driver.read("keys/k")
    assert {name: shown[name] for name in ("data_class", "labels", "shelf_life_years")} == {
        "data_class": "phi",
        "labels": {"zone": "1"},
        "shelf_life_years": 30,
    }
    assert "owner" not in shown


@pytest.mark.parametrize("operation", [Operation.READ, Operation.UPDATE])
async def test_a_key_that_is_not_there_is_not_found(operation: Operation) -> None:
    with pytest.raises(NotFound):
        await driver_of(TRANSIT).invoke(operation, "keys/k/classification", data_class="phi")


@pytest.mark.parametrize(
    "given",
    [
        {"data_class": "x" * 65},
        {"data_class": "\u00e9" * 33},
        {"owner": "x" * 257},
        {"owner": "\ud800"},
        {"shelf_life_years": -1},
        {"shelf_life_years": 1001},
        {"labels": {"": "x"}},
        {"labels": {str(number): "" for number in range(65)}},
        {"labels": {"a": "x" * 513}},
    ],
)
async def test_what_is_out_of_bounds_changes_nothing(given: dict[str, Any]) -> None:
    driver = driver_of(TRANSIT)
    await driver.write("keys/k", **PHI)
    with pytest.raises(InvalidRequest):
        await driver.write("keys/k/classification", **{"owner": "other", **given})
    assert await driver.read("keys/k/classification") == PHI


CREATIONS: list[tuple[EngineType[Any, Any], str, dict[str, Any]]] = [
    (TRANSIT, "keys/k", {}),
    (TRANSIT, "encrypt/k", {"plaintext": HELLO}),
    (TRANSIT, "encrypt/k", {"batch_input": [{"plaintext": HELLO}]}),
    (PQC, "keys/k", {}),
    (SIGNING, "keys/k", {}),
    (TRANSIT, "keys/k/import", {"type": "ecdsa-p256", "public_key": "{public}"}),
    (SIGNING, "keys/k/import", {"type": "ecdsa-p256", "public_key": "{public}"}),
    (PQC, "keys/k/import", {"type": "ml-kem-768", "public_key": "{public}"}),
    (TRANSIT, "restore/k", {"backup": "{backup}"}),
    (SIGNING, "restore/k", {"backup": "{backup}"}),
    (PQC, "restore/k", {"backup": "{backup}"}),
]


async def furnished(
    engine: EngineType[Any, Any], gate: RecordingGate | None = None
) -> tuple[Driver, Mapping[str, str]]:
    """An engine with another key, and what of that can be brought back."""
    driver = driver_of(engine, gate)
    await driver.write("keys/other", type="ml-kem-768" if engine is PQC else "ecdsa-p256", **OPEN)
    shown = await driver.read("keys/other")
    return driver, {
        "{public}": shown["keys"]["1"]["public_key"],
        "{backup}": (await driver.read("backup/other"))["backup"],
    }


@pytest.mark.parametrize(("engine", "path", "parameters"), CREATIONS)
async def test_what_makes_a_key_classifies_it_for_those_who_may(
    engine: EngineType[Any, Any], path: str, parameters: dict[str, Any]
) -> None:
    gate = RecordingGate()
    driver, made = await furnished(engine, gate)
    given = {name: made.get(value, value) if isinstance(value, str) else value for name, value in parameters.items()}
    driver.rights = {"keys/other/classification"}
    gate.asked.clear()
    with pytest.raises(Denied):
        await driver.write(path, **given, **PHI)
    assert not gate.asked
    with pytest.raises(NotFound):
        await driver.read("keys/k")
    driver.rights = {"keys/k/classification"}
    await driver.write(path, **given, **PHI)
    assert await driver.read("keys/k/classification") == PHI
    judged = [asked.key for asked in gate.asked if asked.key is not None]
    assert judged and all(
        (key.data_class, key.labels, key.owner, key.shelf_life_years) == tuple(PHI.values()) for key in judged
    )


async def test_uses_are_recorded_with_their_class() -> None:
    driver = driver_of(TRANSIT)
    await driver.write("keys/k", **PHI)
    await driver.write("encrypt/k", plaintext=HELLO)
    assert driver.call is not None and driver.call.crypto is not None
    assert [use.data_class for use in driver.call.crypto.uses] == ["phi"]


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.type)
async def test_backups_hold_the_classification(engine: EngineType[Any, Any]) -> None:
    driver = driver_of(engine)
    await driver.write("keys/k", **OPEN, **PHI)
    backup = (await driver.read("backup/k"))["backup"]
    driver.rights = set()
    await driver.write("restore/elsewhere", backup=backup)
    assert await driver.read("keys/elsewhere/classification") == PHI
    driver.rights = {"*"}
    await driver.write("keys/k/classification", data_class="pci", owner="")
    driver.rights = set()
    await driver.write("restore/k", backup=backup, force=True)
    assert await driver.read("keys/k/classification") == {**PHI, "data_class": "pci", "owner": ""}
    driver.rights = {"keys/k/classification"}
    await driver.write("restore/k", backup=backup, force=True, owner="billing")
    assert (await driver.read("keys/k/classification"))["owner"] == "billing"


async def test_a_backup_with_a_class_that_cannot_be_is_refused() -> None:
    driver = driver_of(TRANSIT)
    await driver.write("keys/k", **OPEN, **PHI)
    backup = json.loads(b64decode((await driver.read("backup/k"))["backup"]))
    backup["cryptoserve"]["data_class"] = "x" * 65
    with pytest.raises(Exception, match="the backup holds settings that can't be"):
        await driver.write("restore/other", backup=b64encode(json.dumps(backup).encode()).decode())


async def test_what_a_namespace_above_has_set_is_only_changed_from_there() -> None:
    driver = driver_of(TRANSIT, namespace="eu/health/")
    await driver.write("keys/k", owner="own")
    driver.caller = Caller("above", (), namespace="eu/")
    await driver.write("keys/k/classification", data_class="phi")
    driver.caller = Caller("own", (), namespace="eu/health/")
    await driver.write("keys/k/classification", owner="other")
    for given in ({"data_class": "none"}, {"data_class": "none", "owner": "x"}):
        with pytest.raises(Denied) as refused:
            await driver.write("keys/k/classification", **given)
        assert refused.value.message == 'data_class was set from "eu/" and can only be changed by tokens from there'
    driver.caller = Caller("root", (), namespace="")
    await driver.write("keys/k/classification", data_class="pci")
    driver.caller = Caller("above", (), namespace="eu/")
    with pytest.raises(Denied, match="set from the root namespace"):
        await driver.write("keys/k/classification", data_class="phi")
    assert await driver.read("keys/k/classification") == {**NOTHING, "data_class": "pci", "owner": "other"}


async def test_restoring_over_a_key_does_not_change_what_a_namespace_above_has_set() -> None:
    driver = driver_of(TRANSIT, namespace="eu/")
    await driver.write("keys/k", **OPEN)
    backup = (await driver.read("backup/k"))["backup"]
    driver.caller = Caller("root", (), namespace="")
    await driver.write("keys/k/classification", data_class="phi")
    driver.caller = Caller("own", (), namespace="eu/")
    with pytest.raises(Denied):
        await driver.write("restore/k", backup=backup, force=True, data_class="none")
    await driver.write("restore/k", backup=backup, force=True)
    with pytest.raises(Denied):
        await driver.write("keys/k/classification", data_class="none")


DEFAULTS: list[tuple[EngineType[Any, Any], dict[str, Any], str]] = [
    (TRANSIT, {"type": "chacha20-poly1305"}, "chacha20-poly1305"),
    (TRANSIT, {"type": "ml-dsa", "parameter_set": "87"}, "ml-dsa-87"),
    (SIGNING, {"type": "ml-dsa", "parameter_set": "87"}, "ml-dsa-87"),
    (PQC, {"type": "ml-kem-1024"}, "ml-kem-1024"),
]


@pytest.mark.parametrize(("engine", "default", "algorithm"), DEFAULTS)
@pytest.mark.parametrize("active", [True, False])
async def test_a_policy_says_which_type_a_key_of_a_class_gets(
    engine: EngineType[Any, Any], default: dict[str, Any], algorithm: str, active: bool
) -> None:
    gate = RecordingGate(active=active, defaults={"phi": default})
    driver = driver_of(engine, gate)
    await driver.write("keys/k", data_class="phi")
    assert (await facts(driver, "k")).algorithm == algorithm
    assert driver.engine.facts_of_new({"name": "x", "data_class": "phi"}).algorithm == algorithm
    await driver.write("keys/plain", data_class="public")
    assert (await facts(driver, "plain")).algorithm != algorithm
    named = "ml-kem-768" if engine is PQC else "ecdsa-p384"
    await driver.write("keys/named", data_class="phi", type=named)
    assert (await facts(driver, "named")).algorithm == named


async def test_a_key_that_is_made_on_the_way_gets_the_type_of_its_class() -> None:
    driver = driver_of(TRANSIT, RecordingGate(defaults={"phi": {"type": "chacha20-poly1305"}}))
    await driver.write("encrypt/k", plaintext=HELLO, data_class="phi")
    assert (await driver.read("keys/k"))["type"] == "chacha20-poly1305"


async def facts(driver: Driver, name: str) -> Any:
    """Those of the latest version."""
    await driver.cache.catch_up()
    return await driver.engine.facts_of(name, 0, CryptoOperation.SIGN)
