"""Sessions, their cookies, and protection against other sites."""

from __future__ import annotations

import pytest

from server.config.schema import LOGIN_FAILURES_PER_MINUTE
from server.console import sessions
from server.console.frontend import CONTENT_SECURITY_POLICY
from server.console.sessions import MAX_PER_OWNER
from server.runtime import plugins
from server.runtime.plugins import load as load_installed
from server.runtime.plugins import names as names_installed
from tests.server.console.browser import SAME_ORIGIN, TYPED_IN, Browser
from tests.server.console.conftest import NewBrowser
from tests.support.systems import Server

SESSION = "__Host-session"
LOGIN = "__Host-login"


async def test_cookies_have_all_their_attributes(server: Server, new_browser: NewBrowser) -> None:
    browser = new_browser()
    page = await browser.get("/ui/login", TYPED_IN)
    assert page.cookies()[LOGIN].partition("; ")[2] == "Path=/; Secure; HttpOnly; SameSite=Lax"
    answer = await browser.post("/ui/login", {"token": server.root_token, "csrf_token": page.csrf_token})
    assert answer.cookies()[SESSION].partition("; ")[2] == "Path=/; Secure; HttpOnly; SameSite=Strict"
    assert "Max-Age=0" in answer.cookies()[LOGIN]


async def test_pages_have_their_headers(browser: Browser) -> None:
    page = await browser.get("/ui/")
    assert page.status == 200
    assert page.header("content-security-policy") == CONTENT_SECURITY_POLICY
    assert [value for name, value in page.headers if name == "content-security-policy"] == [CONTENT_SECURITY_POLICY]
    assert page.header("referrer-policy") == "no-referrer"
    assert page.header("cache-control") == "no-store"
    assert page.header("x-content-type-options") == "nosniff"
    assert page.header("x-vault-request-id")


async def test_redirects_and_downloads_have_them_too(browser: Browser, new_browser: NewBrowser) -> None:
    for answer in (
        await new_browser().get("/ui/keys"),
        await browser.get("/ui/?live=1"),
        await browser.get("/ui/inventory?cbom=cyclonedx-1.6"),
        await browser.get("/ui/keys", {"sec-fetch-site": "same-site"}),
    ):
        policies = [value for name, value in answer.headers if name == "content-security-policy"]
        assert (policies, answer.header("referrer-policy")) == ([CONTENT_SECURITY_POLICY], "no-referrer")


async def test_headers_are_those_that_the_api_sets(server: Server, browser: Browser) -> None:
    policy = "default-src 'none'; frame-ancestors https://portal.example"
    await server.ask("POST", "sys/config/ui/headers/content-security-policy", {"values": [policy]})
    assert (await browser.get("/ui/")).header("content-security-policy") == policy


async def test_the_token_is_nowhere_in_the_browser(server: Server, browser: Browser) -> None:
    page = await browser.get("/ui/logins")
    assert server.root_token not in page.body.decode()
    assert all(server.root_token not in value for value in browser.cookies.values())


async def test_the_api_ignores_cookies(browser: Browser) -> None:
    answer = await browser.get("/v1/transit/keys/orders")
    assert answer.status == 403


async def test_a_session_ends_when_it_is_idle(server: Server, browser: Browser) -> None:
    server.clock.advance(14 * 60)
    assert (await browser.get("/ui/")).status == 200
    server.clock.advance(14 * 60)
    assert (await browser.get("/ui/")).status == 200
    server.clock.advance(15 * 60)
    assert await _own_tokens(server) == 1
    assert (await browser.get("/ui/")).header("location").startswith("/ui/login")
    assert await _own_tokens(server) == 0


async def _own_tokens(server: Server) -> int:
    """The number of tokens that were made for sessions."""
    _, answer = await server.ask("LIST", "auth/token/accessors")
    shown = [
        (await server.ask("POST", "auth/token/lookup-accessor", {"accessor": accessor}))[1]["data"]["display_name"]
        for accessor in answer["data"]["keys"]
    ]
    return shown.count("token-console")


async def test_sessions_that_nobody_comes_back_to_end_with_later_logins(
    server: Server, new_browser: NewBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "SWEPT_OWNERS", 2)
    for _ in range(5):
        _, made = await server.ask("POST", "auth/token/create", {"policies": ["root"]})
        await new_browser().log_in(made["auth"]["client_token"])
    server.clock.advance(16 * 60)
    for _ in range(6):
        await new_browser().log_in(server.root_token)
    assert await _own_tokens(server) == 6


async def test_live_updates_are_no_activity(server: Server, browser: Browser) -> None:
    for _ in range(14):
        server.clock.advance(60)
        assert (await browser.get("/ui/?live=1")).status == 200
    server.clock.advance(60)
    assert (await browser.get("/ui/?live=1")).status == 303


async def test_a_session_ends_after_eight_hours(server: Server, browser: Browser) -> None:
    for _ in range(47):
        server.clock.advance(10 * 60)
        assert (await browser.get("/ui/")).status == 200
    server.clock.advance(10 * 60)
    assert (await browser.get("/ui/")).status == 303


async def test_a_session_ends_with_its_token(server: Server, browser: Browser) -> None:
    _, answer = await server.ask("LIST", "auth/token/accessors")
    for accessor in answer["data"]["keys"]:
        _, shown = await server.ask("POST", "auth/token/lookup-accessor", {"accessor": accessor})
        if shown["data"]["display_name"] == "token-console":
            await server.ask("POST", "auth/token/revoke-accessor", {"accessor": accessor})
    assert (await browser.get("/ui/")).header("location").startswith("/ui/login")


async def test_logging_out_revokes(server: Server, browser: Browser, new_browser: NewBrowser) -> None:
    cookie = dict(browser.cookies)
    page = await browser.get("/ui/")
    answer = await browser.post("/ui/logout", {"csrf_token": page.csrf_token})
    assert (answer.status, answer.header("location")) == (303, "/ui/login")
    again = new_browser()
    again.cookies.update(cookie)
    assert (await again.get("/ui/")).status == 303
    _, answer_ = await server.ask("LIST", "auth/token/accessors")
    assert len(answer_["data"]["keys"]) == 1


async def test_one_ends_only_ones_own_sessions(server: Server, browser: Browser, new_browser: NewBrowser) -> None:
    other = new_browser()
    _, made = await server.ask("POST", "auth/token/create", {"policies": ["default"]})
    await other.log_in(made["auth"]["client_token"])
    foreign = other.cookies[SESSION].split(".")[1]
    page = await browser.get("/ui/")
    await browser.post("/ui/logout", {"csrf_token": page.csrf_token, "session": foreign})
    assert (await other.get("/ui/")).status == 200


async def test_sessions_of_one_owner_are_bounded(server: Server, new_browser: NewBrowser) -> None:
    _, made = await server.ask("POST", "auth/token/create", {"policies": ["default"]})
    browsers = [new_browser() for _ in range(MAX_PER_OWNER + 2)]
    for browser in browsers:
        server.clock.advance(1)
        await browser.log_in(made["auth"]["client_token"])
    assert [(await browser.get("/ui/")).status for browser in browsers[:3]] == [303, 303, 200]
    assert await _own_tokens(server) <= MAX_PER_OWNER


async def test_a_token_that_may_make_tokens_has_as_many_sessions(server: Server, new_browser: NewBrowser) -> None:
    browsers = [new_browser() for _ in range(MAX_PER_OWNER + 2)]
    for browser in browsers:
        server.clock.advance(1)
        await browser.log_in(server.root_token)
    assert [(await browser.get("/ui/")).status for browser in browsers[:3]] == [303, 303, 200]
    assert await _own_tokens(server) == MAX_PER_OWNER


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (SAME_ORIGIN, 200),
        ({"origin": "http://127.0.0.1:8200"}, 200),
        ({}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:9999"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        (TYPED_IN, 403),
    ],
)
async def test_forms_from_elsewhere_are_refused(browser: Browser, headers: dict[str, str], status: int) -> None:
    page = await browser.get("/ui/keys/transit/orders")
    form = {"form": "rotate", "csrf_token": page.csrf_token}
    assert (await browser.post("/ui/keys/transit/orders", form, headers)).status == status
    shown = await browser.get("/ui/keys/transit/orders")
    assert ("v2" in shown.text) == (status == 200)


async def test_a_form_without_its_token_is_refused(browser: Browser) -> None:
    for token in ("", "x", "\udcff"):
        form = {"form": "rotate"} | ({"csrf_token": token.encode("utf-8", "replace").decode()} if token else {})
        assert (await browser.post("/ui/keys/transit/orders", form)).status == 403


async def test_a_link_from_another_site_finds_the_session(browser: Browser, new_browser: NewBrowser) -> None:
    """Such a request has no cookie: the page loads once more, and then comes from the console itself."""
    first = await new_browser().get("/ui/keys?q=a", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"})
    assert (first.status, first.header("refresh")) == (200, "0;url=/ui/keys?q=a")
    assert (await browser.get("/ui/keys?q=a")).status == 200


async def test_another_port_reads_nothing_with_the_cookie(browser: Browser) -> None:
    assert (await browser.get("/ui/", {"sec-fetch-site": "same-site"})).status == 403


async def test_guessed_tokens_are_limited(server: Server, new_browser: NewBrowser) -> None:
    browser = new_browser()
    page = await browser.get("/ui/login", TYPED_IN)
    statuses = set()
    for number in range(LOGIN_FAILURES_PER_MINUTE + 2):
        form = {"token": f"s.{number}", "csrf_token": page.csrf_token}
        statuses.add((await browser.post("/ui/login", form)).status)
    assert statuses == {403, 429}


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/ui/../v1/", "/ui/\\evil", "javascript:1"]
)
async def test_a_login_leads_only_to_the_console(server: Server, new_browser: NewBrowser, target: str) -> None:
    browser = new_browser()
    page = await browser.get("/ui/login", TYPED_IN)
    form = {"token": server.root_token, "csrf_token": page.csrf_token, "next": target}
    assert (await browser.post("/ui/login", form)).header("location") == "/ui/"


async def test_a_login_with_a_name_and_a_password(
    server: Server, new_browser: NewBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins, "load", load_installed)
    monkeypatch.setattr(plugins, "names", names_installed)
    await server.ask("POST", "sys/auth/people", {"type": "userpass", "config": {"listing_visibility": "unauth"}})
    await server.ask("POST", "auth/people/users/anna", {"password": "a long password"})
    browser = new_browser()
    page = await browser.get("/ui/login", TYPED_IN)
    form = {"mount": "people/", "username": "anna", "password": "wrong", "csrf_token": page.csrf_token}
    answer = await browser.post("/ui/login", form)
    assert answer.status == 400, answer.text
    answer = await browser.post("/ui/login", {**form, "password": "a long password"})
    assert answer.status == 303
    assert "anna" in (await browser.get("/ui/")).text


@pytest.mark.parametrize("path", ["/ui/none", "/ui/keys/transit", "/ui//keys", "/ui/keys/a/b/", "/ui/callback"])
async def test_what_is_no_page_is_told_on_one(browser: Browser, path: str) -> None:
    page = await browser.get(path)
    assert page.status == 404
    assert page.header("content-security-policy") == CONTENT_SECURITY_POLICY


@pytest.mark.parametrize("path", ["/ui/keys", "/ui/login", "/ui/crypto-policy"])
async def test_a_slash_too_many_leads_to_the_page(browser: Browser, path: str) -> None:
    answer = await browser.get(f"{path}/", {**SAME_ORIGIN, "host": "evil.example"})
    assert (answer.status, answer.header("location")) == (303, path)


@pytest.mark.parametrize("value", ["", "short", "a" * 5000, "a" * 40 + " b", "\u00e9" * 40, "a" * 40 + "\\r\\nX: y"])
async def test_a_login_cookie_of_others_is_replaced(new_browser: NewBrowser, value: str) -> None:
    browser = new_browser()
    browser.cookies["__Host-login"] = value
    page = await browser.get("/ui/login", TYPED_IN)
    assert (len(browser.cookies["__Host-login"]) == 43 and value not in page.cookies()["__Host-login"]) or not value
