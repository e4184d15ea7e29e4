"""Refresh tokens of providers: renewals that ask again, and revocation there when a token ends."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from auth_methods.jwt.browser.pending import PENDING_SECONDS
from server.core import ended_grants
from tests.auth_methods.fake_web import web_serving
from tests.auth_methods.github.fake_github import FakeGitHub
from tests.auth_methods.jwt.test_jwt_browser import Provider, provider_serving
from tests.support.systems import Server

RETURN = "http://localhost:8250/oidc/callback"


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider that grants refresh tokens, each for one use."""
    with provider_serving() as made:
        made.grants_refresh_tokens = True
        made.more = {"team": "shop"}
        yield made


async def _ready(server: Server, provider: Provider, namespace: str = "", **role: Any) -> None:
    server.clock.now = time.time()
    assert (await server.ask("POST", f"{namespace}sys/auth/oidc", {"type": "oidc"}))[0] == 204
    config = {"oidc_discovery_url": provider.url, "oidc_client_id": "client", "oidc_client_secret": "s"}
    assert (await server.ask("POST", f"{namespace}auth/oidc/config", {**config, "default_role": "r"}))[0] == 204
    body = {"user_claim": "sub", "allowed_redirect_uris": RETURN, "token_policies": "web", "token_ttl": "1h", **role}
    assert (await server.ask("POST", f"{namespace}auth/oidc/role/r", body))[0] == 204


async def _log_in(server: Server, provider: Provider, namespace: str = "") -> Any:
    answer = await server.ask("POST", f"{namespace}auth/oidc/oidc/auth_url", {"redirect_uri": RETURN}, token="")
    back = urlencode(provider.log_in(answer[1]["data"]["auth_url"]))
    status, answer = await server.ask("GET", f"{namespace}auth/oidc/oidc/callback?{back}", token="")
    assert status == 200, answer
    return answer["auth"]


async def _renew(server: Server, auth: Any) -> tuple[int, Any]:
    status, answer = await server.ask("POST", "auth/token/renew-self", {}, token=auth["client_token"])
    return status, None if status == 200 else answer["errors"][0]


async def _end_grants(server: Server) -> None:
    assert server.core.unsealed is not None and server.core.unsealed.maintenance is not None
    await server.core.unsealed.maintenance.end_grants()


async def test_a_renewal_asks_the_provider(server: Server, provider: Provider) -> None:
    await _ready(server, provider, bound_claims={"team": "shop"})
    auth = await _log_in(server, provider)
    for _ in range(3):  # Each time with the refresh token of the last.
        assert await _renew(server, auth) == (200, None)
    assert [form["grant_type"] for _, form in provider.exchanges][1:] == ["refresh_token"] * 3
    assert len(provider.refresh_tokens) == 1
    shown = json.dumps((await server.ask("GET", "auth/token/lookup-self", token=auth["client_token"]))[1])
    assert "refresh-" not in shown and "grant" not in shown
    provider.more = {"team": "elsewhere"}
    status, said = await _renew(server, auth)
    assert (status, "bound claim" in said) == (403, True)


async def test_who_is_locked_out_there_is_not_renewed_here(server: Server, provider: Provider) -> None:
    await _ready(server, provider)
    auth = await _log_in(server, provider)
    provider.refresh_tokens.clear()
    assert await _renew(server, auth) == (403, "failed to renew entry: the provider says invalid_grant")
    assert (await server.ask("GET", "auth/token/lookup-self", token=auth["client_token"]))[0] == 200


@pytest.mark.parametrize("claims", [{"sub": "mallory"}, {"aud": "other"}, {"iss": "https://other"}, {"exp": 1}])
async def test_an_answer_on_another_user_renews_nothing(
    server: Server, provider: Provider, claims: dict[str, Any]
) -> None:
    await _ready(server, provider)
    auth = await _log_in(server, provider)
    provider.claims = claims
    status, said = await _renew(server, auth)
    assert (status, said.startswith("failed to renew entry: ")) == (403, True)


async def test_policies_and_groups_are_those_of_now(server: Server, provider: Provider) -> None:
    provider.claims = {"team": "shop", "groups": ["red"]}
    templates: dict[str, Any] = {"token_policies": "team-{{.team}}", "token_policies_template_claims": True}
    await _ready(server, provider, groups_claim="groups", **templates)
    accessor = (await server.ask("GET", "sys/auth/oidc"))[1]["data"]["accessor"]
    for name in ("red", "blue"):
        group = {"name": name, "type": "external", "policies": f"p-{name}"}
        made = (await server.ask("POST", "identity/group", group))[1]["data"]["id"]
        alias = {"name": name, "mount_accessor": accessor, "canonical_id": made}
        assert (await server.ask("POST", "identity/group-alias", alias))[0] in (200, 204)
    auth = await _log_in(server, provider)
    assert (auth["token_policies"], auth["identity_policies"]) == (["default", "team-shop"], ["p-red"])
    provider.claims["groups"] = ["blue"]
    assert await _renew(server, auth) == (200, None)
    looked_up = (await server.ask("GET", "auth/token/lookup-self", token=auth["client_token"]))[1]["data"]
    assert looked_up["identity_policies"] == ["p-blue"]
    provider.claims["team"] = "office"
    provider.more = None
    server.clock.advance(301)
    status, said = await _renew(server, auth)
    assert (status, "policies have changed" in said) == (500, True)


async def test_a_provider_that_is_away_is_asked_again(server: Server, provider: Provider) -> None:
    await _ready(server, provider)
    auth = await _log_in(server, provider)
    provider.claims = {"exp": int(time.time()) + 3600}
    provider.discovery = {"token_endpoint": "http://127.0.0.1:1/token"}
    server.clock.advance(301)  # Endpoints are kept for five minutes.
    status, said = await _renew(server, auth)
    assert (status, "can't be asked" in said) == (503, True)
    provider.discovery = {}
    server.clock.advance(301)
    assert await _renew(server, auth) == (200, None)


async def test_one_refresh_token_is_used_by_one_renewal(server: Server, provider: Provider) -> None:
    await _ready(server, provider)
    auth = await _log_in(server, provider)
    found = await asyncio.gather(*(_renew(server, auth) for _ in range(4)))
    assert sorted(status for status, _ in found) == [200, 503, 503, 503]
    assert [form["grant_type"] for _, form in provider.exchanges].count("refresh_token") == 1
    assert await _renew(server, auth) == (200, None)


@pytest.mark.parametrize("way", ["revoke-self", "accessor", "expiry", "prefix", "orphaning"])
async def test_however_a_token_ends_the_grant_does(server: Server, provider: Provider, way: str) -> None:
    await _ready(server, provider)
    auth = await _log_in(server, provider)
    if way == "revoke-self":
        assert (await server.ask("POST", "auth/token/revoke-self", token=auth["client_token"]))[0] == 204
    elif way == "accessor":
        body = {"accessor": auth["accessor"]}
        assert (await server.ask("POST", "auth/token/revoke-accessor", body))[0] == 204
    elif way == "orphaning":
        assert (await server.ask("POST", "auth/token/revoke-orphan", {"token": auth["client_token"]}))[0] == 204
    elif way == "prefix":
        assert (await server.ask("POST", "sys/leases/revoke-prefix/auth/oidc"))[0] in (200, 204)
    else:
        server.clock.advance(3700)
        assert server.core.unsealed is not None and server.core.unsealed.maintenance is not None
        await server.core.unsealed.maintenance.sweep()
    await _end_grants(server)
    assert provider.revoked == provider.refresh_tokens
    await _end_grants(server)
    assert len(provider.revoked) == 1


async def test_a_grant_that_cannot_be_ended_now_is_ended_later(server: Server, provider: Provider) -> None:
    await _ready(server, provider)
    for _ in range(2):
        auth = await _log_in(server, provider)
        assert (await server.ask("POST", "auth/token/revoke-self", token=auth["client_token"]))[0] == 204
    provider.status_of_revocation = 503
    await _end_grants(server)
    provider.status_of_revocation = 200
    await _end_grants(server)
    assert provider.revoked == []
    server.clock.advance(ended_grants.FIRST_PAUSE_SECONDS)
    await _end_grants(server)
    assert sorted(provider.revoked) == sorted(provider.refresh_tokens)


async def test_a_grant_is_given_up_in_the_end(
    server: Server, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    await _ready(server, provider)
    auth = await _log_in(server, provider)
    assert (await server.ask("POST", "auth/token/revoke-self", token=auth["client_token"]))[0] == 204
    provider.status_of_revocation = 503
    for _ in range(ended_grants.MAX_TRIES):
        await _end_grants(server)
        server.clock.advance(100_000)
    assert "can't be ended at its provider" in caplog.text
    provider.status_of_revocation = 200
    await _end_grants(server)
    assert provider.revoked == []
    assert "refresh-" not in caplog.text


async def test_no_other_provider_gets_a_refresh_token(server: Server, provider: Provider) -> None:
    await _ready(server, provider)
    auth = await _log_in(server, provider)
    with provider_serving() as other:
        config = {"oidc_discovery_url": other.url, "oidc_client_id": "client", "oidc_client_secret": "s"}
        assert (await server.ask("POST", "auth/oidc/config", config))[0] == 204
        status, said = await _renew(server, auth)
        assert (status, "no longer configured" in said) == (500, True)
        assert (await server.ask("POST", "auth/token/revoke-self", token=auth["client_token"]))[0] == 204
        await _end_grants(server)
        assert (other.exchanges, other.revoked) == ([], [])


async def test_grants_of_namespaces_end_too(server: Server, provider: Provider) -> None:
    assert (await server.ask("POST", "sys/namespaces/team", {}))[0] == 200
    await _ready(server, provider, "team/")
    auth = await _log_in(server, provider, "team/")
    token = auth["client_token"]
    assert (await server.ask("POST", "team/auth/token/renew-self", {}, token=token))[0] == 200
    assert (await server.ask("POST", "team/auth/token/revoke-self", token=token))[0] == 204
    await _end_grants(server)
    assert provider.revoked == provider.refresh_tokens != []


async def test_a_mount_that_is_gone_leaves_nothing_behind(server: Server, provider: Provider) -> None:
    await _ready(server, provider)
    await _log_in(server, provider)
    assert (await server.ask("DELETE", "sys/auth/oidc"))[0] == 204
    await _end_grants(server)
    assert server.core.unsealed is not None
    assert await server.core.unsealed.root.view.list("sys/token/ended/") == []


async def test_logins_to_the_server_itself_keep_their_grants(server: Server, provider: Provider) -> None:
    direct: dict[str, Any] = {"callback_mode": "direct", "oidc_disable_confirmation": True}
    await _ready(server, provider, **direct)
    body = {"redirect_uri": RETURN, "client_nonce": "n"}
    begun = (await server.ask("POST", "auth/oidc/oidc/auth_url", body, token=""))[1]["data"]
    back = urlencode(provider.log_in(begun["auth_url"]))
    assert (await server.send("GET", f"auth/oidc/oidc/callback?{back}", token="")).status == 200
    polled = {"state": begun["state"], "client_nonce": "n"}
    auth = (await server.ask("POST", "auth/oidc/oidc/poll", polled, token=""))[1]["auth"]
    assert await _renew(server, auth) == (200, None)
    assert provider.exchanges[-1][1]["grant_type"] == "refresh_token"


async def test_large_claims_are_kept_as_far_as_they_say_who_it_is(server: Server, provider: Provider) -> None:
    provider.more = {"many": ["x" * 1000] * 40}
    await _ready(server, provider)
    auth = await _log_in(server, provider)
    for _ in range(2):
        assert await _renew(server, auth) == (200, None)
    provider.claims = {"sub": "mallory"}
    provider.more = None
    server.clock.advance(301)
    assert (await _renew(server, auth))[0] == 403


async def test_claims_that_cannot_be_kept_are_refused(server: Server, provider: Provider) -> None:
    await _ready(server, provider)
    nested: Any = 1
    for _ in range(960):
        nested = [nested]
    for more, said in (({"deep": nested}, "nested too deeply"), ({"many": ["x" * 1000] * 600}, "too large")):
        provider.more = more
        answer = await server.ask("POST", "auth/oidc/oidc/auth_url", {"redirect_uri": RETURN}, token="")
        back = urlencode(provider.log_in(answer[1]["data"]["auth_url"]))
        status, answer = await server.ask("GET", f"auth/oidc/oidc/callback?{back}", token="")
        assert (status, said in answer["errors"][0]) == (400, True)


async def test_batch_tokens_keep_no_grant(server: Server, provider: Provider) -> None:
    await _ready(server, provider, token_type="batch")
    auth = await _log_in(server, provider)
    assert len(auth["client_token"]) < 800
    await _end_grants(server)
    assert provider.revoked == provider.refresh_tokens != []


@pytest.mark.parametrize(
    ("role", "claims"),
    [
        ({"bound_claims": {"team": "office"}}, {}),
        ({"groups_claim": "groups"}, {}),
        ({"max_age": 60}, {"auth_time": 1}),
        ({}, {"nonce": "another"}),
        ({"token_policies": "root"}, {}),
        ({"callback_mode": "device", "bound_claims": {"team": "office"}}, {}),
        ({"callback_mode": "direct", "oidc_disable_confirmation": True, "bound_claims": {"team": "office"}}, {}),
    ],
)
async def test_a_refused_login_leaves_no_refresh_token(
    server: Server, provider: Provider, role: dict[str, Any], claims: dict[str, Any]
) -> None:
    provider.claims = claims
    await _ready(server, provider, **role)
    body = {"redirect_uri": RETURN, "client_nonce": "n"}
    begun = (await server.ask("POST", "auth/oidc/oidc/auth_url", body, token=""))[1]["data"]
    if role.get("callback_mode") == "device":
        polled = {"state": begun["state"], "client_nonce": "n"}
        answer = await server.send("POST", "auth/oidc/oidc/poll", polled, token="")
    else:
        back = urlencode({**provider.log_in(begun["auth_url"]), "client_nonce": "n"})
        answer = await server.send("GET", f"auth/oidc/oidc/callback?{back}", token="")
    assert answer.status in (400, 403)
    await _end_grants(server)
    assert provider.revoked == provider.refresh_tokens != []


async def test_groups_that_cannot_be_fetched_leave_no_refresh_token(server: Server, provider: Provider) -> None:
    await _ready(server, provider, groups_claim="groups")
    away = {"provider": "azure", "graph_url": "http://127.0.0.1:1"}
    config = {"oidc_discovery_url": provider.url, "oidc_client_id": "client", "oidc_client_secret": "s"}
    assert (await server.ask("POST", "auth/oidc/config", {**config, "provider_config": away}))[0] == 204
    provider.claims = {"hasgroups": True}
    body = {"role": "r", "redirect_uri": RETURN}
    begun = (await server.ask("POST", "auth/oidc/oidc/auth_url", body, token=""))[1]["data"]
    back = urlencode(provider.log_in(begun["auth_url"]))
    provider.status_of_revocation = 503
    assert (await server.ask("GET", f"auth/oidc/oidc/callback?{back}", token=""))[0] == 503
    provider.status_of_revocation = 200
    assert provider.revoked == []
    assert server.core.unsealed is not None and server.core.unsealed.maintenance is not None
    await server.core.unsealed.maintenance.tick()  # What couldn't be revoked at once is asked for again.
    assert provider.revoked == provider.refresh_tokens != []


async def test_a_refused_renewal_leaves_no_new_refresh_token(server: Server, provider: Provider) -> None:
    await _ready(server, provider, bound_claims={"team": "shop"})
    auth = await _log_in(server, provider)
    provider.more = {"team": "elsewhere"}
    assert (await _renew(server, auth))[0] == 403
    assert provider.revoked == provider.refresh_tokens != []


async def test_personal_tokens_of_github_are_asked_for_again(server: Server) -> None:
    github = FakeGitHub()
    github.token = "ghp_personal"
    with web_serving(github):
        assert (await server.ask("POST", "sys/auth/github", {"type": "github"}))[0] == 204
        config = {"organization": "acme", "base_url": f"{github.url}/api/v3", "token_policies": "x"}
        assert (await server.ask("POST", "auth/github/config", config))[0] == 204
        assert (await server.ask("POST", "auth/github/map/teams/the-admins", {"value": "admins"}))[0] == 204
        status, answer = await server.ask("POST", "auth/github/login", {"token": "ghp_personal"}, token="")
        auth = answer["auth"]
        assert await _renew(server, auth) == (200, None)
        github.octo.teams = []
        status, said = await _renew(server, auth)
        assert (status, "policies have changed" in said) == (500, True)
        github.octo.organizations = []
        assert await _renew(server, auth) == (400, "user is not part of required org")
        github.token = "ghp_another"
        assert await _renew(server, auth) == (400, "the token is not one of GitHub's")
        assert (await server.ask("POST", "auth/token/revoke-self", token=auth["client_token"]))[0] == 204
        await _end_grants(server)


async def test_a_login_that_is_never_fetched_leaves_no_grant(server: Server, provider: Provider) -> None:
    back = "https://bao.example/v1/auth/oidc/oidc/callback"
    role: dict[str, Any] = {"callback_mode": "direct", "oidc_disable_confirmation": True, "allowed_redirect_uris": back}
    await _ready(server, provider, **role)
    body = {"redirect_uri": back, "client_nonce": "mine"}
    _, answer = await server.ask("POST", "auth/oidc/oidc/auth_url", body, token="")
    came = urlencode(provider.log_in(answer["data"]["auth_url"]))
    assert (await server.send("GET", f"auth/oidc/oidc/callback?{came}", token="")).status == 200
    assert server.core.unsealed is not None and server.core.unsealed.maintenance is not None
    tick = server.core.unsealed.maintenance.tick
    await tick()
    assert provider.revoked == []  # It may still be fetched.
    server.clock.advance(PENDING_SECONDS)
    provider.status_of_revocation = 503
    await tick()
    provider.status_of_revocation = 200
    await tick()
    assert provider.revoked == provider.refresh_tokens != []
    await tick()
    assert len(provider.revoked) == 1
