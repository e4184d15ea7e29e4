"""Transit: encrypt, decrypt, rewrap and datakey, one at a time and in batches."""

from __future__ import annotations

import base64

from tests.conformance.steps import Json, Scenario, Step
from tests.conformance.transit.values import CONTEXT, HELLO

_ASSOCIATED = base64.b64encode(b"associated").decode()
_SYMMETRIC = ("aes128-gcm96", "aes256-gcm96", "chacha20-poly1305")


def _round_trip(kind: str, body: dict[str, Json], extra: dict[str, Json]) -> tuple[Step, ...]:
    """Create, encrypt, decrypt, rotate, decrypt the old ciphertext, rewrap it and decrypt the new one."""
    saved = {f"ciphertext_{kind.replace('-', '_')}": "data.ciphertext"}
    ciphertext = "{" + next(iter(saved)) + "}"
    return (
        Step(f"create {kind}", f"POST {{m}}/keys/{kind}", 200, {"type": kind, **body}),
        Step(f"encrypt {kind}", f"POST {{m}}/encrypt/{kind}", 200, {"plaintext": HELLO, **extra}, saves=saved),
        Step(f"decrypt {kind}", f"POST {{m}}/decrypt/{kind}", 200, {"ciphertext": ciphertext, **extra}),
        Step(f"encrypt nothing {kind}", f"POST {{m}}/encrypt/{kind}", 200, {"plaintext": "", **extra}),
        Step(f"rotate {kind}", f"POST {{m}}/keys/{kind}/rotate", 200),
        Step(f"decrypt the old {kind}", f"POST {{m}}/decrypt/{kind}", 200, {"ciphertext": ciphertext, **extra}),
        Step(f"rewrap {kind}", f"POST {{m}}/rewrap/{kind}", 200, {"ciphertext": ciphertext, **extra}, saves=saved),
        Step(f"decrypt the new {kind}", f"POST {{m}}/decrypt/{kind}", 200, {"ciphertext": ciphertext, **extra}),
        Step(
            f"encrypt with the first {kind}",
            f"POST {{m}}/encrypt/{kind}",
            200,
            {"plaintext": HELLO, "key_version": 1, **extra},
        ),
    )


_types = Scenario(
    "transit-encrypt-types",
    engine="transit",
    steps=(
        *(step for kind in (*_SYMMETRIC, "rsa-2048") for step in _round_trip(kind, {}, {})),
        *(
            step
            for kind in ("ed25519", "ecdsa-p256")
            for step in (
                Step(f"create {kind}", f"POST {{m}}/keys/{kind}", 200, {"type": kind}),
                Step(f"encrypt with {kind} that exists", f"POST {{m}}/encrypt/{kind}", 400, {"plaintext": HELLO}),
                Step(f"decrypt with {kind}", f"POST {{m}}/decrypt/{kind}", 400, {"ciphertext": "vault:v1:AAAA"}),
                Step(f"rewrap with {kind}", f"POST {{m}}/rewrap/{kind}", 400, {"ciphertext": "vault:v1:AAAA"}),
                Step(f"datakey of {kind}", f"POST {{m}}/datakey/wrapped/{kind}", 400),
            )
        ),
        Step("create hmac", "POST {m}/keys/hmac", 200, {"type": "hmac", "key_size": 32}),
        Step("encrypt with hmac", "POST {m}/encrypt/hmac", 400, {"plaintext": HELLO}),
        Step("decrypt with hmac", "POST {m}/decrypt/hmac", 400, {"ciphertext": "vault:v1:AAAA"}),
        Step(
            "as much as rsa takes",
            "POST {m}/encrypt/rsa-2048",
            200,
            {"plaintext": base64.b64encode(bytes(190)).decode()},
        ),
        Step(
            "more than rsa takes",
            "POST {m}/encrypt/rsa-2048",
            500,
            {"plaintext": base64.b64encode(bytes(191)).decode()},
        ),
        Step("rsa garbage", "POST {m}/decrypt/rsa-2048", 500, {"ciphertext": "vault:v1:AAAA"}),
        Step(
            "rsa garbage of the right length",
            "POST {m}/decrypt/rsa-2048",
            500,
            {"ciphertext": "vault:v1:" + base64.b64encode(bytes([1] * 256)).decode()},
        ),
        Step(
            "rsa with associated data",
            "POST {m}/encrypt/rsa-2048",
            400,
            {"plaintext": HELLO, "associated_data": _ASSOCIATED},
        ),
        Step(
            "decrypt rsa with associated data",
            "POST {m}/decrypt/rsa-2048",
            400,
            {"ciphertext": "{ciphertext_rsa_2048}", "associated_data": _ASSOCIATED},
        ),
        Step(
            "rsa batch with associated data",
            "POST {m}/encrypt/rsa-2048",
            200,
            {"batch_input": [{"plaintext": HELLO}, {"plaintext": HELLO, "associated_data": _ASSOCIATED}]},
        ),
        Step(
            "rsa datakey with associated data",
            "POST {m}/datakey/wrapped/rsa-2048",
            400,
            {"associated_data": _ASSOCIATED},
        ),
        Step("rsa datakey", "POST {m}/datakey/wrapped/rsa-2048", 200),
    ),
)

_PLAINTEXTS: tuple[tuple[str, Json, int], ...] = (
    ("one byte", "YQ==", 200),
    ("newlines inside", "aGVs\nbG8=\r\n", 200),
    ("only newlines", "\n", 200),
    ("trailing bits", "YR==", 200),
    ("a number", 1234, 200),
    ("null", None, 200),
    ("true", True, 400),
    ("a fraction", 1.5, 400),
    ("no padding", "YWI", 400),
    ("too much padding", "YWI==", 400),
    ("only padding", "====", 400),
    ("garbage after the padding", "YWI=YWI=", 400),
    ("url alphabet", "_-8=", 400),
    ("a space", "YWJj YWJj", 400),
    ("a bad character", "YWJj!WJj", 400),
    ("a bad character late", "YWJjYWJjYWJjYW*j", 400),
    ("three characters", "abc", 400),
    ("five characters", "YWJjY", 400),
    ("not ascii", "YWJjé===", 400),
    ("a list", ["YQ=="], 400),
    ("a map", {"a": "YQ=="}, 400),
)

_CIPHERTEXTS: tuple[tuple[str, Json], ...] = (
    ("empty", ""),
    ("null", None),
    ("no prefix", "abc"),
    ("only vault", "vault:"),
    ("upper case", "VAULT:v1:AAAA"),
    ("no version", "vault:AAAA"),
    ("two fields", "vault:v1"),
    ("empty payload", "vault:v1:"),
    ("no payload characters", "vault:v1:!!!"),
    ("four fields", "vault:v1:AAAA:BBBB"),
    ("version without v", "vault:1:AAAA"),
    ("version no number", "vault:vx:AAAA"),
    ("version empty", "vault:v:AAAA"),
    ("version negative", "vault:v-1:AAAA"),
    ("version with a plus", "vault:v+1:AAAA"),
    ("version with a zero in front", "vault:v01:AAAA"),
    ("version of minus zero", "vault:v-0:AAAA"),
    ("version with a space", "vault:v 1:AAAA"),
    ("version zero", "vault:v0:AAAA"),
    ("version too new", "vault:v9:AAAA"),
    ("version that overflows", "vault:v99999999999999999999:AAAA"),
    ("three bytes", "vault:v1:AAAA"),
    ("twelve bytes", "vault:v1:" + base64.b64encode(bytes(12)).decode()),
    ("twenty-eight bytes", "vault:v1:" + base64.b64encode(bytes(28)).decode()),
    ("zeros", "vault:v1:" + base64.b64encode(bytes(40)).decode()),
    ("unpadded", "vault:v1:AAAAA"),
    ("url alphabet", "vault:v1:_-8="),
    ("a number", 12),
    ("a list", ["vault:v1:AAAA"]),
)

_KEY_VERSIONS: tuple[tuple[str, Json, int], ...] = (
    ("0", 0, 200),
    ("as text", "1", 200),
    ("null", None, 200),
    ("true", True, 200),
    ("latest", 2, 200),
    ("too new", 3, 400),
    ("negative", -1, 400),
    ("a fraction", 1.5, 400),
    ("a fraction that is whole", 1.0, 400),
    ("empty", "", 200),
    ("no number", "abc", 400),
    ("hexadecimal", "0x1", 200),
    ("overflowing", 2**70, 400),
    ("a list", [1], 400),
)

_single = Scenario(
    "transit-encrypt-single",
    engine="transit",
    steps=(
        Step("create", "POST {m}/keys/k", 200),
        Step("rotate", "POST {m}/keys/k/rotate", 200),
        Step("without plaintext", "POST {m}/encrypt/k", 400, {}),
        Step("without a body", "POST {m}/encrypt/k", 400),
        *(
            Step(f"plaintext {name}", "POST {m}/encrypt/k", status, {"plaintext": value})
            for name, value, status in _PLAINTEXTS
        ),
        *(
            Step(f"version {name}", "POST {m}/encrypt/k", status, {"plaintext": HELLO, "key_version": value})
            for name, value, status in _KEY_VERSIONS
        ),
        Step("with a nonce", "POST {m}/encrypt/k", 200, {"plaintext": HELLO, "nonce": "AAAAAAAAAAAAAAAA"}),
        Step("with a context", "POST {m}/encrypt/k", 200, {"plaintext": HELLO, "context": CONTEXT}),
        Step("with a bad context", "POST {m}/encrypt/k", 400, {"plaintext": HELLO, "context": "!!"}),
        Step("with a type", "POST {m}/encrypt/k", 200, {"plaintext": HELLO, "type": "rsa-2048"}),
        Step("with a name", "POST {m}/encrypt/k", 200, {"plaintext": HELLO, "name": "k"}),
        Step("with unknown parameters", "POST {m}/encrypt/k", 200, {"plaintext": HELLO, "b": 1, "a": 2}),
        Step("with a query", "POST {m}/encrypt/k?plaintext=YQ==", 400, {}),
        Step("by put", "PUT {m}/encrypt/k", 200, {"plaintext": HELLO}),
        Step("by get", "GET {m}/encrypt/k", 405),
        Step("by delete", "DELETE {m}/encrypt/k", 405),
        Step("by list", "LIST {m}/encrypt/k", 404),
        Step("without a key", "POST {m}/encrypt", 404, {"plaintext": HELLO}),
        Step("with a slash", "POST {m}/encrypt/k/", 400, {"plaintext": HELLO}),
    ),
)


def _malformed(kind: str) -> tuple[Step, ...]:
    """A key, and all ciphertexts that aren't any."""
    return (
        Step(f"create {kind}", f"POST {{m}}/keys/{kind}", 200, {"type": kind}),
        *(
            Step(f"{kind} {name}", f"POST {{m}}/decrypt/{kind}", 400, {"ciphertext": value})
            for name, value in _CIPHERTEXTS
        ),
    )


_decrypt = Scenario(
    "transit-decrypt-single",
    engine="transit",
    steps=(
        *(step for kind in _SYMMETRIC for step in _malformed(kind)),
        *(
            Step(f"rewrap {name}", "POST {m}/rewrap/aes256-gcm96", 400, {"ciphertext": value})
            for name, value in _CIPHERTEXTS
        ),
        Step(
            "encrypt",
            "POST {m}/encrypt/aes256-gcm96",
            200,
            {"plaintext": HELLO},
            saves={"ciphertext": "data.ciphertext"},
        ),
        Step("without ciphertext", "POST {m}/decrypt/aes256-gcm96", 400, {}),
        Step("rewrap without ciphertext", "POST {m}/rewrap/aes256-gcm96", 400, {}),
        Step("with a newline", "POST {m}/decrypt/aes256-gcm96", 200, {"ciphertext": "{ciphertext}\n"}),
        Step("with a space", "POST {m}/decrypt/aes256-gcm96", 400, {"ciphertext": " {ciphertext}"}),
        Step("with more", "POST {m}/decrypt/aes256-gcm96", 400, {"ciphertext": "{ciphertext}AAAA"}),
        Step("with another key", "POST {m}/decrypt/chacha20-poly1305", 400, {"ciphertext": "{ciphertext}"}),
        Step("with no key", "POST {m}/decrypt/nope", 400, {"ciphertext": "{ciphertext}"}),
        Step("rewrap with no key", "POST {m}/rewrap/nope", 400, {"ciphertext": "{ciphertext}"}),
        Step("with no key and garbage", "POST {m}/decrypt/nope", 400, {"ciphertext": "abc"}),
        Step(
            "with a context", "POST {m}/decrypt/aes256-gcm96", 200, {"ciphertext": "{ciphertext}", "context": CONTEXT}
        ),
        Step(
            "with a bad context", "POST {m}/decrypt/aes256-gcm96", 400, {"ciphertext": "{ciphertext}", "context": "!"}
        ),
        Step("with an unknown parameter", "POST {m}/decrypt/aes256-gcm96", 200, {"ciphertext": "{ciphertext}", "x": 1}),
        Step(
            "with a key version", "POST {m}/decrypt/aes256-gcm96", 200, {"ciphertext": "{ciphertext}", "key_version": 7}
        ),
        Step("rewrap", "POST {m}/rewrap/aes256-gcm96", 200, {"ciphertext": "{ciphertext}"}),
        Step(
            "rewrap with version 1",
            "POST {m}/rewrap/aes256-gcm96",
            200,
            {"ciphertext": "{ciphertext}", "key_version": 1},
        ),
        Step(
            "rewrap with version 2",
            "POST {m}/rewrap/aes256-gcm96",
            400,
            {"ciphertext": "{ciphertext}", "key_version": 2},
        ),
        Step("rewrap unknown", "POST {m}/rewrap/aes256-gcm96", 200, {"ciphertext": "{ciphertext}", "plaintext": ""}),
        Step("rotate", "POST {m}/keys/aes256-gcm96/rotate", 200),
        Step("minimum", "POST {m}/keys/aes256-gcm96/config", 200, {"min_decryption_version": 2}),
        Step("too old", "POST {m}/decrypt/aes256-gcm96", 400, {"ciphertext": "{ciphertext}"}),
        Step("rewrap too old", "POST {m}/rewrap/aes256-gcm96", 400, {"ciphertext": "{ciphertext}"}),
        Step("version zero too old", "POST {m}/decrypt/aes256-gcm96", 400, {"ciphertext": "vault:v0:AAAA"}),
        Step("decrypt by get", "GET {m}/decrypt/aes256-gcm96", 405),
        Step("rewrap by get", "GET {m}/rewrap/aes256-gcm96", 405),
        Step("rewrap by delete", "DELETE {m}/rewrap/aes256-gcm96", 405),
    ),
)


def _associated(kind: str) -> tuple[Step, ...]:
    sealed = "{ad_" + kind.replace("-", "_") + "}"
    return (
        Step(f"create {kind}", f"POST {{m}}/keys/{kind}", 200, {"type": kind}),
        Step(
            f"encrypt {kind}",
            f"POST {{m}}/encrypt/{kind}",
            200,
            {"plaintext": HELLO, "associated_data": _ASSOCIATED},
            saves={sealed[1:-1]: "data.ciphertext"},
        ),
        Step(
            f"decrypt {kind}", f"POST {{m}}/decrypt/{kind}", 200, {"ciphertext": sealed, "associated_data": _ASSOCIATED}
        ),
        Step(f"decrypt {kind} without", f"POST {{m}}/decrypt/{kind}", 400, {"ciphertext": sealed}),
        Step(
            f"decrypt {kind} with another",
            f"POST {{m}}/decrypt/{kind}",
            400,
            {"ciphertext": sealed, "associated_data": CONTEXT},
        ),
        Step(
            f"decrypt {kind} with bad base64",
            f"POST {{m}}/decrypt/{kind}",
            500,
            {"ciphertext": sealed, "associated_data": "!"},
        ),
        Step(
            f"rewrap {kind}", f"POST {{m}}/rewrap/{kind}", 400, {"ciphertext": sealed, "associated_data": _ASSOCIATED}
        ),
        Step(
            f"encrypt {kind} with bad base64",
            f"POST {{m}}/encrypt/{kind}",
            500,
            {"plaintext": HELLO, "associated_data": "!"},
        ),
        Step(f"empty {kind}", f"POST {{m}}/encrypt/{kind}", 200, {"plaintext": HELLO, "associated_data": ""}),
        Step(f"null {kind}", f"POST {{m}}/encrypt/{kind}", 200, {"plaintext": HELLO, "associated_data": None}),
        Step(f"list {kind}", f"POST {{m}}/encrypt/{kind}", 400, {"plaintext": HELLO, "associated_data": [1]}),
    )


_associated_data = Scenario(
    "transit-encrypt-associated-data",
    engine="transit",
    steps=(
        *(step for kind in _SYMMETRIC for step in _associated(kind)),
        Step(
            "batch",
            "POST {m}/encrypt/aes256-gcm96",
            200,
            {"batch_input": [{"plaintext": HELLO, "associated_data": _ASSOCIATED}, {"plaintext": HELLO}]},
            saves={"first": "data.batch_results.0.ciphertext", "second": "data.batch_results.1.ciphertext"},
        ),
        Step(
            "decrypt the batch",
            "POST {m}/decrypt/aes256-gcm96",
            200,
            {"batch_input": [{"ciphertext": "{first}", "associated_data": _ASSOCIATED}, {"ciphertext": "{second}"}]},
        ),
        Step(
            "decrypt the batch the other way round",
            "POST {m}/decrypt/aes256-gcm96",
            400,
            {"batch_input": [{"ciphertext": "{first}"}, {"ciphertext": "{second}", "associated_data": _ASSOCIATED}]},
        ),
        Step(
            "batch with bad base64",
            "POST {m}/encrypt/aes256-gcm96",
            500,
            {"batch_input": [{"plaintext": HELLO, "associated_data": "!"}, {"plaintext": HELLO}]},
        ),
        Step(
            "data beside a batch",
            "POST {m}/encrypt/aes256-gcm96",
            200,
            {"batch_input": [{"plaintext": HELLO}], "associated_data": _ASSOCIATED},
            saves={"beside": "data.batch_results.0.ciphertext"},
        ),
        Step("decrypt what stood beside", "POST {m}/decrypt/aes256-gcm96", 200, {"ciphertext": "{beside}"}),
    ),
)


def _derived(kind: str) -> tuple[Step, ...]:
    name = kind.replace("-", "_")
    body: dict[str, Json] = {"plaintext": HELLO, "context": CONTEXT}
    return (
        *_round_trip(kind, {"derived": True}, {"context": CONTEXT}),
        Step(f"encrypt {kind} without a context", f"POST {{m}}/encrypt/{kind}", 400, {"plaintext": HELLO}),
        Step(f"encrypt {kind} with no context", f"POST {{m}}/encrypt/{kind}", 400, {"plaintext": HELLO, "context": ""}),
        Step(f"encrypt {kind} bad context", f"POST {{m}}/encrypt/{kind}", 400, {"plaintext": HELLO, "context": "!"}),
        Step(f"decrypt {kind} bare", f"POST {{m}}/decrypt/{kind}", 400, {"ciphertext": f"{{ciphertext_{name}}}"}),
        Step(
            f"decrypt {kind} with another context",
            f"POST {{m}}/decrypt/{kind}",
            400,
            {"ciphertext": f"{{ciphertext_{name}}}", "context": HELLO},
        ),
        Step(f"datakey of {kind} without a context", f"POST {{m}}/datakey/wrapped/{kind}", 400),
        Step(f"datakey of {kind} bad context", f"POST {{m}}/datakey/wrapped/{kind}", 400, {"context": "!"}),
        Step(f"datakey of {kind}", f"POST {{m}}/datakey/wrapped/{kind}", 200, {"context": CONTEXT}),
        Step(
            f"create convergent {kind}",
            f"POST {{m}}/keys/c-{kind}",
            200,
            {"type": kind, "derived": True, "convergent_encryption": True},
        ),
        Step(
            f"convergent {kind}", f"POST {{m}}/encrypt/c-{kind}", 200, body, saves={f"same_{name}": "data.ciphertext"}
        ),
        # The second answer must hold the ciphertext that the first one gave, which the normaliser replaces by its name.
        Step(f"convergent {kind} again", f"POST {{m}}/encrypt/c-{kind}", 200, body),
        Step(
            f"convergent {kind} in a batch",
            f"POST {{m}}/encrypt/c-{kind}",
            200,
            {"batch_input": [dict(body), dict(body), {"plaintext": HELLO, "context": HELLO}]},
        ),
        Step(f"convergent {kind} bare", f"POST {{m}}/encrypt/c-{kind}", 400, {"plaintext": HELLO}),
        Step(
            f"decrypt convergent {kind}",
            f"POST {{m}}/decrypt/c-{kind}",
            200,
            {"ciphertext": f"{{same_{name}}}", "context": CONTEXT},
        ),
        Step(f"rotate convergent {kind}", f"POST {{m}}/keys/c-{kind}/rotate", 200),
        Step(f"convergent {kind} after rotation", f"POST {{m}}/encrypt/c-{kind}", 200, body),
        Step(
            f"convergent {kind} with the first version",
            f"POST {{m}}/encrypt/c-{kind}",
            200,
            {**body, "key_version": 1},
        ),
    )


_derivation = Scenario(
    "transit-encrypt-derived", engine="transit", steps=tuple(step for kind in _SYMMETRIC for step in _derived(kind))
)

_datakey = Scenario(
    "transit-datakey",
    engine="transit",
    steps=(
        Step("no such key", "POST {m}/datakey/plaintext/k", 400),
        Step("create", "POST {m}/keys/k", 200),
        Step(
            "plaintext",
            "POST {m}/datakey/plaintext/k",
            200,
            random=("data.plaintext",),
            saves={"key": "data.plaintext", "sealed": "data.ciphertext"},
        ),
        Step("decrypt gives the same key", "POST {m}/decrypt/k", 200, {"ciphertext": "{sealed}"}),
        Step("wrapped", "POST {m}/datakey/wrapped/k", 200),
        *(
            Step(f"{bits} bits", "POST {m}/datakey/plaintext/k", 200, {"bits": bits}, random=("data.plaintext",))
            for bits in (128, 256, 512)
        ),
        Step("bits as text", "POST {m}/datakey/plaintext/k", 200, {"bits": "512"}, random=("data.plaintext",)),
        *(
            Step(f"bits {bits!r}", "POST {m}/datakey/wrapped/k", 400, {"bits": bits})
            for bits in (0, 1, 129, 1024, -1, "abc", 1.5, None)
        ),
        Step("wrong path", "POST {m}/datakey/nope/k", 400),
        Step("wrong path and bits of no key", "POST {m}/datakey/nope/nope", 400, {"bits": 1}),
        Step("bits with no key", "POST {m}/datakey/wrapped/nope", 400, {"bits": 1}),
        Step("by get", "GET {m}/datakey/plaintext/k", 405),
        Step("without a key", "POST {m}/datakey/plaintext", 404, {}),
        Step("unknown parameter", "POST {m}/datakey/wrapped/k", 200, {"foo": 1, "plaintext": "YQ=="}),
        Step("version 1", "POST {m}/datakey/wrapped/k", 200, {"key_version": 1}),
        Step("version 2", "POST {m}/datakey/wrapped/k", 400, {"key_version": 2}),
        Step("associated data", "POST {m}/datakey/wrapped/k", 200, {"associated_data": _ASSOCIATED}),
        Step("bad associated data", "POST {m}/datakey/wrapped/k", 500, {"associated_data": "!"}),
        Step("context", "POST {m}/datakey/wrapped/k", 200, {"context": CONTEXT}),
    ),
)

_XCHACHA = "xchacha20-poly1305"
_xchacha = Scenario(
    "transit-encrypt-xchacha",
    engine="transit",
    steps=(
        *_round_trip(_XCHACHA, {}, {}),
        Step("read", f"GET {{m}}/keys/{_XCHACHA}", 200),
        Step("upsert", "POST {m}/encrypt/upserted", 200, {"plaintext": HELLO, "type": _XCHACHA}),
    ),
)
_xchacha_more = Scenario(
    "transit-encrypt-xchacha-more",
    engine="transit",
    steps=(*_malformed(_XCHACHA), *(step for step in _associated(_XCHACHA) if not step.name.startswith("create"))),
)
_xchacha_derived = Scenario("transit-encrypt-xchacha-derived", engine="transit", steps=_derived(_XCHACHA))

SCENARIOS = (
    _types,
    _single,
    _decrypt,
    _associated_data,
    _derivation,
    _datakey,
    _xchacha,
    _xchacha_more,
    _xchacha_derived,
)
