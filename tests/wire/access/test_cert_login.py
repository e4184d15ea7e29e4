"""Logins with TLS client certificates, against ours and OpenBao: the same answers to the same certificates."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.support.certificates import issue
from tests.support.products import HOST, Product
from tests.support.servers import Answer, Server
from tests.wire.raw import RawConnection

UNMET = "no chain matching all constraints could be found for this login certificate"
UNTRUSTED = "invalid certificate or no client certificate supplied"
NONE = "no client certificate found"


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, as objects and as one PEM file."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    file: Path

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()


class Issuer:
    """Makes certificates in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def authority(self, name: str, above: Issued | None = None, *more: x509.ExtensionType) -> Issued:
        return self._make(name, above, x509.BasicConstraints(ca=True, path_length=None), more, (), ())

    def client(self, name: str, authority: Issued | None, **more: Any) -> Issued:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        names, units, texts = more.get("names", ()), more.get("units", ()), more.get("texts", {})
        extensions = [x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), text) for oid, text in texts.items()]
        alternative = [x509.SubjectAlternativeName(names)] if names else []
        constraints = x509.BasicConstraints(ca=False, path_length=None)
        return self._make(
            name, authority, constraints, (usage, *extensions, *alternative), units, more.get("days", (-1, 1))
        )

    def _make(
        self, name: str, authority: Issued | None, constraints: x509.BasicConstraints, more: Any, units: Any, days: Any
    ) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
        attributes += [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units]
        subject = x509.Name(attributes)
        first, last = days or (-1, 1)
        now = datetime.now(UTC)
        signer = key if authority is None else authority.key
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if authority is None else authority.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=first))
            .not_valid_after(now + timedelta(days=last))
            .add_extension(constraints, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        if authority is not None:
            identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
            builder = builder.add_extension(identifier, critical=False)
        for extension in more:
            builder = builder.add_extension(extension, critical=False)
        made = builder.sign(signer, hashes.SHA256())
        file = self._folder / f"{name}.pem"
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(made.public_bytes(Encoding.PEM) + secret)
        return Issued(made, key, file)


class Lab:
    """A server, the authorities that its listener knows, and clients with certificates of each kind."""

    def __init__(self, server: Server, issuer: Issuer, first: Issued, second: Issued, alone: Issued) -> None:
        self.server, self.issuer = server, issuer
        self.first, self.second, self.alone = first, second, alone
        self.alice = issuer.client(
            "alice",
            first,
            names=[
                x509.DNSName("alice.example.com"),
                x509.RFC822Name("alice@example.com"),
                x509.UniformResourceIdentifier("spiffe://example.com/alice"),
            ],
            units=["eng", "ops"],
            texts={"2.1.1.1": b"\x0c\x06A UTF8", "2.1.1.2": b"\x0c\x01B"},
        )
        self.bob = issuer.client("bob", first)
        self.mallory = issuer.client("mallory", second)

    def ask(
        self, who: Issued | None, method: str, path: str, body: Mapping[str, Any] | None = None, token: str = ""
    ) -> Answer:
        """Ask on a connection of its own, showing the certificate of ``who``."""
        connection = http.client.HTTPSConnection(HOST, self.server.port, timeout=30, context=self.context(who))
        try:
            headers = {"X-Vault-Token": token} if token else {}
            connection.request(method, f"/v1/{path}", json.dumps(body or {}), headers)
            response = connection.getresponse()
            return Answer(response.status, {}, response.read())
        finally:
            connection.close()

    def context(self, who: Issued | None) -> ssl.SSLContext:
        assert self.server.tls is not None
        made = ssl.create_default_context(cafile=str(self.server.tls.authority))
        if who is not None:
            made.load_cert_chain(who.file)
        return made

    def role(self, name: str, **settings: Any) -> None:
        body = {"certificate": self.first.pem, "token_policies": "web", **settings}
        answer = self.server.request("POST", f"auth/cert/certs/{name}", body)
        assert answer.status == 204, answer

    def log_in(self, who: Issued | None, **body: Any) -> tuple[int, Any]:
        """Status, and the ``auth`` or the error."""
        answer = self.ask(who, "POST", "auth/cert/login", body)
        shown = answer.json()
        return answer.status, shown["auth"] if answer.status == 200 else shown["errors"][0]


@pytest.fixture(scope="module")
def started(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The server, which the tests share."""
    folder = tmp_path_factory.mktemp(product.value)
    issuer = Issuer(folder)
    first, second = issuer.authority("first"), issuer.authority("second")
    alone = issuer.client("alone", None)
    known = folder / "clients.pem"
    known.write_text(first.pem + second.pem + alone.pem, encoding="utf-8")
    listener = f'  tls_client_ca_file = "{known}"\n'
    with Server(product, folder / "server", tls=issue(folder), listener=listener) as server:
        server.initialize()
        server.unseal()
        yield Lab(server, issuer, first, second, alone)


@pytest.fixture
def lab(started: Lab) -> Iterator[Lab]:
    """With a fresh mount of the method."""
    assert started.server.request("POST", "sys/auth/cert", {"type": "cert"}).status == 204
    yield started
    assert started.server.request("DELETE", "sys/auth/cert").status == 204


def test_roles(lab: Lab) -> None:
    ask = lab.server.request
    assert ask("GET", "auth/cert/certs/web").status == ask("LIST", "auth/cert/certs").status == 404
    for wrong in ({}, {"certificate": "x"}):
        answer = ask("POST", "auth/cert/certs/web", wrong)
        assert (answer.status, answer.json()["errors"]) == (400, ["failed to parse certificate"])
    lab.role("Web", display_name="webs", allowed_common_names="ali*")
    shown = ask("GET", "auth/cert/certs/WEB").data()
    assert shown == {
        "allowed_common_names": ["ali*"],
        "allowed_dns_sans": None,
        "allowed_email_sans": None,
        "allowed_metadata_extensions": None,
        "allowed_names": None,
        "allowed_organizational_units": None,
        "allowed_uri_sans": None,
        "certificate": lab.first.pem,
        "display_name": "webs",
        "ocsp_ca_certificates": "",
        "ocsp_enabled": False,
        "ocsp_fail_open": False,
        "ocsp_query_all_servers": False,
        "ocsp_servers_override": None,
        "required_extensions": None,
        "token_bound_cidrs": [],
        "token_explicit_max_ttl": 0,
        "token_max_ttl": 0,
        "token_no_default_policy": False,
        "token_num_uses": 0,
        "token_period": 0,
        "token_policies": ["web"],
        "token_strictly_bind_ip": False,
        "token_ttl": 0,
        "token_type": "default",
    }
    assert ask("LIST", "auth/cert/certs").data() == {"keys": ["web"]}
    assert [ask("DELETE", "auth/cert/certs/web").status for _ in range(2)] == [204, 204]
    assert ask("GET", "auth/cert/certs/web").status == 404


def test_who_is_let_in(lab: Lab) -> None:
    assert lab.log_in(None) == (400, NONE)
    assert lab.log_in(lab.alice) == (400, UNTRUSTED)
    lab.role("web", display_name="webs", allowed_common_names="ali*", token_ttl="1h")
    status, auth = lab.log_in(lab.alice)
    assert (status, auth["policies"], auth["lease_duration"]) == (200, ["default", "web"], 3600)
    metadata = auth["metadata"]
    key_id = x509.SubjectKeyIdentifier.from_public_key(lab.first.key.public_key()).digest.hex(":")
    assert (metadata["cert_name"], metadata["common_name"]) == ("web", "alice")
    assert metadata["serial_number"] == str(lab.alice.certificate.serial_number)
    assert metadata["authority_key_id"] == key_id
    looked_up = lab.ask(None, "GET", "auth/token/lookup-self", token=auth["client_token"]).data()
    assert (looked_up["display_name"], looked_up["path"]) == ("cert-webs", "auth/cert/login")
    assert lab.log_in(lab.alice, name="WEB")[0] == 200
    assert lab.log_in(lab.alice, name="none") == (400, UNTRUSTED)
    assert lab.log_in(lab.bob) == lab.log_in(lab.bob, name="web") == (400, UNMET)
    for who in (lab.mallory, lab.alone):
        assert lab.log_in(who) == (400, UNTRUSTED)
    assert lab.log_in(None) == (400, NONE)


def test_a_role_may_trust_one_client_alone(lab: Lab) -> None:
    lab.role("bob", certificate=lab.bob.pem, token_policies="bobs")
    lab.role("alone", certificate=lab.alone.pem)
    assert lab.log_in(lab.bob)[1]["policies"] == ["bobs", "default"]
    assert lab.log_in(lab.alone)[1]["metadata"]["authority_key_id"] == ""
    assert lab.log_in(lab.alice) == (400, UNTRUSTED)


@pytest.mark.parametrize(
    ("settings", "let_in"),
    [
        ({"allowed_names": "alice.example.com"}, True),
        ({"allowed_names": "x,ali*"}, True),
        ({"allowed_names": "alice@*"}, True),
        ({"allowed_names": "no"}, False),
        ({"allowed_names": "spiffe://*"}, False),
        ({"allowed_dns_sans": "*.example.com"}, True),
        ({"allowed_dns_sans": "alice"}, False),
        ({"allowed_email_sans": ["no", "alice@*"]}, True),
        ({"allowed_email_sans": "bob@*"}, False),
        ({"allowed_uri_sans": "spiffe://example.com/*"}, True),
        ({"allowed_uri_sans": "spiffe://other/*"}, False),
        ({"allowed_organizational_units": "eng"}, True),
        ({"allowed_organizational_units": "op*,x"}, True),
        ({"allowed_organizational_units": "x"}, False),
        ({"required_extensions": "2.1.1.1:A UTF*"}, True),
        ({"required_extensions": "2.1.1.1:A*,2.1.1.2:B"}, True),
        ({"required_extensions": "2.1.1.1:A*,2.1.1.2:C"}, False),
        ({"required_extensions": "2.1.1.9:*"}, False),
        ({"required_extensions": "nonsense"}, False),
        ({"allowed_names": "ali*", "allowed_dns_sans": "no"}, False),
    ],
)
def test_what_a_role_asks(lab: Lab, settings: dict[str, Any], let_in: bool) -> None:
    lab.role("web", **settings)
    status, said = lab.log_in(lab.alice)
    assert (status, said if status == 400 else "") == ((200, "") if let_in else (400, UNMET))


def test_extensions_as_metadata(lab: Lab) -> None:
    lab.role("web", allowed_metadata_extensions="2.1.1.1,2.1.1.2,2.1.1.3")
    metadata = lab.log_in(lab.alice)[1]["metadata"]
    assert {name: text for name, text in metadata.items() if name[0].isdigit()} == {"2-1-1-1": "A UTF8", "2-1-1-2": "B"}


def test_renewing_takes_the_same_certificate(lab: Lab) -> None:
    lab.role("web", token_ttl="1h")
    token = lab.log_in(lab.alice)[1]["client_token"]

    def renew(who: Issued | None) -> tuple[int, str]:
        answer = lab.ask(who, "POST", "auth/token/renew-self", token=token)
        return answer.status, "" if answer.status == 200 else answer.json()["errors"][0]

    assert renew(lab.alice) == (200, "")
    status, said = renew(lab.bob)
    assert (status, "client identity during renewal not matching client identity used during login" in said) == (
        500,
        True,
    )
    assert renew(lab.mallory) == (400, UNTRUSTED)
    assert renew(None) == (400, NONE)
    assert lab.server.request("POST", "auth/cert/config", {"disable_binding": True}).status in (200, 204)
    assert renew(None) == (200, "")
    assert lab.server.request("GET", "auth/cert/config").data()["disable_binding"] is True


def test_revoked_certificates(lab: Lab) -> None:
    lab.role("web", token_ttl="1h")
    ask = lab.server.request
    token = lab.log_in(lab.alice)[1]["client_token"]
    for wrong in ({}, {"crl": "x"}):
        assert ask("POST", "auth/cert/crls/ours", wrong).status == 400
    answer = ask("GET", "auth/cert/crls/ours")
    assert (answer.status, answer.json()["errors"]) == (400, ["no such CRL ours"])
    assert ask("POST", "auth/cert/crls/Ours", {"crl": _revoking(lab.first, lab.alice)}).status == 204
    serial_number = str(lab.alice.certificate.serial_number)
    assert ask("GET", "auth/cert/crls/ours").data() == {"serials": {serial_number: {}}}
    assert ask("LIST", "auth/cert/crls").data() == {"keys": ["ours"]}
    assert lab.log_in(lab.alice) == lab.log_in(lab.alice, name="web") == (400, UNMET)
    assert lab.ask(lab.alice, "POST", "auth/token/renew-self", token=token).status == 400
    assert lab.log_in(lab.bob)[0] == 200
    assert ask("DELETE", "auth/cert/crls/ours").status == 204
    assert ask("DELETE", "auth/cert/crls/ours").status == 400
    assert lab.log_in(lab.alice)[0] == 200


@pytest.mark.parametrize(
    "spelling",
    [
        x509.NameAttribute(NameOID.COMMON_NAME, "first", _type=_ASN1Type.PrintableString),
        x509.NameAttribute(NameOID.COMMON_NAME, "first", _type=_ASN1Type.BMPString),
        x509.NameAttribute(NameOID.COMMON_NAME, " FIRST "),
    ],
)
def test_a_list_holds_however_its_authority_spells_its_name(lab: Lab, spelling: x509.NameAttribute[str]) -> None:
    lab.role("web")
    revoking = _revoking(lab.first, lab.alice, name=x509.Name([spelling]))
    assert lab.server.request("POST", "auth/cert/crls/ours", {"crl": revoking}).status == 204
    assert lab.log_in(lab.alice) == (400, UNMET)
    assert lab.log_in(lab.bob)[0] == 200


def test_an_authority_that_was_revoked_vouches_for_nobody(lab: Lab) -> None:
    between = lab.issuer.authority("between", lab.first)
    client = lab.issuer.client("below", between)
    client.file.write_text(client.file.read_text(encoding="utf-8") + between.pem, encoding="utf-8")
    lab.role("web", certificate=lab.first.pem + between.pem, token_ttl="1h")
    status, auth = lab.log_in(client)
    assert status == 200
    revoking = _revoking(lab.first, between)
    assert lab.server.request("POST", "auth/cert/crls/ours", {"crl": revoking}).status == 204
    assert lab.log_in(client) == (400, UNMET)
    assert lab.ask(client, "POST", "auth/token/renew-self", token=auth["client_token"]).status == 400
    assert lab.log_in(lab.alice)[0] == 200


def _revoking(authority: Issued, revoked: Issued, name: x509.Name | None = None) -> str:
    now = datetime.now(UTC)
    builder = x509.CertificateRevocationListBuilder().issuer_name(name or authority.certificate.subject)
    builder = builder.last_update(now).next_update(now + timedelta(days=1))
    entry = x509.RevokedCertificateBuilder().serial_number(revoked.certificate.serial_number).revocation_date(now)
    made = builder.add_revoked_certificate(entry.build()).sign(authority.key, hashes.SHA256())
    return made.public_bytes(Encoding.PEM).decode()


def test_http_2_shows_the_certificate_too(lab: Lab) -> None:
    lab.role("web")
    context = lab.context(lab.alice)
    context.set_alpn_protocols(["h2"])
    with RawConnection(lab.server, context) as raw:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None))
        connection.initiate_connection()
        headers = [(":method", "POST"), (":path", "/v1/auth/cert/login"), (":scheme", "https"), (":authority", HOST)]
        connection.send_headers(1, headers)
        connection.send_data(1, b"{}", end_stream=True)
        raw.send(connection.data_to_send())
        statuses: list[bytes] = []
        while not statuses:
            for event in connection.receive_data(raw.receive()):
                if isinstance(event, h2.events.ResponseReceived):
                    statuses += [value for name, value in event.headers or () if name == b":status"]
        assert statuses == [b"200"]
