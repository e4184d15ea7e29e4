"""Whatever a client sends, a handler answers or raises a fault; anything else would be a bug."""

from __future__ import annotations

import asyncio
import base64
import types
import typing
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engines.base import Row
from engines.faults import Fault
from engines.transit.routes import ROUTES, TRANSIT
from tests.engines.driver import Driver, make_keys

KEYS: dict[str, dict[str, Any]] = {
    "aes": {"exportable": True, "allow_plaintext_backup": True},
    "derived": {"derived": True, "convergent_encryption": True},
    "ed": {"type": "ed25519", "exportable": True},
    "signer": {"type": "ed25519", "derived": True},
    "ec": {"type": "ecdsa-p256", "exportable": True, "allow_plaintext_backup": True},
    "rsa": {"type": "rsa-2048", "exportable": True},
    "mac": {"type": "hmac", "key_size": 32, "exportable": True},
    "ccm": {"type": "aes256-ccm", "max_encryptions": 3},
    "xts": {"type": "aes256-xts", "derived": True, "convergent_encryption": True},
    "cbc": {"type": "aes128-cbc", "exportable": True, "max_encryptions": 1, "on_max_encryptions": "refuse"},
    "sealed": {"type": "aes256-cbc-hmac-sha512", "allow_plaintext_backup": True, "exportable": True},
    "xchacha": {"type": "xchacha20-poly1305", "derived": True},
    "cmac": {"type": "aes256-cmac", "exportable": True},
    "mldsa": {"type": "mldsa-44", "exportable": True},
    "lattice": {"type": "ml-dsa", "parameter_set": "44", "exportable": True, "allow_plaintext_backup": True},
    "hashes": {"type": "slh-dsa", "parameter_set": "slh-dsa-sha2-128f", "exportable": True},
    "both": {
        "type": "hybrid",
        "parameter_set": "44",
        "hybrid_key_type_pqc": "ml-dsa",
        "hybrid_key_type_ec": "ecdsa-p256",
        "exportable": True,
    },
    "late": {"not_before": "2090-01-01T00:00:00Z"},
    "disabled": {"disabled": True},
}

BASE64 = st.binary(max_size=600).map(lambda data: base64.b64encode(data).decode())
HEADERS = st.sampled_from(["vault:v1:", "vault:v2:", "vault:v0:", "vault:v-1:", "vault:v", "vault:v99999:"])
NAMES = st.sampled_from([*KEYS, "nope"])
WORDS = st.sampled_from(
    [
        *("", "sha2-256", "sha3-512", "none", "md5", "hex", "base64", "pss", "pkcs1v15", "asn1", "jws", "auto", "hash"),
        *("aes256-gcm96", "chacha20-poly1305", "rsa-2048", "ecdsa-p256", "ed25519", "hmac", "platform", "seal", "all"),
        *("encryption-key", "signing-key", "hmac-key", "public-key", "certificate-chain", "raw", "der", "pem"),
        *("aes256-ccm", "aes256-xts", "aes128-cbc", "aes256-cbc-hmac-sha512", "xchacha20-poly1305", "aes192-cmac"),
        *("mldsa-65", "cmac-key", "rotate", "refuse", "2026-01-01T00:00:00Z", "1700000000", "16", "4"),
        *("ml-dsa", "slh-dsa", "hybrid", "44", "slh-dsa-sha2-128f", "ecdsa-p256"),
        *("oaep", "sha1", "sha2-512", "hmacdrbg", base64.b64encode(bytes(64)).decode()),
        *("1", "v1", "latest", "-1", "0", "9" * 30, "SHA256", "hkdf", "plaintext", "wrapped"),
    ]
)
TEXTS = st.one_of(
    NAMES, WORDS, BASE64, st.builds(lambda head, tail: head + tail, HEADERS, BASE64), st.text(max_size=30)
)
INTEGERS = st.one_of(st.integers(-3, 9), st.sampled_from([31, 32, 128, 256, 512, 3600, 131072, 2**63 - 1, -(2**63)]))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), INTEGERS, st.integers(), st.floats(allow_nan=False), TEXTS),
    lambda children: st.one_of(
        st.lists(children, max_size=4),
        st.dictionaries(
            st.sampled_from(
                [
                    *("plaintext", "ciphertext", "context", "input", "hmac", "signature", "key_version", "reference"),
                    *("cmac", "mac_length", "associated_data"),
                ]
            ),
            children,
            max_size=5,
        ),
    ),
    max_leaves=12,
)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a field's type, as compat would have converted them."""
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        return st.integers(0, 2**40) if typing.get_args(kind)[0] is int else values(typing.get_args(kind)[0])
    if origin in (typing.Union, types.UnionType):
        return st.one_of([values(part) for part in typing.get_args(kind) if part is not msgspec.UnsetType])
    if origin is list:
        return st.lists(TEXTS, max_size=3)
    if origin is dict:
        return st.dictionaries(TEXTS, TEXTS, max_size=3)
    return {str: TEXTS, int: INTEGERS, bool: st.booleans()}.get(kind, JSON)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.operation.value} {route.path}")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_only_faults_escape(route: Row[Any], data: st.DataObject) -> None:
    path, fields = drawn(route, data, NAMES)
    items = [] if route.item is None else data.draw(st.lists(lines(route.item), max_size=4))
    asyncio.run(call(route, path, fields, items))


def drawn(route: Row[Any], data: st.DataObject, names: st.SearchStrategy[str]) -> tuple[str, dict[str, Any]]:
    """A path that ``route`` is for and fields of its body; ``names`` are those of keys, and of others there."""
    hints = typing.get_type_hints(route.body, include_extras=True)
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(route.body):
        in_path = f"{{{field.name}" in route.path
        is_name = field.name in ("name", "base_key_name") or f"{{{field.name}}}" in route.path
        strategy = names if is_name and (in_path or data.draw(st.booleans())) else values(hints[field.name])
        if in_path or data.draw(st.booleans()):
            fields[field.name] = data.draw(strategy)
    path = route.path
    for segment in route.path.split("/"):
        if segment.startswith("{"):
            name = segment[1:-1].partition(":")[0]
            path = path.replace(segment, str(fields.get(name, "x")))
    return path, fields


def lines(kind: type[msgspec.Struct]) -> st.SearchStrategy[msgspec.Struct]:
    """Lines of a stream, as they come to an engine."""
    hints = typing.get_type_hints(kind, include_extras=True)
    given = {field.name: values(hints[field.name]) for field in msgspec.structs.fields(kind)}
    required = {field.name: given.pop(field.name) for field in msgspec.structs.fields(kind) if field.required}
    return st.fixed_dictionaries(required, optional=given).map(lambda fields: kind(**fields))


async def call(route: Row[Any], path: str, fields: dict[str, Any], items: list[msgspec.Struct]) -> None:
    """Call the handler of ``route`` with ``fields``, past the weak conversion; only a fault may come of it.

    The same goes for a stream's ``items``, each of which is answered.
    """
    driver = Driver(TRANSIT)
    await make_keys(driver, KEYS)
    await driver.cache.catch_up()
    made = {"wrapper": {"type": "rsa-4096"}}
    if "import" in route.path or "wrapping" in route.path:
        await make_keys(driver, made)
        value = await driver.storage.get("policy/wrapper")
        async with driver.storage.transaction() as transaction:
            transaction.put("policy/import/wrapping-key", value or b"")
    try:
        answer = await driver.handle(route, path, route.body(**fields), fields)
    except Fault as fault:
        assert fault.message is None or fault.message
        return
    msgspec.json.encode(answer.data)
    if answer.each is not None and items:
        try:
            results = await answer.each(items)
        except Fault as fault:
            assert fault.message
            return
        assert len(results) == len(items)
        msgspec.json.encode(results)
