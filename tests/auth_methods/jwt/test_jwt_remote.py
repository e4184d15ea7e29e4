"""Keys that a provider publishes, from servers on this machine: rotation, bounds, redirects, discovery, TLS."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from auth_methods.fetching.client import MAX_ANSWER_BYTES, FetchFailed
from auth_methods.fetching.failures import cause_of
from auth_methods.jwt import remote
from auth_methods.jwt.providers.openid import Provider as OidcProvider
from auth_methods.jwt.remote import KeySource, RemoteKeys, fetch_keys
from server.listeners.http1.eager import begin
from tests.auth_methods.fake_web import listening
from tests.support.certificates import write_certificate
from tests.support.places import MovableClock
from tests.support.systems import Server


def new_key(name: str) -> tuple[ec.EllipticCurvePrivateKey, dict[str, Any]]:
    """A private key and its public part as a member of a key set."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key, json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key())) | {"kid": name}


class Provider:
    """What a provider answers, by path: a document, or a status and a place to go to; and how often it was asked."""

    def __init__(self, scheme: str = "http") -> None:
        self.documents: dict[str, Any] = {}
        self.redirects: dict[str, str] = {}
        self.asked: list[str] = []
        self.url = ""
        self.scheme = scheme
        self.encoding = ""

    def publish(self, *members: dict[str, Any]) -> None:
        """Let ``/keys`` be a key set of ``members``."""
        self.documents["/keys"] = {"keys": list(members)}


@contextmanager
def serving(certificate: tuple[Path, Path] | None = None) -> Iterator[Provider]:
    """A provider on a port of this machine."""
    provider = Provider("http" if certificate is None else "https")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked.append(self.path)
            document = provider.documents.get(self.path)
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            target = provider.redirects.get(self.path)
            self.send_response(302 if target is not None else 404 if document is None else 200)
            if target is not None:
                self.send_header("Location", target)
            if provider.encoding:
                self.send_header("Content-Encoding", provider.encoding)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                pass  # The client had enough.

    with listening(Handler, certificate) as provider.url:
        yield provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider with one key, ``first``."""
    with serving() as made:
        made.publish(new_key("first")[1])
        yield made


async def test_keys_are_kept_and_fetched_anew_in_time(provider: Provider) -> None:
    clock = MovableClock()
    keys = RemoteKeys(KeySource(provider.url + "/keys"), clock)
    assert [key.id for key in await keys.matching("first")] == ["first"]
    clock.advance(remote.FRESH_SECONDS - 1)
    assert len(await keys.matching("")) == 1
    assert len(provider.asked) == 1
    clock.advance(2)
    assert len(await keys.matching("first")) == 1
    assert len(provider.asked) == 2


async def test_a_new_key_is_found_early_but_not_asked_for_often(provider: Provider) -> None:
    clock = MovableClock()
    keys = RemoteKeys(KeySource(provider.url + "/keys"), clock)
    await keys.matching("first")
    provider.publish(new_key("second")[1])
    assert await keys.matching("second") == []
    clock.advance(remote.EARLY_SECONDS)
    assert [key.id for key in await keys.matching("second")] == ["second"]
    assert await keys.matching("first") == []
    for _ in range(20):
        assert await keys.matching("made-up") == []
    assert len(provider.asked) == 2


async def test_keys_at_hand_bridge_an_outage_for_an_hour(provider: Provider) -> None:
    clock = MovableClock()
    keys = RemoteKeys(KeySource(provider.url + "/keys"), clock)
    await keys.matching("first")
    provider.documents.clear()
    clock.advance(remote.FRESH_SECONDS + 1)
    assert len(await keys.matching("first")) == 1
    clock.advance(remote.STALE_SECONDS)
    with pytest.raises(FetchFailed, match="404"):
        await keys.matching("first")
    with pytest.raises(FetchFailed, match="a moment ago"):
        await keys.matching("first")


@pytest.mark.parametrize(
    "url",
    [
        "https://xn--a.",
        "https://localhost:99999",
        "https://localhost:" + "9" * 5000,
        "https://\ud800",
        "https://localhost/\ud800",
        "https://" + "a." * 2000,
        "https://[",
        "http://localhost:99999",
        "http://[::1]:99999",
    ],
)
async def test_addresses_that_lead_nowhere_are_a_failed_fetch(url: str) -> None:
    for discovery in (False, True):
        with pytest.raises(FetchFailed):
            await fetch_keys(KeySource(url, discovery=discovery))


async def test_a_redirect_to_nowhere_is_a_failed_fetch(provider: Provider) -> None:
    provider.redirects["/old"] = "https://xn--a."
    with pytest.raises(FetchFailed):
        await fetch_keys(KeySource(provider.url + "/old"))


async def test_redirects_on_the_same_host_alone(provider: Provider) -> None:
    provider.redirects["/old"] = "/keys"
    assert len(await fetch_keys(KeySource(provider.url + "/old"))) == 1
    provider.redirects["/loop"] = "/loop"
    with pytest.raises(FetchFailed, match="too many redirects"):
        await fetch_keys(KeySource(provider.url + "/loop"))
    with serving() as other:
        other.publish(new_key("evil")[1])
        provider.redirects["/away"] = other.url + "/keys"
        with pytest.raises(FetchFailed, match="another host"):
            await fetch_keys(KeySource(provider.url + "/away"))
        assert other.asked == []


@pytest.mark.parametrize("document", [b"zzz", b"[]", b'{"keys": []}', b'{"keys": [{"kty": "oct", "k": "AAAA"}]}'])
async def test_what_is_no_key_set(provider: Provider, document: bytes) -> None:
    provider.documents["/keys"] = document
    with pytest.raises(FetchFailed):
        await fetch_keys(KeySource(provider.url + "/keys"))


async def test_large_answers_are_cut_off(provider: Provider) -> None:
    provider.documents["/keys"] = b" " * (MAX_ANSWER_BYTES + 1)
    with pytest.raises(FetchFailed, match="too large"):
        await fetch_keys(KeySource(provider.url + "/keys"))


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/keys", "ftp://127.0.0.1/keys", "file:///etc/passwd", "zz", "https://"]
)
async def test_urls_that_are_not_fetched(url: str) -> None:
    with pytest.raises(FetchFailed):
        await fetch_keys(KeySource(url))


async def test_discovery(provider: Provider) -> None:
    document = {"issuer": provider.url, "jwks_uri": provider.url + "/keys"}
    path = "/.well-known/openid-configuration"
    source = KeySource(provider.url, discovery=True)
    provider.documents[path] = document
    assert len(await fetch_keys(source)) == 1
    refused: list[object] = [{**document, "issuer": "https://elsewhere"}, {"issuer": provider.url}, []]
    for wrong in refused:
        provider.documents[path] = wrong
        with pytest.raises(FetchFailed):
            await fetch_keys(source)


async def test_a_provider_elsewhere_leads_nowhere_on_this_machine(tmp_path: Path) -> None:
    certificate = write_certificate(tmp_path, "provider")
    with serving(certificate) as provider, serving() as local:
        source = KeySource(provider.url, certificate[0].read_text(), discovery=True)
        for name in ("jwks_uri", "token_endpoint", "userinfo_endpoint"):
            named = {"issuer": provider.url, "jwks_uri": provider.url + "/keys", name: local.url + "/keys"}
            provider.documents["/.well-known/openid-configuration"] = named
            with pytest.raises(FetchFailed, match="without TLS"):
                await fetch_keys(source)
        assert local.asked == []


async def test_packed_answers_are_not_unpacked(provider: Provider) -> None:
    """A few octets could be made into gigabytes."""
    provider.documents["/keys"] = gzip.compress(json.dumps(provider.documents["/keys"]).encode())
    provider.encoding = "gzip"
    with pytest.raises(FetchFailed, match="no JSON"):
        await fetch_keys(KeySource(provider.url + "/keys"))


async def test_a_provider_that_is_down_is_not_asked_by_every_login(provider: Provider) -> None:
    clock = MovableClock()
    asked = OidcProvider(KeySource(provider.url, discovery=True), clock)
    for _ in range(5):
        with pytest.raises(FetchFailed):
            await asked.endpoints()
    assert len(provider.asked) == 1
    endpoints = {"authorization_endpoint": provider.url, "token_endpoint": provider.url}
    provider.documents["/.well-known/openid-configuration"] = {"issuer": provider.url, **endpoints}
    clock.advance(remote.EARLY_SECONDS)
    assert (await asked.endpoints()).token == provider.url
    assert len(provider.asked) == 2


async def test_keys_are_fetched_for_a_request_that_has_not_waited_yet(server: Server, provider: Provider) -> None:
    """Listeners begin with requests before there is a task for them, and httpx2 keeps account of the running task."""
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[int] = loop.create_future()

    async def configure() -> None:
        answered.set_result((await server.ask("POST", "auth/jwt/config", {"jwks_url": provider.url + "/keys"}))[0])

    await server.ask("POST", "sys/auth/jwt", {"type": "jwt"})
    loop.call_soon(begin, loop, configure())
    async with asyncio.timeout(60):
        assert await answered == 204


async def test_a_provider_under_tls(tmp_path: Path) -> None:
    certificate = write_certificate(tmp_path, "provider")
    with serving(certificate) as provider:
        provider.publish(new_key("first")[1])
        trusted = KeySource(provider.url + "/keys", certificate[0].read_text())
        assert len(await fetch_keys(trusted)) == 1
        with pytest.raises(FetchFailed):
            await fetch_keys(KeySource(provider.url + "/keys"))
        with pytest.raises(FetchFailed, match="CA PEM"):
            await fetch_keys(KeySource(provider.url + "/keys", "zz"))


async def test_authorities_of_the_environment_are_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = write_certificate(tmp_path, "provider")
    with serving(certificate) as provider:
        provider.publish(new_key("first")[1])
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        assert len(await fetch_keys(KeySource(provider.url + "/keys"))) == 1


async def test_logging_in_by_discovery(server: Server, provider: Provider) -> None:
    key, member = new_key("k")
    provider.publish(member)
    provider.documents["/.well-known/openid-configuration"] = {
        "issuer": provider.url,
        "jwks_uri": provider.url + "/keys",
    }
    await server.ask("POST", "sys/auth/jwt", {"type": "jwt"})
    assert (await server.ask("POST", "auth/jwt/config", {"oidc_discovery_url": provider.url}))[0] == 204
    role = {"role_type": "jwt", "user_claim": "sub", "bound_subject": "alice"}
    assert (await server.ask("POST", "auth/jwt/role/r", role))[0] == 204

    async def log_in(issuer: str, kid: str) -> int:
        claims = {"sub": "alice", "iss": issuer, "iat": int(server.clock())}
        token = jwt.encode(claims, key, "ES256", headers={"kid": kid})
        return (await server.ask("POST", "auth/jwt/login", {"role": "r", "jwt": token}, token=""))[0]

    assert await log_in(provider.url, "k") == 200
    assert await log_in("https://elsewhere", "k") == 400
    assert await log_in(provider.url, "unknown") == 400


def unused_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_failures_say_what_they_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = unused_port()
    with pytest.raises(FetchFailed, match=rf"^http://127\.0\.0\.1:{port}/keys: the connection was refused$"):
        await fetch_keys(KeySource(f"http://127.0.0.1:{port}/keys?secret=x"))
    with pytest.raises(FetchFailed, match=r"/\.well-known/openid-configuration: the connection was refused$"):
        await fetch_keys(KeySource(f"http://user:secret@127.0.0.1:{port}", discovery=True))
    certificate = write_certificate(tmp_path, "provider")
    with serving(certificate) as provider:
        with pytest.raises(FetchFailed, match=r"keys: the certificate isn't trusted: self.signed certificate"):
            await fetch_keys(KeySource(provider.url + "/keys"))
        with pytest.raises(FetchFailed, match=r"keys: status 404$"):
            await fetch_keys(KeySource(provider.url + "/keys", certificate[0].read_text()))
    with serving() as plain:
        with pytest.raises(FetchFailed, match=r"keys: TLS failed: \w+$"):
            await fetch_keys(KeySource(plain.url.replace("http:", "https:") + "/keys"))

    async def nowhere(*arguments: Any, **named: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop().__class__, "getaddrinfo", nowhere, raising=False)
    with pytest.raises(FetchFailed, match=r"^https://nowhere\.example/keys: there is no such host$"):
        await fetch_keys(KeySource("https://nowhere.example/keys"))


def _because(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx2.ReadTimeout("x"), "there was no answer in time"),
        (_because(httpx2.ConnectTimeout("x"), TimeoutError()), "there was no connection in time"),
        (TimeoutError(), "it took too long"),
        (httpx2.RemoteProtocolError("what it sent"), "RemoteProtocolError"),
        (_because(httpx2.ConnectError("x"), OSError(101, "Network is unreachable")), "network is unreachable"),
        (
            _because(httpx2.ConnectError("x"), socket.gaierror(socket.EAI_AGAIN, "no")),
            "the host can't be looked up: no",
        ),
        (
            _because(httpx2.ConnectError("x"), ExceptionGroup("all", [OSError(), ConnectionRefusedError(111, "x")])),
            "the connection was refused",
        ),
        (_because(httpx2.ConnectError("x"), httpx2.ConnectError("y")), "ConnectError"),
    ],
)
def test_causes_are_told_by_the_kinds_of_errors(error: BaseException, words: str) -> None:
    assert cause_of(error) == words


def test_a_circle_of_causes_comes_to_an_end() -> None:
    error = httpx2.ConnectError("x")
    assert cause_of(_because(error, _because(httpx2.ConnectError("y"), error))) == "ConnectError"


async def test_a_failed_login_is_logged_with_its_cause_and_request(
    server: Server, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    key, member = new_key("k")
    provider.publish(member)
    await server.ask("POST", "sys/auth/jwt", {"type": "jwt"})
    port = unused_port()
    status, answer = await server.ask("POST", "auth/jwt/config", {"jwks_url": f"http://127.0.0.1:{port}/keys"})
    assert (status, answer) == (400, {"errors": ["error checking jwks URL"]})
    assert caplog.messages[-1] == (f"error checking jwks URL: http://127.0.0.1:{port}/keys: the connection was refused")
    configured = {"jwks_url": f"http://127.0.0.1:{port}/keys", "skip_jwks_validation": True}
    assert (await server.ask("POST", "auth/jwt/config", configured))[0] in (200, 204)
    role = {"role_type": "jwt", "user_claim": "sub", "bound_subject": "alice"}
    assert (await server.ask("POST", "auth/jwt/role/r", role))[0] == 204
    token = jwt.encode({"sub": "alice", "exp": int(server.clock()) + 60}, key, algorithm="ES256", headers={"kid": "k"})
    for again in ("", r" \(a moment ago\)"):
        assert (await server.ask("POST", "auth/jwt/login", {"role": "r", "jwt": token}, token=""))[0] == 400
        told = caplog.records[-1]
        assert re.fullmatch(
            rf"keys can't be fetched for a login: http://127\.0\.0\.1:{port}/keys: the connection was refused{again}",
            told.getMessage(),
        )
        fields = told.__dict__["fields"]
        assert fields["mount"] == "auth/jwt/"
        assert re.fullmatch(r"[0-9a-f-]{36}", fields["request"])
    assert token not in caplog.text
