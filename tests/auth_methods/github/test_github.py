"""The method github: personal tokens, as Vault has it, with people known by the numbers of their accounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from auth_methods.github.config import WARNING
from tests.auth_methods.fake_web import Answer, web_serving
from tests.auth_methods.github.fake_github import FakeGitHub
from tests.support.systems import Server

TEAMS = "/api/v3/user/teams"
TOKEN = "ghp_personal"


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A GitHub of the test's own, whose person has a personal token."""
    made = FakeGitHub()
    made.token = TOKEN
    with web_serving(made):
        yield made


async def _ready(server: Server, github: FakeGitHub, **config: Any) -> None:
    assert (await server.ask("POST", "sys/auth/github", {"type": "github"}))[0] == 204
    given = {"organization": "acme", "base_url": f"{github.url}/api/v3", **config}
    assert await server.ask("POST", "auth/github/config", given) == (204, None)


async def _log_in(server: Server, token: str = TOKEN) -> tuple[int, Any]:
    status, answer = await server.ask("POST", "auth/github/login", {"token": token}, token="")
    return status, answer if status == 200 else answer["errors"][0]


async def test_a_member_logs_in(server: Server, github: FakeGitHub) -> None:
    await _ready(server, github, token_policies="all", ttl="20m")
    for path, value in (
        ("teams/The-Admins", "admins, more"),
        ("teams/default", "members"),
        ("teams/others", "others"),
        ("users/Octo", "octo"),
        ("users/default", "people"),
    ):
        assert await server.ask("POST", f"auth/github/map/{path}", {"value": value}) == (204, None)
    github.octo.teams.append((8, "others", "others"))  # Of another organization.
    status, answer = await _log_in(server)
    auth = answer["auth"]
    assert (status, auth["policies"]) == (200, ["admins", "all", "default", "members", "more", "octo", "people"])
    assert (auth["metadata"], auth["lease_duration"]) == ({"username": "octo", "org": "acme"}, 1200)
    assert answer["warnings"] == [WARNING]
    looked_up = (await server.ask("GET", "auth/token/lookup-self", token=auth["client_token"]))[1]["data"]
    assert looked_up["display_name"] == "github-octo"
    entity = (await server.ask("GET", f"identity/entity/id/{auth['entity_id']}"))[1]["data"]
    assert [alias["name"] for alias in entity["aliases"]] == ["583231"]
    assert (await server.ask("POST", "auth/token/renew-self", {}, token=auth["client_token"]))[0] == 200


async def test_a_person_is_mapped_by_number(server: Server, github: FakeGitHub) -> None:
    await _ready(server, github)
    assert (await server.ask("POST", "auth/github/map/users/octo", {"value": "b,a"}))[0] == 204
    shown = (await server.ask("GET", "auth/github/map/users/octo"))[1]["data"]
    assert shown == {"key": "octo", "value": "a,b", "id": 583231}
    github.octo.login = "renamed"
    assert (await _log_in(server))[1]["auth"]["policies"] == ["a", "b", "default"]
    github.octo.login, github.octo.id = "octo", 999  # Another person has taken the login.
    assert (await _log_in(server))[1]["auth"]["policies"] == ["default"]
    assert (await server.ask("POST", "auth/github/map/users/octo", {"value": "c"}))[0] == 204
    assert (await _log_in(server))[1]["auth"]["policies"] == ["c", "default"]
    github.octo.id = 583231
    assert (await _log_in(server))[1]["auth"]["policies"] == ["default"]


async def test_mappings_are_listed_and_removed(server: Server, github: FakeGitHub) -> None:
    await _ready(server, github)
    for kind in ("teams", "users"):
        assert (await server.ask("LIST", f"auth/github/map/{kind}"))[0] == 404
        for name in ("octo", "default"):
            assert (await server.ask("POST", f"auth/github/map/{kind}/{name}", {"value": "a"}))[0] == 204
        for method in ("LIST", "GET"):
            assert (await server.ask(method, f"auth/github/map/{kind}"))[1]["data"] == {"keys": ["default", "octo"]}
        assert (await server.ask("DELETE", f"auth/github/map/{kind}/octo"))[0] == 204
        assert (await server.ask("GET", f"auth/github/map/{kind}/octo"))[0] == 404
    assert (await server.ask("GET", "auth/github/map/teams/default"))[1]["data"] == {"key": "default", "value": "a"}
    storage = await server.storage_of("auth/github/")
    assert await storage.list("user-id/") == []


async def test_a_number_may_be_given(server: Server, github: FakeGitHub) -> None:
    """A GitHub Enterprise in private mode tells nothing without a token."""
    await _ready(server, github, organization_id=7)
    github.paths["/api/v3/users/octo"] = Answer(status=401)
    status, answer = await server.ask("POST", "auth/github/map/users/octo", {"value": "a"})
    assert (status, "may be given as id" in answer["errors"][0]) == (503, True)
    assert (await server.ask("POST", "auth/github/map/users/octo", {"value": "a", "id": 583231}))[0] == 204
    assert (await _log_in(server))[1]["auth"]["policies"] == ["a", "default"]
    assert not github.asked_for("/api/v3/orgs/acme")
    github.paths["/api/v3/users/octo"] = Answer(status=404)
    refused = (400, {"errors": ['GitHub knows no user "octo"']})
    assert await server.ask("POST", "auth/github/map/users/octo", {"value": "b"}) == refused
    assert (await server.ask("GET", "auth/github/map/users/octo"))[1]["data"]["value"] == "a"
    assert (await server.ask("POST", "auth/github/map/users/octo", {"value": "b", "id": -1}))[0] == 400


async def test_the_configuration(server: Server, github: FakeGitHub) -> None:
    await _ready(server, github)
    status, answer = await server.ask("GET", "auth/github/config")
    shown = answer["data"]
    assert (status, shown["organization"], shown["organization_id"]) == (200, "acme", 7)
    assert (shown["base_url"], shown["token_ttl"], "ttl" in shown) == (f"{github.url}/api/v3/", 0, False)
    assert answer["warnings"] == [WARNING]
    assert (await server.ask("POST", "auth/github/config", {"token_max_ttl": "1h"}))[0] == 204
    assert len(github.asked_for("/api/v3/orgs/acme")) == 1
    shown = (await server.ask("GET", "auth/github/config"))[1]["data"]
    assert (shown["organization_id"], shown["token_max_ttl"]) == (7, 3600)
    status, answer = await server.ask("POST", "auth/github/config", {"organization": "none"})
    assert (status, answer["errors"][0].partition(":")[0]) == (
        400,
        "unable to fetch the organization_id, you must manually set it in the config",
    )
    assert (await server.ask("GET", "auth/github/config"))[1]["data"]["organization"] == "acme"
    for bad in (
        {"organization": "x" * 101},
        {"organization_id": -1},
        {"base_url": "http://github.example"},
        {"base_url": "https://u:p@github.example"},
    ):
        assert (await server.ask("POST", "auth/github/config", {"organization_id": 7, **bad}))[0] == 400
    assert (await server.ask("GET", "auth/github/config"))[1]["data"] == shown


async def test_an_organization_that_was_renamed(server: Server, github: FakeGitHub) -> None:
    await _ready(server, github)
    github.octo.organizations = [(7, "acme-inc")]
    warnings = (await _log_in(server))[1]["warnings"]
    assert warnings[0].startswith('the organization name has changed to "acme-inc". It is recommended to verify')
    github.octo.organizations, github.octo.teams = [(70, "acme")], []  # A new one with the old name.
    assert await _log_in(server) == (400, "user is not part of required org")


async def test_who_is_kept_out(server: Server, github: FakeGitHub, caplog: pytest.LogCaptureFixture) -> None:
    assert (await server.ask("POST", "sys/auth/github", {"type": "github"}))[0] == 204
    assert await _log_in(server) == (400, "configuration has not been set")
    assert (await server.ask("POST", "auth/github/map/users/octo", {"value": "a"}))[0] == 400
    assert (await server.ask("DELETE", "sys/auth/github"))[0] == 204
    await _ready(server, github)
    assert await _log_in(server, "") == (400, "missing token")
    for token in ("ghp_wrong", "x" * 2000):
        assert await _log_in(server, token) == (400, "the token is not one of GitHub's")
    for token in ("a\nb", "ä"):
        assert (await _log_in(server, token))[0] in (400, 503)
    said = "the teams of the user can't be fetched from GitHub"
    for answer in (Answer(status=403), Answer({}), Answer([{}]), Answer(status=301, headers={"Location": "/x"})):
        github.paths[TEAMS] = answer
        assert await _log_in(server) == (503, said)
    assert TOKEN not in caplog.text
    assert (await server.ask("POST", "auth/github/config", {"token_bound_cidrs": "192.0.2.0/24"}))[0] == 204
    assert (await _log_in(server))[0] == 403


async def test_policies_judge_what_is_mapped(server: Server, github: FakeGitHub) -> None:
    await _ready(server, github)
    rule = 'path "auth/github/map/*" { capabilities = ["create", "update"] denied_parameters = { value = ["admin"] } }'
    token, _ = await server.token_for(rule)
    for value in ("admin", "a, Admin", ["x", "admin"]):
        assert (await server.ask("POST", "auth/github/map/teams/t", {"value": value}, token=token))[0] == 403
    assert (await server.ask("POST", "auth/github/map/teams/t", {"value": "x"}, token=token))[0] == 204
