"""The server's own cryptography in the summary and in documents: of listeners, tokens, storage and libraries."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from auth_methods.cert.routes import CERT
from engines.crypto_policy.fips import FipsMode
from server.config import Listener
from server.core.lifecycle import Core
from server.core.settings import Settings
from server.inventory.documents.reading import items_of
from server.inventory.documents.writers import writer_of
from server.inventory.own import Own, certified
from server.listeners.offers import _extensions, offer_of
from server.listeners.tls import make_context
from server.pipeline.dispatch import Dispatcher
from server.runtime import plugins
from server.runtime.certificates import ListenerCertificates, present
from server.system.routes import SYSTEM
from storage.memory import MemoryStore
from storage.seals.shamir import ShamirSeal
from tests.server.inventory.documents.checks import check, strings
from tests.server.tenants.namespaced import ask_in, make
from tests.support import systems
from tests.support.certificates import issue
from tests.support.systems import NewServer, Server

KINDS = {"barrier", "audit", "token", "password", "seal", "tls", "ca", "provider"}


def shown(folder: Path, mode: FipsMode = FipsMode.DISABLED, **words: Any) -> ListenerCertificates:
    """A listener with TLS, whose clients show certificates."""
    files = issue(folder)
    listener = Listener(
        "tcp",
        "127.0.0.1:0",
        tls_cert_file=str(files.certificate),
        tls_key_file=str(files.key),
        tls_client_ca_file=str(files.authority),
        **words,
    )
    found = ListenerCertificates(
        "https://127.0.0.1:8200", str(files.certificate), offer_of(make_context(listener, mode))
    )
    found.read(present())
    return found


@pytest.fixture
async def server(new_server: NewServer, tmp_path: Path) -> Server:
    """A server with such a listener."""
    server = await new_server()
    server.core = Core(
        MemoryStore(), ShamirSeal(), Settings(), SYSTEM, clock=server.clock, certificates=(shown(tmp_path),)
    )
    server.dispatcher = Dispatcher(server.core)
    return await server.unsealed()


def test_an_offer_is_what_openssl_agrees_to(tmp_path: Path) -> None:
    offer = shown(tmp_path).offer
    assert offer.versions == ("1.2", "1.3") and "x25519" in offer.groups and "secp256r1" in offer.groups
    assert "ecdsa_secp256r1_sha256" in offer.signature_schemes
    suites = {suite.name: (suite.version, suite.identifier) for suite in offer.suites}
    assert suites["TLS_AES_256_GCM_SHA384"] == ("1.3", (0x13, 0x02))
    assert suites["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"] == ("1.2", (0xC0, 0x2B))
    assert len(offer.authorities) == 1


def test_an_offer_follows_the_configuration(tmp_path: Path) -> None:
    (alone := tmp_path / "alone").mkdir()
    one = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
    offer = shown(alone, tls_max_version="tls12", tls_cipher_suites=one).offer
    assert (offer.versions, [suite.name for suite in offer.suites]) == (("1.2",), [one])
    (approved := tmp_path / "approved").mkdir()
    assert shown(approved, FipsMode.ENABLED).offer.groups == ("secp256r1",)


async def test_the_summary_names_all_kinds(server: Server) -> None:
    parts = (await server.ask("GET", "sys/inventory"))[1]["data"]["server"]
    assert {part["kind"] for part in parts} == KINDS
    assert all(list(part) == ["kind", "name", "algorithm", "version", "validated"] for part in parts)
    assert not any(part["validated"] for part in parts)
    found = {(part["kind"], part["algorithm"], part["version"]) for part in parts}
    assert {("tls", "TLS_AES_128_GCM_SHA256", "1.3"), ("tls", "x25519", "1.3"), ("token", "ES256", "")} <= found
    named = {part["name"]: part["algorithm"] for part in parts if part["version"] == "X.509"}
    assert named == {"CN=test server": "ECDSA-P-256", "CN=test authority": "ECDSA-P-256"}
    providers = {part["name"]: part for part in parts if part["kind"] == "provider"}
    assert providers["ssl"]["algorithm"].startswith("OpenSSL") and providers["cryptography"]["version"]


@pytest.mark.parametrize("version", ["1.7", "1.6", "1.5"])
async def test_documents_have_certificates_and_protocols(server: Server, version: str) -> None:
    answer = await server.send("GET", f"sys/inventory/cbom?format=cyclonedx-{version}")
    document = json.loads(answer.body)
    check(document, version)
    refs = {each["bom-ref"].partition(":")[0] for each in document["components"]}
    assert {"certificate", "protocol", "algorithm"} <= refs
    depends = {each["ref"]: each["dependsOn"] for each in document["dependencies"]}
    (newest,) = [ref for ref in depends if ref.endswith("-tls-1.3")]
    assert {"algorithm:aes256-gcm96", "algorithm:sha-384", "algorithm:ecdh-x25519"} <= set(depends[newest])
    only = {"name": "cryptoserve:listeners_only", "value": "true"}
    marked = {each["bom-ref"] for each in document["components"] if only in each.get("properties", ())}
    assert "algorithm:ecdh-x25519" in marked and "algorithm:aes256-gcm96" not in marked
    if version != "1.5":  # Which has no assets, so without keys there is nothing to check.
        items = {item.ref for item in items_of(document)}
        assert "algorithm:argon2id" in items and not items & marked
    assert newest in depends["cryptoserve"] and "algorithm:ecdsa-p256" in depends["cryptoserve"]
    (presented,) = [ref for ref in depends[newest] if ref.startswith("certificate:")]
    assert depends[presented] == ["algorithm:ecdsa-p256", "algorithm:x509-ecdsa-sha-256"]
    if version == "1.7":
        (protocol,) = [each for each in document["components"] if each["bom-ref"] == newest]
        suites = protocol["cryptoProperties"]["protocolProperties"]["cipherSuites"]
        assert "x25519" in suites[0]["tlsGroups"] and suites[0]["identifiers"][0] == "0x13"


async def test_hidden_names_hide_hosts_too(server: Server) -> None:
    for format in ("cyclonedx-1.7", "cyclonedx-1.6", "spdx-2.3"):
        plain = (await server.send("GET", f"sys/inventory/cbom?format={format}")).body
        hidden = (await server.send("GET", f"sys/inventory/cbom?format={format}&names=hmac")).body
        assert b"test server" in plain and b"127.0.0.1" in plain
        assert not any("test " in text or "127.0.0.1" in text for text in strings(json.loads(hidden)))


async def test_a_namespace_is_told_of_no_listener(server: Server) -> None:
    await make(server, "t1")
    assert (await ask_in(server, "t1", "GET", "sys/inventory"))[1]["data"]["server"] == []
    document = json.dumps((await ask_in(server, "t1", "GET", "sys/inventory/cbom"))[1])
    assert "127.0.0.1" not in document and "test server" not in document and "algorithm:hkdf-sha-256" in document


@pytest.mark.parametrize("damage", ["", "0", "16030100"])
def test_an_unreadable_greeting_has_no_groups(damage: str) -> None:
    assert dict(_extensions(damage.encode())) == {}


def test_certificates_of_unknown_algorithms_have_no_reference(tmp_path: Path) -> None:
    (leaf,) = x509.load_pem_x509_certificates(Path(shown(tmp_path).file).read_bytes())
    strange = replace(certified("tls", leaf), key_algorithm="ECDSA-secp256k1", signature_algorithm="sha1WithRSA")
    for version in ("1.7", "1.6"):
        writer = writer_of(f"cyclonedx-{version}", Own((), (strange,)))
        document = json.loads(writer.begin(0) + b"".join(writer.end()))
        check(document, version)
        ref = f"certificate:{strange.fingerprint[:32]}"
        assert next(each for each in document["dependencies"] if each["ref"] == ref)["dependsOn"] == []


async def test_the_key_of_signed_tokens_counts_once_it_is_there(server: Server) -> None:
    async def needed() -> list[str]:
        document = json.loads((await server.send("GET", "sys/inventory/cbom?format=cyclonedx-1.6")).body)
        found: list[str] = next(each for each in document["dependencies"] if each["ref"] == "cryptoserve")["dependsOn"]
        return found

    assert "algorithm:ed25519" not in await needed()
    assert (await server.ask("POST", "auth/token/config/jwt", {"algorithm": "EdDSA"}))[0] in (200, 204)
    assert "algorithm:ed25519" in await needed()


async def test_authorities_of_certificate_logins_are_told(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(systems._PLUGINS[plugins.AUTH_METHODS], "cert", CERT)
    (other := tmp_path / "other").mkdir()
    pem = issue(other).authority.read_text()
    await make(server, "t1")
    for namespace in ("", "t1"):
        assert (await ask_in(server, namespace, "POST", "sys/auth/cert", {"type": "cert"}))[0] == 204
    assert (await ask_in(server, "t1", "POST", "auth/cert/certs/web", {"certificate": pem}))[0] == 204

    async def authorities(namespace: str) -> int:
        document = (await ask_in(server, namespace, "GET", "sys/inventory/cbom"))[1]
        check(document, "1.7")
        ca = {"name": "cryptoserve:kind", "value": "ca"}
        return sum(ca in each.get("properties", ()) for each in document["components"])

    assert (await authorities(""), await authorities("t1")) == (1, 1)
    assert (await ask_in(server, "", "POST", "auth/cert/certs/web", {"certificate": pem}))[0] == 204
    assert await authorities("") == 2
