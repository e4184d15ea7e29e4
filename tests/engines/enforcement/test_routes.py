"""Every route of an engine with keys asks the gate for its operation, or stands among those that use no key.

A new route fails here until it is in the table. Each is called with a gate that lets everything pass, which must be
asked for exactly these operations, and with one that refuses everything, which must leave storage and counts alone.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from engines.base import Caller, EngineType, Operation
from engines.batches.items import DecryptItem, EncryptItem, RewrapItem
from engines.crypto_policy.gate import PolicyRefused
from engines.pqc.routes import PQC
from engines.signing.routes import SIGNING
from engines.transit.routes import TRANSIT
from tests.engines.driver import Driver
from tests.engines.enforcement.gates import REFUSED, RecordingGate, everything
from tests.engines.signing.certifying import certify

READ, LIST, UPDATE, DELETE = Operation.READ, Operation.LIST, Operation.UPDATE, Operation.DELETE
HELLO = "aGVsbG8="
CREATED = {"exportable": True, "allow_plaintext_backup": True}
PUBLIC = (
    ec.generate_private_key(ec.SECP256R1())
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
ENGINES: dict[str, EngineType[Any, Any]] = {"transit": TRANSIT, "pqc": PQC, "signing": SIGNING}

Case = tuple[str, dict[str, Any], str]
"""The path that is called, its parameters, and the operations that are asked for."""

KEYED: dict[str, dict[tuple[Operation, str], Case]] = {
    "transit": {
        (UPDATE, "keys/{name}"): ("keys/new", {}, "create"),
        (DELETE, "keys/{name}"): ("keys/aes", {}, "delete"),
        (UPDATE, "keys/{name}/config"): ("keys/aes/config", {"min_encryption_version": 1}, "configure"),
        (UPDATE, "keys/{name}/rotate"): ("keys/aes/rotate", {}, "rotate"),
        (UPDATE, "keys/{name}/trim"): ("keys/aes/trim", {"min_available_version": 1}, "configure"),
        (DELETE, "keys/{name}/soft-delete"): ("keys/aes/soft-delete", {}, "configure"),
        (UPDATE, "keys/{name}/soft-delete-restore"): ("keys/gone/soft-delete-restore", {}, "configure"),
        (UPDATE, "encrypt/{name}"): ("encrypt/aes", {"plaintext": HELLO}, "encrypt"),
        (UPDATE, "decrypt/{name}"): ("decrypt/aes", {"ciphertext": "{ciphertext}"}, "decrypt"),
        (UPDATE, "rewrap/{name}"): ("rewrap/aes", {"ciphertext": "{ciphertext}"}, "decrypt encrypt"),
        (UPDATE, "datakey/{plaintext}/{name}"): ("datakey/wrapped/aes", {}, "datakey"),
        (UPDATE, "datakeys/{plaintext}/{name}"): ("datakeys/wrapped/aes", {"count": 2}, "datakey"),
        (UPDATE, "derivedkeys/{plaintext}/{name}"): (
            "derivedkeys/wrapped/aes",
            {"salt": "s", "key_index_from": 0, "key_index_to": 2},
            "derivedkeys",
        ),
        (UPDATE, "stream/encrypt/{name}"): ("stream/encrypt/aes", {"line": EncryptItem(plaintext=HELLO)}, "encrypt"),
        (UPDATE, "stream/decrypt/{name}"): (
            "stream/decrypt/aes",
            {"line": lambda made: DecryptItem(ciphertext=made["ciphertext"])},
            "decrypt",
        ),
        (UPDATE, "stream/rewrap/{name}"): (
            "stream/rewrap/aes",
            {"line": lambda made: RewrapItem(ciphertext=made["ciphertext"])},
            "decrypt encrypt",
        ),
        (UPDATE, "hash"): ("hash", {"input": HELLO}, "hash"),
        (UPDATE, "hash/{urlalgorithm:any}"): ("hash/sha2-512", {"input": HELLO}, "hash"),
        (UPDATE, "hmac/{name}"): ("hmac/aes", {"input": HELLO}, "hmac"),
        (UPDATE, "hmac/{name}/{urlalgorithm:any}"): ("hmac/aes/sha2-512", {"input": HELLO}, "hmac"),
        (UPDATE, "cmac/{name}"): ("cmac/cmac", {"input": HELLO}, "cmac"),
        (UPDATE, "cmac/{name}/{url_mac_length:any}"): ("cmac/cmac/8", {"input": HELLO}, "cmac"),
        (UPDATE, "sign/{name}"): ("sign/ec", {"input": HELLO}, "sign"),
        (UPDATE, "sign/{name}/{urlalgorithm:any}"): ("sign/ec/sha2-512", {"input": HELLO}, "sign"),
        (UPDATE, "verify/{name}"): ("verify/ec", {"input": HELLO, "signature": "{signature}"}, "verify"),
        (UPDATE, "verify/{name}/{urlalgorithm:any}"): (
            "verify/aes/sha2-256",
            {"input": HELLO, "hmac": "{hmac}"},
            "verify",
        ),
        (UPDATE, "keys/{name}/import"): (
            "keys/brought/import",
            {"type": "ecdsa-p256", "public_key": PUBLIC},
            "import",
        ),
        (UPDATE, "keys/{name}/import_version"): ("keys/public/import_version", {"public_key": PUBLIC}, "import"),
        (READ, "export/{type:any}/{name}"): ("export/encryption-key/aes", {}, "export"),
        (READ, "export/{type:any}/{name}/{version:any}"): ("export/hmac-key/aes/1", {}, "export"),
        (READ, "byok-export/{destination}/{source}"): ("byok-export/rsa/aes", {}, "byok-export"),
        (READ, "byok-export/{destination}/{source}/{version:any}"): ("byok-export/rsa/aes/1", {}, "byok-export"),
        (READ, "backup/{name}"): ("backup/aes", {}, "backup"),
        (UPDATE, "restore"): ("restore", {"backup": "{backup}", "force": True}, "restore"),
        (UPDATE, "restore/{name:path}"): ("restore/other", {"backup": "{backup}"}, "restore"),
        (UPDATE, "keys/{name}/csr"): ("keys/ec/csr", {}, "sign"),
        (UPDATE, "keys/{name}/set-certificate"): (
            "keys/ec/set-certificate",
            {"certificate_chain": "{chain}"},
            "configure",
        ),
        (UPDATE, "derive-key/{name}"): (
            "derive-key/agreed",
            {"base_key_name": "ec", "peer_public_key": PUBLIC},
            "agree create",
        ),
    },
    "pqc": {
        (UPDATE, "keys/{name}"): ("keys/new", {}, "create"),
        (DELETE, "keys/{name}"): ("keys/kem", {}, "delete"),
        (UPDATE, "keys/{name}/config"): ("keys/kem/config", {"exportable": True}, "configure"),
        (UPDATE, "keys/{name}/rotate"): ("keys/kem/rotate", {}, "rotate"),
        (UPDATE, "keys/{name}/trim"): ("keys/kem/trim", {"min_available_version": 1}, "configure"),
        (UPDATE, "encapsulate/{name}"): ("encapsulate/kem", {}, "encapsulate"),
        (UPDATE, "decapsulate/{name}"): ("decapsulate/kem", {"ciphertext": "{encapsulated}"}, "decapsulate"),
        (UPDATE, "encrypt/{name}"): ("encrypt/kem", {"plaintext": HELLO}, "encrypt"),
        (UPDATE, "decrypt/{name}"): ("decrypt/kem", {"ciphertext": "{ciphertext}"}, "decrypt"),
        (UPDATE, "keys/{name}/import"): (
            "keys/brought/import",
            {"type": "ml-kem-768", "public_key": "{public}"},
            "import",
        ),
        (UPDATE, "keys/{name}/import_version"): ("keys/public/import_version", {"public_key": "{public}"}, "import"),
        (READ, "export/{type:any}/{name}"): ("export/decapsulation-key/kem", {}, "export"),
        (READ, "export/{type:any}/{name}/{version:any}"): ("export/decapsulation-key/kem/1", {}, "export"),
        (READ, "backup/{name}"): ("backup/kem", {}, "backup"),
        (UPDATE, "restore"): ("restore", {"backup": "{backup}", "force": True}, "restore"),
        (UPDATE, "restore/{name:path}"): ("restore/other", {"backup": "{backup}"}, "restore"),
    },
    "signing": {
        (UPDATE, "keys/{name}"): ("keys/new", {}, "create"),
        (DELETE, "keys/{name}"): ("keys/ec", {}, "delete"),
        (UPDATE, "keys/{name}/config"): ("keys/ec/config", {"keep_published": 60}, "configure"),
        (UPDATE, "keys/{name}/rotate"): ("keys/ec/rotate", {}, "rotate"),
        (UPDATE, "keys/{name}/trim"): ("keys/ec/trim", {"min_available_version": 1}, "configure"),
        (UPDATE, "keys/{name}/csr"): ("keys/ec/csr", {}, "sign"),
        (UPDATE, "keys/{name}/set-certificate"): (
            "keys/ec/set-certificate",
            {"certificate_chain": "{chain}"},
            "configure",
        ),
        (UPDATE, "keys/{name}/import"): (
            "keys/brought/import",
            {"type": "ecdsa-p256", "public_key": PUBLIC},
            "import",
        ),
        (UPDATE, "keys/{name}/import_version"): ("keys/public/import_version", {"public_key": PUBLIC}, "import"),
        (READ, "export/{type:any}/{name}"): ("export/signing-key/ec", {}, "export"),
        (READ, "export/{type:any}/{name}/{version:any}"): ("export/signing-key/ec/1", {}, "export"),
        (READ, "backup/{name}"): ("backup/ec", {}, "backup"),
        (UPDATE, "restore"): ("restore", {"backup": "{backup}", "force": True}, "restore"),
        (UPDATE, "restore/{name:path}"): ("restore/other", {"backup": "{backup}"}, "restore"),
        (UPDATE, "jwt/sign/{role}"): ("jwt/sign/r", {"claims": {"sub": "x"}}, "issue-token"),
        (UPDATE, "jwt/verify/{role}"): ("jwt/verify/r", {"token": "{token}"}, "verify"),
        (UPDATE, "jws/sign/{role}"): ("jws/sign/r", {"payload": HELLO}, "sign"),
        (UPDATE, "jws/verify/{role}"): ("jws/verify/r", {"jws": "{jws}"}, "verify"),
        (UPDATE, "cose/sign/{role}"): ("cose/sign/r", {"payload": HELLO}, "sign"),
        (UPDATE, "cose/verify/{role}"): ("cose/verify/r", {"message": "{cose}"}, "verify"),
        (UPDATE, "cms/sign/{role}"): ("cms/sign/r", {"payload": HELLO}, "sign"),
        (UPDATE, "cms/verify/{role}"): ("cms/verify/r", {"cms": "{cms}", "payload": HELLO}, "verify"),
    },
}

KEYLESS = {
    *((LIST, "keys"), (READ, "keys/{name}"), (READ, "keys/{name}/jwks"), (READ, "wrapping_key")),
    *((READ, "config/keys"), (UPDATE, "config/keys"), (READ, "cache-config"), (UPDATE, "cache-config")),
    *((UPDATE, "random"), (UPDATE, "random/{segment:any}"), (UPDATE, "random/{source}/{urlbytes:any}")),
    *((LIST, "roles"), (READ, "roles/{name}"), (UPDATE, "roles/{name}"), (DELETE, "roles/{name}")),
    *((READ, "jwks"), (READ, "roles/{name}/jwks")),
    *((READ, "keys/{name}/usage"), (READ, "keys/{name}/classification"), (UPDATE, "keys/{name}/classification")),
    (UPDATE, "keys/{name}/compromised"),
}
"""Routes that tell of keys, classify or mark them, or have to do with none, or with the server's own."""

CASES = [(engine, route) for engine, routes in KEYED.items() for route in routes]


@pytest.mark.parametrize("engine", ENGINES)
def test_each_route_has_its_operation_or_uses_no_key(engine: str) -> None:
    """A route that isn't in one of the tables may use keys unasked."""
    routes = {(route.operation, route.path) for route in ENGINES[engine].routes}
    assert routes - KEYLESS == KEYED[engine].keys()


def test_no_engine_with_keys_is_left_out() -> None:
    """An engine whose keys are of rows of the registry stands in the tables above."""
    from server.runtime import plugins  # The one place that knows all engines, and no engine's.

    assert {engine.type for engine in plugins.engine_types() if engine.algorithms} == ENGINES.keys()


async def furnished(engine: str, gate: RecordingGate) -> tuple[Driver, Mapping[str, str]]:
    """The engine with keys for every route, and what was made with them."""
    driver = Driver(ENGINES[engine], gate=gate)
    driver.caller = Caller("somebody", ("default",), "11111111-2222-3333-4444-555555555555")
    made: dict[str, str] = {}
    if engine == "transit":
        await _furnish_transit(driver, made)
    elif engine == "pqc":
        await _furnish_pqc(driver, made)
    else:
        await _furnish_signing(driver, made)
    gate.asked.clear()
    return driver, made


async def _furnish_transit(driver: Driver, made: dict[str, str]) -> None:
    types = {"aes": "aes256-gcm96", "ec": "ecdsa-p256", "rsa": "rsa-2048", "cmac": "aes128-cmac", "gone": "ed25519"}
    for name, key_type in types.items():
        await driver.write(f"keys/{name}", type=key_type, **CREATED)
    await driver.write("keys/aes/config", deletion_allowed=True, min_encryption_version=1)
    await driver.invoke(DELETE, "keys/gone/soft-delete")
    await driver.write("keys/public/import", type="ecdsa-p256", public_key=PUBLIC)
    made["ciphertext"] = (await driver.write("encrypt/aes", plaintext=HELLO))["ciphertext"]
    made["signature"] = (await driver.write("sign/ec", input=HELLO))["signature"]
    made["hmac"] = (await driver.write("hmac/aes", input=HELLO))["hmac"]
    made["backup"] = (await driver.read("backup/aes"))["backup"]
    made["chain"] = certify((await driver.write("keys/ec/csr"))["csr"])


async def _furnish_pqc(driver: Driver, made: dict[str, str]) -> None:
    await driver.write("keys/kem", type="ml-kem-768", **CREATED)
    await driver.write("keys/kem/config", deletion_allowed=True, min_encryption_version=1)
    made["public"] = (await driver.read("export/public-key/kem", format="pem"))["keys"]["1"]
    await driver.write("keys/public/import", type="ml-kem-768", public_key=made["public"])
    made["ciphertext"] = (await driver.write("encrypt/kem", plaintext=HELLO))["ciphertext"]
    made["encapsulated"] = (await driver.write("encapsulate/kem"))["ciphertext"]
    made["backup"] = (await driver.read("backup/kem"))["backup"]


async def _furnish_signing(driver: Driver, made: dict[str, str]) -> None:
    await driver.write("keys/ec", type="ecdsa-p256", **CREATED)
    await driver.write("keys/ec/config", deletion_allowed=True, min_encryption_version=1)
    await driver.write("keys/public/import", type="ecdsa-p256", public_key=PUBLIC)
    made["chain"] = certify((await driver.write("keys/ec/csr"))["csr"])
    await driver.write("keys/ec/set-certificate", certificate_chain=made["chain"])
    await driver.write("roles/r", key="ec", formats=["jwt", "jws", "cose", "cms"], allowed_claims=["sub"])
    made["token"] = (await driver.write("jwt/sign/r", claims={"sub": "x"}))["token"]
    made["jws"] = (await driver.write("jws/sign/r", payload=HELLO))["jws"]
    made["cose"] = (await driver.write("cose/sign/r", payload=HELLO))["message"]
    made["cms"] = (await driver.write("cms/sign/r", payload=HELLO))["cms"]
    made["backup"] = (await driver.read("backup/ec"))["backup"]


async def call(driver: Driver, operation: Operation, case: Case, made: Mapping[str, str]) -> list[dict[str, Any]]:
    """Call a route; what a stream answers to its line."""
    path, parameters, _ = case
    given = {
        name: made[value[1:-1]] if isinstance(value, str) and value.startswith("{") else value
        for name, value in parameters.items()
    }
    line = given.pop("line", None)
    answer = await driver.invoke(operation, path, **given)
    if answer.each is None:
        return []
    return await answer.each([line(made) if callable(line) else line])


@pytest.mark.parametrize(("engine", "route"), CASES, ids=lambda part: part if isinstance(part, str) else part[1])
async def test_a_route_asks_for_its_operation_and_records_it(engine: str, route: tuple[Operation, str]) -> None:
    gate = RecordingGate()
    driver, made = await furnished(engine, gate)
    case = KEYED[engine][route]
    results = await call(driver, route[0], case, made)
    assert not any("error" in result for result in results)
    assert [asked.operation.value for asked in _distinct(gate)] == case[2].split()
    assert driver.call is not None and driver.call.crypto is not None
    record = driver.call.crypto
    assert record.operation in ("rewrap", case[2].split()[0])
    assert record.uses and all(use.count >= 1 and not use.failed for use in record.uses)


@pytest.mark.parametrize(("engine", "route"), CASES, ids=lambda part: part if isinstance(part, str) else part[1])
async def test_a_refusal_changes_nothing(engine: str, route: tuple[Operation, str]) -> None:
    gate = RecordingGate()
    driver, made = await furnished(engine, gate)
    case = KEYED[engine][route]
    for operation in case[2].split():
        gate.asked.clear()
        gate.refuses = lambda asked, operation=operation: asked.operation.value == operation  # type: ignore[misc]
        before = await everything(driver.store)
        try:
            results = await call(driver, route[0], case, made)
        except PolicyRefused as refused:
            assert refused.refusals == (REFUSED,)
        else:
            assert [result["error"] for result in results] == [REFUSED]
        assert gate.short[-1][0] == operation
        assert await everything(driver.store) == before
        assert driver.call is not None and driver.call.crypto is not None
        refused_uses = driver.call.crypto.uses[-1]
        assert (refused_uses.count, refused_uses.failed) == ((1, 1) if case[0].startswith("stream/") else (0, 0))


def _distinct(gate: RecordingGate) -> list[Any]:
    """What was asked, each operation once, in order."""
    found: list[Any] = []
    for asked in gate.asked:
        if asked.operation not in [other.operation for other in found]:
            found.append(asked)
    return found


async def test_public_keys_are_exported_unasked() -> None:
    gate = RecordingGate()
    driver, _ = await furnished("transit", gate)
    gate.refuse()
    await driver.read("export/public-key/ec")
    await driver.read("keys/ec/jwks")
    assert base64.b64decode(HELLO) and not gate.asked


async def test_what_is_there_already_is_made_unasked() -> None:
    for engine, name in (("transit", "aes"), ("pqc", "kem"), ("signing", "ec")):
        gate = RecordingGate()
        driver, _ = await furnished(engine, gate)
        gate.refuse()
        await driver.write(f"keys/{name}")
        assert not gate.asked
