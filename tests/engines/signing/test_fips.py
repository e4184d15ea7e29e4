"""The FIPS modes hold here as in transit, since keys do."""

from __future__ import annotations

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from engines.algorithms.base import Fips
from engines.base import Operation
from engines.fips import FipsMode
from engines.signing import Signing
from tests.engines.driver import Driver, make_keys, message_of
from tests.engines.signing.conftest import ALICE, KEYS, ROWS

WHAT = "an RSA key with the public exponent 3"


APPROVED = [name for name, row in ROWS.items() if row.fips is Fips.APPROVED]
UNAPPROVED = [name for name, row in ROWS.items() if row.fips is not Fips.APPROVED]


@pytest.mark.parametrize("type_", APPROVED)
async def test_approved_types_sign_without_a_warning(type_: str) -> None:
    driver = Driver(Signing, FipsMode.ENABLED)
    driver.caller = ALICE
    await make_keys(driver, {type_: KEYS[type_]})
    await driver.write("roles/r", key=type_)
    answer = await driver.invoke(Operation.UPDATE, "jwt/sign/r")
    assert answer.warnings == []


async def test_a_key_that_is_not_approved_only_verifies() -> None:
    weak = rsa.generate_private_key(3, 2048)
    pem = weak.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    before = Driver(Signing)
    await before.write("keys/k/import", type="rsa-2048", public_key=pem)
    await before.write("roles/r", key="k")
    enabled = Driver(Signing, FipsMode.ENABLED, before.store)
    enabled.caller = ALICE
    _, text = await message_of(enabled, Operation.UPDATE, "jwt/sign/r")
    assert text == f'{WHAT} is not FIPS-approved, and fips_mode is "enabled"'
    token = jwt.encode({"exp": 1_900_000_000}, weak, algorithm="RS256")
    answer = await enabled.invoke(Operation.UPDATE, "jwt/verify/r", token=token)
    assert answer.data is not None and answer.data["valid"]
    assert answer.warnings == [f'{WHAT} is not FIPS-approved (fips_mode is "enabled")']
