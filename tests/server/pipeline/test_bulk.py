"""What there is much of: batches have a limit, and lists of many keys cost what a page costs."""

from __future__ import annotations

import base64
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from server.core.settings import Settings
from storage.memory import MemoryStore
from storage.sqlite.batch import LIST, list_parameters
from storage.sqlite.store import open_sqlite
from tests.support.systems import NewServer, Server

HELLO = base64.b64encode(b"hello").decode()
KEYS = 10_000
PAGE = 100


@pytest.mark.parametrize(
    ("path", "item"),
    [
        ("encrypt/aes", {"plaintext": HELLO}),
        ("decrypt/aes", {"ciphertext": "vault:v1:AAAA"}),
        ("rewrap/aes", {"ciphertext": "vault:v1:AAAA"}),
        ("hmac/aes", {"input": HELLO}),
        ("hmac/aes/sha2-512", {"input": HELLO}),
        ("sign/ed", {"input": HELLO}),
        ("sign/ed/sha2-512", {"input": HELLO}),
        ("verify/ed", {"input": HELLO, "signature": "vault:v1:AAAA"}),
        ("verify/ed/sha2-512", {"input": HELLO, "hmac": "vault:v1:AAAA"}),
        ("encrypt/new", {"plaintext": HELLO}),
    ],
)
async def test_the_configuration_limits_every_batch(new_server: NewServer, path: str, item: dict[str, str]) -> None:
    server: Server = await (await new_server(Settings(max_batch_items=3))).unsealed()
    await server.ask("POST", "sys/mounts/transit", {"type": "transit"})
    await server.ask("POST", "transit/keys/aes", {})
    await server.ask("POST", "transit/keys/ed", {"type": "ed25519"})
    status, answer = await server.ask("POST", f"transit/{path}", {"batch_input": [item] * 4})
    text = "batch_input holds 4 items, more than the 3 that max_batch_items allows"
    assert (status, answer) == (400, {"errors": [text]})
    _, listed = await server.ask("LIST", "transit/keys")
    assert listed["data"]["keys"] == ["aes", "ed"]
    _, answer = await server.ask("POST", f"transit/{path}", {"batch_input": [item] * 3})
    assert len(answer["data"]["batch_results"]) == 3


async def test_associated_data_goes_along_when_rewrapping(server: Server) -> None:
    await server.ask("POST", "sys/mounts/transit", {"type": "transit"})
    await server.ask("POST", "transit/keys/k", {})
    first, second = (base64.b64encode(data).decode() for data in (b"first", b"second"))

    async def ask(path: str, **body: Any) -> Any:
        _, answer = await server.ask("POST", f"transit/{path}/k", body)
        return answer.get("data") or answer

    sealed = [await ask("encrypt", plaintext=HELLO, associated_data=data) for data in (first, second)]
    await server.ask("POST", "transit/keys/k/rotate")
    alone = await ask("rewrap", ciphertext=sealed[0]["ciphertext"], associated_data=first)
    assert alone["key_version"] == 2
    assert (await ask("decrypt", ciphertext=alone["ciphertext"], associated_data=first))["plaintext"] == HELLO
    failed = {"errors": ["cipher: message authentication failed"]}
    for data in ({}, {"associated_data": second}):
        assert await ask("decrypt", ciphertext=alone["ciphertext"], **data) == failed
        assert await ask("rewrap", ciphertext=sealed[0]["ciphertext"], **data) == failed
    items = [
        {"ciphertext": sealed[0]["ciphertext"], "associated_data": first},
        {"ciphertext": sealed[1]["ciphertext"], "associated_data": second, "reference": "r"},
        {"ciphertext": sealed[1]["ciphertext"], "associated_data": first},
    ]
    results = (await ask("rewrap", batch_input=items))["batch_results"]
    assert results[1]["reference"] == "r"
    assert results[2] == {"error": failed["errors"][0], "reference": ""}
    opened = await ask("decrypt", ciphertext=results[1]["ciphertext"], associated_data=second)
    assert opened["plaintext"] == HELLO
    await server.ask("POST", "transit/keys/rsa", {"type": "rsa-2048"})
    _, answer = await server.ask("POST", "transit/encrypt/rsa", {"plaintext": HELLO})
    body = {"ciphertext": answer["data"]["ciphertext"], "associated_data": first}
    _, answer = await server.ask("POST", "transit/rewrap/rsa", body)
    assert answer == {"errors": ["'associated_data' provided for non-AEAD cipher suite rsa-2048"]}


async def test_hmac_keys_tell_when_their_versions_were_made(server: Server) -> None:
    await server.ask("POST", "sys/mounts/transit", {"type": "transit"})
    await server.ask("POST", "transit/keys/k", {"type": "hmac", "key_size": 32})
    made = int(server.clock())
    server.clock.advance(10)
    _, answer = await server.ask("POST", "transit/keys/k/rotate")
    assert answer["data"]["keys"] == {"1": made, "2": made + 10}
    await server.ask("POST", "transit/keys/k/config", {"min_decryption_version": 2})
    _, answer = await server.ask("GET", "transit/keys/k")
    assert answer["data"]["keys"] == {"2": made + 10}


async def test_many_keys_are_listed_page_by_page(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    await server.ask("POST", "sys/mounts/transit", {"type": "transit"})
    storage = await server.storage_of("transit/")
    names = [f"key-{number:05}" for number in range(KEYS)]
    for start in range(0, KEYS, 1000):
        async with storage.transaction() as transaction:
            for name in names[start : start + 1000]:
                transaction.put(f"policy/{name}", b"not looked at")
    _, answer = await server.ask("LIST", "transit/keys")
    assert answer["data"]["keys"] == names
    asked: list[int | None] = []
    names_of = MemoryStore.names

    def noted(store: MemoryStore, prefix: str, after: str, limit: int | None) -> list[str]:
        if "/policy/" in prefix:
            asked.append(limit)
        return names_of(store, prefix, after, limit)

    monkeypatch.setattr(MemoryStore, "names", noted)
    found: list[str] = []
    while True:
        after = found[-1] if found else ""
        status, answer = await server.ask("LIST", f"transit/keys?after={after}&limit={PAGE}")
        if status == 404:
            break
        page = answer["data"]["keys"]
        assert len(page) == PAGE
        found += page
    assert found == names
    assert set(asked) == {PAGE}
    _, answer = await server.ask("LIST", "transit/keys?after=key-09990&limit=1000")
    assert answer["data"]["keys"] == names[9991:]
    assert (await server.ask("LIST", "transit/keys?limit=abc"))[0] == 400


async def test_a_page_costs_the_database_the_same_whatever_lies_around_it(tmp_path: Path) -> None:
    """Counted in steps of SQLite's virtual machine."""

    async def steps(count: int) -> int:
        path = tmp_path / f"{count}.db"
        store = await open_sqlite({"path": str(path)})
        async with store.transaction() as transaction:
            for number in range(count):
                transaction.put(f"policy/key-{number:05}", b"x" * 100)
        await store.close()
        done = 0

        def step() -> int:
            nonlocal done
            done += 1
            return 0

        with sqlite3.connect(path) as connection:
            connection.set_progress_handler(step, 1)
            rows = connection.execute(LIST, list_parameters("policy/", f"key-{count // 2:05}", PAGE)).fetchall()
            connection.set_progress_handler(None, 1)
        connection.close()
        assert len(rows) == PAGE
        return done

    few, many = await steps(3 * PAGE), await steps(KEYS)
    assert many < 1.1 * few
