"""Passwords in the FIPS modes: new hashes are PBKDF2's, and nobody is locked out because of an old one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from auth_methods import passwords
from auth_methods.passwords import Scheme, hashed, scheme_of
from auth_methods.userpass.state import Userpass, UserRecord
from engines.base import Mount
from engines.crypto_policy.fips import FipsMode
from server.core.lifecycle import Core
from server.core.settings import Settings
from server.system.routes import SYSTEM
from storage.seals.shamir import ShamirSeal
from tests.support.places import new_place
from tests.support.systems import Server

REFUSED = 'argon2id is not FIPS-approved, and fips_mode is "enabled"'


@pytest.fixture(autouse=True)
def few_iterations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is slow on purpose; tests are not."""
    monkeypatch.setattr(passwords, "PBKDF2_ITERATIONS", 100_000)


@pytest_asyncio.fixture
async def servers() -> AsyncIterator[list[Server]]:
    """Servers to be stopped at the end."""
    made: list[Server] = []
    yield made
    for server in made:
        await server.core.stop()


async def restarted(servers: list[Server], server: Server, mode: FipsMode, share: bytes) -> Server:
    """The same store in another mode."""
    again = Server(Settings(fips_mode=mode))
    await again.core.stop()
    again.core = Core(server.core.runtime.store, ShamirSeal(), Settings(fips_mode=mode), SYSTEM, clock=server.clock)
    again.dispatcher = type(again.dispatcher)(again.core)
    again.root_token = server.root_token
    servers.append(again)
    await again.core.unseal(share)
    return again


async def stored(server: Server) -> str:
    """The hash of alice's password."""
    view = await server.storage_of("auth/u/")
    value = await view.get("user/alice")
    assert value is not None

    return msgspec.msgpack.decode(value, type=UserRecord).password_hash


async def log_in(server: Server, password: str = "secret") -> tuple[int, Any]:
    return await server.ask("POST", "auth/u/login/alice", {"password": password}, token="")


@pytest.mark.parametrize(
    ("mode", "option", "scheme"),
    [
        (FipsMode.DISABLED, "", Scheme.ARGON2ID),
        (FipsMode.DISABLED, "pbkdf2-sha256", Scheme.PBKDF2),
        (FipsMode.PREFERRED, "", Scheme.PBKDF2),
        (FipsMode.PREFERRED, "argon2id", Scheme.ARGON2ID),
        (FipsMode.ENABLED, "", Scheme.PBKDF2),
        (FipsMode.ENABLED, "argon2id", Scheme.PBKDF2),
    ],
)
async def test_how_passwords_are_hashed_in_each_mode(mode: FipsMode, option: str, scheme: Scheme) -> None:
    place = new_place()
    options = {"password_hashing": option} if option else {}
    mount = Mount(place.view, place.clock, "a", "auth/u/", options, fips_mode=mode)
    assert Userpass(mount).scheme is scheme


async def test_a_hash_from_before_still_lets_in_and_is_made_anew(servers: list[Server]) -> None:
    before = Server()
    servers.append(before)
    made = await before.core.initialize(1, 1)
    before.root_token = made.root_token
    await before.core.unseal(made.shares[0])
    await before.ask("POST", "sys/auth/u", {"type": "userpass"})
    await before.ask("POST", "auth/u/users/alice", {"password": "secret"})
    assert scheme_of(await stored(before)) is Scheme.ARGON2ID

    enabled = await restarted(servers, before, FipsMode.ENABLED, made.shares[0])
    assert (await log_in(enabled, "wrong"))[0] == 400
    assert scheme_of(await stored(enabled)) is Scheme.ARGON2ID
    status, answer = await log_in(enabled)
    assert (status, answer["warnings"]) == (200, ['argon2id is not FIPS-approved (fips_mode is "enabled")'])
    assert scheme_of(await stored(enabled)) is Scheme.PBKDF2
    status, answer = await log_in(enabled)
    assert (status, answer["warnings"]) == (200, None)


async def test_a_hash_that_somebody_brings_must_be_approved(servers: list[Server]) -> None:
    for mode, outcome in ((FipsMode.ENABLED, 400), (FipsMode.PREFERRED, 200)):
        server = await Server(Settings(fips_mode=mode)).unsealed()
        servers.append(server)
        await server.ask("POST", "sys/auth/u", {"type": "userpass"})
        brought = await hashed("secret", Scheme.ARGON2ID)
        status, answer = await server.ask("POST", "auth/u/users/alice", {"password_hash": brought})
        assert status == outcome
        if mode is FipsMode.ENABLED:
            assert answer["errors"] == [REFUSED]
        else:
            assert answer["warnings"] == ['argon2id is not FIPS-approved (fips_mode is "preferred")']
        brought = await hashed("secret", Scheme.PBKDF2)
        assert (await server.ask("POST", "auth/u/users/alice", {"password_hash": brought}))[0] == 204
        assert (await log_in(server))[0] == 200
        await server.ask("POST", "auth/u/users/alice/password", {"password": "other"})
        assert scheme_of(await stored(server)) is Scheme.PBKDF2
        assert (await log_in(server, "other"))[0] == 200
