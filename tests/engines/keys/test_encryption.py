"""Encrypting, decrypting, encrypting anew, data keys, and batches of all that."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from engines.base import MAX_BATCH_ITEMS, Call, Operation
from engines.faults import Failed, Fault, InvalidRequest, NotFound
from tests.engines.driver import Driver, make_keys, message_of

HELLO = base64.b64encode(b"hello").decode()
LONG = base64.b64encode(bytes(191)).decode()
CONTEXT = "Y29udGV4dA=="
NO_CONTEXT = (
    "missing 'context' for key derivation; the key was created using a derived key, which means additional, "
    "per-request information must be included in order to perform operations with the key"
)
AEAD_TYPES = ("aes128-gcm96", "aes256-gcm96", "chacha20-poly1305")

KEYS: dict[str, dict[str, Any]] = {
    "k": {},
    "chacha": {"type": "chacha20-poly1305"},
    "derived": {"derived": True},
    "convergent": {"derived": True, "convergent_encryption": True},
    "rsa": {"type": "rsa-2048"},
    "signer": {"type": "ecdsa-p256"},
    "mac": {"type": "hmac", "key_size": 32},
}


@pytest.fixture
async def keys(transit: Driver) -> Driver:
    """The engine with a key of each sort."""
    await make_keys(transit, KEYS)
    return transit


@pytest.mark.parametrize("type_", AEAD_TYPES)
@pytest.mark.parametrize("data", [{}, {"associated_data": "YQ=="}])
async def test_what_is_encrypted_is_decrypted(transit: Driver, type_: str, data: dict[str, str]) -> None:
    await transit.write("keys/k", type=type_)
    sealed = await transit.write("encrypt/k", plaintext=HELLO, **data)
    assert sealed["key_version"] == 1
    assert sealed["ciphertext"].startswith("vault:v1:")
    assert len(base64.b64decode(sealed["ciphertext"][9:])) == 12 + 5 + 16
    assert await transit.write("decrypt/k", ciphertext=sealed["ciphertext"], **data) == {"plaintext": HELLO}
    assert (await transit.write("encrypt/k", plaintext=HELLO, **data))["ciphertext"] != sealed["ciphertext"]


async def test_every_changed_bit_of_a_ciphertext_is_noticed(transit: Driver) -> None:
    await transit.write("keys/k")
    ciphertext = (await transit.write("encrypt/k", plaintext=HELLO))["ciphertext"]
    payload = base64.b64decode(ciphertext[9:])
    for index in range(len(payload)):
        for bit in (1, 0x80):
            changed = bytearray(payload)
            changed[index] ^= bit
            text = "vault:v1:" + base64.b64encode(changed).decode()
            fault = await message_of(transit, Operation.UPDATE, "decrypt/k", ciphertext=text)
            assert fault == (InvalidRequest, "cipher: message authentication failed")


async def test_a_ciphertext_is_of_one_version_and_one_key(transit: Driver) -> None:
    for name in ("k", "other"):
        await transit.write(f"keys/{name}")
        await transit.write(f"keys/{name}/rotate")
    ciphertext = (await transit.write("encrypt/k", plaintext=HELLO))["ciphertext"]
    assert ciphertext.startswith("vault:v2:")
    failure = (InvalidRequest, "cipher: message authentication failed")
    relabelled = ciphertext.replace("vault:v2:", "vault:v1:")
    assert await message_of(transit, Operation.UPDATE, "decrypt/k", ciphertext=relabelled) == failure
    assert await message_of(transit, Operation.UPDATE, "decrypt/other", ciphertext=ciphertext) == failure


async def test_version_zero_stands_for_version_one(transit: Driver) -> None:
    await transit.write("keys/k")
    ciphertext = (await transit.write("encrypt/k", plaintext=HELLO))["ciphertext"]
    old = ciphertext.replace("vault:v1:", "vault:v0:")
    assert await transit.write("decrypt/k", ciphertext=old) == {"plaintext": HELLO}


async def test_a_key_with_derivation_gives_a_key_for_each_context(keys: Driver) -> None:
    ciphertext = (await keys.write("encrypt/derived", plaintext=HELLO, context=CONTEXT))["ciphertext"]
    assert await keys.write("decrypt/derived", ciphertext=ciphertext, context=CONTEXT) == {"plaintext": HELLO}
    other = await message_of(keys, Operation.UPDATE, "decrypt/derived", ciphertext=ciphertext, context="YQ==")
    assert other == (InvalidRequest, "cipher: message authentication failed")
    without = await message_of(keys, Operation.UPDATE, "decrypt/derived", ciphertext=ciphertext)
    assert without == (InvalidRequest, NO_CONTEXT)


async def test_convergent_encryption_is_a_function_of_key_context_and_plaintext(keys: Driver) -> None:
    async def seal(**parameters: str) -> str:
        return str((await keys.write("encrypt/convergent", **parameters))["ciphertext"])

    first = await seal(plaintext=HELLO, context=CONTEXT)
    assert await seal(plaintext=HELLO, context=CONTEXT) == first
    assert await seal(plaintext=HELLO, context="YQ==") != first
    assert await seal(plaintext="YQ==", context=CONTEXT) != first
    assert await keys.write("decrypt/convergent", ciphertext=first, context=CONTEXT) == {"plaintext": HELLO}
    await keys.write("keys/convergent/rotate")
    assert (await seal(plaintext=HELLO, context=CONTEXT))[9:] != first[9:]
    again = await keys.write("rewrap/convergent", ciphertext=first, context=CONTEXT)
    assert again["ciphertext"] == await seal(plaintext=HELLO, context=CONTEXT)


FAULTS: list[tuple[str, dict[str, Any], type[Fault], str]] = [
    ("encrypt/k", {}, InvalidRequest, "missing plaintext to encrypt"),
    ("encrypt/k", {"plaintext": "YQ"}, InvalidRequest, "illegal base64 data at input byte 0"),
    ("encrypt/k", {"plaintext": "", "context": "YWJjYQ"}, InvalidRequest, "illegal base64 data at input byte 4"),
    (
        "encrypt/k",
        {"plaintext": "", "key_version": 2},
        InvalidRequest,
        "requested version for encryption is higher than the latest key version",
    ),
    ("encrypt/k", {"plaintext": "", "key_version": -1}, InvalidRequest, "requested version for encryption is negative"),
    (
        "encrypt/k",
        {"plaintext": "", "associated_data": "YQ"},
        Failed,
        "unable to get associated_data/additional_data from factory[0]: illegal base64 data at input byte 0",
    ),
    ("encrypt/derived", {"plaintext": ""}, InvalidRequest, NO_CONTEXT),
    (
        "encrypt/signer",
        {"plaintext": ""},
        InvalidRequest,
        "message encryption not supported for key type ecdsa-p256",
    ),
    ("encrypt/mac", {"plaintext": ""}, InvalidRequest, "message encryption not supported for key type hmac"),
    (
        "encrypt/rsa",
        {"plaintext": LONG},
        Failed,
        "failed to RSA encrypt the plaintext: crypto/rsa: message too long for RSA key size",
    ),
    (
        "encrypt/rsa",
        {"plaintext": "", "associated_data": "YQ=="},
        InvalidRequest,
        "'[0].associated_data' provided for non-AEAD cipher suite rsa-2048",
    ),
    ("encrypt/k", {"batch_input": []}, InvalidRequest, "missing batch input to process"),
    (
        "encrypt/k",
        {"batch_input": [{"plaintext": "", "context": "YQ=="}, {"plaintext": ""}]},
        InvalidRequest,
        "context should be set either in all the request blocks or in none",
    ),
    ("decrypt/k", {}, InvalidRequest, "missing ciphertext to decrypt"),
    ("decrypt/k", {"ciphertext": None}, InvalidRequest, "missing ciphertext to decrypt"),
    ("decrypt/nope", {"ciphertext": "x"}, InvalidRequest, "encryption key not found"),
    ("decrypt/k", {"ciphertext": "x"}, InvalidRequest, "invalid ciphertext: no prefix"),
    ("decrypt/k", {"ciphertext": "vault:v1"}, InvalidRequest, "invalid ciphertext: wrong number of fields"),
    (
        "decrypt/k",
        {"ciphertext": "vault:vx:YQ=="},
        InvalidRequest,
        "invalid ciphertext: version number could not be decoded",
    ),
    ("decrypt/k", {"ciphertext": "vault:v2:YQ=="}, InvalidRequest, "invalid ciphertext: version is too new"),
    ("decrypt/k", {"ciphertext": "vault:v1:YQ"}, InvalidRequest, "invalid ciphertext: could not decode base64"),
    ("decrypt/k", {"ciphertext": "vault:v1:"}, InvalidRequest, "invalid ciphertext length"),
    ("decrypt/k", {"ciphertext": "vault:v1:AAAAAAAAAAAAAAAA"}, InvalidRequest, "cipher: message authentication failed"),
    (
        "decrypt/chacha",
        {"ciphertext": "vault:v1:AAAAAAAAAAAAAAAAAAAAAAAA"},
        InvalidRequest,
        "chacha20poly1305: message authentication failed",
    ),
    (
        "decrypt/rsa",
        {"ciphertext": "vault:v1:"},
        Failed,
        "failed to RSA decrypt the ciphertext: crypto/rsa: decryption error",
    ),
    ("decrypt/mac", {"ciphertext": "x"}, InvalidRequest, "message decryption not supported for key type hmac"),
    ("rewrap/k", {}, InvalidRequest, "missing ciphertext to decrypt"),
    ("rewrap/nope", {"ciphertext": "x"}, InvalidRequest, "encryption key not found"),
    ("rewrap/k", {"batch_input": []}, InvalidRequest, "missing batch input to process"),
    ("datakey/nope/k", {}, InvalidRequest, "Invalid path, must be 'plaintext' or 'wrapped'"),
    ("datakey/plaintext/nope", {"bits": 1}, InvalidRequest, "encryption key not found"),
    ("datakey/plaintext/k", {"bits": 64}, InvalidRequest, "invalid bit length"),
    ("datakey/plaintext/k", {"context": "YQ"}, InvalidRequest, "failed to base64-decode context"),
    (
        "datakey/plaintext/rsa",
        {"associated_data": "YQ=="},
        InvalidRequest,
        "'associated_data' provided for non-AEAD cipher suite rsa-2048",
    ),
]


@pytest.mark.parametrize(("path", "parameters", "fault", "message"), FAULTS)
async def test_what_is_refused(
    keys: Driver, path: str, parameters: dict[str, Any], fault: type[Fault], message: str
) -> None:
    assert await message_of(keys, Operation.UPDATE, path, **parameters) == (fault, message)


MALFORMED: list[tuple[str, Any, str]] = [
    ("encrypt/k", "x", "source data must be an array or slice, got string"),
    ("encrypt/k", {}, "source data must be an array or slice, got map[string]interface {}"),
    ("encrypt/k", ["x"], "[0] expected a map, got 'string'"),
    ("encrypt/k", [{"plaintext": 5}, None], "[1] expected a map, got '<nil>'"),
    ("encrypt/k", [{}], "'[0].plaintext' missing plaintext to encrypt"),
    ("encrypt/k", [{"Plaintext": ""}], "'[0].plaintext' missing plaintext to encrypt"),
    (
        "encrypt/k",
        [{"plaintext": None}],
        "'[0].plaintext' expected type 'string', got unconvertible type '<nil>'",
    ),
    (
        "encrypt/k",
        [{"context": 5, "ciphertext": True, "key_version": "1", "associated_data": [], "reference": {}}],
        "'[0].context' expected type 'string', got unconvertible type 'json.Number'\n"
        "'[0].ciphertext' expected type 'string', got unconvertible type 'bool'\n"
        "'[0].plaintext' missing plaintext to encrypt\n"
        "'[0].key_version' expected type 'int', got unconvertible type 'string'\n"
        "'[0].associated_data' expected type 'string', got unconvertible type '[]interface {}'\n"
        "'[0].reference' expected type 'string', got unconvertible type 'map[string]interface {}'",
    ),
    (
        "encrypt/k",
        [{"plaintext": "", "key_version": 1.5}],
        'error decoding json.Number into [0].key_version: strconv.ParseInt: parsing "1.5": invalid syntax',
    ),
    ("decrypt/k", [{}], "'[0].ciphertext' missing ciphertext to decrypt"),
    (
        "decrypt/k",
        [{"ciphertext": "x", "plaintext": 5}],
        "'[0].plaintext' expected type 'string', got unconvertible type 'json.Number'",
    ),
    ("rewrap/k", "x", "'' source data must be an array or slice, got string"),
    (
        "rewrap/k",
        [5],
        "decoding failed due to the following error(s):\n\n'[0]' expected a map or struct, got \"string\"",
    ),
    (
        "rewrap/k",
        [{"key_version": "1"}, {"ciphertext": True}],
        "decoding failed due to the following error(s):\n\n"
        "'[0].key_version' expected type 'int', got unconvertible type 'string'\n"
        "'[1].ciphertext' expected type 'string', got unconvertible type 'bool'",
    ),
]


@pytest.mark.parametrize(("path", "batch", "detail"), MALFORMED)
async def test_malformed_batches(keys: Driver, path: str, batch: Any, detail: str) -> None:
    fault = await message_of(keys, Operation.UPDATE, path, batch_input=batch)
    assert fault == (Failed, f"failed to parse batch input: {detail}")


async def test_batches_answer_item_by_item(keys: Driver) -> None:
    items: list[dict[str, Any]] = [{"plaintext": HELLO, "reference": "r"}, {"plaintext": ""}]
    sealed = await keys.invoke(Operation.UPDATE, "encrypt/k", batch_input=items, plaintext="ignored")
    assert sealed.status is None
    assert sealed.data is not None
    results = sealed.data["batch_results"]
    assert [(result["key_version"], result["reference"]) for result in results] == [(1, "r"), (1, "")]
    assert len({result["ciphertext"][9:25] for result in results}) == 2
    back = await keys.write("decrypt/k", batch_input=results)
    assert back == {"batch_results": [{"plaintext": HELLO, "reference": "r"}, {"plaintext": "", "reference": ""}]}
    again = await keys.write("rewrap/k", batch_input=results)
    back = await keys.write("decrypt/k", batch_input=again["batch_results"])
    assert [result["plaintext"] for result in back["batch_results"]] == [HELLO, ""]


async def test_a_batch_with_old_and_new_versions_is_decrypted(transit: Driver) -> None:
    await transit.write("keys/k")
    first = (await transit.write("encrypt/k", plaintext=HELLO))["ciphertext"]
    await transit.write("keys/k/rotate")
    second = (await transit.write("encrypt/k", plaintext="YQ=="))["ciphertext"]
    items = [{"ciphertext": text} for text in (second, first, "vault:v0:" + first[9:], second)]
    back = await transit.write("decrypt/k", batch_input=items)
    assert [result["plaintext"] for result in back["batch_results"]] == ["YQ==", HELLO, HELLO, "YQ=="]


@pytest.mark.parametrize(
    ("path", "items", "wanted", "status", "warned"),
    [
        ("encrypt/k", [{"plaintext": ""}], 207, None, False),
        ("encrypt/k", [{"plaintext": ""}, {"plaintext": "x"}], None, 400, False),
        ("encrypt/k", [{"plaintext": ""}, {"plaintext": "x"}], 207, 207, False),
        ("encrypt/k", [{"plaintext": "x"}], 207, 400, False),
        ("encrypt/k", [{"plaintext": ""}, {"plaintext": "x"}], 0, 400, True),
        ("encrypt/k", [{"plaintext": ""}, {"plaintext": "x"}], 600, 400, True),
        ("encrypt/k", [{"plaintext": "", "associated_data": "x"}], None, 500, False),
        ("encrypt/k", [{"plaintext": "", "associated_data": "x"}, {"plaintext": ""}], None, 500, False),
        ("encrypt/k", [{"plaintext": "", "associated_data": "x"}, {"plaintext": "x"}], None, 400, False),
        ("encrypt/rsa", [{"plaintext": "", "associated_data": "YQ=="}, {"plaintext": ""}], None, None, False),
        ("decrypt/k", [{"ciphertext": ""}, {"ciphertext": "vault:v1:YQ=="}], 207, 400, False),
        ("decrypt/rsa", [{"ciphertext": "vault:v1:YQ=="}], None, 500, False),
    ],
)
async def test_the_status_of_a_batch(
    keys: Driver, path: str, items: list[Any], wanted: int | None, status: int | None, warned: bool
) -> None:
    parameters = {} if wanted is None else {"partial_failure_response_code": wanted}
    answer = await keys.invoke(Operation.UPDATE, path, batch_input=items, **parameters)
    assert answer.status == status
    assert bool(answer.warnings) is warned


async def test_failures_in_batches(keys: Driver) -> None:
    sealed = await keys.write("encrypt/k", batch_input=[{"plaintext": "YQ", "reference": "r"}])
    assert sealed["batch_results"] == [{"error": "illegal base64 data at input byte 0", "reference": "r"}]
    opened = await keys.write("decrypt/k", batch_input=[{"ciphertext": "x", "reference": "r"}])
    assert opened["batch_results"] == [{"plaintext": "", "error": "invalid ciphertext: no prefix", "reference": "r"}]
    wrapped = await keys.invoke(Operation.UPDATE, "rewrap/k", batch_input=[None, {"CipherText": "x", "reference": 5}])
    assert wrapped.status is None
    assert wrapped.data == {
        "batch_results": [
            {"error": "missing ciphertext to decrypt", "reference": ""},
            {"error": "invalid ciphertext: no prefix", "reference": "5"},
        ]
    }


UPSERTS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"type": "aes256-gcm96", "derived": False}),
    ({"type": "aes128-gcm96"}, {"type": "aes128-gcm96", "derived": False}),
    ({"context": CONTEXT}, {"derived": True, "convergent_encryption": False}),
    ({"context": CONTEXT, "convergent_encryption": True}, {"derived": True, "convergent_encryption": True}),
    ({"key_version": 1}, {"latest_version": 1}),
]


@pytest.mark.parametrize(("parameters", "expected"), UPSERTS)
async def test_encrypting_with_an_unknown_key_makes_it(
    transit: Driver, parameters: dict[str, Any], expected: dict[str, Any]
) -> None:
    ciphertext = (await transit.write("encrypt/k", plaintext=HELLO, **parameters))["ciphertext"]
    assert expected.items() <= (await transit.read("keys/k")).items()
    context = {"context": parameters["context"]} if "context" in parameters else {}
    assert await transit.write("decrypt/k", ciphertext=ciphertext, **context) == {"plaintext": HELLO}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"type": "nope"}, "unknown key type nope"),
        ({"type": "rsa-2048"}, "unknown key type rsa-2048"),
        ({"type": "ecdsa-p384"}, "key type ecdsa-p384 not supported for this operation"),
        (
            {"convergent_encryption": True},
            "convergent encryption requires derivation to be enabled, so context is required",
        ),
        # OpenBao makes the key all the same; a request that fails leaves nothing behind here.
        ({"plaintext": "YQ"}, "illegal base64 data at input byte 0"),
        ({"key_version": 2}, "requested version for encryption is higher than the latest key version"),
    ],
)
async def test_encrypting_that_fails_makes_no_key(transit: Driver, parameters: dict[str, Any], message: str) -> None:
    fault = await message_of(transit, Operation.UPDATE, "encrypt/k", **{"plaintext": "", **parameters})
    assert fault == (InvalidRequest, message)
    assert await transit.storage.list("") == []


async def test_making_keys_by_encrypting_can_be_turned_off(transit: Driver) -> None:
    assert await transit.read("config/keys") == {"disable_upsert": False}
    assert await transit.write("config/keys", disable_upsert=True) == {"disable_upsert": True}
    fault = await message_of(transit, Operation.UPDATE, "encrypt/k", plaintext="")
    assert fault == (InvalidRequest, "encryption key not found")
    assert await transit.write("config/keys") == {"disable_upsert": False}
    await transit.write("encrypt/k", plaintext="")


async def test_encrypting_is_creation_where_the_key_is_not_there(transit: Driver) -> None:
    route, _ = transit.route(Operation.UPDATE, "encrypt/k")
    assert route.exists is not None
    body = route.body(name="k")
    assert not await route.exists(transit.engine, None, body)  # type: ignore[arg-type]
    await transit.write("encrypt/k", plaintext="")
    assert await route.exists(transit.engine, None, body)  # type: ignore[arg-type]


@pytest.mark.parametrize(("bits", "size"), [(128, 16), (256, 32), (512, 64)])
async def test_data_keys(keys: Driver, bits: int, size: int) -> None:
    shown = await keys.write("datakey/plaintext/k", bits=bits)
    assert len(base64.b64decode(shown["plaintext"])) == size
    assert await keys.write("decrypt/k", ciphertext=shown["ciphertext"]) == {"plaintext": shown["plaintext"]}
    hidden = await keys.write("datakey/wrapped/k", bits=bits)
    assert set(hidden) == {"ciphertext", "key_version"}


async def test_an_encryption_does_not_wait_when_the_key_is_cached(transit: Driver) -> None:
    await transit.write("encrypt/k", plaintext=HELLO)
    route, _ = transit.route(Operation.UPDATE, "encrypt/k")
    call = Call("request", Operation.UPDATE, "encrypt/k", None, {}, transit.clock())
    coroutine = route.handler(transit.engine, call, route.body(name="k", plaintext=HELLO))
    with pytest.raises(StopIteration):
        coroutine.send(None)  # type: ignore[attr-defined]


async def test_the_cache_size_is_noted(transit: Driver) -> None:
    assert await transit.read("cache-config") == {"size": 0}
    assert await transit.write("cache-config", size=10) == {"size": 10}
    assert await transit.read("cache-config") == {"size": 10}
    fault = await message_of(transit, Operation.UPDATE, "cache-config", size=9)
    assert fault == (InvalidRequest, "size must be 0 or a value greater or equal to 10")


async def test_a_batch_has_a_limit(transit: Driver) -> None:
    await transit.write("keys/k")
    batch = [{"plaintext": ""}] * (MAX_BATCH_ITEMS + 1)
    fault = await message_of(transit, Operation.UPDATE, "encrypt/k", batch_input=batch)
    assert fault == (InvalidRequest, "batch_input holds 10001 items, more than the 10000 that max_batch_items allows")


@pytest.mark.parametrize(
    "parameters",
    [
        {"plaintext": "!"},
        {"plaintext": HELLO, "associated_data": "!"},
        {"plaintext": HELLO, "key_version": 2},
        {"plaintext": base64.b64encode(bytes(2**24)).decode(), "type": "aes256-ccm"},
        {"batch_input": [{"plaintext": "!"}, {"plaintext": HELLO, "associated_data": "!"}]},
        {"batch_input": [{"plaintext": HELLO, "key_version": 2}]},
        {"batch_input": [{"plaintext": "!", "context": HELLO}], "partial_failure_response_code": 207},
    ],
    ids=lambda parameters: ", ".join(parameters),
)
async def test_what_encrypts_nothing_makes_no_key(transit: Driver, parameters: dict[str, Any]) -> None:
    try:
        answer = await transit.invoke(Operation.UPDATE, "encrypt/new", **parameters)
    except Fault:
        assert "batch_input" not in parameters
    else:
        assert answer.status in (400, 500)
        assert answer.data is not None and all("error" in result for result in answer.data["batch_results"])
    with pytest.raises(NotFound):
        await transit.read("keys/new")


async def test_a_batch_of_which_something_is_encrypted_makes_a_key(transit: Driver) -> None:
    answer = await transit.invoke(
        Operation.UPDATE, "encrypt/new", batch_input=[{"plaintext": "!"}, {"plaintext": HELLO}]
    )
    assert answer.status == 400 and answer.data is not None
    sealed = answer.data["batch_results"][1]["ciphertext"]
    assert await transit.write("decrypt/new", ciphertext=sealed) == {"plaintext": HELLO}
    assert (await transit.read("keys/new"))["encryptions"] == {"1": 2}
