"""The FIPS modes hold here as in transit, since keys do."""

from __future__ import annotations

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from engines.algorithms.row import Fips
from engines.base import Operation
from engines.crypto_policy.fips import FipsMode
from engines.signing.routes import SIGNING
from tests.engines.driver import Driver, make_keys, message_of
from tests.engines.signing.conftest import ALICE, KEYS, ROWS

WHAT = "an RSA key with the public exponent 3"


APPROVED = [name for name, row in ROWS.items() if row.strength.fips is Fips.APPROVED]
UNAPPROVED = [name for name, row in ROWS.items() if row.strength.fips is not Fips.APPROVED]


@pytest.mark.parametrize("type_", APPROVED)
async def test_approved_types_sign_without_a_warning(type_: str) -> None:
    driver = Driver(SIGNING, FipsMode.ENABLED)
    driver.caller = ALICE
    await make_keys(driver, {type_: KEYS[type_]})
    await driver.write("roles/r", key=type_)
    answer = await driver.invoke(Operation.UPDATE, "jwt/sign/r")
    assert answer.warnings == []


@pytest.mark.parametrize("type_", UNAPPROVED)
async def test_other_types_are_refused_or_warned_of(type_: str) -> None:
    """When a key is made, imported, restored or rotated, and when it signs; what it has signed is still verified."""
    disabled = Driver(SIGNING)
    disabled.caller = ALICE
    made = {**KEYS[type_], "allow_plaintext_backup": True}
    await disabled.write("keys/k", **made)
    await disabled.write("roles/k", key="k", formats=["jwt", "jws", "cose"])
    token = (await disabled.write("jwt/sign/k"))["token"]
    backup = (await disabled.read("backup/k"))["backup"]
    public = (await disabled.read("keys/k"))["keys"]["1"]["public_key"]
    enabled, preferred = (Driver(SIGNING, mode, disabled.store) for mode in (FipsMode.ENABLED, FipsMode.PREFERRED))
    enabled.caller = preferred.caller = ALICE
    warning = f'{type_} is not FIPS-approved (fips_mode is "{{}}")'
    for path, parameters in (
        ("keys/new", made),
        ("keys/imported/import", {**made, "public_key": public}),
        ("restore/restored", {"backup": backup}),
        ("keys/k/rotate", {}),
        ("jwt/sign/k", {}),
        ("jwt/sign/k", {"batch_input": [{}]}),
        ("jws/sign/k", {"payload": ""}),
        ("cose/sign/k", {"payload": ""}),
    ):
        before = await enabled.storage.list("policy/")
        assert (await message_of(enabled, Operation.UPDATE, path, **parameters))[1] == (
            f'{type_} is not FIPS-approved, and fips_mode is "enabled"'
        )
        assert await enabled.storage.list("policy/") == before
        answer = await preferred.invoke(Operation.UPDATE, path, **parameters)
        assert answer.warnings == [warning.format("preferred")]
    for driver in (enabled, preferred):
        answer = await driver.invoke(Operation.UPDATE, "jwt/verify/k", token=token)
        assert answer.data is not None and answer.data["valid"]
        assert answer.warnings == [warning.format(driver.engine.keys.fips.mode.value)]


async def test_a_request_for_a_certificate_signs_too() -> None:
    type_ = next(name for name in UNAPPROVED if ROWS[name].object_identifier)
    disabled = Driver(SIGNING)
    await disabled.write("keys/k", **KEYS[type_])
    enabled, preferred = (Driver(SIGNING, mode, disabled.store) for mode in (FipsMode.ENABLED, FipsMode.PREFERRED))
    text = f'{type_} is not FIPS-approved, and fips_mode is "enabled"'
    assert (await message_of(enabled, Operation.UPDATE, "keys/k/csr"))[1] == text
    answer = await preferred.invoke(Operation.UPDATE, "keys/k/csr")
    assert answer.warnings == [f'{type_} is not FIPS-approved (fips_mode is "preferred")']


async def test_a_key_that_is_not_approved_only_verifies() -> None:
    weak = rsa.generate_private_key(3, 2048)
    pem = weak.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    before = Driver(SIGNING)
    await before.write("keys/k/import", type="rsa-2048", public_key=pem)
    await before.write("roles/r", key="k")
    enabled = Driver(SIGNING, FipsMode.ENABLED, before.store)
    enabled.caller = ALICE
    _, text = await message_of(enabled, Operation.UPDATE, "jwt/sign/r")
    assert text == f'{WHAT} is not FIPS-approved, and fips_mode is "enabled"'
    token = jwt.encode({"exp": 1_900_000_000}, weak, algorithm="RS256")
    answer = await enabled.invoke(Operation.UPDATE, "jwt/verify/r", token=token)
    assert answer.data is not None and answer.data["valid"]
    assert answer.warnings == [f'{WHAT} is not FIPS-approved (fips_mode is "enabled")']
