"""Leases: found by the path that gave them out, and ended one by one or below a path."""

from __future__ import annotations

from typing import Any

import pytest

from server.tenants.tokens.entries import MAX_LEASE_PATH_BYTES
from server.tenants.tokens.leases import Leases
from server.tenants.tokens.revocation import STEP
from tests.server.tenants.tokens.test_tokens import record
from tests.support.places import new_place, new_tokens
from tests.support.systems import Server

SUDO = 'path "sys/leases/*" { capabilities = ["update", "list", "read", "sudo"] }'


async def _lease_of(server: Server, token: str) -> str:
    """The id of the newest lease of a token that was just created: that which wasn't there before."""
    tenant = server.core.unsealed.root if server.core.unsealed else None
    assert tenant is not None
    return f"auth/token/create/h{tenant.tokens.hash(token)}"


async def _create(server: Server, **body: Any) -> str:
    status, answer = await server.ask("POST", "auth/token/create", body)
    assert status == 200
    token: str = answer["auth"]["client_token"]
    return token


async def test_a_lease_is_listed_shown_and_revoked(server: Server) -> None:
    token = await _create(server, policies=["default"], ttl="1h")
    lease = await _lease_of(server, token)
    status, answer = await server.ask("LIST", "sys/leases/lookup/auth/token/create")
    assert (status, answer["data"]["keys"]) == (200, [lease.rpartition("/")[2]])
    status, answer = await server.ask("POST", "sys/leases/lookup", {"lease_id": lease})
    assert status == 200
    shown = answer["data"]
    assert (shown["id"], shown["path"], shown["ttl"], shown["renewable"]) == (lease, "auth/token/create", 3600, True)
    assert shown["last_renewal"] is None
    assert await server.ask("POST", "sys/leases/renew", {"lease_id": lease}) == (
        400,
        {"errors": ["tokens cannot be renewed through this endpoint"]},
    )
    assert (await server.ask("POST", "sys/leases/revoke", {"lease_id": lease}))[0] == 204
    assert (await server.ask("GET", "auth/token/lookup-self", token=token))[0] == 403
    assert await server.ask("POST", "sys/leases/lookup", {"lease_id": lease}) == (400, {"errors": ["invalid lease"]})
    assert (await server.ask("LIST", "sys/leases/lookup"))[0] == 404


@pytest.mark.parametrize("body", [{}, {"lease_id": ""}])
@pytest.mark.parametrize("path", ["lookup", "renew", "revoke"])
async def test_a_lease_has_to_be_named(server: Server, path: str, body: dict[str, str]) -> None:
    assert await server.ask("POST", f"sys/leases/{path}", body) == (400, {"errors": ["lease_id must be specified"]})


@pytest.mark.parametrize("lease", ["x", "h", "auth/token/create/", "auth/token/create/h" + "0" * 64, "h" + "0" * 64])
async def test_what_is_no_lease_is_not_found(server: Server, lease: str) -> None:
    assert (await server.ask("POST", "sys/leases/lookup", {"lease_id": lease}))[0] == 400
    assert await server.ask("POST", "sys/leases/renew", {"lease_id": lease}) == (400, {"errors": ["lease not found"]})
    assert (await server.ask("POST", "sys/leases/revoke", {"lease_id": lease}))[0] == 204


async def test_a_lease_is_found_below_its_own_path_alone(server: Server) -> None:
    token = await _create(server, policies=["default"])
    name = (await _lease_of(server, token)).rpartition("/")[2]
    for path in ("auth/token", "auth/token/create-orphan", "x", ""):
        lease = f"{path}/{name}"
        assert (await server.ask("POST", "sys/leases/lookup", {"lease_id": lease}))[0] == 400


async def test_revoking_a_prefix_ends_what_is_below_and_nothing_else(server: Server) -> None:
    below = [await _create(server, policies=["default"]) for _ in range(3)]
    _, answer = await server.ask("POST", "auth/token/create-orphan", {"policies": ["default"]})
    beside = answer["auth"]["client_token"]
    assert (await server.ask("PUT", "sys/leases/revoke-prefix/auth/token/create"))[0] == 204
    for token in below:
        assert (await server.ask("GET", "auth/token/lookup-self", token=token))[0] == 403
    assert (await server.ask("GET", "auth/token/lookup-self", token=beside))[0] == 200
    assert (await server.ask("POST", "sys/leases/revoke-force/auth"))[0] == 204
    assert (await server.ask("GET", "auth/token/lookup-self", token=beside))[0] == 403
    assert (await server.ask("GET", "auth/token/lookup-self"))[0] == 200, "the first root token has no lease"


async def test_a_large_prefix_is_revoked_in_steps() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    leases = Leases(place.view.within("token/"), tokens)
    made = [await tokens.mint(record(path=f"auth/a/login/{index % 7}")) for index in range(3 * STEP)]
    other = await tokens.mint(record(path="auth/ab/login"))
    assert await leases.revoke_prefix("auth/a") == len(made)
    assert await place.view.list("token/id/") == [tokens.hash(other.id)]


async def test_what_has_ended_has_no_lease_though_it_is_not_swept_yet() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    leases = Leases(place.view.within("token/"), tokens)
    token = await tokens.mint(record(path="a/b", expire_time=place.clock() + 60))
    lease = f"a/b/h{tokens.hash(token.id)}"
    assert await leases.find(lease, place.clock()) is not None
    assert await leases.find(lease, place.clock() + 60) is None


async def test_leases_of_odd_paths_are_kept_or_left_out() -> None:
    place = new_place()
    tokens = await new_tokens(place)
    leases = Leases(place.view.within("token/"), tokens)
    listed = await tokens.mint(record(path="transit/keys/"))
    long = await tokens.mint(record(path="x" * (MAX_LEASE_PATH_BYTES + 1)))
    assert await leases.find(f"transit/keys/h{tokens.hash(listed.id)}", 0) is not None
    assert await leases.names("") == ["transit/"]
    assert await tokens.authenticate(long.id, 0) is not None
    assert await tokens.revoke(tokens.hash(long.id))


async def test_disabling_an_auth_method_ends_its_tokens(server: Server) -> None:
    tenant = server.core.unsealed.root if server.core.unsealed else None
    assert tenant is not None
    await server.ask("POST", "sys/auth/notes", {"type": "notes"})
    token = await tenant.tokens.mint(record(path="auth/notes/login"))
    assert (await server.ask("GET", "auth/token/lookup-self", token=token.id))[0] == 200
    assert (await server.ask("DELETE", "sys/auth/notes"))[0] == 204
    assert (await server.ask("GET", "auth/token/lookup-self", token=token.id))[0] == 403


async def test_irrevocable_leases_are_counted_and_there_are_none(server: Server) -> None:
    status, answer = await server.ask("GET", "sys/leases/count?type=irrevocable")
    assert (status, answer["data"]) == (200, {"lease_count": 0, "counts": {}})
    status, answer = await server.ask("GET", "sys/leases?type=irrevocable&limit=10")
    assert (status, answer["data"]) == (200, {"lease_count": 0, "leases": []})
    assert (await server.ask("GET", "sys/leases/count"))[0] == 404
    assert (await server.ask("GET", "sys/leases?type=irrevocable&limit=abc"))[0] == 500


async def test_tidying_is_started(server: Server) -> None:
    status, answer = await server.ask("POST", "sys/leases/tidy")
    assert status == 202
    assert answer["warnings"][0].startswith("Tidy operation successfully started")
