"""Logins with a provider in the browser, and callbacks that nobody began there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.support.providers import pypi_provider
from tests.support.servers import Server
from tests.wire.console.visits import open_window

# The provider runs in a thread of this process, and warns of libraries of its own.
pytestmark = pytest.mark.filterwarnings("ignore")

_LINK = "Log in with the company"


@pytest.fixture(scope="module")
def provider(server: Server) -> Iterator[str]:
    """A provider, which the mount ``oidc`` of the server logs in with."""
    with pypi_provider() as address:
        config = {"listing_visibility": "unauth"}
        mount = {"type": "oidc", "description": "the company", "config": config}
        assert server.request("POST", "sys/auth/oidc", mount).status == 204
        client = {"oidc_discovery_url": address, "oidc_client_id": "c", "oidc_client_secret": "s", "default_role": "r"}
        assert server.request("POST", "auth/oidc/config", client).status == 204
        role = {
            "user_claim": "sub",
            "allowed_redirect_uris": f"{server.address}/ui/callback/oidc",
            "policies": "orders",
        }
        assert server.request("POST", "auth/oidc/role/r", role).status == 204
        yield address


def _at_provider(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/ui/login")
    page.get_by_role("link", name=_LINK).click()
    page.locator("input[name=sub]").fill("anna")


def _submit(page: Page) -> None:
    page.get_by_role("button", name="Authorize").click()


def test_a_person_comes_back_logged_in(context: BrowserContext, server: Server, provider: str) -> None:
    page = context.new_page()
    _at_provider(page, server)
    _submit(page)
    page.wait_for_url("**/ui/")
    page.get_by_role("button", name="Log out").wait_for()
    cookies = {cookie["name"]: cookie for cookie in context.cookies(server.address)}
    assert cookies.keys() == {"__Host-session"}
    assert cookies["__Host-session"]["sameSite"] == "Strict"


def test_a_callback_is_used_once_and_by_its_own_browser(context: BrowserContext, server: Server, provider: str) -> None:
    page = context.new_page()
    _at_provider(page, server)
    # The browser doesn't follow the provider back by itself.
    answer = context.request.post(page.url, form={"sub": "anna", "action": "authorize"}, max_redirects=0)
    callback = answer.headers["location"]
    assert context.browser is not None
    other = open_window(context.browser)
    stranger = other.new_page()
    assert stranger.goto(callback).status == 403  # type: ignore[union-attr]
    page.goto(callback)
    page.wait_for_url("**/ui/")
    page.goto(f"{server.address}/ui/login")
    assert page.goto(callback).status == 400  # type: ignore[union-attr]
    other.close()


def test_a_callback_of_another_browser_is_refused_with_a_cookie_too(
    context: BrowserContext, server: Server, provider: str
) -> None:
    page = context.new_page()
    _at_provider(page, server)
    answer = context.request.post(page.url, form={"sub": "anna", "action": "authorize"}, max_redirects=0)
    assert context.browser is not None
    other = open_window(context.browser)
    stranger = other.new_page()
    stranger.goto(f"{server.address}/ui/login")
    assert stranger.goto(answer.headers["location"]).status == 400  # type: ignore[union-attr]
    assert "__Host-session" not in {cookie["name"] for cookie in other.cookies()}
    other.close()


def test_a_login_elsewhere_opens_the_console_here(context: BrowserContext, server: Server, provider: str) -> None:
    role = {
        "user_claim": "sub",
        "callback_mode": "direct",
        "poll_interval": 1,
        "allowed_redirect_uris": f"{server.address}/v1/auth/oidc/oidc/callback",
    }
    assert server.request("POST", "auth/oidc/role/r", role).status == 204
    page = context.new_page()
    page.goto(f"{server.address}/ui/login")
    page.get_by_role("link", name=_LINK).click()
    with context.expect_page() as opened:
        page.get_by_role("link", name="Open the provider's page").click()
    opened.value.locator("input[name=sub]").fill("anna")
    _submit(opened.value)
    opened.value.get_by_role("button", name="Confirm sign-in").click()
    opened.value.get_by_text("You are logged in").wait_for()
    page.wait_for_url("**/ui/")
    page.get_by_text("oidc-anna").wait_for()


def test_a_login_that_isnt_set_up_is_told_in_a_sentence(context: BrowserContext, server: Server) -> None:
    mount = {"type": "oidc", "description": "nothing", "config": {"listing_visibility": "unauth"}}
    server.request("POST", "sys/auth/empty", mount)
    page = context.new_page()
    page.goto(f"{server.address}/ui/login")
    page.get_by_role("link", name="Log in with nothing").click()
    page.get_by_role("heading", name="Not done").wait_for()
