"""Mounts through the API: enabling, showing, tuning, moving and disabling, with Vault's words for every mistake."""

from __future__ import annotations

import re
from typing import Any

import pytest

from server.core.settings import Settings
from tests.support.systems import NewServer, Server

MONTH = 768 * 3600


def _mount(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in ("accessor", "uuid")}


SHOWN = {
    "config": {"default_lease_ttl": 0, "max_lease_ttl": 0, "force_no_cache": False},
    "deprecation_status": "supported",
    "description": "",
    "external_entropy_access": False,
    "local": False,
    "options": {},
    "plugin_version": "",
    "running_plugin_version": "v2.7.2+builtin.bao",
    "running_sha256": "",
    "seal_wrap": False,
    "type": "notes",
}


async def test_a_mount_is_enabled_shown_used_and_disabled(server: Server) -> None:
    body = {
        "type": "notes",
        "description": "d",
        "options": {"a": 1},
        "local": "true",
        "config": {"max_lease_ttl": "2h"},
    }
    assert await server.ask("POST", "sys/mounts/a/b", body) == (204, None)
    status, answer = await server.ask("GET", "sys/mounts/a/b")
    assert status == 200
    expected = SHOWN | {"description": "d", "options": {"a": "1"}, "local": True}
    assert _mount(answer["data"]) == expected | {"config": {**SHOWN["config"], "max_lease_ttl": 7200}}  # type: ignore[dict-item]
    assert re.fullmatch(r"notes_[0-9a-f]{8}", answer["data"]["accessor"])
    assert answer["uuid"] == answer["data"]["uuid"]
    status, listed = await server.ask("GET", "sys/mounts")
    assert listed["data"]["a/b/"] == listed["a/b/"] == answer["data"]
    assert set(listed["data"]) == {"a/b/", "cubbyhole/", "identity/", "sys/"}
    assert await server.ask("POST", "a/b/note/n", {"text": "t"}) == (204, None)
    assert (await server.ask("GET", "a/b/note/n"))[1]["data"] == {"text": "t"}
    assert await server.ask("DELETE", "sys/mounts/a/b") == (204, None)
    assert await server.ask("DELETE", "sys/mounts/a/b") == (204, None)
    assert await server.ask("GET", "sys/mounts/a/b") == (400, {"errors": ["No secret engine mount at a/b/"]})
    assert (await server.ask("GET", "a/b/note/n"))[0] == 404


async def test_what_was_disabled_leaves_nothing_to_its_successor(server: Server) -> None:
    await server.ask("POST", "sys/mounts/a", {"type": "notes"})
    await server.ask("POST", "a/note/n", {"text": "t"})
    await server.ask("DELETE", "sys/mounts/a")
    await server.ask("POST", "sys/mounts/a", {"type": "notes"})
    assert (await server.ask("GET", "a/note/n"))[0] == 404


async def test_auth_methods_are_mounts_too(server: Server) -> None:
    assert await server.ask("POST", "sys/auth/a", {"type": "notes"}) == (204, None)
    status, answer = await server.ask("GET", "sys/auth/a")
    assert status == 200
    assert answer["data"]["accessor"].startswith("auth_notes_")
    assert answer["data"]["config"]["token_type"] == "default-service"
    status, listed = await server.ask("GET", "sys/auth")
    assert set(listed["data"]) == {"a/", "token/"}
    assert listed["token/"]["options"] is None
    assert "deprecation_status" not in listed["token/"]
    assert (await server.ask("GET", "sys/mounts/auth/a"))[1]["data"] == answer["data"]
    assert await server.ask("DELETE", "sys/mounts/auth/a") == (400, {"errors": ['cannot unmount "auth/a/"']})
    assert await server.ask("DELETE", "sys/auth/a") == (204, None)
    assert await server.ask("GET", "sys/auth/a") == (400, {"errors": ["No auth engine at a/"]})


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("mounts/x", {}, "backend type must be specified as a string"),
        ("mounts/x", {"type": "nope"}, "plugin not found in the catalog: nope"),
        ("mounts/x", {"type": "plugin"}, "plugin_name must be provided for plugin backend"),
        ("mounts/x", {"type": "system"}, 'mount type of "system" is not mountable'),
        ("mounts/x", {"type": "token"}, 'mount type of "token" is not mountable'),
        ("mounts/sys", {"type": "notes"}, 'cannot mount "sys/"'),
        ("mounts/auth/x", {"type": "notes"}, 'cannot mount "auth/x/"'),
        ("mounts/cubbyhole/x", {"type": "notes"}, 'cannot mount "cubbyhole/x/"'),
        ("mounts/old", {"type": "notes"}, "path is already in use at old/"),
        ("mounts/old/x", {"type": "notes"}, "path is already in use at old/"),
        ("mounts/x", {"type": "notes", "options": {"version": "2"}},
         'secrets engine "notes" does not allow setting a version'),
        ("mounts/x", {"type": "notes", "config": {"default_lease_ttl": "2h", "max_lease_ttl": "1h"}},
         "given default lease TTL greater than given max lease TTL"),
        ("mounts/x", {"type": "notes", "config": {"default_lease_ttl": "9999h"}},
         f"given default lease TTL greater than system max lease TTL of {MONTH}"),
        ("mounts/x", {"type": "notes", "config": {"default_lease_ttl": "abc"}},
         'unable to parse default TTL of abc: time: invalid duration "abc"'),
        ("mounts/x", {"type": "notes", "config": {"max_lease_ttl": "abc"}},
         'unable to parse max TTL of abc: time: invalid duration "abc"'),
        ("mounts/x", {"type": "notes", "config": {"max_lease_ttl": "-1h"}},
         "unable to parse max TTL of -1h: cannot provide negative value '-3600'"),
        ("mounts/x", {"type": "notes", "config": {"listing_visibility": "zz"}}, "invalid listing_visibility zz"),
        ("mounts/x", {"type": "notes", "config": {"force_no_cache": "yes"}},
         "unable to convert given mount config information"),
        ("mounts/x", {"type": "notes", "config": {"user_lockout_config": {"lockout_threshold": "5"}}},
         "unable to convert given mount config information"),
        ("auth/x", {"type": "token"}, "token credential backend cannot be instantiated"),
        ("auth/x", {"type": "nope"}, "plugin not found in the catalog: nope"),
        ("auth/token", {"type": "notes"}, "path is already in use at token/"),
        ("auth/token/x", {"type": "notes"}, "path is already in use at token/"),
        ("auth/x", {"type": "notes", "config": {"token_type": "zz"}}, "invalid value for 'token_type'"),
    ],
)  # fmt: skip
async def test_what_can_t_be_mounted(server: Server, path: str, body: dict[str, object], text: str) -> None:
    await server.ask("POST", "sys/mounts/old", {"type": "notes"})
    assert await server.ask("POST", f"sys/{path}", body) == (400, {"errors": [text]})
    assert (await server.ask("GET", "sys/mounts/x"))[0] == (await server.ask("GET", "sys/auth/x"))[0] == 400


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("mounts/sys", 'cannot unmount "sys/"'),
        ("mounts/cubbyhole", 'cannot unmount "cubbyhole/"'),
        ("mounts/auth/token", 'cannot unmount "auth/token/"'),
        ("auth/token", "token credential backend cannot be disabled"),
    ],
)
async def test_what_is_built_in_stays(server: Server, path: str, text: str) -> None:
    assert await server.ask("DELETE", f"sys/{path}") == (400, {"errors": [text]})


async def test_settings_that_come_with_a_mount(server: Server) -> None:
    config = {
        "listing_visibility": "unauth",
        "audit_non_hmac_request_keys": ["a"],
        "audit_non_hmac_response_keys": "a,b",
        "passthrough_request_headers": ["X"],
        "allowed_response_headers": ["Y"],
        "force_no_cache": True,
        "default_lease_ttl": 5,
        "unknown": 1,
    }
    await server.ask("POST", "sys/mounts/a", {"type": "notes", "config": config})
    shown = {**config, "audit_non_hmac_response_keys": ["a", "b"], "max_lease_ttl": 0}
    del shown["unknown"]
    assert (await server.ask("GET", "sys/mounts/a"))[1]["data"]["config"] == shown
    status, tuning = await server.ask("GET", "sys/mounts/a/tune")
    assert status == 200
    assert tuning["data"] == shown | {"max_lease_ttl": MONTH, "description": ""}


async def test_tuning_changes_what_is_given(server: Server) -> None:
    await server.ask("POST", "sys/mounts/a", {"type": "notes", "description": "d"})

    async def tune(**body: object) -> dict[str, Any]:
        assert await server.ask("POST", "sys/mounts/a/tune", body) == (204, None)
        data: dict[str, Any] = (await server.ask("GET", "sys/mounts/a/tune"))[1]["data"]
        return data

    plain = {"default_lease_ttl": MONTH, "max_lease_ttl": MONTH, "description": "d", "force_no_cache": False}
    assert await tune() == plain
    ttls = {"default_lease_ttl": 3600, "max_lease_ttl": 7200}
    assert await tune(default_lease_ttl="1h", max_lease_ttl=7200) == plain | ttls
    assert await tune(max_lease_ttl="", description="") == plain | ttls | {"description": ""}
    assert await tune(default_lease_ttl="system", max_lease_ttl=0, description="d") == plain
    lists = {"audit_non_hmac_request_keys": ["a", "b"], "allowed_response_headers": ["Z"]}
    assert await tune(audit_non_hmac_request_keys="a,b", allowed_response_headers=["Z"]) == plain | lists
    assert await tune(audit_non_hmac_request_keys=[], allowed_response_headers="") == plain
    assert await tune(options={"a": "b", "c": "d"}) == plain | {"options": {"a": "b", "c": "d"}}
    assert await tune(options={"a": "", "e": 1}) == plain | {"options": {"c": "d", "e": "1"}}
    assert await tune(options={"c": "", "e": ""}) == plain
    assert await tune(listing_visibility="hidden", bogus=1) == plain | {"listing_visibility": "hidden"}


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("mounts/nope", {}, 'tune of path "nope/" failed: no mount entry found'),
        ("auth/nope", {}, 'tune of path "auth/nope/" failed: no mount entry found'),
        ("mounts/a", {"default_lease_ttl": "3h"},
         "backend max lease TTL of 7200 would be less than backend default lease TTL of 10800"),
        ("mounts/a", {"default_lease_ttl": "abc"}, 'time: invalid duration "abc"'),
        ("mounts/a", {"max_lease_ttl": "-1h"}, "cannot provide negative value '-3600'"),
        ("mounts/a", {"listing_visibility": "zz"}, "invalid listing_visibility zz"),
        ("mounts/a", {"token_type": "service"}, "'token_type' can only be modified on auth mounts"),
        ("mounts/a", {"user_lockout_config": {"lockout_threshold": "5"}},
         'tuning of user lockout configuration for auth type "notes" not allowed'),
        ("mounts/a", {"plugin_version": "v1"}, "plugin not found in the catalog: notes, version=v1"),
        ("mounts/a", {"options": {"version": "2"}}, 'secrets engine "notes" does not allow setting a version'),
        ("mounts/sys", {"description": "x"}, "cannot tune parameter description of sys/"),
        ("auth/token", {"token_type": "service"}, "'token_type' cannot be set for 'token' or 'ns_token' auth mounts"),
        ("auth/b", {"token_type": "zz"}, "invalid value for 'token_type'"),
    ],
)  # fmt: skip
async def test_what_can_t_be_tuned(server: Server, path: str, body: dict[str, object], text: str) -> None:
    await server.ask("POST", "sys/mounts/a", {"type": "notes", "config": {"max_lease_ttl": "2h"}})
    await server.ask("POST", "sys/auth/b", {"type": "notes"})
    before = [(await server.ask("GET", f"sys/{kind}"))[1]["data"] for kind in ("mounts", "auth")]
    assert await server.ask("POST", f"sys/{path}/tune", body) == (400, {"errors": [text]})
    assert [(await server.ask("GET", f"sys/{kind}"))[1]["data"] for kind in ("mounts", "auth")] == before


async def test_tuning_is_in_force_at_once(server: Server) -> None:
    assert await server.ask("POST", "sys/auth/token/tune", {"default_lease_ttl": "1h", "max_lease_ttl": "2h"}) == (
        204,
        None,
    )
    _, answer = await server.ask("POST", "auth/token/create", {"policies": ["default"]})
    assert answer["auth"]["lease_duration"] == 3600
    _, answer = await server.ask("POST", "auth/token/create", {"policies": ["default"], "ttl": "3h"})
    assert answer["auth"]["lease_duration"] == 7200


async def test_a_lower_maximum_holds_for_tokens_from_before(server: Server) -> None:
    _, answer = await server.ask("POST", "auth/token/create", {"policies": ["default"], "ttl": "3h"})
    token = answer["auth"]["client_token"]
    assert (await server.ask("POST", "sys/auth/token/tune", {"default_lease_ttl": "1h", "max_lease_ttl": "2h"}))[
        0
    ] == 204
    server.clock.advance(90 * 60)
    _, answer = await server.ask("POST", "auth/token/renew-self", token=token)
    assert answer["auth"]["lease_duration"] == 30 * 60
    server.clock.advance(30 * 60 - 0.1)
    refused = (500, {"errors": ["1 error occurred:\n\t* past the max TTL, cannot renew\n\n"]})
    for path, body in (("renew-self", {}), ("renew", {"token": token}), ("renew-accessor", answer["auth"])):
        assert await server.ask("POST", f"auth/token/{path}", body, token=None if body else token) == refused
    assert (await server.ask("GET", "auth/token/lookup-self", token=token))[0] == 200
    server.clock.advance(0.2)
    assert (await server.ask("GET", "auth/token/lookup-self", token=token))[0] == 403


async def test_tuning_can_t_be_read_where_nothing_is_mounted(server: Server) -> None:
    assert await server.ask("GET", "sys/auth/nope/tune") == (
        400,
        {"errors": ['cannot fetch sysview for path "auth/nope/"']},
    )


async def test_the_system_s_ttls_are_shown_where_none_are_set(new_server: NewServer) -> None:
    settings = Settings(default_lease_ttl_seconds=60, max_lease_ttl_seconds=120)
    server = await (await new_server(settings=settings)).unsealed()
    _, answer = await server.ask("GET", "sys/auth/token/tune")
    assert (answer["data"]["default_lease_ttl"], answer["data"]["max_lease_ttl"]) == (60, 120)


async def test_a_move_takes_the_data_along(server: Server) -> None:
    await server.ask("POST", "sys/mounts/a", {"type": "notes"})
    await server.ask("POST", "a/note/n", {"text": "t"})
    status, answer = await server.ask("POST", "sys/remount", {"from": "a", "to": "/new place/b/"})
    assert status == 200
    move = answer["data"]["migration_id"]
    assert answer["migration_id"] == move
    assert answer["warnings"] == [
        "Mount move has been queued. Progress will be reported in OpenBao's server log, tagged with the returned "
        "migration_id"
    ]
    status, answer = await server.ask("GET", f"sys/remount/status/{move}")
    info = {"source_mount": "a/", "target_mount": "new place/b/", "status": "success"}
    assert (status, answer["data"]) == (200, {"migration_id": move, "migration_info": info})
    assert (await server.ask("GET", "new%20place/b/note/n"))[1]["data"] == {"text": "t"}
    assert (await server.ask("GET", "a/note/n"))[0] == 404


async def test_the_latest_moves_are_remembered(server: Server) -> None:
    await server.ask("POST", "sys/mounts/m0", {"type": "notes"})
    moves = []
    for number in range(70):
        _, answer = await server.ask("POST", "sys/remount", {"from": f"m{number}", "to": f"m{number + 1}"})
        moves.append(answer["data"]["migration_id"])
    assert await server.ask("GET", f"sys/remount/status/{moves[0]}") == (404, {"errors": []})
    assert (await server.ask("GET", f"sys/remount/status/{moves[-1]}"))[0] == 200


@pytest.mark.parametrize(
    ("source", "target", "text"),
    [
        ("a", "", "both 'from' and 'to' path must be specified as a string"),
        ("a", "b ", "'to' path cannot contain trailing whitespace"),
        ("nope", "b", 'no matching mount at "nope/"'),
        ("a", "old", 'path already in use at "old/"'),
        ("a", "old/x", 'path already in use at "old/"'),
        ("a", "a", 'path already in use at "a/"'),
        ("a", "a/b", 'path already in use at "a/"'),
        ("sys", "b", 'cannot remount "sys/"'),
        ("cubbyhole", "b", 'cannot remount "cubbyhole/"'),
        ("auth/token", "auth/b", 'cannot remount "auth/token/"'),
        ("a", "sys/b", "cannot remount to destination sys/b/"),
        ("a", "auth/b", "cannot remount to destination auth/b/"),
        ("auth/m", "b", 'cannot remount auth mount to non-auth mount "b/"'),
        ("auth/m", "auth/token", 'cannot remount to destination "auth/token/"'),
        ("a", "b\x07c", "invalid destination mount: path cannot contain non-printable characters"),
    ],
)
async def test_what_can_t_be_moved(server: Server, source: str, target: str, text: str) -> None:
    await server.ask("POST", "sys/mounts/a", {"type": "notes"})
    await server.ask("POST", "sys/mounts/old", {"type": "notes"})
    await server.ask("POST", "sys/auth/m", {"type": "notes"})
    assert await server.ask("POST", "sys/remount", {"from": source, "to": target}) == (400, {"errors": [text]})


async def test_sudo_is_needed_for_auth_methods_and_moves_alone(server: Server) -> None:
    token, _ = await server.token_for('path "sys/*" { capabilities = ["create", "read", "update", "delete", "list"] }')
    denied = (403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]})
    assert await server.ask("POST", "sys/auth/a", {"type": "notes"}, token=token) == denied
    assert await server.ask("GET", "sys/auth/token", token=token) == denied
    assert await server.ask("POST", "sys/remount", {}, token=token) == denied
    assert (await server.ask("GET", "sys/auth", token=token))[0] == 200
    assert await server.ask("POST", "sys/mounts/a", {"type": "notes"}, token=token) == (204, None)
    assert await server.ask("POST", "sys/mounts/a/tune", {"description": "d"}, token=token) == (204, None)
    assert await server.ask("DELETE", "sys/mounts/a", token=token) == (204, None)
