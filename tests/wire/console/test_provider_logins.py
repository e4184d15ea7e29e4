"""Logins through each provider in the browser: the person's groups count, and without them nobody comes in."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.auth_methods.fake_web import Answer, FakeWeb, web_serving
from tests.auth_methods.github.fake_github import CLIENT, SECRET, FakeGitHub
from tests.auth_methods.jwt.npm_provider import npm_provider
from tests.auth_methods.jwt.test_oidc_groups import Directory, service_account
from tests.support.servers import Server

_MODES = ("client", "direct", "device")
_MAX_STEPS = 8
_GROUPS = {
    "oidc": "staff",
    "azure": "object-id",
    "gsuite": "a@example.com",
    "okta": "Everyone",
    "github": "acme/the-admins",
}
"""A group of the person at each provider."""

_SCOPES = {"oidc": "groups", "azure": "overage", "gsuite": "email,domain", "okta": "", "github": ""}


@dataclass
class Providers:
    """All providers, as settings of the mount ``idp``."""

    server: Server
    configs: dict[str, dict[str, Any]]
    apis: dict[str, FakeWeb]

    def use(self, kind: str, mode: str) -> None:
        """Let the login page lead to the provider of this kind."""
        assert self.server.request("POST", "auth/idp/config", {"default_role": "r", **self.configs[kind]}).status == 204
        coming = f"{self.server.address}/ui/callback/idp"
        if mode == "direct":
            coming = f"{self.server.address}/v1/auth/idp/oidc/callback"
        role = {
            "user_claim": {"github": "id", "gsuite": "email"}.get(kind, "sub"),
            "groups_claim": "groups",
            "oidc_scopes": _SCOPES[kind],
            "callback_mode": mode,
            "poll_interval": 1,
            "allowed_redirect_uris": coming,
        }
        assert self.server.request("POST", "auth/idp/role/r", role).status == 204


@pytest.fixture(scope="module")
def providers(server: Server) -> Iterator[Providers]:
    """The provider from npm with fakes of what Azure, Google and Okta have beside it, and a fake of GitHub."""
    mount = {"type": "oidc", "description": "the company", "config": {"listing_visibility": "unauth"}}
    assert server.request("POST", "sys/auth/idp", mount).status == 204
    accessor = server.request("GET", "sys/auth").data()["idp/"]["accessor"]
    for group in _GROUPS.values():
        name = group.replace("/", "-")
        made = server.request("POST", "identity/group", {"name": name, "type": "external", "policies": f"in-{name}"})
        alias = {"name": group, "mount_accessor": accessor, "canonical_id": made.data()["id"]}
        assert server.request("POST", "identity/group-alias", alias).status in (200, 204)
    graph, google, okta, github = FakeWeb(), FakeWeb(), FakeWeb(), FakeGitHub()
    with ExitStack() as stack:
        for web in (graph, google, okta, github):
            stack.enter_context(web_serving(web))
        returns = [f"{server.address}/{path}" for path in ("ui/callback/idp", "v1/auth/idp/oidc/callback")]
        npm = stack.enter_context(npm_provider(*returns))
        client = {"oidc_discovery_url": npm, "oidc_client_id": "client", "oidc_client_secret": "the client's secret"}
        graph.paths["/v1.0/me/getMemberObjects"] = {"value": [_GROUPS["azure"]]}
        Directory(google).groups["anna@example.com"] = [_GROUPS["gsuite"]]
        okta.pages("/api/v1/users/anna/groups", [[], [{"id": "1", "profile": {"name": _GROUPS["okta"]}}]])
        directory = {
            "gsuite_service_account": service_account(google),
            "gsuite_admin_impersonate": "admin@example.com",
            "directory_url": google.url,
            "domain": "example.com",
            "hd": "example.com",
            "fetch_groups": True,
        }
        settings: dict[str, dict[str, Any]] = {
            "azure": {"graph_url": graph.url},
            "gsuite": directory,
            "okta": {"org_url": okta.url, "api_token": "t"},
        }
        configs = {kind: {**client, "provider_config": {"provider": kind, **more}} for kind, more in settings.items()}
        app = {"oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
        configs["github"] = {**app, "provider_config": {"provider": "github", "base_url": github.url}}
        apis = {"azure": graph, "gsuite": google, "okta": okta, "github": github}
        yield Providers(server, {"oidc": client, **configs}, apis)


def _at_github(page: Page, code: str) -> None:
    """Let the app in, or the device with ``code``."""
    if not code:
        page.get_by_role("link", name="Authorize").click()
        return
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("Congratulations").wait_for()


def _at_npm(page: Page, server: Server) -> None:
    """Do what the provider asks for, until the browser has left it, or it says that nothing is left to do."""
    asked = page.locator("[type=submit]").first
    end = page.get_by_text("Sign-in Success")
    for _ in range(_MAX_STEPS):
        if not page.url.startswith(server.address):
            asked.or_(end).first.wait_for()
        if page.url.startswith(server.address) or end.count():
            return
        if page.locator("input[name=login]").count():
            page.locator("input[name=login]").fill("anna")
            page.locator("input[name=password]").fill("any")
        with page.expect_navigation():
            asked.click()
    raise AssertionError(f"the login doesn't end: {page.url}")


def _at_provider(page: Page, server: Server, kind: str, code: str = "") -> None:
    if kind == "github":
        _at_github(page, code)
    else:
        _at_npm(page, server)


def _log_in(context: BrowserContext, server: Server, kind: str, mode: str) -> Page:
    """A page of the console, or the one that says why there is none."""
    page = context.new_page()
    page.goto(f"{server.address}/ui/login")
    page.get_by_role("link", name="Log in with the company").click()
    if mode == "client":
        _at_provider(page, server, kind)
        return page
    code = page.locator("output.code").inner_text() if (kind, mode) == ("github", "device") else ""
    with context.expect_page() as opened:
        page.get_by_role("link", name="Open the provider's page").click()
    _at_provider(opened.value, server, kind, code)
    if mode == "direct":
        opened.value.get_by_role("button", name="Confirm sign-in").click()
        opened.value.get_by_text("You are logged in").wait_for()
    return page


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        pytest.param(kind, mode, marks=() if mode == "client" else pytest.mark.soak)
        for kind, mode in itertools.product(_GROUPS, _MODES)
    ],
)
def test_a_person_comes_in_with_all_groups(
    context: BrowserContext, server: Server, providers: Providers, kind: str, mode: str
) -> None:
    providers.use(kind, mode)
    if kind == "github" and mode == "device":
        github = providers.apis["github"]
        assert isinstance(github, FakeGitHub)
        github.device_answers = ["authorization_pending"] * 100
    page = _log_in(context, server, kind, mode)
    page.wait_for_url("**/ui/")
    ours = {cookie["name"] for cookie in context.cookies(server.address) if cookie["name"].startswith("__Host-")}
    assert ours == {"__Host-session"}
    page.goto(f"{server.address}/ui/logins")
    page.get_by_text(f"in-{_GROUPS[kind].replace('/', '-')}").wait_for()


@pytest.mark.parametrize(
    "kind", ["azure", *(pytest.param(kind, marks=pytest.mark.soak) for kind in ("gsuite", "okta", "github"))]
)
def test_nobody_comes_in_with_fewer_groups(
    context: BrowserContext, server: Server, providers: Providers, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    providers.use(kind, "client")
    path = {
        "azure": "/v1.0/me/getMemberObjects",
        "gsuite": "/admin/directory/v1/groups",
        "okta": "/api/v1/users/anna/groups",
        "github": "/api/v3/user/teams",
    }[kind]
    monkeypatch.setitem(providers.apis[kind].paths, path, Answer({}, 500))
    page = _log_in(context, server, kind, "client")
    page.get_by_text("the groups of the user can't be fetched from the provider").wait_for()
    assert "__Host-session" not in {cookie["name"] for cookie in context.cookies(server.address)}
