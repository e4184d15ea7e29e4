"""Namespaces: where requests for them lead, what each has of its own, and what callers may do in others."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from auth_methods.records import TokenRecord
from compat.requests import LINES_TYPE, parse_lines_request, read_headers
from compat.statuses import status_of
from engines.faults import Fault
from server.audit.broker import DeclaredDevice
from server.core.lifecycle import Core
from server.core.settings import Settings
from server.pipeline.response import Answer as HttpAnswer
from server.pipeline.stream import Stream
from server.system.routes import SYSTEM
from server.tenants.namespaces.table import NamespaceTable
from storage.view import View
from tests.server.processes.crews import crew_of
from tests.server.tenants.namespaced import ask_in, make, mighty, tenant_at, with_key
from tests.support.places import new_place
from tests.support.systems import NewServer, Server


@pytest.mark.parametrize(
    ("method", "question"), [("PUT", "seal"), ("GET", "seal-status"), ("PUT", "unseal"), ("DELETE", "delete-sealed")]
)
async def test_what_is_asked_about_its_seal(server: Server, method: str, question: str) -> None:
    assert (await server.ask("PUT", "sys/namespaces/team"))[0] == 200
    refused = await server.ask(method, f"sys/namespaces/team/{question}")
    assert refused == (400, {"errors": ["namespace is not sealable"]})
    assert (await server.ask(method, f"sys/namespaces/none/{question}"))[0] == 400
    assert (await server.ask("GET", "sys/namespaces/team"))[0] == 200


async def test_header_and_path_add_up(server: Server) -> None:
    await make(server, "a", "a/b", "a/b/c")
    await with_key(server, "a/b/c")
    for header, path in (("a/b/c", ""), ("a/b", "c/"), ("a", "b/c/"), ("", "a/b/c/"), ("root", "a/b/c/")):
        assert (await ask_in(server, header, "GET", f"{path}transit/keys/k"))[0] == 200
    for header, path in (("a/b", ""), ("a/b/c", "c/"), ("c", ""), ("", "b/c/"), ("a/c", "")):
        assert (await ask_in(server, header, "GET", f"{path}transit/keys/k"))[0] == 404


async def test_each_has_its_own_of_everything(server: Server) -> None:
    await make(server, "a", "b")
    for name in ("a", "b"):
        await with_key(server, name)
    a, b = [await tenant_at(server, name) for name in ("a", "b")]
    assert a.tokens.hash("x") != b.tokens.hash("x")
    _, sealed = await ask_in(server, "a", "POST", "transit/encrypt/k", {"plaintext": "YQ=="})
    assert (await ask_in(server, "b", "POST", "transit/decrypt/k", sealed["data"]))[0] == 400
    await ask_in(server, "a", "POST", "sys/policies/acl/mine", {"policy": 'path "x" { capabilities = ["read"] }'})
    _, listed = await ask_in(server, "a", "LIST", "sys/policies/acl")
    assert listed["data"]["keys"] == ["default", "mine"]
    _, listed = await ask_in(server, "b", "LIST", "sys/policies/acl")
    assert listed["data"]["keys"] == ["default"]
    _, listed = await server.ask("LIST", "sys/policies/acl")
    assert listed["data"]["keys"] == ["default", "root"]


async def test_the_policy_root_of_a_namespace_allows_nothing(server: Server) -> None:
    """Not even if a token came to carry its name."""
    await make(server, "a")
    tenant = await tenant_at(server, "a")
    acl = await tenant.policies.acl(("root",))
    assert not acl.root
    assert (await ask_in(server, "a", "POST", "sys/policies/acl/root", {"policy": 'path "*" {}'}))[0] == 400


async def test_a_token_from_above_works_below_and_never_the_other_way_round(server: Server) -> None:
    await make(server, "a", "a/b", "c")
    for name in ("", "a", "a/b", "c"):
        await with_key(server, name)
    token, _ = await mighty(server, "a")
    reached = {
        name: (await ask_in(server, name, "GET", "transit/keys/k", None, token))[0] for name in ("", "a", "a/b", "c")
    }
    assert reached == {"": 403, "a": 200, "a/b": 200, "c": 403}
    assert (await ask_in(server, "c", "HELP", "transit/keys/k", None, token))[0] == 403


async def test_policies_of_a_parent_speak_of_paths_below_it(server: Server) -> None:
    await make(server, "a", "a/b")
    await with_key(server, "a/b")
    await ask_in(
        server, "a", "POST", "sys/policies/acl/down", {"policy": 'path "b/transit/keys/k" { capabilities = ["read"] }'}
    )
    _, answer = await ask_in(server, "a", "POST", "auth/token/create", {"policies": ["down"]})
    token = answer["auth"]["client_token"]
    assert (await ask_in(server, "a/b", "GET", "transit/keys/k", None, token))[0] == 200
    assert (await ask_in(server, "a/b", "LIST", "transit/keys", None, token))[0] == 403
    assert (await ask_in(server, "a", "GET", "transit/keys/k", None, token))[0] == 403


async def test_a_token_ends_with_its_parent_in_another_namespace(server: Server) -> None:
    await make(server, "a", "a/b")
    parent, _ = await mighty(server, "a")
    for kind in ("service", "batch"):
        _, answer = await ask_in(
            server, "a/b", "POST", "auth/token/create", {"policies": ["default"], "type": kind}, parent
        )
        child = answer["auth"]["client_token"]
        assert not answer["auth"]["orphan"]
        assert (await ask_in(server, "a/b", "GET", "auth/token/lookup-self", None, child))[0] == 200
    _, listed = await ask_in(server, "a/b", "LIST", "auth/token/accessors")
    assert len(listed["data"]["keys"]) == 1
    assert (await ask_in(server, "a", "POST", "auth/token/revoke-self", {}, parent))[0] == 204
    assert (await ask_in(server, "a/b", "GET", "auth/token/lookup-self", None, child))[0] == 403
    assert (await ask_in(server, "a/b", "LIST", "auth/token/accessors"))[0] == 404


async def test_a_signed_token_ends_with_its_parent_in_another_namespace(server: Server) -> None:
    await make(server, "a", "a/b")
    parent, _ = await mighty(server, "a")
    role = {"jwt_audiences": ["shop"], "orphan": False}
    assert (await ask_in(server, "a/b", "POST", "auth/token/roles/r", role))[0] == 204
    _, answer = await ask_in(server, "a/b", "POST", "auth/token/jwt/r", {}, parent)
    signed = {"jwt": answer["data"]["jwt"]}
    lookup = "auth/token/lookup-jwt"
    _, shown = await ask_in(server, "a/b", "POST", lookup, signed)
    assert shown["data"]["active"]
    _, shown = await ask_in(server, "a", "POST", lookup, signed)
    assert not shown["data"]["active"], "the issuer of another namespace knows nothing of it"
    assert (await ask_in(server, "a", "POST", "auth/token/revoke-self", {}, parent))[0] == 204
    _, shown = await ask_in(server, "a/b", "POST", lookup, signed)
    assert not shown["data"]["active"]


async def test_a_parents_policies_arent_handed_on_to_another_namespace(server: Server) -> None:
    """There, the same name may mean something else."""
    await make(server, "a", "a/b")
    token, _ = await mighty(server, "a")
    _, answer = await ask_in(server, "a/b", "POST", "auth/token/create", {}, token)
    assert answer["auth"]["policies"] == ["default"]


async def test_no_root_token_is_made_in_a_namespace(server: Server) -> None:
    await make(server, "a")
    token, _ = await mighty(server, "a")
    for caller in (server.root_token, token):
        for body in ({"policies": ["root"]}, {"policies": ["ROOT"]}, {"policies": [" root "]}):
            assert (await ask_in(server, "a", "POST", "auth/token/create", body, caller))[0] == 400
    await ask_in(server, "a", "POST", "auth/token/roles/r", {"allowed_policies": ["root"]})
    assert (await ask_in(server, "a", "POST", "auth/token/create/r", {"policies": ["root"]}))[0] == 400


async def test_a_cubbyhole_is_in_the_namespace_of_its_token(server: Server) -> None:
    await make(server, "a")
    assert (await ask_in(server, "a", "POST", "cubbyhole/x", {"y": "z"}))[0] == 400
    token, _ = await mighty(server, "a")
    assert (await ask_in(server, "a", "POST", "cubbyhole/x", {"y": "z"}, token))[0] == 204
    assert (await ask_in(server, "a", "GET", "cubbyhole/x", None, token))[1]["data"] == {"y": "z"}


async def test_the_uses_of_a_token_are_counted_where_it_belongs(server: Server) -> None:
    await make(server, "a", "a/b")
    await with_key(server, "a/b")
    token, _ = await mighty(server, "a", num_uses=2)
    statuses = [(await ask_in(server, "a/b", "GET", "transit/keys/k", None, token))[0] for _ in range(3)]
    assert statuses == [200, 200, 403]


async def test_quotas_are_for_a_namespace_and_those_below_where_they_are_inherited(server: Server) -> None:
    await make(server, "a", "a/b", "c")
    for name in ("a", "a/b", "c"):
        await with_key(server, name)
    quota = {"rate": 1, "interval": "1h", "path": "a"}
    assert (await server.ask("POST", "sys/quotas/rate-limit/q", {**quota, "inheritable": True}))[0] == 204
    assert (await ask_in(server, "a/b", "GET", "transit/keys/k"))[0] == 200
    assert (await ask_in(server, "a/b", "GET", "transit/keys/k"))[0] == 429
    assert (await ask_in(server, "a", "GET", "transit/keys/k"))[0] == 429
    assert (await ask_in(server, "c", "GET", "transit/keys/k"))[0] == 200
    assert (await server.ask("GET", "a/transit/keys/k"))[0] == 429
    assert (await server.ask("POST", "sys/quotas/rate-limit/q", {**quota, "inheritable": False}))[0] == 204
    statuses = [(await ask_in(server, "a/b", "GET", "transit/keys/k"))[0] for _ in range(3)]
    assert statuses == [200, 200, 200]
    assert (await server.ask("POST", "sys/quotas/rate-limit/m", {"rate": 1, "path": "a/b/transit"}))[0] == 204
    assert (await server.ask("GET", "sys/quotas/rate-limit/m"))[1]["data"]["path"] == "a/b/transit/"
    statuses = [(await ask_in(server, "a/b", "GET", "transit/keys/k"))[0] for _ in range(2)]
    assert statuses == [200, 429]


async def test_a_seal_of_its_own_is_refused(server: Server) -> None:
    """Rather than to make less than was asked for."""
    assert (await server.ask("POST", "sys/namespaces/a", {"seal": 'seal "shamir" {}'}))[0] == 400
    assert (await server.ask("GET", "sys/namespaces/a"))[0] == 404


async def test_the_audit_tells_the_namespace(new_server: NewServer, tmp_path: Path) -> None:
    device = DeclaredDevice("file", "file", "", {"file_path": str(tmp_path / "log"), "log_raw": "true"})
    server = await (await new_server(Settings(audit_devices=(device,), audit_raw_allowed=True))).unsealed()
    await make(server, "a", "a/b")
    token, accessor = await mighty(server, "a")
    namespace = (await tenant_at(server, "a/b")).namespace
    home = (await tenant_at(server, "a")).namespace
    assert (await server.ask("GET", "a/b/sys/policies/acl/default", None, token))[0] == 200
    assert (await server.ask("GET", "sys/mounts", None, token))[0] == 403
    *_, answered, _, denied = map(json.loads, (tmp_path / "log").read_text().splitlines())
    for entry in (answered, denied):
        assert entry["auth"]["accessor"] == accessor
    assert answered["request"]["namespace"] == {"id": namespace.id, "path": "a/b/"}
    assert answered["request"]["path"] == "sys/policies/acl/default"
    assert answered["request"]["mount_point"] == "a/b/sys/"
    assert answered["request"]["mount_type"] == "ns_system"
    assert answered["auth"]["policy_results"]["granting_policies"] == [
        {"name": "mighty", "namespace_id": home.id, "namespace_path": "a/", "type": "acl"}
    ]
    assert denied["request"]["namespace"] == {"id": "root"}
    assert denied["auth"]["policy_results"] == {"allowed": False}


@pytest.mark.parametrize("end", ["lock", "delete", "revoke", "policy"])
async def test_what_ends_the_rights_in_a_namespace_ends_streams_there(server: Server, end: str) -> None:
    await make(server, "a", "a/b")
    await with_key(server, "a/b")
    token, accessor = await mighty(server, "a")
    headers = [(b"x-vault-token", token.encode()), (b"content-type", LINES_TYPE)]
    request = parse_lines_request("POST", b"/v1/a/b/transit/stream/encrypt/k", b"", read_headers(headers))
    assert request is not None
    stream = await server.dispatcher.open_stream(request)
    assert isinstance(stream, Stream)
    line = b'{"plaintext": "YQ=="}\n'
    answers = [json.loads(answer) async for answer in stream.answers(line)]
    assert answers[0]["ciphertext"].startswith("vault:v1:")
    asked: dict[str, tuple[str, str, str, object]] = {
        "lock": ("", "POST", "sys/namespaces/api-lock/lock/a", {}),
        "delete": ("a", "DELETE", "sys/namespaces/b", None),
        "revoke": ("a", "POST", "auth/token/revoke-accessor", {"accessor": accessor}),
        "policy": ("a", "DELETE", "sys/policies/acl/mighty", None),
    }
    assert (await ask_in(server, *asked[end]))[0] in (200, 204)
    with pytest.raises(Fault) as refused:
        [answer async for answer in stream.answers(line)]
    assert status_of(refused.value) == {"lock": 503, "delete": 404}.get(end, 403)
    await stream.close(refused.value)
    assert server.core.runtime.in_flight == {}


async def test_a_stream_is_refused_to_a_stranger(server: Server) -> None:
    await make(server, "a", "b")
    await with_key(server, "b")
    token, _ = await mighty(server, "a")
    headers = [(b"x-vault-token", token.encode()), (b"content-type", LINES_TYPE), (b"x-vault-namespace", b"b")]
    request = parse_lines_request("POST", b"/v1/transit/stream/encrypt/k", b"", read_headers(headers))
    assert request is not None
    answer = await server.dispatcher.open_stream(request)
    assert isinstance(answer, HttpAnswer)
    assert answer.status == 403


async def test_the_table_is_never_read_too_old() -> None:
    """Who asks while it is being read for somebody else waits for it, and sees what has come since."""
    place = new_place()
    table = NamespaceTable(place.view, place.clock)
    await table.create("a/", {})
    await place.cache.catch_up()
    first, second = asyncio.create_task(table.load()), asyncio.create_task(table.load())
    await asyncio.gather(first, second)
    assert set(table.by_path) == {"a/"}
    load, released = place.view.load, asyncio.Event()
    reading = asyncio.Event()

    async def slow(key: str, decode: Any) -> Any:
        found = await load(key, decode)
        if not reading.is_set():
            reading.set()
            await released.wait()
        return found

    class SlowView(View):
        load = staticmethod(slow)

    again = NamespaceTable(SlowView(place.store, "", place.cache), place.clock)
    late = asyncio.create_task(again.load())
    await reading.wait()
    await table.create("b/", {})
    await place.cache.catch_up()
    await again.load()
    assert set(again.by_path) == {"a/", "b/"}
    released.set()
    await late
    assert set(again.by_path) == {"a/", "b/"}


@pytest.mark.parametrize("way", ["restart", "reseal"])
async def test_namespaces_are_there_after_a_restart(new_server: NewServer, way: str) -> None:
    server = await new_server()
    made = await server.core.initialize(1, 1)
    await server.core.unseal(made.shares[0])
    server.root_token = made.root_token
    await make(server, "a", "a/b")
    await with_key(server, "a/b")
    token, _ = await mighty(server, "a")
    await server.ask("POST", "sys/namespaces/api-lock/lock/a", {})
    if way == "reseal":
        await server.core.seal()
    else:
        before = server.core
        seal, runtime = before.stored_seal.seal, before.runtime
        server.core = Core(runtime.store, seal, runtime.settings, SYSTEM, clock=server.clock)
        server.dispatcher = type(server.dispatcher)(server.core)
    await server.core.unseal(made.shares[0])
    assert (await ask_in(server, "a/b", "GET", "transit/keys/k", None, token))[0] == 503
    assert (await server.ask("POST", "sys/namespaces/api-lock/unlock/a", {}))[0] == 200
    assert (await ask_in(server, "a/b", "GET", "transit/keys/k", None, token))[0] == 200


async def test_what_one_worker_does_the_others_see(tmp_path: Path) -> None:
    async with crew_of(2, tmp_path) as crew:
        await crew.unsealed()
        first, second = crew.members
        root = crew.root_token
        for number in range(10):
            name = f"n{number}"
            assert (await second.ask("GET", f"{name}/sys/mounts", token=root))[0] == 404
            _, made = await first.ask("POST", f"sys/namespaces/{name}", {}, root)
            _, seen = await second.ask("GET", f"sys/namespaces/{name}", token=root)
            assert seen["data"] == made["data"]
            assert (await second.ask("POST", f"{name}/sys/mounts/transit", {"type": "transit"}, root))[0] == 204
            assert (await first.ask("POST", f"{name}/transit/keys/k", {}, root))[0] == 200
            _, sealed = await second.ask("POST", f"{name}/transit/encrypt/k", {"plaintext": "YQ=="}, root)
            assert (await first.ask("POST", f"{name}/transit/decrypt/k", sealed["data"], root))[0] == 200
            _, answer = await first.ask("POST", f"{name}/auth/token/create", {"policies": ["default"]}, root)
            token = answer["auth"]["client_token"]
            assert (await second.ask("GET", "auth/token/lookup-self", token=token))[0] == 200
            _, locked = await second.ask("POST", f"sys/namespaces/api-lock/lock/{name}", {}, root)
            assert (await first.ask("GET", f"{name}/transit/keys/k", token=root))[0] == 503
            assert (await first.ask("POST", f"sys/namespaces/api-lock/unlock/{name}", locked["data"], root))[0] == 204
            assert (await second.ask("GET", f"{name}/transit/keys/k", token=root))[0] == 200
            assert (await first.ask("POST", f"{name}/sys/leases/revoke-prefix/auth", {}, root))[0] == 204
            assert (await second.ask("GET", "auth/token/lookup-self", token=token))[0] == 403
            assert (await first.ask("DELETE", f"sys/namespaces/{name}", token=root))[0] == 200
            assert (await second.ask("GET", f"{name}/transit/keys/k", token=root))[0] == 404


async def test_entities_are_known_in_their_own_namespace(server: Server) -> None:
    """What they add to a token goes with it below; who is made from there is a stranger to them."""
    await make(server, "a", "a/b", "c")
    await with_key(server, "a/b")
    policy = """
        path "b/transit/keys/k" { capabilities = ["read"] }
        path "b/auth/token/*" { capabilities = ["update", "sudo"] }
    """
    await ask_in(server, "a", "POST", "sys/policies/acl/added", {"policy": policy})
    await ask_in(server, "a", "POST", "identity/entity", {"name": "e", "policies": ["added"]})
    _, shown = await ask_in(server, "a", "GET", "identity/entity/name/e")
    assert (await ask_in(server, "a/b", "GET", "identity/entity/name/e"))[0] == 404
    assert (await ask_in(server, "c", "GET", f"identity/entity/id/{shown['data']['id']}"))[0] == 404
    tenant = await tenant_at(server, "a")
    record = TokenRecord(
        policies=("default",),
        path="auth/token/create",
        display_name="e",
        creation_time=server.clock(),
        entity_id=shown["data"]["id"],
    )
    token = (await tenant.tokens.mint(record)).id
    await server.core.runtime.cache.catch_up()
    assert (await ask_in(server, "a/b", "GET", "transit/keys/k", None, token))[0] == 200
    _, made = await ask_in(server, "a/b", "POST", "auth/token/create", {"policies": ["default"]}, token)
    assert made["auth"]["entity_id"] == ""
    assert (await ask_in(server, "a/b", "GET", "auth/token/lookup-self", None, made["auth"]["client_token"]))[0] == 200
    assert (await ask_in(server, "a", "POST", "identity/entity/name/e", {"disabled": True}))[0] == 204
    assert (await ask_in(server, "a/b", "GET", "transit/keys/k", None, token))[0] == 403
