"""The policies that come with the server are given by its own rules alone: no login, role or identity gives more.

``response-wrapping`` is the policy of the tokens that hold wrapped answers; who could have it could forge an answer.
"""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from auth_methods.records import TokenRecord
from engines.faults import InvalidRequest
from server.tenants.tokens.entries import decode, encode, id_key
from server.tenants.tokens.store import Tokens
from storage.base import put
from tests.support.systems import Server

SPELLINGS = ("response-wrapping", "Response-Wrapping", " response-wrapping ", "RESPONSE-WRAPPING")
REFUSED = 'cannot assign policy "response-wrapping"'
INVALID = (400, {"errors": ["wrapping token is not valid or does not exist"]})
FORGED = {"response": '{"request_id":"","data":{"forged":true}}'}
FORGED_INFO = {"creation_path": "sys/secret", "creation_time": "2026-01-01T00:00:00Z", "creation_ttl": 60.0}


def _tokens(server: Server) -> Tokens:
    assert server.core.unsealed is not None
    return server.core.unsealed.root.tokens


async def _user(server: Server, parameters: dict[str, Any]) -> tuple[int, Any]:
    """The answer to the login of a user with ``parameters``."""
    await server.ask("POST", "sys/auth/userpass", {"type": "userpass"})
    assert (await server.ask("POST", "auth/userpass/users/u", {"password": "p", **parameters}))[0] == 204
    return await server.ask("POST", "auth/userpass/login/u", {"password": "p"}, token="")


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", ["token_policies", "policies"])
async def test_a_user_cannot_log_in_as_a_wrapped_answer(server: Server, name: str, spelling: str) -> None:
    status, answer = await _user(server, {name: [spelling, "default"], "token_no_default_policy": True})
    assert (status, answer) == (400, {"errors": [REFUSED]})


async def test_nor_can_a_role_of_approle(server: Server) -> None:
    await server.ask("POST", "sys/auth/approle", {"type": "approle"})
    role = {"token_policies": "x, Response-Wrapping", "bind_secret_id": False, "token_bound_cidrs": "127.0.0.0/8"}
    assert (await server.ask("POST", "auth/approle/role/r", role))[0] == 204
    role_id = (await server.ask("GET", "auth/approle/role/r/role-id"))[1]["data"]["role_id"]
    answer = await server.ask("POST", "auth/approle/login", {"role_id": role_id}, token="")
    assert answer == (400, {"errors": [REFUSED]})


async def test_a_refused_login_leaves_no_entity(server: Server) -> None:
    await _user(server, {"token_policies": "response-wrapping"})
    assert (await server.ask("LIST", "identity/entity/id"))[0] == 404


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("kind", ["entity", "group"])
async def test_identity_cannot_give_it(server: Server, kind: str, spelling: str) -> None:
    for policies in ([spelling], f"x,{spelling}"):
        status, answer = await server.ask("POST", f"identity/{kind}", {"name": "n", "policies": policies})
        assert (status, answer) == (400, {"errors": ["policies cannot contain response-wrapping"]})
    assert (await server.ask("GET", f"identity/{kind}/name/n"))[0] == 404


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_no_token_is_created_with_it(server: Server, spelling: str) -> None:
    for path in ("create", "create-orphan"):
        for type_ in ("service", "batch"):
            body = {"policies": [spelling, "x"], "type": type_}
            assert await server.ask("POST", f"auth/token/{path}", body) == (400, {"errors": [REFUSED]})
    for role in ({"allowed_policies": [spelling]}, {"allowed_policies_glob": "*"}, {"disallowed_policies": "x"}):
        assert (await server.ask("POST", "auth/token/roles/r", {**role, "allowed_policies": []} | role))[0] == 204
        answer = await server.ask("POST", "auth/token/create/r", {"policies": [spelling], "no_default_policy": True})
        assert answer == (400, {"errors": [REFUSED]})


async def test_the_store_itself_refuses_to_make_one(server: Server) -> None:
    record = TokenRecord(policies=("response-wrapping",), path="auth/x/login", display_name="x", creation_time=0)
    for made in (record, replace(record, type="batch"), replace(record, policies=("default", "response-wrapping"))):
        with pytest.raises(InvalidRequest, match=REFUSED):
            await _tokens(server).mint(made)


async def test_a_token_that_wrapping_has_not_made_holds_no_answer(server: Server) -> None:
    """Whatever its policies, as those that logins gave out before, and whatever lies in its cubbyhole."""
    tokens = _tokens(server)
    _, answer = await server.ask("POST", "auth/token/create", {"policies": ["default"]})
    token = answer["auth"]["client_token"]
    assert (await server.ask("POST", "cubbyhole/response", FORGED, token=token))[0] == 204
    assert (await server.ask("POST", "cubbyhole/wrapinfo", FORGED_INFO, token=token))[0] == 204
    key = id_key(tokens.hash(token))
    view = tokens._view
    value = await view.get(key)
    assert value is not None
    for policies in (("default",), ("response-wrapping",), ("default", "response-wrapping")):
        await put(view, key, encode(replace(decode(value), policies=policies)))
        await server.core.runtime.cache.catch_up()
        for path in ("lookup", "unwrap", "rewrap"):
            assert await server.ask("POST", f"sys/wrapping/{path}", {"token": token}) == INVALID
            assert await server.ask("POST", f"sys/wrapping/{path}", {}, token=token) == INVALID


async def test_what_wrapping_makes_is_marked_and_nothing_else(server: Server) -> None:
    tokens = _tokens(server)
    _, answer = await server.ask("POST", "sys/wrapping/wrap", {"a": 1}, wrap="60")
    found = await tokens.lookup(answer["wrap_info"]["token"], server.clock())
    assert found is not None and found.record.wraps
    assert found.record.policies == ("response-wrapping",)
    root = await tokens.lookup(server.root_token, server.clock())
    assert root is not None and not root.record.wraps
    for parameters in ({}, {"type": "batch"}, {"num_uses": 1}):
        _, answer = await server.ask("POST", "auth/token/create", {"policies": ["x"], **parameters})
        found = await tokens.lookup(answer["auth"]["client_token"], server.clock())
        assert found is not None and not found.record.wraps


@pytest.mark.parametrize("name", ["root", " ROOT"])
async def test_root_is_given_by_no_login_and_no_identity(server: Server, name: str) -> None:
    status, answer = await _user(server, {"token_policies": [name]})
    assert (status, answer) == (400, {"errors": ["auth methods cannot create root tokens"]})
    for kind in ("entity", "group"):
        status, answer = await server.ask("POST", f"identity/{kind}", {"policies": [name]})
        assert (status, answer) == (400, {"errors": ["policies cannot contain root"]})
