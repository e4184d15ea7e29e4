"""Transit: hmac, hash and random, and their twins below sys/tools."""

from __future__ import annotations

import base64

from tests.conformance.steps import Json, Scenario, Step

_INPUT = base64.b64encode(b"hello").decode()
_HASHES = ("sha2-224", "sha2-256", "sha2-384", "sha2-512", "sha3-224", "sha3-256", "sha3-384", "sha3-512")
_KINDS = ("aes128-gcm96", "aes256-gcm96", "chacha20-poly1305", "ecdsa-p256", "ed25519", "rsa-2048")

_HMAC_ERRORS: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("missing input", {}, 400),
    ("null input", {"input": None}, 200),
    ("empty input", {"input": ""}, 200),
    ("bad base64", {"input": "!!"}, 400),
    ("a number", {"input": 1234}, 200),
    ("a list", {"input": []}, 400),
    ("unknown algorithm", {"input": _INPUT, "algorithm": "md5"}, 400),
    ("no algorithm", {"input": _INPUT, "algorithm": "none"}, 400),
    ("empty algorithm", {"input": _INPUT, "algorithm": ""}, 400),
    ("sha1", {"input": _INPUT, "algorithm": "sha1"}, 200),
    ("version 1", {"input": _INPUT, "key_version": 1}, 200),
    ("version 0", {"input": _INPUT, "key_version": 0}, 200),
    ("version too new", {"input": _INPUT, "key_version": 3}, 400),
    ("version negative", {"input": _INPUT, "key_version": -1}, 400),
    ("version no number", {"input": _INPUT, "key_version": "abc"}, 400),
    ("unknown parameters", {"input": _INPUT, "foo": 1, "bar": 2}, 200),
    ("new name of the algorithm", {"input": _INPUT, "hash_algorithm": "md5"}, 200),
    ("empty batch", {"batch_input": []}, 400),
    ("null batch", {"batch_input": None}, 400),
    ("batch a string", {"batch_input": "abc"}, 500),
    ("batch of strings", {"batch_input": ["abc"]}, 500),
    ("batch without input", {"batch_input": [{"reference": "r"}]}, 200),
    ("batch with bad base64", {"batch_input": [{"input": "!!", "reference": "r"}, {"input": _INPUT}]}, 200),
    ("batch of numbers", {"batch_input": [{"input": 1234}]}, 200),
    ("batch", {"batch_input": [{"input": _INPUT, "reference": "r"}, {"input": "", "foo": 1}]}, 200),
    ("batch with versions", {"batch_input": [{"input": _INPUT, "key_version": 9}]}, 200),
)

_HMACS: tuple[tuple[str, Json, int], ...] = (
    ("no prefix", "abc", 400),
    ("empty", "", 400),
    ("no version", "vault:AAAA", 400),
    ("two fields", "vault:v1", 400),
    ("four fields", "vault:v1:AAAA:AAAA", 400),
    ("version no number", "vault:vx:AAAA", 400),
    ("version zero", "vault:v0:AAAA", 400),
    ("version negative", "vault:v-1:AAAA", 400),
    ("version too new", "vault:v9:AAAA", 400),
    ("bad base64", "vault:v1:!!!!", 400),
    ("empty payload", "vault:v1:", 200),
    ("wrong", "vault:v1:AAAA", 200),
    ("a list", [], 400),
)

_hmac = Scenario(
    "transit-hmac",
    engine="transit",
    steps=(
        *(
            step
            for kind in _KINDS
            for saved in (f"hmac_{kind.replace('-', '_')}",)
            for step in (
                Step(f"create {kind}", f"POST {{m}}/keys/{kind}", 200, {"type": kind}),
                Step(f"hmac {kind}", f"POST {{m}}/hmac/{kind}", 200, {"input": _INPUT}, saves={saved: "data.hmac"}),
                Step(f"hmac {kind} again", f"POST {{m}}/hmac/{kind}", 200, {"input": _INPUT}),
                Step(f"verify {kind}", f"POST {{m}}/verify/{kind}", 200, {"input": _INPUT, "hmac": f"{{{saved}}}"}),
                Step(
                    f"verify other input {kind}",
                    f"POST {{m}}/verify/{kind}",
                    200,
                    {"input": "YQ==", "hmac": f"{{{saved}}}"},
                ),
                Step(
                    f"verify another hash {kind}",
                    f"POST {{m}}/verify/{kind}/sha2-512",
                    200,
                    {"input": _INPUT, "hmac": f"{{{saved}}}"},
                ),
            )
        ),
        Step("create k", "POST {m}/keys/k", 200, {"type": "hmac", "key_size": 64}),
        Step("rotate k", "POST {m}/keys/k/rotate", 200),
        *(
            step
            for name in _HASHES
            for saved in (f"hmac_{name.replace('-', '_')}",)
            for step in (
                Step(f"hmac {name}", f"POST {{m}}/hmac/k/{name}", 200, {"input": _INPUT}, saves={saved: "data.hmac"}),
                Step(f"{name} in the body", "POST {m}/hmac/k", 200, {"input": _INPUT, "algorithm": name}),
                Step(
                    f"verify {name}",
                    f"POST {{m}}/verify/k/{name}",
                    200,
                    {"input": _INPUT, "hmac": f"{{{saved}}}"},
                ),
                Step(
                    f"verify {name} by the old name",
                    "POST {m}/verify/k",
                    200,
                    {"input": _INPUT, "hmac": f"{{{saved}}}", "algorithm": name},
                ),
                Step(
                    f"verify {name} by the new name",
                    "POST {m}/verify/k",
                    200,
                    {"input": _INPUT, "hmac": f"{{{saved}}}", "hash_algorithm": name},
                ),
            )
        ),
        *(Step(name, "POST {m}/hmac/k", status, body) for name, body, status in _HMAC_ERRORS),
        *(
            Step(f"verify {name}", "POST {m}/verify/k", status, {"input": _INPUT, "hmac": value})
            for name, value, status in _HMACS
        ),
        Step("verify without input", "POST {m}/verify/k", 200, {"hmac": "vault:v1:AAAA"}),
        Step("verify bad input", "POST {m}/verify/k", 400, {"input": "!!", "hmac": "vault:v1:AAAA"}),
        Step(
            "verify a batch",
            "POST {m}/verify/k",
            200,
            {
                "batch_input": [
                    {"input": _INPUT, "hmac": "{hmac_sha2_256}", "reference": "good"},
                    {"input": _INPUT, "hmac": "vault:v1:AAAA", "reference": "wrong"},
                    {"input": _INPUT, "hmac": "abc", "reference": "bad"},
                    {"input": "!!", "hmac": "{hmac_sha2_256}"},
                ]
            },
        ),
        Step("verify a batch without", "POST {m}/verify/k", 400, {"batch_input": [{"input": _INPUT}]}),
        Step("unknown algorithm by url", "POST {m}/hmac/k/md5", 400, {"input": _INPUT}),
        Step("url over body", "POST {m}/hmac/k/sha2-256", 200, {"input": _INPUT, "algorithm": "md5"}),
        Step("no such key", "POST {m}/hmac/nope", 400, {"input": _INPUT}),
        Step("verify with no such key", "POST {m}/verify/nope", 400, {"input": _INPUT, "hmac": "vault:v1:AAAA"}),
        Step("by get", "GET {m}/hmac/k", 405),
        Step("minimum", "POST {m}/keys/k/config", 200, {"min_decryption_version": 2}),
        Step("too old", "POST {m}/hmac/k", 400, {"input": _INPUT, "key_version": 1}),
        Step("verify too old", "POST {m}/verify/k", 400, {"input": _INPUT, "hmac": "vault:v1:AAAA"}),
        Step("create derived", "POST {m}/keys/derived", 200, {"derived": True}),
        Step("derived without a context", "POST {m}/hmac/derived", 200, {"input": _INPUT}),
    ),
)

_HASH_ERRORS: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("empty input", {"input": ""}, 200),
    ("null input", {"input": None}, 200),
    ("bad base64", {"input": "!!"}, 400),
    ("unpadded", {"input": "YWI"}, 400),
    ("unknown algorithm", {"input": _INPUT, "algorithm": "md5"}, 400),
    ("sha1", {"input": _INPUT, "algorithm": "sha1"}, 400),
    ("empty algorithm", {"input": _INPUT, "algorithm": ""}, 400),
    ("unknown format", {"input": _INPUT, "format": "bin"}, 400),
    ("empty format", {"input": _INPUT, "format": ""}, 400),
    ("format in upper case", {"input": _INPUT, "format": "HEX"}, 400),
    ("a number", {"input": 1234}, 200),
    ("a list", {"input": []}, 400),
    ("unknown parameters", {"input": _INPUT, "foo": 1}, 200),
    ("base64", {"input": _INPUT, "format": "base64"}, 200),
)


def _hashes(path: str) -> tuple[Step, ...]:
    return (
        *(Step(name, f"POST {path}", status, body) for name, body, status in _HASH_ERRORS),
        *(
            step
            for name in _HASHES
            for step in (
                Step(f"{name} by url", f"POST {path}/{name}", 200, {"input": _INPUT}),
                Step(f"{name} in the body", f"POST {path}", 200, {"input": _INPUT, "algorithm": name}),
                Step(f"{name} base64", f"PUT {path}/{name}", 200, {"input": _INPUT, "format": "base64"}),
            )
        ),
        Step("url over body", f"POST {path}/sha2-256", 200, {"input": _INPUT, "algorithm": "md5"}),
        Step("unknown by url", f"POST {path}/md5", 400, {"input": _INPUT}),
        Step("by get", f"GET {path}", 405),
        Step("by delete", f"DELETE {path}/sha2-256", 405),
        Step("with a slash", f"POST {path}/", 400, {"input": _INPUT}),
    )


_hash = Scenario(
    "transit-hash",
    engine="transit",
    steps=(Step("missing input", "POST {m}/hash", 400, {}), *_hashes("{m}/hash")),
)
_sys_hash = Scenario(
    "sys-tools-hash",
    steps=(Step("missing input", "POST sys/tools/hash", 200, {}), *_hashes("sys/tools/hash")),
)

_RANDOM: tuple[tuple[str, str, dict[str, Json] | None, int], ...] = (
    ("default", "", None, 200),
    ("empty object", "", {}, 200),
    ("64 by url", "/64", None, 200),
    ("64 in the body", "", {"bytes": 64}, 200),
    ("as text", "", {"bytes": "64"}, 200),
    ("url over body", "/16", {"bytes": 64}, 200),
    ("hex", "", {"format": "hex"}, 200),
    ("base64", "", {"format": "base64"}, 200),
    ("platform", "/platform", None, 200),
    ("platform 16", "/platform/16", None, 200),
    ("seal", "/seal", None, 200),
    ("all 16", "/all/16", None, 200),
    ("source in the body", "", {"source": "nope"}, 200),
    ("as many as can be", "/131072", None, 200),
    ("one more", "/131073", None, 400),
    ("zero", "/0", None, 400),
    ("zero in the body", "", {"bytes": 0}, 400),
    ("negative", "", {"bytes": -1}, 400),
    ("no number", "", {"bytes": "abc"}, 400),
    ("a fraction", "", {"bytes": 1.5}, 400),
    ("unknown source", "/nope", None, 400),
    ("no number by url", "/platform/abc", None, 400),
    ("unknown source and number", "/nope/16", None, 400),
    ("unknown format", "", {"format": "bin"}, 400),
    ("empty format", "", {"format": ""}, 400),
    ("unknown parameter", "", {"foo": 1}, 200),
)


def _random_bytes(path: str) -> tuple[Step, ...]:
    return (
        *(
            Step(name, f"POST {path}{more}", status, body, random=("data.random_bytes",))
            for name, more, body, status in _RANDOM
        ),
        Step("by get", f"GET {path}", 405),
        Step("too deep", f"POST {path}/platform/16/16", 400, {}),
    )


_random = Scenario("transit-random", engine="transit", steps=_random_bytes("{m}/random"))
_sys_random = Scenario("sys-tools-random", steps=_random_bytes("sys/tools/random"))

SCENARIOS = (_hmac, _hash, _random, _sys_hash, _sys_random)
