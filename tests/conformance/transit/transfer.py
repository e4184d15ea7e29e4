"""Transit: keys that come and go. Export, backup, import, export under another key, certificates, key agreement."""

from __future__ import annotations

import base64
import datetime
import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from cryptography.x509.oid import NameOID

from tests.conformance.steps import Json, Scenario, Step

_INPUT = base64.b64encode(b"hello").decode()
_CONTEXT = base64.b64encode(b"context").decode()
_XCHACHA = "xchacha20-poly1305"
_AEADS = ("aes128-gcm96", "aes256-gcm96", "chacha20-poly1305")
_SYMMETRIC = (*_AEADS, _XCHACHA)
_SIGNING = ("ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa-2048")
_BACKED_UP_SECRETS = ("data.backup.*.key", "data.backup.*.hmac_key")
_FORMATS = ("", "raw", "der", "pem", "jwk")


def _random_in_exports(kind: str, what: str) -> tuple[str, ...]:
    # PEM is compared by its type and size; the rest is base64 of random bytes.
    return () if kind in _SIGNING and what != "hmac-key" and kind != "ed25519" else ("data.keys.*",)


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
    asymmetric = kind in _SIGNING
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
        *(step for kind in (*_AEADS, *_SIGNING) for step in _exports(kind)),
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
        *(step for kind in (*_AEADS, *_SIGNING) for step in _backed_up(kind)),
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


def wrapped(material: bytes, wrapping_key: str, hash_algorithm: hashes.HashAlgorithm | None = None) -> str:
    """``material`` as the import paths want it: an AES key under RSA-OAEP, then the material under that key."""
    public = serialization.load_pem_public_key(wrapping_key.encode())
    assert isinstance(public, rsa.RSAPublicKey)
    ephemeral = os.urandom(32)
    algorithm = hash_algorithm or hashes.SHA256()
    sealed = public.encrypt(ephemeral, padding.OAEP(padding.MGF1(algorithm), algorithm, None))
    return base64.b64encode(sealed + aes_key_wrap_with_padding(ephemeral, material)).decode()


def _pkcs8(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    public = key.public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


# One set of keys for the whole run: both servers import the same ones, so that what they compute can be compared.
P256 = ec.derive_private_key(0x1234567890ABCDEF << 128 | 7, ec.SECP256R1())
P384 = ec.derive_private_key(0x1234567890ABCDEF << 128 | 9, ec.SECP384R1())
_ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RSA = rsa.generate_private_key(65537, 2048)
_MATERIALS: Mapping[str, bytes] = {
    "aes128-gcm96": bytes(range(16)),
    "aes256-gcm96": bytes(range(32)),
    "chacha20-poly1305": bytes(range(32)),
    "hmac": bytes(range(48)),
    "ecdsa-p256": _pkcs8(P256),
    "ed25519": _pkcs8(_ED25519),
    "rsa-2048": _pkcs8(RSA),
}


def wrap_materials(saved: Mapping[str, str]) -> Mapping[str, str]:
    """All the blobs of the import scenario, under the wrapping key that the server has given."""
    key = saved["wrapping_key"]
    blobs = {f"blob_{kind.replace('-', '_')}": wrapped(material, key) for kind, material in _MATERIALS.items()}
    blobs["blob_p384"] = wrapped(_pkcs8(P384), key)
    blobs["blob_sha512"] = wrapped(bytes(range(32)), key, hashes.SHA512())
    blobs["blob_other"] = wrapped(bytes(range(1, 33)), key)
    raw = base64.b64decode(blobs["blob_aes256_gcm96"])
    blobs["blob_short"] = base64.b64encode(raw[:512]).decode()
    blobs["blob_broken"] = base64.b64encode(bytes([raw[0] ^ 1]) + raw[1:]).decode()
    blobs["blob_bent"] = base64.b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode()
    return blobs


_IMPORT_ERRORS: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("nothing", {}, 500),
    ("no base64", {"ciphertext": "!!"}, 500),
    ("too short", {"ciphertext": "{blob_short}"}, 500),
    ("broken", {"ciphertext": "{blob_broken}"}, 500),
    ("bent", {"ciphertext": "{blob_bent}"}, 500),
    ("another hash", {"ciphertext": "{blob_sha512}"}, 500),
    ("unknown hash", {"ciphertext": "{blob_aes256_gcm96}", "hash_function": "MD5"}, 400),
    ("unknown type", {"ciphertext": "{blob_aes256_gcm96}", "type": "nope"}, 400),
    ("wrong size", {"ciphertext": "{blob_aes256_gcm96}", "type": "aes128-gcm96"}, 500),
    ("wrong curve", {"ciphertext": "{blob_p384}", "type": "ecdsa-p256"}, 500),
    ("wrong kind", {"ciphertext": "{blob_p384}", "type": "rsa-2048"}, 500),
    ("rsa of a wrong size", {"ciphertext": "{blob_rsa_2048}", "type": "rsa-3072"}, 500),
    ("convergent", {"ciphertext": "{blob_aes256_gcm96}", "derived": True, "convergent_encryption": True}, 500),
    ("auto rotation", {"ciphertext": "{blob_aes256_gcm96}", "auto_rotate_period": "24h"}, 500),
    ("public key of a symmetric key", {"public_key": public_pem(P256)}, 500),
)

_import = Scenario(
    "transit-import",
    engine="transit",
    steps=(
        Step("wrapping key", "GET {m}/wrapping_key", 200, saves={"wrapping_key": "data.public_key"}),
        Step("wrapping key again", "GET {m}/wrapping_key", 200),
        Step("post wrapping key", "POST {m}/wrapping_key", 405, {}),
        *(
            Step(name, "POST {m}/keys/k/import", status, body, prepares=wrap_materials if name == "nothing" else None)
            for name, body, status in _IMPORT_ERRORS
        ),
        Step("nothing came of it", "GET {m}/keys/k", 404),
        *(
            step
            for kind in _MATERIALS
            for step in (
                Step(
                    f"import {kind}",
                    f"POST {{m}}/keys/{kind}/import",
                    204,
                    {"ciphertext": f"{{blob_{kind.replace('-', '_')}}}", "type": kind, "exportable": True},
                ),
                Step(f"read {kind}", f"GET {{m}}/keys/{kind}", 200, exact=("data.keys.*.public_key",)),
                Step(f"import {kind} again", f"POST {{m}}/keys/{kind}/import", 500, {"ciphertext": "x", "type": kind}),
                Step(f"rotate {kind}", f"POST {{m}}/keys/{kind}/rotate", 500),
            )
        ),
        Step("export what came", "GET {m}/export/encryption-key/aes256-gcm96", 200, exact=("data.keys.*",)),
        Step("export the hmac key", "GET {m}/export/hmac-key/hmac", 200, exact=("data.keys.*",)),
        Step("hmac with what came", "POST {m}/hmac/hmac", 200, {"input": _INPUT}, exact=("data.hmac",)),
        Step("sign with what came", "POST {m}/sign/ed25519", 200, {"input": _INPUT}, exact=("data.signature",)),
        Step("list", "LIST {m}/keys", 200),
        Step(
            "hash in small letters",
            "POST {m}/keys/sha512/import",
            204,
            {"ciphertext": "{blob_sha512}", "hash_function": "sha512"},
        ),
        Step(
            "rotation allowed",
            "POST {m}/keys/rotating/import",
            204,
            {"ciphertext": "{blob_aes256_gcm96}", "allow_rotation": True},
        ),
        Step("read rotation allowed", "GET {m}/keys/rotating", 200),
        Step("rotate", "POST {m}/keys/rotating/rotate", 200),
        Step("read rotated", "GET {m}/keys/rotating", 200),
        Step("derived", "POST {m}/keys/derived/import", 204, {"ciphertext": "{blob_aes256_gcm96}", "derived": True}),
        Step("read derived", "GET {m}/keys/derived", 200),
        Step(
            "encrypt with derived",
            "POST {m}/encrypt/derived",
            200,
            {"plaintext": _INPUT, "context": _CONTEXT},
            saves={"derived": "data.ciphertext"},
        ),
        Step("decrypt with derived", "POST {m}/decrypt/derived", 200, {"ciphertext": "{derived}", "context": _CONTEXT}),
        Step("another version", "POST {m}/keys/aes256-gcm96/import_version", 204, {"ciphertext": "{blob_other}"}),
        Step("read another version", "GET {m}/keys/aes256-gcm96", 200),
        Step("version of nothing", "POST {m}/keys/nope/import_version", 500, {"ciphertext": "{blob_other}"}),
        Step("version without anything", "POST {m}/keys/aes256-gcm96/import_version", 500, {}),
        Step("create k", "POST {m}/keys/k", 200),
        Step(
            "version of a key that wasn't imported",
            "POST {m}/keys/k/import_version",
            500,
            {"ciphertext": "{blob_other}"},
        ),
        Step("import over k", "POST {m}/keys/k/import", 500, {"ciphertext": "{blob_other}"}),
        Step(
            "only the public key",
            "POST {m}/keys/public/import",
            204,
            {"public_key": public_pem(P256), "type": "ecdsa-p256"},
        ),
        Step("read only the public key", "GET {m}/keys/public", 200),
        Step("sign with only the public key", "POST {m}/sign/public", 500, {"input": _INPUT}),
        Step(
            "sign elsewhere",
            "POST {m}/sign/ecdsa-p256",
            200,
            {"input": _INPUT},
            saves={"signature": "data.signature"},
        ),
        Step(
            "verify with only the public key",
            "POST {m}/verify/public",
            200,
            {"input": _INPUT, "signature": "{signature}"},
        ),
        Step(
            "complete it", "POST {m}/keys/public/import_version", 204, {"ciphertext": "{blob_ecdsa_p256}", "version": 1}
        ),
        Step("sign with the completed", "POST {m}/sign/public", 200, {"input": _INPUT}),
    ),
)

_byok = Scenario(
    "transit-byok",
    engine="transit",
    steps=(
        Step("create a destination", "POST {m}/keys/rsa", 200, {"type": "rsa-2048"}),
        Step("create a source", "POST {m}/keys/source", 200, {"exportable": True}),
        Step("create a closed source", "POST {m}/keys/closed", 200),
        Step("export", "GET {m}/byok-export/rsa/source", 200, random=("data.keys.*",)),
        Step("export version 1", "GET {m}/byok-export/rsa/source/1", 200, random=("data.keys.*",)),
        Step("export latest", "GET {m}/byok-export/rsa/source/latest", 200, random=("data.keys.*",)),
        Step("export version 2", "GET {m}/byok-export/rsa/source/2", 400),
        Step("with a hash", "GET {m}/byok-export/rsa/source?hash=SHA512", 200, random=("data.keys.*",)),
        Step("with an unknown hash", "GET {m}/byok-export/rsa/source?hash=MD5", 500),
        Step("a closed source", "GET {m}/byok-export/rsa/closed", 400),
        Step("no source", "GET {m}/byok-export/rsa/nope", 500),
        Step("no destination", "GET {m}/byok-export/nope/source", 500),
        Step("a symmetric destination", "GET {m}/byok-export/closed/source", 500),
        Step("by post", "POST {m}/byok-export/rsa/source", 405, {}),
    ),
)


def certify(saved: Mapping[str, str]) -> Mapping[str, str]:
    """A certificate for the server's own key, and one for another key, signed by an authority made for the purpose."""
    authority = ec.derive_private_key(77, ec.SECP256R1())
    request = x509.load_pem_x509_csr(saved["csr"].encode())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    certificates = {}
    for name, public in (("certificate", request.public_key()), ("foreign", P256.public_key())):
        assert isinstance(public, ec.EllipticCurvePublicKey)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "leaf")]))
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(7)
            .not_valid_before(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
            .not_valid_after(datetime.datetime(2036, 1, 1, tzinfo=datetime.UTC))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(authority, hashes.SHA256())
        )
        certificates[name] = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return certificates


TEMPLATE = (
    x509.CertificateSigningRequestBuilder()
    .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "conformance")]))
    .add_extension(x509.SubjectAlternativeName([x509.DNSName("example.com")]), critical=False)
    .sign(P256, hashes.SHA256())
    .public_bytes(serialization.Encoding.PEM)
    .decode()
)

_certificates = Scenario(
    "transit-certificates",
    engine="transit",
    steps=(
        *(Step(f"create {kind}", f"POST {{m}}/keys/{kind}", 200, {"type": kind}) for kind in _SIGNING),
        *(
            Step(f"request for {kind}", f"POST {{m}}/keys/{kind}/csr", 200, {}, saves={"csr": "data.csr"})
            for kind in reversed(_SIGNING)
        ),
        Step("request from a template", "POST {m}/keys/ecdsa-p256/csr", 200, {"csr": TEMPLATE}),
        Step("bad template", "POST {m}/keys/ecdsa-p256/csr", 400, {"csr": "abc"}),
        Step("no such version", "POST {m}/keys/ecdsa-p256/csr", 400, {"version": 9}),
        Step("no such key", "POST {m}/keys/nope/csr", 400, {}),
        Step("create aes", "POST {m}/keys/aes", 200),
        Step("request for aes", "POST {m}/keys/aes/csr", 400, {}),
        Step(
            "certificate",
            "POST {m}/keys/ecdsa-p256/set-certificate",
            200,
            {"certificate_chain": "{certificate}"},
            prepares=certify,
        ),
        Step("read", "GET {m}/keys/ecdsa-p256", 200),
        Step("export the chain", "GET {m}/export/certificate-chain/ecdsa-p256", 200),
        Step(
            "certificate of another key",
            "POST {m}/keys/ecdsa-p256/set-certificate",
            500,
            {"certificate_chain": "{foreign}"},
        ),
        Step("certificate garbage", "POST {m}/keys/ecdsa-p256/set-certificate", 400, {"certificate_chain": "abc"}),
        Step("certificate missing", "POST {m}/keys/ecdsa-p256/set-certificate", 400, {}),
        Step("certificate for aes", "POST {m}/keys/aes/set-certificate", 400, {"certificate_chain": "{certificate}"}),
    ),
)

_agreement = Scenario(
    "transit-derive-key",
    engine="transit",
    steps=(
        Step("wrapping key", "GET {m}/wrapping_key", 200, saves={"wrapping_key": "data.public_key"}),
        Step(
            "import a base",
            "POST {m}/keys/base/import",
            204,
            {"ciphertext": "{blob_ecdsa_p256}", "type": "ecdsa-p256"},
            prepares=wrap_materials,
        ),
        Step(
            "derive",
            "POST {m}/derive-key/derived",
            204,
            {
                "base_key_name": "base",
                "peer_public_key": public_pem(ec.derive_private_key(99, ec.SECP256R1())),
                "derived_key_type": "aes256-gcm96",
                "exportable": True,
            },
        ),
        Step("read derived", "GET {m}/keys/derived", 200),
        Step("no peer", "POST {m}/derive-key/x", 400, {"base_key_name": "base"}),
        Step("no base", "POST {m}/derive-key/x", 500, {"peer_public_key": public_pem(P256)}),
        Step(
            "unknown base",
            "POST {m}/derive-key/x",
            400,
            {"base_key_name": "nope", "peer_public_key": public_pem(P256)},
        ),
        Step(
            "another curve",
            "POST {m}/derive-key/x",
            500,
            {"base_key_name": "base", "peer_public_key": public_pem(P384)},
        ),
        Step(
            "unknown algorithm",
            "POST {m}/derive-key/x",
            400,
            {"base_key_name": "base", "peer_public_key": public_pem(P256), "key_derivation_algorithm": "kdf"},
        ),
        Step(
            "unknown type",
            "POST {m}/derive-key/x",
            400,
            {"base_key_name": "base", "peer_public_key": public_pem(P256), "derived_key_type": "x"},
        ),
        Step("by get", "GET {m}/derive-key/x", 405),
    ),
)

SCENARIOS = (
    _export,
    _export_xchacha,
    _backup,
    _backup_xchacha,
    _restoration,
    _restoration_xchacha,
    _import,
    _byok,
    _certificates,
    _agreement,
)
