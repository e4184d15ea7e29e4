"""Logins whose browser comes back to the server, or not at all: the modes direct and device, and form_post."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from auth_methods.jwt.browser.pending import PENDING_SECONDS
from auth_methods.jwt.logins import poll_pace
from server.core.settings import Settings
from tests.auth_methods.fake_web import Answer
from tests.auth_methods.github.fake_github import FakeGitHub, enable_github
from tests.auth_methods.jwt.test_jwt_browser import Provider, provider_serving
from tests.support.systems import Server

RETURN = "https://bao.example/v1/auth/oidc/oidc/callback"
EXPIRED = "OpenBao login failed. Expired or missing OAuth state."
PENDING = (400, "authorization_pending")


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider of the test's own."""
    with provider_serving() as made:
        yield made


async def _ready(server: Server, provider: Provider, *, config: Any = None, **role: Any) -> None:
    server.clock.now = time.time()
    assert (await server.ask("POST", "sys/auth/oidc", {"type": "oidc"}))[0] == 204
    given = {"oidc_discovery_url": provider.url, "oidc_client_id": "client", "oidc_client_secret": "secret"}
    assert (await server.ask("POST", "auth/oidc/config", {**given, "default_role": "r", **(config or {})}))[0] == 204
    body = {"user_claim": "sub", "allowed_redirect_uris": RETURN, "callback_mode": "direct", **role}
    assert (await server.ask("POST", "auth/oidc/role/r", body))[0] == 204


async def _begin(server: Server, nonce: str = "mine", address: str = "192.0.2.7") -> dict[str, str]:
    body = {"redirect_uri": RETURN, "client_nonce": nonce}
    status, answer = await server.ask("POST", "auth/oidc/oidc/auth_url", body, token="", address=address)
    assert status == 200, answer
    data: dict[str, str] = answer["data"]
    return data


async def _page(server: Server, method: str = "GET", **fields: str) -> tuple[int, str]:
    """What a browser sees that comes back with ``fields``."""
    path = "auth/oidc/oidc/callback"
    if method == "GET":
        answer = await server.send("GET", f"{path}?{urlencode(fields)}", token="")
    else:
        answer = await server.send("POST", path, fields, token="")
    assert (b"content-type", b"text/html; charset=utf-8") in answer.headers, answer.body
    return answer.status, answer.body.decode()


async def _poll(server: Server, state: str, nonce: str = "mine") -> tuple[int, Any]:
    body = {"state": state, "client_nonce": nonce}
    status, answer = await server.ask("POST", "auth/oidc/oidc/poll", body, token="")
    return status, answer["auth"] if status == 200 else answer["errors"][0]


def _fields(page: str) -> dict[str, str]:
    """The fields of the form on a page."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {html.unescape(name): html.unescape(value) for name, value in found}


async def test_the_browser_comes_back_to_the_server(server: Server, provider: Provider) -> None:
    await _ready(server, provider, token_policies="web", poll_interval=2)
    begun = await _begin(server)
    assert begun["poll_interval"] == "2"
    assert await _poll(server, begun["state"]) == PENDING
    back = provider.log_in(begun["auth_url"])
    assert back["state"] == begun["state"]
    status, page = await _page(server, **back)
    assert status == 200
    assert "192.0.2.7" in page and "<dd>r</dd>" in page
    assert not provider.exchanges
    assert await _poll(server, begun["state"]) == PENDING
    status, done = await _page(server, **_fields(page))
    assert (status, "You are logged in" in done) == (200, True)
    status, auth = await _poll(server, begun["state"])
    assert (status, auth["policies"], auth["metadata"]) == (200, ["default", "web"], {"role": "r"})
    assert await _poll(server, begun["state"]) == PENDING  # Once.
    status, again = await _page(server, **_fields(page))
    assert (status, "Expired or missing OAuth state." in again) == (400, True)
    server.clock.now += PENDING_SECONDS
    assert await _poll(server, begun["state"]) == (400, EXPIRED)


async def test_a_role_may_do_without_the_question(server: Server, provider: Provider) -> None:
    await _ready(server, provider, oidc_disable_confirmation=True)
    begun = await _begin(server)
    assert (await _page(server, **provider.log_in(begun["auth_url"])))[0] == 200
    assert await _poll(server, begun["state"], "another") == (400, "invalid client_nonce")
    assert (await _poll(server, begun["state"]))[0] == 200


async def test_a_login_that_fails_is_told_on_the_page(server: Server, provider: Provider) -> None:
    await _ready(server, provider, oidc_disable_confirmation=True, bound_claims={"team": "shop"})
    begun = await _begin(server)
    back = provider.log_in(begun["auth_url"])
    status, page = await _page(server, state=back["state"], error="access_denied", error_description="<b>words</b>")
    assert (status, "access_denied" in page, "words" in page) == (400, True, False)
    begun = await _begin(server)
    status, page = await _page(server, state=begun["state"], error="<script>alert(1)</script>")
    assert (status, "script" in page, "An unknown error" in page) == (400, False, True)
    begun = await _begin(server)
    status, page = await _page(server, **provider.log_in(begun["auth_url"]))
    assert (status, "claim &quot;team&quot; is missing" in page) == (400, True)
    assert await _poll(server, begun["state"]) == PENDING


async def test_groups_that_cannot_be_fetched_are_told_in_a_sentence(server: Server, provider: Provider) -> None:
    graph = {"provider_config": {"provider": "azure", "graph_url": "http://127.0.0.1:1"}}
    await _ready(server, provider, config=graph, oidc_disable_confirmation=True, groups_claim="groups")
    provider.claims = {"hasgroups": True}
    begun = await _begin(server)
    status, page = await _page(server, **provider.log_in(begun["auth_url"]))
    assert (status, "the groups of the user can&#x27;t be fetched" in page) == (503, True)


async def test_what_stands_on_a_page_is_text(server: Server, provider: Provider) -> None:
    await _ready(server, provider)
    begun = await _begin(server)
    evil = {"code": '"><script>alert(1)</script>', "iss": "'><img src=x onerror=alert(1)>"}
    status, page = await _page(server, state=begun["state"], **evil)
    assert (status, "<script" in page, "<img" in page) == (200, False, False)
    assert _fields(page) == {"state": begun["state"], **evil, "confirmation": "1"}


@pytest.mark.parametrize("mode", ["direct", "client"])
async def test_the_issuer_in_the_answer(server: Server, provider: Provider, mode: str) -> None:
    """RFC 9207; ``bao login`` doesn't pass it on in the mode client."""
    provider.discovery = {"authorization_response_iss_parameter_supported": True}
    await _ready(server, provider, oidc_disable_confirmation=True, callback_mode=mode)
    for issuer, fits in ((provider.url, True), ("https://other.example", False), ("", mode == "client")):
        begun = await _begin(server)
        back = provider.log_in(begun["auth_url"]) | ({"iss": issuer} if issuer else {})
        if mode == "direct":
            status, page = await _page(server, **back)
        else:
            query = urlencode({**back, "client_nonce": "mine"})
            status, page = await server.ask("GET", f"auth/oidc/oidc/callback?{query}", token="")
        assert (status == 200) is fits, page
    assert len(provider.exchanges) == (1 if mode == "direct" else 2)  # No other provider's code was handed on.
    begun = await _begin(server)
    query = urlencode({**provider.log_in(begun["auth_url"]), "client_nonce": "mine", "iss": ""})
    answer = await server.send("GET", f"auth/oidc/oidc/callback?{query}", token="")
    assert answer.status == 400  # A client that passes it on has got none.


async def test_a_posted_answer(server: Server, provider: Provider) -> None:
    await _ready(server, provider, config={"oidc_response_mode": "form_post"})
    begun = await _begin(server)
    assert "response_mode=form_post" in begun["auth_url"]
    status, page = await _page(server, "POST", **provider.log_in(begun["auth_url"]))
    assert (status, '<form method="post">' in page) == (200, True)
    assert (await _page(server, "POST", **_fields(page)))[0] == 200
    assert (await _poll(server, begun["state"]))[0] == 200


async def test_the_console_gets_its_answer_in_the_address(server: Server, provider: Provider) -> None:
    console = "https://bao.example/ui/callback/oidc"
    config = {"oidc_response_mode": "form_post"}
    await _ready(server, provider, config=config, callback_mode="client", allowed_redirect_uris=f"{RETURN},{console}")
    for address, mode in ((RETURN, "form_post"), (console, "query")):
        body = {"redirect_uri": address}
        answer = await server.ask("POST", "auth/oidc/oidc/auth_url", body, token="")
        assert f"&response_mode={mode}&" in answer[1]["data"]["auth_url"]


async def test_a_client_passes_a_posted_answer_on(server: Server, provider: Provider) -> None:
    await _ready(server, provider, config={"oidc_response_mode": "form_post"}, callback_mode="client")
    begun = await _begin(server)
    assert "state" not in begun and "poll_interval" not in begun
    back = {**provider.log_in(begun["auth_url"]), "client_nonce": "mine"}
    assert (await _page(server, "POST", **back, id_token=""))[0] == 200
    assert (await server.ask("GET", f"auth/oidc/oidc/callback?{urlencode(back)}", token=""))[0] == 200


async def test_nothing_is_posted_unless_asked_for(server: Server, provider: Provider) -> None:
    await _ready(server, provider)
    begun = await _begin(server)
    back = provider.log_in(begun["auth_url"])
    assert (await server.ask("POST", "auth/oidc/oidc/callback", back, token=""))[0] == 405


async def test_a_login_keeps_to_its_mount_and_provider(server: Server, provider: Provider) -> None:
    await _ready(server, provider, oidc_disable_confirmation=True)
    begun = await _begin(server)
    back = urlencode(provider.log_in(begun["auth_url"]))
    assert (await server.ask("POST", "sys/auth/other", {"type": "oidc"}))[0] == 204
    with provider_serving() as another:
        config = {"oidc_discovery_url": another.url, "oidc_client_id": "client", "oidc_client_secret": "secret"}
        for mount in ("other", "oidc"):
            assert (await server.ask("POST", f"auth/{mount}/config", config))[0] == 204
            status, answer = await server.ask("GET", f"auth/{mount}/oidc/callback?{back}", token="")
            assert (status, answer["errors"]) == (400, [EXPIRED])
        assert another.exchanges == []


async def test_thousands_of_begun_logins_store_nothing(server: Server, provider: Provider) -> None:
    await _ready(server, provider, oidc_disable_confirmation=True)
    await _begin(server)
    revision = server.core.runtime.store.revision
    for _ in range(50):
        begun = await _begin(server)
        await _poll(server, begun["state"])
    assert server.core.runtime.store.revision == revision


async def test_finished_logins_are_forgotten_in_time(server: Server, provider: Provider) -> None:
    await _ready(server, provider, oidc_disable_confirmation=True)
    begun = await _begin(server)
    assert (await _page(server, **provider.log_in(begun["auth_url"])))[0] == 200
    storage = await server.storage_of("auth/oidc/")
    assert len(await storage.list("finished/")) == 1
    server.clock.now += PENDING_SECONDS + 1
    assert server.core.unsealed is not None and server.core.unsealed.maintenance is not None
    await server.core.unsealed.maintenance.tick()
    assert await storage.list("finished/") == []


async def _ready_for_devices(server: Server, github: FakeGitHub) -> None:
    await enable_github(server, github)
    role = {"user_claim": "id", "allowed_redirect_uris": RETURN, "callback_mode": "device", "groups_claim": "groups"}
    assert (await server.ask("POST", "auth/oidc/role/r", role))[0] == 204


async def test_a_device_without_a_browser(server: Server, github: FakeGitHub) -> None:
    await _ready_for_devices(server, github)
    begun = await _begin(server)
    assert begun["auth_url"] == f"{github.url}/login/device"
    assert (begun["user_code"], begun["poll_interval"]) == ("WDJB-MJHT", "5")
    assert github.asked_for("/login/device/code")[0].form["scope"] == "read:org"
    assert "device-code" not in json.dumps(begun)
    github.device_answers = ["authorization_pending", "slow_down", "access_denied", "<evil>"]
    assert await _poll(server, begun["state"], "another") == (400, "invalid client_nonce")
    said = []
    for _ in range(4):
        said.append((await _poll(server, begun["state"]))[1])
        asked = len(github.asked)
        assert await _poll(server, begun["state"]) in ((400, "slow_down"),)
        assert len(github.asked) == asked
        server.clock.advance(poll_pace.SECONDS)
    failed = "authorization failed: "
    assert said == [*PENDING[1:], "slow_down", f"{failed}access_denied", f"{failed}status 200 without an error code"]
    status, auth = await _poll(server, begun["state"])
    assert (status, auth["metadata"]["login"]) == (200, "octo")
    server.clock.advance(poll_pace.SECONDS)
    assert await _poll(server, begun["state"]) == (400, EXPIRED)
    server.clock.advance(900)
    assert await _poll(server, begun["state"]) == (400, EXPIRED)


_DEVICE = {"device_code": "d", "user_code": "u"}


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=404),
        Answer({}),
        Answer({"error": "device_flow_disabled"}),
        Answer({**_DEVICE, "verification_uri": "javascript:alert(1)"}),
        Answer({**_DEVICE, "verification_uri": "https://x", "verification_uri_complete": "file:///etc/passwd"}),
        Answer({**_DEVICE, "verification_uri": f"https://{'x' * 5000}"}),
    ],
)
async def test_a_device_that_cannot_begin(server: Server, github: FakeGitHub, answer: Answer) -> None:
    await _ready_for_devices(server, github)
    github.paths["/login/device/code"] = answer
    body = {"client_nonce": "mine"}
    refused = (503, {"errors": ["the provider can't begin the login of a device"]})
    assert await server.ask("POST", "auth/oidc/oidc/auth_url", body, token="") == refused
    assert (await server.ask("POST", "auth/oidc/oidc/auth_url", {}, token=""))[1]["errors"] == ["missing client_nonce"]


async def test_logins_by_device_are_limited_and_waiting_is_not(github: FakeGitHub) -> None:
    server = await Server(Settings(login_failures_per_minute=3)).unsealed()
    try:
        await _ready_for_devices(server, github)
        begun = await _begin(server)
        github.device_answers = ["authorization_pending"] * 20
        for _ in range(10):
            assert (await _poll(server, begun["state"]))[0] == 400
        statuses = []
        for _ in range(4):
            body = {"client_nonce": "mine"}
            asked = await server.ask("POST", "auth/oidc/oidc/auth_url", body, token="", address="192.0.2.7")
            statuses.append(asked[0])
        assert statuses == [200, 200, 429, 429]
    finally:
        await server.core.stop()


async def test_a_provider_that_is_away_is_not_asked_without_limit(github: FakeGitHub) -> None:
    server = await Server(Settings(login_failures_per_minute=3)).unsealed()
    try:
        await _ready_for_devices(server, github)
        github.paths["/login/device/code"] = Answer(status=500)
        body = {"client_nonce": "mine"}
        asked = [(await server.ask("POST", "auth/oidc/oidc/auth_url", body, token=""))[0] for _ in range(5)]
        assert asked == [503, 503, 503, 429, 429]
        assert len(github.asked) == 3
    finally:
        await server.core.stop()


async def test_failures_on_pages_are_limited(provider: Provider) -> None:
    server = await Server(Settings(login_failures_per_minute=3)).unsealed()
    try:
        await _ready(server, provider, oidc_disable_confirmation=True)
        states = [(await _begin(server))["state"] for _ in range(4)]
        found = [(await server.send("GET", f"auth/oidc/oidc/callback?state={s}&code=x", token="")) for s in states]
        assert [answer.status for answer in found] == [400, 400, 400, 429]
        assert len(provider.exchanges) == 3
    finally:
        await server.core.stop()
