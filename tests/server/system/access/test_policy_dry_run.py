"""Dry runs of policies: that they agree with what is done, and what an edit would change."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from server.audit.broker import DeclaredDevice
from server.core.settings import Settings
from tests.support.systems import NewServer, Server

ORDERS = """
path "transit/encrypt/orders"    { capabilities = ["update"] }
path "transit/keys/*"            { capabilities = ["read", "list"] }
path "transit/keys/secret"       { capabilities = ["deny"] }
path "transit/+/limited"         { capabilities = ["update"] required_parameters = ["context"] }
path "sys/policies/acl/*"        { capabilities = ["read", "update", "sudo"] }
path "sys/audit"                 { capabilities = ["read"] }
"""


@pytest.fixture
async def server(new_server: NewServer, tmp_path: Path) -> Server:
    """An unsealed server with an audit file and the policy ``orders``."""
    device = DeclaredDevice("file", "file", "", {"file_path": str(tmp_path / "audit.log")})
    server = await (await new_server(Settings(audit_devices=(device,)))).unsealed()
    await server.ask("POST", "sys/mounts/transit", {"type": "transit"})
    await server.ask("POST", "sys/mounts/public", {"type": "transit", "options": {"jwks": "public"}})
    await server.ask("POST", "sys/policies/acl/orders", {"policy": ORDERS})
    return server


async def evaluated(server: Server, **asked: Any) -> dict[str, Any]:
    status, answer = await server.ask("POST", "sys/policies/acl-evaluate", asked)
    assert status == 200, answer
    data: dict[str, Any] = answer["data"]
    return data


async def token_of(server: Server, *policies: str) -> dict[str, Any]:
    _, made = await server.ask("POST", "auth/token/create", {"policies": list(policies)})
    auth: dict[str, Any] = made["auth"]
    return auth


@pytest.mark.parametrize(
    ("path", "operation", "parameters", "allowed", "rule", "reason"),
    [
        ("transit/encrypt/orders", "update", {}, True, "transit/encrypt/orders", "the rule grants it"),
        ("transit/encrypt/orders", "read", {}, False, "transit/encrypt/orders", "the rule lacks the capability read"),
        ("transit/keys/a", "read", {}, True, "transit/keys/*", "the rule grants it"),
        ("transit/keys", "list", {}, True, "transit/keys/*", "the rule grants it"),
        ("transit/keys/secret", "read", {}, False, "transit/keys/secret", "the rule denies the path"),
        ("transit/sign/a", "update", {}, False, None, "no rule is for this path"),
        ("transit/encrypt/limited", "update", {"context": "YQ=="}, True, "transit/+/limited", "the rule grants it"),
        (
            "transit/encrypt/limited", "update", {}, False, "transit/+/limited",
            "a condition of the rule on parameters, wrapping or limits isn't met",
        ),
        ("sys/audit", "read", {}, False, "sys/audit", "the path needs the capability sudo too"),
        ("sys/seal-status", "read", {}, True, None, "the path needs no token"),
        ("sys/health", "read", {"deep": "false"}, True, None, "the path needs no token"),
        ("sys/health", "read", {"deep": "1"}, False, None, "no rule is for this path"),
        ("sys/init", "delete", {}, False, None, "no rule is for this path"),
        ("auth/token/create", "update", {}, False, None, "no rule is for this path"),
        ("public/keys/a/jwks", "read", {}, True, None, "the path needs no token"),
        ("transit/export/a/jwks", "read", {}, False, None, "no rule is for this path"),
    ],
)  # fmt: skip
async def test_the_rule_and_the_reason_are_told(
    server: Server, path: str, operation: str, parameters: dict[str, Any], allowed: bool, rule: str | None, reason: str
) -> None:
    told = await evaluated(server, path=path, operation=operation, parameters=parameters, policies=["orders"])
    assert (told["allowed"], told["reason"]) == (allowed, reason)
    assert (told["rule"] or {}).get("path") == rule
    assert told["granting_policies"] == (["orders"] if rule and allowed else [])


async def test_it_agrees_with_what_is_done(server: Server) -> None:
    """The same questions as requests: those that are allowed aren't answered 403, and the others are."""
    auth = await token_of(server, "orders")
    draw = random.Random(7)
    paths = [
        "transit/keys/",
        "transit/encrypt/",
        "transit/decrypt/",
        "sys/policies/acl/",
        "sys/mounts/",
        "transit/rewrap/",
    ]
    names = ["orders", "secret", "limited", "other", "Orders"]
    verbs = {"GET": "read", "LIST": "list", "DELETE": "delete"}
    asked = 0
    for _ in range(300):
        path, method = draw.choice(paths) + draw.choice(names), draw.choice(list(verbs))
        told = await evaluated(server, path=path, operation=verbs[method], accessor=auth["accessor"])
        status, _ = await server.ask(method, path, token=auth["client_token"])
        assert (status != 403) is told["allowed"], (method, path, told)
        asked += told["allowed"]
    assert 30 < asked < 270


async def test_drafts_take_the_place_of_policies(server: Server) -> None:
    draft = {"orders": 'path "transit/sign/*" { capabilities = ["update"] }'}
    told = await evaluated(server, path="transit/sign/a", operation="update", policies=["orders"], drafts=draft)
    assert told["allowed"]
    told = await evaluated(server, path="transit/keys/a", policies=["orders"], drafts={"orders": None})
    assert not told["allowed"]


async def test_a_draft_that_cant_be_parsed_is_refused_with_its_line(server: Server) -> None:
    drafts = {"orders": 'path "a" {\\n  capabilities = ["fly"]\\n}'}
    status, answer = await server.ask("POST", "sys/policies/acl-evaluate", {"path": "a", "drafts": drafts})
    assert status == 400
    assert answer["errors"][0].startswith("drafts: orders: failed to parse policy: ")


@pytest.mark.parametrize(
    "asked",
    [{}, {"path": "/"}, {"path": "a", "operation": "fly"}, {"path": "a", "parameters": []}, {"path": "a", "drafts": []},
     {"path": "a", "accessor": "no"}, {"path": "a", "entity_id": "no"}, {"path": "a", "drafts": {"root": "x"}},
     {"path": "a", "drafts": {"a": 1}}, {"path": "a", "drafts": {str(n): None for n in range(17)}}],
)  # fmt: skip
async def test_nonsense_is_refused(server: Server, asked: dict[str, Any]) -> None:
    assert (await server.ask("POST", "sys/policies/acl-evaluate", asked))[0] == 400


async def test_the_callers_own_token_is_the_default(server: Server) -> None:
    assert (await evaluated(server, path="anything/at/all"))["reason"] == "the root policy allows everything"


async def test_an_entitys_policies_are_those_of_its_groups_too(server: Server) -> None:
    _, made = await server.ask("POST", "identity/entity", {"name": "anna", "policies": []})
    entity_id = made["data"]["id"]
    await server.ask("POST", "identity/group", {"name": "g", "policies": ["orders"], "member_entity_ids": [entity_id]})
    told = await evaluated(server, path="transit/keys/a", entity_id=entity_id)
    assert (told["allowed"], told["policies"]) == (True, ["orders"])


async def test_a_replay_tells_what_an_edit_would_change(server: Server) -> None:
    auth = await token_of(server, "orders")
    await server.ask("POST", "transit/keys/limited", {})
    for _ in range(3):
        await server.ask("GET", "transit/keys/a", token=auth["client_token"])
    await server.ask("POST", "transit/sign/a", {"input": "YQ=="}, token=auth["client_token"])
    await server.ask("POST", "transit/encrypt/limited", {"plaintext": ""}, token=auth["client_token"])
    draft = {"orders": 'path "transit/sign/*" { capabilities = ["update"] }'}
    status, answer = await server.ask("POST", "sys/policies/acl-replay", {"drafts": draft})
    assert status == 200, answer
    data = answer["data"]
    told = [(each["operation"], each["path"], each["count"]) for each in data["newly_denied"]]
    assert told == [("read", "transit/keys/a", 3)]
    assert len(data["newly_denied"][0]["request_ids"]) == 3
    assert [(each["path"], each["count"]) for each in data["newly_allowed"]] == [("transit/sign/a", 1)]
    assert (data["changed"], data["undecided"]) == (4, 1)
    assert "complete_to" not in data


async def test_a_replay_changes_nothing_and_needs_sudo(server: Server) -> None:
    auth = await token_of(server, "orders")
    draft = {"orders": 'path "x" { capabilities = ["read"] }'}
    assert (await server.ask("POST", "sys/policies/acl-replay", {"drafts": draft}, token=auth["client_token"]))[
        0
    ] == 403
    assert (await server.ask("POST", "sys/policies/acl-replay", {}))[0] == 400
    _, answer = await server.ask("GET", "sys/policies/acl/orders")
    assert answer["data"]["policy"] == ORDERS
