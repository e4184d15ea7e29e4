"""Roles of the token method: what their tokens may be, whoever makes them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_methods.names import matches_any, matches_glob
from tests.support.systems import Answer, Server

MAKER = 'path "auth/token/create/*" { capabilities = ["update"] }'


async def _role(server: Server, **body: Any) -> Answer:
    return await server.ask("POST", "auth/token/roles/r", body)


async def _create(server: Server, token: str | None = None, **body: Any) -> Answer:
    return await server.ask("POST", "auth/token/create/r", body, token=token)


@pytest.mark.parametrize(
    ("role", "asked", "got"),
    [
        ({}, [], ["default", "tested"]),
        ({}, ["tested"], ["default", "tested"]),
        ({}, ["other"], "child policies must be subset of parent"),
        ({}, ["root"], "child policies must be subset of parent"),
        ({"allowed_policies": ["a", "b"]}, [], ["a", "b", "default"]),
        ({"allowed_policies": ["a", "b"]}, ["B"], ["b", "default"]),
        (
            {"allowed_policies": ["a"], "allowed_policies_glob": ["g*"]},
            ["z"],
            'token policies (["default" "z"]) must be subset of the role\'s allowed policies (["a" "default"]) or glob '
            'policies (["g*"])',
        ),
        ({"allowed_policies_glob": ["g*"]}, ["good", "g"], ["default", "g", "good"]),
        ({"allowed_policies_glob": ["g*"]}, [], ["default"]),
        ({"allowed_policies": ["root"]}, ["root"], "root tokens may not be created without parent token being root"),
        ({"allowed_policies": ["response-wrapping"]}, [], 'cannot assign policy "response-wrapping"'),
        ({"disallowed_policies": ["a"]}, ["b"], ["b", "default"]),
        ({"disallowed_policies": ["a"]}, ["a"], 'token policy "a" is disallowed by this role'),
        ({"disallowed_policies": ["root"]}, ["root"], 'token policy "root" is disallowed by this role'),
        ({"disallowed_policies_glob": ["a*"]}, ["ab"], 'token policy "ab" is disallowed by this role'),
        ({"disallowed_policies": ["default"]}, ["b"], ["b"]),
        ({"disallowed_policies": ["default"]}, [], 'token policy "default" is disallowed by this role'),
        ({"allowed_policies": ["a"], "token_no_default_policy": True}, [], ["a"]),
    ],
)
async def test_which_policies_a_token_gets(
    server: Server, role: dict[str, Any], asked: list[str], got: list[str] | str
) -> None:
    maker, _ = await server.token_for(MAKER)
    assert (await _role(server, **role))[0] == 204
    status, answer = await _create(server, maker, policies=asked)
    if isinstance(got, str):
        assert (status, answer) == (400, {"errors": [got]})
    else:
        assert (status, answer["auth"]["policies"]) == (200, got)


async def test_limits_of_a_role_and_of_the_caller_both_hold(server: Server) -> None:
    assert (await _role(server, token_period="2h", token_explicit_max_ttl="10h", token_num_uses=3))[0] == 204
    _, answer = await _create(server, policies=["default"], period="1h", explicit_max_ttl="90m", num_uses=9)
    auth = answer["auth"]
    assert (auth["lease_duration"], auth["num_uses"]) == (3600, 3)
    assert [warning for warning in answer["warnings"] if "lesser" in warning] == [
        "Explicit max TTL specified both during creation call and in role; using the lesser value of 5400 seconds",
        "Period specified both during creation call and in role; using the lesser value of 3600 seconds",
    ]


async def test_a_token_is_bound_to_the_addresses_of_its_role(server: Server) -> None:
    assert (await _role(server, token_bound_cidrs="10.0.0.0/8,127.0.0.1/32", orphan=True))[0] == 204
    for kind in ("service", "batch"):
        _, answer = await _create(server, policies=["default"], type=kind)
        token = answer["auth"]["client_token"]
        status, answer = await server.ask("GET", "auth/token/lookup-self", token=token)
        assert (status, answer["data"]["bound_cidrs"]) == (200, ["10.0.0.0/8", "127.0.0.1"])
        assert (await server.ask("GET", "auth/token/lookup-self", token=token, address="127.0.0.2"))[0] == 403


async def test_a_token_follows_its_role_when_it_is_renewed(server: Server) -> None:
    assert (await _role(server))[0] == 204
    _, answer = await _create(server, policies=["default"], ttl="1h")
    token = answer["auth"]["client_token"]
    await _role(server, token_period="5m")
    _, answer = await server.ask("POST", "auth/token/renew-self", token=token)
    assert answer["auth"]["lease_duration"] == 300
    assert (await server.ask("DELETE", "auth/token/roles/r"))[0] == 204
    text = 'failed to renew entry: original token role "r" could not be found, not renewing'
    expected = (500, {"errors": [f"1 error occurred:\n\t* {text}\n\n"]})
    assert await server.ask("POST", "auth/token/renew-self", token=token) == expected
    assert (await server.ask("GET", "auth/token/lookup-self", token=token))[0] == 200


@pytest.mark.parametrize(("then", "granted"), [("2h", 7200), ("1h", 3600), ("0", 5 * 3600), ("9h", 5 * 3600)])
async def test_the_end_that_a_role_sets_is_that_of_the_role_at_the_renewal(
    server: Server, then: str, granted: int
) -> None:
    assert (await _role(server, token_explicit_max_ttl="3h"))[0] == 204
    _, answer = await _create(server, policies=["default"], ttl="50m")
    token = answer["auth"]["client_token"]
    await _role(server, token_explicit_max_ttl=then)
    _, answer = await server.ask("POST", "auth/token/renew-self", {"increment": "5h"}, token)
    assert answer["auth"]["lease_duration"] == granted


async def test_no_role_moves_the_end_that_a_token_was_made_with(server: Server) -> None:
    assert (await _role(server, token_explicit_max_ttl="3h"))[0] == 204
    _, answer = await _create(server, policies=["default"], ttl="50m", explicit_max_ttl="1h")
    token = answer["auth"]["client_token"]
    for lifted in ("9h", "0"):
        await _role(server, token_explicit_max_ttl=lifted)
        _, answer = await server.ask("POST", "auth/token/renew-self", {"increment": "5h"}, token)
        assert answer["auth"]["lease_duration"] == 3600
        _, answer = await server.ask("GET", "auth/token/lookup-self", token=token)
        assert answer["data"]["explicit_max_ttl"] == 3600


async def test_a_token_shows_its_own_limits_and_not_those_of_its_role(server: Server) -> None:
    assert (await _role(server, token_period="1h", token_explicit_max_ttl="2h"))[0] == 204
    _, answer = await _create(server, policies=["default"])
    assert answer["auth"]["lease_duration"] == 3600
    _, answer = await server.ask("GET", "auth/token/lookup-self", token=answer["auth"]["client_token"])
    assert answer["data"]["explicit_max_ttl"] == 0
    assert "period" not in answer["data"]


async def test_an_orphan_lives_on_and_others_do_not(server: Server) -> None:
    for orphan, status in ((True, 200), (False, 403)):
        maker, _ = await server.token_for(MAKER)
        await _role(server, orphan=orphan)
        _, answer = await _create(server, maker)
        await server.ask("POST", "auth/token/revoke", {"token": maker})
        assert (await server.ask("GET", "auth/token/lookup-self", token=answer["auth"]["client_token"]))[0] == status


async def test_a_role_decides_about_the_kind_of_token(server: Server) -> None:
    for role, asked, made in (
        ("default-service", "", "service"),
        ("default-service", "batch", "batch"),
        ("default-batch", "", "batch"),
        ("default-batch", "service", "service"),
        ("batch", "service", "batch"),
        ("service", "batch", "service"),
    ):
        assert (await _role(server, token_type=role, orphan=True, renewable=False))[0] == 204
        _, answer = await _create(server, policies=["default"], type=asked)
        assert answer["auth"]["token_type"] == made


@given(st.text(alphabet="ab*[]?-", max_size=6), st.text(alphabet="ab[]?-", max_size=6))
def test_only_a_star_is_special(pattern: str, name: str) -> None:
    assert matches_any(name, [name])
    assert matches_any(name, ["*"])
    if "*" not in pattern:
        assert matches_any(name, [pattern]) == (name == pattern)


@given(st.text("ab*[?", max_size=8), st.text("ab*[?", max_size=8))
def test_globs_are_as_the_library_has_them(name: str, pattern: str) -> None:
    """Of its wildcards there is only the star."""
    escaped = pattern.replace("[", "[[]").replace("?", "[?]")
    assert matches_glob(name, pattern) == fnmatchcase(name, escaped)
