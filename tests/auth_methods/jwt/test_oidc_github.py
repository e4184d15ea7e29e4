"""Logins with the provider GitHub: who one is there, in which groups, and what keeps a login out."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from auth_methods.fetching import client, paging
from auth_methods.jwt.providers.github import GitHub
from tests.auth_methods.fake_web import Answer
from tests.auth_methods.github.fake_github import SECRET, FakeGitHub, enable_github
from tests.support.systems import Server

RETURN = "http://localhost:8250/oidc/callback"
TEAMS = "/api/v3/user/teams"


async def _ready(server: Server, github: FakeGitHub, **role: Any) -> None:
    await enable_github(server, github)
    body = {"user_claim": "id", "allowed_redirect_uris": RETURN, "token_policies": "web", **role}
    assert (await server.ask("POST", "auth/oidc/role/r", body))[0] == 204


async def _log_in(server: Server, github: FakeGitHub) -> tuple[int, Any]:
    status, answer = await server.ask("POST", "auth/oidc/oidc/auth_url", {"redirect_uri": RETURN}, token="")
    assert status == 200, answer
    back = github.log_in(answer["data"]["auth_url"])
    status, answer = await server.ask("GET", f"auth/oidc/oidc/callback?{urlencode(back)}", token="")
    return status, answer["auth"] if status == 200 else answer["errors"][0]


async def _alias(server: Server, auth: Any) -> Any:
    entity = (await server.ask("GET", f"identity/entity/id/{auth['entity_id']}"))[1]["data"]
    return entity["aliases"][0]["name"]


async def test_a_person_logs_in_by_number(server: Server, github: FakeGitHub) -> None:
    await _ready(server, github, oidc_scopes="user:email")
    status, auth = await _log_in(server, github)
    assert (status, auth["policies"]) == (200, ["default", "web"])
    assert auth["metadata"] == {"role": "r", "login": "octo", "email": "octo@example.com"}
    assert await _alias(server, auth) == "583231"
    shown = (await server.ask("GET", "auth/oidc/config"))[1]["data"]
    assert shown["provider_config"] == {"provider": "github", "base_url": github.url}
    assert shown["status"] == "valid"


async def test_another_person_with_the_name_is_another_entity(server: Server, github: FakeGitHub) -> None:
    await _ready(server, github)
    before = (await _log_in(server, github))[1]["entity_id"]
    github.octo.id = 999
    after = (await _log_in(server, github))[1]["entity_id"]
    assert before != after


async def test_organizations_and_teams_are_groups(server: Server, github: FakeGitHub) -> None:
    await _ready(server, github, groups_claim="groups", bound_claims={"organization_ids": ["7"]})
    accessor = (await server.ask("GET", "sys/auth/oidc"))[1]["data"]["accessor"]
    for name in ("acme", "acme/the-admins", "acme/others"):
        group = {"name": f"g-{name.replace('/', '-')}", "type": "external", "policies": f"p-{name.replace('/', '-')}"}
        made = (await server.ask("POST", "identity/group", group))[1]["data"]["id"]
        alias = {"name": name, "mount_accessor": accessor, "canonical_id": made}
        assert (await server.ask("POST", "identity/group-alias", alias))[0] in (200, 204)
    auth = (await _log_in(server, github))[1]
    assert auth["identity_policies"] == ["p-acme", "p-acme-the-admins"]
    github.octo.organizations, github.octo.teams = [(70, "acme")], []  # A new organization with the old name.
    status, said = await _log_in(server, github)
    assert (status, "organization_ids" in said) == (400, True)


async def test_the_scope_that_shows_groups_is_asked_for_and_needed(server: Server, github: FakeGitHub) -> None:
    await _ready(server, github, groups_claim="groups", oidc_scopes="user:email")
    address = (await server.ask("POST", "auth/oidc/oidc/auth_url", {"redirect_uri": RETURN}, token=""))[1]["data"]
    asked = parse_qs(urlsplit(address["auth_url"]).query)
    assert asked["scope"] == ["user:email read:org"]
    assert "nonce" not in asked
    github.scope = "user:email"  # The person has edited the address.
    status, said = await _log_in(server, github)
    assert (status, "read:org" in said) == (400, True)
    granted = {"access_token": github.token, "token_type": "bearer"}
    github.paths["/login/oauth/access_token"] = granted  # Without a word, it is what was asked for.
    assert (await _log_in(server, github))[0] == 200
    github.paths["/login/oauth/access_token"] = github.exchange
    github.scope, github.token = "", "ghu_of_an_app"  # It has permissions, and no scopes.
    assert (await _log_in(server, github))[0] == 200


@pytest.mark.parametrize("name", ["login", "email", "sub"])
async def test_names_are_no_one(server: Server, github: FakeGitHub, name: str) -> None:
    await _ready(server, github)
    status, answer = await server.ask("POST", "auth/oidc/role/r", {"user_claim": name, "allowed_redirect_uris": RETURN})
    assert (status, "user_claim" in answer["errors"][0]) == (400, True)


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"message": "rate limit"}, 403),
        Answer(status=500),
        Answer({"not": "a list"}),
        Answer([{"id": 1, "name": "x", "slug": "x"}]),
        Answer([{"id": 1, "name": "x", "slug": "x", "organization": {"id": "7", "login": "acme"}}]),
        Answer(b"[" + b" " * (client.MAX_ANSWER_BYTES + 1)),
        Answer(status=302, headers={"Location": "http://127.0.0.1:1/"}),
        Answer([], headers={"Link": '<http://169.254.169.254/latest>; rel="next"'}),
        Answer([], headers={"Link": '<http://127.0.0.1:1/x>; rel="next"'}),
    ],
)
async def test_nobody_comes_in_with_fewer_groups(
    server: Server, github: FakeGitHub, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    await _ready(server, github, groups_claim="groups")
    github.paths[TEAMS] = answer
    said = "the groups of the user can't be fetched from the provider"
    assert await _log_in(server, github) == (503, said)
    assert "a login is refused, since its groups can't be fetched" in caplog.text
    assert github.token not in caplog.text and SECRET not in caplog.text


async def test_pages_are_followed_to_their_end(server: Server, github: FakeGitHub) -> None:
    await _ready(server, github, groups_claim="groups", bound_claims={"groups": ["acme/t-2"]})
    team = {"id": 1, "organization": {"id": 7, "login": "acme"}}
    github.pages(TEAMS, [[{**team, "name": f"t-{page}", "slug": f"t-{page}"}] for page in range(3)])
    assert (await _log_in(server, github))[0] == 200
    assert len(github.asked_for(TEAMS)) == 3


async def test_pages_without_end_are_left(server: Server, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    await _ready(server, github, groups_claim="groups")
    monkeypatch.setattr(client, "MAX_REQUESTS", 20)
    github.paths[TEAMS] = lambda asked: Answer(
        [], headers={"Link": f"<{github.url}{TEAMS}?page={int(asked.query.get('page', 1)) + 1}>; rel=next"}
    )
    assert (await _log_in(server, github))[0] == 503
    assert len(github.asked_for(TEAMS)) < 20
    github.paths[TEAMS] = Answer([], headers={"Link": f'<{github.url}{TEAMS}>; rel="next"'})
    assert (await _log_in(server, github))[0] == 503
    monkeypatch.setattr(paging, "MAX_ITEMS", 10)
    github.paths[TEAMS] = [{}] * 11
    assert (await _log_in(server, github))[0] == 503


async def test_slow_answers_are_not_waited_for(
    server: Server, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _ready(server, github, groups_claim="groups")
    monkeypatch.setattr(client, "FETCH_SECONDS", 0.2)
    github.paths[TEAMS] = Answer([], seconds=0.5)
    assert (await _log_in(server, github))[0] == 503


async def test_a_code_is_good_for_its_own_login(server: Server, github: FakeGitHub) -> None:
    await _ready(server, github)
    backs = []
    for _ in range(2):
        answer = await server.ask("POST", "auth/oidc/oidc/auth_url", {"redirect_uri": RETURN}, token="")
        backs.append(github.log_in(answer[1]["data"]["auth_url"]))
    mixed = urlencode({"state": backs[0]["state"], "code": backs[1]["code"]})
    refused = (400, {"errors": ["OpenBao login failed. Error exchanging oidc code."]})
    assert await server.ask("GET", f"auth/oidc/oidc/callback?{mixed}", token="") == refused


def test_where_the_api_is() -> None:
    assert GitHub().api_root == "https://api.github.com"
    assert GitHub(base_url="https://github.example.com/").api_root == "https://github.example.com/api/v3"
    assert GitHub(base_url="https://acme.ghe.com").api_root == "https://api.acme.ghe.com"
    assert GitHub(base_url="https://g.example", api_url="https://a.example/v3/").api_root == "https://a.example/v3"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "'oidc_client_id' and 'oidc_client_secret' must be set"),
        ({"oidc_client_id": "a", "oidc_client_secret": "b", "oidc_discovery_url": "https://x"}, "exactly one of"),
        ({"oidc_client_id": "a", "oidc_client_secret": "b", "jwks_url": "https://x"}, "exactly one of"),
        ({"provider_config": {"provider": "github", "base_url": "http://github.com"}}, "'base_url'"),
        ({"provider_config": {"provider": "github", "base_url": "https://u:p@github.com"}}, "'base_url'"),
        ({"provider_config": {"provider": "github", "api_url": "ftp://x"}}, "'api_url'"),
        ({"provider_config": {"provider": "github", "org": "x"}}, "unknown field"),
        ({"provider_config": {"provider": "gitlab"}}, 'provider "gitlab" not found in custom providers'),
        ({"provider_config": {"provider": 1}}, "'provider' field not found"),
    ],
)
async def test_configurations_that_are_refused(server: Server, config: dict[str, Any], said: str) -> None:
    assert (await server.ask("POST", "sys/auth/oidc", {"type": "oidc"}))[0] == 204
    given = {"provider_config": {"provider": "github"}, **config}
    status, answer = await server.ask("POST", "auth/oidc/config", given)
    assert (status, said in answer["errors"][0]) == (400, True), answer
    assert (await server.ask("GET", "auth/oidc/config"))[0] == 404
