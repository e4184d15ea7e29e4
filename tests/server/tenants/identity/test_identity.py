"""Entities behind tokens: made once, changed for the next request, and consistent whatever is done to them."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
import pytest_asyncio

from auth_methods.base import Login
from engines.base import Access, Body, Call, EngineType, Mount, Operation, Route
from engines.fields import CommaList
from server.core.unsealed import Unsealed
from server.runtime import plugins
from server.tenants.identity.records import ENTITY, GROUP, Entity, Group
from server.tenants.identity.rules import MAX_METADATA_PAIRS
from server.tenants.tenant import Tenant
from server.tenants.tokens.store import Token
from storage.view import View
from tests.support.systems import NewServer, Server


class _LoginBody(Body):
    name: str = ""
    groups: CommaList = []
    team: str = ""


async def _log_in(method: _Method, call: Call, body: _LoginBody) -> Login:
    groups = tuple(body.groups) if "groups" in call.given else None
    metadata = {"team": body.team} if body.team else {}
    return Login(policies=("own",), alias=body.name, alias_metadata=metadata, groups=groups)


class _Method:
    """Believes everybody, and what they say of their groups."""

    def __init__(self, mount: Mount) -> None:
        self.mount = mount


_SIMPLE = EngineType(
    type="simple",
    summary="Believes everybody",
    routes=(Route(Operation.UPDATE, "login/{name:any}", _log_in, _LoginBody, "Log in.", Access.PUBLIC),),
    open=_Method,
)


@pytest_asyncio.fixture
async def server(new_server: NewServer, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server with the method at ``auth/m/``."""
    monkeypatch.setattr(plugins, "load", lambda group, name: _SIMPLE if name == "simple" else None)
    made = await (await new_server()).unsealed()
    assert (await made.ask("POST", "sys/auth/m", {"type": "simple"}))[0] == 204
    return made


def _tenant(server: Server) -> Tenant:
    unsealed: Unsealed | None = server.core.unsealed
    assert unsealed is not None
    return unsealed.root


async def _login(server: Server, name: str, **body: object) -> dict[str, Any]:
    status, answer = await server.ask("POST", f"auth/m/login/{name}", body, token="")
    assert status == 200, answer
    auth: dict[str, Any] = answer["auth"]
    return auth


async def _write(server: Server, path: str, body: object, status: int = 200) -> Any:
    answered, answer = await server.ask("POST", f"identity/{path}", body)
    assert answered == status, answer
    return None if answer is None else answer["data"]


async def _read(server: Server, path: str) -> dict[str, Any]:
    status, answer = await server.ask("GET", f"identity/{path}")
    assert status == 200, answer
    data: dict[str, Any] = answer["data"]
    return data


async def _capabilities(server: Server, token: str, path: str) -> Any:
    status, answer = await server.ask("POST", "sys/capabilities-self", {"paths": path}, token=token)
    return answer["data"]["capabilities"] if status == 200 else status


async def _policy(server: Server, name: str, path: str, **more: object) -> None:
    text = f'path "{path}" {{ capabilities = ["read"] }}'
    assert (await server.ask("PUT", f"sys/policies/acl/{name}", {"policy": text, **more}))[0] == 204


async def test_of_many_first_logins_at_once_one_makes_the_entity(server: Server) -> None:
    logins = await asyncio.gather(*(_login(server, "Ann" if number % 2 else "ann") for number in range(10)))
    assert len({login["entity_id"] for login in logins}) == 1
    status, answer = await server.ask("GET", "sys/internal/counters/entities")
    assert (status, answer["data"]) == (200, {"counters": {"entities": {"total": 1}}})


async def test_a_login_that_tells_nothing_new_writes_nothing_of_identity(server: Server) -> None:
    first = await _login(server, "ann", team="red")
    await server.core.runtime.cache.catch_up()
    changes: list[int] = []
    _tenant(server).identities.view.watch(lambda: changes.append(1))
    assert (await _login(server, "ann", team="red"))["entity_id"] == first["entity_id"]
    await server.core.runtime.cache.catch_up()
    assert not changes
    await _login(server, "ann", team="blue")
    await server.core.runtime.cache.catch_up()
    assert changes
    assert (await _read(server, f"entity/id/{first['entity_id']}"))["aliases"][0]["metadata"] == {"team": "blue"}


async def test_changes_hold_for_the_next_request(server: Server) -> None:
    await _policy(server, "extra", "kv/a")
    login = await _login(server, "ann")
    token, entity = login["client_token"], login["entity_id"]
    assert await _capabilities(server, token, "kv/a") == ["deny"]
    await _write(server, f"entity/id/{entity}", {"policies": "extra"}, 204)
    assert await _capabilities(server, token, "kv/a") == ["read"]
    await _write(server, f"entity/id/{entity}", {"policies": []}, 204)
    assert await _capabilities(server, token, "kv/a") == ["deny"]
    group = await _write(server, "group", {"name": "g", "member_entity_ids": entity})
    above = await _write(server, "group", {"name": "above", "policies": "extra", "member_group_ids": group["id"]})
    assert await _capabilities(server, token, "kv/a") == ["read"]
    await _write(server, f"group/id/{above['id']}", {"policies": "other"}, 204)
    assert await _capabilities(server, token, "kv/a") == ["deny"]
    await _write(server, f"group/id/{above['id']}", {"policies": "extra"}, 204)
    assert await _capabilities(server, token, "kv/a") == ["read"]
    await _policy(server, "extra", "kv/b")
    assert await _capabilities(server, token, "kv/a") == ["deny"]
    await _policy(server, "extra", "kv/a")
    assert (await server.ask("DELETE", f"identity/group/id/{above['id']}"))[0] == 204
    assert await _capabilities(server, token, "kv/a") == ["deny"]


async def test_a_persona_stays_while_others_change(server: Server) -> None:
    ann, bob = await _login(server, "ann"), await _login(server, "bob")
    identities = _tenant(server).identities
    await server.core.runtime.cache.catch_up()
    before = await identities.of(ann["entity_id"])
    await _write(server, f"entity/id/{bob['entity_id']}", {"policies": "x"}, 204)
    await server.core.runtime.cache.catch_up()
    assert await identities.of(ann["entity_id"]) is before
    await _write(server, f"entity/id/{ann['entity_id']}", {"policies": "x"}, 204)
    await server.core.runtime.cache.catch_up()
    after = await identities.of(ann["entity_id"])
    assert after is not before
    assert after is not None
    assert after.policies == ("x",)


async def test_a_busy_token_finds_its_acl_ready(server: Server) -> None:
    login = await _login(server, "ann")
    tenant = _tenant(server)
    assert await _capabilities(server, login["client_token"], "kv/a") == ["deny"]
    token = await tenant.tokens.authenticate(login["client_token"], server.clock())
    assert token is not None
    before = await tenant.tokens.rights(token)
    assert before.templated
    assert await _capabilities(server, login["client_token"], "kv/a") == ["deny"]
    assert await tenant.tokens.rights(token) is before
    await _policy(server, "own", "kv/a")
    assert await _capabilities(server, login["client_token"], "kv/a") == ["read"]
    assert await tenant.tokens.rights(token) is not before


async def test_a_token_without_an_entity_asks_nothing_of_identity(server: Server) -> None:
    token, _ = await server.token_for('path "kv/{{identity.entity.id}}*" { capabilities = ["read"] }')
    held = await _tenant(server).tokens.lookup(token, server.clock())
    assert isinstance(held, Token)
    assert await _capabilities(server, token, "kv/") == ["deny"]
    assert held.identity is None


async def test_disabled_and_deleted_entities_lose_their_tokens(server: Server) -> None:
    login = await _login(server, "ann")
    token, entity = login["client_token"], login["entity_id"]
    refused = (403, {"errors": ["permission denied"]})
    await _write(server, f"entity/id/{entity}", {"disabled": True}, 204)
    assert await server.ask("GET", "auth/token/lookup-self", token=token) == refused
    for groups in ({}, {"groups": "dev"}):
        assert await server.ask("POST", "auth/m/login/ann", groups, token="") == refused
    await _write(server, f"entity/id/{entity}", {"disabled": False}, 204)
    assert (await server.ask("GET", "auth/token/lookup-self", token=token))[0] == 200
    assert (await server.ask("DELETE", f"identity/entity/id/{entity}"))[0] == 204
    assert await server.ask("GET", "auth/token/lookup-self", token=token) == refused
    assert (await _login(server, "ann"))["entity_id"] != entity


async def test_uses_are_counted_with_what_the_entity_may(server: Server) -> None:
    await _policy(server, "extra", "auth/token/create")
    await server.ask("POST", "auth/token/roles/r", {"allowed_entity_aliases": "ann", "allowed_policies": "default"})
    status, answer = await server.ask("POST", "auth/token/create/r", {"entity_alias": "ann", "num_uses": 2})
    assert status == 200
    token, entity = answer["auth"]["client_token"], answer["auth"]["entity_id"]
    await _write(server, f"entity/id/{entity}", {"policies": "extra"}, 204)
    for _ in range(2):
        status, answer = await server.ask("GET", "auth/token/lookup-self", token=token)
        assert (status, answer["data"]["identity_policies"]) == (200, ["extra"])
    assert (await server.ask("GET", "auth/token/lookup-self", token=token))[0] == 403


async def test_a_method_says_who_is_in_external_groups(server: Server) -> None:
    _, answer = await server.ask("GET", "sys/auth/m")
    accessor = answer["data"]["accessor"]
    ids = {}
    for name in ("dev", "ops"):
        made = await _write(server, "group", {"name": f"g-{name}", "type": "external", "policies": name})
        await _write(server, "group-alias", {"name": name, "mount_accessor": accessor, "canonical_id": made["id"]})
        ids[name] = made["id"]
    internal = await _write(server, "group", {"name": "internal"})
    login = await _login(server, "ann", groups="Dev,unknown")
    entity = login["entity_id"]
    assert login["identity_policies"] == ["dev"]
    await _write(server, f"group/id/{internal['id']}", {"member_entity_ids": entity, "policies": "in"}, 204)
    assert (await _login(server, "ann", groups="ops"))["identity_policies"] == ["in", "ops"]
    assert (await _login(server, "ann"))["identity_policies"] == ["in", "ops"]
    assert (await _read(server, f"group/id/{ids['ops']}"))["member_entity_ids"] == [entity]
    assert (await _read(server, f"group/id/{ids['dev']}"))["member_entity_ids"] is None
    assert (await _login(server, "ann", groups=""))["identity_policies"] == ["in"]
    await _check_whole(_tenant(server).identities.view)


async def test_a_method_says_nothing_of_the_groups_of_another(server: Server) -> None:
    assert (await server.ask("POST", "sys/auth/n", {"type": "simple"}))[0] == 204
    entity = (await _login(server, "ann", groups=""))["entity_id"]
    accessor = (await server.ask("GET", "sys/auth/n"))[1]["data"]["accessor"]
    await _write(server, "entity-alias", {"name": "ann", "mount_accessor": accessor, "canonical_id": entity})
    made = await _write(server, "group", {"name": "theirs", "type": "external", "policies": "theirs"})
    await _write(server, "group-alias", {"name": "dev", "mount_accessor": accessor, "canonical_id": made["id"]})
    _, answer = await server.ask("POST", "auth/n/login/ann", {"groups": "dev"}, token="")
    assert (answer["auth"]["entity_id"], answer["auth"]["identity_policies"]) == (entity, ["theirs"])
    # Neither to take somebody out of them nor to put somebody into them.
    assert (await _login(server, "ann", groups=""))["identity_policies"] == ["theirs"]
    assert "identity_policies" not in await _login(server, "bob", groups="dev")


@pytest.mark.parametrize("name", ["*", "a*", "+", "a+b", "a/b", "../sys"])
async def test_names_that_could_mislead_grant_nothing(server: Server, name: str) -> None:
    """Such a name in a templated path refuses its owner; it never leads to what belongs to others."""
    login = await _login(server, "ann")
    token, entity = login["client_token"], login["entity_id"]
    await _policy(server, "own", "kv/{{identity.entity.name}}/*")
    await _write(server, f"entity/id/{entity}", {"name": "ann"}, 204)
    assert await _capabilities(server, token, "kv/ann/x") == ["read"]
    await _write(server, f"entity/id/{entity}", {"name": name}, 204)
    assert await server.ask("GET", "auth/token/lookup-self", token=token) == (400, {"errors": ["Forbidden"]})
    assert await server.ask("GET", "kv/bob/x", token=token) == (400, {"errors": ["Forbidden"]})


@pytest.mark.parametrize("name", ["*", "+"])
async def test_wildcards_in_names_are_literal_where_they_are_allowed(server: Server, name: str) -> None:
    login = await _login(server, "ann")
    await _policy(server, "own", "kv/{{identity.entity.name}}/*", allow_wildcards_in_identity_templates=True)
    await server.ask("PUT", "sys/policies/acl/default", {"policy": 'path "sys/capabilities-self" { policy = "write" }'})
    await _write(server, f"entity/id/{login['entity_id']}", {"name": name}, 204)
    assert await _capabilities(server, login["client_token"], f"kv/{name}/x") == ["read"]
    assert await _capabilities(server, login["client_token"], "kv/bob/x") == ["deny"]


async def test_values_of_aliases_and_groups(server: Server) -> None:
    accessor = (await server.ask("GET", "sys/auth/m"))[1]["data"]["accessor"]
    login = await _login(server, "ann", team="red")
    group = await _write(
        server,
        "group",
        {"name": "my.team", "member_entity_ids": login["entity_id"], "metadata": {"floor": "3"}},
    )
    await server.core.runtime.cache.catch_up()
    identity = await _tenant(server).identities.of(login["entity_id"])
    assert identity is not None
    assert identity.value(f"identity.entity.aliases.{accessor}.metadata.team") == "red"
    assert identity.value(f"identity.entity.aliases.{accessor}.name") == "ann"
    assert identity.value("identity.groups.names.my.team.id") == group["id"]
    assert identity.value("identity.groups.names.my.team.metadata.floor") == "3"
    assert identity.value(f"identity.groups.ids.{group['id']}.name") == "my.team"
    for name in ("", "identity", "identity.groups", "identity.groups.names.my.team", "identity.groups.my.team.id"):
        assert identity.value(name) is None


async def test_lists_come_in_parts(server: Server) -> None:
    for number in range(5):
        await _write(server, "entity", {"name": f"E{number}"})
    _, answer = await server.ask("LIST", "identity/entity/name?limit=2")
    assert answer["data"]["keys"] == ["E0", "E1"]
    _, answer = await server.ask("LIST", "identity/entity/name?limit=2&after=E1")
    assert answer["data"]["keys"] == ["E2", "E3"]
    _, whole = await server.ask("LIST", "identity/entity/id")
    keys = whole["data"]["keys"]
    assert keys == sorted(keys)
    _, part = await server.ask("LIST", f"identity/entity/id?after={keys[1]}&limit=2")
    assert part["data"]["keys"] == keys[2:4]
    assert set(part["data"]["key_info"]) == set(keys[2:4])
    assert (await server.ask("LIST", f"identity/entity/id?after={keys[4]}"))[0] == 404


async def test_what_is_too_much_is_refused(server: Server) -> None:
    too_much = {f"k{number}": "v" for number in range(MAX_METADATA_PAIRS + 1)}
    assert (await server.ask("POST", "identity/entity", {"metadata": too_much}))[0] == 500
    assert (await server.ask("POST", "identity/entity", {"name": "é" * 300}))[0] == 400
    assert (await server.ask("POST", "identity/group", {"policies": [f"p{n}" for n in range(1001)]}))[0] == 400
    for path in ("entity", "group", "entity-alias", "group-alias"):
        for odd in ("a//b", "%00", "..", "x" * 3000):
            assert (await server.ask("POST", f"identity/{path}", {"id": odd, "name": "n"}))[0] == 400
    assert (await server.ask("GET", f"identity/entity/id/{'x' * 1000}"))[0] == 404
    assert (await server.ask("GET", f"identity/entity/id/{'x' * 3000}"))[0] == 404
    assert (await server.ask("POST", "identity/entity", {"name": "\n\t\x01 odd"}))[0] == 200
    await _check_whole(_tenant(server).identities.view)


async def test_each_tenant_has_its_own_view(server: Server) -> None:
    tenant = _tenant(server)
    assert tenant.identities.view.prefix == tenant.view.prefix + "sys/identity/"


async def test_whatever_is_done_both_ends_of_everything_agree(server: Server) -> None:
    """Random changes, some of them refused; afterwards no index and no membership is left over or missing."""
    choose = random.Random(7)
    accessor = (await server.ask("GET", "sys/auth/m"))[1]["data"]["accessor"]
    entities = [(await _write(server, "entity", {"name": f"e{number}"}))["id"] for number in range(6)]
    groups = [(await _write(server, "group", {"name": f"g{number}"}))["id"] for number in range(5)]

    def some(ids: list[str]) -> list[str]:
        return choose.sample(ids, choose.randint(0, 3))

    view = _tenant(server).identities.view
    for step in range(120):
        entity, group = choose.choice(entities), choose.choice(groups)
        bodies: list[tuple[str, str, object]] = [
            ("POST", f"group/id/{group}", {"member_entity_ids": some(entities)}),
            ("POST", f"group/id/{group}", {"member_group_ids": some(groups)}),
            ("POST", "entity-alias", {"name": f"a{step % 9}", "mount_accessor": accessor, "canonical_id": entity}),
            ("POST", f"entity/id/{entity}", {"name": f"n{step % 12}"}),
            ("POST", f"group/id/{group}", {"name": f"n{step % 12}"}),
            ("POST", "entity/merge", {"from_entity_ids": some(entities)[:1], "to_entity_id": entity}),
        ]
        if step % 20 == 19:
            bodies = [("DELETE", f"entity/id/{entity}", None), ("DELETE", f"group/id/{group}", None)]
        method, path, body = choose.choice(bodies)
        status, _ = await server.ask(method, f"identity/{path}", body)
        assert status in (200, 204, 400, 500)
        await _check_whole(view)


async def _check_whole(view: View) -> None:
    """Every entry below ``view`` follows from the entities and groups, and these agree with each other."""
    entities = {key: ENTITY.decode(await _get(view, f"entity/{key}")) for key in await view.list("entity/")}
    groups = {key: GROUP.decode(await _get(view, f"group/{key}")) for key in await view.list("group/")}
    expected: dict[str, bytes] = {}
    records: list[Entity | Group] = [*entities.values(), *groups.values()]
    for record in records:
        entries = record.entries()
        assert not expected.keys() & entries.keys()
        expected |= entries
    stored = {
        folder + key: await _get(view, folder + key)
        for folder in await view.list("")
        if folder != "changed/"
        for key in await view.list(folder)
    }
    assert stored == expected
    _check_memberships(entities, groups)


def _check_memberships(entities: dict[str, Entity], groups: dict[str, Group]) -> None:
    for entity in entities.values():
        assert set(entity.group_ids) == {key for key, group in groups.items() if entity.id in group.member_entity_ids}
        assert len({alias.mount_accessor for alias in entity.aliases}) == len(entity.aliases)
    for group in groups.values():
        assert set(group.member_entity_ids) <= entities.keys()
        assert set(group.member_group_ids) <= groups.keys()
        parents = {key for key, other in groups.items() if group.id in other.member_group_ids}
        assert set(group.parent_group_ids) == parents
        above, waiting = set[str](), list(group.parent_group_ids)
        while waiting:
            parent = waiting.pop()
            assert parent != group.id
            if parent not in above:
                above.add(parent)
                waiting.extend(groups[parent].parent_group_ids)


async def _get(view: View, key: str) -> bytes:
    value = await view.get(key)
    assert value is not None
    return value
