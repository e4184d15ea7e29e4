"""Writing crypto policies to a server in memory, and asking its gates, for tests."""

from __future__ import annotations

from typing import Any

from engines.crypto_policy.facts import KeyFacts
from engines.crypto_policy.gate import AutomaticWork, Gate
from engines.crypto_policy.operations import CryptoOperation
from engines.keys.facts import facts_of_type
from server.tenants.crypto_policies.table import CryptoPolicyTable
from tests.server.tenants.namespaced import ask_in
from tests.support.systems import Server

STRENGTH: dict[str, Any] = {
    "name": "strength",
    "operations": ["protect"],
    "require": "key.classical_bits >= 128",
    "message": "too weak",
}
EVERYWHERE = {"namespaces": "self-and-descendants"}


async def write(server: Server, namespace: str, name: str, **document: Any) -> dict[str, Any]:
    """Write a policy, and answer the data."""
    status, answer = await ask_in(server, namespace, "POST", f"sys/crypto-policies/{name}", document)
    assert status == 200, answer
    data: dict[str, Any] = answer["data"]
    return data


async def refused(server: Server, name: str, **document: Any) -> str:
    """The error of a policy that isn't taken."""
    status, answer = await server.ask("POST", f"sys/crypto-policies/{name}", document)
    assert status == 400, answer
    (error,) = answer["errors"]
    assert isinstance(error, str)
    return error


async def table_of(server: Server) -> CryptoPolicyTable:
    """The policies as the next request would find them."""
    await server.core.runtime.cache.catch_up()
    unsealed = server.core.unsealed
    assert unsealed is not None
    await unsealed.load_namespaces()
    await unsealed.crypto_policies.load()
    return unsealed.crypto_policies


async def gate_of(server: Server, namespace: str = "", mount: str = "transit/") -> Gate:
    """The gate of a transit mount."""
    return (await table_of(server)).gate(namespace, mount, "transit")


def key(key_type: str = "rsa-2048", operation: CryptoOperation = CryptoOperation.SIGN, **facts: Any) -> KeyFacts:
    """The facts of a key."""
    return facts_of_type(key_type, operation, {"name": "k", "mount": "transit/", **facts})


def work() -> AutomaticWork:
    """A call without a caller."""
    return AutomaticWork(now=0)
