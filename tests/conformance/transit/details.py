"""Transit: parameters by the path and by the body, which of several mistakes is told, and soft-deleted keys."""

from __future__ import annotations

import base64

from tests.conformance.steps import NO_TOKEN, Json, Scenario, Step
from tests.conformance.transit.imports import TEMPLATE, certify
from tests.conformance.transit.materials import P256, P384, RSA, public_pem, wrap_materials

_INPUT = base64.b64encode(b"hello").decode()
_CONTEXT = base64.b64encode(b"context").decode()
_DIGEST = base64.b64encode(bytes(range(32))).decode()
_PEM = public_pem(P256)

_RANDOM: tuple[tuple[str, str, dict[str, Json]], ...] = (
    ("count", "", {"urlbytes": "x"}),
    ("source", "", {"source": "nope", "bytes": 8}),
    ("count with a source by the path", "/platform", {"urlbytes": 8, "bytes": 16, "format": "hex"}),
    ("count with a count by the path", "/16", {"urlbytes": 8, "bytes": 1}),
    ("source with the seal by the path", "/seal", {"source": "all"}),
    ("all by both", "/all/16", {"source": "seal", "bytes": 8, "format": "hex"}),
)

# The body can't take the place of what the path may say, even where the path doesn't say it.
_path_parameters = Scenario(
    "transit-path-parameters",
    engine="transit",
    steps=(
        Step("create k", "POST {m}/keys/k", 200, {"exportable": True}),
        Step("create ec", "POST {m}/keys/ec", 200, {"type": "ecdsa-p256", "exportable": True}),
        Step("create rsa", "POST {m}/keys/rsa", 200, {"type": "rsa-2048"}),
        Step("rotate ec", "POST {m}/keys/ec/rotate", 200),
        Step("sign", "POST {m}/sign/ec", 200, {"input": _INPUT, "urlalgorithm": "md5"}),
        Step("sign with a list", "POST {m}/sign/ec", 200, {"input": _INPUT, "urlalgorithm": []}),
        Step("sign by both", "POST {m}/sign/ec/sha2-512", 200, {"input": _INPUT, "urlalgorithm": "md5"}),
        Step("sign a batch", "POST {m}/sign/ec", 200, {"batch_input": [{"input": _INPUT}], "urlalgorithm": "md5"}),
        Step("hmac", "POST {m}/hmac/k", 200, {"input": _INPUT, "urlalgorithm": "md5"}, saves={"hmac": "data.hmac"}),
        Step("verify", "POST {m}/verify/k", 200, {"input": _INPUT, "hmac": "{hmac}", "urlalgorithm": "md5"}),
        Step("hash", "POST {m}/hash", 200, {"input": _INPUT, "urlalgorithm": "md5"}),
        Step("hash by both", "POST {m}/hash/sha2-512", 200, {"input": _INPUT, "urlalgorithm": "md5"}),
        *(
            Step(f"random {name}", f"POST {{m}}/random{path}", 200, body, random=("data.random_bytes",))
            for name, path, body in _RANDOM
        ),
        Step("export", "GET {m}/export/public-key/ec?version=9", 200),
        Step("export by both", "GET {m}/export/public-key/ec/1?type=hmac-key", 200),
        Step("byok export", "GET {m}/byok-export/rsa/k?version=9", 200, random=("data.keys.*",)),
        Step("read by another name", "GET {m}/keys/k?name=ec", 200),
        Step(
            "after the handler's own",
            "POST {m}/keys/k/config",
            200,
            {"min_decryption_version": 0, "foo": 1, "name": "ec"},
        ),
    ),
)

# What the path of the hash takes besides, in one go; each of these is also sent without it elsewhere.
_by_url = Scenario(
    "transit-sign-by-url",
    engine="transit",
    steps=(
        Step("create ec", "POST {m}/keys/ec", 200, {"type": "ecdsa-p256"}),
        Step("create rsa", "POST {m}/keys/rsa", 200, {"type": "rsa-2048", "context": "!!"}),
        Step("create hmac", "POST {m}/keys/hmac", 200, {"type": "hmac", "key_size": 32}),
        Step("create derived", "POST {m}/keys/derived", 200, {"type": "ed25519", "derived": True}),
        Step("rotate ec", "POST {m}/keys/ec/rotate", 200),
        Step(
            "sign",
            "POST {m}/sign/rsa/sha2-256",
            200,
            {
                "input": _DIGEST,
                "prehashed": True,
                "signature_algorithm": "pss",
                "salt_length": "hash",
                "marshaling_algorithm": "jws",
                "algorithm": "sha2-512",
                "key_version": 1,
            },
            saves={"signature": "data.signature"},
        ),
        Step(
            "verify",
            "POST {m}/verify/rsa/sha2-256",
            200,
            {
                "input": _DIGEST,
                "signature": "{signature}",
                "prehashed": True,
                "signature_algorithm": "pss",
                "salt_length": "hash",
                "marshaling_algorithm": "jws",
                "algorithm": "sha2-512",
                "hash_algorithm": "sha2-512",
            },
        ),
        Step(
            "verify otherwise salted",
            "POST {m}/verify/rsa/sha2-256",
            200,
            {
                "input": _DIGEST,
                "signature": "{signature}",
                "prehashed": True,
                "salt_length": "20",
                "marshaling_algorithm": "jws",
            },
        ),
        Step("sign nothing that was made", "POST {m}/sign/rsa/sha2-256", 500, {"input": _INPUT, "key_version": 9}),
        Step("sign by an unknown hash", "POST {m}/sign/rsa/md5", 400, {"input": _INPUT}),
        Step("verify by an unknown hash", "POST {m}/verify/rsa/md5", 400, {"input": _INPUT, "signature": "x"}),
        Step(
            "sign derived",
            "POST {m}/sign/derived/sha2-512",
            200,
            {"input": _INPUT, "context": _CONTEXT},
            saves={"derived": "data.signature"},
            random=("data.public_key",),
        ),
        Step(
            "verify derived",
            "POST {m}/verify/derived/sha2-512",
            200,
            {"input": _INPUT, "context": _CONTEXT, "signature": "{derived}"},
        ),
        Step(
            "sign a batch",
            "POST {m}/sign/ec/sha2-384",
            200,
            {"batch_input": [{"input": _INPUT, "reference": "a"}, {"input": "!!"}], "key_version": 1},
            saves={"first": "data.batch_results.0.signature"},
        ),
        Step(
            "verify a batch",
            "POST {m}/verify/ec/sha2-384",
            200,
            {"batch_input": [{"input": _INPUT, "signature": "{first}"}, {"input": "", "signature": "{first}"}]},
        ),
        Step(
            "hmac a batch",
            "POST {m}/hmac/hmac/sha3-256",
            200,
            {"batch_input": [{"input": _INPUT}, {"input": "!!", "reference": "r"}], "key_version": 1},
        ),
        Step("hmac by an unknown hash", "POST {m}/hmac/hmac/md5", 400, {"input": _INPUT}),
    ),
)

_MISTAKEN_IMPORTS: tuple[tuple[str, str, dict[str, Json], int], ...] = (
    ("a key that is there, before its hash", "there", {"ciphertext": "!!", "hash_function": "MD5"}, 500),
    ("hash before base64", "k", {"ciphertext": "!!", "hash_function": "MD5"}, 400),
    ("base64 before derivation", "k", {"ciphertext": "!!", "type": "rsa-2048", "derived": True}, 500),
    ("kind before derivation", "k", {"ciphertext": "{blob_p384}", "type": "rsa-2048", "derived": True}, 500),
    ("public kind before derivation", "k", {"public_key": "abc", "type": "rsa-2048", "derived": True}, 500),
    ("no public key of this type, before the hash", "k", {"public_key": "abc", "hash_function": "MD5"}, 500),
    ("only the public key, derived", "k", {"public_key": "abc", "type": "ed25519", "derived": True}, 500),
    ("no key at all", "k", {"ciphertext": "{blob_hmac}", "type": "ecdsa-p256"}, 500),
    ("null as ciphertext", "k", {"public_key": _PEM, "type": "ecdsa-p256", "ciphertext": None}, 500),
    ("null as public key", "k", {"public_key": None, "type": "ecdsa-p256"}, 500),
)
_MISTAKEN_VERSIONS: tuple[tuple[str, str, dict[str, Json], int], ...] = (
    ("of no key, before the hash", "nope", {"ciphertext": "!!", "hash_function": "MD5"}, 500),
    ("of a key made here, before the hash", "there", {"ciphertext": "!!", "hash_function": "MD5"}, 500),
    ("hash before base64", "symmetric", {"ciphertext": "!!", "hash_function": "MD5"}, 400),
    ("public key of a symmetric key", "symmetric", {"public_key": "x", "version": 1}, 500),
    ("part of a symmetric key", "symmetric", {"ciphertext": "{blob_other}", "version": 1}, 500),
    ("no such version, before the key", "public", {"public_key": "x", "version": 7}, 500),
    ("broken, before the version", "symmetric", {"ciphertext": "{blob_broken}", "version": 7}, 500),
    ("no such version, before the type", "symmetric", {"ciphertext": "{blob_other}", "version": 7}, 500),
    ("broken, before the version of a public key", "public", {"ciphertext": "{blob_broken}", "version": 7}, 500),
    ("public key for one that has one", "public", {"public_key": _PEM, "version": 1}, 500),
    ("no public key for one that has one", "public", {"public_key": "x", "version": 1}, 500),
    ("no pair", "public", {"ciphertext": "{blob_p384}", "version": 1}, 500),
    ("another curve", "public", {"public_key": public_pem(P384)}, 500),
)
_MARKED: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("public key", {"public_key": "x"}, 500),
    ("no such version", {"public_key": "x", "version": 7}, 500),
    ("public key for one that has one", {"public_key": _PEM, "version": 1}, 500),
    ("broken", {"ciphertext": "{blob_broken}", "version": 1}, 500),
    ("wrong kind", {"ciphertext": "{blob_rsa_2048}", "version": 1}, 500),
    ("right", {"ciphertext": "{blob_ecdsa_p256}", "version": 1}, 500),
)
_imports = Scenario(
    "transit-import-details",
    engine="transit",
    steps=(
        Step("wrapping key", "GET {m}/wrapping_key", 200, saves={"wrapping_key": "data.public_key"}),
        Step("create there", "POST {m}/keys/there", 200),
        Step(
            "symmetric",
            "POST {m}/keys/symmetric/import",
            204,
            {"ciphertext": "{blob_aes256_gcm96}", "allow_plaintext_backup": True, "context": "!!"},
            prepares=wrap_materials,
        ),
        Step("read symmetric", "GET {m}/keys/symmetric", 200),
        Step(
            "public, by no hash",
            "POST {m}/keys/public/import",
            204,
            {"public_key": _PEM, "type": "ecdsa-p256", "hash_function": "MD5"},
        ),
        *(Step(name, f"POST {{m}}/keys/{key}/import", status, body) for name, key, body, status in _MISTAKEN_IMPORTS),
        *(
            Step(f"version: {name}", f"POST {{m}}/keys/{key}/import_version", status, body)
            for name, key, body, status in _MISTAKEN_VERSIONS
        ),
        Step("mark public", "DELETE {m}/keys/public/soft-delete", 200),
        *(
            Step(f"marked: {name}", "POST {m}/keys/public/import_version", status, body)
            for name, body, status in _MARKED
        ),
        Step("unmark public", "POST {m}/keys/public/soft-delete-restore", 200),
        Step(
            "version: another public key",
            "POST {m}/keys/public/import_version",
            204,
            {"public_key": _PEM, "hash_function": "MD5"},
        ),
        Step("read public", "GET {m}/keys/public", 200),
        Step(
            "derived without being derivable",
            "POST {m}/keys/underived/import",
            204,
            {"public_key": _PEM, "type": "ecdsa-p256", "derived": True},
        ),
        Step(
            "rotating too often",
            "POST {m}/keys/often/import",
            204,
            {"ciphertext": "{blob_aes256_gcm96}", "allow_rotation": True, "auto_rotate_period": "59m"},
        ),
    ),
)

_byok = Scenario(
    "transit-byok-details",
    engine="transit",
    steps=(
        Step("create rsa", "POST {m}/keys/rsa", 200, {"type": "rsa-2048"}),
        Step("create ec", "POST {m}/keys/ec", 200, {"type": "ecdsa-p256"}),
        Step("create source", "POST {m}/keys/source", 200, {"exportable": True}),
        Step(
            "public", "POST {m}/keys/public/import", 204, {"public_key": _PEM, "type": "ecdsa-p256", "exportable": True}
        ),
        *(
            Step(name, f"GET {{m}}/byok-export/{path}", status)
            for name, path, status in (
                ("public alone", "rsa/public", 200),
                ("public alone, to no RSA key", "source/public?hash=MD5", 200),
                ("public version", "rsa/public/1", 400),
                ("public version, by no hash", "rsa/public/latest?hash=MD5", 400),
                ("to a key that signs", "ec/source", 500),
                ("hash before destination", "source/source?hash=MD5", 500),
                ("version before hash", "rsa/source/9?hash=MD5", 400),
                ("no version", "rsa/source/x", 400),
            )
        ),
        Step("export its private part", "GET {m}/export/signing-key/public", 200),
        Step("export its private part, in DER", "GET {m}/export/signing-key/public/latest?format=der", 200),
    ),
)

_agreement = Scenario(
    "transit-derive-key-details",
    engine="transit",
    steps=(
        Step("create base", "POST {m}/keys/base", 200, {"type": "ecdsa-p256"}),
        Step("rotate base", "POST {m}/keys/base/rotate", 200),
        *(
            Step(f"create {name}", f"POST {{m}}/keys/{name}", 200, {"type": kind})
            for name, kind in (("rsa", "rsa-2048"), ("ed", "ed25519"), ("symmetric", "aes256-gcm96"))
        ),
        *(
            Step(
                name,
                f"POST {{m}}/derive-key/{key}",
                status,
                {"base_key_name": "base", "peer_public_key": _PEM, **parameters},
            )
            for name, key, parameters, status in (
                ("by the only algorithm", "made", {"key_derivation_algorithm": "ecdh"}, 204),
                ("by version 1", "made", {"base_key_version": 1}, 204),
                ("by version 2 as text", "made", {"base_key_version": "2"}, 204),
                ("by version 3", "made", {"base_key_version": 3}, 500),
                ("by a negative version", "made", {"base_key_version": -1}, 500),
                ("by no version", "made", {"base_key_version": "x"}, 400),
                ("by hkdf", "x", {"key_derivation_algorithm": "hkdf"}, 400),
                ("by ECDH", "x", {"key_derivation_algorithm": "ECDH"}, 400),
                ("by nothing", "x", {"key_derivation_algorithm": ""}, 400),
                ("algorithm before peer", "x", {"key_derivation_algorithm": "x", "peer_public_key": ""}, 400),
                ("peer before type", "x", {"derived_key_type": "x", "peer_public_key": ""}, 400),
                ("type before base", "x", {"derived_key_type": "x", "base_key_name": "nope"}, 400),
                ("type in other letters", "y", {"derived_key_type": "AES128-GCM96"}, 204),
                ("type that can't be agreed on", "x", {"derived_key_type": "hmac"}, 400),
                ("no type", "x", {"derived_key_type": ""}, 400),
                ("peer of RSA", "x", {"peer_public_key": public_pem(RSA)}, 500),
                ("peer that is none", "x", {"peer_public_key": "abc"}, 500),
                ("base of RSA", "x", {"base_key_name": "rsa"}, 400),
                ("base of Ed25519", "x", {"base_key_name": "ed"}, 400),
                ("base that encrypts", "x", {"base_key_name": "symmetric"}, 400),
                ("base that can't be", "x", {"base_key_name": "a/b"}, 400),
                ("onto a key made here", "symmetric", {}, 204),
                ("onto a key pair", "rsa", {}, 500),
                ("onto the base", "base", {}, 500),
                ("context is unknown", "made", {"context": _CONTEXT}, 204),
            )
        ),
        Step("read made", "GET {m}/keys/made", 200),
        Step("read y", "GET {m}/keys/y", 200),
        Step("nothing came of the rest", "GET {m}/keys/x", 404),
    ),
)

_soft_deleted = Scenario(
    "transit-soft-deleted",
    engine="transit",
    steps=(
        *(
            Step(f"create {name}", f"POST {{m}}/keys/{name}", 200, {"type": kind, "exportable": exportable})
            for name, kind, exportable in (
                ("ec", "ecdsa-p256", True),
                ("aes", "aes256-gcm96", True),
                ("closed", "aes256-gcm96", False),
                ("rsa", "rsa-2048", True),
                ("open", "aes256-gcm96", True),
            )
        ),
        *(Step(f"delete {name}", f"DELETE {{m}}/keys/{name}/soft-delete", 200) for name in ("ec", "aes", "closed")),
        Step("export what it hasn't", "GET {m}/export/signing-key/aes", 500),
        Step("export a chain it can't have", "GET {m}/export/certificate-chain/aes", 500),
        Step("export a version it hasn't", "GET {m}/export/encryption-key/aes/9", 500),
        Step("export what is closed", "GET {m}/export/encryption-key/closed", 400),
        Step("export something else", "GET {m}/export/x/aes", 400),
        Step("export in no format", "GET {m}/export/encryption-key/aes?format=x", 400),
        Step("byok export it", "GET {m}/byok-export/rsa/aes/9?hash=MD5", 500),
        Step("byok export it, closed", "GET {m}/byok-export/rsa/closed", 400),
        Step("byok export to it", "GET {m}/byok-export/ec/nope", 500),
        Step("byok export to nothing", "GET {m}/byok-export/nope/aes", 500),
        Step("certificates of none", "POST {m}/keys/ec/set-certificate", 400, {"certificate_chain": "abc"}),
        Step("request from no template", "POST {m}/keys/ec/csr", 400, {"csr": "abc"}),
        Step("request with it", "POST {m}/keys/ec/csr", 200, {}),
        Step("agree with it", "POST {m}/derive-key/made", 204, {"base_key_name": "ec", "peer_public_key": _PEM}),
        Step("trim", "POST {m}/keys/aes/trim", 400, {"min_available_version": 1}),
        Step("configure", "POST {m}/keys/aes/config", 200, {"deletion_allowed": True}),
        Step("of nothing", "DELETE {m}/keys/nope/soft-delete", 204),
        Step("of no name", "DELETE {m}/keys/a-/soft-delete", 404),
        Step("back, of no name", "POST {m}/keys/a-/soft-delete-restore", 404),
        Step("back", "POST {m}/keys/aes/soft-delete-restore", 200),
        Step("export again", "GET {m}/export/encryption-key/aes", 200, random=("data.keys.*",)),
    ),
)

_batches = Scenario(
    "transit-batch-warnings",
    engine="transit",
    steps=(
        Step("create k", "POST {m}/keys/k", 200),
        Step("encrypt, all good", "POST {m}/encrypt/k", 200, {"batch_input": [{"plaintext": _INPUT}], "foo": 1}),
        *(
            Step(
                f"{name}, one bad",
                f"POST {{m}}/{name}/k",
                400,
                {"batch_input": [{field: "!!"}], "foo": 1, "name": "other", "nonce": ""},
            )
            for name, field in (("encrypt", "plaintext"), ("decrypt", "ciphertext"))
        ),
        Step(
            "encrypt, one bad as asked",
            "POST {m}/encrypt/k",
            200,
            {
                "batch_input": [{"plaintext": "!!"}, {"plaintext": _INPUT}],
                "partial_failure_response_code": 200,
                "foo": 1,
            },
        ),
        Step("rewrap, one bad", "POST {m}/rewrap/k", 200, {"batch_input": [{"ciphertext": "!!"}], "foo": 1}),
        Step("hmac, one bad", "POST {m}/hmac/k", 200, {"batch_input": [{"input": "!!"}], "foo": 1}),
        Step("upsert: type before base64", "POST {m}/encrypt/x", 400, {"plaintext": "!!", "type": "ecdsa-p256"}),
        Step(
            "upsert: context before base64",
            "POST {m}/encrypt/x",
            400,
            {"plaintext": "!!", "convergent_encryption": True},
        ),
        Step("upsert: base64 before version", "POST {m}/encrypt/y", 400, {"plaintext": "!!", "key_version": 9}),
        Step("upsert: version", "POST {m}/encrypt/z", 400, {"plaintext": _INPUT, "key_version": 9}),
        Step("off", "POST {m}/config/keys", 200, {"disable_upsert": True}),
        Step("upsert: off before base64", "POST {m}/encrypt/off", 400, {"plaintext": "!!"}),
    ),
)

_certificates = Scenario(
    "transit-certificate-details",
    engine="transit",
    steps=(
        Step("create ec", "POST {m}/keys/ec", 200, {"type": "ecdsa-p256"}),
        Step("request", "POST {m}/keys/ec/csr", 200, {}, saves={"csr": "data.csr"}),
        Step("rotate", "POST {m}/keys/ec/rotate", 200),
        Step("request of version 1", "POST {m}/keys/ec/csr", 200, {"version": 1, "csr": TEMPLATE}),
        Step("template before version", "POST {m}/keys/ec/csr", 400, {"version": 9, "csr": "abc"}),
        Step(
            "certificate for the latest",
            "POST {m}/keys/ec/set-certificate",
            500,
            {"certificate_chain": "{certificate}"},
            prepares=certify,
        ),
        *(
            Step(
                f"for version {version}",
                "POST {m}/keys/ec/set-certificate",
                status,
                {"certificate_chain": "{certificate}", "version": version},
            )
            for version, status in ((9, 400), (1, 200))
        ),
        Step("chain before version", "POST {m}/keys/ec/set-certificate", 400, {"certificate_chain": "x", "version": 9}),
        Step("read", "GET {m}/keys/ec", 200),
        Step("export version 1", "GET {m}/export/certificate-chain/ec/1", 200),
        Step("export version 2", "GET {m}/export/certificate-chain/ec/2", 500),
        Step("export all", "GET {m}/export/certificate-chain/ec", 500),
        Step("by get", "GET {m}/keys/ec/set-certificate", 405),
    ),
)

_restoration = Scenario(
    "transit-restore-details",
    engine="transit",
    steps=(
        Step("create k", "POST {m}/keys/k", 200, {"exportable": True, "allow_plaintext_backup": True}),
        Step("encrypt", "POST {m}/encrypt/k", 200, {"plaintext": _INPUT}, saves={"ciphertext": "data.ciphertext"}),
        Step(
            "back up",
            "GET {m}/backup/k",
            200,
            saves={"backup": "data.backup"},
            random=("data.backup.*.key", "data.backup.*.hmac_key"),
        ),
        Step("rotate", "POST {m}/keys/k/rotate", 200),
        Step("without force", "POST {m}/restore/k", 500, {"backup": "{backup}"}),
        Step("without force, as text", "POST {m}/restore/k", 500, {"backup": "{backup}", "force": "false"}),
        Step("with force", "POST {m}/restore/k", 204, {"backup": "{backup}", "force": True}),
        Step("read", "GET {m}/keys/k", 200),
        Step("decrypt", "POST {m}/decrypt/k", 200, {"ciphertext": "{ciphertext}"}),
        Step("under a name", "POST {m}/restore/copy", 204, {"backup": "{backup}", "force": "true"}),
        Step("decrypt with the copy", "POST {m}/decrypt/copy", 200, {"ciphertext": "{ciphertext}"}),
        Step("under no name", "POST {m}/restore/a-", 500, {"backup": "{backup}"}),
        Step("no force", "POST {m}/restore/other", 400, {"backup": "{backup}", "force": "x"}),
        Step("by get", "GET {m}/restore", 405),
    ),
)

_strangers = Scenario(
    "transit-strangers",
    engine="transit",
    steps=(
        *(
            Step(f"{request} without a token", request, 403, token=NO_TOKEN)
            for request in (
                "GET {m}/config/keys",
                "GET {m}/cache-config",
                "GET {m}/wrapping_key",
                "LIST {m}/keys",
                "GET {m}/nope",
            )
        ),
        Step("no key", "POST {m}/encrypt/k", 403, {"plaintext": _INPUT}, token=NO_TOKEN),
        Step("nothing came of it", "GET {m}/keys/k", 404),
    ),
)

SCENARIOS = (
    _path_parameters,
    _by_url,
    _imports,
    _byok,
    _agreement,
    _soft_deleted,
    _batches,
    _certificates,
    _restoration,
    _strangers,
)
