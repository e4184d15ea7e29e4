"""Logins at real OpenID providers: ``oidc-provider`` from npm, and ``oidc-provider-mock`` from PyPI."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
import pytest_asyncio

from tests.auth_methods.jwt.npm_provider import Browser, npm_provider
from tests.support.providers import pypi_provider
from tests.support.systems import Server

RETURN = "http://localhost:8250/oidc/callback"
SECRET = "the client's secret"


@pytest.fixture(scope="module")
def npm() -> Iterator[str]:
    """The address of the provider from npm."""
    with npm_provider(RETURN) as address:
        yield address


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    """The address of the provider from PyPI."""
    with pypi_provider() as address:
        yield address


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A browser of the test's own."""
    made = Browser()
    yield made
    made.close()


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    """A server with a mount ``oidc``."""
    made = await Server().unsealed()
    made.clock.now = time.time()
    assert (await made.ask("POST", "sys/auth/oidc", {"type": "oidc"}))[0] == 204
    yield made
    await made.core.stop()


async def _configure(server: Server, provider: str, **config: Any) -> None:
    given = {"oidc_discovery_url": provider, "oidc_client_id": "client", "oidc_client_secret": SECRET}
    status, answer = await server.ask("POST", "auth/oidc/config", {**given, "default_role": "r", **config})
    assert status == 204, answer


async def _role(server: Server, **role: Any) -> None:
    body = {"user_claim": "sub", "allowed_redirect_uris": RETURN, "token_policies": "web", **role}
    assert (await server.ask("POST", "auth/oidc/role/r", body))[0] == 204


async def _begin(server: Server) -> Any:
    body = {"redirect_uri": RETURN, "client_nonce": "n"}
    return (await server.ask("POST", "auth/oidc/oidc/auth_url", body, token=""))[1]["data"]


async def _end(server: Server, back: dict[str, str]) -> Any:
    query = urlencode({**back, "client_nonce": "n"})
    status, answer = await server.ask("GET", f"auth/oidc/oidc/callback?{query}", token="")
    assert status == 200, answer
    return answer["auth"]


@pytest.mark.parametrize("response_mode", ["query", "form_post"])
async def test_npm_logs_a_person_in(server: Server, npm: str, browser: Browser, response_mode: str) -> None:
    await _configure(server, npm, oidc_response_mode=response_mode)
    claims = {"bound_claims": {"groups": "staff"}, "claim_mappings": {"email": "mail"}, "groups_claim": "groups"}
    await _role(server, oidc_scopes="email,groups", max_age="10m", **claims)
    back = browser.open((await _begin(server))["auth_url"], RETURN)
    assert back["iss"] == npm
    assert (await _end(server, back))["metadata"] == {"role": "r", "mail": "alice@example.com"}
    refused = await server.ask("GET", f"auth/oidc/oidc/callback?{urlencode(back)}", token="")
    assert refused[0] == 400


async def test_npm_renews_and_revokes(server: Server, npm: str, browser: Browser) -> None:
    await _configure(server, npm)
    await _role(server, oidc_scopes="offline_access")
    address = (await _begin(server))["auth_url"]
    auth = await _end(server, browser.open(f"{address}&prompt=consent", RETURN))
    for _ in range(2):
        assert (await server.ask("POST", "auth/token/renew-self", {}, token=auth["client_token"]))[0] == 200
    revoked = httpx2.get(f"{npm}/revoked", trust_env=False).text
    assert (await server.ask("POST", "auth/token/revoke-self", token=auth["client_token"]))[0] == 204
    assert server.core.unsealed is not None and server.core.unsealed.maintenance is not None
    await server.core.unsealed.maintenance.end_grants()
    assert int(httpx2.get(f"{npm}/revoked", trust_env=False).text) == int(revoked) + 1


async def test_npm_logs_a_device_in(server: Server, npm: str, browser: Browser) -> None:
    await _configure(server, npm)
    await _role(server, callback_mode="device")
    begun = await _begin(server)
    polled = {"state": begun["state"], "client_nonce": "n"}
    answer = await server.ask("POST", "auth/oidc/oidc/poll", polled, token="")
    assert answer == (400, {"errors": ["authorization_pending"]})
    assert "Sign-in Success" in browser.open(begun["auth_url"], RETURN)["page"]
    server.clock.advance(5)
    status, answer = await server.ask("POST", "auth/oidc/oidc/poll", polled, token="")
    assert (status, answer["auth"]["policies"]) == (200, ["default", "web"])


async def test_npm_refuses_what_was_not_asked_for(server: Server, npm: str) -> None:
    """A code of nothing, and a wrong secret: the caller learns no more than that it failed."""
    await _configure(server, npm, oidc_client_secret="wrong")
    await _role(server)
    begun = parse_state((await _begin(server))["auth_url"])
    query = urlencode({"state": begun, "code": "x" * 43, "client_nonce": "n"})
    refused = (400, {"errors": ["OpenBao login failed. Error exchanging oidc code."]})
    assert await server.ask("GET", f"auth/oidc/oidc/callback?{query}", token="") == refused


def parse_state(address: str) -> str:
    """The state in the address that a browser is sent to."""
    return httpx2.URL(address).params["state"]


async def test_the_mock_logs_a_person_in_and_locks_it_out(server: Server, mock: str) -> None:
    await _configure(server, mock)
    await _role(server, oidc_scopes="email", user_claim="email")
    with httpx2.Client(trust_env=False) as client:
        answer = client.post((await _begin(server))["auth_url"], data={"sub": "bob@example.com"})
        auth = await _end(server, dict(httpx2.URL(answer.headers["location"]).params))
        looked_up = (await server.ask("GET", "auth/token/lookup-self", token=auth["client_token"]))[1]["data"]
        assert looked_up["display_name"] == "oidc-bob@example.com"
        assert (await server.ask("POST", "auth/token/renew-self", {}, token=auth["client_token"]))[0] == 200
        assert client.post(f"{mock}/users/bob@example.com/revoke-tokens").status_code == 204
    status, answer = await server.ask("POST", "auth/token/renew-self", {}, token=auth["client_token"])
    assert (status, answer["errors"][0]) == (403, "failed to renew entry: the provider says invalid_grant")
