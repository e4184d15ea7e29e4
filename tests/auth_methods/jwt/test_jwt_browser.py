"""Logins through a browser: a provider on this machine, a browser that is a function, and what may go wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
import pytest

from auth_methods.jwt.browser.pending import PENDING_SECONDS
from tests.auth_methods.fake_web import listening
from tests.auth_methods.jwt.test_jwt_remote import new_key
from tests.support.systems import Server

SECRET = "the client's secret"
RETURN = "http://localhost:8250/oidc/callback"
EXPIRED = "OpenBao login failed. Expired or missing OAuth state."


class Provider:
    """An OpenID Connect provider that logs everybody in, and keeps to RFC 7636."""

    def __init__(self) -> None:
        self.key, public = new_key("first")
        self.public = public
        self.url = ""
        self.prefix = ""
        """The path of its URL, below which all of it lies."""
        self.client = "client"
        self.claims: dict[str, Any] = {}
        """Change what the token says; None takes a claim away."""
        self.signed_with: Any = self.key
        self.more: dict[str, Any] | None = None
        """What the userinfo endpoint says beyond the subject."""
        self.discovery: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.exchanges: list[tuple[str, dict[str, str]]] = []
        self.refresh_tokens: list[str] = []
        """The valid ones, if any are granted: each is good once."""
        self.grants_refresh_tokens = False
        self.revoked: list[str] = []
        self.status_of_revocation = 200
        self.device_answers: list[str] = []
        """Errors to the next polls for a device."""

    def log_in(self, address: str) -> dict[str, str]:
        """What the browser is sent back with from the address that it was sent to."""
        parts = urlsplit(address)
        assert address.startswith(f"{self.url}/authorize?")
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert (asked["response_type"], asked["client_id"]) == ("code", self.client)
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"state": asked["state"], "code": code}

    def answer(self, path: str, headers: Any, body: bytes) -> tuple[int, Any]:
        path = path.removeprefix(self.prefix)
        if path == "/.well-known/openid-configuration":
            places = {
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "device_authorization_endpoint": f"{self.url}/device",
                "revocation_endpoint": f"{self.url}/revoke",
            }
            if self.more is not None:
                places["userinfo_endpoint"] = f"{self.url}/userinfo"
            return 200, {"issuer": self.url, **places, **self.discovery}
        if path == "/keys":
            return 200, {"keys": [self.public]}
        if path == "/userinfo" and headers["Authorization"] == "Bearer access":
            return 200, {"sub": "alice", **(self.more or {})}
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if path == "/device":
            where = {"user_code": "WDJB-MJHT", "verification_uri": f"{self.url}/activate", "interval": 1}
            return 200, {"device_code": "device-code", "expires_in": 600, **where}
        if path == "/revoke" and self.status_of_revocation == 200:
            self.revoked.append(form["token"])
        if path == "/revoke":
            return self.status_of_revocation, {}
        return self._exchange(headers, form) if path == "/token" else (404, {})

    def _exchange(self, headers: Any, form: dict[str, str]) -> tuple[int, Any]:
        self.exchanges.append((headers.get("Authorization", ""), form))
        if form["grant_type"].endswith(":device_code"):
            refused = self.device_answers.pop(0) if self.device_answers else ""
            return (400, {"error": refused}) if refused else (200, self._tokens(None))
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] not in self.refresh_tokens:
                return 400, {"error": "invalid_grant", "error_description": "private words"}
            self.refresh_tokens.remove(form["refresh_token"])
            return 200, self._tokens(None)
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if (
            asked is None
            or asked["code_challenge"] != challenge.decode()
            or asked["redirect_uri"] != form["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        return 200, self._tokens(asked["nonce"])

    def _tokens(self, nonce: str | None) -> dict[str, str]:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "alice",
            "aud": self.client,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
        }
        claims = {name: value for name, value in {**claims, **self.claims}.items() if value is not None}
        token = jwt.encode(claims, self.signed_with, "ES256", headers={"kid": "first"})
        granted = {"access_token": "access", "token_type": "Bearer", "id_token": token}
        if self.grants_refresh_tokens:
            self.refresh_tokens.append(f"refresh-{len(self.exchanges)}")
            granted["refresh_token"] = self.refresh_tokens[-1]
        return granted


@contextmanager
def provider_serving() -> Iterator[Provider]:
    """The provider, at a port of this machine."""
    made = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            status, document = made.answer(self.path, self.headers, body)
            encoded = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

    with listening(Handler) as made.url:
        yield made


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider of the test's own."""
    with provider_serving() as made:
        yield made


async def _ready(server: Server, provider: Provider, **role: Any) -> None:
    server.clock.now = time.time()
    assert (await server.ask("POST", "sys/auth/oidc", {"type": "oidc"}))[0] == 204
    config = {
        "oidc_discovery_url": provider.url,
        "oidc_client_id": "client",
        "oidc_client_secret": SECRET,
        "default_role": "r",
    }
    assert (await server.ask("POST", "auth/oidc/config", config))[0] == 204
    body = {"user_claim": "sub", "allowed_redirect_uris": RETURN, "token_policies": "web", **role}
    assert (await server.ask("POST", "auth/oidc/role/r", body))[0] == 204


async def _begin(server: Server, **body: Any) -> str:
    status, answer = await server.ask("POST", "auth/oidc/oidc/auth_url", {"redirect_uri": RETURN, **body}, token="")
    assert status == 200, answer
    address: str = answer["data"]["auth_url"]
    return address


async def _end(server: Server, **brought: str) -> tuple[int, Any]:
    status, answer = await server.ask("GET", f"auth/oidc/oidc/callback?{urlencode(brought)}", token="")
    return status, answer["auth"] if status == 200 else answer["errors"][0]


async def test_a_person_logs_in(server: Server, provider: Provider) -> None:
    await _ready(server, provider, oidc_scopes="profile,email")
    address = await _begin(server, client_nonce="mine")
    assert parse_qs(urlsplit(address).query)["scope"] == ["openid profile email"]
    status, auth = await _end(server, **provider.log_in(address), client_nonce="mine")
    assert (status, auth["policies"], auth["metadata"]) == (200, ["default", "web"], {"role": "r"})
    header, form = provider.exchanges[0]
    assert header == "Basic " + base64.b64encode(b"client:the+client%27s+secret").decode()
    assert form["grant_type"] == "authorization_code"
    assert SECRET not in str(form)
    token = auth["client_token"]
    looked_up = (await server.ask("GET", "auth/token/lookup-self", token=token))[1]["data"]
    assert (looked_up["display_name"], looked_up["path"]) == ("oidc-alice", "auth/oidc/oidc/callback")
    assert (await server.ask("POST", "auth/token/renew-self", {}, token=token))[0] == 200
    shown = (await server.ask("GET", "auth/oidc/config"))[1]["data"]
    assert (shown["oidc_client_id"], SECRET in str(shown)) == ("client", False)


async def test_the_secret_goes_where_the_provider_wants_it(server: Server, provider: Provider) -> None:
    provider.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    await _ready(server, provider)
    assert (await _end(server, **provider.log_in(await _begin(server))))[0] == 200
    header, form = provider.exchanges[0]
    assert (header, form["client_id"], form["client_secret"]) == ("", "client", SECRET)


async def test_what_is_known_of_the_user_beyond_the_token(server: Server, provider: Provider) -> None:
    provider.more = {"team": "shop", "iss": "somebody else"}
    await _ready(server, provider, bound_claims={"team": "shop"}, claim_mappings={"team": "team", "iss": "issuer"})
    auth = (await _end(server, **provider.log_in(await _begin(server))))[1]
    assert auth["metadata"] == {"role": "r", "team": "shop", "issuer": provider.url}  # The signed token counts more.
    provider.more = {"sub": "mallory", "team": "shop"}
    status, said = await _end(server, **provider.log_in(await _begin(server)))
    assert (status, "another user" in said) == (400, True)


async def test_a_state_is_good_once_and_for_minutes(server: Server, provider: Provider) -> None:
    await _ready(server, provider)
    for brought in ({}, {"state": "x", "code": "y"}, {"state": "A" * 10_000, "code": "y"}):
        assert await _end(server, **brought) == (400, EXPIRED)
    back = provider.log_in(await _begin(server))
    provider.codes["again"] = dict(provider.codes[back["code"]])
    assert (await _end(server, **back))[0] == 200
    assert await _end(server, state=back["state"], code="again") == (400, EXPIRED)
    back = provider.log_in(await _begin(server))
    state = back["state"]
    changed = state[:-2] + ("AA" if state[-2:] != "AA" else "BB")
    for other in (changed, state + "=", state + "\n", state[:20] + state[21:]):
        status, said = await _end(server, state=other, code=back["code"])
        assert (status, said) == (400, EXPIRED)
    server.clock.now += PENDING_SECONDS
    assert await _end(server, **back) == (400, EXPIRED)
    assert len(provider.exchanges) == 1


async def test_who_ends_a_login_is_who_began_it(server: Server, provider: Provider) -> None:
    await _ready(server, provider)
    for said_by in ({}, {"client_nonce": "yours"}):
        back = provider.log_in(await _begin(server, client_nonce="mine"))
        assert await _end(server, **back, **said_by) == (400, "invalid client_nonce")
        assert await _end(server, **back, client_nonce="mine") == (400, EXPIRED)  # It was taken.
    assert not provider.exchanges


async def test_a_code_of_another_login_is_refused(server: Server, provider: Provider) -> None:
    """Neither the proof key nor the nonce fits, even from a provider that doesn't look at the one."""
    await _ready(server, provider)
    mine, theirs = provider.log_in(await _begin(server)), provider.log_in(await _begin(server))
    status, said = await _end(server, state=mine["state"], code=theirs["code"])
    assert (status, said) == (400, "OpenBao login failed. Error exchanging oidc code.")
    mine = provider.log_in(await _begin(server))
    provider.claims = {"nonce": "of another login"}
    status, said = await _end(server, **mine)
    assert (status, "nonce" in said) == (400, True)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": None},
        {"aud": "another"},
        {"aud": None},
        {"aud": ["client", "another"]},
        {"aud": ["client", "another"], "azp": "another"},
        {"iss": "https://another"},
        {"exp": 1},
        {"sub": None},
    ],
)
async def test_tokens_that_are_not_for_this_login(server: Server, provider: Provider, claims: dict[str, Any]) -> None:
    await _ready(server, provider)
    provider.claims = claims
    status, said = await _end(server, **provider.log_in(await _begin(server)))
    assert (status, said.startswith("OpenBao login failed. ")) == (400, True)
    provider.claims = {"aud": ["client", "another"], "azp": "client"}
    assert (await _end(server, **provider.log_in(await _begin(server))))[0] == 200


async def test_another_key_signs_nothing(server: Server, provider: Provider) -> None:
    await _ready(server, provider)
    provider.signed_with = new_key("first")[0]
    status, said = await _end(server, **provider.log_in(await _begin(server)))
    assert (status, "signature" in said) == (400, True)


async def test_a_login_long_ago_does_not_do(server: Server, provider: Provider) -> None:
    await _ready(server, provider, max_age="10m")
    now = int(time.time())
    for at, status in ((now - 60, 200), (now - 3600, 400), (None, 400)):
        provider.claims = {"auth_time": at}
        assert (await _end(server, **provider.log_in(await _begin(server))))[0] == status


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        (RETURN, True),
        ("http://localhost:9999/oidc/callback", True),
        ("http://localhost/oidc/callback", True),
        ("http://127.0.0.1:8250/oidc/callback", False),
        ("https://localhost:8250/oidc/callback", False),
        ("http://localhost:8250/oidc/callback/", False),
        ("http://localhost:8250/oidc/callback?a=b", False),
        ("http://localhost:8250@evil.example/oidc/callback", False),
        ("http://evil@localhost:8250/oidc/callback", False),
        ("http://localhost.evil.example:8250/oidc/callback", False),
        ("http://localhost:x/oidc/callback", False),
        ("https://app.example/cb", True),
        ("https://app.example:444/cb", False),
        ("https://app.example/cb2", False),
    ],
)
async def test_the_browser_comes_back_where_the_role_says(
    server: Server, provider: Provider, address: str, allowed: bool
) -> None:
    await _ready(server, provider, allowed_redirect_uris=f"{RETURN},https://app.example/cb")
    assert bool(await _begin(server, redirect_uri=address)) is allowed


@pytest.mark.parametrize(
    ("given", "at_provider", "namespace"),
    [
        (f"{RETURN}?namespace=team%2Fa", RETURN, "team/a"),
        (f"{RETURN}?y=2&namespace=q&x=1&namespace=r", f"{RETURN}?x=1&y=2", "q"),
        (RETURN, RETURN, ""),
        (f"{RETURN}?namespace=", "", ""),
        (f"{RETURN}?y=2&x=1", "", ""),
    ],
)
async def test_the_namespace_of_an_address_goes_into_the_state(
    server: Server, provider: Provider, given: str, at_provider: str, namespace: str
) -> None:
    """As OpenBao answers, whose interface splits the state again."""
    await _ready(server, provider, allowed_redirect_uris=[RETURN, f"{RETURN}?x=1&y=2"])
    asked = dict(parse_qsl(urlsplit(await _begin(server, redirect_uri=given)).query))
    assert asked.get("redirect_uri", "") == at_provider
    state, _, carried = asked.get("state", "").partition(",ns=")
    assert carried == namespace
    if namespace:
        brought = {"code": "wrong", "state": f"{state},ns={namespace}"}
        assert await _end(server, **brought) == (400, "OpenBao login failed. Expired or missing OAuth state.")
        assert "exchanging oidc code" in (await _end(server, **{**brought, "state": state}))[1]


async def test_an_address_keeps_its_namespace_where_it_is_so_configured(server: Server, provider: Provider) -> None:
    address = f"{RETURN}?namespace=team"
    await _ready(server, provider, allowed_redirect_uris=address)
    config = {"oidc_discovery_url": provider.url, "oidc_client_id": "client", "oidc_client_secret": SECRET}
    body = {**config, "default_role": "r", "namespace_in_state": False}
    assert (await server.ask("POST", "auth/oidc/config", body))[0] == 204
    asked = dict(parse_qsl(urlsplit(await _begin(server, redirect_uri=address)).query))
    assert (asked["redirect_uri"], ",ns=" in asked["state"]) == (address, False)


async def test_what_cannot_be_begun(server: Server, provider: Provider) -> None:
    await _ready(server, provider)
    jwt_role = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": "x"}
    assert (await server.ask("POST", "auth/oidc/role/j", jwt_role))[0] == 204
    for body, said in (
        ({"redirect_uri": ""}, "missing redirect_uri"),
        ({"role": "none"}, 'role "none" could not be found'),
        ({"redirect_uri": "x" * 3000}, "redirect_uri or client_nonce is too long"),
    ):
        answer = await server.ask("POST", "auth/oidc/oidc/auth_url", {"redirect_uri": RETURN, **body}, token="")
        assert answer == (400, {"errors": [said]})
    assert await _begin(server, role="j") == ""
    status, answer = await server.ask("POST", "auth/oidc/login", {"role": "r", "jwt": "a.b.c"}, token="")
    assert (status, answer["errors"]) == (400, ["role with oidc role_type is not allowed"])
    assert (await server.ask("POST", "auth/oidc/config", {"oidc_discovery_url": provider.url}))[0] == 204
    body = {"redirect_uri": RETURN}
    status, answer = await server.ask("POST", "auth/oidc/oidc/auth_url", body, token="")
    assert (status, answer["errors"]) == (400, ["OIDC login is not configured for this mount"])


async def test_beginning_stores_nothing(server: Server, provider: Provider) -> None:
    await _ready(server, provider)
    await _begin(server)
    revision = server.core.runtime.store.revision
    for _ in range(20):
        await _begin(server)
    assert server.core.runtime.store.revision == revision


async def test_a_refusal_of_the_provider_is_told(server: Server, provider: Provider) -> None:
    await _ready(server, provider)
    state = provider.log_in(await _begin(server))["state"]
    assert await _end(server, state=state, error="access_denied") == (400, "OpenBao login failed. access_denied")
    state = provider.log_in(await _begin(server))["state"]
    assert (await _end(server, state=state))[0] == 400
    provider.discovery = {"token_endpoint": "http://example.com/token"}  # In the clear, to another machine.
    server.clock.now += 301
    status, said = await _end(server, **provider.log_in(await _begin(server)))
    assert (status, said) == (400, "OpenBao login failed. Error exchanging oidc code.")
