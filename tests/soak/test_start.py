"""A server that holds a lot starts as fast as one that holds nothing: nothing is read before it is asked for.

What is compared is processor time, which depends little on what else the machine does.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from auth_methods.records import TokenRecord
from engines.algorithms.registry import DEFAULT_ALGORITHM
from engines.base import Call, Operation
from engines.keys.records import KeyringRecord
from engines.keys.store import KeyStore
from server.core.lifecycle import Core
from server.core.mounting import mount_of
from server.core.settings import Settings
from server.system.routes import SYSTEM
from server.tenants.mounts.table import new_entry
from storage.seals.static import open_static
from storage.sqlite.store import open_sqlite
from tests.support import processes
from tests.support.products import Product
from tests.support.servers import Server

KEYS = 100_000
TOKENS = 200_000
"""Every other one of them has ended while the server was down."""

MORE_SECONDS = 0.3
"""How much more processor time it may take than an empty server until it has served a request."""

_AT_ONCE = 2_000


@pytest.mark.soak
async def test_hundreds_of_thousands_of_keys_and_tokens_cost_nothing_at_the_start(tmp_path: Path) -> None:
    key_file = tmp_path / "unseal.key"
    key_file.write_bytes(secrets.token_bytes(32))
    key_file.chmod(0o600)
    options = {"current_key_id": "a", "current_key": f"file://{key_file}"}
    seal = f'seal "static" {{\n  current_key_id = "a"\n  current_key = "file://{key_file}"\n}}\n'
    seconds = {}
    for name, keys, tokens in (("empty", 1, 0), ("full", KEYS, TOKENS)):
        (tmp_path / name / "data").mkdir(parents=True)
        root_token = await _fill(tmp_path / name / "data" / "cryptoserve.db", options, keys, tokens)
        # With what came before still in the write-ahead log, and once it has been folded in.
        used = [await _start(tmp_path / name, seal, root_token, keys) for _ in range(3)]
        sys.stdout.write(f"{name}: served after {used} s of processor time\n")
        seconds[name] = used
    assert max(seconds["full"]) < max(seconds["empty"]) + MORE_SECONDS


async def _start(directory: Path, seal: str, root_token: str, keys: int) -> float:
    """The processor time that a server takes until it has encrypted with one of its ``keys`` keys."""
    with Server(Product.CRYPTOSERVE, directory, settings=seal) as server:
        server.root_token = root_token
        name = f"key-{secrets.randbelow(keys)}"
        answer = await asyncio.to_thread(server.request, "POST", f"transit/encrypt/{name}", {"plaintext": "aGk="})
        seconds = processes.processor_seconds(server.group)
        assert answer.data()["ciphertext"].startswith("vault:v1:")
    return seconds


@asynccontextmanager
async def _opened(path: Path, options: dict[str, str]) -> AsyncIterator[Core]:
    core = Core(await open_sqlite({"path": str(path)}), open_static(options), Settings(), SYSTEM)
    try:
        yield core
    finally:
        await core.stop()


async def _fill(path: Path, options: dict[str, str], key_count: int, token_count: int) -> str:
    """Make a database with so many keys and tokens; the root token."""
    async with _opened(path, options) as core:
        made = await core.initialize(0, 0)
        assert core.unsealed is not None
        tenant = core.unsealed.root
        await tenant.mounts.enable(new_entry("transit/", "transit"))
        await core.runtime.cache.catch_up()
        entry = await tenant.mounts.entry("transit/")
        assert entry is not None
        keys = KeyStore(mount_of(core.runtime, tenant, entry).storage, core.runtime.settings.fips_mode)
        algorithm = DEFAULT_ALGORITHM
        now = time.time()
        call = Call("request", Operation.UPDATE, "", None, {}, now)

        async def create_key(number: int) -> None:
            await keys.create(KeyringRecord(name=f"key-{number}", type=algorithm.name, versions={}), algorithm, call)

        async def create_token(number: int) -> None:
            record = TokenRecord(
                policies=("default",),
                path="auth/token/create",
                display_name="token",
                creation_time=now,
                expire_time=now + 86400 + number if number % 2 else now - number,
            )
            await tenant.tokens.mint(record)

        await _all(create_key, key_count)
        await _all(create_token, token_count)
        return made.root_token


async def _all(create: Callable[[int], Awaitable[None]], count: int) -> None:
    for start in range(0, count, _AT_ONCE):
        await asyncio.gather(*(create(number) for number in range(start, min(start + _AT_ONCE, count))))
