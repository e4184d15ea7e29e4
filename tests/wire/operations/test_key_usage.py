"""Use of keys counted by real workers: exact over all of them, over a restart, and nearly so after a kill."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.products import Product
from tests.support.servers import Server
from tests.support.waiting import wait_until

WORKERS = 2
THREADS = 8
ROUNDS = 5
ITEMS = 7


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A durable server with two workers, unsealed, with a key of two versions."""
    with Server(Product.CRYPTOSERVE, tmp_path, settings=f"workers = {WORKERS}\n") as started:
        started.initialize()
        started.unseal()
        started.request("POST", "sys/mounts/transit", {"type": "transit"}).data()
        started.request("POST", "transit/keys/k", {}).data()
        yield started


def _load(server: Server) -> None:
    """``THREADS`` times ``ROUNDS``: a batch of ``ITEMS`` by version 1, rewrapped, and a data key."""
    batch = {"batch_input": [{"plaintext": "YQ==", "key_version": 1}] * ITEMS}

    def work(_: int) -> None:
        for _ in range(ROUNDS):
            results = server.request("POST", "transit/encrypt/k", batch).data()["batch_results"]
            ciphertexts = [{"ciphertext": each["ciphertext"]} for each in results]
            server.request("POST", "transit/rewrap/k", {"batch_input": ciphertexts}).data()
            server.request("POST", "transit/datakey/wrapped/k", {}).data()

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(work, range(THREADS)))


def _operations(server: Server) -> dict[str, tuple[int, int]]:
    versions: dict[str, Any] = server.request("GET", "transit/keys/k/usage").data()["versions"]
    return {
        number: (found["use"]["protect"]["operations"], found["use"]["process"]["operations"])
        for number, found in versions.items()
    }


def _expected(loads: int) -> dict[str, tuple[int, int]]:
    each = loads * THREADS * ROUNDS
    return {"1": (each * ITEMS, each * ITEMS), "2": (each * (ITEMS + 1), 0)}


def _await_all(server: Server) -> None:
    """Wait until each worker has handed in what it counted: whichever answers, it knows of all."""
    wait_until(lambda: all(_operations(server) == _expected(1) for _ in range(8 * WORKERS)))


def test_use_is_exact_over_workers_and_restarts(server: Server) -> None:
    server.request("POST", "transit/keys/k/rotate").data()
    _load(server)
    _await_all(server)
    _load(server)
    assert server.stop() == 0
    server.start()
    server.unseal()
    assert _operations(server) == _expected(2)


def test_a_kill_costs_no_use_that_was_handed_in(server: Server) -> None:
    server.request("POST", "transit/keys/k/rotate").data()
    _load(server)
    _await_all(server)
    server.kill()
    server.start()
    server.unseal()
    assert _operations(server) == _expected(1)
