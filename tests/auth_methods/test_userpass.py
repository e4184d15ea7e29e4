"""userpass beyond what is held against OpenBao: schemes of hashes, and what becomes of old ones."""

from __future__ import annotations

import argon2
import pytest

from auth_methods import passwords
from auth_methods.passwords import Scheme, hashed
from auth_methods.userpass.state import Userpass
from engines.base import Mount
from tests.support.places import new_place
from tests.support.systems import Server


async def _enable(server: Server, **options: str) -> None:
    assert (await server.ask("POST", "sys/auth/u", {"type": "userpass", "options": options}))[0] == 204


async def _stored(server: Server) -> str:
    assert server.core.unsealed is not None
    await server.core.runtime.cache.catch_up()
    live = (await server.core.unsealed.root.mounts.router()).mounts["auth/u/"]
    assert isinstance(live.engine, Userpass)
    user = await live.engine.user("alice")
    assert user is not None and user.password_hash not in repr(user)
    return user.password_hash


async def test_passwords_are_hashed_as_the_mount_says(server: Server) -> None:
    await _enable(server, password_hashing="pbkdf2-sha256")
    assert (await server.ask("POST", "auth/u/users/alice", {"password": "secret"}))[0] == 204
    assert (await _stored(server)).startswith("$pbkdf2-sha256$")
    assert (await server.ask("POST", "auth/u/login/alice", {"password": "secret"}, token=""))[0] == 200


async def test_an_unknown_scheme_breaks_this_mount_alone(server: Server) -> None:
    await _enable(server, password_hashing="md5")
    status, answer = await server.ask("POST", "auth/u/users/alice", {"password": "secret"})
    assert (status, answer) == (400, {"errors": ["unknown password_hashing 'md5'"]})
    assert (await server.ask("GET", "auth/token/lookup-self"))[0] == 200


async def test_a_login_replaces_an_outdated_hash(server: Server) -> None:
    await _enable(server)
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash("secret")
    assert (await server.ask("POST", "auth/u/users/alice", {"password_hash": weak}))[0] == 204
    assert (await server.ask("POST", "auth/u/login/alice", {"password": "wrong"}, token=""))[0] == 400
    assert await _stored(server) == weak
    assert (await server.ask("POST", "auth/u/login/alice", {"password": "secret"}, token=""))[0] == 200
    assert not passwords.is_outdated(await _stored(server), Scheme.ARGON2ID)
    assert (await server.ask("POST", "auth/u/login/alice", {"password": "secret"}, token=""))[0] == 200


async def test_a_hash_that_is_none_is_refused(server: Server) -> None:
    await _enable(server)
    status, answer = await server.ask("POST", "auth/u/users/alice", {"password_hash": "$2a$10$abc"})
    assert status == 400 and "not a valid" in answer["errors"][0]
    assert (await server.ask("GET", "auth/u/users/alice"))[0] == 404


async def test_the_token_of_a_deleted_user_is_not_renewed(server: Server) -> None:
    await _enable(server)
    await server.ask("POST", "auth/u/users/alice", {"password": "secret", "token_ttl": "10m"})
    _, answer = await server.ask("POST", "auth/u/login/alice", {"password": "secret"}, token="")
    token = answer["auth"]["client_token"]
    assert (await server.ask("POST", "auth/token/renew-self", {}, token=token))[0] == 200
    await server.ask("DELETE", "auth/u/users/alice")
    status, answer = await server.ask("POST", "auth/token/renew-self", {}, token=token)
    assert status == 500 and "username does not exist" in answer["errors"][0]


async def test_users_of_two_mounts_are_two(server: Server) -> None:
    await _enable(server)
    await server.ask("POST", "sys/auth/team/one", {"type": "userpass"})
    await server.ask("POST", "auth/u/users/alice", {"password": "secret"})
    assert (await server.ask("POST", "auth/team/one/login/alice", {"password": "secret"}, token=""))[0] == 400
    await server.ask("POST", "auth/team/one/users/alice", {"password": "other"})
    _, answer = await server.ask("POST", "auth/team/one/login/alice", {"password": "other"}, token="")
    _, shown = await server.ask("GET", "auth/token/lookup-self", token=answer["auth"]["client_token"])
    assert shown["data"]["display_name"] == "team-one-alice"


async def test_a_token_bound_to_the_client_is_good_there_alone(server: Server) -> None:
    await _enable(server)
    await server.ask("POST", "auth/u/users/alice", {"password": "secret", "token_strictly_bind_ip": True})
    _, answer = await server.ask("POST", "auth/u/login/alice", {"password": "secret"}, token="")
    token = answer["auth"]["client_token"]
    assert (await server.ask("GET", "auth/token/lookup-self", token=token))[0] == 200
    assert (await server.ask("GET", "auth/token/lookup-self", token=token, address="127.0.0.2"))[0] == 403


@pytest.mark.parametrize("scheme", Scheme)
async def test_every_scheme_has_a_name_for_the_option(scheme: Scheme) -> None:
    place = new_place()
    mount = Mount(place.view, place.clock, "a", "auth/u/", {"password_hashing": scheme.value})
    assert Userpass(mount).scheme is scheme
    assert (await hashed("x", Userpass(mount).scheme)).startswith("$" + scheme.value)
