"""Whatever a client sends, a handler answers or refuses as the client's mistake."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engines.base import Row
from engines.faults import Failed, Fault
from engines.signing.routes import ROUTES, SIGNING
from tests.engines.driver import Driver, make_keys
from tests.engines.signing.conftest import ALICE
from tests.engines.transit.test_any_body import JSON, TEXTS, drawn

KEYS: dict[str, dict[str, Any]] = {
    "ec": {"exportable": True, "allow_plaintext_backup": True},
    "ed": {"type": "ed25519", "exportable": True, "publish_ahead": 60, "keep_published": 60},
    "rsa": {"type": "rsa-2048"},
    "pq": {"type": "mldsa-44"},
    "disabled": {"disabled": True},
}
ROLES: dict[str, dict[str, Any]] = {
    "r": {"key": "ec", "allowed_claims": ["*"], "formats": ["jwt", "jws", "cose", "cms"]},
    "s": {"key": "rsa", "claims": {"sub": "{{caller.entity_id}}"}, "formats": ["jwt", "jws", "cose", "cms"]},
    "t": {"key": "pq", "formats": ["jws", "cose"], "typ": "x"},
    "u": {"key": "disabled"},
}
NAMES = st.sampled_from([*KEYS, *ROLES, "nope"])
PARTS = st.one_of(
    st.just(""),
    st.binary(max_size=40).map(lambda data: base64.urlsafe_b64encode(data).rstrip(b"=").decode()),
    st.dictionaries(
        st.sampled_from(["alg", "crit", "b64", "kid", "typ", "exp", "aud", "iat"]),
        st.one_of(JSON, st.sampled_from(["ES256", "RS256", "JWT", "x"]), st.just(["b64"])),
        max_size=5,
    ).map(lambda header: base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()),
)
TOKENS = st.one_of(TEXTS, st.lists(PARTS, min_size=2, max_size=4).map(".".join))
FLATTENED = st.fixed_dictionaries({"protected": PARTS, "signature": PARTS}, optional={"payload": PARTS, "header": JSON})


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.operation.value} {route.path}")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_only_refusals_escape(route: Row[Any], data: st.DataObject) -> None:
    path, fields = drawn(route, data, NAMES)
    if "token" in fields and data.draw(st.booleans()):
        fields["token"] = data.draw(TOKENS)
    if "jws" in fields and data.draw(st.booleans()):
        parts = st.fixed_dictionaries(
            {"protected": PARTS, "signature": PARTS}, optional={"payload": PARTS, "header": JSON}
        )
        fields["jws"] = data.draw(st.one_of(TOKENS, parts))
    asyncio.run(call(route, path, fields))


async def call(route: Row[Any], path: str, fields: dict[str, Any]) -> None:
    """Call the handler of ``route`` with ``fields``, past the weak conversion; only a refusal may come of it."""
    driver = Driver(SIGNING)
    driver.caller = ALICE
    await make_keys(driver, KEYS)
    for name, parameters in ROLES.items():
        await driver.write(f"roles/{name}", **parameters)
    if "import" in route.path or "wrapping" in route.path:
        await make_keys(driver, {"wrapper": {"type": "rsa-4096"}})
        value = await driver.storage.get("policy/wrapper")
        async with driver.storage.transaction() as transaction:
            transaction.put("policy/import/wrapping-key", value or b"")
    await driver.cache.catch_up()
    try:
        answer = await driver.handle(route, path, route.body(**fields), fields)
    except Fault as fault:
        assert not isinstance(fault, Failed)
        assert fault.message is None or fault.message
        return
    msgspec.json.encode(answer.data)
