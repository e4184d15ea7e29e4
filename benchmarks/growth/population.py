"""Stores that hold a lot, filled from within: through the server's own layers, many entries in one transaction.

Asking a server a million times to make a key or a token would take the better part of an hour. What is written here is
what the server itself would have written, by the same functions and under the same barrier; only the transactions are
larger, and the database is in better order than one that has grown.
"""

from __future__ import annotations

import asyncio
import secrets
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from auth_methods.records import TokenRecord
from engines.algorithms.registry import DEFAULT_ALGORITHM
from engines.keys.records import KeyringRecord, new_version
from engines.keys.store import KeyStore
from server.core.lifecycle import Core
from server.core.mounting import mount_of
from server.core.settings import Settings
from server.runtime.identifiers import random_text
from server.system.routes import SYSTEM
from server.tenants.mounts.table import new_entry
from server.tenants.tenant import Tenant
from server.tenants.tokens.entries import TokenEntries
from server.tenants.tokens.store import SERVICE_PREFIX
from storage.seals.static import open_static
from storage.sqlite.store import open_sqlite
from storage.view import View
from tests.support import processes
from tests.support.products import Product, ServerFailed
from tests.support.servers import Server

TOKEN_SECONDS = 24 * 3600

_AT_ONCE = 20_000
"""How many entries go into one transaction."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The number of objects of each kind."""

    keys: int = 0
    tokens: int = 0
    policies: int = 0
    """Each lets its holder encrypt with any key, and has a path of its own besides."""

    @property
    def total(self) -> int:
        """Keys, tokens and policies together."""
        return self.keys + self.tokens + self.policies

    def __str__(self) -> str:
        counts = ((self.keys, "keys"), (self.tokens, "tokens"), (self.policies, "policies"))
        return ", ".join(f"{count:,} {what}" for count, what in counts if count) or "nothing"


@dataclass(slots=True)
class Store:
    """A filled store, and how to use it."""

    directory: Path
    root_token: str
    settings: str
    """HCL of a static seal, which opens it without shares."""
    tokens: list[str] = field(default_factory=list)
    """The tokens that were made, each with the policy of its turn, or ``root`` if there are no policies."""

    def server(self) -> Server:
        """A server of ours on this store, not yet started."""
        server = Server(Product.CRYPTOSERVE, self.directory, settings=self.settings)
        server.root_token = self.root_token
        return server


@dataclass(frozen=True, slots=True)
class PopulatedStart:
    """The time that a server takes to start on a store with ``sizes``: medians of a few starts."""

    sizes: Sizes
    serve_seconds: float
    """From starting the process until it has encrypted with one of the keys."""
    idle_bytes: int
    """Memory after the last start."""


def key_name(number: int) -> str:
    """What key ``number`` is called."""
    return f"key-{number}"


def policy_name(number: int) -> str:
    """What policy ``number`` is called."""
    return f"policy-{number}"


def policy_text(number: int) -> str:
    """What policy ``number`` allows."""
    shared = 'path "transit/encrypt/*" { capabilities = ["update"] }\n'
    return f'{shared}path "transit/decrypt/{key_name(number)}" {{ capabilities = ["update"] }}\n'


def fill(directory: Path, sizes: Sizes) -> Store:
    """Make a store in ``directory`` with a transit engine and what ``sizes`` says."""
    (directory / "data").mkdir(parents=True)
    key_file = directory / "unseal.key"
    key_file.write_bytes(secrets.token_bytes(32))
    key_file.chmod(0o600)
    seal = {"current_key_id": "a", "current_key": f"file://{key_file}"}
    words = "".join(f'  {word} = "{text}"\n' for word, text in seal.items())
    store = Store(directory, "", f'seal "static" {{\n{words}}}\n')
    asyncio.run(_fill(store, seal, sizes))
    return store


def start_populated(directory: Path, sizes: Sizes, starts: int) -> PopulatedStart:
    """Fill a store with ``sizes``, which have keys, and see how long a server takes to start on it, so many times."""
    store = fill(directory, sizes)
    seconds: list[float] = []
    for _ in range(starts):
        started = time.perf_counter()
        with store.server() as server:
            name = key_name(secrets.randbelow(sizes.keys))
            answer = server.request("POST", f"transit/encrypt/{name}", {"plaintext": "aGk="})
            seconds.append(time.perf_counter() - started)
            if not answer.data()["ciphertext"].startswith("vault:v1:"):
                raise ServerFailed(f"{name} has not encrypted: {answer.body!r}")
            idle = processes.memory_bytes(server.group)
            server.stop()
    return PopulatedStart(sizes, statistics.median(seconds), idle)


@asynccontextmanager
async def _opened(path: Path, seal: dict[str, str]) -> AsyncIterator[Core]:
    core = Core(await open_sqlite({"path": str(path)}), open_static(seal), Settings(), SYSTEM)
    try:
        yield core
    finally:
        await core.stop()


async def _fill(store: Store, seal: dict[str, str], sizes: Sizes) -> None:
    async with _opened(store.directory / "data" / "cryptoserve.db", seal) as core:
        store.root_token = (await core.initialize(0, 0)).root_token
        assert core.unsealed is not None
        tenant = core.unsealed.root
        await tenant.mounts.enable(new_entry("transit/", "transit"))
        await core.runtime.cache.catch_up()
        await _write_keys(core, tenant, sizes.keys)
        await _write_policies(tenant, sizes.policies)
        store.tokens = await _write_tokens(tenant, sizes)


async def _write_keys(core: Core, tenant: Tenant, count: int) -> None:
    entry = await tenant.mounts.entry("transit/")
    assert entry is not None
    keys, now = KeyStore(mount_of(core.runtime, tenant, entry).storage, core.runtime.settings.fips_mode), time.time()
    collected = _Collected()
    for number in range(count):
        record = KeyringRecord(name=key_name(number), type=DEFAULT_ALGORITHM.name, versions={})
        material = DEFAULT_ALGORITHM.generate(record.key_bytes)
        keys.rewrite(collected, replace(record, versions={1: new_version(material, now)}))
    await collected.write(keys.storage)


async def _write_policies(tenant: Tenant, count: int) -> None:
    def put(number: int) -> Awaitable[None]:
        return tenant.policies.put(policy_name(number), policy_text(number))

    # Those that wait for a commit at the same time share it.
    for numbers in _portions(count):
        await asyncio.gather(*map(put, numbers))


async def _write_tokens(tenant: Tenant, sizes: Sizes) -> list[str]:
    view, now = tenant.view.within("sys/token/"), time.time()
    salt = await view.get("salt")
    assert salt is not None, "the token store makes its salt when it is opened"
    entries, made, collected = TokenEntries(salt), list[str](), _Collected()
    for number in range(sizes.tokens):
        record = TokenRecord(
            id=SERVICE_PREFIX + random_text(),
            accessor=random_text(),
            policies=(policy_name(number % sizes.policies) if sizes.policies else "root",),
            path="auth/token/create",
            display_name="token",
            creation_time=now,
            ttl=TOKEN_SECONDS,
            # Not all in one second, which they would not be either if they had come one by one.
            expire_time=now + TOKEN_SECONDS + number % TOKEN_SECONDS,
        )
        entries.write(collected, entries.hash(record.id), record)
        made.append(record.id)
    await collected.write(view)
    return made


class _Collected:
    """The entries of an empty store, collected from functions that write into a transaction.

    It is written in the order of its keys, so that a large database is laid down page by page: in the random order of
    hashes, each commit would touch nearly all of its pages, and a million tokens would take ten minutes.
    """

    def __init__(self) -> None:
        self._entries: dict[str, bytes] = {}

    async def get(self, key: str) -> bytes | None:
        return self._entries.get(key)

    async def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[str]:
        raise NotImplementedError("nothing that is collected here needs lists")

    def put(self, key: str, value: bytes) -> None:
        self._entries[key] = value

    def delete(self, key: str) -> None:
        self._entries.pop(key, None)

    async def write(self, view: View) -> None:
        """Write it all to ``view``, many entries in one transaction."""
        keys = sorted(self._entries)
        for numbers in _portions(len(keys)):
            async with view.transaction() as transaction:
                for number in numbers:
                    transaction.put(keys[number], self._entries[keys[number]])


def _portions(count: int) -> Iterator[range]:
    for start in range(0, count, _AT_ONCE):
        yield range(start, min(start + _AT_ONCE, count))
