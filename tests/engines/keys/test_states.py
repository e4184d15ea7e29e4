"""The states of keys, the limits and notes in their configuration, and that every route minds them."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.base import Operation, Row
from engines.durations import format_time_nanoseconds
from engines.faults import Failed, Fault, InvalidRequest
from engines.keys.rules import parse_time
from engines.transit.routes import ROUTES, TRANSIT
from tests.engines.driver import Driver, make_keys, message_of

HELLO = "aGVsbG8="
LATER, SOONER = "2030-01-01T00:00:00Z", "2020-01-01T00:00:00Z"
OPEN = {"exportable": True, "allow_plaintext_backup": True}
KEYS: dict[str, dict[str, Any]] = {
    "aes": OPEN,
    "ed": {"type": "ed25519", **OPEN},
    "ec": {"type": "ecdsa-p256", **OPEN},
    "rsa": {"type": "rsa-2048", **OPEN},
}

STATELESS = {
    *("keys", "config/keys", "cache-config", "wrapping_key"),
    *("random", "random/{segment:any}", "random/{source}/{urlbytes:any}", "hash", "hash/{urlalgorithm:any}"),
}
"""Paths that are about no key in particular."""

ALWAYS = {
    (Operation.READ, "keys/{name}"),
    (Operation.UPDATE, "keys/{name}"),
    (Operation.UPDATE, "keys/{name}/config"),
    (Operation.READ, "keys/{name}/usage"),
    (Operation.READ, "keys/{name}/classification"),
    (Operation.UPDATE, "keys/{name}/classification"),
    (Operation.UPDATE, "keys/{name}/compromised"),
}
"""What can be done with a key in any state: read it, ask for its creation in vain, configure and classify it."""

NEW_NAME = {(Operation.UPDATE, "keys/{name}/import")}
"""What is refused for a key that is there, whatever its state."""


@pytest.fixture
async def keys(transit: Driver) -> Driver:
    """The engine with a key of each sort, and what was made with them."""
    await make_keys(transit, KEYS)
    return transit


def is_about_a_key(route: Row[Any]) -> bool:
    """Whether the state of a key can matter to ``route``."""
    return route.path not in STATELESS


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if is_about_a_key(route)], ids=lambda route: f"{route.operation} {route.path}"
)
async def test_a_disabled_key_can_be_read_and_configured_and_nothing_else(keys: Driver, route: Row[Any]) -> None:
    """A route that forgets to ask for the state fails here."""
    backup = (await keys.read("backup/aes"))["backup"]
    public = (await keys.read("keys/ec"))["keys"]["1"]["public_key"]
    for name in KEYS:
        await keys.write(f"keys/{name}/config", disabled=True, deletion_allowed=True)
    values = {
        "{name}": "ed"
        if "jwks" in route.path or "csr" in route.path or "certificate" in route.path or "sign" in route.path
        else "aes",
        "{name:path}": "aes",
        "{destination}": "rsa",
        "{source}": "aes",
        "{plaintext}": "plaintext",
        "{type:any}": "encryption-key",
        "{version:any}": "1",
        "{urlalgorithm:any}": "sha2-256",
        "{url_mac_length:any}": "16",
    }
    path = "/".join(
        values.get(segment, "1" if segment.startswith("{") else segment) for segment in route.path.split("/")
    )
    parameters = {
        "name": "aes",
        "plaintext": HELLO,
        "ciphertext": "vault:v1:" + HELLO,
        "input": HELLO,
        "hmac": "vault:v1:" + HELLO,
        "backup": backup,
        "force": True,
        "base_key_name": "ec",
        "peer_public_key": public,
        "min_available_version": 1,
        "count": 1,
        "key_index_from": 0,
        "key_index_to": 1,
        "salt": HELLO,
    }
    if route.path.startswith("verify"):
        parameters["signature"] = parameters.pop("hmac")
    if (route.operation, route.path) in ALWAYS:
        await keys.invoke(route.operation, path, version=1)
        return
    with pytest.raises(Fault) as caught:
        await keys.invoke(route.operation, path, **parameters)
    message = caught.value.message or ""
    if (route.operation, route.path) in NEW_NAME:
        assert isinstance(caught.value, Failed)
    elif route.operation is not Operation.LIST:
        assert message.endswith("is disabled"), message
        assert isinstance(caught.value, InvalidRequest)


USES = {
    "encrypt": ("encrypt/aes", {"plaintext": HELLO}),
    "encrypt a batch": ("encrypt/aes", {"batch_input": [{"plaintext": HELLO}]}),
    "rewrap": ("rewrap/aes", {"ciphertext": "{ciphertext}"}),
    "datakey": ("datakey/plaintext/aes", {}),
    "hmac": ("hmac/aes", {"input": HELLO}),
    "sign": ("sign/ed", {"input": HELLO}),
    "csr": ("keys/ed/csr", {}),
    "agree": ("derive-key/made", {"base_key_name": "ec", "peer_public_key": "{public}"}),
    "decrypt": ("decrypt/aes", {"ciphertext": "{ciphertext}"}),
    "decrypt a batch": ("decrypt/aes", {"batch_input": [{"ciphertext": "{ciphertext}"}]}),
    "verify": ("verify/ed", {"input": HELLO, "signature": "{signature}"}),
    "verify an hmac": ("verify/aes", {"input": HELLO, "hmac": "{hmac}"}),
}
PROCESSING = ("decrypt", "decrypt a batch", "verify", "verify an hmac")


def filled(value: Any, made: dict[str, str]) -> Any:
    """``value`` with what was made in the place of names in braces."""
    if isinstance(value, str):
        return made.get(value.strip("{}"), value)
    if isinstance(value, list):
        return [filled(item, made) for item in value]
    return {name: filled(item, made) for name, item in value.items()}


async def made_before(keys: Driver) -> dict[str, str]:
    """Something to decrypt and to verify."""
    return {
        "ciphertext": (await keys.write("encrypt/aes", plaintext=HELLO))["ciphertext"],
        "hmac": (await keys.write("hmac/aes", input=HELLO))["hmac"],
        "signature": (await keys.write("sign/ed", input=HELLO))["signature"],
        "public": (await keys.read("keys/ec"))["keys"]["1"]["public_key"],
    }


@pytest.mark.parametrize("use", USES)
async def test_a_key_works_between_its_times(keys: Driver, use: str) -> None:
    made = await made_before(keys)
    for name in KEYS:
        await keys.write(f"keys/{name}/config", not_before=SOONER, not_after=LATER)
    path, parameters = USES[use]
    answer = await keys.write(path, **filled(parameters, made))
    assert answer.get("valid", True)


@pytest.mark.parametrize("use", USES)
async def test_before_its_time_a_key_is_not_used(keys: Driver, use: str) -> None:
    made = await made_before(keys)
    for name in KEYS:
        await keys.write(f"keys/{name}/config", not_before=LATER)
    path, parameters = USES[use]
    kind, text = await message_of(keys, Operation.UPDATE, path, **filled(parameters, made))
    assert kind is InvalidRequest
    assert text.endswith(f"is not active before {LATER}")


@pytest.mark.parametrize("use", USES)
async def test_after_its_time_a_key_only_decrypts_and_verifies(keys: Driver, use: str) -> None:
    made = await made_before(keys)
    for name in KEYS:
        await keys.write(f"keys/{name}/config", not_after=SOONER)
    path, parameters = USES[use]
    if use in PROCESSING:
        answer = await keys.write(path, **filled(parameters, made))
        assert answer.get("valid", True)
        return
    kind, text = await message_of(keys, Operation.UPDATE, path, **filled(parameters, made))
    assert kind is InvalidRequest
    assert text.endswith(f"was deactivated at {SOONER}: it only decrypts and verifies")


@pytest.mark.parametrize("parameters", [{"not_before": LATER}, {"not_after": SOONER}])
async def test_outside_its_times_a_key_is_managed_and_copied(keys: Driver, parameters: dict[str, str]) -> None:
    await keys.write("keys/aes/config", **parameters)
    assert set((await keys.read("export/encryption-key/aes"))["keys"]) == {"1"}
    assert (await keys.read("backup/aes"))["backup"]
    await keys.write("keys/aes/rotate")
    assert (await keys.read("keys/aes"))["latest_version"] == 2
    await keys.invoke(Operation.DELETE, "keys/aes/soft-delete")
    assert (await keys.read("keys/aes"))["soft_deleted"] is True


async def test_times_hold_to_the_moment(keys: Driver) -> None:
    keys.clock.now = 2_000_000_000.0
    await keys.write("keys/aes/config", not_before="2000000001", not_after="2000000003")
    for now, works in ((2_000_000_000.999, False), (2_000_000_001.0, True), (2_000_000_002.999, True)):
        keys.clock.now = now
        if works:
            await keys.write("encrypt/aes", plaintext=HELLO)
        else:
            assert (await message_of(keys, Operation.UPDATE, "encrypt/aes", plaintext=HELLO))[0] is InvalidRequest
    keys.clock.now = 2_000_000_003.0
    assert (await message_of(keys, Operation.UPDATE, "encrypt/aes", plaintext=HELLO))[0] is InvalidRequest


@pytest.mark.parametrize("parameters", [{"disabled": True}, {"not_after": SOONER}, {"not_before": LATER}])
async def test_only_active_keys_rotate_by_themselves(transit: Driver, parameters: dict[str, Any]) -> None:
    await transit.write("keys/k", auto_rotate_period=3600)
    await transit.write("keys/k/config", **parameters)
    transit.clock.now += 7200
    engine: Any = transit.engine
    await transit.cache.catch_up()
    await engine.tick(transit.clock())
    assert (await transit.read("keys/k"))["latest_version"] == 1
    await transit.write("keys/k/config", **{name: None for name in parameters})
    await transit.cache.catch_up()
    await engine.tick(transit.clock())
    assert (await transit.read("keys/k"))["latest_version"] == 2


async def test_a_key_is_enabled_again(keys: Driver) -> None:
    assert (await keys.write("keys/aes/config", disabled=True))["disabled"] is True
    assert (await message_of(keys, Operation.UPDATE, "encrypt/aes", plaintext=HELLO))[1] == "key 'aes' is disabled"
    assert "disabled" not in await keys.write("keys/aes/config", disabled=False)
    await keys.write("encrypt/aes", plaintext=HELLO)


RULES = {
    "max_encryptions": 1000,
    "on_max_encryptions": "refuse",
    "not_before": SOONER,
    "not_after": LATER,
    "disabled": True,
    "custom_metadata": {"owner": "payments", "ticket": ""},
}


async def test_rules_are_shown_once_they_are_set(transit: Driver) -> None:
    plain = await transit.write("keys/plain")
    assert not RULES.keys() & plain.keys()
    for shown in (
        await transit.write("keys/made", **RULES),
        await transit.write("keys/plain/config", **RULES),
        await transit.read("keys/made"),
        await transit.read("keys/plain"),
    ):
        assert {name: shown[name] for name in RULES} == RULES
    assert {name: (await transit.write("keys/made/config"))[name] for name in RULES} == RULES
    cleared = await transit.write("keys/made/config", **{**dict.fromkeys(RULES), "custom_metadata": {}})
    assert not RULES.keys() & cleared.keys()


async def test_backups_carry_rules(transit: Driver) -> None:
    await transit.write("keys/k", **OPEN)
    await transit.write("keys/k/config", **{**RULES, "disabled": False})
    backup = (await transit.read("backup/k"))["backup"]
    other = Driver(TRANSIT)
    await other.write("restore", backup=backup)
    shown = await other.read("keys/k")
    assert {name: shown.get(name, False) for name in RULES} == {**RULES, "disabled": False}


async def test_a_backup_with_settings_that_can_not_be_is_refused(transit: Driver) -> None:
    await transit.write("keys/k", **OPEN)
    backup = base64.b64decode((await transit.read("backup/k"))["backup"])
    for rules in (b'{"not_before": "soon"}', b'{"max_encryptions": -1}', b'{"encryptions": {"1": -1}}', b"[]", b"1"):
        text = base64.b64encode(backup[:-1] + b', "cryptoserve": ' + rules + b"}").decode()
        kind, _ = await message_of(transit, Operation.UPDATE, "restore/other", backup=text)
        assert kind is Failed


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        (
            {"max_encryptions": -1},
            "max_encryptions of keys of type aes256-gcm96 must be between 1 and 4294967296,",
        ),
        ({"max_encryptions": 2**32 + 1}, "max_encryptions of keys of type aes256-gcm96 must be between 1 and"),
        ({"on_max_encryptions": "burn"}, 'on_max_encryptions must be "rotate" or "refuse"'),
        ({"not_before": "soon"}, "not_before is neither a time in RFC 3339 nor a number of seconds since the epoch"),
        ({"not_after": "-1"}, "not_after is neither a time"),
        ({"not_after": "9999999999999"}, "not_after is neither a time"),
        ({"not_after": "2026-13-01T00:00:00Z"}, "not_after is neither a time"),
        ({"not_before": LATER, "not_after": SOONER}, "not_after must be later than not_before"),
        ({"not_before": LATER, "not_after": LATER}, "not_after must be later than not_before"),
        ({"custom_metadata": {str(n): "" for n in range(65)}}, "custom_metadata has more than 64 entries"),
        ({"custom_metadata": {"": ""}}, "names in custom_metadata have 1 to 128 bytes of UTF-8"),
        ({"custom_metadata": {"ü" * 65: ""}}, "names in custom_metadata have 1 to 128 bytes of UTF-8"),
        ({"custom_metadata": {"a": "ü" * 257}}, "values in custom_metadata have at most 512 bytes of UTF-8"),
        ({"custom_metadata": {"a": "\ud800"}}, "custom_metadata is not Unicode"),
    ],
)
async def test_what_can_not_be_changes_nothing(transit: Driver, parameters: dict[str, Any], text: str) -> None:
    await transit.write("keys/k")
    before = await transit.read("keys/k")
    kind, message = await message_of(transit, Operation.UPDATE, "keys/k/config", **parameters, deletion_allowed=True)
    assert kind is InvalidRequest
    assert message.startswith(text)
    assert await transit.read("keys/k") == before
    assert (await message_of(transit, Operation.UPDATE, "keys/new", **parameters))[0] is InvalidRequest
    assert await transit.storage.get("policy/new") is None


async def test_what_does_not_encrypt_has_no_limit(transit: Driver) -> None:
    fault = await message_of(transit, Operation.UPDATE, "keys/k", type="ed25519", max_encryptions=5)
    assert fault == (
        InvalidRequest,
        "max_encryptions is not valid for keys of type ed25519, which encrypt nothing",
    )


@given(st.integers(1, 2**63 - 1))
def test_times_come_back_as_they_were_given(nanoseconds: int) -> None:
    assert parse_time("not_before", format_time_nanoseconds(nanoseconds)) == nanoseconds
    assert parse_time("not_before", str(nanoseconds // 10**9)) == nanoseconds // 10**9 * 10**9


@given(st.text(max_size=40))
def test_no_text_is_a_time_by_accident(text: str) -> None:
    try:
        assert 0 <= parse_time("not_before", text) < 2**63
    except InvalidRequest as fault:
        assert fault.message is not None
