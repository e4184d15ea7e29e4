"""Policies and capabilities through the API."""

from __future__ import annotations

from typing import Any

import pytest

from engines.durations import format_time
from tests.support.systems import Server

TEXT = 'path "a" { capabilities = ["read"] }'


async def test_a_policy_is_written_read_and_deleted(server: Server) -> None:
    assert await server.ask("PUT", "sys/policies/acl/Team/One", {"policy": TEXT}) == (204, None)
    shown = {
        "name": "team/one",
        "version": 1,
        "cas_required": False,
        "allow_slashes_in_identity_templates": False,
        "allow_wildcards_in_identity_templates": False,
        "modified": format_time(server.clock()),
    }
    status, answer = await server.ask("GET", "sys/policies/acl/team/ONE")
    assert (status, answer["data"]) == (200, shown | {"policy": TEXT})
    assert "policy" not in answer
    status, answer = await server.ask("GET", "sys/policy/team/one")
    assert (status, answer["data"]) == (200, shown | {"rules": TEXT})
    assert answer["rules"] == TEXT
    assert await server.ask("DELETE", "sys/policies/acl/team/one") == (204, None)
    assert await server.ask("DELETE", "sys/policy/team/one") == (204, None)
    assert await server.ask("GET", "sys/policies/acl/team/one") == (404, {"errors": []})


async def test_policies_are_listed(server: Server) -> None:
    for name in ("b", "a", "x/y"):
        await server.ask("PUT", f"sys/policies/acl/{name}", {"policy": TEXT})
    names = ["a", "b", "default", "x/y", "root"]
    assert (await server.ask("LIST", "sys/policies/acl"))[1]["data"] == {"keys": names}
    _, answer = await server.ask("GET", "sys/policies/acl?list=true&limit=1")
    assert answer["data"] == {"keys": names}
    assert answer["warnings"] == ["Endpoint ignored these unrecognized parameters: [limit]"]
    assert (await server.ask("LIST", "sys/policies/acl/x"))[1]["data"] == {"keys": ["x/y"]}
    assert await server.ask("LIST", "sys/policies/acl/z") == (404, {"errors": []})
    for method in ("GET", "LIST"):
        _, answer = await server.ask(method, "sys/policy")
        assert answer["data"] == {"keys": names, "policies": names}
        assert answer["keys"] == answer["policies"] == names
    assert (await server.ask("GET", "sys/policies/acl"))[0] == 405


async def test_the_root_policy_has_no_text(server: Server) -> None:
    _, answer = await server.ask("GET", "sys/policies/acl/root")
    assert (answer["data"]["policy"], answer["data"]["version"], "modified" in answer["data"]) == ("", 0, False)
    assert (await server.ask("GET", "sys/policy/root"))[1]["data"]["rules"] == ""


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("policies/acl/p", None, "'policy' parameter not supplied or empty"),
        ("policies/acl/p", {"policy": ""}, "'policy' parameter not supplied or empty"),
        ("policies/acl/p", {"rules": TEXT}, "'policy' parameter not supplied or empty"),
        ("policy/p", {}, "'policy' parameter not supplied or empty"),
        ("policies/acl/p", {"policy": 'path "a" {'},
         "failed to parse policy: At 1:12: object expected closing RBRACE got: EOF"),
        ("policies/acl/root", {"policy": TEXT}, 'cannot update "root" policy'),
        ("policies/acl/old", {"policy": TEXT, "cas": -1}, "check-and-set parameter set to -1 on existing entry"),
        ("policies/acl/old", {"policy": TEXT, "cas": 7},
         "check-and-set parameter 7 did not match the current version 1"),
        ("policies/acl/p", {"policy": TEXT, "cas_required": True}, "check-and-set parameter required for this call"),
        ("policies/acl/p", {"policy": TEXT, "expiration": "2020-01-01T00:00:00Z"},
         "refusing to update policy as expiration time has already elapsed"),
        ("policies/acl/p", {"policy": TEXT, "expiration": "2030-01-01T00:00:00"},
         'Field validation failed: error converting input for field "expiration": could not parse string as date and '
         "time"),
        ("policies/acl/p", {"policy": TEXT, "expiration": ""},
         'Field validation failed: error converting input for field "expiration": could not parse string as date and '
         "time"),
        ("policies/acl/p", {"policy": TEXT, "ttl": "1h", "expiration": "2030-01-01T00:00:00Z"},
         "cannot supply both 'expiration' and 'ttl' for policies"),
    ],
)  # fmt: skip
async def test_what_can_t_be_written(server: Server, path: str, body: dict[str, object], text: str) -> None:
    await server.ask("PUT", "sys/policies/acl/old", {"policy": TEXT})
    assert await server.ask("PUT", f"sys/{path}", body) == (400, {"errors": [text]})
    assert await server.ask("GET", "sys/policies/acl/p") == (404, {"errors": []})


async def test_what_can_t_be_deleted(server: Server) -> None:
    assert await server.ask("DELETE", "sys/policies/acl/root") == (400, {"errors": ['cannot delete "root" policy']})
    assert await server.ask("DELETE", "sys/policy/default") == (400, {"errors": ["cannot delete default policy"]})


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"ttl": "1h"}, 3600.0),
        ({"expiration": "2100-01-01T02:00:00.5+02:00"}, 4102444800.5 - 1_800_000_000),
        ({"expiration": 4102444800}, 4102444800.0 - 1_800_000_000),
        ({"expiration": "4102444800"}, 4102444800.0 - 1_800_000_000),
    ],
)
async def test_a_policy_ends_when_it_is_said(server: Server, body: dict[str, object], seconds: float) -> None:
    await server.ask("PUT", "sys/policies/acl/p", {"policy": TEXT, **body})
    _, answer = await server.ask("GET", "sys/policies/acl/p")
    assert answer["data"]["expiration"] == format_time(server.clock() + seconds)
    server.clock.advance(seconds)
    assert await server.ask("GET", "sys/policies/acl/p") == (404, {"errors": []})


async def test_old_clients_send_rules(server: Server) -> None:
    status, answer = await server.ask("PUT", "sys/policy/p", {"rules": TEXT})
    assert (status, answer["data"]) == (200, None)
    assert answer["warnings"] == ["'rules' is deprecated, please use 'policy' instead"]
    assert await server.ask("PUT", "sys/policy/p", {"policy": TEXT, "rules": "nonsense"}) == (204, None)


async def test_a_patch_keeps_what_it_doesn_t_name(server: Server) -> None:
    await server.ask("PUT", "sys/policies/acl/p", {"policy": TEXT, "cas": -1, "cas_required": True, "ttl": "1h"})
    before = (await server.ask("GET", "sys/policies/acl/p"))[1]["data"]
    status, answer = await server.ask("PATCH", "sys/policies/acl/p", {"policy": 'path "b" {}'})
    assert (status, answer["data"]) == (200, None)
    after = (await server.ask("GET", "sys/policies/acl/p"))[1]["data"]
    assert after == before | {"policy": 'path "b" {}', "version": 2}
    wrong = await server.ask("PATCH", "sys/policies/acl/p", {"cas": 1})
    assert wrong == (400, {"errors": ["check-and-set parameter 1 did not match the current version 2"]})
    assert await server.ask("PATCH", "sys/policies/acl/q", {}) == (400, {"errors": ["policy not found"]})


GRANTS = """
path "a/*" { capabilities = ["update", "read", "create"] }
path "b" { capabilities = ["deny"] }
path "sys/capabilities*" { capabilities = ["update"] }
"""


@pytest.mark.parametrize(
    ("body", "data"),
    [
        ({"paths": ["a/x", "b", "z"]}, {"a/x": ["create", "read", "update"], "b": ["deny"], "z": ["deny"]}),
        ({"path": "b"}, {"b": ["deny"], "capabilities": ["deny"]}),
        ({"paths": "b,z"}, {"b": ["deny"], "z": ["deny"]}),
        ({"paths": ["b", "b"]}, {"b": ["deny"]}),
        ({"paths": ["/b"], "path": ["z"]}, {"/b": ["deny"], "capabilities": ["deny"]}),
    ],
)
async def test_what_a_token_may_do(server: Server, body: dict[str, object], data: dict[str, Any]) -> None:
    token, accessor = await server.token_for(GRANTS)
    for path, asked in (
        ("capabilities-self", body),
        ("capabilities", body | {"token": token}),
        ("capabilities-accessor", body | {"accessor": accessor}),
    ):
        status, answer = await server.ask("POST", f"sys/{path}", asked, token=token)
        assert (status, answer["data"]) == (200, data)
        assert answer | data == answer


async def test_a_root_token_may_do_everything(server: Server) -> None:
    _, answer = await server.ask("POST", "sys/capabilities-self", {"paths": ["a", "b"]})
    assert answer["data"] == {"a": ["root"], "b": ["root"]}
    assert (await server.ask("GET", "sys/internal/ui/resultant-acl"))[1]["data"] == {"root": True}


@pytest.mark.parametrize(
    ("path", "body", "status", "text"),
    [
        ("capabilities-self", {}, 400, "paths must be supplied"),
        ("capabilities-self", {"paths": []}, 400, "paths must be supplied"),
        ("capabilities-self", {"paths": ["a", ""]}, 400, "1 error occurred:\n\t* missing path\n\n"),
        ("capabilities-self", {"paths": ["a"] * 10_001}, 400, "at most 10000 paths may be supplied"),
        ("capabilities", {}, 500, "1 error occurred:\n\t* no token found\n\n"),
        ("capabilities", {"token": "x"}, 400, "paths must be supplied"),
        ("capabilities", {"token": "x", "paths": ["a"]}, 400, "1 error occurred:\n\t* invalid token\n\n"),
        ("capabilities-accessor", {"paths": ["a"]}, 400, "missing accessor"),
        ("capabilities-accessor", {"accessor": "x"}, 400, "paths must be supplied"),
        ("capabilities-accessor", {"accessor": "x", "paths": ["a"]}, 400,
         "1 error occurred:\n\t* invalid accessor\n\n"),
    ],
)  # fmt: skip
async def test_what_can_t_be_asked(server: Server, path: str, body: object, status: int, text: str) -> None:
    assert await server.ask("POST", f"sys/{path}", body) == (status, {"errors": [text]})


async def test_the_resultant_acl_is_that_of_all_policies(server: Server) -> None:
    token, _ = await server.token_for(GRANTS)
    _, answer = await server.ask("GET", "sys/internal/ui/resultant-acl", token=token)
    data = answer["data"]
    assert data["root"] is False
    assert data["exact_paths"]["b"] == {"capabilities": ["deny"]}
    assert data["glob_paths"]["a/"] == {"capabilities": ["create", "read", "update"]}
    assert "auth/token/lookup-self" in data["exact_paths"]
    assert await server.ask("GET", "sys/internal/ui/resultant-acl", token="") == (
        403,
        {"errors": ["permission denied"]},
    )
