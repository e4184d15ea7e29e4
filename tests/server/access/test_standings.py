"""What is remembered of callers ends with whatever it rests on: each test asks often, changes one thing, and asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compat.requests import Request, parse_request, read_headers
from server.access.decision_cache import MAX_KEPT, MAX_PATH_CHARACTERS, CachedDecision, DecisionCache
from server.audit.broker import DeclaredDevice
from server.core import tenant_pool
from server.core.settings import Settings
from tests.server.audit.audit_fixture import entries
from tests.server.tenants.namespaced import ask_in, make, mighty, with_key
from tests.support.systems import Server

TEXT = {"plaintext": "aGVsbG8="}
PATH = "transit/encrypt/k"
MAY_ENCRYPT = 'path "transit/encrypt/*" { capabilities = ["create", "update"] }'


async def _ask(server: Server, token: str, path: str = PATH, body: object = TEXT, **options: Any) -> int:
    """The status, after it has come up a few times: the first answer is worked out, the others are remembered."""
    statuses = {(await server.ask("POST", path, body, token, **options))[0] for _ in range(3)}
    assert len(statuses) == 1, "what is remembered is what was found out"
    return statuses.pop()


def _kept(server: Server, token: str) -> int:
    return len(_decisions(server, token))


def _decisions(server: Server, token: str) -> list[CachedDecision]:
    unsealed = server.core.unsealed
    assert unsealed is not None
    return [standing for standing in unsealed.decisions if standing.token.record.id == token]


async def _write_policy(server: Server, text: str, **more: object) -> None:
    status, answer = await server.ask("POST", "sys/policies/acl/p", {"policy": text, **more})
    assert status in (200, 204), answer


@pytest.fixture
async def token(server: Server) -> str:
    """A token that may encrypt with every key of ``transit/``, where there is ``k``."""
    assert (await server.ask("POST", "sys/mounts/transit", {"type": "transit"}))[0] == 204
    assert (await server.ask("POST", "transit/keys/k", {}))[0] == 200
    await _write_policy(server, MAY_ENCRYPT)
    return await _new_token(server)


async def _new_token(server: Server, **fields: object) -> str:
    status, answer = await server.ask("POST", "auth/token/create", {"policies": ["p"], **fields})
    assert status == 200, answer
    made: str = answer["auth"]["client_token"]
    return made


async def test_a_caller_is_remembered(server: Server, token: str) -> None:
    assert await _ask(server, token) == 200
    assert _kept(server, token) == 1


async def test_what_is_refused_to_who_is_remembered_leaves_entries_too(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    device = DeclaredDevice("file", "file", "", {"file_path": str(log)})
    server = await Server(Settings(audit_devices=(device,))).unsealed()
    assert (await server.ask("POST", "sys/auth/approle", {"type": "approle"}))[0] == 204
    for _ in range(3):
        assert (await server.ask("POST", "auth/approle/role/r", {}))[0] in (200, 204)
    assert _kept(server, server.root_token)
    before = len(entries(log))
    for _ in range(3):
        assert (await server.ask("POST", "auth/approle/role/r", {"token_ttl": ["none"]}))[0] == 400
    written = entries(log)[before:]
    assert [entry["type"] for entry in written] == ["request", "response"] * 3
    assert all("error" in entry for entry in written if entry["type"] == "response")


async def test_until_a_policy_is_written(server: Server, token: str) -> None:
    assert await _ask(server, token) == 200
    await _write_policy(server, 'path "transit/encrypt/*" { capabilities = ["deny"] }')
    assert await _ask(server, token) == 403
    await _write_policy(server, MAY_ENCRYPT)
    assert await _ask(server, token) == 200


async def test_until_a_policy_expires(server: Server, token: str) -> None:
    await _write_policy(server, MAY_ENCRYPT, ttl="1m")
    assert await _ask(server, token) == 200
    server.clock.now += 61
    assert await _ask(server, token) == 403


async def test_until_the_mount_is_gone(server: Server, token: str) -> None:
    assert await _ask(server, token) == 200
    assert (await server.ask("DELETE", "sys/mounts/transit"))[0] == 204
    assert await _ask(server, token) in (403, 404)
    assert (await server.ask("POST", "sys/mounts/transit", {"type": "transit"}))[0] == 204
    assert await _ask(server, token) == 200  # The key is made anew; that of the mount before is gone.


async def test_until_the_token_is_revoked(server: Server, token: str) -> None:
    assert await _ask(server, token) == 200
    assert (await server.ask("POST", "auth/token/revoke", {"token": token}))[0] == 204
    assert await _ask(server, token) == 403


async def test_until_the_token_that_made_it_is_revoked(server: Server, token: str) -> None:
    await _write_policy(server, MAY_ENCRYPT + 'path "auth/token/create" { capabilities = ["update"] }')
    status, answer = await server.ask("POST", "auth/token/create", {"policies": ["p"]}, token)
    assert status == 200
    child = answer["auth"]["client_token"]
    assert await _ask(server, child) == 200
    assert (await server.ask("POST", "auth/token/revoke", {"token": token}))[0] == 204
    assert await _ask(server, child) == 403


async def test_until_its_time_is_over(server: Server, token: str) -> None:
    short = await _new_token(server, ttl="1m")
    assert await _ask(server, short) == 200
    server.clock.now += 61
    assert await _ask(server, short) == 403


async def test_until_the_key_is_gone(server: Server, token: str) -> None:
    """What was an update is a creation then, and policies tell them apart."""
    await _write_policy(server, 'path "transit/encrypt/*" { capabilities = ["update"] }')
    assert await _ask(server, token) == 200
    assert (await server.ask("POST", "transit/keys/k/config", {"deletion_allowed": True}))[0] == 200
    assert (await server.ask("DELETE", "transit/keys/k"))[0] == 204
    assert await _ask(server, token) == 403


async def test_one_method_says_nothing_of_another(server: Server, token: str) -> None:
    await _write_policy(server, 'path "transit/keys/k" { capabilities = ["read"] }')
    for _ in range(3):
        assert (await server.ask("GET", "transit/keys/k", token=token))[0] == 200
        assert (await server.ask("HEAD", "transit/keys/k", token=token))[0] == 403
        assert (await server.ask("DELETE", "transit/keys/k", token=token))[0] == 403


async def test_what_parameters_decide_is_asked_each_time(server: Server, token: str) -> None:
    rule = 'path "transit/encrypt/*" { capabilities = ["update"]  denied_parameters = { "context" = [] } }'
    await _write_policy(server, rule)
    assert await _ask(server, token) == 200
    assert await _ask(server, token, body={**TEXT, "context": "YQ=="}) == 403
    assert _kept(server, token) == 0


async def test_an_index_is_refused_each_time(server: Server, token: str) -> None:
    assert await _ask(server, token) == 200
    answer = await server.send("POST", PATH, TEXT, token, headers={"x-vault-index": "YQ=="})
    assert (answer.status, b"X-Vault-Index" in answer.body) == (400, True)
    assert await _ask(server, token) == 200


async def test_wrapping_is_asked_each_time(server: Server, token: str) -> None:
    await _write_policy(server, 'path "transit/encrypt/*" { capabilities = ["update"]  max_wrapping_ttl = "1m" }')
    assert await _ask(server, token, wrap="30s") == 200
    assert await _ask(server, token, wrap="2m") in (400, 403)


async def test_uses_are_counted(server: Server, token: str) -> None:
    twice = await _new_token(server, num_uses=2)
    statuses = [(await server.ask("POST", PATH, TEXT, twice))[0] for _ in range(3)]
    assert statuses == [200, 200, 403]


async def test_refusals_are_not_kept(server: Server, token: str) -> None:
    assert await _ask(server, token, "transit/decrypt/k", {"ciphertext": "vault:v1:"}) == 403
    assert _kept(server, token) == 0


async def test_what_was_found_out_before_a_change_is_not_kept(server: Server, token: str) -> None:
    decisions = DecisionCache()
    assert await _ask(server, token) == 200
    unsealed = server.core.unsealed
    assert unsealed is not None
    sent = read_headers([(b"x-vault-token", token.encode())])
    request = parse_request("POST", f"/v1/{PATH}".encode(), b"", sent, b"")
    assert isinstance(request, Request)
    context = unsealed.decisions.find(request, "id", server.clock())
    assert context is not None
    decisions.add(decisions.epoch - 1, context, 1e12)
    assert len(decisions) == 0
    decisions.add(decisions.epoch, context, 1e12)
    assert len(decisions) == 1


async def test_there_is_a_bound(server: Server, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_KEPT >= 1000
    monkeypatch.setattr("server.access.decision_cache.MAX_KEPT", 5)
    for number in range(20):
        assert await _ask(server, token, f"transit/encrypt/k{number}") == 200
        assert _kept(server, token) <= 5


async def test_long_paths_are_not_kept(server: Server, token: str) -> None:
    beginning = "transit/encrypt/"
    longest = beginning + "k" * (MAX_PATH_CHARACTERS - len(beginning))
    assert await _ask(server, token, longest) == 200
    assert _kept(server, token) == 1
    assert await _ask(server, token, longest + "k") == 200
    assert _kept(server, token) == 1


async def test_until_something_else_is_known_of_the_caller(server: Server, token: str) -> None:
    role = {"allowed_entity_aliases": "*", "allowed_policies": "default"}
    assert (await server.ask("POST", "auth/token/roles/r", role))[0] == 204
    _, answer = await server.ask("POST", "auth/token/create/r", {"entity_alias": "ann"})
    known, entity = answer["auth"]["client_token"], f"identity/entity/id/{answer['auth']['entity_id']}"
    _, other = await server.ask("POST", "identity/entity", {"name": "other"})
    assert await _ask(server, known) == 403
    assert (await server.ask("POST", entity, {"policies": "p"}))[0] == 204
    assert await _ask(server, known) == 200
    assert await _ask(server, known, "transit/encrypt/other") in (200, 400)
    assert _kept(server, known) == 2
    before = _decisions(server, known)
    assert (await server.ask("POST", f"identity/entity/id/{other['data']['id']}", {"policies": "x"}))[0] == 204
    assert await _ask(server, known) == 200
    assert before[1] in _decisions(server, known)
    assert (await server.ask("POST", entity, {"policies": []}))[0] == 204
    assert await _ask(server, known) == 403
    assert await _ask(server, known, "transit/encrypt/other") == 403
    assert (await server.ask("POST", entity, {"policies": "p"}))[0] == 204
    assert await _ask(server, known) == 200
    assert (await server.ask("POST", entity, {"disabled": True}))[0] == 204
    assert await _ask(server, known) == 403
    assert (await server.ask("POST", entity, {"disabled": False}))[0] == 204
    assert await _ask(server, known) == 200
    assert (await server.ask("DELETE", entity))[0] == 204
    assert await _ask(server, known) == 403


ENDS: dict[str, tuple[str, str, str, object, int]] = {
    "a policy above": ("a", "DELETE", "sys/policies/acl/mighty", None, 403),
    "a mount": ("a/b", "DELETE", "sys/mounts/transit", None, 404),
    "its token": ("a", "PUT", "sys/leases/revoke-prefix/auth", {}, 403),
    "a lock": ("", "POST", "sys/namespaces/api-lock/lock/a", {}, 503),
    "a lock below": ("a", "POST", "sys/namespaces/api-lock/lock/b", {}, 503),
    "the namespace": ("a", "DELETE", "sys/namespaces/b", None, 404),
}


@pytest.mark.parametrize("form", ["header", "path"])
@pytest.mark.parametrize("end", ENDS)
async def test_in_namespaces_too(server: Server, end: str, form: str) -> None:
    """For a token from above, until something ends where it belongs, or where it is used."""
    await make(server, "a", "a/b", "c")
    for name in ("a/b", "c"):
        await with_key(server, name)
    token, _ = await mighty(server, "a")

    async def ask(name: str) -> int:
        if form == "path":
            return await _ask(server, token, f"{name}/{PATH}")
        statuses = {(await ask_in(server, name, "POST", PATH, TEXT, token))[0] for _ in range(3)}
        return statuses.pop() if len(statuses) == 1 else 0

    assert [await ask("a/b"), await ask("c"), await ask("a/b")] == [200, 403, 200]
    assert _kept(server, token) == 1
    namespace, method, path, body, status = ENDS[end]
    assert (await ask_in(server, namespace, method, path, body))[0] in (200, 204)
    assert [await ask("a/b"), await ask("c")] == [status, 403]


async def test_a_parent_in_another_namespace_is_looked_at_each_time(server: Server) -> None:
    await make(server, "a", "a/b")
    await with_key(server, "a/b")
    parent, _ = await mighty(server, "a")
    child, _ = await mighty(server, "a/b", parent=parent)
    assert (await ask_in(server, "a/b", "POST", PATH, TEXT, child))[0] == 200
    assert _kept(server, child) == 1, "it is remembered, but not believed"
    assert (await ask_in(server, "a", "POST", "auth/token/revoke-self", {}, parent))[0] == 204
    assert (await ask_in(server, "a/b", "POST", PATH, TEXT, child))[0] == 403


async def test_a_closed_tenant_is_not_used_any_more(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    await make(server, "a", "b")
    await with_key(server, "a")
    token, _ = await mighty(server, "a")
    unsealed = server.core.unsealed
    assert unsealed is not None
    for _ in range(3):
        assert (await ask_in(server, "a", "POST", PATH, TEXT, token))[0] == 200
    tenant = unsealed.tenants.now[-1]
    with monkeypatch.context() as patched:
        patched.setattr(tenant_pool, "MAX_OPEN", 1)
        assert (await ask_in(server, "b", "GET", "sys/mounts"))[0] == 200
    assert tenant not in unsealed.tenants.now
    assert (await ask_in(server, "a", "POST", PATH, TEXT, token))[0] == 200
    assert tenant not in [standing.tenant for standing in unsealed.decisions]


async def test_who_is_remembered_keeps_a_tenant_open(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenant_pool, "MAX_OPEN", 2)
    await make(server, "a", "b", "c")
    await with_key(server, "a")
    token, _ = await mighty(server, "a")
    unsealed = server.core.unsealed
    assert unsealed is not None
    assert (await ask_in(server, "b", "GET", "sys/policies/acl/default"))[0] == 200
    for _ in range(2):
        assert (await ask_in(server, "a", "POST", PATH, TEXT, token))[0] == 200
    monkeypatch.setattr(tenant_pool, "CLOSED_AT_ONCE", 1)
    assert (await ask_in(server, "c", "GET", "sys/policies/acl/default"))[0] == 200
    assert [tenant.namespace.path for tenant in unsealed.tenants.now] == ["", "a/", "c/"]
