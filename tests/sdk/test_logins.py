"""Logins at our server and at OpenBao, and when tokens are renewed or replaced."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cryptoserve import CryptoServeError, InvalidResponse, PermissionDenied, Unavailable
from cryptoserve.http import session
from cryptoserve.logins import AgentFile, AppRole, ClientCertificate, Jwt, Kubernetes, Login, Token
from tests.sdk.conftest import PRODUCTS, Connect, token_with
from tests.sdk.scripted import Scripted, answer
from tests.support.certificates import issue
from tests.support.products import Product
from tests.support.servers import Server
from tests.wire.access.test_cert_login import Issuer

RULES = 'path "transit/*" { capabilities = ["create", "update"] }'
OK = answer(200, {"data": {"ciphertext": "vault:v1:AAAA"}})


def granted(token: str, seconds: int, *, renewable: bool = True) -> bytes:
    auth = {"client_token": token, "lease_duration": seconds, "renewable": renewable}
    return answer(200, {"request_id": "1", "auth": auth})


@pytest.fixture(scope="module")
def logins(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Login]:
    """A login of each kind that needs no TLS, with the rights to use transit."""
    folder = tmp_path_factory.mktemp("logins")
    token = token_with(server, "app", RULES)
    server.request("POST", "sys/auth/approle", {"type": "approle"})
    server.request("POST", "auth/approle/role/app", {"token_policies": "app"})
    role_id = server.request("GET", "auth/approle/role/app/role-id").data()["role_id"]
    secret_id = server.request("POST", "auth/approle/role/app/secret-id", {}).data()["secret_id"]
    (folder / "secret-id").write_text(secret_id + "\n")
    (folder / "sink").write_text(token + "\n")
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    now = int(time.time())
    signed = jwt.encode({"sub": "pod", "aud": "crypto", "nbf": now - 60, "exp": now + 3600}, key, "ES256")
    (folder / "jwt").write_text(signed)
    # Kubernetes' method is asked as JWT's is.
    for mount in ("jwt", "kubernetes"):
        server.request("POST", f"sys/auth/{mount}", {"type": "jwt"})
        assert server.request("POST", f"auth/{mount}/config", {"jwt_validation_pubkeys": [pem]}).status < 300
        role = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["crypto"], "token_policies": ["app"]}
        assert server.request("POST", f"auth/{mount}/role/app", role).status < 300
    return {
        "token": Token(token),
        "agent": AgentFile(folder / "sink"),
        "approle": AppRole(role_id, secret_id),
        "approle file": AppRole(role_id, folder / "secret-id"),
        "jwt": Jwt("app", lambda: signed),
        "kubernetes": Kubernetes("app", folder / "jwt"),
    }


@pytest.mark.parametrize("kind", ["token", "agent", "approle", "approle file", "jwt", "kubernetes"])
def test_logins(connect: Connect, server: Server, logins: dict[str, Login], kind: str) -> None:
    client = connect(addr=server.address, login=logins[kind])
    assert client.decrypt(client.encrypt(b"x", "c"), "c") == b"x"


def test_refused_logins(connect: Connect, server: Server, logins: dict[str, Login]) -> None:
    for login in (
        AppRole("no-role", "no-secret"),
        Jwt("app", "no.jwt.x"),
        Token("no-token"),
        Jwt("app", "x", mount="no"),
    ):
        with pytest.raises(PermissionDenied) as caught:
            connect(addr=server.address, login=login).encrypt(b"x", "c")
        assert "no-secret" not in str(caught.value)


@pytest.fixture(scope="module", params=PRODUCTS)
def behind_tls(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, Path]]:
    """A server that asks for client certificates, and the file of one with its key."""
    folder = tmp_path_factory.mktemp("tls")
    issuer = Issuer(folder)
    authority = issuer.authority("first")
    (folder / "clients.pem").write_text(authority.pem)
    listener = f'  tls_client_ca_file = "{folder}/clients.pem"\n'
    product: Product = request.param
    with Server(product, folder / "server", tls=issue(folder), listener=listener) as server:
        server.initialize()
        server.unseal()
        server.request("POST", "sys/mounts/transit", {"type": "transit"})
        server.request("PUT", "sys/policies/acl/app", {"policy": RULES})
        server.request("POST", "sys/auth/cert", {"type": "cert"})
        server.request("POST", "auth/cert/certs/app", {"certificate": authority.pem, "token_policies": "app"})
        yield server, issuer.client("alice", authority).file


def test_client_certificates(connect: Connect, behind_tls: tuple[Server, Path]) -> None:
    server, file = behind_tls
    assert server.tls is not None
    options: dict[str, Any] = {"addr": server.address, "cacert": server.tls.authority}
    client = connect(**options, login=ClientCertificate(file, file, role="app"))
    assert client.decrypt(client.encrypt(b"x", "c"), "c") == b"x"
    with pytest.raises(PermissionDenied):
        connect(**options, login=ClientCertificate(file, file, role="other")).encrypt(b"x", "c")
    with pytest.raises(ValueError, match="https"):
        connect(addr="http://127.0.0.1:1", login=ClientCertificate(file, file))


def test_servers_that_are_not_trusted_fail_at_once(
    connect: Connect, behind_tls: tuple[Server, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, _ = behind_tls
    assert server.tls is not None
    with pytest.raises(Unavailable, match="not trusted"):
        connect(addr=server.address, token="t").encrypt(b"x", "c")
    monkeypatch.setenv("CRYPTOSERVE_CACERT", str(server.tls.authority))
    client = connect(addr=server.address.replace("127.0.0.1", "localhost"), token=server.root_token)
    assert client.decrypt(client.encrypt(b"x", "c"), "c") == b"x"


def test_tokens_are_renewed_at_two_thirds(
    connect: Connect, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = _Clock(monkeypatch)
    client = connect(addr=scripted.address, login=AppRole("r", "s"))
    scripted.plays = [granted("one", 60), OK]
    client.encrypt(b"x", "c")
    clock.ahead += 39
    client.encrypt(b"x", "c")
    assert _paths(scripted) == ["auth/approle/login", "transit/encrypt/c", "transit/encrypt/c"]
    clock.ahead += 2
    scripted.plays, scripted.sent = [granted("one", 60), OK], []
    client.encrypt(b"x", "c")
    assert _paths(scripted) == ["auth/token/renew-self", "transit/encrypt/c"]
    # It can't be renewed any more: a login brings another.
    clock.ahead += 41
    scripted.plays, scripted.sent = [answer(400, {"errors": ["max"]}), granted("two", 60), OK], []
    client.encrypt(b"x", "c")
    assert _paths(scripted) == ["auth/token/renew-self", "auth/approle/login", "transit/encrypt/c"]
    assert scripted.sent[-1].headers["x-vault-token"] == "two"
    # After its end, nothing is left to renew.
    clock.ahead += 61
    scripted.plays, scripted.sent = [granted("three", 60, renewable=False), OK], []
    client.encrypt(b"x", "c")
    assert _paths(scripted) == ["auth/approle/login", "transit/encrypt/c"]
    clock.ahead += 41
    scripted.plays, scripted.sent = [granted("four", 0), OK], []
    client.encrypt(b"x", "c")
    clock.ahead += 1_000_000
    client.encrypt(b"x", "c")
    assert _paths(scripted) == ["auth/approle/login", "transit/encrypt/c", "transit/encrypt/c"]


def test_a_renewal_that_fails_leaves_a_token_that_holds(
    connect: Connect, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = _Clock(monkeypatch)
    client = connect(addr=scripted.address, login=AppRole("r", "s"))
    scripted.plays = [granted("one", 60), OK]
    client.encrypt(b"x", "c")
    clock.ahead += 41
    scripted.plays, scripted.sent = [answer(503), OK], []
    client.encrypt(b"x", "c")
    client.encrypt(b"x", "c")
    assert _paths(scripted) == ["auth/token/renew-self", "transit/encrypt/c", "transit/encrypt/c"]
    assert scripted.sent[-1].headers["x-vault-token"] == "one"


def test_a_token_of_ones_own_is_looked_up_and_renewed(
    connect: Connect, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = _Clock(monkeypatch)
    client = connect(addr=scripted.address, login=Token("mine"))
    scripted.plays = [answer(200, {"data": {"ttl": 60, "renewable": True}}), OK]
    client.encrypt(b"x", "c")
    clock.ahead += 41
    scripted.plays = [granted("mine", 60), OK]
    client.encrypt(b"x", "c")
    assert _paths(scripted) == [
        "auth/token/lookup-self",
        "transit/encrypt/c",
        "auth/token/renew-self",
        "transit/encrypt/c",
    ]


def test_an_agents_file_is_read_again(
    connect: Connect, scripted: Scripted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clock = _Clock(monkeypatch)
    (tmp_path / "sink").write_text("one")
    client = connect(addr=scripted.address, login=AgentFile(tmp_path / "sink"))
    scripted.plays = [OK]
    client.encrypt(b"x", "c")
    (tmp_path / "sink").write_text("two")
    clock.ahead += session.WATCHED_SECONDS
    client.encrypt(b"x", "c")
    assert [sent.headers["x-vault-token"] for sent in scripted.sent] == ["one", "two"]
    (tmp_path / "sink").write_text("")
    clock.ahead += session.WATCHED_SECONDS
    with pytest.raises(ValueError, match="sink"):
        client.encrypt(b"x", "c")


def test_a_token_that_was_revoked_is_replaced(connect: Connect, server: Server, logins: dict[str, Login]) -> None:
    client, revoked = connect(addr=server.address, login=logins["approle"]), 0
    for _ in range(2):
        client.encrypt(b"x", "c")
        for accessor in server.request("LIST", "auth/token/accessors").data()["keys"]:
            found = server.request("POST", "auth/token/lookup-accessor", {"accessor": accessor}).json()
            if (found.get("data") or {}).get("path") == "auth/approle/login":
                server.request("POST", "auth/token/revoke-accessor", {"accessor": accessor})
                revoked += 1
    assert revoked >= 2
    assert client.encrypt(b"x", "c").startswith("vault:v1:")


def test_a_refusal_to_a_good_token_is_no_reason_to_log_in(connect: Connect, scripted: Scripted) -> None:
    client = connect(addr=scripted.address, login=AppRole("r", "s"))
    denied = answer(403, {"errors": ["permission denied"]})
    scripted.plays = [granted("one", 0), denied, answer(200, {"data": {}})]
    with pytest.raises(PermissionDenied):
        client.rewrap("vault:v1:AAAA", "c")
    assert _paths(scripted) == ["auth/approle/login", "transit/rewrap/c", "auth/token/lookup-self"]


def test_a_login_is_sent_once(connect: Connect, scripted: Scripted) -> None:
    for trouble in (b"", answer(503), answer(429)):
        scripted.plays, scripted.sent = [trouble, granted("one", 60)], []
        with pytest.raises(CryptoServeError):
            connect(addr=scripted.address, login=AppRole("r", "s")).encrypt(b"x", "c")
        assert len(scripted.sent) == 1


@pytest.mark.parametrize(
    "auth",
    [
        None,
        [],
        {},
        {"client_token": "", "lease_duration": 1},
        {"client_token": "a b", "lease_duration": 1},
        {"client_token": "a"},
        {"client_token": "a", "lease_duration": -1},
        {"client_token": "a", "lease_duration": True},
        {"client_token": "a\r\nx: y", "lease_duration": 1},
        {"client_token": "x" * 20_000, "lease_duration": 1},
    ],
)
def test_logins_answered_badly(connect: Connect, scripted: Scripted, auth: object) -> None:
    scripted.plays = [answer(200, {"auth": auth})]
    with pytest.raises(InvalidResponse):
        connect(addr=scripted.address, login=AppRole("r", "s")).encrypt(b"x", "c")


def test_what_is_wrong_with_a_login_is_told(connect: Connect, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not both"):
        connect(token="t", login=AppRole("r", "s"))
    calls: list[tuple[type[Exception], Callable[[], object]]] = [
        (OSError, lambda: connect(login=AppRole("r", tmp_path / "no-file")).encrypt(b"x", "c")),
        (ValueError, lambda: connect(login=AppRole("r", "s", mount="../x")).encrypt(b"x", "c")),
    ]
    for kind, call in calls:
        with pytest.raises(kind):
            call()


def test_reprs_show_no_secret() -> None:
    shown = repr([Token("hush"), AppRole("role", "hush"), Jwt("role", "hush"), AppRole("role", "hush").start()])
    assert "hush" not in shown
    assert "role" in shown


class _Clock:
    """Moves the sessions' time ahead; the network's stays as it is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        monkeypatch.setattr(session, "clock", lambda: time.monotonic() + self.ahead)


def _paths(scripted: Scripted) -> list[str]:
    return [sent.path.removeprefix("/v1/") for sent in scripted.sent]
