"""States, limits, counts and notes of keys that encapsulate: as transit's, since the code is the same."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest

from engines.base import Operation, Row
from engines.faults import InvalidRequest
from engines.pqc.routes import PQC
from tests.engines.driver import Driver, message_of

UPDATE, READ, DELETE = Operation.UPDATE, Operation.READ, Operation.DELETE
LATER, SOONER = "2030-01-01T00:00:00Z", "2020-01-01T00:00:00Z"
OPEN = {"type": "ml-kem-768", "exportable": True, "allow_plaintext_backup": True}
STATELESS = {"keys", "wrapping_key"}
ALWAYS = {
    *((READ, "keys/{name}"), (READ, "keys/{name}/usage"), (UPDATE, "keys/{name}"), (UPDATE, "keys/{name}/config")),
    *((READ, "keys/{name}/classification"), (UPDATE, "keys/{name}/classification")),
    (UPDATE, "keys/{name}/compromised"),
}
"""What can be done with a key in any state: read it, ask for its creation in vain, configure and classify it."""

NEW_NAME = (UPDATE, "keys/{name}/import")
"""What is refused for a key that is there, whatever its state."""

EXISTS = "there is a key of that name; use import_version to give an imported key another version"


@pytest.mark.parametrize(
    "route",
    [route for route in PQC.routes if route.path not in STATELESS],
    ids=lambda row: f"{row.operation} {row.path}",
)
async def test_a_disabled_key_can_be_read_and_configured_and_nothing_else(pqc: Driver, route: Row[Any]) -> None:
    """A route that forgets to ask for the state fails here."""
    await pqc.write("keys/k", **OPEN)
    backup = (await pqc.read("backup/k"))["backup"]
    ciphertext = (await pqc.write("encrypt/k", plaintext="AAAA"))["ciphertext"]
    await pqc.write("keys/k/config", disabled=True, deletion_allowed=True)
    values = {"{name}": "k", "{name:path}": "k", "{type:any}": "decapsulation-key", "{version:any}": "1"}
    path = "/".join(values.get(part, part) for part in route.path.split("/"))
    parameters = {"ciphertext": ciphertext, "plaintext": "AAAA", "backup": backup, "force": True}
    if (route.operation, route.path) in ALWAYS:
        await pqc.invoke(route.operation, path, force=True, version=1)
        return
    kind, message = await message_of(pqc, route.operation, path, **parameters)
    expected = EXISTS if (route.operation, route.path) == NEW_NAME else "key 'k' is disabled"
    assert (kind, message) == (InvalidRequest, expected)
    assert (await pqc.read("keys/k"))["disabled"] is True


async def test_a_key_protects_between_its_times_and_opens_after_them(pqc: Driver) -> None:
    await pqc.write("keys/k", type="ml-kem-768", not_before=LATER)
    for path, parameters in (("encrypt", {"plaintext": "AAAA"}), ("encapsulate", {})):
        assert "not active before 2030" in (await message_of(pqc, UPDATE, f"{path}/k", **parameters))[1]
    await pqc.write("keys/k/config", not_before="")
    sealed = (await pqc.write("encrypt/k", plaintext="AAAA"))["ciphertext"]
    made = await pqc.write("encapsulate/k")
    await pqc.write("keys/k/config", not_after=SOONER)
    batch = [{"plaintext": "AAAA"}]
    protecting: tuple[tuple[str, dict[str, Any]], ...] = (
        ("encrypt", {"plaintext": "AAAA"}),
        ("encrypt", {"batch_input": batch}),
        ("encapsulate", {}),
    )
    for path, given in protecting:
        assert "it only decrypts and verifies" in (await message_of(pqc, UPDATE, f"{path}/k", **given))[1]
    assert (await pqc.write("decrypt/k", ciphertext=sealed))["plaintext"] == "AAAA"
    opened = await pqc.write("decapsulate/k", ciphertext=made["ciphertext"])
    assert opened["shared_secret"] == made["shared_secret"]
    assert (await pqc.read("keys/k"))["not_after"] == SOONER


async def test_every_way_to_protect_is_counted(pqc: Driver) -> None:
    await pqc.write("keys/k", type="ml-kem-768")
    assert "encryptions" not in await pqc.read("keys/k")
    await pqc.write("encapsulate/k")
    sealed = (await pqc.write("encrypt/k", plaintext="AAAA"))["ciphertext"]
    await pqc.write("encrypt/k", batch_input=[{"plaintext": "AAAA"}] * 5)
    await pqc.write("decrypt/k", ciphertext=sealed)
    assert (await pqc.read("keys/k"))["encryptions"] == {"1": 7}
    await pqc.write("keys/k/rotate")
    await pqc.write("encapsulate/k")
    await pqc.write("encapsulate/k", key_version=1)
    assert (await pqc.read("keys/k"))["encryptions"] == {"1": 8, "2": 1}
    engine: Any = pqc.engine
    await asyncio.gather(*engine.counts._renewals)
    await engine.close()
    assert (await Driver(PQC, store=pqc.store).read("keys/k"))["encryptions"] == {"1": 8, "2": 1}


async def test_a_version_that_may_make_no_more_gives_way_to_a_new_one_or_refuses(pqc: Driver) -> None:
    await pqc.write("keys/k", type="ml-kem-768", max_encryptions=4)
    versions = [(await pqc.write("encapsulate/k"))["key_version"] for _ in range(6)]
    assert versions == [1, 1, 1, 1, 2, 2]
    await pqc.write("keys/k/config", on_max_encryptions="refuse")
    for _ in range(2):
        await pqc.write("encrypt/k", plaintext="AAAA")
    for path in ("encapsulate/k", "encrypt/k"):
        assert "may not make 1 more of its 4 encryptions" in (await message_of(pqc, UPDATE, path, plaintext="AAAA"))[1]
    assert (await pqc.read("keys/k"))["latest_version"] == 2


async def test_a_backup_keeps_limits_states_notes_and_counts(pqc: Driver) -> None:
    rules = {"max_encryptions": 9, "not_after": LATER, "custom_metadata": {"team": "post"}}
    await pqc.write("keys/k", **OPEN, **rules)
    for _ in range(3):
        await pqc.write("encapsulate/k")
    backup = (await pqc.read("backup/k"))["backup"]
    await pqc.write("restore/copy", backup=backup)
    copy = await pqc.read("keys/copy")
    assert {name: copy[name] for name in rules} == rules
    # What the process had reserved when the backup was made counts as used.
    assert 3 <= copy["encryptions"]["1"] <= 9
    older = json.loads(base64.b64decode(backup))
    del older["rules"]
    await pqc.write("restore/older", backup=base64.b64encode(json.dumps(older).encode()).decode())
    assert "max_encryptions" not in await pqc.read("keys/older")
    older["rules"] = {"not_before": LATER, "not_after": SOONER}
    wrong = base64.b64encode(json.dumps(older).encode()).decode()
    assert "settings that can't be" in (await message_of(pqc, UPDATE, "restore/wrong", backup=wrong))[1]


async def test_a_disabled_key_is_not_replaced(pqc: Driver) -> None:
    await pqc.write("keys/k", **OPEN)
    backup = (await pqc.read("backup/k"))["backup"]
    await pqc.write("keys/k/config", disabled=True)
    assert "is disabled" in (await message_of(pqc, UPDATE, "restore", backup=backup, force=True))[1]
