"""What the tests of the engine ``signing`` share."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from engines.algorithms.formats.jws import jws_algorithms
from engines.algorithms.hashes import HASHES
from engines.algorithms.registry import SIGNING_ALGORITHMS
from engines.algorithms.row import Pace
from engines.algorithms.rsa.key_wrapping import wrap
from engines.base import Caller
from engines.signing.routes import SIGNING
from storage.base import put
from tests.engines.driver import Driver, make_keys

ALICE = Caller("userpass-alice", ("default", "tokens"), "11111111-2222-3333-4444-555555555555")

ROWS = {
    name: row
    for name, row in SIGNING_ALGORITHMS.items()
    if row.pacing.signing is not Pace.LONG or row.parameter_set.endswith("f")
}
"""Those that sign in less than a second; the small sets of SLH-DSA differ from the fast ones by numbers."""

KEYS: dict[str, dict[str, Any]] = {
    name: {"type": row.key_type, **row.type_parameters, "exportable": True} for name, row in ROWS.items()
}
"""How a key of each is made."""

EVERY = [(name, jws.name) for name, row in ROWS.items() for jws in jws_algorithms(row)]
"""Each with every algorithm that its keys sign by."""


async def wrapped(driver: Driver, key: bytes) -> str:
    """``key`` as the server takes it in: wrapped to the mount's wrapping key, which is the same for all tests."""
    await make_keys(driver, {"wrapper": {"type": "rsa-4096"}})
    value = await driver.storage.get("policy/wrapper")
    assert value is not None
    await put(driver.storage, "policy/import/wrapping-key", value)
    pem = (await driver.read("wrapping_key"))["public_key"]
    recipient = load_pem_public_key(pem.encode()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(wrap(recipient, key, HASHES["sha2-256"])).decode()


@pytest.fixture
def signing() -> Driver:
    """An engine over an empty store, called by somebody."""
    driver = Driver(SIGNING)
    driver.caller = ALICE
    return driver
