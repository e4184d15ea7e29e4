"""Transit: keys that come and go. Export, backup, import, export under another key, certificates, key agreement."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tests.conformance.steps import Json, Scenario, Step
from tests.conformance.transit.materials import SIGNING

_XCHACHA = "xchacha20-poly1305"
_AEADS = ("aes128-gcm96", "aes256-gcm96", "chacha20-poly1305")
_SYMMETRIC = (*_AEADS, _XCHACHA)
_BACKED_UP_SECRETS = ("data.backup.*.key", "data.backup.*.hmac_key")
_FORMATS = ("", "raw", "der", "pem", "jwk")


def _random_in_exports(kind: str, what: str) -> tuple[str, ...]:
    # PEM is compared by its type and size; the rest is base64 of random bytes.
    return () if kind in SIGNING and what != "hmac-key" and kind != "ed25519" else ("data.keys.*",)


def _exports(kind: str) -> tuple[Step, ...]:
    """Each type of export, and each format of those that have one. What OpenBao refuses stands in ``_REFUSED``."""
    steps = [Step(f"create {kind}", f"POST {{m}}/keys/{kind}", 200, {"type": kind, "exportable": True})]
    for what in ("encryption-key", "signing-key", "hmac-key", "public-key"):
        for form in _FORMATS:
            query = f"?format={form}" if form else ""
            steps.append(
                Step(
                    f"{what} {form or 'default'} {kind}",
                    f"GET {{m}}/export/{what}/{kind}{query}",
                    _export_status(kind, what, form),
                    random=() if form == "pem" else (*_random_in_exports(kind, what), *_random_der(form)),
                )
            )
    return tuple(steps)


def _random_der(form: str) -> tuple[str, ...]:
    return ("data.keys.*",) if form == "der" else ()


def _export_status(kind: str, what: str, form: str) -> int:
    if form == "jwk":
        return 400
    asymmetric = kind in SIGNING
    allowed = {
        "encryption-key": kind in _SYMMETRIC or kind == "rsa-2048",
        "signing-key": asymmetric,
        "hmac-key": True,
        "public-key": asymmetric,
    }
    if not allowed[what]:
        return 500 if what == "public-key" else 400
    if what == "hmac-key" or kind in _SYMMETRIC:
        return 200 if form in ("", "raw") else 500
    if form == "raw":
        return 200 if kind == "ed25519" else 500
    return 200


_export = Scenario(
    "transit-export",
    engine="transit",
    steps=(
        *(step for kind in (*_AEADS, *SIGNING) for step in _exports(kind)),
        Step("create hmac", "POST {m}/keys/hmac", 200, {"type": "hmac", "key_size": 40, "exportable": True}),
        Step("hmac-key of hmac", "GET {m}/export/hmac-key/hmac", 200, random=("data.keys.*",)),
        Step("encryption-key of hmac", "GET {m}/export/encryption-key/hmac", 400),
        Step("create a closed one", "POST {m}/keys/closed", 200, {"type": "ecdsa-p256"}),
        Step("signing-key of a closed one", "GET {m}/export/signing-key/closed", 400),
        Step("hmac-key of a closed one", "GET {m}/export/hmac-key/closed", 400),
        Step("public-key of a closed one", "GET {m}/export/public-key/closed", 200),
        Step("certificate-chain of a closed one", "GET {m}/export/certificate-chain/closed", 500),
        Step("unknown type", "GET {m}/export/nope/closed", 400),
        Step("no such key", "GET {m}/export/encryption-key/nope", 404),
        Step("create k", "POST {m}/keys/k", 200, {"exportable": True}),
        *(Step(f"rotate to {version}", "POST {m}/keys/k/rotate", 200) for version in (2, 3)),
        *(
            Step(f"version {version}", f"GET {{m}}/export/encryption-key/k/{version}", status, random=("data.keys.*",))
            for version, status in (
                ("1", 200),
                ("v2", 200),
                ("latest", 200),
                ("4", 400),
                ("0", 400),
                ("-1", 400),
                ("abc", 400),
                ("v", 400),
            )
        ),
        Step("all versions", "GET {m}/export/encryption-key/k", 200, random=("data.keys.*",)),
        Step("minimum", "POST {m}/keys/k/config", 200, {"min_decryption_version": 2}),
        Step("version below the minimum", "GET {m}/export/encryption-key/k/1", 400),
        Step("versions above the minimum", "GET {m}/export/encryption-key/k", 200, random=("data.keys.*",)),
        Step("by post", "POST {m}/export/encryption-key/k", 405, {}),
        Step("soft-delete", "DELETE {m}/keys/k/soft-delete", 200),
        Step("while deleted", "GET {m}/export/encryption-key/k", 500),
    ),
)

_export_xchacha = Scenario("transit-export-xchacha", engine="transit", steps=_exports(_XCHACHA))


def _backed_up(kind: str) -> tuple[Step, ...]:
    """A key of one type, its backup, and the copy that is restored from it."""
    saved = f"backup_{kind.replace('-', '_')}"
    return (
        Step(
            f"create {kind}",
            f"POST {{m}}/keys/{kind}",
            200,
            {"type": kind, "exportable": True, "allow_plaintext_backup": True},
        ),
        Step(
            f"back up {kind}",
            f"GET {{m}}/backup/{kind}",
            200,
            saves={saved: "data.backup"},
            random=_BACKED_UP_SECRETS,
        ),
        Step(f"read {kind}", f"GET {{m}}/keys/{kind}", 200),
        Step(f"restore {kind}", f"POST {{m}}/restore/copy-{kind}", 204, {"backup": f"{{{saved}}}"}),
        Step(f"read the copy of {kind}", f"GET {{m}}/keys/copy-{kind}", 200),
    )


_NAMES_OVERLOOKED: tuple[tuple[str, Json], ...] = (
    ("another", "elsewhere"),
    ("a path", "a/b"),
    ("a list", ["x"]),
    ("null", None),
)

_backup = Scenario(
    "transit-backup",
    engine="transit",
    steps=(
        Step("no such key", "GET {m}/backup/nope", 500),
        Step("create a closed one", "POST {m}/keys/closed", 200),
        Step("not exportable", "GET {m}/backup/closed", 500),
        Step("exportable", "POST {m}/keys/closed/config", 200, {"exportable": True}),
        Step("no plaintext backup", "GET {m}/backup/closed", 500),
        *(step for kind in (*_AEADS, *SIGNING) for step in _backed_up(kind)),
        Step("restore over it", "POST {m}/restore", 500, {"backup": "{backup_aes256_gcm96}"}),
        Step("restore over it by name", "POST {m}/restore/copy-aes256-gcm96", 500, {"backup": "{backup_aes256_gcm96}"}),
        Step("force", "POST {m}/restore", 204, {"backup": "{backup_aes256_gcm96}", "force": True}),
        Step("list", "LIST {m}/keys", 200),
        Step(
            "name in the body",
            "POST {m}/restore",
            500,
            {"backup": "{backup_aes256_gcm96}", "name": "elsewhere"},
        ),
        *(
            Step(
                f"{kind} as name in the body",
                "POST {m}/restore",
                204,
                {"backup": "{backup_aes256_gcm96}", "name": name, "force": True},
            )
            for kind, name in _NAMES_OVERLOOKED
        ),
        Step(
            "a name in the path and in the body",
            "POST {m}/restore/by-path",
            204,
            {"backup": "{backup_aes256_gcm96}", "name": "by-body"},
        ),
        Step("list what the names made", "LIST {m}/keys", 200),
        Step("restore to a path", "POST {m}/restore/a/b", 500, {"backup": "{backup_aes256_gcm96}"}),
        Step("restore nothing", "POST {m}/restore", 400, {}),
        Step("restore empty", "POST {m}/restore", 400, {"backup": ""}),
        Step("restore what isn't base64", "POST {m}/restore", 500, {"backup": "!!"}),
        Step("restore what isn't json", "POST {m}/restore", 500, {"backup": "YWJj"}),
        # An empty object isn't tried: OpenBao panics over it and closes the connection.
        Step("by get", "GET {m}/restore", 405),
        Step("back up by post", "POST {m}/backup/closed", 405, {}),
    ),
)

_backup_xchacha = Scenario("transit-backup-xchacha", engine="transit", steps=_backed_up(_XCHACHA))

_BACKUPS = json.loads((Path(__file__).parent / "backups.json").read_text())


def _restored(name: str, row: Mapping[str, Json]) -> tuple[Step, ...]:
    """A key made by OpenBao, restored on both servers, and what it must open, accept and produce."""
    context: dict[str, Json] = {"context": _BACKUPS["context"]} if row["derived"] else {}
    asked: dict[str, Json] = {"input": _BACKUPS["input"], **context}
    steps = [
        Step(f"restore {name}", f"POST {{m}}/restore/{name}", 204, {"backup": row["backup"]}),
        Step(f"read {name}", f"GET {{m}}/keys/{name}", 200, exact=("data.keys.*.public_key",)),
    ]
    for field, verb, given in (
        ("ciphertexts", "decrypt", {}),
        ("signatures", "verify", asked),
        ("hmacs", "verify", asked),
    ):
        values = row.get(field, [])
        assert isinstance(values, list)
        key = {"ciphertexts": "ciphertext", "signatures": "signature", "hmacs": "hmac"}[field]
        for version, value in enumerate(values, 1):
            body = {**given, **context, key: value}
            steps.append(Step(f"{verb} {key} {version} of {name}", f"POST {{m}}/{verb}/{name}", 200, body))
    for version in range(1, 1 + len(row["hmacs"]) if isinstance(row["hmacs"], list) else 1):
        steps.append(
            Step(
                f"hmac {version} of {name}",
                f"POST {{m}}/hmac/{name}",
                200,
                {"input": _BACKUPS["input"], "key_version": version},
                exact=("data.hmac",),
            )
        )
    if "convergent" in name:
        steps.append(
            Step(
                f"encrypt with {name}",
                f"POST {{m}}/encrypt/{name}",
                200,
                {"plaintext": _BACKUPS["input"], **context},
                exact=("data.ciphertext",),
            )
        )
    if "ed25519" in name:
        steps.append(
            Step(
                f"sign with {name}", f"POST {{m}}/sign/{name}", 200, asked, exact=("data.signature", "data.public_key")
            )
        )
    if name == "rsa-2048":
        steps.append(
            Step(
                f"sign with {name}",
                f"POST {{m}}/sign/{name}",
                200,
                {**asked, "signature_algorithm": "pkcs1v15"},
                exact=("data.signature",),
            )
        )
    if name == "derived-ed25519":
        steps.append(
            Step(
                f"public key of {name}",
                f"GET {{m}}/keys/{name}?context={_BACKUPS['context']}",
                200,
                exact=("data.keys.*.public_key",),
            )
        )
    for what in ("encryption-key", "signing-key", "hmac-key", "public-key"):
        if _export_status(str(row["type"]), what, "") == 200:
            steps.append(
                Step(f"export {what} of {name}", f"GET {{m}}/export/{what}/{name}", 200, exact=("data.keys.*",))
            )
    return tuple(steps)


_restoration = Scenario(
    "transit-restore-vectors",
    engine="transit",
    steps=tuple(step for name, row in _BACKUPS["keys"].items() if name != _XCHACHA for step in _restored(name, row)),
)

_restoration_xchacha = Scenario(
    "transit-restore-vectors-xchacha", engine="transit", steps=_restored(_XCHACHA, _BACKUPS["keys"][_XCHACHA])
)

SCENARIOS = (
    _export,
    _export_xchacha,
    _backup,
    _backup_xchacha,
    _restoration,
    _restoration_xchacha,
)
