"""Transit: imports, export under another key, certificates, and key agreement."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.conformance.steps import Json, Scenario, Step
from tests.conformance.transit.materials import (
    CONTEXT,
    INPUT,
    MATERIALS,
    P256,
    P384,
    SIGNING,
    public_pem,
    wrap_materials,
)

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
            for kind in MATERIALS
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
        Step("hmac with what came", "POST {m}/hmac/hmac", 200, {"input": INPUT}, exact=("data.hmac",)),
        Step("sign with what came", "POST {m}/sign/ed25519", 200, {"input": INPUT}, exact=("data.signature",)),
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
            {"plaintext": INPUT, "context": CONTEXT},
            saves={"derived": "data.ciphertext"},
        ),
        Step("decrypt with derived", "POST {m}/decrypt/derived", 200, {"ciphertext": "{derived}", "context": CONTEXT}),
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
        Step("sign with only the public key", "POST {m}/sign/public", 500, {"input": INPUT}),
        Step(
            "sign elsewhere",
            "POST {m}/sign/ecdsa-p256",
            200,
            {"input": INPUT},
            saves={"signature": "data.signature"},
        ),
        Step(
            "verify with only the public key",
            "POST {m}/verify/public",
            200,
            {"input": INPUT, "signature": "{signature}"},
        ),
        Step(
            "complete it", "POST {m}/keys/public/import_version", 204, {"ciphertext": "{blob_ecdsa_p256}", "version": 1}
        ),
        Step("sign with the completed", "POST {m}/sign/public", 200, {"input": INPUT}),
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
        *(Step(f"create {kind}", f"POST {{m}}/keys/{kind}", 200, {"type": kind}) for kind in SIGNING),
        *(
            Step(f"request for {kind}", f"POST {{m}}/keys/{kind}/csr", 200, {}, saves={"csr": "data.csr"})
            for kind in reversed(SIGNING)
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
    _import,
    _byok,
    _certificates,
    _agreement,
)
