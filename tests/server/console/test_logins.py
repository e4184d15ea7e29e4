"""Ways to log in at the console beside a token: GitHub's tokens, and providers whose browser comes back elsewhere."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from server.runtime import plugins
from server.runtime.plugins import load as load_installed
from server.runtime.plugins import names as names_installed
from tests.auth_methods.fake_web import web_serving
from tests.auth_methods.github.fake_github import FakeGitHub
from tests.auth_methods.jwt.test_jwt_browser import Provider, provider_serving
from tests.server.console.browser import TYPED_IN, Browser, Seen
from tests.server.console.conftest import NewBrowser
from tests.support.systems import Server

API = "http://127.0.0.1:8200/v1"
SESSION = "__Host-session"


@pytest.fixture(autouse=True)
def installed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """All auth methods, not only those that most tests of the server have."""
    monkeypatch.setattr(plugins, "load", load_installed)
    monkeypatch.setattr(plugins, "names", names_installed)


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider of the test's own."""
    with provider_serving() as made:
        yield made


async def _ready(server: Server, provider: Provider, mode: str, back: str = "", namespace: str = "") -> None:
    server.clock.now = time.time()
    if namespace:
        await server.ask("POST", f"sys/namespaces/{namespace.rstrip('/')}", {})
    mount = {"type": "oidc", "config": {"listing_visibility": "unauth"}}
    assert (await server.ask("POST", f"{namespace}sys/auth/oidc", mount))[0] == 204
    config = {"oidc_discovery_url": provider.url, "oidc_client_id": "client", "oidc_client_secret": "secret"}
    assert (await server.ask("POST", f"{namespace}auth/oidc/config", {**config, "default_role": "r"}))[0] == 204
    role: dict[str, Any] = {"user_claim": "sub", "callback_mode": mode, "oidc_disable_confirmation": True}
    role["allowed_redirect_uris"] = [back or f"{API}/{namespace}auth/oidc/oidc/callback"]
    assert (await server.ask("POST", f"{namespace}auth/oidc/role/r", role))[0] == 204


def _address(page: Seen) -> str:
    """The provider's address on a page that waits."""
    return next(link for link in page.links() if link.startswith("http"))


def _wait(page: Seen) -> str:
    """The page's own address, at which it asks for the end of the login."""
    return next(link for link in page.links() if "wait=" in link)


@pytest.mark.parametrize("namespace", ["", "team/"])
async def test_a_login_whose_browser_comes_back_to_the_api(
    server: Server, provider: Provider, new_browser: NewBrowser, namespace: str
) -> None:
    await _ready(server, provider, "direct", namespace=namespace)
    browser = new_browser()
    shown = await browser.get(f"/ui/login?namespace={namespace.rstrip('/')}", TYPED_IN)
    page = await browser.get(next(link for link in shown.links() if "start=" in link))
    assert ("meta", {"http-equiv": "refresh", "content": f"5;url={_wait(page)}"}) in page.tags
    waits = await browser.get(_wait(page))
    assert waits.status == 200, waits.text
    assert json.loads((await browser.get(f"{_wait(page)}&live=1")).body) == {"waiting": True}
    came = urlencode(provider.log_in(_address(page)))
    assert (await server.send("GET", f"{namespace}auth/oidc/oidc/callback?{came}", token="")).status == 200
    stranger = new_browser()
    assert (await stranger.get(_wait(page))).status == 403
    await stranger.get("/ui/login", TYPED_IN)
    assert (await stranger.get(_wait(page))).status == 400
    done = await browser.get(_wait(page))
    assert (done.status, done.header("location")) == (303, "/ui/")
    overview = await browser.get("/ui/")
    assert "alice" in overview.text
    assert (f"/ui/keys?namespace={namespace.rstrip('/')}" if namespace else "/ui/keys") in overview.links()
    assert (await browser.get(_wait(page))).status == 403  # The cookie of that login is gone.


async def test_a_login_on_another_device(server: Server, provider: Provider, new_browser: NewBrowser) -> None:
    await _ready(server, provider, "device", "https://unused.example/")
    provider.device_answers = ["authorization_pending"]
    browser = new_browser()
    page = await browser.get("/ui/login?start=oidc/")
    assert "WDJB-MJHT" in page.text
    assert _address(page) == f"{provider.url}/activate"
    assert json.loads((await browser.get(f"{_wait(page)}&live=1")).body) == {"waiting": True}
    assert (await browser.get(_wait(page))).status == 200  # Too early for the provider to be asked.
    server.clock.advance(10)
    done = await browser.get(f"{_wait(page)}&live=1")
    assert json.loads(done.body) == {"waiting": False}
    assert SESSION in done.cookies()
    assert "alice" in (await browser.get("/ui/")).text


async def test_a_refusal_elsewhere_ends_the_waiting(
    server: Server, provider: Provider, new_browser: NewBrowser
) -> None:
    await _ready(server, provider, "device", "https://unused.example/")
    provider.device_answers = ["access_denied"]
    browser = new_browser()
    page = await browser.get("/ui/login?start=oidc/")
    refused = await browser.get(_wait(page))
    assert (refused.status, "authorization failed: access_denied" in refused.text) == (400, True)


@pytest.mark.parametrize("mode", ["client", "direct"])
async def test_a_role_that_allows_no_way_back(
    server: Server, provider: Provider, new_browser: NewBrowser, mode: str
) -> None:
    await _ready(server, provider, mode, "https://elsewhere.example/")
    page = await new_browser().get("/ui/login?start=oidc/")
    assert (page.status, "isn't set up for a default role and this address" in page.text) == (400, True)


@pytest.mark.parametrize("text", ["x", "", "AQ", "%ff", "A" * 20_000])
async def test_an_address_to_wait_at_is_the_servers_own(new_browser: NewBrowser, text: str) -> None:
    browser: Browser = new_browser()
    await browser.get("/ui/login", TYPED_IN)
    assert (await browser.get(f"/ui/login?wait={text}")).status == 400


async def test_a_personal_token_of_github(server: Server, new_browser: NewBrowser) -> None:
    github = FakeGitHub()
    github.token = "ghp_personal"
    with web_serving(github):
        mount = {"type": "github", "config": {"listing_visibility": "unauth"}}
        assert (await server.ask("POST", "sys/auth/hub", mount))[0] == 204
        config = {"organization": "acme", "base_url": f"{github.url}/api/v3"}
        assert (await server.ask("POST", "auth/hub/config", config))[0] == 204
        browser = new_browser()
        page = await browser.get("/ui/login", TYPED_IN)
        assert "POST /v1/auth/hub/login" in page.text
        form = {"mount": "hub/", "csrf_token": page.csrf_token}
        assert (await browser.post("/ui/login", {**form, "token": "ghp_other"})).status >= 400
        assert (await browser.post("/ui/login", {**form, "token": "ghp_personal"})).status == 303
        assert "octo" in (await browser.get("/ui/")).text
