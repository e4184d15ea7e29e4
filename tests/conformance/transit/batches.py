"""Transit: batches of encryptions and decryptions, and keys that encryption creates."""

from __future__ import annotations

from tests.conformance.steps import Json, Scenario, Step
from tests.conformance.transit.values import CONTEXT, HELLO

_UPSERTS: tuple[tuple[str, int, dict[str, Json]], ...] = (
    ("plain", 200, {}),
    ("aes128-gcm96", 200, {"type": "aes128-gcm96"}),
    ("aes256-gcm96", 200, {"type": "aes256-gcm96"}),
    ("chacha20-poly1305", 200, {"type": "chacha20-poly1305"}),
    ("with-context", 200, {"context": CONTEXT}),
    ("convergent", 200, {"context": CONTEXT, "convergent_encryption": True}),
    ("convergent-without-context", 400, {"convergent_encryption": True}),
    ("convergent-as-text", 400, {"convergent_encryption": "true"}),
    ("convergent-with-an-empty-context", 400, {"convergent_encryption": True, "context": ""}),
    ("convergent-and-derived", 400, {"convergent_encryption": True, "derived": True}),
    ("convergent-rsa", 400, {"convergent_encryption": True, "type": "rsa-2048"}),
    ("convergent-nope", 400, {"convergent_encryption": True, "type": "nope"}),
    ("not-convergent", 200, {"convergent_encryption": False}),
    ("ed25519", 400, {"type": "ed25519"}),
    ("ecdsa-p256", 400, {"type": "ecdsa-p256"}),
    ("rsa-2048", 400, {"type": "rsa-2048"}),
    ("hmac", 400, {"type": "hmac"}),
    ("nope", 400, {"type": "nope"}),
    ("version-1", 200, {"key_version": 1}),
    ("version-2", 400, {"key_version": 2}),
    ("empty-type", 400, {"type": ""}),
)

_CONVERGENT_BATCHES: tuple[tuple[str, int, list[Json], dict[str, Json]], ...] = (
    ("without-contexts", 400, [{"plaintext": HELLO}], {}),
    ("with-contexts", 200, [{"plaintext": HELLO, "context": CONTEXT}], {}),
    ("with-empty-contexts", 400, [{"plaintext": HELLO, "context": ""}], {}),
    ("with-a-context-outside", 400, [{"plaintext": HELLO}], {"context": CONTEXT}),
    ("with-some-contexts", 400, [{"plaintext": HELLO, "context": CONTEXT}, {"plaintext": HELLO}], {}),
)

_upsert = Scenario(
    "transit-encrypt-upsert",
    engine="transit",
    steps=(
        *(
            step
            for name, status, body in _UPSERTS
            for step in (
                Step(f"upsert {name}", f"POST {{m}}/encrypt/{name}", status, {"plaintext": HELLO, **body}),
                Step(
                    f"read {name}",
                    f"GET {{m}}/keys/{name}",
                    200 if status == 200 or name in ("version-2",) else 404,
                ),
            )
        ),
        Step(
            "upsert a batch",
            "POST {m}/encrypt/batch",
            200,
            {"batch_input": [{"plaintext": HELLO}, {"plaintext": HELLO}]},
        ),
        Step(
            "upsert a batch with contexts",
            "POST {m}/encrypt/contexts",
            200,
            {"batch_input": [{"plaintext": HELLO, "context": CONTEXT}]},
        ),
        Step("read contexts", "GET {m}/keys/contexts", 200),
        *(
            Step(
                f"upsert a convergent batch {name}",
                f"POST {{m}}/encrypt/{name}",
                status,
                {"convergent_encryption": True, "batch_input": items, **body},
            )
            for name, status, items, body in _CONVERGENT_BATCHES
        ),
        *(
            Step(f"read {name}", f"GET {{m}}/keys/{name}", 200 if status == 200 else 404)
            for name, status, *_ in _CONVERGENT_BATCHES
        ),
        Step(
            "convergent with a plain key",
            "POST {m}/encrypt/plain",
            200,
            {"plaintext": HELLO, "convergent_encryption": True},
        ),
        Step(
            "convergent without its context",
            "POST {m}/encrypt/convergent",
            400,
            {"plaintext": HELLO, "convergent_encryption": True},
        ),
        Step("upsert with a bad name", "POST {m}/encrypt/a+b", 404, {"plaintext": HELLO}),
        Step("upsert without plaintext", "POST {m}/encrypt/missing", 400, {}),
        Step("nothing came of it", "GET {m}/keys/missing", 404),
    ),
)

_BATCHES: tuple[tuple[str, int, Json], ...] = (
    ("empty", 400, []),
    ("null", 400, None),
    ("a string", 500, "abc"),
    ("a number", 500, 1),
    ("a map", 500, {"plaintext": HELLO}),
    ("of strings", 500, ["abc"]),
    ("of numbers", 500, [1, 2]),
    ("of nulls", 500, [None]),
    ("of lists", 500, [[]]),
    ("of empty maps", 500, [{}]),
    ("number as plaintext", 500, [{"plaintext": 1}]),
    ("boolean as plaintext", 500, [{"plaintext": True}]),
    ("null as plaintext", 500, [{"plaintext": None}]),
    ("list as plaintext", 500, [{"plaintext": []}]),
    ("missing plaintext in the second", 500, [{"plaintext": HELLO}, {"context": CONTEXT}]),
    ("several mistakes", 500, [{"plaintext": 1, "context": 2, "key_version": "a"}, {"reference": 7}]),
    ("text as version", 500, [{"plaintext": HELLO, "key_version": "1"}]),
    ("fraction as version", 500, [{"plaintext": HELLO, "key_version": 1.5}]),
    ("null version", 200, [{"plaintext": HELLO, "key_version": None}]),
    ("context in some", 400, [{"plaintext": HELLO, "context": CONTEXT}, {"plaintext": HELLO}]),
    ("bad base64 in the second", 400, [{"plaintext": HELLO}, {"plaintext": "!!"}]),
    ("all bad", 400, [{"plaintext": "!"}, {"plaintext": "YWI"}]),
    ("references", 200, [{"plaintext": HELLO, "reference": "a"}, {"plaintext": "", "reference": "b"}]),
    ("reference of a bad one", 400, [{"plaintext": "!!", "reference": "bad"}]),
    ("versions", 400, [{"plaintext": HELLO, "key_version": number} for number in (0, 1, 2, 3, -1)]),
    ("unknown keys", 200, [{"plaintext": HELLO, "foo": "bar"}]),
    ("twenty", 200, [{"plaintext": HELLO}] * 20),
)

_CODES: tuple[tuple[str, Json, int], ...] = (
    ("200", 200, 200),
    ("207", 207, 207),
    ("as text", "202", 202),
    ("0", 0, 400),
    ("600", 600, 400),
    ("negative", -1, 400),
    ("no number", "abc", 400),
    ("500", 500, 500),
    ("null", None, 400),
)

_encrypt_batch = Scenario(
    "transit-encrypt-batch",
    engine="transit",
    steps=(
        Step("create", "POST {m}/keys/k", 200),
        Step("rotate", "POST {m}/keys/k/rotate", 200),
        *(Step(name, "POST {m}/encrypt/k", status, {"batch_input": batch}) for name, status, batch in _BATCHES),
        *(
            Step(
                f"code {name}",
                "POST {m}/encrypt/k",
                status,
                {
                    "batch_input": [{"plaintext": HELLO}, {"plaintext": "!"}],
                    "partial_failure_response_code": code,
                },
            )
            for name, code, status in _CODES
        ),
        Step(
            "code of a success",
            "POST {m}/encrypt/k",
            200,
            {"batch_input": [{"plaintext": HELLO}], "partial_failure_response_code": 207},
        ),
        Step(
            "code of a failure",
            "POST {m}/encrypt/k",
            400,
            {"batch_input": [{"plaintext": "!"}], "partial_failure_response_code": 207},
        ),
        Step(
            "plaintext beside a batch",
            "POST {m}/encrypt/k",
            200,
            {"plaintext": "!", "batch_input": [{"plaintext": HELLO}]},
        ),
        Step(
            "plaintext beside a null batch",
            "POST {m}/encrypt/k",
            200,
            {"plaintext": HELLO, "batch_input": None},
        ),
        Step("derived batch", "POST {m}/keys/d", 200, {"derived": True}),
        Step(
            "contexts in a derived batch",
            "POST {m}/encrypt/d",
            400,
            {"batch_input": [{"plaintext": HELLO, "context": CONTEXT}, {"plaintext": HELLO, "context": "!"}]},
        ),
        Step(
            "no contexts in a derived batch",
            "POST {m}/encrypt/d",
            400,
            {"batch_input": [{"plaintext": HELLO}, {"plaintext": HELLO}]},
        ),
    ),
)

_DECRYPT_BATCHES: tuple[tuple[str, int, int, Json], ...] = (
    ("good", 200, 200, [{"ciphertext": "{one}"}, {"ciphertext": "{two}", "reference": "r"}]),
    ("one bad", 400, 200, [{"ciphertext": "{one}"}, {"ciphertext": "abc", "reference": "bad"}]),
    ("all bad", 400, 200, [{"ciphertext": "abc"}, {"ciphertext": "vault:v1:AAAA"}]),
    ("empty", 400, 400, []),
    ("a string", 500, 500, "abc"),
    ("of strings", 500, 500, ["abc"]),
    ("of numbers as ciphertext", 500, 200, [{"ciphertext": 12}]),
    ("without ciphertext", 500, 200, [{"reference": "r"}]),
    ("empty ciphertext", 400, 200, [{"ciphertext": ""}]),
    ("too new", 400, 200, [{"ciphertext": "{one}"}, {"ciphertext": "vault:v9:AAAA"}]),
    ("context in some", 400, 400, [{"ciphertext": "{one}", "context": CONTEXT}, {"ciphertext": "{two}"}]),
    ("unknown keys", 200, 200, [{"ciphertext": "{one}", "foo": "bar"}]),
)

_decrypt_batch = Scenario(
    "transit-decrypt-batch",
    engine="transit",
    steps=(
        Step("create", "POST {m}/keys/k", 200),
        Step(
            "encrypt",
            "POST {m}/encrypt/k",
            200,
            {"batch_input": [{"plaintext": "YQ=="}, {"plaintext": "Yg=="}]},
            saves={"one": "data.batch_results.0.ciphertext", "two": "data.batch_results.1.ciphertext"},
        ),
        *(
            Step(f"decrypt {name}", "POST {m}/decrypt/k", status, {"batch_input": batch})
            for name, status, _, batch in _DECRYPT_BATCHES
        ),
        *(
            Step(f"rewrap {name}", "POST {m}/rewrap/k", status, {"batch_input": batch})
            for name, _, status, batch in _DECRYPT_BATCHES
        ),
        *(
            Step(
                f"code {name}",
                "POST {m}/decrypt/k",
                status,
                {
                    "batch_input": [{"ciphertext": "{one}"}, {"ciphertext": "!"}],
                    "partial_failure_response_code": code,
                },
            )
            for name, code, status in _CODES
        ),
        Step("rotate", "POST {m}/keys/k/rotate", 200),
        Step("rewrap to the new one", "POST {m}/rewrap/k", 200, {"batch_input": [{"ciphertext": "{one}"}]}),
        Step(
            "rewrap to the old one",
            "POST {m}/rewrap/k",
            200,
            {"batch_input": [{"ciphertext": "{one}", "key_version": 1}, {"ciphertext": "{one}", "key_version": 3}]},
        ),
    ),
)

SCENARIOS = (
    _upsert,
    _encrypt_batch,
    _decrypt_batch,
)
