"""The cert method without TLS: roles, revocation lists, settings, and logins that show no certificate.

With TLS, and so with certificates, ``tests/wire/access/test_cert_login.py`` asks both servers the same.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.conformance.steps import NO_TOKEN, Json, Scenario, Step


@functools.cache
def _made() -> Mapping[str, str]:
    """An authority, clients of all kinds, and a revocation list, in PEM by name."""
    key = ec.generate_private_key(ec.SECP256R1())
    usages = {
        "authority": (True, None),
        "client": (False, ExtendedKeyUsageOID.CLIENT_AUTH),
        "anybody": (False, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE),
        "server": (False, ExtendedKeyUsageOID.SERVER_AUTH),
        "useless": (False, None),
    }
    now = datetime.now(UTC)
    found = {}
    for name, (authority, usage) in usages.items():
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if usage is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        found[name] = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    revocations = x509.CertificateRevocationListBuilder().issuer_name(issuer).last_update(now)
    entry = x509.RevokedCertificateBuilder().serial_number(12345678901234567890).revocation_date(now).build()
    revocations = revocations.next_update(now + timedelta(days=1)).add_revoked_certificate(entry)
    found["revocations"] = revocations.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    return found


def _pems(saved: Mapping[str, str]) -> Mapping[str, str]:
    return _made()


_ROLES: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("an authority", {"certificate": "{authority}"}, 204),
    ("a client", {"certificate": "{client}"}, 204),
    ("a client for anything", {"certificate": "{anybody}"}, 204),
    ("a server", {"certificate": "{server}"}, 400),
    ("several", {"certificate": "{authority}{client}"}, 204),
    ("no certificate", {}, 400),
    ("what is no certificate", {"certificate": "x"}, 400),
    ("lists", {
        "certificate": "{authority}", "allowed_names": "a,b", "allowed_common_names": ["c"], "allowed_dns_sans": "d*",
        "allowed_email_sans": "e@f", "allowed_uri_sans": "g://h", "allowed_organizational_units": "i",
        "required_extensions": "1.2.3:j,1.2.4:k", "allowed_metadata_extensions": "1.2.3"}, 204),
    ("tokens", {
        "certificate": "{authority}", "display_name": "who", "token_ttl": "1h", "token_max_ttl": "2h",
        "token_policies": "B,a", "token_num_uses": 3, "token_bound_cidrs": "127.0.0.1/32"}, 204),
    ("long times", {
        "certificate": "{authority}", "token_ttl": "1000h", "token_max_ttl": "2000h", "period": "3000h"}, 200),
    ("the oldest name of a ttl", {"certificate": "{authority}", "lease": 60}, 204),
    ("two names of a ttl", {"certificate": "{authority}", "lease": 60, "ttl": "2m"}, 204),
    ("three names of a ttl", {"certificate": "{authority}", "lease": "60", "ttl": "2m", "token_ttl": "3m"}, 204),
    ("a type of mounts", {"certificate": "{authority}", "token_type": "default-batch"}, 400),
    ("ttl over the maximum", {"certificate": "{authority}", "token_ttl": "2h", "token_max_ttl": "1h"}, 400),
    ("batch with uses", {"certificate": "{authority}", "token_type": "batch", "token_num_uses": 3}, 400),
)  # fmt: skip

_roles = Scenario(
    "auth-cert",
    steps=(
        Step("enable", "POST sys/auth/{m}", 204, {"type": "cert"}),
        Step("no roles", "LIST auth/{m}/certs", 404),
        Step("no role", "GET auth/{m}/certs/r", 404),
        *(
            step
            for name, body, status in _ROLES
            for step in (
                Step(f"no role before {name}", "DELETE auth/{m}/certs/r", 204),
                Step(f"role with {name}", "POST auth/{m}/certs/r", status, body, prepares=_pems),
                Step(f"read role with {name}", "GET auth/{m}/certs/R", 200 if status < 400 else 404),
            )
        ),
        Step("another", "POST auth/{m}/certs/Other", 204, {"certificate": "{authority}"}),
        Step("roles", "LIST auth/{m}/certs", 200),
        Step("log in", "POST auth/{m}/login", 400, {}, token=NO_TOKEN),
        Step("log in by name", "POST auth/{m}/login", 400, {"name": "other"}, token=NO_TOKEN),
        Step("log in by no name", "POST auth/{m}/login", 400, {"name": "none"}, token=NO_TOKEN),
        Step("settings", "GET auth/{m}/config", 200),
        Step("no lists", "LIST auth/{m}/crls", 404),
        Step("no list", "GET auth/{m}/crls/l", 400),
        Step("list of nothing", "POST auth/{m}/crls/l", 400, {}),
        Step("list", "POST auth/{m}/crls/L", 204, {"crl": "{revocations}"}),
        Step("read list", "GET auth/{m}/crls/l", 200),
        Step("lists", "LIST auth/{m}/crls", 200),
        Step("delete list", "DELETE auth/{m}/crls/l", 204),
        Step("delete list again", "DELETE auth/{m}/crls/l", 400),
        Step("disable", "DELETE sys/auth/{m}", 204),
    ),
)

SCENARIOS = (_roles,)
