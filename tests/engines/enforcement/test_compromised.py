"""A compromised version protects nothing new, on no route, and still processes what there is; nothing unmarks it."""

from __future__ import annotations

from typing import Any

import pytest

from engines.base import Operation
from engines.crypto_policy.operations import CLASS_OF, CryptoOperation, OperationClass
from engines.faults import InvalidRequest, NotFound
from engines.keys.records import decode_record
from tests.engines.enforcement.gates import RecordingGate, everything
from tests.engines.enforcement.test_routes import CASES, ENGINES, HELLO, KEYED, call, furnished

KEYS = {
    "transit": ("aes", "ec", "rsa", "cmac", "gone", "public"),
    "pqc": ("kem", "public"),
    "signing": ("ec", "public"),
}
FIRST = {"transit": "aes", "pqc": "kem", "signing": "ec"}
"""A key of each engine that may be backed up."""


def protects(operations: str) -> bool:
    """Whether one of the operations is by a version of a key for new data; wrapping for an export is."""
    found = [CryptoOperation(each) for each in operations.split()]
    return CryptoOperation.BYOK_EXPORT in found or any(CLASS_OF[each] is OperationClass.PROTECT for each in found)


@pytest.mark.parametrize(("engine", "route"), CASES, ids=lambda part: part if isinstance(part, str) else part[1])
async def test_only_what_is_new_is_refused(engine: str, route: tuple[Operation, str]) -> None:
    driver, made = await furnished(engine, RecordingGate())
    for name in KEYS[engine]:
        await driver.write(f"keys/{name}/compromised", version=1, reason="leaked")
    case = KEYED[engine][route]
    if not protects(case[2]):
        assert not any("error" in result for result in await call(driver, route[0], case, made))
        return
    before = await everything(driver.store)
    try:
        results = await call(driver, route[0], case, made)
    except InvalidRequest as fault:
        errors = [fault.message or ""]
    else:
        errors = [result.get("error", "") for result in results]
    assert errors and all("is compromised: it only decrypts and verifies" in each for each in errors)
    assert await everything(driver.store) == before
    assert driver.call is not None and driver.call.crypto is not None
    protecting = case[2].split()[-1]
    assert not any(use.count - use.failed for use in driver.call.crypto.uses) or protecting == "encrypt"


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_mark_is_shown_and_stays(engine: str) -> None:
    driver, made = await furnished(engine, RecordingGate())
    name = FIRST[engine]
    answer = await driver.write(f"keys/{name}/compromised", version=1, reason="leaked")
    marked = {"1": {"time": "2027-01-15T08:00:00.125Z", "reason": "leaked"}}
    assert answer == {"name": name, "compromised_versions": marked}
    assert (await driver.read(f"keys/{name}"))["compromised_versions"] == marked
    assert (await driver.read(f"keys/{name}/usage"))["versions"]["1"]["state"] == "compromised"
    driver.clock.now += 10
    await driver.write(f"keys/{name}/compromised", version=1, reason="sold")
    await driver.write(f"keys/{name}/config", min_encryption_version=1)
    await driver.write(f"keys/{name}/rotate")
    again = {"1": {"time": "2027-01-15T08:00:00.125Z", "reason": "sold"}}
    assert (await driver.read(f"keys/{name}"))["compromised_versions"] == again
    # A backup from before the mark doesn't end it, neither where the key is nor where it was.
    await driver.write(f"restore/{name}", backup=made["backup"], force=True)
    assert (await driver.read(f"keys/{name}"))["compromised_versions"] == again
    await driver.write(f"keys/{name}/config", deletion_allowed=True)
    await driver.invoke(Operation.DELETE, f"keys/{name}")
    await driver.write(f"restore/{name}", backup=made["backup"])
    assert (await driver.read(f"keys/{name}"))["compromised_versions"] == again
    # One that has it brings it to another name.
    brought = (await driver.read(f"backup/{name}"))["backup"]
    await driver.write("restore/other", backup=brought)
    assert (await driver.read("keys/other"))["compromised_versions"] == again


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_trimmed_version_has_no_mark_and_an_archived_one_has(engine: str) -> None:
    driver, _ = await furnished(engine, RecordingGate())
    name = FIRST[engine]
    await driver.write(f"keys/{name}/rotate")
    await driver.write(f"keys/{name}/config", min_decryption_version=2, min_encryption_version=2)
    await driver.write(f"keys/{name}/compromised", version=1)
    assert set((await driver.read(f"keys/{name}"))["compromised_versions"]) == {"1"}
    assert (await driver.read(f"keys/{name}/usage"))["versions"]["1"]["state"] == "compromised"
    await driver.write(f"keys/{name}/trim", min_available_version=2)
    assert "compromised_versions" not in await driver.read(f"keys/{name}")
    value = await driver.storage.get(f"policy/{name}")
    assert value is not None and not decode_record(value).compromised


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "missing version"),
        ({"version": 0}, "no such key version"),
        ({"version": 2}, "no such key version"),
        ({"version": -1}, "no such key version"),
        ({"version": 1, "reason": "x" * 513}, "reason has more than 512 bytes"),
        ({"version": 1, "reason": "\ud800"}, "reason is not Unicode"),
    ],
)
async def test_what_cannot_be_marked_changes_nothing(given: dict[str, Any], message: str) -> None:
    driver, _ = await furnished("transit", RecordingGate())
    before = await everything(driver.store)
    with pytest.raises(InvalidRequest, match=message):
        await driver.write("keys/aes/compromised", **given)
    with pytest.raises(NotFound):
        await driver.write("keys/none/compromised", version=1)
    assert await everything(driver.store) == before


async def test_a_disabled_key_is_marked_and_an_older_version_may_still_protect() -> None:
    driver, _ = await furnished("transit", RecordingGate())
    await driver.write("keys/aes/rotate")
    await driver.write("keys/aes/config", disabled=True)
    await driver.write("keys/aes/compromised", version=2)
    await driver.write("keys/aes/config", disabled=False)
    batch = [{"plaintext": HELLO}, {"plaintext": HELLO, "key_version": 1}]
    answer = await driver.invoke(Operation.UPDATE, "encrypt/aes", batch_input=batch, partial_failure_response_code=200)
    assert answer.data is not None
    first, second = answer.data["batch_results"]
    assert "compromised" in first["error"] and second["ciphertext"].startswith("vault:v1:")
    await driver.write("keys/aes/rotate")
    assert (await driver.write("encrypt/aes", plaintext=HELLO))["key_version"] == 3


async def test_the_next_version_signs_at_once_and_the_compromised_one_is_not_published() -> None:
    driver, made = await furnished("signing", RecordingGate())
    await driver.write("keys/ec/config", publish_ahead="24h", keep_published="24h")
    driver.clock.now += 100_000
    await driver.write("keys/ec/rotate")
    assert (await driver.write("jws/sign/r", payload=HELLO))["key_version"] == 1
    await driver.write("keys/ec/compromised", version=1)
    assert (await driver.write("jws/sign/r", payload=HELLO))["key_version"] == 2
    assert [key["key_version"] for key in (await driver.read("keys/ec/jwks"))["keys"]] == [2]
    assert (await driver.read("keys/ec"))["published_versions"] == [2]
    assert (await driver.write("jws/verify/r", jws=made["jws"]))["valid"]
    await driver.write("keys/ec/compromised", version=2)
    with pytest.raises(InvalidRequest, match="is compromised"):
        await driver.write("jws/sign/r", payload=HELLO)
    assert not (await driver.read("keys/ec/jwks"))["keys"]


async def test_a_set_of_transit_lacks_the_compromised_version() -> None:
    driver, _ = await furnished("transit", RecordingGate())
    await driver.write("keys/ec/rotate")
    await driver.write("keys/ec/compromised", version=1)
    assert [key["key_version"] for key in (await driver.read("keys/ec/jwks"))["keys"]] == [2]
