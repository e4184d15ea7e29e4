"""Transit: sign and verify, for each kind of key, with all that callers may choose, and in batches."""

from __future__ import annotations

import base64

from tests.conformance.steps import Json, Scenario, Step

_INPUT = base64.b64encode(b"hello").decode()
_CONTEXT = base64.b64encode(b"context").decode()
_HASHES = (
    "sha1",
    "sha2-224",
    "sha2-256",
    "sha2-384",
    "sha2-512",
    "sha3-224",
    "sha3-256",
    "sha3-384",
    "sha3-512",
)
_DIGEST_BYTES = {"sha1": 20, "224": 28, "256": 32, "384": 48, "512": 64}
_CURVES = ("ecdsa-p256", "ecdsa-p384", "ecdsa-p521")


def _digest(hash_algorithm: str) -> str:
    return base64.b64encode(bytes(_DIGEST_BYTES[hash_algorithm.rpartition("-")[2]])).decode()


def _signed(name: str, path: str, body: dict[str, Json], sign: int = 200, verify: int = 200) -> tuple[Step, Step]:
    """Sign something and verify the signature with the same parameters."""
    saved = "signature_" + "".join(letter if letter.isalnum() else "_" for letter in name.lower())
    key, _, suffix = path.partition("/")
    suffix = f"/{suffix}" if suffix else ""
    return (
        Step(f"sign {name}", f"POST {{m}}/sign/{key}{suffix}", sign, body, saves={saved: "data.signature"}),
        Step(f"verify {name}", f"POST {{m}}/verify/{key}{suffix}", verify, {**body, "signature": f"{{{saved}}}"}),
    )


def _each(rows: list[tuple[Step, Step]]) -> tuple[Step, ...]:
    return tuple(step for row in rows for step in row)


_ecdsa = Scenario(
    "transit-sign-ecdsa",
    engine="transit",
    steps=(
        *(Step(f"create {curve}", f"POST {{m}}/keys/{curve}", 200, {"type": curve}) for curve in _CURVES),
        *_each([_signed(curve, curve, {"input": _INPUT}) for curve in _CURVES]),
        *_each(
            [
                _signed(f"{curve} {name}", curve, {"input": _INPUT, "hash_algorithm": name})
                for curve in _CURVES
                for name in _HASHES
            ]
        ),
        *_each(
            [
                _signed(
                    f"{curve} {name} prehashed",
                    curve,
                    {"input": _digest(name), "hash_algorithm": name, "prehashed": True},
                )
                for curve in _CURVES
                for name in ("sha2-256", "sha2-512")
            ]
        ),
        *_each([_signed(f"{curve} by url", f"{curve}/sha2-512", {"input": _INPUT}) for curve in _CURVES]),
        *_each(
            [
                _signed(f"{curve} {marshaling}", curve, {"input": _INPUT, "marshaling_algorithm": marshaling})
                for curve in _CURVES
                for marshaling in ("asn1", "jws")
            ]
        ),
        *_each([_signed(f"{curve} prehashed short", curve, {"input": "YQ==", "prehashed": True}) for curve in _CURVES]),
        Step(
            "signature of other input",
            "POST {m}/verify/ecdsa-p256",
            200,
            {"input": "YQ==", "signature": "{signature_ecdsa_p256}"},
        ),
        Step(
            "signature of another hash",
            "POST {m}/verify/ecdsa-p256",
            200,
            {"input": _INPUT, "signature": "{signature_ecdsa_p256}", "hash_algorithm": "sha2-512"},
        ),
        Step(
            "asn1 read as jws",
            "POST {m}/verify/ecdsa-p521",
            400,
            {"input": _INPUT, "signature": "{signature_ecdsa_p521}", "marshaling_algorithm": "jws"},
        ),
        Step(
            "jws read as asn1",
            "POST {m}/verify/ecdsa-p256",
            400,
            {"input": _INPUT, "signature": "{signature_ecdsa_p256_jws}"},
        ),
        Step(
            "another curve",
            "POST {m}/verify/ecdsa-p384",
            200,
            {"input": _INPUT, "signature": "{signature_ecdsa_p256}"},
        ),
        Step(
            "trailing bytes",
            "POST {m}/verify/ecdsa-p256",
            400,
            {"input": _INPUT, "signature": "vault:v1:MAYCAQECAQEA"},
        ),
        Step("tiny", "POST {m}/verify/ecdsa-p256", 200, {"input": _INPUT, "signature": "vault:v1:MAYCAQECAQE="}),
        Step("no der", "POST {m}/verify/ecdsa-p256", 400, {"input": _INPUT, "signature": "vault:v1:AAAA"}),
        Step("empty", "POST {m}/verify/ecdsa-p256", 400, {"input": _INPUT, "signature": "vault:v1:"}),
        Step(
            "short jws",
            "POST {m}/verify/ecdsa-p256",
            200,
            {"input": _INPUT, "signature": "vault:v1:AAAA", "marshaling_algorithm": "jws"},
        ),
    ),
)

_ed25519 = Scenario(
    "transit-sign-ed25519",
    engine="transit",
    steps=(
        Step("create", "POST {m}/keys/k", 200, {"type": "ed25519"}),
        *_signed("plain", "k", {"input": _INPUT}),
        *_signed("empty", "k", {"input": ""}),
        *_each([_signed(name, "k", {"input": _INPUT, "hash_algorithm": name}) for name in ("sha2-512", "sha3-256")]),
        *_signed("prehashed", "k", {"input": _INPUT, "prehashed": True}),
        *_signed("jws", "k", {"input": _INPUT, "marshaling_algorithm": "jws"}),
        *_signed("by url", "k/sha2-384", {"input": _INPUT}),
        Step("the hash plays no part", "POST {m}/sign/k", 200, {"input": _INPUT, "hash_algorithm": "sha2-224"}),
        Step("other input", "POST {m}/verify/k", 200, {"input": "YQ==", "signature": "{signature_plain}"}),
        Step(
            "another hash",
            "POST {m}/verify/k",
            200,
            {"input": _INPUT, "signature": "{signature_plain}", "hash_algorithm": "sha2-512"},
        ),
        Step("jws as asn1", "POST {m}/verify/k", 400, {"input": _INPUT, "signature": "{signature_jws}"}),
        Step("short", "POST {m}/verify/k", 200, {"input": _INPUT, "signature": "vault:v1:AAAA"}),
        Step("empty signature", "POST {m}/verify/k", 200, {"input": _INPUT, "signature": "vault:v1:"}),
        Step("with a context", "POST {m}/sign/k", 200, {"input": _INPUT, "context": _CONTEXT}),
        Step("create derived", "POST {m}/keys/d", 200, {"type": "ed25519", "derived": True}),
        *_signed("derived", "d", {"input": _INPUT, "context": _CONTEXT}),
        Step("derived without a context", "POST {m}/sign/d", 500, {"input": _INPUT}),
        Step("derived with a bad context", "POST {m}/sign/d", 400, {"input": _INPUT, "context": "!"}),
        Step(
            "verify derived without a context",
            "POST {m}/verify/d",
            500,
            {"input": _INPUT, "signature": "{signature_derived}"},
        ),
        Step(
            "verify derived with a bad context",
            "POST {m}/verify/d",
            400,
            {"input": _INPUT, "signature": "{signature_derived}", "context": "!"},
        ),
        Step(
            "verify derived with another context",
            "POST {m}/verify/d",
            200,
            {"input": _INPUT, "signature": "{signature_derived}", "context": _INPUT},
        ),
        Step(
            "derived batch",
            "POST {m}/sign/d",
            200,
            {"batch_input": [{"input": _INPUT, "context": _CONTEXT}, {"input": _INPUT}]},
            random=("data.batch_results.*.publickey",),
        ),
    ),
)

_rsa = Scenario(
    "transit-sign-rsa",
    engine="transit",
    steps=(
        Step("create", "POST {m}/keys/k", 200, {"type": "rsa-2048"}),
        *_signed("plain", "k", {"input": _INPUT}),
        *_each([_signed(name, "k", {"input": _INPUT, "hash_algorithm": name}) for name in _HASHES]),
        *_each(
            [
                _signed(
                    f"pkcs1v15 {name}",
                    "k",
                    {"input": _INPUT, "hash_algorithm": name, "signature_algorithm": "pkcs1v15"},
                )
                for name in _HASHES
            ]
        ),
        *_each(
            [
                _signed(
                    f"{algorithm} {name} prehashed",
                    "k",
                    {
                        "input": _digest(name),
                        "hash_algorithm": name,
                        "signature_algorithm": algorithm,
                        "prehashed": True,
                    },
                )
                for algorithm in ("pss", "pkcs1v15")
                for name in ("sha2-256", "sha2-384", "sha3-512")
            ]
        ),
        *_each(
            [
                _signed(f"salt {salt}", "k", {"input": _INPUT, "salt_length": salt})
                for salt in ("auto", "hash", "0", "20", "222", "-1", 32)
            ]
        ),
        *_each(
            [
                _signed("salt 223", "k", {"input": _INPUT, "salt_length": "223"}, 500, 400),
                _signed("salt -2", "k", {"input": _INPUT, "salt_length": "-2"}, 400, 400),
                _signed("salt abc", "k", {"input": _INPUT, "salt_length": "abc"}, 400, 400),
                _signed("salt empty", "k", {"input": _INPUT, "salt_length": ""}, 400, 400),
                _signed("salt AUTO", "k", {"input": _INPUT, "salt_length": "AUTO"}),
            ]
        ),
        *(
            Step(
                f"salt 20 read as {salt}",
                "POST {m}/verify/k",
                200,
                {"input": _INPUT, "signature": "{signature_salt_20}", "salt_length": salt},
            )
            for salt in ("auto", "hash", "20", "21", "0")
        ),
        *(
            Step(
                f"salt 0 read as {salt}",
                "POST {m}/verify/k",
                200,
                {"input": _INPUT, "signature": "{signature_salt_0}", "salt_length": salt},
            )
            for salt in ("0", "hash", "222", "1")
        ),
        Step(
            "pss read as pkcs1v15",
            "POST {m}/verify/k",
            200,
            {"input": _INPUT, "signature": "{signature_plain}", "signature_algorithm": "pkcs1v15"},
        ),
        *_signed("jws", "k", {"input": _INPUT, "marshaling_algorithm": "jws"}),
        *_signed("unknown algorithm", "k", {"input": _INPUT, "signature_algorithm": "pkcs1"}, 500, 400),
        Step(
            "verify with an unknown algorithm",
            "POST {m}/verify/k",
            500,
            {"input": _INPUT, "signature_algorithm": "pkcs1", "signature": "{signature_plain}"},
        ),
        Step(
            "batch with an unknown algorithm",
            "POST {m}/sign/k",
            200,
            {"batch_input": [{"input": _INPUT}], "signature_algorithm": "pkcs1"},
        ),
        *_signed("empty algorithm", "k", {"input": _INPUT, "signature_algorithm": ""}),
        *_each(
            [
                _signed(
                    f"{algorithm} digest of a wrong length",
                    "k",
                    {"input": "YQ==", "prehashed": True, "signature_algorithm": algorithm},
                    500,
                    400,
                )
                for algorithm in ("pss", "pkcs1v15")
            ]
        ),
        Step(
            "verify a digest of a wrong length",
            "POST {m}/verify/k",
            200,
            {"input": "YQ==", "prehashed": True, "signature": "{signature_plain}"},
        ),
        *_signed(
            "none",
            "k",
            {"input": "YQ==", "prehashed": True, "hash_algorithm": "none", "signature_algorithm": "pkcs1v15"},
        ),
        *_signed("none with pss", "k", {"input": "YQ==", "prehashed": True, "hash_algorithm": "none"}, 400, 400),
        *_signed(
            "none not prehashed",
            "k",
            {"input": "YQ==", "hash_algorithm": "none", "signature_algorithm": "pkcs1v15"},
            400,
            400,
        ),
        Step("short", "POST {m}/verify/k", 200, {"input": _INPUT, "signature": "vault:v1:AAAA"}),
    ),
)

_INPUTS: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("missing", {}, 200),
    ("null", {"input": None}, 200),
    ("empty", {"input": ""}, 200),
    ("bad base64", {"input": "!!"}, 400),
    ("unpadded", {"input": "YWI"}, 400),
    ("a number", {"input": 1234}, 200),
    ("a list", {"input": ["YQ=="]}, 400),
    ("unknown hash", {"input": _INPUT, "hash_algorithm": "md5"}, 400),
    ("hash in upper case", {"input": _INPUT, "hash_algorithm": "SHA2-256"}, 400),
    ("hash with one dash less", {"input": _INPUT, "hash_algorithm": "sha256"}, 400),
    ("empty hash", {"input": _INPUT, "hash_algorithm": ""}, 200),
    ("null hash", {"input": _INPUT, "hash_algorithm": None}, 200),
    ("old name of the hash", {"input": _INPUT, "algorithm": "md5"}, 400),
    ("old name beside an empty hash", {"input": _INPUT, "algorithm": "md5", "hash_algorithm": ""}, 400),
    ("unknown marshaling", {"input": _INPUT, "marshaling_algorithm": "der"}, 400),
    ("empty marshaling", {"input": _INPUT, "marshaling_algorithm": ""}, 400),
    ("prehashed no boolean", {"input": _INPUT, "prehashed": "abc"}, 400),
    ("version too new", {"input": _INPUT, "key_version": 3}, 500),
    ("version negative", {"input": _INPUT, "key_version": -1}, 500),
    ("version 1", {"input": _INPUT, "key_version": 1}, 200),
    ("version as text", {"input": _INPUT, "key_version": "2"}, 200),
    ("version no number", {"input": _INPUT, "key_version": "abc"}, 400),
    ("unknown parameter", {"input": _INPUT, "foo": 1}, 200),
    ("context", {"input": _INPUT, "context": _CONTEXT}, 200),
    ("bad context", {"input": _INPUT, "context": "!!"}, 400),
)

_SIGNATURES: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("none", {}, 400),
    ("null", {"signature": None}, 400),
    ("empty", {"signature": ""}, 400),
    ("no prefix", {"signature": "abc"}, 400),
    ("no version", {"signature": "vault:AAAA"}, 400),
    ("two fields", {"signature": "vault:v1"}, 400),
    ("four fields", {"signature": "vault:v1:AAAA:AAAA"}, 400),
    ("version no number", {"signature": "vault:vx:AAAA"}, 400),
    ("version without v", {"signature": "vault:1:AAAA"}, 400),
    ("version zero", {"signature": "vault:v0:AAAA"}, 400),
    ("version negative", {"signature": "vault:v-1:AAAA"}, 400),
    ("version too new", {"signature": "vault:v9:AAAA"}, 400),
    ("bad base64", {"signature": "vault:v1:!!!!"}, 400),
    ("unpadded", {"signature": "vault:v1:AAA"}, 400),
    ("url alphabet", {"signature": "vault:v1:_-8="}, 400),
    ("a number", {"signature": 12}, 400),
    ("a list", {"signature": []}, 400),
    ("an hmac of a bad form", {"hmac": "abc"}, 400),
    ("both", {"signature": "abc", "hmac": "abc"}, 400),
)

_KINDS = ("ecdsa-p256", "ed25519", "rsa-2048")

_parameters = Scenario(
    "transit-sign-parameters",
    engine="transit",
    steps=(
        *(
            step
            for kind in _KINDS
            for step in (
                Step(f"create {kind}", f"POST {{m}}/keys/{kind}", 200, {"type": kind}),
                Step(f"rotate {kind}", f"POST {{m}}/keys/{kind}/rotate", 200),
                *(
                    Step(f"sign {kind} {name}", f"POST {{m}}/sign/{kind}", status, body)
                    for name, body, status in _INPUTS
                ),
                *(
                    Step(f"verify {kind} {name}", f"POST {{m}}/verify/{kind}", status, {"input": _INPUT, **body})
                    for name, body, status in _SIGNATURES
                ),
                Step(f"minimum of {kind}", f"POST {{m}}/keys/{kind}/config", 200, {"min_decryption_version": 2}),
                Step(f"sign old {kind}", f"POST {{m}}/sign/{kind}", 500, {"input": _INPUT, "key_version": 1}),
                Step(f"old {kind}", f"POST {{m}}/verify/{kind}", 400, {"input": "", "signature": "vault:v1:AAAA"}),
            )
        ),
        Step("sign by url with an unknown hash", "POST {m}/sign/ecdsa-p256/md5", 400, {"input": _INPUT}),
        Step(
            "the url wins over the body",
            "POST {m}/sign/ecdsa-p256/sha2-256",
            200,
            {"input": _INPUT, "hash_algorithm": "md5"},
        ),
        Step("the old url parameter", "POST {m}/sign/ecdsa-p256/sha2-256", 200, {"input": _INPUT, "urlalgorithm": "x"}),
        Step("sign with no key", "POST {m}/sign/nope", 400, {"input": _INPUT}),
        Step("verify with no key", "POST {m}/verify/nope", 400, {"input": _INPUT, "signature": "vault:v1:AAAA"}),
        Step("verify with no key and no signature", "POST {m}/verify/nope", 400, {"input": _INPUT}),
        *(
            step
            for kind in ("aes256-gcm96", "chacha20-poly1305")
            for step in (
                Step(f"create {kind}", f"POST {{m}}/keys/{kind}", 200, {"type": kind}),
                Step(f"sign {kind}", f"POST {{m}}/sign/{kind}", 400, {"input": _INPUT}),
                Step(
                    f"verify {kind}",
                    f"POST {{m}}/verify/{kind}",
                    400,
                    {"input": _INPUT, "signature": "vault:v1:AAAA"},
                ),
            )
        ),
        Step("create hmac", "POST {m}/keys/hmac", 200, {"type": "hmac", "key_size": 32}),
        Step("sign hmac", "POST {m}/sign/hmac", 400, {"input": _INPUT}),
        Step("verify hmac", "POST {m}/verify/hmac", 400, {"input": _INPUT, "signature": "vault:v1:AAAA"}),
        Step("sign by get", "GET {m}/sign/ed25519", 405),
        Step("verify by get", "GET {m}/verify/ed25519", 405),
        Step("sign by put", "PUT {m}/sign/ed25519", 200, {"input": _INPUT}),
        Step("sign without a key", "POST {m}/sign", 404, {"input": _INPUT}),
        Step("sign with a long path", "POST {m}/sign/ed25519/sha2-256/more", 400, {"input": _INPUT}),
    ),
)

_BATCHES: tuple[tuple[str, int, Json], ...] = (
    ("two", 200, [{"input": _INPUT}, {"input": "YQ==", "reference": "r"}]),
    ("bad base64", 200, [{"input": "!!", "reference": "r"}, {"input": _INPUT}]),
    ("missing input", 200, [{"reference": "r"}]),
    ("number as input", 200, [{"input": 1234}]),
    ("versions", 200, [{"input": _INPUT, "key_version": 9}, {"input": _INPUT, "key_version": 1}]),
    ("empty", 400, []),
    ("null", 200, None),
    ("a string", 500, "abc"),
    ("of strings", 500, ["abc"]),
    ("unknown keys", 200, [{"input": _INPUT, "foo": 1}]),
)


def _verified(kind: str) -> tuple[Step, ...]:
    """Two signatures made in a batch, and batches that ask about them."""
    name = kind.replace("-", "_")
    first: Json = {"input": "YQ==", "signature": f"{{a_{name}}}", "reference": "r"}
    second = f"{{b_{name}}}"
    batches: tuple[tuple[str, int, list[Json]], ...] = (
        ("one", 200, [first]),
        ("two", 200, [first, {"input": "Yg==", "signature": second}]),
        ("wrong", 200, [first, {"input": "Yw==", "signature": second}]),
        ("malformed", 200, [first, {"input": "Yg==", "signature": "abc", "reference": "bad"}]),
        ("bad input", 200, [first, {"input": "!!", "signature": second}]),
        ("without a signature", 400, [first, {"input": "YQ=="}]),
        ("with an hmac", 400, [first, {"input": "YQ==", "hmac": "vault:v1:AAAA"}]),
        ("with both", 200, [first, {"input": "YQ==", "hmac": "vault:v1:AAAA", "signature": "abc"}]),
        ("nothing", 400, [{"input": "YQ=="}]),
        ("empty", 400, []),
    )
    return (
        Step(
            f"sign {kind}",
            f"POST {{m}}/sign/{kind}",
            200,
            {"batch_input": [{"input": "YQ=="}, {"input": "Yg=="}]},
            saves={f"a_{name}": "data.batch_results.0.signature", f"b_{name}": "data.batch_results.1.signature"},
        ),
        *(
            Step(f"verify {kind} {title}", f"POST {{m}}/verify/{kind}", status, {"batch_input": batch})
            for title, status, batch in batches
        ),
    )


_batch = Scenario(
    "transit-sign-batch",
    engine="transit",
    steps=tuple(
        step
        for kind in _KINDS
        for step in (
            Step(f"create {kind}", f"POST {{m}}/keys/{kind}", 200, {"type": kind}),
            *(
                Step(f"sign {kind} {name}", f"POST {{m}}/sign/{kind}", status, {"batch_input": batch})
                for name, status, batch in _BATCHES
            ),
            *_verified(kind),
        )
    ),
)

SCENARIOS = (_ecdsa, _ed25519, _rsa, _parameters, _batch)
