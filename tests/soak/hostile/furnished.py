"""A server with two workers and one of everything mounted and made, for requests that want to get far.

It listens three times: HTTP/1.1 and HTTP/2 without TLS, and both with it. What is made is called ``k``, but for keys
that have to be of a kind, which ``NAMES`` knows.
"""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from engines.durations import format_time
from tests.support.certificates import issue
from tests.support.products import HOST, Product, Tls
from tests.support.servers import Server

WORKERS = 2
_LISTENERS = """
workers = {workers}
listener "tcp" {{
  address = "{host}:0"
  tls_disable = true
  server = "hypercorn"
}}
listener "tcp" {{
  address = "{host}:0"
  tls_cert_file = "{tls.certificate}"
  tls_key_file = "{tls.key}"
  x_forwarded_for_authorized_addrs = ["{host}"]
}}
"""
_PROXIED = f'  x_forwarded_for_authorized_addrs = ["{HOST}"]\n'
_ADDRESS = re.compile(rf"listening on https?://{re.escape(HOST)}:([0-9]+)")

_EVERYTHING = 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "patch", "scan", "sudo"]'
POLICIES = {
    "nothing": 'path "cubbyhole/nothing" { capabilities = ["read"] }',
    "picky": _EVERYTHING
    + ' denied_parameters = { "type" = ["a*", "*b", "5", "true"], "policies" = ["root", "adm*"], "ttl" = ["24h", 5],'
    ' "plaintext" = ["a*b"], "*" = ["nope*"] } allowed_parameters = { "*" = [] } }',
}
"""A token without rights, and one whose every parameter is looked at."""

EXPIRES = format_time(time.time() + 86_400)
"""When the exception ends."""

NOWHERE = "http://127.0.0.1:1"
"""The address of a provider that isn't there."""

CYCLONEDX = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6"})
"""An application's document."""

SETUP: tuple[tuple[str, dict[str, Any]], ...] = (
    ("sys/config/auditing/request-headers/x-audited", {"hmac": True}),
    ("sys/policies/password/k", {"policy": 'length = 20\nrule "charset" { charset = "abcdef" }'}),
    ("sys/mounts/transit", {"type": "transit"}),
    ("sys/mounts/pqc", {"type": "pqc"}),
    ("sys/mounts/signing", {"type": "signing"}),
    ("sys/mounts/cbom", {"type": "cbom"}),
    ("cbom/applications/k", {"document": CYCLONEDX}),
    ("sys/auth/approle", {"type": "approle"}),
    ("sys/auth/userpass", {"type": "userpass"}),
    ("sys/auth/jwt", {"type": "jwt"}),
    ("sys/auth/oidc", {"type": "oidc"}),
    ("sys/auth/cert", {"type": "cert"}),
    ("sys/auth/github", {"type": "github"}),
    ("auth/github/config", {"organization": "k", "organization_id": 7, "base_url": NOWHERE}),
    ("auth/github/map/users/k", {"value": "default", "id": 1}),
    (
        "auth/oidc/config",
        {
            "provider_config": {"provider": "github", "base_url": NOWHERE},
            "oidc_client_id": "k",
            "oidc_client_secret": "k",
            "default_role": "k",
        },
    ),
    ("auth/oidc/role/k", {"user_claim": "id", "allowed_redirect_uris": "http://localhost/"}),
    ("transit/keys/k", {"exportable": True, "allow_plaintext_backup": True}),
    ("transit/keys/derived", {"derived": True}),
    ("transit/keys/ec", {"type": "ecdsa-p256", "exportable": True, "allow_plaintext_backup": True}),
    ("transit/keys/rsa", {"type": "rsa-2048"}),
    ("transit/keys/mldsa", {"type": "ml-dsa", "parameter_set": "65"}),
    ("transit/keys/cmac", {"type": "aes128-cmac"}),
    ("pqc/keys/k", {"exportable": True, "allow_plaintext_backup": True}),
    ("signing/keys/k", {"type": "ecdsa-p256", "exportable": True, "allow_plaintext_backup": True}),
    ("signing/roles/k", {"key": "k", "formats": "jwt,jws,cose,cms", "allowed_claims": "*"}),
    ("auth/approle/role/k", {"token_policies": "default"}),
    ("auth/userpass/users/k", {"password": "a password"}),
    ("auth/token/roles/k", {"allowed_policies": "default", "jwt_audiences": "a"}),
    ("identity/entity", {"name": "k"}),
    ("identity/group", {"name": "k"}),
    ("sys/namespaces/k", {}),
    ("cubbyhole/k", {"a": "b"}),
    (
        "sys/crypto-policies/k",
        {
            "mode": "audit",
            "profile": "cnsa-2.0",
            "rules": [
                {"name": "key", "operations": ["protect", "manage"], "require": "key.classical_bits >= 128"},
                {"name": "request", "operations": ["protect", "process"], "require": "request.input_bytes < 100"},
            ],
        },
    ),
    ("sys/crypto-exceptions/k", {"policy": "k", "rule": "key", "expires_at": EXPIRES}),
)

NAMES = (
    (r"^transit/(sign|verify)/", ("ec", "rsa", "mldsa")),
    (r"^transit/keys/\w+/(csr|set-certificate)|^transit/derive-key", ("ec",)),
    (r"^transit/cmac/", ("cmac",)),
    (r"^transit/(encrypt|decrypt|rewrap)/", ("k", "derived", "rsa")),
    (r"^sys/auth/", ("userpass", "n")),
    (r"^sys/mounts/", ("transit", "n")),
)
"""What a route's names are filled with in place of ``k``, where that leads further."""

GIVEN: dict[str, Any] = {
    "plaintext": "aGVsbG8=",
    "input": "aGVsbG8=",
    "payload": "aGVsbG8=",
    "claims": {"sub": "a"},
    "role": "k",
    "key": "k",
    "formats": "jwt",
    "path": "cubbyhole/nothing",
    "bits": 256,
    "bytes": 8,
    "name": "k",
    "secret_shares": 1,
    "secret_threshold": 1,
    "user_claim": "sub",
    "role_type": "jwt",
    "rate": 1e9,
    "source": "platform",
    "profiles": "cnsa-2.0,anssi",
    "profile": "cnsa-2.0",
    "document": CYCLONEDX,
}
"""What other parameters of a request are, so that the one that is hostile gets looked at; learnt ones come with it."""


@dataclass(frozen=True, slots=True)
class Furnished:
    """The running server, what was made there, and who may ask."""

    server: Server
    tls: Tls
    ports: dict[str, int]
    """By the name of the listener: ``HTTP/1.1``, ``HTTP/2``, ``TLS``."""
    tokens: dict[str, str]
    """By what they may do: ``root``, ``picky``, ``nothing`` and ``none``."""
    given: dict[str, Any]

    def context(self, protocol: str) -> ssl.SSLContext:
        """What a client of the TLS listener needs that speaks ``protocol`` (ALPN)."""
        context = ssl.create_default_context(cafile=str(self.tls.authority))
        context.set_alpn_protocols([protocol])
        return context


@contextmanager
def furnished(directory: Path) -> Iterator[Furnished]:
    """Start, furnish and end a server."""
    tls = issue(directory)
    settings = _LISTENERS.format(workers=WORKERS, host=HOST, tls=tls)
    with Server(Product.CRYPTOSERVE, directory, settings=settings, listener=_PROXIED) as server:
        server.initialize()
        server.unseal()
        for path, body in SETUP:
            server.request("POST", path, body).data()
        tokens = {"root": server.root_token, "none": ""}
        for name, policy in POLICIES.items():
            server.request("POST", f"sys/policies/acl/{name}", {"policy": policy}).data()
            made = server.request("POST", "auth/token/create", {"policies": [name], "ttl": "24h"})
            tokens[name] = made.json()["auth"]["client_token"]
        yield Furnished(server, tls, _ports(server), tokens, {**GIVEN, **_learnt(server)})


def _learnt(server: Server) -> dict[str, Any]:
    """Ciphertexts and signatures that are right, and the settings that need a key."""
    public_key = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    server.request("POST", "auth/jwt/config", {"jwt_validation_pubkeys": [pem]}).data()
    role = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": "a"}
    server.request("POST", "auth/jwt/role/k", role).data()
    sealed = server.request("POST", "transit/encrypt/k", {"plaintext": GIVEN["plaintext"]}).data()
    signed = server.request("POST", "transit/sign/ec", {"input": GIVEN["input"]}).data()
    jwt = server.request("POST", "signing/jwt/sign/k", {"claims": GIVEN["claims"]}).data()["token"]
    return {"ciphertext": sealed["ciphertext"], "signature": signed["signature"], "jwt": jwt, "jws": jwt, "token": jwt}


def _ports(server: Server) -> dict[str, int]:
    deadline = time.monotonic() + 10
    while len(found := _ADDRESS.findall((server.directory / "server.log").read_text())) < 3:
        assert time.monotonic() < deadline, server.log_end()
        time.sleep(0.01)
    return dict(zip(("HTTP/1.1", "HTTP/2", "TLS"), map(int, found), strict=True))
