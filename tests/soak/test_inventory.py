"""A hundred thousand keys: their document is streamed in bounded time and memory, and other clients don't notice.

``SOAK_KEYS`` gives another number; the bounds are for a hundred thousand on a machine that does nothing else.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import pytest

from tests.support import processes
from tests.support.products import Product
from tests.support.servers import Server

KEYS = int(os.environ.get("SOAK_KEYS", "100000"))
MAKERS, CLIENTS = 4, 4
DOCUMENT_SECONDS = 60.0
GROWTH_BYTES = 200 * 1024 * 1024
MOST_TIMES, MOST_MORE_SECONDS = 1.5, 0.005
PAUSE_SECONDS = 0.01
"""Between two requests of a client: they take turns with other work as those of applications do."""

FORMATS = ("cyclonedx-1.7", "cyclonedx-1.6", "cyclonedx-1.5", "spdx-2.3")


class Client:
    """A connection with the root token."""

    def __init__(self, server: Server) -> None:
        self._connection = server.connect(120)
        self._headers = {"X-Vault-Token": server.root_token}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: object) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: object = None) -> http.client.HTTPResponse:
        """The answer, whose body isn't read yet."""
        text = None if body is None else json.dumps(body)
        self._connection.request(method, f"/v1/{path}", text, self._headers)
        return self._connection.getresponse()

    def read(self, path: str) -> int:
        """The length of what is at ``path``, which is read and dropped."""
        answer = self.ask("GET", path)
        assert answer.status == 200, answer.read()
        size = 0
        while piece := answer.read(1 << 16):
            size += len(piece)
        return size


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two workers and ``KEYS`` keys of two kinds."""
    with Server(Product.CRYPTOSERVE, tmp_path_factory.mktemp("inventory")) as server:
        server.initialize()
        server.unseal()
        server.request("POST", "sys/mounts/transit", {"type": "transit"}).data()

        def make(start: int) -> None:
            with Client(server) as client:
                for number in range(start, KEYS, MAKERS):
                    body = {"type": "ecdsa-p256" if number % 10 == 0 else "aes256-gcm96"}
                    answer = client.ask("POST", f"transit/keys/key-{number}", body)
                    assert answer.status == 200, answer.read()
                    answer.read()

        with ThreadPoolExecutor(MAKERS) as pool:
            list(pool.map(make, range(MAKERS)))
        yield server


def latencies(server: Server, during: Callable[[], object]) -> float:
    """The 99th percentile, in seconds, of encryptions by ``CLIENTS`` clients while ``during`` runs."""
    stop = threading.Event()
    taken: list[float] = []

    def encrypt() -> None:
        with Client(server) as client:
            while not stop.wait(PAUSE_SECONDS):
                began = time.perf_counter()
                client.ask("POST", "transit/encrypt/key-1", {"plaintext": "aGVsbG8="}).read()
                taken.append(time.perf_counter() - began)

    threads = [threading.Thread(target=encrypt) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    during()
    stop.set()
    for thread in threads:
        thread.join()
    return sorted(taken)[int(len(taken) * 0.99)]


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    """A client of that server."""
    with Client(server) as client:
        yield client


@pytest.mark.soak
@pytest.mark.parametrize("format", FORMATS)
def test_a_document_of_all_keys_is_streamed(server: Server, client: Client, format: str) -> None:
    client.read(f"sys/inventory/cbom?format={format}&mount=none")
    before = processes.memory_bytes(server.group)
    most = before
    ended = threading.Event()

    def watch() -> None:
        nonlocal most
        while not ended.wait(0.2):
            most = max(most, processes.memory_bytes(server.group))

    watching = threading.Thread(target=watch)
    watching.start()
    began = time.monotonic()
    size = client.read(f"sys/inventory/cbom?format={format}")
    seconds = time.monotonic() - began
    ended.set()
    watching.join()
    sys.stdout.write(f"{format}: {size / 2**20:.0f} MiB, {seconds:.1f} s, {(most - before) / 2**20:.0f} MiB more\n")
    assert seconds <= DOCUMENT_SECONDS
    assert most - before <= GROWTH_BYTES


@pytest.mark.soak
def test_other_clients_do_not_notice(server: Server, client: Client) -> None:
    alone = latencies(server, lambda: time.sleep(10))
    beside = latencies(server, lambda: client.read("sys/inventory/cbom?use=true"))
    sys.stdout.write(f"99th percentile: {alone * 1000:.2f} ms alone, {beside * 1000:.2f} ms beside a document\n")
    assert beside <= max(alone * MOST_TIMES, alone + MOST_MORE_SECONDS)


@pytest.mark.soak
@pytest.mark.parametrize(
    "path",
    [
        "sys/inventory",
        "sys/inventory/keys?limit=1000&state=destroyed",
        "sys/inventory/keys?name=key-99",
        "sys/inventory/readiness?profile=cnsa-2.0",
        "sys/inventory/report?for=pci-12.3.3",
        "sys/inventory/report?for=eo-14412",
    ],
)
def test_each_view_of_all_keys_is_bounded(server: Server, client: Client, path: str) -> None:
    before = processes.memory_bytes(server.group)
    began = time.monotonic()
    size = client.read(path)
    seconds, more = time.monotonic() - began, processes.memory_bytes(server.group) - before
    sys.stdout.write(f"{path}: {size} bytes, {seconds:.1f} s, {more / 2**20:.0f} MiB more\n")
    assert seconds <= DOCUMENT_SECONDS
    assert more <= GROWTH_BYTES


@pytest.mark.soak
def test_snapshots_and_differences_of_all_keys_are_bounded(server: Server, client: Client) -> None:
    before = processes.memory_bytes(server.group)
    for number in range(2):
        began = time.monotonic()
        made = json.loads(client.ask("POST", "sys/inventory/snapshots", {}).read())["data"]["id"]
        sys.stdout.write(f"snapshot {number}: {time.monotonic() - began:.1f} s\n")
    for path in (f"sys/inventory/snapshots/{made}", f"sys/inventory/diff?from={made}"):
        began = time.monotonic()
        size = client.read(path)
        more = processes.memory_bytes(server.group) - before
        sys.stdout.write(f"{path}: {size} bytes, {time.monotonic() - began:.1f} s, {more / 2**20:.0f} MiB more\n")
        assert time.monotonic() - began <= DOCUMENT_SECONDS
        assert more <= GROWTH_BYTES
